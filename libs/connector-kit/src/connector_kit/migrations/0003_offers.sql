-- A consent that reaches several organisations waits here for a person's choice: single use, ten
-- minutes. `secret_hash` is the SHA-256 of what the browser's cookie holds. Tokens and all else are
-- sealed with a key of the offer's own; who chooses nothing leaves nothing behind.
CREATE TABLE offers (
    secret_hash bytea PRIMARY KEY,
    id uuid NOT NULL,
    key_id text NOT NULL,
    wrapped_key bytea NOT NULL,
    sealed bytea NOT NULL,
    begun_at timestamptz NOT NULL
);
CREATE INDEX offers_begun ON offers (begun_at);
