"""Packing: members into the one request that is committed, byte for byte, before it is sent.

PUT creates and nothing else, several at once; POST with an id updates or voids that one. A POST
without one would match a contact by its name and overwrite it silently
(https://developer.xero.com/documentation/api/accounting/contacts). `summarizeErrors=false` gives
each element its own status instead of one 400 that doesn't say what was saved.
"""

import json
from collections.abc import Mapping, Sequence

from connector_kit.answers import Refused
from connector_kit.exchange import Request
from connector_kit.provider import Context, FrozenMember, Member, Packed
from contracts.commands import SyncInvoice
from contracts.ids import Entity, RecordId, RequestId

from connector_xero.operations.kinds import CodedMember, Kind, Written
from connector_xero.operations.queries import decimals, headers, one
from connector_xero.provider import API, BATCH

_SHARE = 3_500_000 // BATCH
"""Bytes that an invoice may take of a request, which has 3.5 MB; one that takes more goes alone.

https://developer.xero.com/documentation/guides/how-to-guides/integration-best-practices/
"""

_HEAD, _LINE = 6_000, 400
"""Bytes of an invoice without its lines, and of a line without its description, at the most."""

_QUERY = (("summarizeErrors", "false"),)


def lot_of(member: Member) -> str:
    """Creates share a request; an update or void has its record's own address."""
    if member.intent != "create":
        return f"{member.intent} {member.command.record_id}"
    if isinstance(member.command, SyncInvoice) and _takes(member.command) > _SHARE:
        return f"alone {member.command.record_id}"
    return "create"


def _takes(command: SyncInvoice) -> int:
    texts = (json.dumps(line.description) for line in command.invoice.lines)
    return _HEAD + sum(_LINE + len(text) for text in texts)


def frozen(member: Member, context: Context, kinds: Mapping[Entity, Kind]) -> FrozenMember | None:
    """What would be remembered of it; None if it can't be sent at all.

    Codes of items don't matter to that: they are read only for what is sent.
    """
    command, kind = member.command, kinds[member.command.entity]
    if isinstance(command, SyncInvoice):
        member = CodedMember(command, member.remote, codes=dict.fromkeys(command.items, ""))
    return None if kind.refuse(member, context) else kind.write(member, context).frozen


def pack(
    members: Sequence[Member],
    context: Context,
    request_id: RequestId,
    kinds: Mapping[Entity, Kind],
) -> Packed:
    """The request for these members; those that can't be sent at all are refused beside it."""
    refused: list[tuple[RecordId, Refused]] = []
    written: list[Written] = []
    for member in members:
        kind = kinds[member.command.entity]
        problem = kind.refuse(member, context)
        if problem is not None:
            refused.append((member.command.record_id, problem))
        else:
            written.append(kind.write(member, context))
    return Packed(
        request=_request(written, context, request_id, kinds) if written else None,
        frozen=tuple(each.frozen for each in written),
        refused=tuple(refused),
    )


def _request(
    written: Sequence[Written],
    context: Context,
    request_id: RequestId,
    kinds: Mapping[Entity, Kind],
) -> Request:
    kind = kinds[written[0].frozen.entity]
    remote = written[0].frozen.remote
    own = (*headers(context.organisation.id), ("content-type", "application/json"))
    if remote is None:
        # Six minutes of replay; on an update a key could bring back what was there in between.
        own = (*own, ("idempotency-key", str(request_id)))
    elements = [each.body.fields() for each in written]
    body = json.dumps({kind.path: elements}, ensure_ascii=False, separators=(",", ":"))
    return Request(
        method="PUT" if remote is None else "POST",
        path=f"{API}/{kind.path if remote is None else one(kind.path, remote.id)}",
        query=(*_QUERY, *decimals(kind.path)),
        headers=own,
        body=body.encode(),
        meter="write",
        units=len(elements),
    )
