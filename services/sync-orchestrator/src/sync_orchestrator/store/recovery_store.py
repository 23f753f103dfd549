"""What only this service has to be told after a restore."""

from messaging.database import Tx

_SETTINGS = "update connection_settings set version = version + $1"
_MAPPING = "update mapping_versions set version = version + $1"
_STEPS = "update jobs set step = step + $1"
_UNSURE = """
update jobs j set restored = true
where j.outstanding is not null or exists (
  select from links l
  where (l.connection_id, l.entity, l.record_id) = (j.connection_id, j.entity, j.record_id)
)
"""
_RESTORED = "insert into restores (at, ahead) values (clock(), $1)"
_OUT = """
update jobs set asked_at = asked_at - interval '1 day', until = null, review_at = clock()
where outstanding is not null and held_by is distinct from 'connection'
"""


async def move_ahead(tx: Tx, ahead: int) -> None:
    """Steps and versions go on where nobody has been; commands that are out are asked for again.

    A step that is out keeps its number: its outcome still has to be its own. What is linked, and
    what was just going, may have been sent once more since the backup: the next Sync of it is sent.
    What isn't linked may have gone: a void of it is looked for there. What was never asked for may
    have been, and been told of: its steps begin ahead, too.
    """
    for sql in (_SETTINGS, _MAPPING, _STEPS):
        await tx.execute(sql, ahead)
    await tx.execute(_UNSURE)
    await tx.execute(_RESTORED, ahead)
    await tx.execute(_OUT)
