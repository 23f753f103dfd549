-- A load of customers is read and published part by part: what is read stays read.
ALTER TABLE loads
    ADD COLUMN changed_since timestamptz,
    ADD COLUMN after text,
    ADD COLUMN pages integer NOT NULL DEFAULT 0,
    ADD COLUMN begun_at timestamptz;
