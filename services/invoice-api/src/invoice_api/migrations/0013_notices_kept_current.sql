-- A notice shows how things are now; whether it is much worse is measured from how it was when it
-- was said (said_…, null: not known). Money is a sum a currency, the largest first:
-- [["USD", "150.00"], …]. `amount` is the first of them, `what` the count in words.
ALTER TABLE notices
    ADD COLUMN amounts jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN what text NOT NULL DEFAULT '',
    ADD COLUMN said_count int,
    ADD COLUMN said_amounts jsonb;

-- A mail tells of what was said after `said_after` (null: written before this was kept). What a mail
-- told that never arrived is told again with the next one: whatever was said after `unsent_since`.
ALTER TABLE notice_mails ADD COLUMN said_after timestamptz;
ALTER TABLE notice_choices ADD COLUMN unsent_since timestamptz;
CREATE INDEX notice_mails_of_user ON notice_mails (user_id, due_at);
