-- Items at the provider that can stand on an invoice, as last read.
create table remote_items (
    connection_id uuid not null,
    remote_id text not null,
    company_id uuid not null,
    name text not null,
    name_key text not null,
    sku text,
    unit_price numeric,
    income_account text,
    income_account_id text,
    income_account_code text,
    as_of timestamptz not null,
    primary key (connection_id, remote_id)
);
create index remote_items_by_name on remote_items (connection_id, name_key, remote_id);

-- The newest load of each connection's items, as far as it has come, and as of when the list is
-- known whole.
create table item_lists (
    connection_id uuid primary key,
    company_id uuid not null,
    load_id uuid not null,
    running boolean not null,
    seen int[] not null default '{}',
    pages int,
    loaded int not null default 0,
    total int,
    began_at timestamptz not null,
    asked_at timestamptz not null,
    moved_at timestamptz not null,
    as_of timestamptz
);
