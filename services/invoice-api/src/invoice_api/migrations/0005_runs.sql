-- Long pieces of work: our own (an import of invoices) and, as last told, the orchestrator's.
CREATE TABLE runs (
    id uuid PRIMARY KEY,
    company_id uuid NOT NULL,
    -- Who runs it, and so who is asked how far it is and told to stop.
    owner text NOT NULL CHECK (owner IN ('invoice-api', 'sync-orchestrator')),
    version bigint NOT NULL,
    state text NOT NULL,
    progress jsonb NOT NULL,
    started_at timestamptz NOT NULL,
    cancel_asked_at timestamptz,
    changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE INDEX runs_of_company ON runs (company_id, started_at);
CREATE INDEX runs_changes ON runs (changed_xid);
