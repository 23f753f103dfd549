"""What is about to be sent: update or create, and which records go together. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from contracts.commands import ReadRemote, RemoteRef, VoidInvoice
from contracts.ids import Entity

from connector_kit.connections_store import Connection
from connector_kit.lanes_store import Lane, LaneKey
from connector_kit.ledger_store import Finished
from connector_kit.provider import Member, Operations, WriteCommand


@dataclass(frozen=True)
class Chosen:
    """A lane and what the kit decided to do about it."""

    lane: Lane
    member: Member
    read_at: datetime | None = None
    """The database's clock before it was read there what must be known first, if that was."""


@dataclass(frozen=True)
class Lot:
    """Records of one connection and entity that may share a request, held under `lease`.

    `claimed_at` is the database's clock before they were leased.
    """

    lease: UUID
    connection: Connection
    entity: Entity
    chosen: tuple[Chosen, ...]
    claimed_at: datetime

    @property
    def click(self) -> bool:
        return any(chosen.lane.click for chosen in self.chosen)


@dataclass(frozen=True)
class ReadLot:
    """Records of one connection and entity that are to be read there, held under `lease`."""

    lease: UUID
    connection: Connection
    entity: Entity
    reads: tuple[tuple[Lane, ReadRemote, RemoteRef], ...]
    nothing_there: tuple[Lane, ...]
    """Lanes asked to read a record that has no remote id."""

    @property
    def click(self) -> bool:
        return any(lane.click for lane, _, _ in self.reads)


def choose_remote(lane: Lane, finished: Finished | None) -> RemoteRef | None:
    """The remote record that the lane's step is about; None means create.

    It is the command's link, else what a finished row of the same generation holds. The version is
    the newest known: a row of this very step is newer than the command (the record goes again). A
    lane whose last try was stale knows no version, so that it is read there first.
    """
    link = lane.command.link
    if link is None:
        remote = None if finished is None else finished.remote
    elif finished is not None and finished.remote.id == link.id:
        newer = finished.member.step >= lane.step or link.version is None
        remote = finished.remote if newer else link
    else:
        remote = link
    if remote is not None and lane.stale > 0:
        remote = remote.model_copy(update={"version": None})
    return remote


def chosen_of(lane: Lane, finished: Finished | None) -> Chosen | None:
    """What is to be done about a lane; None where it only reads."""
    if isinstance(lane.command, ReadRemote):
        return None
    last = None if finished is None else finished.member
    remote = choose_remote(lane, finished)
    return Chosen(lane, Member(lane.command, remote, last=last, look_first=lane.stale > 0))


def choose_lots(
    lease: UUID,
    connection: Connection,
    lanes: Sequence[Lane],
    finished: Mapping[LaneKey, Finished],
    operations: Operations,
    at: datetime,
) -> list[Lot | ReadLot]:
    """Lanes of one connection and entity, in line, as requests that could be sent; leased `at`.

    A lane that must go alone is a lot of its own. Reads never share a request with writes.
    """
    lots: dict[str, list[Chosen]] = {}
    reads: list[tuple[Lane, ReadRemote, RemoteRef]] = []
    nothing_there: list[Lane] = []
    for lane in lanes:
        done = finished.get(lane.key)
        remote = choose_remote(lane, done)
        if isinstance(lane.command, ReadRemote):
            if remote is None:
                nothing_there.append(lane)
            else:
                reads.append((lane, lane.command, remote))
            continue
        chosen = chosen_of(lane, done)
        assert chosen is not None, "reads were taken out"
        name = f"alone {lane.key.record_id}" if lane.alone else operations.lot(chosen.member)
        lots.setdefault(name, []).append(chosen)
    if not lanes:
        return []
    entity = lanes[0].key.entity
    made: list[Lot | ReadLot] = [
        Lot(lease, connection, entity, tuple(lot), at) for lot in lots.values()
    ]
    if reads or nothing_there:
        made.append(ReadLot(lease, connection, entity, tuple(reads), tuple(nothing_there)))
    return made


def still_the_same(chosen: Chosen, lane: Lane, finished: Finished | None) -> Chosen | None:
    """The choice as it holds under lock: None if the lane's content or its remote id has changed.

    What was learnt while preparing (the version there, or that a create is there) is kept.
    """
    if (lane.generation, lane.step) != (chosen.lane.generation, chosen.lane.step):
        return None
    remote, known = choose_remote(lane, finished), chosen.member.remote
    if remote is not None and (known is None or known.id != remote.id):
        return None
    return replace(chosen, lane=lane)


def nothing_to_void(member: Member) -> bool:
    """A void of a record that isn't there: it is as it should be already."""
    return isinstance(member.command, VoidInvoice) and member.remote is None


def version_of(command: WriteCommand) -> int:
    """The local version of the record that the command carries."""
    match command.type:
        case "sync.sync_customer.v1":
            return command.customer.version
        case "sync.sync_item.v1":
            return command.item.version
        case _:
            return command.invoice.version
