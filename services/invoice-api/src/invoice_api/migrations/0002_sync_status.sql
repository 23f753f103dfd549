-- Read tables: what other services said of records and connections. All of it can be rebuilt from
-- the orchestrator's feed and the connectors' announcements.

CREATE TABLE connections (
    id uuid PRIMARY KEY,
    company_id uuid NOT NULL,
    provider text NOT NULL,
    epoch int NOT NULL,
    status text NOT NULL CHECK (status IN ('connected', 'reconnect', 'disconnected')),
    organisation_id text,
    organisation_name text,
    opened_at timestamptz NOT NULL,
    token_good_until timestamptz,
    cause jsonb,
    settings jsonb,
    start_date date,
    current boolean NOT NULL DEFAULT true,
    said_at timestamptz NOT NULL,
    changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX connections_of_company ON connections (company_id, provider) WHERE current;
CREATE INDEX connections_changes ON connections (changed_xid);

CREATE TABLE record_states (
    connection_id uuid NOT NULL,
    entity text NOT NULL,
    record_id uuid NOT NULL,
    company_id uuid NOT NULL,
    provider text NOT NULL,
    state text NOT NULL,
    cause_code text,
    cause_group text,
    folded jsonb NOT NULL,
    changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
    PRIMARY KEY (connection_id, entity, record_id)
);
CREATE INDEX record_states_of_record ON record_states (company_id, record_id);
CREATE INDEX record_states_changes ON record_states (changed_xid);
CREATE INDEX record_states_causes ON record_states (company_id, connection_id, cause_group)
    WHERE cause_group IS NOT NULL;

CREATE TABLE mappings (
    connection_id uuid NOT NULL,
    item_id uuid NOT NULL,
    company_id uuid NOT NULL,
    provider text NOT NULL,
    account_id text,
    version bigint NOT NULL,
    PRIMARY KEY (connection_id, item_id)
);
CREATE INDEX mappings_of_item ON mappings (company_id, item_id);
