-- A month's reading is asked for again while something of it is missing: when last, how often, and
-- under which load each invoice was asked for.
alter table runs add column asked_at timestamptz, add column asks integer not null default 0;
alter table run_records add column load_id uuid;
