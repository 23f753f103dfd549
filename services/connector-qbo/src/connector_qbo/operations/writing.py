"""Packing: members into the one request that is committed, byte for byte, before it is sent.

One member goes by its own address, several as a batch. Either way `requestid` is the request's id,
so that the same request can't be executed twice while the provider remembers it; nothing here
relies on that. https://developer.intuit.com/app/developer/qbo/docs/learn/learn-basic-field-definitions
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from connector_kit.answers import Refused
from connector_kit.exchange import Request
from connector_kit.provider import Context, FrozenMember, Member, Packed
from contracts.commands import SyncInvoice
from contracts.ids import Entity, RecordId, RequestId

from connector_qbo.operations.kinds import Kind, Written
from connector_qbo.provider import MINOR_VERSION

_HEADERS = (("accept", "application/json"), ("content-type", "application/json"))
_LONG = 200
"""Lines from which an invoice goes alone: thirty such would make a body of unknown welcome."""


def lot_of(member: Member) -> str:
    """Members of one lot may share a batch. Voids keep to themselves: how a batch takes them is
    documented for other documents, and no create should hang on it."""
    if member.intent == "void":
        return "void"
    if isinstance(member.command, SyncInvoice) and len(member.command.invoice.lines) > _LONG:
        return f"alone {member.command.record_id}"
    return "write"


def frozen(member: Member, context: Context, kinds: Mapping[Entity, Kind]) -> FrozenMember | None:
    """What would be remembered of it; None if it can't be sent at all."""
    kind = kinds[member.command.entity]
    return None if kind.refuse(member, context) else kind.write(member, context).frozen


def pack(
    members: Sequence[Member],
    context: Context,
    request_id: RequestId,
    kinds: Mapping[Entity, Kind],
) -> Packed:
    """The request for these members; those that can't be sent at all are refused beside it."""
    refused: list[tuple[RecordId, Refused]] = []
    written: list[tuple[Member, Written]] = []
    for member in members:
        kind = kinds[member.command.entity]
        problem = kind.refuse(member, context)
        if problem is not None:
            refused.append((member.command.record_id, problem))
        else:
            written.append((member, kind.write(member, context)))
    return Packed(
        request=_request(written, context, request_id, kinds),
        frozen=tuple(each.frozen for _, each in written),
        refused=tuple(refused),
    )


def _request(
    written: Sequence[tuple[Member, Written]],
    context: Context,
    request_id: RequestId,
    kinds: Mapping[Entity, Kind],
) -> Request | None:
    if not written:
        return None
    company = f"/v3/company/{context.organisation.id}"
    query = (("minorversion", MINOR_VERSION), ("requestid", request_id.hex))
    if len(written) == 1:
        member, only = written[0]
        option = _option(member)
        return Request(
            method="POST",
            path=f"{company}/{kinds[member.command.entity].path}",
            query=(*query, option.parameter) if option else query,
            headers=_HEADERS,
            body=only.body.body(),
            meter="single",
        )
    items = [
        _batch_item(position, member, each, kinds)
        for position, (member, each) in enumerate(written, start=1)
    ]
    return Request(
        method="POST",
        path=f"{company}/batch",
        query=query,
        headers=_HEADERS,
        body=json.dumps(
            {"BatchItemRequest": items}, ensure_ascii=False, separators=(",", ":")
        ).encode(),
        meter="batch",
        units=len(items),
    )


def _batch_item(
    position: int, member: Member, written: Written, kinds: Mapping[Entity, Kind]
) -> dict[str, object]:
    option = _option(member)
    return {
        "bId": str(position),
        "operation": "create" if member.intent == "create" else "update",
        **({"optionsData": option.in_batch} if option else {}),
        kinds[member.command.entity].table: written.body.fields(),
    }


@dataclass(frozen=True)
class _Option:
    """Something that is said beside the object: as a parameter, or as a batch item's optionsData.

    The batch forms are of https://github.com/mcohen01/node-quickbooks/issues/150 and
    https://github.com/intuit/QuickBooks-V3-DotNET-SDK/issues/175.
    """

    parameter: tuple[str, str]
    in_batch: str


_VOID = _Option(("operation", "void"), "void")
_NUMBER_AGAIN = _Option(("include", "allowduplicatedocnum"), "allowduplicatedocnum")


def _option(member: Member) -> _Option | None:
    """An invoice made again may have its old number, which its voided predecessor still has.

    Whether anybody else has it was asked just before (`looking.prepare`).
    """
    match member.intent, member.command.entity:
        case "void", _:
            return _VOID
        case "create", "invoice" if member.command.generation > 1:
            return _NUMBER_AGAIN
        case _:
            return None
