-- Imports of invoices: the file in pieces until it is read, its lines with what became of each.
CREATE TABLE imports (
    run_id uuid PRIMARY KEY,
    company_id uuid NOT NULL REFERENCES companies (id),
    user_id uuid NOT NULL,
    user_name text NOT NULL,
    file_name text NOT NULL,
    options jsonb NOT NULL,
    -- How the file was read; known once its lines are there.
    read_as jsonb,
    stage text NOT NULL CHECK (stage IN ('reading', 'importing', 'over')),
    invoices int NOT NULL DEFAULT 0,
    next_ordinal int NOT NULL DEFAULT 0,
    version bigint NOT NULL DEFAULT 1,
    started_at timestamptz NOT NULL DEFAULT clock(),
    worked_at timestamptz,
    leased_until timestamptz
);
CREATE INDEX imports_to_do ON imports (company_id, started_at, run_id) WHERE stage <> 'over';

CREATE TABLE import_pieces (
    run_id uuid NOT NULL REFERENCES imports (run_id) ON DELETE CASCADE,
    piece int NOT NULL,
    data bytea NOT NULL,
    PRIMARY KEY (run_id, piece)
);

-- `ordinal` is the line's invoice; without one the line says no invoice's number.
CREATE TABLE import_lines (
    run_id uuid NOT NULL REFERENCES imports (run_id) ON DELETE CASCADE,
    line int NOT NULL,
    ordinal int,
    cells text[] NOT NULL,
    wrong text,
    reason text,
    PRIMARY KEY (run_id, line)
);
CREATE INDEX import_lines_of_invoice ON import_lines (run_id, ordinal);

CREATE TABLE import_invoices (
    run_id uuid NOT NULL REFERENCES imports (run_id) ON DELETE CASCADE,
    ordinal int NOT NULL,
    number text NOT NULL,
    line_count int NOT NULL,
    result text CHECK (result IN ('imported', 'skipped', 'rejected')),
    code text,
    reason text,
    invoice_id uuid,
    total numeric,
    PRIMARY KEY (run_id, ordinal)
);

-- Records are found by their names whatever the case.
CREATE INDEX customers_by_name ON customers (company_id, lower(name));
CREATE INDEX items_by_name ON items (company_id, lower(name));
CREATE INDEX items_by_sku ON items (company_id, lower(sku));
