"""After a restore: all counts as changed, versions go on where nobody has been."""

import json

from messaging import feeds_store
from messaging.database import Tx
from messaging.recovering import recover

from .support import Schema

_TABLES = """
CREATE TABLE owned (
    id int PRIMARY KEY, version int NOT NULL, snapshot jsonb NOT NULL,
    changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id()
);
CREATE TABLE marked (id int PRIMARY KEY, changed_xid xid8 NOT NULL);
CREATE TABLE others (id int PRIMARY KEY, version int NOT NULL);
INSERT INTO owned VALUES
    (1, 3, '{"version": 3, "name": "Ann"}', '3'), (2, 1, '{"name": "Bo"}', '900000000');
INSERT INTO marked VALUES (1, '900000000');
INSERT INTO others VALUES (1, 3);
INSERT INTO feed_positions (name, position) VALUES ('peer', '900000000:x');
"""


async def test_change_marks_versions_and_positions_of_a_restored_schema(schema: Schema) -> None:
    told: list[int] = []

    async def own(tx: Tx, ahead: int) -> None:
        told.append(ahead)

    try:
        await schema.pool.execute(_TABLES)
        await recover(schema.dsn, service="reader", own=own, ahead=1000)
        async with schema.database.transaction() as tx:
            horizon = await feeds_store.horizon(tx)
        owned = await schema.fetch("SELECT * FROM owned ORDER BY id")
        assert [row["version"] for row in owned] == [1003, 1001]
        ann, bo = (json.loads(row["snapshot"]) for row in owned)
        assert (ann, bo) == ({"version": 1003, "name": "Ann"}, {"name": "Bo"})
        [marked] = await schema.fetch("SELECT changed_xid FROM marked")
        marks = {row["changed_xid"] for row in owned} | {marked["changed_xid"]}
        assert len(marks) == 1, "all changed together, now"
        assert marks.pop() < horizon, "and can be read"
        [others] = await schema.fetch("SELECT version FROM others")
        assert others["version"] == 3, "a version that is somebody else's to raise stays"
        [place] = await schema.fetch("SELECT position FROM feed_positions WHERE name = 'peer'")
        assert place["position"] == ""
        assert told == [1000]
    finally:
        await schema.pool.execute("DROP TABLE IF EXISTS owned, marked, others")
