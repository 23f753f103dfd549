"""A fault about one member, as the answer the kit takes: whom it names, and what its cause says."""

import re
from datetime import date, timedelta
from typing import assert_never

from connector_kit.answers import (
    MemberAnswer,
    NoAnswer,
    NotExecuted,
    ReferenceGone,
    Refused,
    Removed,
    RemovedThere,
    Stale,
    Unauthorized,
)
from connector_kit.exchange import Response
from connector_kit.naming import name_of
from connector_kit.provider import FrozenMember, WriteCommand
from contracts.causes import CauseCode, cause_of, record_name
from contracts.ids import Entity, RecordId, RemoteId
from contracts.sync import CauseInstance, ProviderDetails, Subject

from connector_qbo.errors import (
    Blocks,
    Closed,
    Gone,
    Plain,
    Verdict,
    classify,
    details_of,
    shut,
    throttled,
)
from connector_qbo.operations.customer import NAME_LIMIT as CUSTOMER_NAME_LIMIT
from connector_qbo.operations.invoice import NUMBER_LIMIT
from connector_qbo.operations.item import NAME_LIMIT as ITEM_NAME_LIMIT
from connector_qbo.wire import Fault

_TXN = re.compile(r"TxnType\s*=\s*(\w+).*?TxnId\s*=\s*(\d+)", re.DOTALL)
_ID = re.compile(r"\bId\s*=\s*(\d+)")
_NAMES_ELEMENT = re.compile(r"names element id (\d+)", re.IGNORECASE)


def refusal(member: FrozenMember, fault: Fault, response: Response) -> MemberAnswer:
    """What this fault says of this member. Never success."""
    verdict = classify(fault, entity=member.entity, intent=member.intent)
    details = details_of(response, verdict.error)
    match verdict.meaning:
        case Blocks(cause, why):
            return Refused(_cause(cause, why, member, details), holder=_holder(cause, verdict))
        case Gone():
            return _reference_gone(member, verdict, verdict.meaning, details)
        case Closed():
            return NotExecuted(shut(verdict.meaning, details))
        case Plain.REMOVED:
            name = member.extra.get("name", "")
            cause = removed_cause(member.entity, member.record_id, name, "deleted", details)
            return RemovedThere("deleted", cause)
        case Plain.STALE:
            return NotExecuted(Stale(details))
        case Plain.UNAUTHORIZED:
            return NotExecuted(Unauthorized(details))
        case Plain.THROTTLED:
            return NotExecuted(throttled(response, details))
        case Plain.UNDECIDED:
            return NoAnswer(details)
        case _:
            assert_never(verdict.meaning)


def removed_cause(
    entity: Entity,
    record: RecordId,
    name: str,
    how: Removed,
    details: ProviderDetails | None = None,
) -> CauseInstance:
    """The cause of a record that was removed there."""
    subject = Subject(id=str(record), name=name)
    match entity:
        case "invoice":
            return cause_of(
                "invoice_gone_there", subject=subject, details=details, invoice=name, how=how
            )
        case "customer":
            return cause_of(
                "customer_inactive_there", subject=subject, details=details, customer=name
            )
        case "item":
            return cause_of(
                "item_unusable_there", subject=subject, details=details, item=name, why="inactive"
            )


def gone_cause(command: WriteCommand, how: Removed) -> CauseInstance:
    """The same, of a record that is about to be sent."""
    return removed_cause(command.entity, command.record_id, name_of(command), how)


def mistake(member: FrozenMember, details: ProviderDetails) -> Refused:
    """Something of ours is wrong: an address, a form."""
    return Refused(_cause("our_mistake", None, member, details))


