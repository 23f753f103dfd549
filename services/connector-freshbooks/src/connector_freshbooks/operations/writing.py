"""Packing: a member into the one request that is committed, byte for byte, before it is sent.

A body with `vis_state` or an action in it drops all other fields silently
(https://www.freshbooks.com/api/active_deleted), so they are never mixed. A deleted customer or item
takes two requests: this one restores it, and its answer says that the record goes again.
"""

from collections.abc import Mapping, Sequence

from connector_kit.exchange import Request
from connector_kit.provider import Context, FrozenMember, Member, Packed
from contracts.ids import Entity

from connector_freshbooks.operations.kinds import RESTORE, Kind
from connector_freshbooks.wire import DELETED, body

_HEADERS = (("accept", "application/json"), ("content-type", "application/json"))
_ACTIVE = 0


def lot_of(member: Member) -> str:
    """Every record goes by itself: there are no batches."""
    return f"{member.command.entity} {member.command.record_id}"


def restores(member: FrozenMember) -> bool:
    """Whether the request only restored a deleted record."""
    return member.remote is not None and member.remote.version == RESTORE


def frozen(member: Member, context: Context, kinds: Mapping[Entity, Kind]) -> FrozenMember | None:
    """What would be remembered of it; None if it can't be sent at all."""
    kind = kinds[member.command.entity]
    return None if kind.refuse(member, context) else kind.write(member, context).frozen


def pack(members: Sequence[Member], context: Context, kinds: Mapping[Entity, Kind]) -> Packed:
    """The request for the one member, or why it can't be sent at all."""
    assert len(members) == 1, "one record a request"
    member = members[0]
    kind = kinds[member.command.entity]
    problem = kind.refuse(member, context)
    if problem is not None:
        return Packed(None, (), ((member.command.record_id, problem),))
    written = kind.write(member, context)
    fields = written.fields
    if member.intent == "void":
        fields = {"vis_state": DELETED}
    elif restores(written.frozen):
        fields = {"vis_state": _ACTIVE}
    path = f"/accounting/account/{context.organisation.id}/{kind.path}"
    remote = member.remote
    request = Request(
        method="POST" if remote is None else "PUT",
        path=path if remote is None else f"{path}/{remote.id}",
        query=kind.query,
        headers=_HEADERS,
        body=body(kind.name, fields),
        meter="post" if remote is None else "put",
    )
    return Packed(request, (written.frozen,))
