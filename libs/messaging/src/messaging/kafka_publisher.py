"""Publishes to Kafka with aiokafka's own idempotent producer.

Not through FastStream: its `publish_batch` puts all keys into one partition, drops each record's
headers and fails past `max_batch_size`.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from types import TracebackType
from typing import Self, cast

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTimestampError,
    InvalidTopicError,
    KafkaError,
    MessageSizeTooLargeError,
    PolicyViolationError,
    ProducerClosed,
    RecordListTooLargeError,
    RecordTooLargeError,
    UnsupportedForMessageFormatError,
)
from aiokafka.producer.message_accumulator import MessageBatch
from telemetry.logs import get_logger

from messaging.kafka_topics import BATCH_BYTES, TopicsNotMade, admin, create_topics, plans
from messaging.outbox_store import OutboxRow
from messaging.relay import BrokerAway, Refused

log = get_logger(__name__)

WITHIN_SECONDS = 6.0
"""The relay's transaction stays open meanwhile, and PostgreSQL ends idle ones after 10 s."""

_REFUSALS = (
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    RecordTooLargeError,
    InvalidTopicError,
    InvalidTimestampError,
    PolicyViolationError,
    UnsupportedForMessageFormatError,
)
_CLOSE_SECONDS = 1.0
_STRANGER_SECONDS = 2.0
_BATCH_SIZE = 512 * 1024
"""aiokafka sends a partition's next batch only when the last is answered; its 16 KiB is too few."""


class KafkaPublisher:
    """Sends batches to Kafka; begins when first used, begins anew after any failure."""

    def __init__(self, bootstrap: str, *, within_seconds: float = WITHIN_SECONDS) -> None:
        self._bootstrap = bootstrap
        self._within = within_seconds
        self._producer: AIOKafkaProducer | None = None
        self._topics: set[str] = set()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def publish(self, batch: Sequence[OutboxRow]) -> Sequence[Exception | None]:
        """See `messaging.relay.Publisher`. Never raises; a record without a result may be there."""
        results: list[Exception | None] = [BrokerAway("no answer in time")] * len(batch)
        whole = False
        try:
            async with asyncio.timeout(self._within):
                await self._publish(batch, results)
            whole = all(result is None for result in results)
        except (KafkaError, OSError, TopicsNotMade) as error:
            results = [
                BrokerAway(repr(error)) if isinstance(result, BrokerAway) else result
                for result in results
            ]
        finally:
            if not whole:
                # It keeps what it could not send and would send it some day, and after a refusal
                # its sequence numbers have a gap that the broker takes for a loss.
                await self.close()
        return tuple(results)

    async def close(self) -> None:
        """Give up the connection and what was not sent."""
        producer, self._producer = self._producer, None
        self._topics = set()
        if producer is not None:
            await _abandon(producer)

    async def _publish(self, batch: Sequence[OutboxRow], results: list[Exception | None]) -> None:
        producer = await self._started()
        no_topic = await self._missing_topics({row.topic for row in batch})
        futures: list[asyncio.Future[object]] = []
        for index, row in enumerate(batch):
            if row.topic in no_topic:
                results[index] = no_topic[row.topic]
                continue
            try:
                future = await _send(producer, row)
            except _REFUSALS as error:
                results[index] = _refused(error, by_broker=False)
            else:
                future.add_done_callback(_note(results, index))
                futures.append(future)
        if futures:
            await asyncio.wait(futures)
        refused = [
            index
            for index, result in enumerate(results)
            if isinstance(result, Refused) and result.by_broker
        ]
        if len(refused) > 1:
            # The broker refuses a partition's records together: which of them was it?
            await self._one_by_one(batch, refused, results)

    async def _one_by_one(
        self,
        batch: Sequence[OutboxRow],
        indices: Sequence[int],
        results: list[Exception | None],
    ) -> None:
        for index in indices:
            results[index] = BrokerAway("not tried alone yet")
        await self.close()
        for index in indices:
            producer = await self._started()
            try:
                await (await _send(producer, batch[index]))
                results[index] = None
            except _REFUSALS as error:
                results[index] = _refused(error, by_broker=True)
                await self.close()

    async def _started(self) -> AIOKafkaProducer:
        if self._producer is None:
            self._producer = AIOKafkaProducer(
                bootstrap_servers=self._bootstrap,
                client_id="tallybridge-relay",
                acks="all",
                enable_idempotence=True,
                linger_ms=0,
                max_batch_size=_BATCH_SIZE,
                max_request_size=BATCH_BYTES,
                request_timeout_ms=int(self._within * 1000),
            )
            await self._producer.start()
        return self._producer

    async def _missing_topics(self, names: set[str]) -> dict[str, Exception]:
        """Topics that aren't there. Ours are made (a wiped broker); others are refused."""
        if names <= self._topics:
            return {}
        # Asked before the producer meets one: it would look for it until its time is over.
        self._topics = await _existing(self._bootstrap)
        missing = names - self._topics
        if not missing:
            return {}
        ours = {plan.name: plan for plan in plans()}
        made = await create_topics(self._bootstrap, [ours[n] for n in missing if n in ours])
        log.warning("topics were missing", topics=sorted(missing), made=made)
        answers: dict[str, Exception] = {
            name: BrokerAway(f"topic {name} has just been made") for name in missing & ours.keys()
        }
        if strangers := missing - ours.keys():
            # A refusal is for good, and a broker tells of a new topic a little late: ask again.
            await asyncio.sleep(_STRANGER_SECONDS)
            there = await _existing(self._bootstrap)
            for name in strangers:
                answers[name] = (
                    BrokerAway(f"topic {name} has just come")
                    if name in there
                    else Refused(f"there is no topic {name}")
                )
        return answers


