-- A rate never changes: what was charged stays what was charged. Another percent is another rate.
CREATE TABLE tax_rates (
    company_id uuid NOT NULL REFERENCES companies (id),
    id uuid NOT NULL,
    name text NOT NULL,
    percent numeric NOT NULL CHECK (percent >= 0 AND percent <= 100),
    created_at timestamptz NOT NULL DEFAULT clock(),
    PRIMARY KEY (company_id, id)
);
CREATE UNIQUE INDEX tax_rates_name ON tax_rates (company_id, lower(name));
