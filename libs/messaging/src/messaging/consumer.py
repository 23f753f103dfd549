"""Reads topics from Kafka in batches. The only place that builds a FastStream broker.

FastStream's defaults lose messages, so everything that matters is said here once (measured and
read in faststream 0.7.8 and aiokafka 0.14):

- The default policy acknowledges first; `ACK` also acknowledges what failed; `NACK_ON_ERROR` reads
  it again at once, 820 times a second. So: MANUAL, at the broker, for all subscribers, and nothing
  is acknowledged before its effect is committed.
- Under MANUAL an exception that leaves the handler loses its batch at the next acknowledgement. So
  the handler catches everything, and what FastStream does before it can't fail (headers that are
  no text would).
- `ack()` commits the whole position. So: one batch in flight, one consumer per topic.
- After a rebalance batches run twice. So: handlers are safe to repeat; offsets only save work.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import cast

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.middlewares import AckPolicy
from telemetry import metrics
from telemetry.logs import get_logger

from messaging import kafka_lag, progress
from messaging.batch_processor import BatchProcessor, Handle, Record, SetApart
from messaging.clock import Clock, SystemClock
from messaging.database import is_away
from messaging.health import OK
from messaging.kafka_topics import BATCH_BYTES
from messaging.process import pause
from messaging.progress import Progress

__all__ = ["BatchProcessor", "ConsumerApp", "Handle", "Record", "SetApart", "consume"]

log = get_logger(__name__)

MAX_RECORDS = 500
BATCH_TIMEOUT_MS = 10
"""After an empty poll FastStream sleeps as long again, in which a message waits; see `_Waiting`."""
EMPTY_AFTER_MS = 1_000
"""So long a poll waits for records before it is empty. It ends with the first one."""

STALLED_SECONDS = 60.0
CHECK_SECONDS = 10.0
TOPIC_SEEN_AGAIN_MS = 15_000
"""A reader without partitions, since its topic was missing for a moment, looks again so often: the
client's own five minutes are longer than any sweep."""

PACE_SECONDS = 0.015
"""From the beginning of one batch to that of the next. A message after a silence is taken at once;
of many that come one by one, each batch takes those of this time: a transaction and its round trips
cost much the same for ten as for one."""

RETRY_BACKOFF_MS = 300
"""While the broker is away each consumer knocks again after so long. By the client's own 100 ms a
storm of two minutes held 14,000 vain knocks of one process."""

DRAIN_SECONDS = 12.0
"""How long a batch in flight has to finish once we stop."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0
_DATABASE_PAUSE = 1.0
"""At most, while our own database is away."""
Polled = dict[TopicPartition, list[ConsumerRecord[bytes, bytes]]]


class _Waiting(AIOKafkaConsumer):
    """Polls seldom while there is nothing: by FastStream's own time each topic's reader would wake
    fifty times a second, a percent of a core."""

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> Polled:
        waits = max(timeout_ms, EMPTY_AFTER_MS)
        # Their own types leave open what a key and a value are.
        poll = cast("Callable[..., Awaitable[Polled]]", super().getmany)
        return await poll(*partitions, timeout_ms=waits, max_records=max_records)


Records = tuple[ConsumerRecord[bytes, bytes], ...]
Original = Callable[[Records], Awaitable[KafkaMessage]]


async def consume(
    bootstrap: str,
    processors: Sequence[BatchProcessor],
    stop: asyncio.Event,
    *,
    clock: Clock | None = None,
) -> None:
    """Read all processors' topics until `stop`; see `ConsumerApp`."""
    await ConsumerApp(bootstrap, processors, clock or SystemClock()).run(stop)


