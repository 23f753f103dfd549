"""Invoices: found by `invoice_number`, which is unique among active, archived and deleted ones.

https://www.freshbooks.com/api/invoices. `status` 2 on creation makes it sent at once: drafts are in
no report. The due date goes as days after the date, `due_date` itself is read-only. Nothing is
e-mailed. The total is worked out there, of tax too. There is no void: one voided here is deleted
there, which can be undone.
"""

from decimal import Decimal

from connector_kit.answers import Refused
from connector_kit.provider import Context, FrozenMember, Member
from contracts.causes import cause_of
from contracts.commands import SyncInvoice, VoidInvoice
from contracts.ids import Entity, RemoteId
from contracts.money import Money
from contracts.sync import ProviderDetails, Subject

from connector_freshbooks.operations.holding import held_by
from connector_freshbooks.operations.kinds import There, Written, text_fields, version_of
from connector_freshbooks.operations.lines import digest, fields_of, line_of, priced, rounding_line
from connector_freshbooks.operations.names import normal
from connector_freshbooks.provider import NUMBER_LIMIT
from connector_freshbooks.wire import DELETED, Invoice, Result, eastern

_SENT = 2
_NOBODY = "?"
"""A customer whose id isn't known: no invoice there is known to be theirs."""


class Invoices:
    """The invoice's `Kind`."""

    entity: Entity = "invoice"
    name = "invoice"
    path = "invoices/invoices"
    query: tuple[tuple[str, str], ...] = (("include[]", "lines"),)

    def refuse(self, member: Member, context: Context) -> Refused | None:
        command = member.command
        if isinstance(command, VoidInvoice):
            return None
        assert isinstance(command, SyncInvoice)
        return _number_problem(command) or _amount_problem(command) or _due_problem(command)

    def write(self, member: Member, context: Context) -> Written:
        command = member.command
        if isinstance(command, VoidInvoice):
            return Written({}, _frozen_void(command, member))
        assert isinstance(command, SyncInvoice)
        return _sync(command, member)

    def read(self, result: Result) -> There | None:
        return _there(result.invoice) if result.invoice else None

    def list(self, page: Result) -> list[There]:
        return [_there(row) for row in page.invoices or ()]

    def search(self, member: FrozenMember) -> tuple[tuple[str, str], ...]:
        return number_search(member.extra["number"])


def number_search(number: str) -> tuple[tuple[str, str], ...]:
    """What narrows a list of invoices to a number: exact or a prefix, in any case or in this."""
    return (("search[invoice_number]", number),)


def number_of(command: SyncInvoice | VoidInvoice) -> str:
    """The number this invoice has there."""
    return (command.number_there or command.invoice.number).strip()


def _sync(command: SyncInvoice, member: Member) -> Written:
    invoice = command.invoice
    included = invoice.prices_include_tax
    prices = [priced(line, invoice.currency, included=included) for line in invoice.lines]
    lines = [
        line_of(line, price, command) for line, price in zip(invoice.lines, prices, strict=True)
    ]
    if command.rounding is not None:
        lines.append(rounding_line(command.rounding, invoice.currency))
    day, memo = command.date_there, command.memo_there
    due = max(invoice.due_date or day, day)
    customer = command.customer_remote_id
    fields: dict[str, object] = {
        "customerid": int(customer) if customer.isdecimal() else customer,
        "invoice_number": number_of(command),
        "create_date": day.isoformat(),
        "due_offset_days": (due - day).days,
        "currency_code": invoice.currency,
        "lines": [fields_of(line) for line in lines],
    }
    if memo:
        fields["notes"] = memo
    if member.remote is None:
        fields["status"] = _SENT
    used = {str(invoice.customer_id): customer}
    for line in invoice.lines:
        item = command.items.get(str(line.item_id))
        if item is not None and item.remote_id is not None:
            used[str(line.item_id)] = item.remote_id
    frozen = FrozenMember(
        entity="invoice",
        record_id=command.record_id,
        generation=command.generation,
        step=command.step,
        intent=member.intent,
        natural_key=normal(number_of(command)),
        mark=None,
        remote=member.remote,
        record_version=invoice.version,
        fields=text_fields(
            invoice_number=number_of(command),
            customerid=customer,
            create_date=day.isoformat(),
            due_date=due.isoformat(),
            currency_code=invoice.currency,
            notes=memo or None,
            # Not the total: it follows from the lines, and how it is rounded there is unknown.
            lines=digest(lines),
        ),
        used=used,
        extra={
            "number": number_of(command),
            "name": invoice.number,
            "customer_id": str(invoice.customer_id),
            "customer": command.customer_name,
            "currency": invoice.currency,
            "due_date": due.isoformat(),
            "lines": str(len(lines)),
            "total": f"{invoice.total} {invoice.currency}",
            "notes": "sent_with_changes" if any(price.changed for price in prices) else "",
        },
    )
    return Written(fields, frozen)


