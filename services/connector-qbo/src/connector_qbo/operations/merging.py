"""Customers who were merged there: QuickBooks makes one inactive and says nothing of the survivor.

Its transactions move to the survivor, so our own invoices tell who that is: they were put on one
customer and now stand on another, and on the old one stands nothing any more. Where none of ours
was on it, a merge can't be told from a customer made inactive.
https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/customer
"""

from collections.abc import Mapping, Sequence

from connector_kit.answers import ReferenceGone, Refused
from connector_kit.conflicts import differing
from connector_kit.exchange import Exchange
from connector_kit.naming import name_of
from connector_kit.provider import Member, NotReady
from contracts.causes import cause_of, record_name
from contracts.commands import SyncInvoice
from contracts.ids import RecordId, RemoteId
from contracts.sync import Subject

from connector_qbo.bodies import NotRead
from connector_qbo.operations.finding import ById, by_ids, not_known
from connector_qbo.operations.kinds import Kind
from connector_qbo.operations.statements import count_of, quoted


def survivors(
    members: Sequence[Member], customers: ById, realm: str, invoices: Kind
) -> Exchange[Mapping[RecordId, RemoteId | NotRead]]:
    """Who each customer that isn't in use there any more was merged into, as far as ours tell."""
    unused = [m for m in members if m.used_by and _is_unused(m, customers)]
    witnesses = list(dict.fromkeys(invoice for m in unused for invoice in m.used_by))
    found = yield from by_ids(realm, invoices, witnesses)
    merged: dict[RecordId, RemoteId | NotRead] = {}
    for member in unused:
        assert member.remote is not None, "what isn't linked isn't unused"
        if not set(member.used_by) <= found.there.keys() | found.gone:
            merged[member.command.record_id] = found.why
            continue
        seen = [found.there[invoice] for invoice in member.used_by if invoice in found.there]
        now = {there.fields.get("CustomerRef") for there in seen}
        if len(now) != 1 or now <= {None, member.remote.id}:
            continue
        left = yield from count_of(realm, "Invoice", f"CustomerRef = {quoted(member.remote.id)}")
        if isinstance(left, NotRead):
            merged[member.command.record_id] = left
        elif left == 0:
            merged[member.command.record_id] = RemoteId(str(now.pop()))
    return merged


def left_behind(
    members: Sequence[Member], invoices: ById, realm: str, customers: Kind
) -> Exchange[Mapping[RecordId, str | NotRead]]:
    """Invoices that stand on another customer than we put them on, who isn't in use any more: the
    customer of ours that is meant, whose merge is to be followed first."""
    moved = {
        member.command.record_id: remote
        for member in members
        if (remote := _moved_from(member, invoices)) is not None
    }
    found = yield from by_ids(realm, customers, list(moved.values()))
    behind: dict[RecordId, str | NotRead] = {}
    for member in members:
        record, command = member.command.record_id, member.command
        remote = moved.get(record)
        if remote is None or not isinstance(command, SyncInvoice):
            continue
        there = found.there.get(remote)
        if there is None and remote not in found.gone:
            behind[record] = found.why
        elif there is None or there.inactive:
            behind[record] = str(command.invoice.customer_id)
    return behind


def instead(
    member: Member,
    merged: Mapping[RecordId, RemoteId | NotRead],
    left: Mapping[RecordId, str | NotRead],
) -> NotReady | None:
    """What is answered instead of sending a member whose customer was merged there."""
    record = member.command.record_id
    survivor, behind = merged.get(record), left.get(record)
    for why in (survivor, behind):
        if isinstance(why, NotRead):
            return not_known(member.command, why)
    if isinstance(survivor, str):
        name = name_of(member.command)
        cause = cause_of(
            "customer_merged_there",
            subject=Subject(id=str(record), name=name),
            customer=name,
            remote_id=survivor,
        )
        return NotReady(record, Refused(cause, holder=survivor))
    if isinstance(behind, str):
        name = record_name("invoice", name_of(member.command))
        cause = cause_of("record_deleted_there", record=name)
        return NotReady(record, ReferenceGone((behind,), cause))
    return None


def _is_unused(member: Member, customers: ById) -> bool:
    if member.command.entity != "customer" or member.remote is None:
        return False
    there = customers.there.get(member.remote.id)
    return member.remote.id in customers.gone or (there is not None and there.inactive)


def _moved_from(member: Member, invoices: ById) -> RemoteId | None:
    """The customer there that we put this invoice on, if somebody else's it is now."""
    command, last = member.command, member.last
    if not isinstance(command, SyncInvoice) or member.remote is None or last is None:
        return None
    there = invoices.there.get(member.remote.id)
    if (
        there is None
        or there.removed is not None
        or "CustomerRef" not in differing(last, there.fields)
    ):
        return None
    before = last.fields.get("CustomerRef")
    return RemoteId(before) if before and before == command.customer_remote_id else None
