"""A refusal of one member, as the answer the kit takes: whom it names, and what its cause says."""

from typing import assert_never

from connector_kit.answers import (
    MemberAnswer,
    NotExecuted,
    ReferenceGone,
    Refused,
    Removed,
    RemovedThere,
    Stale,
)
from connector_kit.exchange import Response
from connector_kit.naming import name_of
from connector_kit.provider import FrozenMember, WriteCommand
from contracts.causes import CauseCode, cause_of, record_name
from contracts.ids import Entity, RecordId
from contracts.sync import CauseInstance, ProviderDetails, Subject

from connector_freshbooks.errors import Blocks, Closed, Plain, classify, details_of, shut
from connector_freshbooks.provider import ITEM_NAME_LIMIT, NUMBER_LIMIT, ORGANIZATION_LIMIT
from connector_freshbooks.wire import Reason


def refusal(member: FrozenMember, reasons: tuple[Reason, ...], response: Response) -> MemberAnswer:
    """What these reasons say of this member. Never success."""
    verdict = classify(reasons, entity=member.entity, intent=member.intent)
    details = details_of(response, verdict.reason)
    match verdict.meaning:
        case Blocks("tax_code_gone"):
            tax = verdict.reason.value or ""
            return Refused(
                cause_of(
                    "tax_code_gone",
                    subject=Subject(id=tax, name=tax),
                    details=details,
                    tax_there=tax or None,
                )
            )
        case Blocks(cause, why):
            return Refused(_cause(cause, why, member, details))
        case Closed():
            found = shut((verdict.reason,), response)
            return NotExecuted(found) if found else Refused(_unknown(member, details))
        case Plain.BUSY:
            return NotExecuted(Stale(details))
        case Plain.REMOVED:
            name = member.extra.get("name", "")
            cause = removed_cause(member.entity, member.record_id, name, details)
            return RemovedThere("deleted", cause)
        case Plain.CUSTOMER_GONE:
            customer = member.extra.get("customer_id", "")
            if customer not in member.used:
                return Refused(_unknown(member, details))
            record = record_name(member.entity, member.extra.get("name", ""))
            cause = cause_of("record_deleted_there", details=details, record=record)
            return ReferenceGone((customer,), cause)
        case _:
            assert_never(verdict.meaning)


def removed_cause(
    entity: Entity, record: RecordId, name: str, details: ProviderDetails | None = None
) -> CauseInstance:
    """The cause of a record that was deleted there."""
    how: Removed = "deleted"
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


def gone_cause(command: WriteCommand) -> CauseInstance:
    """The same, of a record that is about to be sent."""
    return removed_cause(command.entity, command.record_id, name_of(command))


def mistake(member: FrozenMember, details: ProviderDetails) -> Refused:
    """Something of ours is wrong: an address, a form."""
    return Refused(_cause("our_mistake", None, member, details))


def _unknown(member: FrozenMember, details: ProviderDetails) -> CauseInstance:
    return _cause("refused_unknown", None, member, details)


def _cause(
    code: CauseCode, why: str | None, member: FrozenMember, details: ProviderDetails
) -> CauseInstance:
    extra = member.extra
    name = extra.get("name", "")
    itself = Subject(id=str(member.record_id), name=name)
    match code:
        case "item_name_taken":
            return cause_of(
                code, subject=itself, details=details, name=extra["name_there"], item=name
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
            limit = ORGANIZATION_LIMIT if member.entity == "customer" else ITEM_NAME_LIMIT
            there = extra.get("name_there", name)
            return cause_of(code, subject=itself, details=details, name=there, why=why, limit=limit)
        case "customer_email_invalid":
            return cause_of(
                code, subject=itself, details=details, email=extra.get("email"), customer=name
            )
        case "customer_not_in_books":
            customer = Subject(id=extra.get("customer_id", ""), name=extra.get("customer", ""))
            return cause_of(
                code, subject=customer, details=details, customer=extra.get("customer") or None
            )
        case "account_gone":
            account = Subject(id=extra.get("account_id", ""), name="")
            return cause_of(code, subject=account, details=details)
        case "due_date_invalid":
            return cause_of(
                code, subject=itself, details=details, invoice=name, due_date=extra.get("due_date")
            )
        case "invoice_total_negative":
            return cause_of(code, details=details, invoice=name, total=extra.get("total"))
        case "too_many_lines":
            return cause_of(code, details=details, invoice=name, lines=extra.get("lines"))
        case "locked_by_payment" | "void_refused":
            return cause_of(code, subject=itself, details=details, invoice=name)
        case "plan_limit_reached":
            return cause_of(code, details=details, what=why)
        case _:
            return cause_of(code, details=details, record=record_name(member.entity, name), why=why)
