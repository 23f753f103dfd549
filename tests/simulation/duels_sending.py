"""Duels about sending: answers that are lost, look-ups that are early, commits that are late."""

import json
from collections.abc import Sequence
from datetime import date

from contracts.sync import SyncState

from simulation.bus import Waiting
from simulation.mixes import Mix
from simulation.stage import Duel, Stage
from simulation.transport import Fate

_FINE = {"fine": 1}
_SHORT = Mix("duel, short steps", fates=_FINE, refuses_numbers=0.0, jumps=(0.5, 1.0, 3.0, 12.0))
_MIDDLING = Mix("duel, middling steps", fates=_FINE, refuses_numbers=0.0, jumps=(1.0, 12.0, 40.0))
_LONG = Mix("duel, long steps", fates=_FINE, refuses_numbers=0.0, jumps=(12.0, 60.0, 170.0))
_REFUSING = Mix(
    "duel, doubled numbers refused", fates=_FINE, refuses_numbers=1.0, jumps=(0.5, 3.0, 12.0)
)


async def _send_two(stage: Stage) -> None:
    """One invoice is synced, and its customer and item with it; a second has just been sent."""
    await stage.send()
    await stage.settle()
    await stage.states(SyncState.SYNCED)
    await stage.send()


async def _goes_out(stage: Stage, *fates: Fate, without: str = "") -> None:
    """The next write has gone out, to one of these fates."""
    stage.fates(stage.scheduler.rng.choice(fates))
    planned = stage.ring.transport.planned
    await stage.reach("a write", lambda: not planned, without=without)


async def _late_create(stage: Stage) -> None:
    """A create is executed long after its connection was lost."""
    await _send_two(stage)
    await _goes_out(stage, "late")
    await stage.mingle(15, moves=("relay", "consume", "work", "check"))
    await stage.mingle(40, *([stage.edits(1)] if stage.scheduler.rng.random() < 0.5 else []))


async def _look_up_stands_still(stage: Stage) -> None:
    """A checker asks before the create is executed, and reads the answer after `quiet_until`."""
    await stage.settle()
    await stage.ring.office.customer("Bob Oak")
    stage.fates("late")
    checker = await stage.caught("connector/check", "looked")
    await stage.mingle(40, without="check")
    stage.let_go(checker)
    await stage.mingle(20)


async def _worker_stands_still(stage: Stage) -> None:
    """A worker is connected, sleeps until its request was looked up and given up, and wakes."""
    await _send_two(stage)
    worker = await stage.caught("connector/work", f"connected, {stage.create}")
    await stage.mingle(60)
    stage.let_go(worker)
    await stage.mingle(20)


async def _renumbered_unknown(stage: Stage) -> None:
    """An invoice gets another number and date while its create has no answer; its number goes to
    another.

    For that its first command comes twice, garbled and whole: the first is our mistake, so that the
    next content is commanded, while the second is sent.
    """
    ring, rng = stage.ring, stage.scheduler.rng
    await _send_two(stage)
    whole = await _garbled(stage)
    await stage.states(SyncState.SYNCED, SyncState.BLOCKED)
    ring.bus.give_back(whole)
    await _goes_out(stage, "late", "lose_answer", "slow", without="outcomes")
    old, new = str(ring.office.numbers), str(ring.office.numbers + 1)
    ring.office.numbers += 1
    assert old in await ring.sights.open_numbers()
    numbers = {1: new, 0: old} if rng.random() < 0.5 else {1: new}
    await ring.office.renumber_all(numbers, issue_date=date(2026, 6, 16))
    await stage.mingle(40, without="outcomes")
    await stage.mingle(30)


async def _garbled(stage: Stage) -> Sequence[Waiting]:
    """A garbled copy of the next command comes and is set apart; the whole one is still to come."""
    ring = stage.ring

    def is_commanded() -> bool:
        return any(not each.taken for each in ring.bus.queues.get(stage.commands, []))

    await stage.reach("a command", is_commanded, without=stage.commands[0])
    whole = ring.bus.take(stage.commands)
    garbled = [Waiting(_without_its_invoice(each.value), taken=True) for each in whole]
    ring.bus.queues[stage.commands] += garbled
    ring.sights.garbled += len(garbled)
    await ring.take_in(stage.commands, garbled)
    await stage.settle()
    return whole


def _without_its_invoice(command: bytes) -> bytes:
    return json.dumps({k: v for k, v in json.loads(command).items() if k != "invoice"}).encode()