class ConsumerApp:
    """Reads each processor's topic as the group named after its reader, from the earliest record.

    While the database is away a batch is read again after pauses of 0.5 to 1 s; one that fails by a
    defect, of up to 30 s. A consumer that makes no progress for `stalled_seconds` is built anew; if
    that doesn't help, `liveness` says so.
    """

    def __init__(
        self,
        bootstrap: str,
        processors: Sequence[BatchProcessor],
        clock: Clock,
        *,
        stalled_seconds: float = STALLED_SECONDS,
        check_seconds: float = CHECK_SECONDS,
    ) -> None:
        self._bootstrap = bootstrap
        self._clock = clock
        self._stalled_seconds = stalled_seconds
        self._check_seconds = check_seconds
        self.subscriptions = [Subscription(bootstrap, one, clock) for one in processors]

    async def run(self, stop: asyncio.Event) -> None:
        """Until `stop`; then batches in flight are finished and acknowledged (≤ 12 s)."""
        async with asyncio.TaskGroup() as group:
            for subscription in self.subscriptions:
                group.create_task(subscription.run(stop))
            group.create_task(self._watch(stop))

    def liveness(self) -> Mapping[str, str]:
        """For `/livez`: per topic "ok", or why only a new process may help."""
        return {
            f"consume {one.topic}": "no progress, even with a new consumer"
            if one.progress.hopeless
            else OK
            for one in self.subscriptions
        }

    def readiness(self) -> Mapping[str, str]:
        """For `/readyz`: per topic "ok", or "not connected"."""
        return {
            f"consume {one.topic}": OK if one.connected else "not connected"
            for one in self.subscriptions
        }

    async def _watch(self, stop: asyncio.Event) -> None:
        while not stop.is_set():
            await pause(self._clock, stop, self._check_seconds)
            by_group: dict[str, list[Subscription]] = {}
            for one in self.subscriptions:
                by_group.setdefault(one.reader, []).append(one)
            for reader, members in by_group.items():
                seen = await self._ask(reader, [one.topic for one in members])
                for one in members:
                    one.observe(
                        None if seen is None else seen.get(one.topic, {}), self._stalled_seconds
                    )

    async def _ask(
        self, reader: str, topics: Sequence[str]
    ) -> dict[str, dict[int, progress.Seen]] | None:
        try:
            async with asyncio.timeout(10):
                return await kafka_lag.ask(self._bootstrap, reader, topics)
        except (KafkaError, OSError, TimeoutError):
            return None


