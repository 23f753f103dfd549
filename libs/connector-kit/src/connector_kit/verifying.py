"""After a restore: older records that aren't known to be there are looked up before they are sent.

The ledger of a restored database may not know what was sent after its backup. So a create of a
record made before `verify_until` is looked for there first, in batch, as after a lost answer: what
is there and ours is adopted and goes as an update. A void that names nothing there likewise: what
is found is voided.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from contracts.commands import SyncCustomer, SyncItem
from contracts.ids import Entity, RecordId, RemoteId
from contracts.ids import made_at as id_made_at
from contracts.sync import CauseInstance

from connector_kit.answers import NoAnswer, Refused, RemovedThere, Seen, Sighting
from connector_kit.closing import TAKEN, naming_holder
from connector_kit.connections_store import Connection
from connector_kit.exchange import Exchange
from connector_kit.judging import Done, GoesAgain, NotYet, SentWindow, Taken, WasRemoved, judge
from connector_kit.provider import (
    Context,
    FrozenMember,
    Member,
    NotReady,
    Operations,
    Prepared,
    Ready,
    WriteCommand,
)

_GONE: Mapping[Entity, str] = {
    "customer": "customer_inactive_there",
    "item": "item_unusable_there",
    "invoice": "invoice_gone_there",
}
_EVER = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Found:
    """What the look-up before it saw; `judged` says what follows."""

    frozen: FrozenMember
    sighting: Sighting


def made_at(command: WriteCommand) -> datetime | None:
    """When the record was made here; None where nothing says so."""
    match command:
        case SyncCustomer():
            return command.customer.created_at
        case SyncItem():
            return command.item.created_at
        case _:
            return id_made_at(command.record_id)


def to_verify(members: Sequence[Member], connection: Connection) -> list[Member]:
    """Those of older records of which nobody knows whether they are there."""
    until = connection.verify_until
    if until is None:
        return []
    return [
        member
        for member in members
        if member.remote is None and ((made := made_at(member.command)) is None or made <= until)
    ]


def prepare(
    members: Sequence[Member],
    connection: Connection,
    context: Context,
    operations: Operations,
    lookup_batch: int,
) -> Exchange[list[Prepared | Found]]:
    """`Operations.prepare`, after the look-up of what must be verified. One each, in their order.

    What the look-up saw anything of, or couldn't see, isn't prepared further.
    """
    frozen = [
        one.model_copy(update={"forgotten": True})
        for member in to_verify(members, connection)
        if (one := operations.frozen(member, context)) is not None
    ]
    found: dict[RecordId, Found] = {}
    for start in range(0, len(frozen), lookup_batch):
        part = frozen[start : start + lookup_batch]
        sightings = yield from operations.look_up(part, context)
        for one, sighting in zip(part, sightings, strict=True):
            if sighting != Seen():
                found[one.record_id] = Found(one, sighting)
    rest = [member for member in members if member.command.record_id not in found]
    ready = yield from operations.prepare(rest, context)
    prepared = iter(ready)
    return [found.get(member.command.record_id) or next(prepared) for member in members]


def candidates_of(prepared: Sequence[Prepared | Found]) -> list[RemoteId]:
    """The remote ids that were seen: whose they are must be known to judge."""
    return [
        candidate.remote.id
        for one in prepared
        if isinstance(one, Found) and isinstance(one.sighting, Seen)
        for candidate in one.sighting.candidates
    ]


def judged(
    member: Member,
    prepared: Prepared | Found,
    until: datetime | None,
    linked: Mapping[RemoteId, RecordId],
) -> Prepared:
    """What follows for the record from what was seen of it."""
    if not isinstance(prepared, Found) or until is None:
        assert not isinstance(prepared, Found), "only what must be verified is looked up"
        return prepared
    record, entity = member.command.record_id, member.command.entity
    # Whatever was sent before the restore was executed long ago, or never.
    window = SentWindow(_EVER, until)
    verdict = judge(
        prepared.frozen, prepared.sighting, window=window, looked_at=until, linked=linked
    )
    match verdict:
        case Done(remote) | GoesAgain(remote):
            return Ready(member.at(remote))
        case WasRemoved(remote, removed):
            cause = CauseInstance(code=_GONE[entity])
            return NotReady(record, RemovedThere(removed, cause), found=remote)
        case Taken(holder) if member.intent == "create":
            cause = CauseInstance(code=TAKEN[entity], params=dict(holder.params))
            named = naming_holder(cause, holder.remote.id, linked)
            return NotReady(record, Refused(named, holder=holder.remote.id))
        case NotYet():
            return NotReady(record, NoAnswer())
        case _:
            return Ready(member)


def unprepared(seen: Sequence[Prepared | Found], judged: Sequence[Prepared]) -> list[Member]:
    """What goes after its look-up, as it is known by now: it isn't prepared yet."""
    return [
        one.member
        for saw, one in zip(seen, judged, strict=True)
        if isinstance(saw, Found) and isinstance(one, Ready)
    ]


def after_preparing(
    judged: Sequence[Prepared], members: Sequence[Member], prepared: Sequence[Prepared]
) -> list[Prepared]:
    """What was judged, but for these members what `Operations.prepare` says of them."""
    said = {
        member.command.record_id: replace(one, found=one.found or member.remote)
        if isinstance(one, NotReady)
        else one
        for member, one in zip(members, prepared, strict=True)
    }
    return [
        said.get(one.member.command.record_id, one) if isinstance(one, Ready) else one
        for one in judged
    ]