async def _late_update(stage: Stage) -> None:
    """Content B is executed as an update long after its connection was lost; C is wanted then.

    Perhaps C is wanted, and whoever may send it has all the turns, before B comes there.
    """
    await stage.send()
    await stage.settle()
    stage.start(stage.edits(1))
    await _goes_out(stage, "late", "late", "lose_answer")
    wanted = [stage.edits(stage.scheduler.rng.choice((0, 2)))]
    if stage.scheduler.rng.random() < 0.5:
        for _ in range(4):
            await stage.mingle(30, *wanted, without="time")
            await stage.pass_time(0.3)
            wanted.clear()
    await stage.mingle(50, *wanted)
    stage.ring.sights.saw("90")


async def _handed_over(stage: Stage) -> None:
    """An invoice gets a new number and another its old one, or they exchange theirs."""
    office = stage.ring.office
    await _send_two(stage)
    await stage.settle()
    await stage.states(SyncState.SYNCED, SyncState.SYNCED)
    numbers = stage.scheduler.rng.choice(({0: "3", 1: "1"}, {1: "3", 0: "2"}, {0: "2", 1: "1"}))
    office.numbers += 1
    await office.renumber_all(numbers)
    await stage.mingle(30)
    stage.ring.sights.saw("96")


async def _foreign_number(stage: Stage) -> None:
    """Somebody keys in an invoice with our number while our create may still be executed."""
    ring = stage.ring
    await _send_two(stage)
    await _goes_out(stage, "late")
    number = str(ring.office.numbers)
    assert number in await ring.sights.open_numbers()
    assert ring.there.type_in(number)
    ring.sights.saw("93")
    await stage.mingle(40)


async def _number_taken_over(stage: Stage) -> None:
    """An invoice is renumbered while its create is in flight; another is given its number."""
    ring = stage.ring
    await _send_two(stage)
    await _goes_out(stage, "late", "slow", "lose_request")
    old = str(ring.office.numbers)
    ring.office.numbers += 1
    assert old in await ring.sights.open_numbers()
    await ring.office.renumber_all({1: str(ring.office.numbers), 0: old})
    ring.sights.saw("92")
    await stage.mingle(50)


async def _mixed_batch(stage: Stage) -> None:
    """Of a batch some are accepted and some refused; its worker dies before it writes that down."""
    ring, scheduler = stage.ring, stage.scheduler
    await _send_two(stage)
    for _ in range(4):
        await ring.office.send()
    while await stage.move("relay", "consume"):
        await stage.scheduler.until(lambda: len(scheduler.alive()) == 1, "the others end")
    ring.kills_mixed = True
    worker = await stage.caught("connector/work", f"connected, {stage.batch}")
    for number in scheduler.rng.sample(range(2, 7), 2):
        ring.there.type_in(str(number))
    stage.let_go(worker)
    await stage.mingle(60, stage.edits(1), stage.edits(2, 2))


async def _edited_back(stage: Stage) -> None:
    """The command of an edit is set apart as our mistake; the whole copy comes after the edit was
    taken back."""
    await stage.send()
    await stage.settle()
    stage.start(stage.edits(1))
    whole = await _garbled(stage)
    await stage.states(SyncState.BLOCKED)
    await stage.mingle(15, stage.edits(0))
    if stage.scheduler.rng.random() < 0.7:
        await stage.settle()
    stage.ring.bus.give_back(whole)
    await stage.mingle(30)


async def _number_changed_there(stage: Stage) -> None:
    """A create's answer is lost; somebody there changes the number before it is looked up."""
    ring, rng = stage.ring, stage.scheduler.rng
    await _send_two(stage)
    stage.fates("lose_answer")
    worker = await stage.caught("connector/work", f"answer of {stage.create}")
    await stage.reach("it is executed", lambda: len(ring.there.live("invoice")) == 2)
    ring.there.renumber(ring.there.live("invoice")[-1], "900")
    stage.let_go(worker)
    await stage.mingle(40, *([stage.edits(1)] if rng.random() < 0.5 else []))


DUELS = (
    Duel("late_create", _late_create, _SHORT),
    Duel("look_up_stands_still", _look_up_stands_still, _LONG, scenarios=("89",)),
    Duel("worker_stands_still", _worker_stands_still, _LONG, scenarios=("74",)),
    Duel("renumbered_unknown", _renumbered_unknown, _MIDDLING, scenarios=("76",)),
    Duel("late_update", _late_update, _MIDDLING, scenarios=("90",)),
    Duel("handed_over", _handed_over, _REFUSING, scenarios=("96",)),
    Duel("foreign_number", _foreign_number, _SHORT, scenarios=("93",)),
    Duel("number_taken_over", _number_taken_over, _SHORT, scenarios=("92",)),
    Duel("edited_back", _edited_back, _MIDDLING),
    Duel("number_changed_there", _number_changed_there, _MIDDLING),
    Duel("mixed_batch", _mixed_batch, _REFUSING, scenarios=("75",)),
)
