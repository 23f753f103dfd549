-- Linked before the database was restored from a backup, and not sent since: the provider may hold
-- something newer than what is known here.
alter table jobs add column restored boolean not null default false;
