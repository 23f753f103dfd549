-- Why a connection is paused, where nobody paused it by hand.
ALTER TABLE connections ADD COLUMN pause_cause jsonb;

-- What the blast guard watches, by the minute: creates that nobody asked for, creates decided, and
-- those of them that were refused as duplicates.
CREATE TABLE creates (
    connection_id uuid NOT NULL REFERENCES connections,
    minute timestamptz NOT NULL,
    unasked integer NOT NULL,
    decided integer NOT NULL,
    duplicates integer NOT NULL,
    PRIMARY KEY (connection_id, minute)
) WITH (fillfactor = 50);
