-- What a look-up before creates saw of a name or number is stale once we ourselves wrote it.
CREATE INDEX ledger_finished_key ON ledger (connection_id, entity, natural_key)
    WHERE state = 'finished';
