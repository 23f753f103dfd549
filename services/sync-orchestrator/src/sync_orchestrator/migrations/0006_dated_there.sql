-- The day an invoice of the date `post_on_for` is dated there, where the books are closed for it.
alter table jobs
    add column post_on date,
    add column post_on_for date;
