-- What every connector keeps: grants and connections, lanes, requests and their ledger, budgets.
-- One schema holds one provider's connector, so no table names the provider.

-- A grant is what a provider gave one subject there (QBO: a realm). Tokens are sealed with a key of
-- the grant's own, which is wrapped by the key named `key_id`. `version` counts token sets.
CREATE TABLE grants (
    id uuid PRIMARY KEY,
    subject text NOT NULL UNIQUE,
    key_id text NOT NULL,
    wrapped_key bytea NOT NULL,
    access_sealed bytea,
    refresh_sealed bytea,
    version integer NOT NULL,
    access_good_until timestamptz NOT NULL,
    refresh_good_until timestamptz,
    scopes text[],
    -- The version that the provider answered with 401, and how often in a row.
    rejected_version integer,
    rejections integer NOT NULL DEFAULT 0,
    -- A refresh that was begun and whose answer isn't stored. `refresh_by` holds it now, if anyone.
    refresh_started_at timestamptz,
    refresh_by uuid,
    refresh_tries integer NOT NULL DEFAULT 0,
    refresh_not_before timestamptz,
    dead_at timestamptz,
    dead_cause jsonb
);

CREATE TABLE connections (
    id uuid PRIMARY KEY,
    company_id uuid NOT NULL,
    organisation_id text NOT NULL,
    organisation_name text NOT NULL,
    facts jsonb NOT NULL,
    grant_id uuid NOT NULL REFERENCES grants,
    epoch integer NOT NULL,
    status text NOT NULL CHECK (status IN ('open', 'expired', 'closed')),
    opened_by uuid NOT NULL,
    opened_by_name text NOT NULL,
    opened_at timestamptz NOT NULL,
    expired_at timestamptz,
    cause jsonb,
    closed_by uuid,
    closed_by_name text,
    closed_at timestamptz,
    paused_at timestamptz,
    verify_until timestamptz,
    reference_as_of jsonb NOT NULL DEFAULT '{}',
    announced_at timestamptz,
    UNIQUE (company_id, organisation_id)
);
-- One company at a time holds an organisation, and one organisation at a time belongs to a company.
CREATE UNIQUE INDEX connections_organisation ON connections (organisation_id)
    WHERE status <> 'closed';
CREATE UNIQUE INDEX connections_company ON connections (company_id) WHERE status <> 'closed';
CREATE INDEX connections_grant ON connections (grant_id);
CREATE INDEX connections_announced ON connections (announced_at NULLS FIRST);

-- A consent under way: single use, ten minutes, bound to a cookie of the browser that began it.
-- `state_hash` and `cookie_hash` are SHA-256: neither secret is stored.
CREATE TABLE consents (
    state_hash bytea PRIMARY KEY,
    cookie_hash bytea NOT NULL,
    nonce text NOT NULL UNIQUE,
    company_id uuid NOT NULL,
    user_id uuid NOT NULL,
    user_name text NOT NULL,
    intent text NOT NULL,
    connection_id uuid,
    begun_at timestamptz NOT NULL,
    used_at timestamptz
);
CREATE INDEX consents_begun ON consents (begun_at);

-- Whose turn it is: one row per connection. `ready_at` is when its work may go on, `clicks_ready_at`
-- when clicks may; `hold` says why not before. `failures` counts requests in a row that the provider didn't answer.
CREATE TABLE turns (
    connection_id uuid PRIMARY KEY REFERENCES connections,
    served_at timestamptz NOT NULL,
    ready_at timestamptz NOT NULL,
    clicks_ready_at timestamptz NOT NULL,
    hold text CHECK (hold IN ('quota', 'provider', 'connection')),
    hold_cause jsonb,
    held_since timestamptz,
    failures integer NOT NULL DEFAULT 0
) WITH (fillfactor = 50);

-- The provider as a whole, one row: away after failures in a row, or paused by an operator.
CREATE TABLE weather (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    failures integer NOT NULL DEFAULT 0,
    probe_at timestamptz,
    paused_at timestamptz
);
INSERT INTO weather DEFAULT VALUES;

