"""Invoices: found by InvoiceNumber, which is unique among sales invoices, known by our mark in Url.

https://developer.xero.com/documentation/api/accounting/invoices
Their contact is named by its id and nothing else: more would change the contact. No totals are
sent, of tax neither (see `tax`).
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date

from connector_kit.answers import Refused, Removed
from connector_kit.exchange import Exchange
from connector_kit.provider import Context, FrozenMember, Member
from contracts.causes import cause_of
from contracts.commands import SyncInvoice, VoidInvoice
from contracts.ids import RemoteId
from contracts.money import Money
from contracts.sync import ProviderDetails, Subject

from connector_xero import wire
from connector_xero.bodies import NotRead
from connector_xero.operations.holding import held_by
from connector_xero.operations.kinds import (
    CodedMember,
    There,
    Written,
    frozen_of,
    text_fields,
    version_of,
)
from connector_xero.operations.lines import (
    accounts_named,
    digest,
    line_of,
    lines_problem,
    priced,
    remembered,
    rounding_line,
    taxes_digest,
)
from connector_xero.operations.marks import invoice_url, marked_invoice
from connector_xero.operations.names import normal, one_line
from connector_xero.operations.queries import answered, chunks, get, one, pages
from connector_xero.operations.tax import (
    amounts_of,
    expected_total,
    tax_problem,
    type_of,
    untaxed,
)
from connector_xero.provider import invoice_page
from connector_xero.wire import Answer, Element, Invoice, RefusedElement, plain

NUMBER_LIMIT = 255
_REFERENCE_LIMIT = 255
_OR = " OR "
_NUMBER = re.compile(r"[\x20-\x7e]+")
_REMOVED: Mapping[str, Removed] = {"VOIDED": "voided", "DELETED": "deleted"}
_NO_CODES: Mapping[str, str] = {}


class Invoices:
    """The invoice's `Kind`."""

    path = "Invoices"

    def refuse(self, member: Member, context: Context) -> Refused | None:
        command = member.command
        if isinstance(command, VoidInvoice):
            return None
        assert isinstance(command, SyncInvoice)
        return (
            _number_problem(command)
            or lines_problem(command, _codes(member))
            or tax_problem(command)
            or _content_problem(command)
        )

    def write(self, member: Member, context: Context) -> Written:
        command = member.command
        if isinstance(command, VoidInvoice):
            return _void(command, member)
        assert isinstance(command, SyncInvoice)
        return _sync(command, member, context)

    def elements(self, answer: Answer) -> Sequence[Element]:
        return answer.invoices or ()

    def there(self, element: Element) -> There | None:
        return _there(element) if isinstance(element, Invoice) else None

    def claims(self, element: Element | RefusedElement, member: FrozenMember) -> bool:
        if isinstance(element, Invoice | RefusedElement):
            return normal(element.invoice_number or "") == member.natural_key
        return False

    def look_up_key(self, member: FrozenMember) -> str:
        return member.extra["number"]

    def by_look_up_keys(
        self, organisation: RemoteId, keys: Sequence[str]
    ) -> Exchange[list[There] | NotRead]:
        return (yield from by_numbers(organisation, keys))

    def hidden(
        self, organisation: RemoteId, members: Sequence[FrozenMember]
    ) -> Exchange[list[There] | NotRead]:
        """Those of the same contacts and days: a number can be changed there, and our mark in Url
        is no filter that any page promises. Those of the days alone, where the contact may be
        another, too."""
        found: list[There] = []
        for asked in _by_contact_and_day(members):
            read = yield from pages(organisation, "Invoices", asked)
            if isinstance(read, NotRead):
                return read
            found.extend(_listed(read))
        return found

    def found(self, member: FrozenMember, there: There) -> bool:
        return there.key == member.natural_key

    def asks_first(self, member: Member) -> bool:
        """Never: a number in use is refused."""
        return False

    def taking(
        self, organisation: RemoteId, members: Sequence[Member]
    ) -> Exchange[list[There] | NotRead]:
        numbers = [number_of(m.command) for m in members if isinstance(m.command, SyncInvoice)]
        return (yield from by_numbers(organisation, [n for n in numbers if _NUMBER.fullmatch(n)]))

    def in_the_way(self, member: Member, there: There) -> bool:
        """Removed ones too: whether the number of one is free again is unconfirmed, and a number
        that isn't would be refused."""
        assert isinstance(member.command, SyncInvoice)
        return there.key == normal(number_of(member.command))

    def by_ids(
        self, organisation: RemoteId, ids: Sequence[RemoteId]
    ) -> Exchange[list[There] | NotRead]:
        found: list[There] = []
        for part in chunks(ids, around=3):
            read = yield from pages(organisation, "Invoices", (("IDs", ",".join(part)),))
            if isinstance(read, NotRead):
                return read
            found.extend(_listed(read))
        return found


