"""What a job looks like on the wire: its state for the badge, its command for the connector."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from contracts.commands import (
    ItemRef,
    Origin,
    RecordCommand,
    RoundingLine,
    SyncCustomer,
    SyncInvoice,
    SyncItem,
    VoidInvoice,
)
from contracts.ids import MessageId
from contracts.invoicing import CustomerSnapshot, InvoiceSnapshot, ItemSnapshot
from contracts.sync import IgnoredNote, RecordState, SyncState, SyncStateChanged

from sync_orchestrator.domain import no_item
from sync_orchestrator.domain.connection import PROVIDER_CHOOSES
from sync_orchestrator.domain.content import rounding_of, sends_our_tax
from sync_orchestrator.domain.job import Job
from sync_orchestrator.domain.posting import post_on
from sync_orchestrator.domain.round import Trigger
from sync_orchestrator.domain.situation import Situation
from sync_orchestrator.domain.taxing import refs


@dataclass(frozen=True, slots=True)
class Envelope:
    """A message's own id, when it was decided, and what led to it."""

    id: UUID
    at: datetime
    trigger: Trigger


def record_state(job: Job) -> RecordState:
    """The job's state as every reader is shown it."""
    return RecordState(
        provider=job.provider,
        connection_id=job.connection_id,
        entity=job.entity,
        record_id=job.record_id,
        generation=job.generation,
        step=job.step,
        state=job.state,
        cause=job.cause,
        also=job.also,
        waiting_on=job.waiting_on if job.state is SyncState.WAITING else None,
        until=job.until,
        # What it held is between us and its connector.
        remote=None if job.link is None else job.link.model_copy(update={"held": None}),
        record_version=job.synced_version,
        totals=job.totals,
        synced_at=job.synced_at,
        origin=job.origin,
        ignored=_ignored(job),
        post_on=job.post_on if job.link is not None and job.post_on != job.post_on_for else None,
        changed_at=job.changed_at or job.state_since or _NEVER,
    )


def _ignored(job: Job) -> IgnoredNote | None:
    note = job.ignored
    if note is None:
        return None
    return IgnoredNote(by=note.by or None, why=note.why, at=note.at or job.state_since)


_NEVER = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def state_changed(job: Job, envelope: Envelope) -> SyncStateChanged:
    return SyncStateChanged(
        id=MessageId(envelope.id),
        occurred_at=envelope.at,
        company_id=job.company_id,
        correlation_id=envelope.trigger.correlation_id,
        causation_id=envelope.trigger.causation_id,
        state=record_state(job),
    )


def command(job: Job, situation: Situation, envelope: Envelope) -> RecordCommand | None:
    """The command of the step that is out.

    None if none is out, or if what it relies on isn't linked any more: then it can't be said again,
    and whoever is linking it again will have this job looked at.
    """
    if job.outstanding is None:
        return None
    record, connection = situation.record, situation.connection
    common: dict[str, object] = {
        "id": envelope.id,
        "occurred_at": envelope.at,
        "company_id": job.company_id,
        "correlation_id": envelope.trigger.correlation_id,
        "causation_id": envelope.trigger.causation_id,
        "provider": job.provider,
        "connection_id": job.connection_id,
        "epoch": connection.epoch,
        "record_id": job.record_id,
        "generation": job.generation,
        "step": job.outstanding,
        "priority": job.priority,
        "origin": job.origin or Origin(by="event"),
        "link": job.link or job.gone_link,
    }
    match record:
        case CustomerSnapshot():
            return SyncCustomer.model_validate(
                {
                    **common,
                    "customer": record,
                    "name_there": job.named_there,
                    "currency": record.currency or job.currency,
                }
            )
        case ItemSnapshot():
            account = situation.account
            return SyncItem.model_validate(
                {
                    **common,
                    "item": record,
                    "income_account_id": None if account is None else account.id,
                    "income_account_code": None if account is None else account.code,
                    "name_there": job.named_there,
                }
            )
        case InvoiceSnapshot():
            if job.outstanding_want == "void":
                return _void(common, job, record, situation)
            return _sync_invoice(common, job, record, situation)


def _void(
    common: dict[str, object], job: Job, invoice: InvoiceSnapshot, situation: Situation
) -> VoidInvoice:
    customer = situation.customer
    return VoidInvoice.model_validate(
        {
            **common,
            "invoice": invoice,
            "number_there": job.named_there,
            "customer_remote_id": customer.link.id if customer and customer.link else None,
            "post_on": job.post_on if job.post_on_for == invoice.issue_date else None,
        }
    )


def _sync_invoice(
    common: dict[str, object], job: Job, invoice: InvoiceSnapshot, situation: Situation
) -> SyncInvoice | None:
    customer = situation.customer
    if customer is None or customer.link is None:
        return None
    if any(need.link is None for need in situation.items):
        return None
    items = {
        str(need.record_id): ItemRef(
            remote_id=None if need.link is None else need.link.id,
            name=need.name,
            income_account_id=None if need.account is None else need.account.id,
            income_account_code=None if need.account is None else need.account.code,
            name_there=None if need.job is None else need.job.named_there,
        )
        for need in situation.items
    }
    without, booked_on = situation.no_item_id, situation.connection.no_item_account
    if without is not None and booked_on is not None and str(without) not in items:
        items[str(without)] = ItemRef(
            remote_id=None,
            name=no_item.NAME,
            income_account_id=booked_on.id,
            income_account_code=booked_on.code,
        )
    rounding = rounding_of(job, situation)
    account = situation.connection.settings.rounding_account_id
    rounded_on = situation.connection.rounding_account
    return SyncInvoice.model_validate(
        {
            **common,
            "invoice": invoice,
            "customer_remote_id": customer.link.id,
            "customer_name": customer.name,
            "items": items,
            "no_item_id": without,
            "number_there": job.named_there,
            "taxes": refs(invoice, situation.taxes),
            "our_tax": sends_our_tax(job, situation),
            "post_on": post_on(job, situation),
            "rounding": None
            if not rounding
            else RoundingLine(
                amount=rounding,
                income_account_id=None if account == PROVIDER_CHOOSES else account,
                income_account_code=None if rounded_on is None else rounded_on.code,
            ),
        }
    )
