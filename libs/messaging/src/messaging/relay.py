"""The relay: publishes what waits in the outbox and deletes it, in one transaction per batch.

A crash between the broker's answer and the commit publishes a batch again: readers know a message
by its id or version. Several relays may run; none takes what another holds.
"""

import asyncio
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from contracts.ids import Ids
from telemetry import metrics
from telemetry.logs import get_logger

from messaging import dead_letters
from messaging import outbox_store as store
from messaging.clock import Clock
from messaging.database import DATABASE_AWAY, Database, Tx, is_away
from messaging.dead_letters_store import NewLetter
from messaging.outbox_store import OutboxRow, QueuedRow
from messaging.process import pause
from messaging.wake import POLL_SECONDS, Listener

log = get_logger(__name__)

BATCH_ROWS = 500
BATCH_BYTES = 16 * 1024 * 1024
_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 5.0
_DATABASE_PAUSE = 1.0
"""At most, while our own database is away: asking it costs little, and all that waits is there."""

_PACE_SECONDS = 0.01
"""From the beginning of one batch to that of the next, while all that waits goes in one."""

_MEASURE_SECONDS = 5.0


class Refused(Exception):  # noqa: N818  (what the broker did)
    """The broker will never take this record, whenever it is asked."""

    def __init__(self, reason: str, *, by_broker: bool = False) -> None:
        super().__init__(reason)
        self.by_broker = by_broker
        """The broker itself said so, perhaps of a neighbour that was sent together with it."""


class BrokerAway(Exception):  # noqa: N818  (where the broker is)
    """The broker can't be reached or doesn't answer; the record may or may not be there."""


class Publisher(Protocol):
    """What takes records. A simulated bus may stand in for the real one."""

    async def publish(self, batch: Sequence[OutboxRow]) -> Sequence[Exception | None]:
        """One result per record: None, it is there; `Refused`, it never will be; else try again.

        Comes back within 8 s: the caller's transaction is open, and idle ones end after 10.
        """
        ...


@runtime_checkable
class _Closes(Protocol):
    async def close(self) -> None: ...


class Relay:
    """Publishes one schema's outbox."""

    def __init__(
        self,
        database: Database,
        publisher: Publisher,
        ids: Ids,
        clock: Clock,
        *,
        service: str,
        listener: Listener | None = None,
        batch_rows: int = BATCH_ROWS,
        batch_bytes: int = BATCH_BYTES,
    ) -> None:
        self._database = database
        self._publisher = publisher
        self._ids = ids
        self._clock = clock
        self._service = service
        self._listener = listener
        self._batch_rows = batch_rows
        self._batch_bytes = batch_bytes
        self._measured_at = -_MEASURE_SECONDS
        self.away: str | None = None
        """Why nothing is published just now, for a readiness check."""

    async def run(self, stop: asyncio.Event) -> None:
        """Publish until `stop`; woken by commits, and looking by itself once a second.

        While the broker or the database is away everything stays where it is and is tried again,
        after 0.2 s at first and in the end every 5 s, or every second if it is the database.
        """
        wait = _FIRST_PAUSE
        try:
            while not stop.is_set():
                began = self._clock.elapsed()
                try:
                    count = await self.drain_once()
                    await self._measure()
                except (BrokerAway, *DATABASE_AWAY) as error:
                    if not isinstance(error, BrokerAway) and not is_away(error):
                        raise
                    self._stands(error)
                    longest = _LONGEST_PAUSE if isinstance(error, BrokerAway) else _DATABASE_PAUSE
                    await pause(self._clock, stop, min(wait, longest))
                    wait = min(wait * 2, longest)
                    continue
                wait = _FIRST_PAUSE
                self._goes_on()
                if count < self._batch_rows:
                    if count:
                        spent = self._clock.elapsed() - began
                        await pause(self._clock, stop, _PACE_SECONDS - spent)
                    await self._idle(stop)
        finally:
            if isinstance(self._publisher, _Closes):
                await self._publisher.close()
            if self._listener is not None:
                await self._listener.close()

    async def drain_once(self) -> int:
        """Publish one batch; how many rows left the outbox, published or set apart.

        Raises:
            BrokerAway: some or all stay; what the broker took is gone from the outbox.
            one of DATABASE_AWAY: all of the batch stay.
        """
        began = self._clock.elapsed()
        async with self._database.transaction() as tx:
            queued = await store.take(tx, self._batch_rows, self._batch_bytes)
            if not queued:
                return 0
            results = await self._publisher.publish([entry.row for entry in queued])
            gone, kept = await self._settle(tx, queued, results)
            if not gone:
                raise kept or BrokerAway("no answer")
            await store.delete(tx, gone)
        metrics.histogram("relay_batch_seconds").observe(self._clock.elapsed() - began)
        for entry, result in zip(queued, results, strict=True):
            if result is None:
                metrics.counter("relay_published_total", topic=entry.row.topic).inc()
        if kept is not None:
            raise kept
        return len(gone)

    async def _settle(
        self, tx: Tx, queued: Sequence[QueuedRow], results: Sequence[Exception | None]
    ) -> tuple[list[int], BrokerAway | None]:
        """What may leave the outbox (the refused ones set apart), and why others stay."""
        gone: list[int] = []
        letters: list[NewLetter] = []
        kept: BrokerAway | None = None
        for entry, result in zip(queued, results, strict=True):
            if isinstance(result, Refused):
                letters.append(self._letter(entry.row, result))
            elif result is not None:
                kept = kept or _away(result)
                continue
            gone.append(entry.seq)
        await dead_letters.put(tx, letters)
        return gone, kept

    def _letter(self, row: OutboxRow, refusal: Refused) -> NewLetter:
        return NewLetter(
            id=self._ids.new(),
            topic=row.topic,
            reader=dead_letters.RELAY,
            key=row.key,
            value=row.value,
            type=row.headers.get("type"),
            reason=dead_letters.printable(str(refusal)),
            headers=row.headers,
        )

    async def _idle(self, stop: asyncio.Event) -> None:
        if self._listener is None:
            await pause(self._clock, stop, POLL_SECONDS)
        else:
            await self._listener.wait(stop, POLL_SECONDS)

    async def _measure(self) -> None:
        if self._clock.elapsed() - self._measured_at < _MEASURE_SECONDS:
            return
        self._measured_at = self._clock.elapsed()
        async with self._database.transaction() as tx:
            waiting = await store.backlog(tx)
        metrics.gauge("outbox_waiting", service=self._service).set(waiting)

    def _stands(self, error: BaseException) -> None:
        if self.away is None:
            log.warning("relay waits", service=self._service, error=repr(error))
        self.away = str(error) or type(error).__name__

    def _goes_on(self) -> None:
        if self.away is not None:
            log.info("relay goes on", service=self._service)
        self.away = None


def _away(error: Exception) -> BrokerAway:
    return error if isinstance(error, BrokerAway) else BrokerAway(repr(error))