def _moment(day: str) -> str:
    """A day as a filter names it."""
    parts = date.fromisoformat(day)
    return f"DateTime({parts.year},{parts.month:02d},{parts.day:02d})"


def number_of(command: SyncInvoice | VoidInvoice) -> str:
    """The number this invoice has there."""
    return (command.number_there or command.invoice.number).strip()


def comparable(invoice: Invoice) -> dict[str, str]:
    """The values that tell whether an invoice there is as it was sent."""
    return text_fields(
        InvoiceNumber=invoice.invoice_number,
        Contact=invoice.contact and invoice.contact.contact_id,
        Date=invoice.date and invoice.date.isoformat(),
        DueDate=invoice.due_date and invoice.due_date.isoformat(),
        CurrencyCode=invoice.currency_code,
        Reference=invoice.reference,
        Total=None if invoice.total is None else plain(invoice.total),
        Taxes=taxes_digest(invoice.line_items or ())
        if invoice.line_amount_types != "NoTax"
        else None,
        LineAmountTypes=invoice.line_amount_types,
        Lines=digest(invoice.line_items or ()),
    )


def _sync(command: SyncInvoice, member: Member, context: Context) -> Written:
    invoice = command.invoice
    codes = _codes(member)
    prices = [priced(line) for line in invoice.lines]
    reference = one_line(command.memo_there or "")
    items = [command.items[command.item_key(line)] for line in invoice.lines]
    facts = context.facts
    lines = tuple(
        line_of(line, price, item, codes.get(str(line.item_id)), type_of(line, command, facts))
        for line, price, item in zip(invoice.lines, prices, items, strict=True)
    )
    shown = [
        remembered(sent, item, line.amount)
        for sent, item, line in zip(lines, items, invoice.lines, strict=True)
    ]
    amounts = amounts_of(command)
    if command.rounding is not None:
        more = rounding_line(command.rounding, None if amounts == "NoTax" else untaxed(facts))
        lines = (*lines, more)
        shown.append(remembered(more, None, command.rounding.amount))
    body = Invoice(
        type="ACCREC",
        contact=wire.Contact(contact_id=command.customer_remote_id),
        invoice_number=number_of(command),
        reference=reference[:_REFERENCE_LIMIT] or None,
        date=command.date_there,
        due_date=invoice.due_date,
        currency_code=invoice.currency,
        line_amount_types=amounts,
        line_items=lines,
    )
    fields = comparable(
        body.model_copy(update={"line_items": tuple(shown), "total": expected_total(command)})
    )
    if member.remote is None:
        url = invoice_url(command.record_id, command.generation)
        body = body.model_copy(update={"status": "AUTHORISED", "url": url})
    else:
        body = body.model_copy(update={"invoice_id": member.remote.id})
    used = {str(invoice.customer_id): command.customer_remote_id}
    used |= {
        str(line.item_id): item.remote_id
        for line, item in zip(invoice.lines, items, strict=True)
        if item.remote_id is not None
    }
    changed = any(price.changed for price in prices) or len(reference) > _REFERENCE_LIMIT
    closed = facts.books_closed_up_to
    account = next((item.income_account_id for item in items if item.income_account_id), None)
    frozen = frozen_of(
        member,
        natural_key=normal(number_of(command)),
        mark=invoice_url(command.record_id, command.generation),
        version=invoice.version,
        fields=fields,
        used=used,
        extra={
            "number": number_of(command),
            "name": invoice.number,
            "customer_id": str(invoice.customer_id),
            "customer": command.customer_name,
            "account_id": account or "",
            "accounts": accounts_named(items, command.rounding),
            "org": context.organisation.name,
            "date": invoice.issue_date.isoformat(),
            "lock_date": closed.isoformat() if closed and command.date_there <= closed else "",
            "currency": invoice.currency,
            "url": invoice_page(context.environment, context.base_urls),
            "notes": "sent_with_changes" if changed else "",
        },
    )
    return Written(body, frozen)


