"""Rules of sending, each taken away."""

from collections.abc import AsyncGenerator, Generator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from unittest.mock import patch
from uuid import UUID

from connector_kit import (
    checker,
    commands,
    grants_store,
    lane_work_store,
    lanes_store,
    ledger_store,
    limits,
    recording,
    worker,
)
from connector_kit.answers import RequestAnswer, Sighting
from connector_kit.checker import Check, Checker, Looked
from connector_kit.connector import Connector
from connector_kit.freezing import Frozen
from connector_kit.grants_store import Grant
from connector_kit.judging import SentWindow, Taken, Verdict, judge
from connector_kit.lanes_store import LaneKey, NewContent
from connector_kit.ledger_store import LedgerRow
from connector_kit.provider import Concurrency, FrozenMember, Limit
from connector_kit.tokens import TokenKeeper, TokenOrNot
from connector_kit.worker import InHand, ReadyLot, Worker
from connector_qbo.app import PACKAGE
from connector_qbo.operations import looking, marks
from contracts.ids import RecordId, RemoteId, RequestId
from messaging.database import Tx

from simulation.ground import Ground

_RECORDS = f"{PACKAGE}.ledger_open_record"
_KEYS = f"{PACKAGE}.ledger_open_key"


@asynccontextmanager
async def no_open_row(on: Ground) -> AsyncGenerator[None]:
    async def conflicts(*_: object) -> tuple[set[RecordId], set[str]]:
        return set(), set()

    async def enter_request(tx: Tx, keys: Sequence[LaneKey], request_id: UUID) -> None:
        await _enter(tx, keys, request_id)
        await tx.execute("update lanes set request_id = null where request_id = $1", request_id)

    _enter = lane_work_store.enter_request
    async with _without(on, _RECORDS, _KEYS):
        with (
            patch.object(ledger_store, "conflicts", conflicts),
            patch.object(lane_work_store, "enter_request", enter_request),
        ):
            yield


@asynccontextmanager
async def absence_at_once(on: Ground) -> AsyncGenerator[None]:
    with _judging():
        yield


@asynccontextmanager
async def absence_when_processed(on: Ground) -> AsyncGenerator[None]:
    real = Checker.record

    async def record(self: Checker, check: Check, looked: Looked) -> None:
        now = self._connector.clock.now()  # pyright: ignore[reportPrivateUsage]
        await real(self, check, replace(looked, at=now))

    with patch.object(Checker, "record", record):
        yield


@asynccontextmanager
async def no_send_time_check(on: Ground) -> AsyncGenerator[None]:
    real = Worker.freeze

    async def freeze(self: Worker, ready: ReadyLot) -> InHand | None:
        in_hand = await real(self, ready)
        return None if in_hand is None else replace(in_hand, deadline=float("inf"))

    with patch.object(Worker, "freeze", freeze):
        yield


@asynccontextmanager
async def answer_to_whoever_is_open(on: Ground) -> AsyncGenerator[None]:
    real = recording.record_answer

    async def record_answer(
        tx: Tx, connector: Connector, frozen: Frozen, answer: RequestAnswer, status: int | None
    ) -> None:
        now_open: UUID | None = await tx.fetchval(
            "select request_id from ledger where state = 'open' and record_id = $1",
            frozen.members[0].record_id,
        )
        if now_open is not None and len(frozen.members) == 1:
            mine = replace(frozen.open, id=RequestId(now_open))
            frozen = replace(frozen, open=mine)
        await real(tx, connector, frozen, answer, status)

    with patch.object(worker, "record_answer", record_answer):
        yield


@asynccontextmanager
async def choice_by_command(on: Ground) -> AsyncGenerator[None]:
    async def finished(*_: object) -> dict[LaneKey, object]:
        return {}

    with patch.object(ledger_store, "finished", finished):
        yield


@asynccontextmanager
async def number_not_frozen(on: Ground) -> AsyncGenerator[None]:
    real = Checker.claim

    async def claim(self: Checker) -> Check | None:
        check = await real(self)
        if check is None or check.request.entity != "invoice":
            return check
        rows: list[LedgerRow] = []
        database = self._connector.database  # pyright: ignore[reportPrivateUsage]
        async with database.transaction() as tx:
            for row in check.rows:
                now = await tx.fetchrow(
                    "select content -> 'invoice' ->> 'number' as number,"
                    " content -> 'invoice' ->> 'issue_date' as dated"
                    " from lanes where record_id = $1",
                    row.member.record_id,
                )
                if now is not None and now["number"] is not None:
                    fields = {**row.member.fields, "TxnDate": now["dated"]}
                    update = {"natural_key": now["number"], "fields": fields}
                    row = replace(row, member=row.member.model_copy(update=update))
                rows.append(row)
        return replace(check, rows=tuple(rows))

    with patch.object(Checker, "claim", claim):
        yield


