"""Dead letters: messages set apart so that the rest goes on, kept until a person has them replayed.

A replay puts the very bytes back on their topic by way of the outbox. Whoever read the message
before knows it by its id or version; whoever set it apart reads it again. So it may be repeated.
"""

import hashlib
from collections.abc import Sequence
from uuid import UUID, uuid5

import asyncpg
from telemetry import metrics
from telemetry.logs import get_logger

from messaging import dead_letters_store as store
from messaging import outbox
from messaging.database import Tx
from messaging.dead_letters_store import DeadLetter, NewLetter
from messaging.outbox_store import OutboxRow

__all__ = [
    "RELAY",
    "DeadLetter",
    "NewLetter",
    "letter_id",
    "put",
    "reason_of",
    "replay",
    "waiting",
]

log = get_logger(__name__)

RELAY = "relay"
"""The reader of letters that the broker would not take."""

_LONGEST_REASON = 1_000
_NAMESPACE = UUID("5f1c3a52-0d5e-4d0b-9a0e-6b6c0f6d2c11")


def letter_id(topic: str, reader: str, key: bytes | None, value: bytes | None) -> UUID:
    """The same for the same message at the same reader, however often it comes."""
    parts = (topic.encode(), reader.encode(), key or b"", value or b"")
    content = b"".join(len(part).to_bytes(8, "big") + part for part in parts)
    return uuid5(_NAMESPACE, hashlib.sha256(content).hexdigest())


async def put(tx: Tx, letters: Sequence[NewLetter]) -> list[NewLetter]:
    """Keep the letters, count them and tell the log; their values stay out of it.

    Those that are new: a batch that comes again after it was committed is set apart once.
    """
    once = list({letter.id: letter for letter in letters}.values())
    if not once:
        return []
    kept = await store.insert(tx, once)
    new = [letter for letter in once if letter.id in kept]
    for letter in new:
        metrics.counter("messages_set_apart_total", topic=letter.topic, reader=letter.reader).inc()
        log.error(
            "message set apart",
            topic=letter.topic,
            reader=letter.reader,
            type=letter.type,
            reason=letter.reason,
            dead_letter=str(letter.id),
        )
    return new


async def waiting(tx: Tx, *, limit: int = 100, replayed_too: bool = False) -> list[DeadLetter]:
    """Letters nobody has replayed yet, the oldest first."""
    return await store.select(tx, limit=limit, replayed_too=replayed_too)


async def replay(tx: Tx, ids: Sequence[UUID]) -> int:
    """Put these letters' messages back on their topics; how many there were."""
    letters = await store.mark_replayed(tx, ids)
    if letters:
        await outbox.put_rows(
            tx,
            [
                OutboxRow(letter.topic, letter.key, letter.value, letter.headers)
                for letter in letters
            ],
        )
    return len(letters)


def reason_of(error: BaseException) -> str:
    """What went wrong, in a line that may be stored and shown: no SQL detail, it quotes rows."""
    if isinstance(error, asyncpg.PostgresError):
        said = str(error.args[0]) if error.args else ""
        place = ", ".join(
            str(name)
            for name in (error.table_name, error.column_name, error.constraint_name)
            if name
        )
        text = f"{said} ({place})" if place else said
    else:
        text = str(error)
    return printable(f"{type(error).__name__}: {text}" if text else type(error).__name__)


def printable(text: str) -> str:
    """The text as PostgreSQL and Kafka can hold it: no NUL, no lone surrogate, not endless."""
    clean = text.replace("\x00", "␀").encode("utf-8", "replace").decode()
    return clean if len(clean) <= _LONGEST_REASON else clean[:_LONGEST_REASON] + "…"
