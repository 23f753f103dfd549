"""Duels about connections: links by hand, a provider that is away, books that are left."""

from datetime import timedelta

from contracts.ids import ConnectionId
from contracts.sync import SyncState
from contracts.topics import OUTCOMES
from sync_orchestrator.app import PACKAGE as ORCHESTRATOR

from simulation.company import Company
from simulation.mixes import Mix
from simulation.ring import another_organisation, found
from simulation.stage import Duel, Stage

_ANSWERS = (OUTCOMES.name, "sync-orchestrator")
_SYNCED, _BLOCKED = SyncState.SYNCED, SyncState.BLOCKED
_NUMBERS = Mix("duel, numbers", fates={"fine": 1}, refuses_numbers=0.5, jumps=(0.5, 3.0, 12.0))
_SHORT = Mix("duel, short steps", fates={"fine": 1}, refuses_numbers=0.0, jumps=(0.5, 1.0, 3.0))
_STEPS = Mix("duel, steps", fates={"fine": 1}, refuses_numbers=0.0, jumps=(1.0, 3.0, 12.0))


async def _link_while_out(stage: Stage) -> None:
    """A person links an invoice to one that was keyed in, while a command of it is out."""
    ring, rng = stage.ring, stage.scheduler.rng
    await stage.send()
    await stage.settle()
    await stage.states(_SYNCED)
    assert ring.there.type_in("2", total=100)
    (holder,) = ring.there.foreign()

    async def link() -> None:
        await stage.click("link", remote_id=holder.id)

    async def linked_while_out() -> None:
        await stage.reach(
            "a command", lambda: bool(ring.bus.queues[stage.commands]), without="work"
        )
        seen = ring.sights.counts["94"]
        await stage.mingle(15, link, link, without="outcomes")
        refused = seen + 2
        await stage.reach(
            "both are refused", lambda: ring.sights.counts["94"] >= refused, without="outcomes"
        )
        await stage.settle()
        await stage.states(_SYNCED, _BLOCKED)

    await stage.send()
    await linked_while_out()
    if rng.random() < 0.5:
        await stage.click("retry")
        await linked_while_out()
    ring.there.linked_by_person.add(holder.id)
    await stage.mingle(10, link)
    await stage.settle()
    await stage.states(_SYNCED, _SYNCED)


async def _away_for_all(stage: Stage) -> None:
    """The provider goes away while many records are due in two companies; later it comes back."""
    ring = stage.ring
    other = await _second_company(stage)
    for company in (ring.companies[0], other):
        for _ in range(4):
            await company.office.send()
    await stage.mingle(30, moves=("relay", "consume"))
    # Refused connections leave the records in their lanes; a 503 would have them looked up.
    ring.transport.away_as = "not_sent"
    ring.transport.away_until = stage.scheduler.now + timedelta(hours=1)
    stage.scheduler.story.append("there: away")
    await stage.reach("one lane probes", lambda: bool(ring.sights.counts["88"]))
    await stage.mingle(60)
    ring.transport.away_until = None
    await stage.mingle(20)


async def _second_company(stage: Stage) -> Company:
    """Another one, with a customer and an item, connected to books of its own."""
    ring = stage.ring
    company = found(ring, len(ring.companies))
    await company.open()
    await company.office.customer("Cat Elm")
    await company.office.item("Repair")
    await ring.sweep_records()
    await company.map_all()
    return company


async def _known_to_be_closed(stage: Stage, connection: ConnectionId | None) -> None:
    """The orchestrator has heard that this connection is closed."""
    ring = stage.ring

    async def status() -> str:
        return str(
            await ring.ground.admin.fetchval(
                f"select status from {ORCHESTRATOR}.connections where id = $1", connection
            )
        )

    for _ in range(200):
        if await status() == "closed":
            return
        await stage.scheduler.point("driver")
        await stage.move("relay", "consume", "time")
    raise AssertionError("the orchestrator doesn't hear that the connection is closed")


async def _other_books(stage: Stage) -> None:
    """A company leaves its books for others with commands in the lane and in flight."""
    ring, rng = stage.ring, stage.scheduler.rng
    company = ring.companies[0]
    await stage.send()
    await stage.settle()
    await stage.states(_SYNCED)
    for _ in range(3):
        await stage.send()
    await stage.mingle(rng.randint(5, 25), stage.edits(1, 0), moves=("relay", "consume"))
    stage.fates(rng.choice(("late", "slow", "lose_answer", "fine")))
    planned = ring.transport.planned
    await stage.reach("a write", lambda: not planned)
    left = company.connection
    await company.disconnect()
    ring.sights.saw("81")
    if rng.random() < 0.5:
        await _known_to_be_closed(stage, left)
    company.there = another_organisation(ring)
    await company.connect()
    await _known_to_be_closed(stage, left)
    await company.switch_on()
    await company.map_all()
    await stage.mingle(40, stage.send, stage.edits(2, 1), stage.edits(0, 2))


async def _books_taken_over(stage: Stage) -> None:
    """A company leaves its books while a create is in flight, and another connects to them: two
    connections on one grant, of which one is given up."""
    ring, rng = stage.ring, stage.scheduler.rng
    first = ring.companies[0]
    await stage.send()
    await stage.settle()
    other = found(ring, 1)
    await stage.send()
    stage.fates(rng.choice(("late", "slow", "lose_answer")))
    planned = ring.transport.planned
    await stage.reach("a write", lambda: not planned)
    left = first.connection
    await first.disconnect()
    other.there, first.there = first.there, other.there
    await stage.mingle(rng.randint(0, 12), ring.give_up)
    await other.open()
    await other.office.customer("Cat Elm")
    await other.office.item("Repair")
    await ring.sweep_records()
    await other.map_all()
    await _known_to_be_closed(stage, left)
    await first.connect()
    await first.switch_on()
    await first.map_all()
    await stage.mingle(40, other.office.send, ring.give_up, stage.send, other.office.edit)


async def _answers_lost(stage: Stage) -> None:
    """No answer comes to the orchestrator: an outcome is only known when it is asked for again."""
    ring = stage.ring
    await stage.send()
    await stage.settle()
    ring.bus.loses = frozenset({_ANSWERS})
    await stage.send()
    await stage.mingle(30, stage.edits(1), stage.edits(2, 0))
    await stage.settle()
    ring.bus.loses = frozenset()


DUELS = (
    Duel("link_while_out", _link_while_out, _NUMBERS, scenarios=("94",)),
    Duel("away_for_all", _away_for_all, _STEPS, scenarios=("88",)),
    Duel("other_books", _other_books, _SHORT, scenarios=("81",)),
    Duel("books_taken_over", _books_taken_over, _SHORT),
    Duel("answers_lost", _answers_lost, _SHORT),
)
