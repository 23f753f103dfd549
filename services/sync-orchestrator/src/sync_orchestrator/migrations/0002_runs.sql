-- Long pieces of work: a Sync Now, a group that is fixed or tried again, a month that is verified.
create table runs (
    id uuid primary key,
    company_id uuid not null,
    connection_id uuid not null references connections,
    provider text not null,
    kind text not null,
    about text,
    kinds text[] not null default '{}',
    -- What is asked of each record; null: that it be there.
    action jsonb,
    started_by jsonb not null,
    started_at timestamptz not null,
    cancelled_at timestamptz,
    finished_at timestamptz,
    not_included jsonb not null default '{}',
    version bigint not null default 1,
    -- The progress that was told last, without its version.
    told jsonb,
    due_at timestamptz not null
);
create unique index runs_one_sync_now on runs (connection_id)
    where kind = 'sync_now' and finished_at is null;
create index runs_under_way on runs (due_at) where finished_at is null;
create index runs_of_connection on runs (connection_id, started_at);

-- The records of a run: asked for once `taken_at`; how they ended once the run is over.
create table run_records (
    run_id uuid not null references runs on delete cascade,
    entity text not null,
    record_id uuid not null,
    rank smallint not null,
    taken_at timestamptz,
    refused text,
    state text,
    cause_code text,
    cause_group text,
    cause jsonb,
    primary key (run_id, entity, record_id)
);
create index run_records_to_take on run_records (run_id, rank, record_id) where taken_at is null;
