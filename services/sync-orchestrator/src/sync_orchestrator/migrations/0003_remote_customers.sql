-- Customers at the provider as last read, with what a person chose for each in a review.
create table remote_customers (
    connection_id uuid not null,
    remote_id text not null,
    company_id uuid not null,
    name text not null,
    name_key text not null,
    email text,
    email_key text,
    phone text,
    company_name text,
    address jsonb,
    active boolean not null,
    currency text,
    version text,
    merged_into text,
    suggested_kind text not null,
    reason text not null,
    features text[] not null,
    chosen_kind text,
    chosen_link uuid,
    as_of timestamptz not null,
    primary key (connection_id, remote_id)
);
create index remote_customers_by_name on remote_customers (connection_id, name_key, remote_id);
create index remote_customers_by_email on remote_customers (connection_id, email_key)
    where email_key is not null;
create index remote_customers_by_feature on remote_customers using gin (features);

-- Loads of them, as far as each has come.
create table customer_loads (
    load_id uuid primary key,
    connection_id uuid not null,
    company_id uuid not null,
    state text not null check (state in ('running', 'done', 'interrupted', 'cancelled')),
    began_by text,
    changed_since timestamptz,
    as_of timestamptz,
    loaded int not null default 0,
    total int,
    pages int,
    began_at timestamptz not null,
    asked_at timestamptz not null,
    moved_at timestamptz not null,
    ended_at timestamptz
);
create index customer_loads_of_connection on customer_loads (connection_id, began_at);
create unique index customer_loads_running on customer_loads (connection_id)
    where state = 'running' and began_by is not null;

create table customer_load_pages (
    load_id uuid not null references customer_loads on delete cascade,
    page int not null,
    primary key (load_id, page)
);

-- Until when the list is known whole here, and to its connector.
alter table connections
    add column customers_as_of timestamptz,
    add column customers_announced timestamptz;

-- What people of a company chose against a suggestion, by what the suggestion went by.
create table kind_corrections (
    company_id uuid not null,
    feature text not null,
    business int not null default 0,
    homeowner int not null default 0,
    primary key (company_id, feature)
);

-- By what a customer of ours may be the same as one there.
alter table records add column name_key text, add column email_key text;
update records set
    name_key = trim(regexp_replace(lower(name), '[^[:alnum:]]+', ' ', 'g')),
    email_key = lower(trim(snapshot ->> 'email'))
where entity in ('customer', 'item');
create index records_by_name on records (company_id, entity, name_key) where name_key is not null;
create index records_by_email on records (company_id, email_key) where email_key is not null;

-- A person said that the record is none of those at the provider that look like it.
alter table jobs add column none_of_those boolean not null default false;
