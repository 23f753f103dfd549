-- Taxes that can stand on a sale, of the newest whole load.
create table tax_codes (
    connection_id uuid not null,
    id text not null,
    name text not null,
    percent numeric,
    percents numeric[] not null,
    active boolean not null,
    position int not null,
    primary key (connection_id, id)
);
alter table connections add column taxes_as_of timestamptz;

-- Which of them a local tax rate is: its id as text, or 'none' for lines without one.
create table tax_mapping (
    connection_id uuid not null,
    rate text not null,
    company_id uuid not null,
    name text not null,
    percent numeric not null,
    tax_code text,
    version bigint not null default 1,
    changed_at timestamptz not null,
    changed_by uuid,
    primary key (connection_id, rate)
);

-- Raised by every save of a connection's tax mapping; what If-Match compares.
create table tax_mapping_versions (
    connection_id uuid primary key,
    version bigint not null
);

-- `rounding` equalises the total of the content `rounding_for`, by what the provider answered.
alter table jobs
    add column our_tax boolean not null default false,
    add column rounding numeric,
    add column rounding_for text,
    add column currency text;
alter table links add column currency text;
