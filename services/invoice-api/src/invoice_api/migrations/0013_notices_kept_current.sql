-- A notice shows how things are now; whether it is much worse is measured from how it was when it
-- was said (said_…, null: not known). Money is a sum a currency, the largest first:
-- [["USD", "150.00"], …]. `amount` is the first of them, `what` the count in words.
ALTER TABLE notices
    ADD COLUMN amounts jsonb NOT NULL DEFAULT '[]',
    ADD COLUMN what text NOT NULL DEFAULT '',
    ADD COLUMN said_count int,
    ADD COLUMN said_amounts jsonb;
