"""A refusal about one member, as the answer the kit takes: whom it names, what its cause says."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import assert_never

from connector_kit.answers import (
    MemberAnswer,
    NoAnswer,
    ReferenceGone,
    Refused,
    Removed,
    RemovedThere,
)
from connector_kit.exchange import Response
from connector_kit.naming import name_of
from connector_kit.provider import FrozenMember, WriteCommand
from contracts.causes import CauseCode, cause_of, record_name
from contracts.ids import Entity, RecordId
from contracts.sync import CauseInstance, ProviderDetails, Subject

from connector_xero.bodies import details_of
from connector_xero.errors import Blocks, Gone, Plain, classify
from connector_xero.operations.lines import account_named


def refusal(member: FrozenMember, messages: Sequence[str], response: Response) -> MemberAnswer:
    """What these sentences say of this member. Never success."""
    verdict = classify(messages, entity=member.entity, intent=member.intent)
    details = details_of(response, verdict.text or None)
    match verdict.meaning:
        case Blocks("item_name_taken") if member.mark is not None:
            return NoAnswer(details)  # The code is our mark: whoever has it is ours.
        case Blocks(cause, why):
            return Refused(_cause(cause, why, member, details))
        case Gone(what):
            return _reference_gone(member, what == "customer", details)
        case Plain.REMOVED:
            return removed(member, "voided" if member.entity == "invoice" else "deleted", details)
        case Plain.UNDECIDED:
            return NoAnswer(details)
        case _:
            assert_never(verdict.meaning)


def removed(member: FrozenMember, how: Removed, details: ProviderDetails) -> RemovedThere:
    """The record itself is gone there."""
    name = member.extra.get("name", "")
    return RemovedThere(how, removed_cause(member.entity, member.record_id, name, how, details))


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
    refused = account_named(extra.get("accounts", ""), details.provider_message or "")
    account = Subject(id=refused or extra.get("account_id", ""), name="")
    customer = Subject(id=extra.get("customer_id", ""), name=extra.get("customer", ""))
    currency = extra.get("currency", "")
    closed = extra.get("lock_date") or None
    match code:
        case "customer_name_taken":
            return cause_of(
                code, subject=itself, details=details, name=extra["name_there"], customer=name
            )
        case "item_name_taken":
            return cause_of(
                code, subject=itself, details=details, name=extra["name_there"], item=name
            )
        case "invoice_number_taken":
            return cause_of(code, subject=itself, details=details, invoice=extra["number"])
        case "customer_email_invalid":
            return cause_of(
                code, subject=itself, details=details, email=extra.get("email"), customer=name
            )
        case "customer_not_in_books":
            return cause_of(code, subject=customer, details=details, customer=customer.name or None)
        case "item_account_unmapped":
            return cause_of(
                code, details=details, items=[name] if member.entity == "item" else None
            )
        case "account_gone" | "account_wrong_type" | "tax_not_allowed_for_account":
            return cause_of(code, subject=account, details=details)
        case "currency_not_enabled":
            return cause_of(
                code,
                subject=Subject(id=currency, name=currency),
                details=details,
                currency=currency,
                org=extra.get("org") or None,
            )
        case "period_closed":
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
        case "locked_by_payment" | "void_refused" | "due_date_invalid":
            return cause_of(code, subject=itself, details=details, invoice=name, why=why)
        case _:
            return cause_of(code, details=details, record=record_name(member.entity, name), why=why)


def void_refused(command: WriteCommand) -> Refused:
    """A void that payments stand against, known before it is sent."""
    name = name_of(command)
    subject = Subject(id=str(command.record_id), name=name)
    return Refused(cause_of("void_refused", subject=subject, invoice=name))


def _reference_gone(member: FrozenMember, customer: bool, details: ProviderDetails) -> MemberAnswer:
    """Which of our records the refused reference is. An item isn't named there: making again one
    that isn't gone changes nothing, so all are."""
    whose = member.extra.get("customer_id")
    local = tuple(ours for ours in member.used if (ours == whose) == customer)
    if not local:
        return Refused(_cause("refused_unknown", None, member, details))
    record = record_name(member.entity, member.extra.get("name", ""))
    return ReferenceGone(local, cause_of("record_deleted_there", details=details, record=record))
