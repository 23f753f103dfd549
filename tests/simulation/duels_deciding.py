"""Duels about deciding: what follows from answers, and what the orchestrator takes in."""

from contracts.sync import SyncState
from contracts.topics import INVOICING, OUTCOMES

from simulation.bus import Waiting
from simulation.mixes import Mix
from simulation.stage import Duel, Stage
from simulation.there import Document

_EVENTS = (INVOICING.name, "sync-orchestrator")
_ANSWERS = (OUTCOMES.name, "sync-orchestrator")
_SYNCED = SyncState.SYNCED


async def _first(stage: Stage) -> None:
    """An invoice is synced, so that its customer and item are there."""
    await stage.send()
    await stage.settle()
    await stage.states(_SYNCED)


def _documents(stage: Stage) -> list[Document]:
    return stage.ring.there.live("invoice")


async def _there_and_back(stage: Stage) -> None:
    """An invoice is edited to B, to C and to B again; each is on its way or has come there."""
    rng = stage.scheduler.rng
    await _first(stage)
    for price in (1, 2, 1):
        stage.start(stage.edits(price))
        await stage.mingle(rng.randint(2, 30))
        if rng.random() < 0.8:
            await stage.settle()
    stage.ring.sights.saw("77")


async def _open_while_read(stage: Stage) -> None:
    """An invoice is saved but not committed while a later one is, and the feed is read; every
    event is lost."""
    ring, scheduler = stage.ring, stage.scheduler
    ring.bus.loses = frozenset({_EVENTS})
    for _ in range(2):
        stage.start(stage.send)
        writer = await stage.caught("office/send", "commit", moves=())
        stage.start(stage.send)
        await stage.alone_with(writer)
        stage.start(ring.sweep_records)
        await stage.mingle(scheduler.rng.randint(1, 60), moves=())
        stage.let_go(writer)
        await stage.settle()
    ring.bus.loses = frozenset()


async def _older_commands(stage: Stage) -> None:
    """An invoice is edited while commands of earlier steps come once more."""
    ring = stage.ring
    await _first(stage)
    ring.bus.echoing = frozenset({stage.commands})
    stage.start(stage.edits(1))
    await stage.settle()
    stage.start(stage.edits(2))
    await stage.mingle(25, moves=(*stage.moves, "echo"))
    await stage.settle()
    queue, older = ring.bus.echoes[0]
    ring.bus.queues[queue].append(Waiting(older))
    await stage.mingle(10)


async def _gone(stage: Stage) -> None:
    """The first invoice is voided there, and known here to be gone."""
    stage.ring.there.remove(_documents(stage)[0], "void")
    stage.start(stage.edits(1))
    await stage.settle()
    await stage.states(SyncState.REMOVED_THERE)


async def _created_again(stage: Stage) -> None:
    """It is created again, and that answer is lost or late."""
    await _first(stage)
    await _gone(stage)
    stage.fates(stage.scheduler.rng.choice(("late", "late", "lose_answer", "lose_request")))
    await stage.mingle(40, stage.create_again, stage.edits(2))


async def _old_answers(stage: Stage) -> None:
    """It is created again while the answer that says its predecessor is gone is said once more."""
    bus = stage.ring.bus
    await _first(stage)
    bus.echoing = frozenset({stage.commands})
    await _gone(stage)
    for queue, command in bus.echoes:
        bus.queues[queue].append(Waiting(command))
    bus.echoes, bus.echoing = [], frozenset()
    await stage.reach("it is said again", lambda: bool(bus.queues[_ANSWERS]), without="outcomes")
    await stage.mingle(40, stage.create_again)


async def _voided_unknown(stage: Stage) -> None:
    """A create's answer is lost, its document is voided there before it is looked up."""
    ring, rng = stage.ring, stage.scheduler.rng
    await _first(stage)
    await stage.send()
    stage.fates("lose_answer")
    worker = await stage.caught("connector/work", f"answer of {stage.create}")
    await stage.reach("it is executed", lambda: len(_documents(stage)) == 2)
    created = _documents(stage)[-1]
    assert not await ring.sights.is_known(created.id)
    ring.there.remove(created, "void")
    stage.let_go(worker)
    await stage.mingle(20, *([stage.edits(1)] if rng.random() < 0.5 else []))
    await stage.settle()
    await stage.states(_SYNCED, SyncState.REMOVED_THERE)
    stage.fates(rng.choice(("fine", "late", "lose_answer", "lose_request")))
    await stage.mingle(30, stage.create_again)
    await stage.settle()
    ring.sights.saw("91")


