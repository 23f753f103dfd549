-- The company's row is what every decision locks first.
create table companies (
    id uuid primary key
);

-- Newest snapshots of invoice-api's records.
create table records (
    entity text not null,
    id uuid not null,
    company_id uuid not null,
    version bigint not null,
    name text not null,
    snapshot jsonb not null,
    -- What the switches go by: when a customer was created, when an invoice was sent; an invoice's date.
    happened_at timestamptz,
    dated date,
    status text,
    came_from uuid,
    total numeric,
    currency text,
    seen_at timestamptz not null,
    changed_at timestamptz not null,
    primary key (entity, id)
);
create index records_of_company on records (company_id, entity, happened_at);
create index records_imported on records (came_from) where came_from is not null;

create table connections (
    id uuid primary key,
    company_id uuid not null,
    provider text not null,
    status text not null,
    epoch bigint not null,
    organisation jsonb not null,
    facts jsonb not null,
    cause jsonb,
    opened_by uuid not null,
    opened_at timestamptz not null,
    ended_at timestamptz,
    ended_by_name text,
    token_good_until timestamptz,
    accounts_offered boolean not null default true,
    accounts_as_of timestamptz,
    accounts_announced timestamptz,
    reference_asked_at timestamptz,
    seen_at timestamptz not null
);
create index connections_of_company on connections (company_id, provider, opened_at);

create table connection_settings (
    connection_id uuid primary key references connections,
    version bigint not null default 1,
    sync_customers boolean not null default false,
    sync_invoices boolean not null default false,
    start_date date not null,
    gone_there text not null default 'make_again',
    rounding_account_id text,
    post_in_closed_period text not null default 'never',
    customers_since timestamptz,
    invoices_since timestamptz,
    changed_at timestamptz not null,
    changed_by uuid
);

-- Pages of reference data until their load is whole.
create table reference_pages (
    connection_id uuid not null,
    kind text not null,
    load_id uuid not null,
    page int not null,
    pages int not null,
    as_of timestamptz not null,
    body jsonb not null,
    primary key (connection_id, kind, load_id, page)
);

-- Income accounts of the newest whole load.
create table accounts (
    connection_id uuid not null,
    id text not null,
    code text,
    name text not null,
    active boolean not null,
    position int not null,
    primary key (connection_id, id)
);

create table account_mapping (
    connection_id uuid not null,
    item_id uuid not null,
    company_id uuid not null,
    provider text not null,
    item_name text not null,
    account_id text,
    version bigint not null default 1,
    changed_at timestamptz not null,
    changed_by uuid,
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (connection_id, item_id)
);
create index account_mapping_feed on account_mapping (changed_xid, item_id);

-- Raised by every save of a connection's mapping; what If-Match compares.
create table mapping_versions (
    connection_id uuid primary key,
    version bigint not null
);

create table links (
    connection_id uuid not null,
    entity text not null,
    record_id uuid not null,
    remote_id text not null,
    version text,
    number text,
    url text,
    generation int not null,
    linked_at timestamptz not null,
    primary key (connection_id, entity, record_id)
);
create index links_by_remote on links (connection_id, entity, remote_id);

create table jobs (
    connection_id uuid not null,
    entity text not null,
    record_id uuid not null,
    company_id uuid not null,
    provider text not null,
    generation int not null,
    step bigint not null,
    state text not null,
    cause jsonb,
    cause_code text,
    cause_group text,
    also jsonb,
    waiting_on jsonb,
    waiting_entity text,
    waiting_id uuid,
    held_by text,
    until timestamptz,
    want text,
    wanted_version bigint,
    origin jsonb,
    priority text not null,
    outstanding bigint,
    outstanding_want text not null,
    sent_version bigint,
    sent_mark text,
    sent_account text,
    refused boolean not null,
    dirty boolean not null,
    gone_link jsonb,
    answered_step bigint not null,
    synced_version bigint,
    synced_mark text,
    account_there text,
    totals jsonb,
    synced_at timestamptz,
    named_there text,
    without_email boolean not null,
    ignored jsonb,
    again_for text,
    remade int not null,
    remade_at timestamptz,
    asked_at timestamptz,
    state_since timestamptz,
    changed_at timestamptz,
    sync_id uuid,
    review_at timestamptz,
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (connection_id, entity, record_id)
) with (fillfactor = 80);
create index jobs_feed on jobs (changed_xid, record_id);
create index jobs_waiting on jobs (connection_id, waiting_entity, waiting_id)
    where waiting_id is not null;
create index jobs_with_a_cause on jobs (connection_id, cause_code) where cause_code is not null;
create index jobs_to_review on jobs (review_at) where review_at is not null;
create index jobs_by_state on jobs (connection_id, state);

-- Every decision and every outcome; appended, never changed, kept 400 days.
create table job_history (
    seq bigint generated always as identity primary key,
    company_id uuid not null,
    connection_id uuid not null,
    entity text not null,
    record_id uuid not null,
    sync_id uuid,
    at timestamptz not null,
    kind text not null,
    begins boolean not null,
    generation int not null,
    step bigint not null,
    state text not null,
    data jsonb not null
);
create index job_history_of_record on job_history (connection_id, entity, record_id, seq);
create index job_history_of_sync on job_history (sync_id, seq);
create index job_history_beginnings on job_history (connection_id, seq) where begins;
create index job_history_by_age on job_history using brin (at);
