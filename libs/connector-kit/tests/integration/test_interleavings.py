"""Seeded interleavings of workers, crashes, lost and late requests, edits and time.

Whatever happened: afterwards each record has one live document there, with its last content, and
no document is anybody else's. A request may be executed as late as the provider's own time-out.
"""

import random
from datetime import timedelta
from uuid import UUID

import pytest
from connector_kit.checker import Check, Looked
from connector_kit.choosing import Lot
from connector_kit.transport import Delivery
from connector_kit.worker import InHand, ReadyLot
from contracts.ids import Entity
from contracts.message import Message
from contracts.sync import SyncFailed, SyncSucceeded
from testkit import TestDatabase

from .bench import Bench, bench_on, ids
from .there import Fault

FAULTS: tuple[Fault | None, ...] = (
    None,
    None,
    "lose_request",
    "lose_answer",
    "late_request",
    "late_request",
    "500",
    "401",
)
JUMPS = (0.5, 3.0, 6.0, 12.0, 40.0, 170.0)


class Run:
    """One seed: what each worker has in its hands, and what each record should be."""

    def __init__(self, bench: Bench, seed: int, entity: Entity) -> None:
        self.bench = bench
        self.rng = random.Random(seed)
        self.entity: Entity = entity
        self.records = [ids.new() for _ in range(2)]
        self.want: dict[UUID, tuple[int, str, str]] = {}
        self.lots: list[Lot] = []
        self.ready: list[ReadyLot] = []
        self.in_hand: list[InHand] = []
        self.answered: list[tuple[InHand, Delivery]] = []
        self.checks: list[Check] = []
        self.looked: list[tuple[Check, Looked]] = []
        self.story: list[str] = []

    def command(self, record: UUID, step: int, key: str, content: str) -> Message:
        if self.entity == "invoice":
            return self.bench.invoice(key, record=record, step=step, total=content)
        return self.bench.customer(key, record=record, step=step, email=content)

    async def edit(self) -> None:
        record = self.rng.choice(self.records)
        step = self.want.get(record, (0, "", ""))[0] + 1
        content = str(self.rng.randint(1, 3))
        key = f"{self.records.index(record)}-{self.rng.randint(1, 2)}"
        self.want[record] = (step, key, content)
        await self.bench.take(self.command(record, step, key, content))
        if self.rng.random() < 0.3:  # and an older one once more
            await self.bench.take(self.command(record, max(step - 1, 1), "old", "9"))

    async def step(self) -> None:
        """One step of one worker, of those that somebody can take now."""
        bench, rng = self.bench, self.rng
        hands = {
            "prepare": self.lots,
            "freeze": self.ready,
            "send": self.in_hand,
            "record": self.answered,
            "look": self.checks,
            "judge": self.looked,
        }
        chosen = rng.choice(["claim", "check", *[name for name, held in hands.items() if held]])
        at = rng.randrange(len(hands[chosen])) if chosen in hands else 0
        match chosen:
            case "claim":
                self.lots += [
                    lot for lot in (await bench.worker.claim(4)).lots if isinstance(lot, Lot)
                ]
            case "prepare":
                ready = await bench.worker.prepare(self.lots.pop(at))
                self.ready += [ready] if ready else []
            case "freeze":
                held = await bench.worker.freeze(self.ready.pop(at))
                self.in_hand += [held] if held else []
            case "send":
                fault = rng.choice(FAULTS)
                if fault is not None:
                    bench.there.fail("/batch", fault)
                held = self.in_hand.pop(at)
                self.answered.append((held, await bench.worker.send(held)))
                bench.there.faults["/batch"].clear()
            case "record":
                await bench.worker.record(*self.answered.pop(at))
            case "check":
                check = await bench.checker.claim()
                self.checks += [check] if check else []
            case "look":
                check = self.checks.pop(at)
                self.looked.append((check, await bench.checker.look(check)))
            case _:
                await bench.checker.record(*self.looked.pop(at))

    def crash(self) -> None:
        """Something in somebody's hands is gone."""
        for held in (self.lots, self.ready, self.in_hand, self.answered, self.checks, self.looked):
            if held and self.rng.random() < 0.3:
                held.pop(self.rng.randrange(len(held)))

    def pass_time(self, seconds: float | None = None) -> None:
        """What is pending at the provider is executed within its time-out, or never."""
        by = timedelta(seconds=seconds or self.rng.choice(JUMPS))
        there = self.bench.there
        for at in reversed(range(len(there.pending))):
            came, _ = there.pending[at]
            left = came + timedelta(seconds=119) - self.bench.clock.now()
            if left < by or self.rng.random() < 0.3:
                if self.rng.random() < 0.7:
                    self.bench.clock.ahead += max(min(left, by), timedelta(0))
                    there.execute_late(at)
                else:
                    there.pending.pop(at)
        self.bench.clock.ahead += by

    async def settle(self) -> None:
        """Everybody dies; then fresh workers and time do the rest."""
        for held in (self.lots, self.ready, self.in_hand, self.answered, self.checks, self.looked):
            held.clear()
        for _ in range(40):
            self.pass_time(170.0)
            await self.bench.check()
            await self.bench.work()
            if not await self.bench.waiting() and not self.bench.there.pending:
                return
        raise AssertionError("it never came to rest")


@pytest.mark.parametrize("entity", ["invoice", "customer"])
@pytest.mark.parametrize("seed", range(8))
async def test_each_record_ends_as_one_document_with_its_last_content(
    database: TestDatabase, seed: int, entity: Entity
) -> None:
    async with bench_on(database, requests_in_flight=50) as bench:
        run = Run(bench, seed, entity)
        for _ in range(80):
            match run.rng.choice(("edit", *["step"] * 12, "crash", *["time"] * 2)):
                case "edit":
                    await run.edit()
                case "step":
                    await run.step()
                case "crash":
                    run.crash()
                case _:
                    run.pass_time()
        for record in run.records:
            if record not in run.want:
                run.want[record] = (1, f"last {record}", "1")
                await bench.take(run.command(record, *run.want[record]))
        await run.settle()
        live = bench.there.of(entity)
        by_record = {record.note.split(":")[1]: record for record in live}
        assert len(live) == len(by_record) == 2, [record.shown() for record in live]
        for record, (_, key, content) in run.want.items():
            there = by_record[str(record)]
            assert (there.key, list(there.fields.values())) == (key, [content])
        last: dict[UUID, tuple[int, str]] = {}
        for said in await bench.said():
            if isinstance(said, SyncSucceeded | SyncFailed):
                last[said.record_id] = max(
                    last.get(said.record_id, (0, "")),
                    (said.step, said.remote.id if said.remote else ""),
                )
        assert {str(record): remote for record, (_, remote) in last.items()} == {
            note: record.id for note, record in by_record.items()
        }
