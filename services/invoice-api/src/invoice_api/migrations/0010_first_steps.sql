-- Who gave the consent, for the card of a connection; and what a company skipped of its first steps.
ALTER TABLE connections ADD COLUMN opened_by uuid;

CREATE TABLE first_steps (
    company_id uuid PRIMARY KEY REFERENCES companies (id),
    skipped text[] NOT NULL DEFAULT '{}',
    dismissed boolean NOT NULL DEFAULT false
);
