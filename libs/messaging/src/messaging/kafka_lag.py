"""What a group has not read yet, asked of the broker itself."""

from collections.abc import Collection, Mapping
from typing import TypedDict, cast

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.structs import OffsetAndMetadata

from messaging.kafka_topics import admin
from messaging.progress import Seen

_Offsets = Mapping[TopicPartition, int]


class _PartitionDescribed(TypedDict):
    partition: int


class _TopicDescribed(TypedDict):
    topic: str
    partitions: list[_PartitionDescribed]


async def ask(bootstrap: str, group: str, topics: Collection[str]) -> dict[str, dict[int, Seen]]:
    """Per topic and partition: what `group` has read and what is left.

    On connections of its own, made for this question: a client that hangs can't answer for itself.
    Topics that don't exist are left out.

    Raises:
        KafkaError, OSError: the broker can't be reached.
    """
    async with admin(bootstrap) as client:
        described = cast("list[_TopicDescribed]", await client.describe_topics(list(topics)))
        places = [
            TopicPartition(topic["topic"], partition["partition"])
            for topic in described
            for partition in topic["partitions"]
        ]
        if not places:
            return {}
        committed = cast(
            "Mapping[TopicPartition, OffsetAndMetadata]",
            await client.list_consumer_group_offsets(group, partitions=places),
        )
    first, end = await _bounds(bootstrap, places)
    answer: dict[str, dict[int, Seen]] = {}
    for place in places:
        known = committed.get(place)
        position = -1 if known is None else known.offset
        lag = end[place] - max(position, first[place])
        answer.setdefault(place.topic, {})[place.partition] = Seen(lag, {place.partition: position})
    return answer


def together(seen: Mapping[int, Seen], partitions: Collection[int]) -> Seen:
    """What is known of some partitions; of all where none is named."""
    chosen = [one for number, one in seen.items() if not partitions or number in partitions]
    committed = {number: offset for one in chosen for number, offset in one.committed.items()}
    return Seen(sum(one.lag for one in chosen), committed)


async def _bounds(bootstrap: str, places: Collection[TopicPartition]) -> tuple[_Offsets, _Offsets]:
    """The first offset there still is and the next to be written."""
    reader = AIOKafkaConsumer(bootstrap_servers=bootstrap, group_id=None, request_timeout_ms=10_000)
    try:
        await reader.start()
        first = cast("_Offsets", await reader.beginning_offsets(places))
        return first, cast("_Offsets", await reader.end_offsets(places))
    finally:
        await reader.stop()
