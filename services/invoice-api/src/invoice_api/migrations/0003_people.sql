-- People who are invited have no password yet; people who have left stay for what they did.

ALTER TABLE users ALTER COLUMN password_hash DROP NOT NULL;
ALTER TABLE users ADD COLUMN active boolean NOT NULL DEFAULT true;
CREATE INDEX users_of_company ON users (company_id, id);
CREATE INDEX sessions_of_user ON sessions (user_id);

-- One open invitation a person: a new one replaces it.
CREATE TABLE invitations (
    user_id uuid PRIMARY KEY REFERENCES users (id),
    token_hash bytea NOT NULL UNIQUE,
    created_at timestamptz NOT NULL DEFAULT clock(),
    expires_at timestamptz NOT NULL
);
