-- The items that can stand on an invoice are a load too, asked for when somebody is to choose one.
ALTER TABLE loads DROP CONSTRAINT loads_kind_check;
ALTER TABLE loads ADD CONSTRAINT loads_kind_check CHECK (
    kind IN ('organisation', 'accounts', 'tax_rates', 'remote_customers', 'remote_items', 'invoices')
);
