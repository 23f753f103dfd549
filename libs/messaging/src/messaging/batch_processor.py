"""Applies a batch of raw records of one topic, and sets apart alone what can't be read or applied.

Knows no broker: a consumer hands it what came, a feed's reader what it fetched, a test what it
likes. All effects of a batch, and all that it sets apart, commit together.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Literal

from contracts.codec import Broken, Decoded, decode
from contracts.message import Message
from contracts.topics import Topic
from telemetry import metrics
from telemetry.logs import get_logger

from messaging import dead_letters, outbox
from messaging.clock import Clock
from messaging.database import Database, Tx, is_away
from messaging.dead_letters_store import NewLetter
from messaging.outbox_store import OutboxRow

log = get_logger(__name__)

Handle = Callable[[Tx, Sequence[Message]], Awaitable[None]]
"""Applies messages in the transaction given, by set-wise statements. It may be called again with
the same messages, or with any part of them, after it failed: its effects are undone then."""

SetApart = Callable[[Tx, Message | None, bytes | None, str], Awaitable[None]]
"""What else to do for an element that is set apart: the message (None where it can't be read), its
bytes and the reason. In the same transaction; if it fails, only that is left out."""

Record = tuple[bytes | None, bytes | None]
"""Key and value as they came."""


@dataclass(frozen=True)
class _Element:
    message: Message
    record: Record


@dataclass(frozen=True)
class _Unfit:
    message: Message | None
    record: Record
    type: str | None
    reason: str


class BatchProcessor:
    """One reader's way of applying one topic. `reader` is its name in inbox and dead letters."""

    def __init__(
        self,
        database: Database,
        topic: Topic,
        reader: str,
        handle: Handle,
        clock: Clock,
        on_set_apart: SetApart | None = None,
    ) -> None:
        if reader not in topic.readers:
            raise ValueError(f"{reader} is no reader of {topic.name}: {', '.join(topic.readers)}")
        self.topic = topic
        self.reader = reader
        self._database = database
        self._handle = handle
        self._clock = clock
        self._on_set_apart = on_set_apart
        self._begun: list[float] = []

    def busy_seconds(self) -> float:
        """How long it has been at the oldest batch it is at (a topic's, a feed's); 0 at none."""
        return self._clock.elapsed() - min(self._begun) if self._begun else 0.0

    async def process(self, values: Sequence[Record]) -> None:
        """Apply a batch: afterwards every record is applied, skipped, or set apart.

        Types this release doesn't know are counted and skipped. If the handler fails, the batch is
        halved until what breaks it stands alone: of n records with one bad one that costs some
        2·log₂(n) calls more.

        Raises:
            one of DATABASE_AWAY: nothing is applied, nothing set apart; come again.
        """
        begun = self._clock.elapsed()
        self._begun.append(begun)
        try:
            elements, unfit = self._sort(values)
            if elements or unfit:
                await self._apply(elements, unfit)
                self._count("messages_consumed_total", len(elements))
        finally:
            self._begun.remove(begun)

    def _sort(self, values: Sequence[Record]) -> tuple[list[_Element], list[_Unfit]]:
        elements: list[_Element] = []
        unfit: list[_Unfit] = []
        for record in values:
            read = decode(self.topic, record[1])
            if isinstance(read, Decoded):
                elements.append(_Element(read.message, record))
            elif isinstance(read, Broken):
                unfit.append(_Unfit(None, record, read.type, read.reason))
            else:
                self._count("messages_skipped_unknown_total", 1)
        return elements, unfit

    async def _apply(self, elements: Sequence[_Element], unfit: Sequence[_Unfit]) -> None:
        """Together if it goes; else halved; and what only fails at the commit, each alone."""
        try:
            await self._together(elements, unfit)
            return
        except Exception as error:  # the handler's: whatever it is, the rest must go on
            _raise_if_away(error)
            log.warning(
                "a batch fails, it is halved",
                topic=self.topic.name,
                reader=self.reader,
                records=len(elements),
                error=dead_letters.reason_of(error),
            )
        try:
            async with self._database.transaction() as tx:
                found = await self._halved(tx, elements, whole=len(elements) == 1)
                await self._set_apart(tx, [*unfit, *found])
            return
        except Exception as error:  # the commit's: a deferred constraint
            _raise_if_away(error)
        await self._each_alone(elements, unfit)

    async def _together(self, elements: Sequence[_Element], unfit: Sequence[_Unfit]) -> None:
        async with self._database.transaction() as tx:
            if elements:
                await self._handle(tx, [element.message for element in elements])
            await self._set_apart(tx, unfit)

    async def _halved(
        self, tx: Tx, elements: Sequence[_Element], *, whole: bool = True
    ) -> list[_Unfit]:
        """Apply what can be applied; the others. `whole`: worth trying in one piece."""
        if whole:
            try:
                async with tx.savepoint():
                    await self._handle(tx, [element.message for element in elements])
                return []
            except Exception as error:  # the handler's
                _raise_if_away(error)
                if len(elements) == 1:
                    return [self._unfit(elements[0], error)]
        middle = len(elements) // 2
        return [
            *await self._halved(tx, elements[:middle]),
            *await self._halved(tx, elements[middle:]),
        ]

    async def _each_alone(self, elements: Sequence[_Element], unfit: Sequence[_Unfit]) -> None:
        found = list(unfit)
        for element in elements:
            try:
                await self._together([element], [])
            except Exception as error:  # the handler's or the commit's
                _raise_if_away(error)
                found.append(self._unfit(element, error))
        async with self._database.transaction() as tx:
            await self._set_apart(tx, found)

    def _unfit(self, element: _Element, error: Exception) -> _Unfit:
        # The trace is what a developer needs; the letter's reason may be read by anyone.
        log.error(
            "a message can't be applied",
            topic=self.topic.name,
            reader=self.reader,
            message_id=str(element.message.id),
            exc_info=error,
        )
        kind = str(getattr(element.message, "type", "")) or None
        return _Unfit(element.message, element.record, kind, dead_letters.reason_of(error))

    async def _set_apart(self, tx: Tx, unfit: Sequence[_Unfit]) -> None:
        if not unfit:
            return
        letters = [self._letter(one) for one in unfit]
        new = await dead_letters.put(tx, letters)
        await outbox.put_rows(tx, [self._record_of(letter) for letter in new])
        for one, letter in zip(unfit, letters, strict=True):
            await self._tell(tx, one, letter.reason)

    def _letter(self, one: _Unfit) -> NewLetter:
        key, value = one.record
        return NewLetter(
            id=dead_letters.letter_id(self.topic.name, self.reader, key, value),
            topic=self.topic.name,
            reader=self.reader,
            key=key,
            value=value,
            type=None if one.type is None else dead_letters.printable(one.type),
            reason=dead_letters.printable(one.reason),
        )

    def _record_of(self, letter: NewLetter) -> OutboxRow:
        headers = {"id": str(letter.id), "reason": letter.reason, "topic": letter.topic}
        if letter.type is not None:
            headers["type"] = letter.type
        dead_letter_topic = self.topic.dead_letters(self.reader)
        return OutboxRow(dead_letter_topic, letter.key, letter.value, headers)

    async def _tell(self, tx: Tx, one: _Unfit, reason: str) -> None:
        if self._on_set_apart is None:
            return
        try:
            async with tx.savepoint():
                await self._on_set_apart(tx, one.message, one.record[1], reason)
        except Exception as error:  # the letter itself is kept, whatever the rest does
            _raise_if_away(error)
            log.error("a set-apart message wasn't told of", reader=self.reader, exc_info=error)

    def _count(
        self,
        name: Literal["messages_consumed_total", "messages_skipped_unknown_total"],
        count: int,
    ) -> None:
        metrics.counter(name, topic=self.topic.name, reader=self.reader).inc(count)


def _raise_if_away(error: Exception) -> None:
    if is_away(error):
        raise error
