"""Invoices: found by DocNumber, known by our mark in PrivateNote.

https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice
DocNumber is unique only where the company asks for it, so numbers are looked up before creates.
Nothing is e-mailed: BillEmail is never sent and EmailStatus is NotSet. How tax is said is in `tax`.
"""

from decimal import Decimal

from connector_kit.answers import Refused
from connector_kit.provider import Context, FrozenMember, Member
from contracts.causes import cause_of
from contracts.commands import SyncInvoice, VoidInvoice
from contracts.connections import OrganisationFacts
from contracts.ids import Entity, RemoteId
from contracts.money import Money
from contracts.sync import ProviderDetails, Subject

from connector_qbo.operations.holding import held_by
from connector_qbo.operations.kinds import There, Written, text_fields
from connector_qbo.operations.lines import digest, line_of, lines_problem, priced, rounding_line
from connector_qbo.operations.marks import mark_of
from connector_qbo.operations.names import normal
from connector_qbo.operations.statements import Table
from connector_qbo.operations.tax import (
    calculation_of,
    codes_digest,
    in_cents,
    is_net,
    tax_problem,
    total_text,
    whole_of,
)
from connector_qbo.provider import invoice_page
from connector_qbo.wire import (
    Answer,
    BatchItem,
    Invoice,
    Memo,
    QueryResponse,
    Ref,
    plain,
)

NUMBER_LIMIT = 21
_MEMO_LIMIT = 1000
_SUBTOTAL = "SubTotalLineDetail"


class Invoices:
    """The invoice's `Kind`."""

    entity: Entity = "invoice"
    table: Table = "Invoice"
    path = "invoice"
    key_field = "DocNumber"
    conditions: tuple[str, ...] = ()

    def refuse(self, member: Member, context: Context) -> Refused | None:
        command = member.command
        if isinstance(command, VoidInvoice):
            return None
        assert isinstance(command, SyncInvoice)
        return (
            _number_problem(command)
            or lines_problem(command)
            or tax_problem(command, context)
            or _amount_problem(command)
            or _currency_problem(command, context)
        )

    def write(self, member: Member, context: Context) -> Written:
        command = member.command
        if isinstance(command, VoidInvoice):
            return _void(command, member)
        assert isinstance(command, SyncInvoice)
        return _sync(command, member, context)

    def read(self, answer: Answer | BatchItem) -> There | None:
        return _there(answer.invoice) if answer.invoice else None

    def list(self, page: QueryResponse) -> list[There]:
        return [there for row in page.invoice if (there := _there(row)) is not None]

    def keys(self, member: FrozenMember) -> tuple[str, ...]:
        return (member.extra["number"],)


def number_of(command: SyncInvoice | VoidInvoice) -> str:
    """The number this invoice has there."""
    return (command.number_there or command.invoice.number).strip()


def comparable(invoice: Invoice) -> dict[str, str]:
    """The values that tell whether an invoice there is as it was sent."""
    lines = [line for line in invoice.line or () if line.detail_type != _SUBTOTAL]
    total = invoice.total_amt
    return text_fields(
        DocNumber=invoice.doc_number,
        CustomerRef=invoice.customer_ref and invoice.customer_ref.value,
        TxnDate=invoice.txn_date and invoice.txn_date.isoformat(),
        DueDate=invoice.due_date and invoice.due_date.isoformat(),
        CurrencyRef=invoice.currency_ref and invoice.currency_ref.value,
        CustomerMemo=invoice.customer_memo and invoice.customer_memo.value,
        TotalAmt=None if total is None else plain(total),
        TotalTax=total_text(invoice.txn_tax_detail),
        TaxCodes=codes_digest(lines),
        Line=digest(lines),
    )


def _expected(body: Invoice, command: SyncInvoice, facts: OrganisationFacts) -> dict[str, str]:
    """The same of an invoice that goes out: its total, where QuickBooks doesn't work out the tax.

    Any other total it may come to is said by the answer, and no sign of an edit.
    """
    invoice, rules = command.invoice, facts.taxes
    ours = rules.rounding == "ours" or command.our_tax or not invoice.tax
    if ours and command.rounding is None:
        amounts = sum((line.amount or Decimal(0) for line in body.line or ()), Decimal(0))
        included = invoice.prices_include_tax and rules.included_prices
        tax = Decimal(0) if included else in_cents(invoice.tax)
        body = body.model_copy(update={"total_amt": amounts + tax})
    return comparable(body)


