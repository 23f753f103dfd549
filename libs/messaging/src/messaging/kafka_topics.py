"""Makes the topics of `contracts.topics`, and one for the dead letters of each of their readers."""

import asyncio
from collections.abc import AsyncGenerator, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import cast

from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import TopicAlreadyExistsError, for_code
from contracts.topics import DAY_MS, MAX_MESSAGE_BYTES, TOPICS, Topic

BATCH_BYTES = MAX_MESSAGE_BYTES + 64 * 1024
"""What broker, producer and consumers are set to: the largest message, its key and headers."""

_DEAD_LETTERS_KEPT_MS = 30 * DAY_MS
_TOLD_WITHIN_SECONDS = 15.0


@dataclass(frozen=True)
class TopicPlan:
    """A topic as it is to be made."""

    name: str
    partitions: int
    retention_ms: int


class TopicsNotMade(Exception):  # noqa: N818  (says which and why)
    """The broker wouldn't make a topic."""


def plans(topics: Iterable[Topic] = TOPICS) -> list[TopicPlan]:
    """The topics and, per reader, the one for what that reader could not read or apply."""
    made: list[TopicPlan] = []
    for topic in topics:
        made.append(TopicPlan(topic.name, topic.partitions, topic.retention_ms))
        made.extend(
            TopicPlan(topic.dead_letters(reader), 1, _DEAD_LETTERS_KEPT_MS)
            for reader in topic.readers
        )
    return made


async def create_topics(
    bootstrap: str, wanted: Sequence[TopicPlan] | None = None, *, replication_factor: int = -1
) -> list[str]:
    """Make those that don't exist yet; their names. Afterwards all can be written and read.

    The broker chooses the replication by default.

    Raises:
        TopicsNotMade: the broker refuses one.
        KafkaError: the broker can't be reached.
    """
    wanted = plans() if wanted is None else wanted
    async with admin(bootstrap) as client:
        existing = set(await client.list_topics())
        missing = [plan for plan in wanted if plan.name not in existing]
        if not missing:
            return []
        response = await client.create_topics([_new(plan, replication_factor) for plan in missing])
        made: list[str] = []
        for name, code, *message in _errors(response):
            if code == 0:
                made.append(name)
            elif for_code(code) is not TopicAlreadyExistsError:
                raise TopicsNotMade(
                    f"{name}: {for_code(code).__name__} {' '.join(map(str, message))}"
                )
        await _known(client, {plan.name for plan in wanted})
        return made


async def _known(client: AIOKafkaAdminClient, names: set[str]) -> None:
    """The controller makes a topic before the brokers tell of it: come back when they do."""
    deadline = asyncio.get_running_loop().time() + _TOLD_WITHIN_SECONDS
    while missing := names - set(await client.list_topics()):
        if asyncio.get_running_loop().time() > deadline:
            raise TopicsNotMade(
                f"made, but the broker doesn't tell of {', '.join(sorted(missing))}"
            )
        await asyncio.sleep(0.05)


@asynccontextmanager
async def admin(bootstrap: str) -> AsyncGenerator[AIOKafkaAdminClient]:
    """A client for one errand; raises KafkaError if the broker can't be reached."""
    client = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=10_000)
    try:
        await client.start()
        yield client
    finally:
        await client.close()


def _errors(response: object) -> list[tuple[str, int]]:
    """Topic, error code and perhaps a message; aiokafka's answers carry no types."""
    return cast("list[tuple[str, int]]", getattr(response, "topic_errors"))  # noqa: B009


def _new(plan: TopicPlan, replication_factor: int) -> NewTopic:
    return NewTopic(
        name=plan.name,
        num_partitions=plan.partitions,
        replication_factor=replication_factor,
        # The client takes "the broker's own replication factor" only together with this.
        replica_assignments={} if replication_factor == -1 else None,
        topic_configs={
            "cleanup.policy": "delete",
            "retention.ms": str(plan.retention_ms),
            "max.message.bytes": str(BATCH_BYTES),
        },
    )
