-- Causes about one invoice each are one notice: the newest said of those that are open goes on for all.
WITH open AS (
    SELECT id, split_part(subject, '.', 1) AS code, row_number() OVER (
        PARTITION BY company_id, provider, split_part(subject, '.', 1)
        ORDER BY said_at DESC, id DESC) AS place
    FROM notices
    WHERE over_at IS NULL AND kind = 'cause' AND split_part(subject, '.', 1) IN (
        'invoice_number_taken', 'due_date_invalid', 'edited_there', 'changed_on_both_sides',
        'locked_by_payment', 'void_refused', 'invoice_gone_there')
)
UPDATE notices n SET
    over_at = CASE WHEN open.place = 1 THEN NULL ELSE clock() END,
    subject = CASE WHEN open.place = 1 THEN open.code ELSE n.subject END
FROM open WHERE n.id = open.id;
