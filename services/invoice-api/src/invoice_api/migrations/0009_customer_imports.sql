-- Imports of customers from a provider: what was chosen for each, and what became of it.
CREATE TABLE customer_imports (
    run_id uuid PRIMARY KEY,
    company_id uuid NOT NULL REFERENCES companies (id),
    provider text NOT NULL,
    connection_id uuid NOT NULL,
    user_id uuid NOT NULL,
    user_name text NOT NULL,
    stage text NOT NULL CHECK (stage IN ('importing', 'over')),
    total int NOT NULL,
    version bigint NOT NULL DEFAULT 1,
    -- After a setback (the orchestrator is away) it is tried again from then on.
    ready_at timestamptz NOT NULL DEFAULT clock(),
    started_at timestamptz NOT NULL DEFAULT clock()
);
CREATE INDEX customer_imports_to_do ON customer_imports (ready_at) WHERE stage = 'importing';

CREATE TABLE customer_import_rows (
    run_id uuid NOT NULL REFERENCES customer_imports (run_id) ON DELETE CASCADE,
    position int NOT NULL,
    remote_id text NOT NULL,
    kind text,
    link_to uuid,
    as_new boolean NOT NULL,
    result text CHECK (result IN ('created', 'linked', 'skipped', 'failed', 'undone')),
    name text,
    why text,
    customer_id uuid,
    PRIMARY KEY (run_id, position)
);
CREATE INDEX customer_import_rows_to_do ON customer_import_rows (run_id, position)
    WHERE result IS NULL;
CREATE INDEX customer_import_rows_by_result ON customer_import_rows (run_id, result, position);

-- The record at a provider that an import made a customer of: never two of one.
CREATE TABLE imported_customers (
    company_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    remote_id text NOT NULL,
    customer_id uuid NOT NULL,
    PRIMARY KEY (company_id, connection_id, remote_id)
);
CREATE INDEX imported_customers_by_customer ON imported_customers (company_id, customer_id);
