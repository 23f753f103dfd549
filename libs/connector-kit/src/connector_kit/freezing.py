"""The transaction that commits a request before it is sent.

In it, under the locks of its lanes: the choice is made again, slots are taken, the request is
packed, and request and open rows are written. The unique indexes on open rows have the last word.
Nothing may be sent that this transaction didn't commit.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contracts.ids import Ids, RecordId, RequestId
from messaging import outbox
from messaging.database import Tx
from telemetry.metrics import histogram

from connector_kit import (
    budget_store,
    connections_store,
    guard_store,
    lane_work_store,
    ledger_store,
)
from connector_kit.answering import nothing_to_void_here, refused_here
from connector_kit.asking import NoRoom
from connector_kit.choosing import Chosen, Lot, nothing_to_void, still_the_same
from connector_kit.connections_store import Connection
from connector_kit.exchange import Request
from connector_kit.guarding import MOST_UNASKED, Creates, unasked
from connector_kit.lane_work_store import LaneChange
from connector_kit.lanes_store import LaneKey
from connector_kit.ledger_store import NewRow, OpenRequest
from connector_kit.limits import giving_back, most_units, slots_of
from connector_kit.provider import Context, FrozenMember, Packed, Provider
from connector_kit.timing import LEASE, Timing

_KEY_TAKEN_WAIT = timedelta(seconds=1)
"""A record whose number or name is in an open row is tried again after so long."""


@dataclass(frozen=True)
class Frozen:
    """A committed request, ready to be sent by whoever froze it and by nobody else.

    `blocked` stay behind, as their record or key is in use: what was read of them is out of date.
    """

    request: Request
    open: OpenRequest
    connection: Connection
    members: tuple[FrozenMember, ...]
    stale_before: Mapping[LaneKey, int]
    blocked: tuple[LaneKey, ...] = ()


@dataclass(frozen=True)
class NotFrozen:
    """Nothing is to be sent. `why` is given where the budget has no room.

    `blast`: more is to be created than anybody asked for. `blocked` as in `Frozen`.
    """

    why: NoRoom | None = None
    blast: bool = False
    blocked: tuple[LaneKey, ...] = ()


async def freeze(
    tx: Tx,
    lot: Lot,
    provider: Provider,
    timing: Timing,
    context: Context,
    ids: Ids,
) -> Frozen | NotFrozen:
    """Commit-to-be of one request for as many of the lot as may go now; the rest is given back.

    Raises:
        asyncpg.UniqueViolationError: somebody else opened a row for one of the records or keys at
            this very moment; the transaction is lost, and nothing may be sent.
    """
    connection = await connections_store.load_for_share(tx, lot.connection.id)
    held = [chosen.lane for chosen in lot.chosen]
    lanes = {lane.key: lane for lane in await lane_work_store.lock_lanes(tx, held)}
    mine = [chosen for chosen in lot.chosen if chosen.lane.key in lanes]
    if connection is None or not connection.sends:
        await _give_back(tx, mine)
        return NotFrozen()
    finished = await ledger_store.finished(tx, [(k, lane.generation) for k, lane in lanes.items()])
    going = [
        same
        for chosen in lot.chosen
        if (lane := lanes.get(chosen.lane.key)) is not None
        and (same := still_the_same(chosen, lane, finished.get(lane.key))) is not None
    ]
    going = await _answer_voids(tx, going, connection, ids)
    going, blast = await _admit(tx, going, connection)
    if blast:
        await _give_back(tx, mine)
        return NotFrozen(blast=True)
    fitting, meter_wait = await _fit(tx, going, lot, provider, timing)
    if not fitting:
        await _give_back(tx, mine)
        return NotFrozen(meter_wait)
    request_id = RequestId(ids.new())
    packed, packed_of, blocked = await _pack(tx, fitting, lot, provider, context, request_id)
    refused_at = await connections_store.now(tx) if packed.refused else lot.claimed_at
    here = [
        refused_here(
            packed_of[record].lane,
            answer,
            packed_of[record].member.remote,
            connection=connection,
            at=refused_at,
            ids=ids,
        )
        for record, answer in packed.refused
    ]
    await ledger_store.write_rows(tx, None, [answered.row for answered in here])
    await outbox.put(tx, [answered.outcome for answered in here])
    await lane_work_store.apply_changes(tx, [answered.lane for answered in here])
    sent = {member.record_id for member in packed.frozen}
    refused = {record for record, _ in packed.refused}
    left = [c for c in mine if c.lane.key.record_id not in sent | refused]
    behind = tuple(c.lane.key for c in blocked)
    await _give_back(tx, left, set(behind))
    if packed.request is None:
        return NotFrozen(blocked=behind)
    slots = slots_of(provider, packed.request.meter, packed.request.units, timing.scale)
    await budget_store.take(tx, connection.id, request_id, slots, timing.answer_timeout)
    rows = [
        NewRow(
            id=ids.new(),
            connection_id=connection.id,
            position=position,
            member=member,
            correlation_id=packed_of[member.record_id].lane.command.correlation_id,
            causation_id=packed_of[member.record_id].lane.command.id,
        )
        for position, member in enumerate(packed.frozen)
    ]
    opened = await ledger_store.open_request(
        tx,
        request_id,
        connection.id,
        lot.entity,
        packed.request,
        rows,
        lease_id=lot.lease,
        lease=LEASE,
        send_window=timing.send_window,
        quiet_after=timing.quiet_after(provider.entities[lot.entity]),
    )
    entered = [packed_of[member.record_id].lane.key for member in packed.frozen]
    await lane_work_store.enter_request(tx, entered, request_id)
    at = opened.frozen_at
    now_unasked = sum(unasked(packed_of[m.record_id].member, at) for m in packed.frozen)
    await guard_store.count(tx, connection.id, Creates(unasked=now_unasked))
    stale_before = {c.lane.key: c.lane.stale for c in fitting}
    return Frozen(packed.request, opened, connection, packed.frozen, stale_before, behind)


async def _admit(
    tx: Tx, going: Sequence[Chosen], connection: Connection
) -> tuple[Sequence[Chosen], bool]:
    """Those that may go by the blast guard; and whether none may, as there were too many."""
    if all(chosen.lane.command.origin.by != "sweep" for chosen in going):
        return going, False
    at = await connections_store.now(tx)
    suspect = [chosen for chosen in going if unasked(chosen.member, at)]
    if not suspect:
        return going, False
    before = await guard_store.load_alone(tx, connection.id)
    allowed = max(MOST_UNASKED - before.unasked, 0)
    held = {chosen.lane.key for chosen in suspect[allowed:]}
    return [chosen for chosen in going if chosen.lane.key not in held], allowed == 0


async def _answer_voids(
    tx: Tx, going: Sequence[Chosen], connection: Connection, ids: Ids
) -> list[Chosen]:
    """Answer voids of records that aren't there; the others."""
    voids = [chosen for chosen in going if nothing_to_void(chosen.member)]
    if voids:
        at = await connections_store.now(tx)
        here = [nothing_to_void_here(c.lane, connection=connection, at=at, ids=ids) for c in voids]
        await ledger_store.write_rows(tx, None, [answered.row for answered in here])
        await outbox.put(tx, [answered.outcome for answered in here])
        await lane_work_store.apply_changes(tx, [answered.lane for answered in here])
    return [chosen for chosen in going if not nothing_to_void(chosen.member)]


