-- One import of a provider's customers at a time. Where two got under way together the later one
-- ends: what it hadn't come to is skipped, and may be imported again.
WITH later AS (
    SELECT i.run_id FROM customer_imports i
    WHERE i.stage = 'importing' AND EXISTS (
        SELECT FROM customer_imports e
        WHERE e.company_id = i.company_id AND e.provider = i.provider AND e.stage = 'importing'
            AND (e.started_at, e.run_id) < (i.started_at, i.run_id))
), skipped AS (
    UPDATE customer_import_rows SET result = 'skipped', why = 'another import was under way'
    WHERE result IS NULL AND run_id IN (SELECT run_id FROM later)
), ended AS (
    UPDATE customer_imports SET stage = 'over', version = version + 1
    WHERE run_id IN (SELECT run_id FROM later)
)
UPDATE runs SET state = 'stopped', version = version + 1, changed_xid = pg_current_xact_id(),
    progress = progress || jsonb_build_object(
        'state', 'stopped', 'finished_at', clock(), 'version', version + 1)
WHERE id IN (SELECT run_id FROM later);

CREATE UNIQUE INDEX customer_imports_under_way ON customer_imports (company_id, provider)
    WHERE stage = 'importing';

ALTER TABLE customer_import_rows
    -- What was suggested when the import began: what was imported otherwise teaches at its end.
    ADD COLUMN suggested_kind text,
    -- What the customer was linked to before the import linked it: an undo puts it back.
    ADD COLUMN linked_before text,
    -- The customer's version when it was linked: who was changed since stays linked.
    ADD COLUMN linked_version bigint,
    -- Why an undo left it as it is.
    ADD COLUMN kept_why text;
