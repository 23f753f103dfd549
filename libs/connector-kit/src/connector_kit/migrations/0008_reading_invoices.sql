-- What a load is to read, where it isn't all there is: the invoices of a month.
ALTER TABLE loads ADD COLUMN asked jsonb;