def _cause(
    code: CauseCode, why: str | None, member: FrozenMember, details: ProviderDetails
) -> CauseInstance:
    extra = member.extra
    name = extra.get("name", "")
    itself = Subject(id=str(member.record_id), name=name)
    match code:
        case "customer_name_taken":
            return cause_of(
                code,
                subject=itself,
                details=details,
                name=extra["name_there"],
                customer=name,
                remote_id=_named_id(details),
            )
        case "item_name_taken":
            return cause_of(
                code,
                subject=itself,
                details=details,
                name=extra["name_there"],
                item=name,
                remote_id=_named_id(details),
            )
        case "invoice_number_taken":
            return cause_of(code, subject=itself, details=details, invoice=extra["number"])
        case "invoice_number_not_allowed":
            number = extra["number"]
            return cause_of(
                code,
                details=details,
                invoice=number,
                limit=NUMBER_LIMIT,
                length=len(number),
                short_number=number[-NUMBER_LIMIT:].strip(),
            )
        case "name_not_allowed":
            limit = CUSTOMER_NAME_LIMIT if member.entity == "customer" else ITEM_NAME_LIMIT
            return cause_of(
                code,
                subject=itself,
                details=details,
                name=extra.get("name_there", name),
                why=why,
                limit=limit,
            )
        case "customer_email_invalid":
            return cause_of(
                code, subject=itself, details=details, email=extra.get("email"), customer=name
            )
        case "customer_not_in_books" | "customer_currency_differs":
            customer = Subject(id=extra.get("customer_id", ""), name=extra.get("customer", ""))
            return cause_of(
                code,
                subject=customer,
                details=details,
                customer=extra.get("customer") or None,
                currency=extra.get("currency"),
            )
        case "item_account_unmapped":
            return cause_of(code, details=details, items=[name])
        case "account_gone" | "account_wrong_type":
            return cause_of(
                code, subject=Subject(id=extra.get("account_id", ""), name=""), details=details
            )
        case "item_unusable_there":
            subject = itself if member.entity == "item" else None
            return cause_of(code, subject=subject, details=details, why=why)
        case "period_closed":
            closed = extra.get("lock_date") or None
            return cause_of(
                code,
                subject=Subject(id=closed, name=closed) if closed else None,
                details=details,
                invoice=name,
                date=extra.get("date"),
                month=extra.get("date"),
                lock_date=closed,
                first_open_day=date.fromisoformat(closed) + timedelta(days=1) if closed else None,
            )
        case "invoice_total_negative":
            return cause_of(code, details=details, invoice=name, total=extra.get("total"))
        case "locked_by_payment" | "void_refused":
            return cause_of(code, subject=itself, details=details, invoice=name)
        case _:
            return cause_of(code, details=details, record=record_name(member.entity, name), why=why)


def _holder(code: CauseCode, verdict: Verdict) -> RemoteId | None:
    """The record that has our number or name, where the text names it.

    Another kind of document under the number is no invoice that could be linked.
    """
    if code == "invoice_number_taken":
        found = _TXN.search(verdict.text)
        return RemoteId(found[2]) if found and found[1].lower() == "invoice" else None
    if code in ("customer_name_taken", "item_name_taken"):
        named = _ID.search(verdict.text)
        return RemoteId(named[1]) if named else None
    return None


def _named_id(details: ProviderDetails) -> str | None:
    found = _ID.search(details.provider_message or "")
    return found[1] if found else None


def _reference_gone(
    member: FrozenMember, verdict: Verdict, gone: Gone, details: ProviderDetails
) -> MemberAnswer:
    """Which of our records the refused reference is: by the id the text names, else by its kind.

    Making again a record that isn't gone changes nothing there, so all that it can be are named.
    """
    customer = member.extra.get("customer_id")
    named = _NAMES_ELEMENT.search(verdict.text)
    if named is not None:
        local = tuple(ours for ours, remote in member.used.items() if remote == named[1])
    elif gone.what == "customer":
        local = tuple(ours for ours in member.used if ours == customer)
    elif gone.what == "item":
        local = tuple(ours for ours in member.used if ours != customer)
    else:
        local = tuple(member.used)
    if not local:
        return Refused(_cause("refused_unknown", None, member, details))
    record = record_name(member.entity, member.extra.get("name", ""))
    return ReferenceGone(local, cause_of("record_deleted_there", details=details, record=record))
