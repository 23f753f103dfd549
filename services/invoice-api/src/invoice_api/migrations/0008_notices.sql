-- What people are told of: one open notice per subject, each thing said of it, and the mail of it.
CREATE TABLE notices (
    id uuid PRIMARY KEY,
    company_id uuid NOT NULL REFERENCES companies (id),
    kind text NOT NULL CHECK (kind IN ('cause', 'connection', 'ending', 'outage')),
    provider text NOT NULL,
    subject text NOT NULL,
    since timestamptz NOT NULL,
    over_at timestamptz,
    times int NOT NULL,
    count int NOT NULL,
    amount numeric NOT NULL,
    title text NOT NULL,
    sentence text NOT NULL,
    path text NOT NULL,
    said_at timestamptz NOT NULL
);
CREATE UNIQUE INDEX notices_open ON notices (company_id, kind, provider, subject)
    WHERE over_at IS NULL;
CREATE INDEX notices_of_company ON notices (company_id, said_at);

CREATE TABLE notice_reads (
    user_id uuid NOT NULL REFERENCES users (id),
    notice_id uuid NOT NULL REFERENCES notices (id) ON DELETE CASCADE,
    read_at timestamptz NOT NULL DEFAULT clock(),
    PRIMARY KEY (user_id, notice_id)
);

-- Each person's own choice, and up to when they were written to.
CREATE TABLE notice_choices (
    user_id uuid PRIMARY KEY REFERENCES users (id),
    email text CHECK (email IN ('none', 'at_once', 'daily', 'weekly')),
    mailed_until timestamptz NOT NULL,
    digest_day date
);

-- Mail to send, at most once: it is taken ('sending') before the server hears of it.
CREATE TABLE notice_mails (
    id uuid PRIMARY KEY,
    user_id uuid NOT NULL REFERENCES users (id),
    address text NOT NULL,
    subject text NOT NULL,
    body text NOT NULL,
    state text NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'sending', 'sent', 'given_up')),
    tries int NOT NULL DEFAULT 0,
    due_at timestamptz NOT NULL DEFAULT clock(),
    why text
);
CREATE INDEX notice_mails_due ON notice_mails (due_at) WHERE state = 'due';
