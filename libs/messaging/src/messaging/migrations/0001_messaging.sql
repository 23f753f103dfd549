-- What every service's schema has: its clock, its outbox and inbox, dead letters, feeds' positions.

-- The only time that SQL asks for. A test sets app.now; otherwise it is the machine's time. It runs
-- on inside a transaction. STABLE, though clock_timestamp() isn't, so that `at < clock()` can use an
-- index: within one statement any of its readings is as good as another.
CREATE FUNCTION clock() RETURNS timestamptz
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN coalesce(
        nullif(current_setting('app.now', true), '')::timestamptz,
        clock_timestamp()
    );

-- Rows live for milliseconds. So vacuum by count, not by a share of a table that is empty whenever
-- somebody looks, without its pauses, and without giving pages back: that takes an exclusive lock,
-- and the next burst needs them again.
CREATE TABLE outbox (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    key bytea,
    value bytea,
    headers jsonb NOT NULL DEFAULT '{}',
    put_at timestamptz NOT NULL DEFAULT clock()
) WITH (
    autovacuum_vacuum_scale_factor = 0,
    autovacuum_vacuum_threshold = 2000,
    autovacuum_vacuum_insert_scale_factor = 0,
    autovacuum_vacuum_insert_threshold = 100000,
    autovacuum_analyze_scale_factor = 0,
    autovacuum_analyze_threshold = 20000,
    autovacuum_vacuum_cost_delay = 0,
    vacuum_truncate = false,
    toast.autovacuum_vacuum_scale_factor = 0,
    toast.autovacuum_vacuum_threshold = 2000,
    toast.autovacuum_vacuum_cost_delay = 0,
    toast.vacuum_truncate = false
);
-- Messages are JSON that is read once: not worth compressing.
ALTER TABLE outbox ALTER COLUMN value SET STORAGE EXTERNAL;

-- One row per message whose effect appends. Pruned by age, so the pages are freed oldest first.
CREATE TABLE inbox (
    reader text NOT NULL,
    message_id uuid NOT NULL,
    seen_at timestamptz NOT NULL DEFAULT clock(),
    PRIMARY KEY (reader, message_id)
) WITH (
    autovacuum_vacuum_scale_factor = 0.05,
    autovacuum_vacuum_insert_scale_factor = 0.2,
    autovacuum_analyze_scale_factor = 0.05
);
CREATE INDEX inbox_seen_at ON inbox USING brin (seen_at);

-- Messages that could not be read, applied or published. `reader` is who set it apart: a reader of
-- the topic, or 'relay' for one that the broker refused. `value` is what came, byte for byte.
CREATE TABLE dead_letters (
    id uuid PRIMARY KEY,
    topic text NOT NULL,
    reader text NOT NULL,
    key bytea,
    value bytea,
    headers jsonb NOT NULL DEFAULT '{}',
    type text,
    reason text NOT NULL,
    set_apart_at timestamptz NOT NULL DEFAULT clock(),
    replayed_at timestamptz,
    replays integer NOT NULL DEFAULT 0
);
CREATE INDEX dead_letters_waiting ON dead_letters (set_apart_at, id) WHERE replayed_at IS NULL;

-- How far each feed was read. An empty position is the feed's start.
CREATE TABLE feed_positions (
    name text PRIMARY KEY,
    position text NOT NULL,
    started_over_at timestamptz NOT NULL DEFAULT clock(),
    moved_at timestamptz NOT NULL DEFAULT clock()
);