def _by_contact_and_day(
    creates: Sequence[FrozenMember],
) -> Iterator[tuple[tuple[str, str], ...]]:
    known = [m for m in creates if not m.forgotten]
    dated = _dated(m.fields["Date"] for m in known if m.fields.get("Date"))
    for part in chunks([m.fields.get("Contact", "") for m in known], around=3):
        yield ("ContactIDs", ",".join(part)), ("where", dated)
    # A void has the day beside its fields.
    days = [m.fields.get("Date") or m.extra["date"] for m in creates if m.forgotten]
    for part in chunks(days, around=len(_dated(days[:1])) + len(_OR)):
        yield (("where", _dated(part)),)


def _dated(days: Iterable[str]) -> str:
    return _OR.join(f"Date=={_moment(day)}" for day in dict.fromkeys(days))


def _void(command: VoidInvoice, member: Member) -> Written:
    remote, number = member.remote, number_of(command)
    frozen = frozen_of(
        member,
        natural_key=normal(number) if remote is None else f"void {remote.id}",
        mark=invoice_url(command.record_id, command.generation),
        version=command.invoice.version,
        fields={},
        extra={
            "number": number,
            "name": command.invoice.number,
            "customer_id": str(command.invoice.customer_id),
            "date": command.date_there.isoformat(),
            "currency": command.invoice.currency,
        },
    )
    body = Invoice(invoice_id=None if remote is None else remote.id, status="VOIDED")
    return Written(body, frozen)


def _codes(member: Member) -> Mapping[str, str]:
    return member.codes if isinstance(member, CodedMember) else _NO_CODES


def _number_problem(command: SyncInvoice) -> Refused | None:
    number = number_of(command)
    if _NUMBER.fullmatch(number) and len(number) <= NUMBER_LIMIT:
        return None
    plain_part = re.sub(r"[^\x20-\x7e]", "", number)[-NUMBER_LIMIT:].strip()
    return Refused(
        cause_of(
            "invoice_number_not_allowed",
            invoice=number,
            limit=NUMBER_LIMIT,
            length=len(number),
            short_number=plain_part or None,
        )
    )


def _content_problem(command: SyncInvoice) -> Refused | None:
    invoice = command.invoice
    if invoice.due_date is None:
        subject = Subject(id=str(command.record_id), name=invoice.number)
        return Refused(
            cause_of("due_date_invalid", subject=subject, invoice=invoice.number, why="missing")
        )
    if invoice.total < 0:
        total = Money(amount=invoice.total, currency=invoice.currency)
        return Refused(cause_of("invoice_total_negative", invoice=invoice.number, total=total))
    if not command.customer_remote_id:
        details = ProviderDetails(provider_message="an invoice without its contact")
        return Refused(cause_of("our_mistake", details=details))
    return None


def by_numbers(organisation: RemoteId, numbers: Sequence[str]) -> Exchange[list[There] | NotRead]:
    """By number, voided and deleted ones too. One with a comma is asked for by its own address."""
    found: list[There] = []
    for part in chunks((number for number in numbers if "," not in number), around=3):
        asked = (("InvoiceNumbers", ",".join(part)),)
        read = yield from pages(organisation, "Invoices", asked)
        if isinstance(read, NotRead):
            return read
        found.extend(_listed(read))
    for number in dict.fromkeys(number for number in numbers if "," in number):
        response = yield get(organisation, one("Invoices", number))
        if response.status == 404:
            continue
        answer = answered(response)
        if isinstance(answer, NotRead):
            return answer
        found.extend(_listed([answer]))
    return found


def _listed(read: Sequence[Answer]) -> list[There]:
    rows = (row for answer in read for row in answer.invoices or () if row.type == "ACCREC")
    return [there for row in rows if (there := _there(row)) is not None]


def _there(row: Invoice) -> There | None:
    if row.invoice_id in (None, wire.ZERO_ID):
        return None
    currency = row.currency_code
    params = [("invoice", row.invoice_number or "")]
    if row.contact and row.contact.name:
        params.append(("customer_there", row.contact.name))
    if row.total is not None and currency is not None:
        params.append(("total_there", f"{row.total} {currency}"))
    return There(
        id=RemoteId(row.invoice_id or ""),
        version=version_of(row.updated_date_utc),
        key=normal(row.invoice_number or ""),
        fields=comparable(row),
        marked=marked_invoice(row.url),
        removed=_REMOVED.get(row.status or ""),
        settled=bool(row.amount_paid or row.amount_credited),
        total=row.total,
        tax=row.total_tax,
        currency=currency,
        number=row.invoice_number,
        held=held_by(row),
        params=tuple(params),
    )