async def _late_answer(stage: Stage) -> None:
    """A worker stands still with its answer; its record is looked up and goes again meanwhile."""
    scheduler = stage.scheduler
    await _first(stage)
    await stage.send()
    worker = await stage.caught("connector/work", f"answer of {stage.create}")
    await stage.reach("it is executed", lambda: len(_documents(stage)) == 2)
    stage.fates("lose_request")
    stage.start(stage.edits(1))
    await stage.reach("the next is sent", lambda: not stage.ring.transport.planned)
    await stage.mingle(scheduler.rng.randint(1, 10))
    stage.let_go(worker)
    await stage.mingle(10)


async def _fixed_there(stage: Stage) -> None:
    """A number is refused, freed there, and the same content is asked for again."""
    ring = stage.ring
    await _first(stage)
    assert ring.there.type_in(str(ring.office.numbers + 1))
    await stage.send()
    await stage.settle()
    await stage.states(_SYNCED, SyncState.BLOCKED)
    (holder,) = ring.there.foreign()
    ring.there.remove(holder, stage.scheduler.rng.choice(("void", "delete")))

    async def retry() -> None:
        await stage.click("retry")

    await stage.mingle(20, retry)
    await stage.settle()
    await stage.states(_SYNCED, _SYNCED)
    ring.sights.saw("78")


async def _customer_gone(stage: Stage) -> None:
    """Forty invoices wait when their customer is made inactive there."""
    ring, rng = stage.ring, stage.scheduler.rng
    await _first(stage)
    for _ in range(40):
        await stage.send()
    await stage.mingle(20, moves=("relay", "consume"))
    if rng.random() < 0.5:
        await stage.mingle(10)
    (customer,) = ring.there.live("customer")
    ring.there.inactivate(customer)
    await stage.mingle(20)
    await stage.settle()
    await stage.states(*[_SYNCED] * 41)
    ring.sights.saw("80")


async def _refusal_overtakes(stage: Stage) -> None:
    """A create's success is said once more, and read after the refusal of the update that came
    after it."""
    ring, bus = stage.ring, stage.ring.bus
    await _first(stage)
    bus.echoing = frozenset({stage.commands})
    await stage.send()

    async def answers(number: int) -> None:
        what = f"{number} answers wait"
        await stage.reach(what, lambda: len(bus.queues[_ANSWERS]) == number, without="outcomes")

    async def read_in(at: int) -> None:
        answer = bus.queues[_ANSWERS][at]
        answer.taken = True
        await ring.take_in(_ANSWERS, [answer])

    await answers(1)
    queue, command = bus.echoes[-1]
    bus.queues[queue].append(Waiting(command))
    await answers(2)
    await read_in(0)
    assert ring.there.type_in("99")

    async def renumber() -> None:
        await ring.office.change(-1, number="99")

    stage.start(renumber)
    await answers(2)
    await read_in(1)
    await read_in(0)
    await stage.mingle(10)


_SHORT_STEPS = Mix(
    "duel, short steps", fates={"fine": 1}, refuses_numbers=0.0, jumps=(0.5, 1.0, 3.0, 12.0)
)
_REFUSING = Mix("duel, doubled numbers refused", fates={"fine": 1}, refuses_numbers=1.0)

DUELS = (
    Duel("there_and_back", _there_and_back, scenarios=("77",)),
    Duel("open_while_read", _open_while_read),
    Duel("older_commands", _older_commands, _SHORT_STEPS),
    Duel("created_again", _created_again),
    Duel("old_answers", _old_answers, _SHORT_STEPS),
    Duel("voided_unknown", _voided_unknown, _SHORT_STEPS, scenarios=("91",)),
    Duel("late_answer", _late_answer, _SHORT_STEPS),
    Duel("fixed_there", _fixed_there, scenarios=("78",)),
    Duel("customer_gone", _customer_gone, scenarios=("80",)),
    Duel("refusal_overtakes", _refusal_overtakes, _REFUSING, scenarios=("95",)),
)
