-- A load of customers is a run like others: it has a version, and who started it.
alter table customer_loads
    add column version bigint not null default 1,
    add column started_by jsonb not null default '{"by": "event"}';

-- What was taken back at invoice-api: an event of it that comes late changes nothing.
create table forgotten_records (
    entity text not null,
    id uuid not null,
    primary key (entity, id)
);
