-- Companies, the people in them and what they invoice. `snapshot` is the record as other services
-- see it; the columns beside it are what queries ask for. `changed_xid` orders the feed.

CREATE TABLE companies (
    id uuid PRIMARY KEY,
    name text NOT NULL,
    time_zone text NOT NULL,
    currency text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock()
);

-- Apart from companies, so that numbering locks nothing else.
CREATE TABLE invoice_numbers (
    company_id uuid PRIMARY KEY REFERENCES companies (id),
    next bigint NOT NULL DEFAULT 1001
);

CREATE TABLE users (
    id uuid PRIMARY KEY,
    company_id uuid NOT NULL REFERENCES companies (id),
    email text NOT NULL,
    name text NOT NULL,
    password_hash text NOT NULL,
    role text NOT NULL CHECK (role IN ('owner', 'office', 'viewer', 'operator')),
    created_at timestamptz NOT NULL DEFAULT clock()
);
CREATE UNIQUE INDEX users_by_email ON users (lower(email));

CREATE TABLE api_keys (
    id uuid PRIMARY KEY,
    company_id uuid NOT NULL REFERENCES companies (id),
    user_id uuid NOT NULL REFERENCES users (id),
    name text NOT NULL,
    key_hash bytea NOT NULL UNIQUE,
    shown text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock()
);
CREATE INDEX api_keys_by_company ON api_keys (company_id, id);

CREATE TABLE sessions (
    token_hash bytea PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    csrf_token text NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock(),
    expires_at timestamptz NOT NULL
);
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

CREATE TABLE login_tries (
    email text PRIMARY KEY,
    tries int NOT NULL,
    began_at timestamptz NOT NULL
);

CREATE TABLE idempotency_keys (
    company_id uuid NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    status int,
    headers jsonb,
    body text,
    created_at timestamptz NOT NULL DEFAULT clock(),
    PRIMARY KEY (company_id, key)
);
CREATE INDEX idempotency_keys_by_age ON idempotency_keys (created_at);

CREATE TABLE customers (
    company_id uuid NOT NULL REFERENCES companies (id),
    id uuid NOT NULL,
    version int NOT NULL,
    name text NOT NULL,
    email text,
    company_name text,
    snapshot jsonb NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock(),
    changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (company_id, id)
);
CREATE INDEX customers_feed ON customers (changed_xid, id);

CREATE TABLE items (
    company_id uuid NOT NULL REFERENCES companies (id),
    id uuid NOT NULL,
    version int NOT NULL,
    name text NOT NULL,
    sku text,
    snapshot jsonb NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock(),
    changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (company_id, id)
);
CREATE INDEX items_feed ON items (changed_xid, id);

-- `told`: other services have heard of this invoice (sent, or synced by a click), so they hear of
-- its changes too. A draft is nobody else's business.
CREATE TABLE invoices (
    company_id uuid NOT NULL REFERENCES companies (id),
    id uuid NOT NULL,
    version int NOT NULL,
    number text NOT NULL,
    status text NOT NULL CHECK (status IN ('draft', 'pending', 'sent', 'paid', 'void')),
    customer_id uuid NOT NULL,
    issue_date date NOT NULL,
    currency text NOT NULL,
    total numeric NOT NULL,
    told boolean NOT NULL DEFAULT false,
    snapshot jsonb NOT NULL,
    changed_at timestamptz NOT NULL DEFAULT clock(),
    changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (company_id, id),
    FOREIGN KEY (company_id, customer_id) REFERENCES customers (company_id, id)
);
CREATE UNIQUE INDEX invoices_number ON invoices (company_id, number);
CREATE INDEX invoices_of_customer ON invoices (company_id, customer_id);
CREATE INDEX invoices_feed ON invoices (changed_xid, id) WHERE told;
CREATE INDEX invoices_changes ON invoices (company_id, changed_xid);
