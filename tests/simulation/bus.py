"""The bus as lists: one queue per topic and reader, in any order, more than once, late or never."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from contracts.codec import Decoded, decode
from contracts.message import Message
from contracts.topics import TOPICS
from messaging.outbox_store import OutboxRow
from messaging.relay import BrokerAway

from simulation.kernel import Scheduler

_BY_NAME = {topic.name: topic for topic in TOPICS}
Queue = tuple[str, str]
"""A topic's name and a reader."""


@dataclass(eq=False)
class Waiting:
    """A record that a reader hasn't acknowledged."""

    value: bytes
    taken: bool = False


@dataclass
class SimBus:
    """Publisher of every relay. `calm`: nothing is lost, doubled or late any more."""

    scheduler: Scheduler
    calm: bool = False
    odds: ClassVar[tuple[int, int, int]] = (4, 88, 8)
    """How often of a hundred a message is lost, comes once, comes twice."""
    loses: frozenset[tuple[str, str]] = frozenset()
    """Queues into which nothing comes, whatever `calm` says."""
    echoing: frozenset[Queue] = frozenset()
    """Of what comes into these a copy is kept, to come once more at any time."""
    echoes: list[tuple[Queue, bytes]] = field(default_factory=list[tuple[Queue, bytes]])
    queues: dict[Queue, list[Waiting]] = field(default_factory=dict[Queue, list[Waiting]])
    said: list[Message] = field(default_factory=list[Message])
    """All that was ever published, the lost ones too."""

    async def publish(self, batch: Sequence[OutboxRow]) -> Sequence[Exception | None]:
        rng = self.scheduler.rng
        await self.scheduler.point(f"publish {len(batch)}")
        if not self.calm and rng.random() < 0.03:
            return [BrokerAway("no leader") for _ in batch]
        for row in batch:
            if ".dlq." in row.topic:
                continue
            topic = _BY_NAME.get(row.topic)
            if topic is None or row.value is None:
                raise AssertionError(f"{row.topic} takes nothing: {row.value!r}")
            decoded = decode(topic, row.value)
            assert isinstance(decoded, Decoded), decoded
            self.said.append(decoded.message)
            for reader in topic.readers:
                copies = 1 if self.calm else rng.choices((0, 1, 2), self.odds)[0]
                if (topic.name, reader) in self.loses:
                    copies = 0
                if copies == 0:
                    self.scheduler.story.append(f"lost for {reader}: {_short(decoded.message)}")
                queue = self.queues.setdefault((topic.name, reader), [])
                if (topic.name, reader) in self.echoing:
                    self.echoes.append(((topic.name, reader), row.value))
                queue += [Waiting(row.value) for _ in range(copies)]
        return [None] * len(batch)

    def take(self, queue: Queue) -> list[Waiting]:
        """Some of what waits for a reader, in any order."""
        free = [each for each in self.queues.get(queue, []) if not each.taken]
        if not self.calm and free:
            free = self.scheduler.rng.sample(free, self.scheduler.rng.randint(1, len(free)))
        for each in free:
            each.taken = True
        return free

    def acknowledge(self, queue: Queue, batch: Sequence[Waiting]) -> None:
        """These are done: they don't come again (but for copies)."""
        self.queues[queue] = [each for each in self.queues[queue] if each not in batch]

    def give_back(self, batch: Sequence[Waiting]) -> None:
        """Their reader is dead: they come again."""
        for each in batch:
            each.taken = False

    async def echo(self) -> None:
        """One of the copies that were kept comes; it may come again."""
        queue, value = self.scheduler.rng.choice(self.echoes)
        self.scheduler.story.append(f"comes once more for {queue[1]}")
        self.queues.setdefault(queue, []).append(Waiting(value))

    def waiting(self) -> list[Queue]:
        """Queues with something that nobody has in hand."""
        return [
            queue for queue, held in self.queues.items() if any(not each.taken for each in held)
        ]


def _short(message: Message) -> str:
    step = getattr(message, "step", "")
    return f"{type(message).__name__} {step}"
