-- Whether a person ticked a customer of a review: unset is as the review proposes it. And that it
-- is to be a new customer though it looks like one of ours; a link chosen later goes before that.
alter table remote_customers
    add column picked boolean,
    add column chosen_new boolean not null default false;

-- Imports whose corrections were learnt: telling of one twice teaches once.
create table learnt_imports (
    run_id uuid primary key,
    company_id uuid not null,
    learnt_at timestamptz not null default clock()
);
