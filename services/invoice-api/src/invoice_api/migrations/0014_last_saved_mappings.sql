-- What a person's last save of an account mapping changed: what Undo stages again.
CREATE TABLE last_saved_mappings (
    company_id uuid NOT NULL REFERENCES companies (id),
    user_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    item_id uuid NOT NULL,
    account_id text,
    was text,
    PRIMARY KEY (connection_id, user_id, item_id)
);