async def _send(producer: AIOKafkaProducer, row: OutboxRow) -> "asyncio.Future[object]":
    value = row.value
    if value is None and row.key is None:
        value = b""  # the producer wants one of the two
    headers = [(name, text.encode()) for name, text in row.headers.items()]
    return cast(
        "asyncio.Future[object]",
        await producer.send(row.topic, value, key=row.key, headers=headers),
    )


async def _existing(bootstrap: str) -> set[str]:
    async with admin(bootstrap) as client:
        return set(await client.list_topics())


def _note(
    results: list[Exception | None], index: int
) -> Callable[["asyncio.Future[object]"], None]:
    def done(future: "asyncio.Future[object]") -> None:
        error = None if future.cancelled() else future.exception()
        if future.cancelled():
            return
        if isinstance(error, _REFUSALS):
            results[index] = _refused(error, by_broker=True)
        else:
            results[index] = None if error is None else BrokerAway(repr(error))

    return done


def _refused(error: Exception, *, by_broker: bool) -> Refused:
    name = type(error).__name__
    return Refused(f"the broker does not take it: {name}: {error}", by_broker=by_broker)


async def _abandon(producer: AIOKafkaProducer) -> None:
    """Stop it without waiting for what it can't send: it would try for ever.

    aiokafka has no public way to do so: `stop` waits for the last record.
    """
    try:
        async with asyncio.timeout(_CLOSE_SECONDS):
            await producer.stop()
            return
    except (TimeoutError, KafkaError, OSError):
        log.debug("producer abandoned")
    accumulator = producer._message_accumulator  # pyright: ignore[reportPrivateUsage]
    sender = producer._sender.sender_task  # pyright: ignore[reportPrivateUsage]
    pending = cast(
        "Mapping[object, Sequence[MessageBatch]]",
        accumulator._batches,  # pyright: ignore[reportPrivateUsage]
    )
    for batches in pending.values():
        for batch in batches:
            batch.drain_ready()  # nobody waits for it: its failure would be logged as unheard
    accumulator.fail_all(ProducerClosed())
    for _ in range(2):  # cancelled once, it waits for requests under way; twice, it gives them up
        if sender is not None and not sender.done():
            sender.cancel()
            await asyncio.wait([sender], timeout=_CLOSE_SECONDS / 4)
    await producer.client.close()