def _frozen_void(command: VoidInvoice, member: Member) -> FrozenMember:
    remote, number = member.remote, number_of(command)
    return FrozenMember(
        entity="invoice",
        record_id=command.record_id,
        generation=command.generation,
        step=command.step,
        intent="void",
        natural_key=normal(number) if remote is None else f"void {remote.id}",
        remote=remote,
        record_version=command.invoice.version,
        # What tells it from somebody else's of this number, where its id isn't known.
        fields={}
        if remote is not None
        else text_fields(
            customerid=command.customer_remote_id or _NOBODY,
            create_date=command.date_there.isoformat(),
            currency_code=command.invoice.currency,
        ),
        used={},
        extra={
            "number": number,
            "name": command.invoice.number,
            "customer_id": str(command.invoice.customer_id),
            "currency": command.invoice.currency,
            "amount": str(command.invoice.total),
        },
    )


def _number_problem(command: SyncInvoice) -> Refused | None:
    number = number_of(command)
    if not number:
        details = ProviderDetails(provider_message="an invoice without a number")
        return Refused(cause_of("our_mistake", details=details))
    if len(number) <= NUMBER_LIMIT:
        return None
    return Refused(
        cause_of(
            "invoice_number_not_allowed",
            invoice=number,
            limit=NUMBER_LIMIT,
            length=len(number),
            # The end is what counts up.
            short_number=number[-NUMBER_LIMIT:].strip(),
        )
    )


def _amount_problem(command: SyncInvoice) -> Refused | None:
    invoice = command.invoice
    if invoice.total < 0:
        total = Money(amount=invoice.total, currency=invoice.currency)
        return Refused(cause_of("invoice_total_negative", invoice=invoice.number, total=total))
    return None


def _due_problem(command: SyncInvoice) -> Refused | None:
    invoice = command.invoice
    if invoice.due_date is None or invoice.due_date >= invoice.issue_date:
        return None
    return Refused(
        cause_of(
            "due_date_invalid",
            subject=Subject(id=str(command.record_id), name=invoice.number),
            invoice=invoice.number,
            due_date=invoice.due_date,
        )
    )


def _there(row: Invoice) -> There:
    total = row.amount.number if row.amount else None
    paid = row.paid.number if row.paid else None
    params = [("invoice", row.invoice_number or "")]
    if row.current_organization:
        params.append(("customer_there", row.current_organization))
    if total is not None and row.currency_code:
        params.append(("total_there", f"{total} {row.currency_code}"))
    fields = text_fields(
        invoice_number=row.invoice_number,
        customerid=row.customerid,
        create_date=row.create_date and row.create_date.isoformat(),
        due_date=row.due_date and row.due_date.isoformat(),
        currency_code=row.currency_code,
        notes=row.notes,
        lines=None if row.lines is None else digest(row.lines),
    )
    return There(
        id=RemoteId(row.id),
        version=version_of(row.version or row.updated, fields),
        key=normal(row.invoice_number or ""),
        fields=fields,
        deleted=row.vis_state == DELETED,
        created_at=eastern(row.created_at),
        total=total,
        tax=_tax(row, total),
        paid=paid or Decimal(0),
        currency=row.currency_code,
        number=row.invoice_number,
        held=held_by(row),
        params=tuple(params),
    )


def _tax(row: Invoice, total: Decimal | None) -> Decimal:
    """What the total holds beyond its lines: no field says the tax."""
    amounts = [line.amount.number for line in row.lines or () if line.amount]
    known = [amount for amount in amounts if amount is not None]
    if total is None or row.lines is None or len(known) != len(row.lines):
        return Decimal(0)
    return total - sum(known, Decimal(0))
