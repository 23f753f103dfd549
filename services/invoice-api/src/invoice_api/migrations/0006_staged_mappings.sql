-- Changes of an account mapping that someone has chosen and not saved yet. `was` is the item's
-- account when it was chosen: if that has moved meanwhile, the person chooses again.
CREATE TABLE staged_mappings (
    company_id uuid NOT NULL REFERENCES companies (id),
    user_id uuid NOT NULL,
    connection_id uuid NOT NULL,
    item_id uuid NOT NULL,
    account_id text,
    was text,
    PRIMARY KEY (connection_id, user_id, item_id)
);