class Subscription:
    """One topic, read as one group: a broker that is built anew when it must be."""

    def __init__(self, bootstrap: str, processor: BatchProcessor, clock: Clock) -> None:
        self._bootstrap = bootstrap
        self._processor = processor
        self._clock = clock
        self._stopping = asyncio.Event()
        self._renew = asyncio.Event()
        self._failures = 0
        self.progress = Progress()
        self.broker: KafkaBroker | None = None

    @property
    def topic(self) -> str:
        return self._processor.topic.name

    @property
    def reader(self) -> str:
        return self._processor.reader

    @property
    def connected(self) -> bool:
        return self.broker is not None and self.broker.running

    async def run(self, stop: asyncio.Event) -> None:
        wait = _FIRST_PAUSE
        while not stop.is_set():
            self._renew.clear()
            self._stopping = asyncio.Event()
            self.broker = self.build_broker()
            try:
                if await self._started(self.broker, stop):
                    wait = _FIRST_PAUSE
                    await _first_of(stop, self._renew)
                else:
                    await pause(self._clock, stop, wait)
                    wait = min(wait * 2, _LONGEST_PAUSE)
            finally:
                await self._stop(self.broker)
                self.broker = None

    def build_broker(self) -> KafkaBroker:
        """A broker with this topic's subscriber, not started."""
        broker = KafkaBroker(
            self._bootstrap,
            ack_policy=AckPolicy.MANUAL,
            consumer_only=True,
            allow_auto_create_topics=False,
            graceful_timeout=DRAIN_SECONDS,
            client_id=f"tallybridge-{self.reader}",
            metadata_max_age_ms=TOPIC_SEEN_AGAIN_MS,
            retry_backoff_ms=RETRY_BACKOFF_MS,
            apply_types=False,
            logger=None,
        )
        broker.subscriber(
            self.topic,
            group_id=self.reader,
            batch=True,
            max_records=MAX_RECORDS,
            batch_timeout_ms=BATCH_TIMEOUT_MS,
            auto_offset_reset="earliest",
            max_partition_fetch_bytes=BATCH_BYTES,
            heartbeat_interval_ms=1_000,
            parser=_parse,
            decoder=_decode,
            no_reply=True,
        )(self._on_batch)
        return broker

    def observe(self, seen: Mapping[int, progress.Seen] | None, stalled_seconds: float) -> None:
        """Take in what the broker says of the group; have the consumer renewed if it hangs."""
        now = self._clock.elapsed()
        self.progress, renew = progress.observe(
            self.progress,
            None if seen is None else kafka_lag.together(seen, self._assigned()),
            self._processor.busy_seconds(),
            now,
            stalled_after=stalled_seconds,
        )
        metrics.gauge("consumer_progress_age_seconds", topic=self.topic, reader=self.reader).set(
            self.progress.idle_seconds(now)
        )
        if renew:
            log.error("no progress, the consumer is built anew", topic=self.topic)
            metrics.counter("consumer_restarts_total", reader=self.reader).inc()
            self._renew.set()

    def _assigned(self) -> set[int]:
        if self.broker is None:
            return set()
        return {
            place.partition
            for subscriber in self.broker.subscribers
            if (consumer := getattr(subscriber, "consumer", None)) is not None
            for place in consumer.assignment()
        }

    async def _started(self, broker: KafkaBroker, stop: asyncio.Event) -> bool:
        """Whether it has joined its group; False if asked to stop, or renewed, before that."""
        starting = asyncio.ensure_future(_start(broker))
        ending = asyncio.ensure_future(_first_of(stop, self._renew))
        try:
            await asyncio.wait([starting, ending], return_when=asyncio.FIRST_COMPLETED)
            if not starting.done():
                return False
            await starting
            return True
        except (KafkaError, OSError, TimeoutError) as error:
            log.warning("not connected", topic=self.topic, error=repr(error))
            return False
        finally:
            ending.cancel()
            starting.cancel()
            with contextlib.suppress(asyncio.CancelledError, Exception):
                await starting

    async def _stop(self, broker: KafkaBroker) -> None:
        self._stopping.set()
        try:
            async with asyncio.timeout(DRAIN_SECONDS + 2):
                await broker.stop()
        except Exception as error:  # a client that hangs or fails while it goes: it is given up
            log.warning("consumer not stopped cleanly", topic=self.topic, error=repr(error))

    async def _on_batch(self, message: KafkaMessage) -> None:
        records = cast("Records", message.raw_message)
        began = self._clock.elapsed()
        try:
            await self._processor.process([(record.key, record.value) for record in records])
        except Exception as error:  # nothing may leave this handler: the batch would be lost
            await self._again(message, error)
            return
        self._failures = 0
        try:
            await message.ack()
        except Exception as error:  # the effect is committed; at worst the batch comes once more
            log.warning("not acknowledged", topic=self.topic, error=repr(error))
        await pause(self._clock, self._stopping, PACE_SECONDS - (self._clock.elapsed() - began))

    async def _again(self, message: KafkaMessage, error: Exception) -> None:
        """Have the batch read once more, after a pause."""
        longest = _DATABASE_PAUSE if is_away(error) else _LONGEST_PAUSE
        wait = min(_FIRST_PAUSE * 2**self._failures, longest)
        self._failures += 1
        if is_away(error):
            log.warning("database away", topic=self.topic, again_in_seconds=wait, error=repr(error))
        else:
            log.error("batch failed", topic=self.topic, again_in_seconds=wait, exc_info=error)
        await pause(self._clock, self._stopping, wait)
        try:
            await message.nack()
        except Exception as lost:  # a partition that is no longer ours: its new owner reads it
            # All positions were set back to the committed ones when the group was rebalanced.
            log.info("not set back", topic=self.topic, error=repr(lost))


async def _start(broker: KafkaBroker) -> None:
    await broker.connect()
    made = broker.config.broker_config
    assert isinstance(made.builder, partial)
    made.builder = partial(_Waiting, **made.builder.keywords)
    await broker.start()


async def _first_of(*events: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    try:
        await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()


async def _parse(records: Records, original: Original) -> KafkaMessage:
    """FastStream decodes every header as UTF-8; a stranger's may be anything, and are not read."""
    try:
        return await original(records)
    except Exception:  # whatever it is: without headers there is nothing left that could fail
        return await original(tuple(replace(record, headers=()) for record in records))


async def _decode(message: KafkaMessage) -> KafkaMessage:
    """The handler gets the message itself: it reads raw records and acknowledges by itself."""
    return message