-- One row per record in a connection: the newest command accepted. While `waiting`, `content` is the
-- command; `request_id` is the open request the record is in. The row stays when the step is
-- finished, as the fence against older commands.
CREATE TABLE lanes (
    connection_id uuid NOT NULL REFERENCES connections,
    entity text NOT NULL,
    record_id uuid NOT NULL,
    generation integer NOT NULL,
    step integer NOT NULL,
    priority smallint NOT NULL,
    content jsonb,
    waiting boolean NOT NULL,
    request_id uuid,
    queued_at timestamptz NOT NULL,
    ready_at timestamptz NOT NULL,
    leased_by uuid,
    leased_until timestamptz,
    -- Sent alone: it was in a request of several that the provider failed on.
    alone boolean NOT NULL DEFAULT false,
    -- The version there is read again first; how often that happened in this step.
    stale integer NOT NULL DEFAULT 0,
    -- Which delay was told last, so that it is told once.
    told text,
    PRIMARY KEY (connection_id, entity, record_id)
) WITH (
    fillfactor = 70,
    autovacuum_vacuum_scale_factor = 0.02,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX lanes_ready ON lanes (connection_id, priority, queued_at)
    WHERE waiting AND request_id IS NULL;
CREATE INDEX lanes_leased ON lanes (leased_by) WHERE leased_by IS NOT NULL;
CREATE INDEX lanes_retired ON lanes (queued_at) WHERE NOT waiting;

-- The unit of sending, frozen before it is sent. Body and headers are kept until it is closed.
CREATE TABLE requests (
    id uuid PRIMARY KEY,
    connection_id uuid NOT NULL REFERENCES connections,
    entity text NOT NULL,
    method text NOT NULL,
    host text NOT NULL,
    path text NOT NULL,
    query jsonb NOT NULL,
    headers jsonb NOT NULL,
    body bytea,
    members integer NOT NULL,
    frozen_at timestamptz NOT NULL,
    send_by timestamptz NOT NULL,
    quiet_until timestamptz NOT NULL,
    -- Whoever sends or checks it holds the lease; nothing relies on it for safety.
    leased_by uuid,
    leased_until timestamptz,
    open boolean NOT NULL,
    answered_at timestamptz,
    status integer,
    checks integer NOT NULL DEFAULT 0,
    check_at timestamptz NOT NULL,
    told boolean NOT NULL DEFAULT false
);
ALTER TABLE requests ALTER COLUMN body SET STORAGE EXTERNAL;
CREATE INDEX requests_open ON requests (connection_id) WHERE open;
CREATE INDEX requests_to_check ON requests (check_at) WHERE open;
CREATE INDEX requests_leased ON requests (leased_by) WHERE leased_by IS NOT NULL;

-- What became of each member of each request, and of commands answered without one.
-- open: nobody knows yet. finished: the provider holds it as `remote`. refused: it was refused.
-- never_happened: it was not executed and never will be. told: answered here, nothing was sent.
CREATE TABLE ledger (
    id uuid PRIMARY KEY,
    request_id uuid REFERENCES requests,
    position integer NOT NULL,
    connection_id uuid NOT NULL REFERENCES connections,
    entity text NOT NULL,
    record_id uuid NOT NULL,
    generation integer NOT NULL,
    step integer NOT NULL,
    natural_key text NOT NULL,
    frozen jsonb NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid NOT NULL,
    state text NOT NULL
        CHECK (state IN ('open', 'finished', 'refused', 'never_happened', 'told')),
    remote_id text,
    remote jsonb,
    removed text,
    -- The attempt as the outcome shows it, and the outcome as it was said.
    attempt jsonb,
    outcome jsonb,
    opened_at timestamptz NOT NULL,
    closed_at timestamptz
);
-- Never twice: a record with an open row is in no other request, nor is a natural key.
CREATE UNIQUE INDEX ledger_open_record ON ledger (connection_id, entity, record_id)
    WHERE state = 'open';
CREATE UNIQUE INDEX ledger_open_key ON ledger (connection_id, entity, natural_key)
    WHERE state = 'open';
CREATE INDEX ledger_request ON ledger (request_id);
CREATE INDEX ledger_record ON ledger (connection_id, entity, record_id, generation, step);
CREATE INDEX ledger_remote ON ledger (connection_id, entity, remote_id)
    WHERE remote_id IS NOT NULL;

-- The budget of a connection: this row is locked while slots are counted and taken.
CREATE TABLE budgets (
    connection_id uuid PRIMARY KEY REFERENCES connections
);
-- A slot counts against its limit until `free_at`: a window after it was reserved, and again a
-- window after it was answered. `spender` is what reserved it: a request or one read.
CREATE TABLE slots (
    connection_id uuid NOT NULL REFERENCES connections,
    limit_name text NOT NULL,
    spender uuid NOT NULL,
    units integer NOT NULL,
    free_at timestamptz NOT NULL,
    window_seconds double precision NOT NULL,
    PRIMARY KEY (spender, limit_name)
) WITH (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_cost_delay = 0
);
CREATE INDEX slots_taken ON slots (connection_id, limit_name, free_at);

-- Reference data to read and publish. One load may be several kinds.
CREATE TABLE loads (
    id uuid NOT NULL,
    kind text NOT NULL CHECK (kind IN ('organisation', 'accounts', 'tax_rates', 'remote_customers')),
    connection_id uuid NOT NULL REFERENCES connections,
    correlation_id uuid NOT NULL,
    causation_id uuid,
    asked_at timestamptz NOT NULL,
    ready_at timestamptz NOT NULL,
    leased_by uuid,
    leased_until timestamptz,
    tries integer NOT NULL DEFAULT 0,
    done_at timestamptz,
    PRIMARY KEY (id, kind)
);
CREATE INDEX loads_leased ON loads (leased_by) WHERE leased_by IS NOT NULL;
CREATE INDEX loads_ready ON loads (ready_at) WHERE done_at IS NULL;
