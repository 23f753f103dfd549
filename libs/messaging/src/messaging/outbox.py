"""The outbox: what a transaction has to tell is written in that transaction; a relay publishes it.

async with database.transaction() as tx:
    await store.save(tx, invoice)
    await outbox.put(tx, [InvoiceSent(…)])
"""

from collections.abc import Sequence

from contracts.codec import encode
from contracts.ids import MessageId
from contracts.message import Message
from contracts.topics import MAX_MESSAGE_BYTES

from messaging import outbox_store as store
from messaging.database import Tx
from messaging.outbox_store import OutboxRow

CHANNEL = "outbox"
"""Relays listen here."""


class MessageTooLarge(Exception):  # noqa: N818  (a fact about a message, named as callers catch it)
    """A message is larger than broker and readers take; nothing of its call was put."""

    def __init__(self, message_id: MessageId, size: int) -> None:
        super().__init__(
            f"message {message_id} is {size:,} bytes; the limit is {MAX_MESSAGE_BYTES:,}:"
            " say it in several messages"
        )
        self.message_id = message_id
        self.bytes = size


async def put(tx: Tx, messages: Sequence[Message]) -> None:
    """Write messages for the relay, each to the topic it belongs on, and wake it after the commit.

    Raises:
        MessageTooLarge: one is larger than `MAX_MESSAGE_BYTES`; nothing was written.
        KeyError: no topic carries this type of message.
    """
    if not messages:
        return
    rows: list[OutboxRow] = []
    for message in messages:
        encoded = encode(message)
        if len(encoded.value) > MAX_MESSAGE_BYTES:
            raise MessageTooLarge(message.id, len(encoded.value))
        headers = {name: value.decode() for name, value in encoded.headers}
        rows.append(OutboxRow(encoded.topic, encoded.key, encoded.value, headers))
    await put_rows(tx, rows)


async def put_rows(tx: Tx, rows: Sequence[OutboxRow]) -> None:
    """Write records that are already encoded: dead letters and their replay."""
    await store.insert(tx, rows)
    tx.wake(CHANNEL)