async def _fit(
    tx: Tx, going: Sequence[Chosen], lot: Lot, provider: Provider, timing: Timing
) -> tuple[Sequence[Chosen], NoRoom | None]:
    """As many as the budget has room for in one request, its row locked; or how long to wait."""
    entity = provider.entities[lot.entity]
    going = going[: entity.batch]
    if not going:
        return (), None
    metered = slots_of(provider, entity.single_meter, 1, timing.scale)
    if not metered and not slots_of(provider, entity.batch_meter, 2, timing.scale):
        return going, None
    back = giving_back(provider, timing.scale)
    room = await budget_store.lock_room(tx, lot.connection.id, back)
    click = lot.click
    units = 0
    if len(going) > 1:
        units = most_units(provider, entity.batch_meter, room, click=click, at_most=len(going))
    if units > 1:
        return going[:units], None
    if (len(going) == 1 or click) and room.holds(metered, click=click):
        return going[:1], None
    meter = entity.single_meter if len(going) == 1 or click else entity.batch_meter
    wanted = slots_of(provider, meter, 1 if meter == entity.single_meter else 2, timing.scale)
    wait = await budget_store.wait_for(tx, lot.connection.id, wanted, click=click)
    waits = histogram("budget_wait_seconds", provider=provider.name, limit=wait.limit)
    waits.observe(wait.seconds.total_seconds())
    return (), NoRoom(wait.seconds, click)


async def _pack(
    tx: Tx,
    fitting: Sequence[Chosen],
    lot: Lot,
    provider: Provider,
    context: Context,
    request_id: RequestId,
) -> tuple[Packed, dict[UUID, Chosen], list[Chosen]]:
    """The packed request of those whose record and key stand in no open row; and the others."""
    going = list(fitting)
    blocked: list[Chosen] = []
    by_record: dict[UUID, Chosen] = {c.lane.key.record_id: c for c in going}
    while True:
        members = [chosen.member for chosen in going]
        packed = provider.operations.pack(members, context, request_id)
        records, keys = await ledger_store.conflicts(
            tx,
            lot.connection.id,
            lot.entity,
            [member.record_id for member in packed.frozen],
            [member.natural_key for member in packed.frozen],
        )
        stale = await _stale_keys(tx, lot, provider, by_record, packed.frozen)
        out: set[UUID] = set()
        for member in packed.frozen:
            if member.record_id in records or member.natural_key in keys | stale:
                out.add(member.record_id)
            keys = keys | {member.natural_key}  # no two members of a request share one
        if not out:
            return packed, by_record, blocked
        blocked += [chosen for chosen in going if chosen.lane.key.record_id in out]
        going = [chosen for chosen in going if chosen.lane.key.record_id not in out]
        if not going:
            return Packed(None, ()), by_record, blocked


async def _stale_keys(
    tx: Tx,
    lot: Lot,
    provider: Provider,
    by_record: Mapping[UUID, Chosen],
    members: Sequence[FrozenMember],
) -> set[str]:
    """Keys of creates that were free there when it was asked and that we have used since."""
    asked: dict[str, RecordId] = {}
    since: list[datetime] = []
    for member in members:
        read_at = by_record[member.record_id].read_at
        if member.intent == "create" and read_at is not None:
            asked.setdefault(member.natural_key, member.record_id)
            since.append(read_at)
    if not asked:
        return set()
    first = min(since) - timedelta(seconds=provider.entities[lot.entity].lookup_lag)
    return await ledger_store.written_since(tx, lot.connection.id, lot.entity, asked, first)


async def _give_back(tx: Tx, chosen: Sequence[Chosen], blocked: set[LaneKey] | None = None) -> None:
    """These lanes aren't sent now; those whose key is taken wait a little."""
    await lane_work_store.apply_changes(
        tx,
        [
            LaneChange(
                c.lane.key,
                c.lane.generation,
                c.lane.step,
                finished=False,
                wait=_KEY_TAKEN_WAIT if blocked and c.lane.key in blocked else timedelta(0),
            )
            for c in chosen
        ],
    )