def _sync(command: SyncInvoice, member: Member, context: Context) -> Written:
    invoice = command.invoice
    remote = member.remote
    mark = mark_of(command.record_id, command.generation)
    facts = context.facts
    net = is_net(command, facts)
    prices = [priced(line, net=net) for line in invoice.lines]
    lines = [
        line_of(line, price, command, facts)
        for line, price in zip(invoice.lines, prices, strict=True)
    ]
    if command.rounding is not None:
        lines.append(rounding_line(command.rounding))
    memo = command.memo_there or ""
    changed = any(price.changed for price in prices) or len(memo) > _MEMO_LIMIT
    body = Invoice(
        doc_number=number_of(command),
        txn_date=command.date_there,
        due_date=invoice.due_date,
        customer_ref=Ref(value=command.customer_remote_id),
        currency_ref=Ref(value=invoice.currency) if facts.multi_currency else None,
        line=tuple(lines),
        customer_memo=Memo(value=memo[:_MEMO_LIMIT]) if memo else None,
        global_tax_calculation=calculation_of(command, facts),
        txn_tax_detail=whole_of(command, facts, anew=remote is None),
        apply_tax_after_discount=None if command.rounding is None else False,
    )
    fields = _expected(body, command, facts)
    if remote is None:
        body = body.model_copy(update={"private_note": mark, "email_status": "NotSet"})
    else:
        again = {"id": remote.id, "sync_token": remote.version, "sparse": True}
        body = body.model_copy(update=again)
    used = {str(invoice.customer_id): command.customer_remote_id}
    for line in invoice.lines:
        item = command.booked_on(line)
        if item is not None and item.remote_id is not None:
            used[command.item_key(line)] = item.remote_id
    page = invoice_page(context.environment, context.base_urls)
    closed = facts.books_closed_up_to
    return Written(
        body,
        FrozenMember(
            entity="invoice",
            record_id=command.record_id,
            generation=command.generation,
            step=command.step,
            intent=member.intent,
            natural_key=normal(number_of(command)),
            mark=mark,
            remote=remote,
            record_version=invoice.version,
            fields=fields,
            used=used,
            extra={
                "number": number_of(command),
                "name": invoice.number,
                "customer_id": str(invoice.customer_id),
                "customer": command.customer_name,
                "account_id": (command.rounding and command.rounding.income_account_id) or "",
                "date": invoice.issue_date.isoformat(),
                "lock_date": closed.isoformat() if closed and command.date_there <= closed else "",
                "currency": invoice.currency,
                "total": f"{invoice.total} {invoice.currency}",
                "url": page,
                "notes": "sent_with_changes" if changed else "",
            },
        ),
    )


def _void(command: VoidInvoice, member: Member) -> Written:
    remote, number = member.remote, number_of(command)
    # Read as a plain update by a batch that doesn't know "void", this changes nothing.
    body = Invoice(sparse=True)
    if remote is not None:
        body = body.model_copy(update={"id": remote.id, "sync_token": remote.version})
    return Written(
        body,
        FrozenMember(
            entity="invoice",
            record_id=command.record_id,
            generation=command.generation,
            step=command.step,
            intent="void",
            natural_key=normal(number) if remote is None else f"void {remote.id}",
            mark=mark_of(command.record_id, command.generation),
            remote=remote,
            record_version=command.invoice.version,
            fields={},
            used={},
            extra={
                "number": number,
                "name": command.invoice.number,
                "customer_id": str(command.invoice.customer_id),
                "date": command.date_there.isoformat(),
                "currency": command.invoice.currency,
            },
        ),
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


def _currency_problem(command: SyncInvoice, context: Context) -> Refused | None:
    currency = command.invoice.currency
    home = context.facts.home_currency
    if context.facts.multi_currency or home in (None, currency):
        return None
    subject = Subject(id=currency, name=currency)
    return Refused(
        cause_of(
            "currency_not_enabled",
            subject=subject,
            currency=currency,
            org=context.organisation.name,
        )
    )


def _there(row: Invoice) -> There | None:
    if row.id is None:
        return None
    voided = row.total_amt == 0 and (row.private_note or "").lstrip().startswith("Voided")
    deleted = row.status == "Deleted"
    currency = row.currency_ref.value if row.currency_ref else None
    params = [("invoice", row.doc_number or "")]
    if row.customer_ref and row.customer_ref.name:
        params.append(("customer_there", row.customer_ref.name))
    if row.total_amt is not None and currency is not None:
        params.append(("total_there", f"{row.total_amt} {currency}"))
    return There(
        id=RemoteId(row.id),
        version=row.sync_token,
        key=normal(row.doc_number or ""),
        fields=comparable(row),
        note=row.private_note,
        created_at=row.meta_data.create_time if row.meta_data else None,
        removed="deleted" if deleted else ("voided" if voided else None),
        total=row.total_amt,
        tax=row.txn_tax_detail.total_tax if row.txn_tax_detail else None,
        currency=currency,
        number=row.doc_number,
        held=held_by(row),
        params=tuple(params),
    )