@asynccontextmanager
async def foreign_at_once(on: Ground) -> AsyncGenerator[None]:
    def hasty(member: FrozenMember, sighting: Sighting, **known: Any) -> Verdict:
        verdict = judge(member, sighting, **known)
        later = {**known, "looked_at": known["window"].quiet_until}
        in_the_end = judge(member, sighting, **later)
        return in_the_end if isinstance(in_the_end, Taken) else verdict

    with patch.object(checker, "judge", hasty):
        yield


@asynccontextmanager
async def mark_without_generation(on: Ground) -> AsyncGenerator[None]:
    def whose(note: str | None, record: RecordId, generation: int) -> marks.Whose:
        found = marks.marks_in(note)
        if any(marked == str(record) for marked, _ in found):
            return "ours"
        return "other" if found else "none"

    with patch.object(looking, "whose", whose):
        yield


@asynccontextmanager
async def lanes_take_older(on: Ground) -> AsyncGenerator[None]:
    real = lanes_store.put_content

    async def put_content(tx: Tx, contents: Sequence[NewContent]) -> None:
        for content in contents:
            await tx.execute(
                "update lanes set step = 0, generation = 0 where record_id = $1",
                content.key.record_id,
            )
        await real(tx, contents)

    with (
        patch.object(commands, "compare", _new),
        patch.object(lanes_store, "put_content", put_content),
    ):
        yield


def _new(*_: object) -> str:
    return "new"


@asynccontextmanager
async def update_judged_at_once(on: Ground) -> AsyncGenerator[None]:
    def hasty(member: FrozenMember, sighting: Sighting, **known: Any) -> Verdict:
        if member.intent == "update":
            known = {**known, "looked_at": max(known["looked_at"], known["window"].quiet_until)}
        return judge(member, sighting, **known)

    with patch.object(checker, "judge", hasty):
        yield


@asynccontextmanager
async def everyone_probes(on: Ground) -> AsyncGenerator[None]:
    with patch.object(worker, "AWAY_AFTER", 1_000_000):
        yield


@asynccontextmanager
async def reserve_ignored(on: Ground) -> AsyncGenerator[None]:
    def usable(limit: Limit | Concurrency, *, click: bool, ending: int = 0) -> int:
        return limit.count

    with patch.object(limits, "usable", usable):
        yield


@asynccontextmanager
async def refresh_not_single_flight(on: Ground) -> AsyncGenerator[None]:
    """Whoever sees an old token refreshes it, and nobody waits for anybody."""

    async def lock(tx: Tx, grant_id: UUID, within: timedelta) -> Grant:
        grant_of: Any = vars(grants_store)["_grant"]
        row = await tx.fetchrow(
            "select grants.*, clock() as read_at from grants where id = $1", grant_id
        )
        return replace(grant_of(row), refresh_started_at=None)

    async def carry_out(
        self: TokenKeeper, grant_id: UUID, seen: int, refresher: UUID
    ) -> TokenOrNot | None:
        inner: Any = self
        async with inner._database.transaction() as tx:
            grant = await lock(tx, grant_id, timedelta(0))
        sealed = grant.refresh_sealed
        token = inner._sealer.open(grant.key, f"grant:{grant_id}", "refresh", sealed)
        answer = await inner._ask(token)
        async with inner._database.transaction() as tx:
            return await inner._store(tx, grant, answer)

    with (
        patch.object(grants_store, "lock", lock),
        patch.object(TokenKeeper, "_carry_out", carry_out),
    ):
        yield


@asynccontextmanager
async def _without(on: Ground, *indexes: str) -> AsyncGenerator[None]:
    """Unique indexes dropped, and made again."""
    made = [
        await on.admin.fetchval("select pg_get_indexdef($1::regclass)", index) for index in indexes
    ]
    for index in indexes:
        await on.admin.execute(f"drop index {index}")
    try:
        yield
    finally:
        await on.clear()
        for statement in made:
            await on.admin.execute(str(statement))


@contextmanager
def _judging() -> Generator[None]:
    """Look-ups of creates count as if they were sent after `quiet_until`."""

    def hasty(
        member: FrozenMember,
        sighting: Sighting,
        *,
        window: SentWindow,
        looked_at: datetime,
        linked: Mapping[RemoteId, RecordId],
    ) -> Verdict:
        if member.intent == "create":
            looked_at = max(looked_at, window.quiet_until)
        return judge(member, sighting, window=window, looked_at=looked_at, linked=linked)

    with patch.object(checker, "judge", hasty):
        yield
