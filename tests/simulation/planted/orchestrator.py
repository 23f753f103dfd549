"""Rules of deciding and of the bus, each taken away."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from unittest.mock import patch

from contracts.ids import MessageId
from messaging import feeds_store, inbox
from messaging.database import Tx
from messaging.feeds import FeedReader
from sync_orchestrator.domain import deciding, outcomes
from sync_orchestrator.domain.content import Content
from sync_orchestrator.domain.course import Course
from sync_orchestrator.domain.facts import Answered
from sync_orchestrator.store import companies_store, records_store

from simulation.bus import Queue, SimBus, Waiting
from simulation.ground import Ground
from simulation.ring import Ring

_LOST, _TWICE = (50, 45, 5), (4, 40, 56)
"""Rougher than usual, where only much loss or many copies tell soon."""


@asynccontextmanager
async def content_seen_before(on: Ground) -> AsyncGenerator[None]:
    real, seen = Content.is_held_by, set[str]()

    def is_held_by(self: Content, mark: str) -> bool:
        seen.add(mark.partition(".")[0])
        return self.record in seen or real(self, mark)

    with patch.object(Content, "is_held_by", is_held_by):
        yield


@asynccontextmanager
async def outcome_of_any_generation(on: Ground) -> AsyncGenerator[None]:
    real = outcomes.answered

    def answered(course: Course, fact: Answered) -> tuple[tuple[str, str | None], ...]:
        update = {"generation": course.job.generation}
        return real(course, replace(fact, outcome=fact.outcome.model_copy(update=update)))

    with patch.object(outcomes, "answered", answered):
        yield


@asynccontextmanager
async def no_company_lock(on: Ground) -> AsyncGenerator[None]:
    without = "select id from companies where id = any($1::uuid[]) order by id"
    with patch.object(companies_store, "_LOCK", without):
        yield


@asynccontextmanager
async def no_inbox(on: Ground) -> AsyncGenerator[None]:
    async def first_time(tx: Tx, reader: str, ids: Sequence[MessageId]) -> set[MessageId]:
        return set(ids)

    with patch.object(inbox, "first_time", first_time), patch.object(SimBus, "odds", _TWICE):
        yield


@asynccontextmanager
async def feed_by_sequence(on: Ground) -> AsyncGenerator[None]:
    async def horizon(tx: Tx) -> int:
        return 2**60

    with patch.object(feeds_store, "horizon", horizon), patch.object(SimBus, "odds", _LOST):
        yield


@asynccontextmanager
async def no_feed(on: Ground) -> AsyncGenerator[None]:
    async def sweep_once(self: FeedReader) -> int:
        return 0

    with patch.object(FeedReader, "sweep_once", sweep_once), patch.object(SimBus, "odds", _LOST):
        yield


@asynccontextmanager
async def never_asked_again(on: Ground) -> AsyncGenerator[None]:
    with patch.object(deciding, "is_overdue", _never):
        yield


@asynccontextmanager
async def older_snapshot_wins(on: Ground) -> AsyncGenerator[None]:
    save = str(vars(records_store)["_SAVE"]).replace("r.version < excluded.version", "true")
    with patch.object(records_store, "_SAVE", save), patch.object(SimBus, "odds", _TWICE):
        yield


@asynccontextmanager
async def own_number_is_a_cause(on: Ground) -> AsyncGenerator[None]:
    with patch.object(outcomes, "_held_by_ours", _never):
        yield


def _never(*_: object) -> bool:
    return False


@asynccontextmanager
async def acknowledged_first(on: Ground) -> AsyncGenerator[None]:
    """With nothing that finds again what is lost: acknowledging first is then a loss."""
    real = SimBus.take

    def take(self: SimBus, queue: Queue) -> list[Waiting]:
        batch = real(self, queue)
        self.acknowledge(queue, batch)
        return batch

    async def never(self: Ring) -> None:
        del self

    with (
        patch.object(SimBus, "take", take),
        patch.object(SimBus, "odds", (0, 95, 5)),
        patch.object(Ring, "sweep_records", never),
    ):
        yield
