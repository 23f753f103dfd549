"""Lines of an invoice. Amount must be Qty × UnitPrice to the cent, or QuickBooks refuses it (6070).

A discount has no place on a line there, so it goes into the price. Where no price of up to seven
decimals gives our amount, the line goes as one piece at that amount: the total is right to the cent
and the outcome says that something is written differently.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from connector_kit.answers import Refused
from contracts.causes import cause_of
from contracts.commands import RoundingLine, SyncInvoice
from contracts.connections import OrganisationFacts
from contracts.invoicing import InvoiceLine
from contracts.sync import ProviderDetails

from connector_qbo.operations.tax import code_of, in_cents
from connector_qbo.wire import DiscountLineDetail, Line, Ref, SalesItemLineDetail, plain

_DESCRIPTION_LIMIT = 4000
_PRICE_DECIMALS = Decimal("0.0000001")


@dataclass(frozen=True)
class Priced:
    """Quantity and unit price that give the line's amount; `changed` if they aren't ours."""

    quantity: Decimal
    unit_price: Decimal
    changed: bool


def priced(line: InvoiceLine, *, net: bool = False) -> Priced:
    """How the line is priced there; `net`: without the tax that its price includes.

    Amounts there are in cents, whatever the currency: yen have them too.
    """
    if net and line.tax_amount:
        return Priced(Decimal(1), in_cents(line.amount - line.tax_amount), changed=True)
    own = line.unit_price
    if line.discount_percent:
        own = own * (100 - line.discount_percent) / 100
    price = own.quantize(_PRICE_DECIMALS, rounding=ROUND_HALF_UP).normalize()
    amount = in_cents(line.amount)
    if in_cents(line.quantity * price) == amount:
        return Priced(line.quantity, price, changed=price != line.unit_price)
    return Priced(Decimal(1), amount, changed=True)


def lines_problem(command: SyncInvoice) -> Refused | None:
    """Why these lines can't be sent. Every line names an item, one without an item of its own that
    which is made for such: what one without would be booked on is documented nowhere."""
    for line in command.invoice.lines:
        item = command.booked_on(line)
        if line.item_id is None and item is None:
            return Refused(
                cause_of(
                    "line_without_item",
                    line=line.position,
                    invoice=command.invoice.number,
                    description=line.description,
                )
            )
        if item is None or item.remote_id is None:
            return _defect(f"line {line.position} names an item that isn't linked")
    return None if command.invoice.lines else _defect("an invoice without lines")


def line_of(
    line: InvoiceLine, price: Priced, command: SyncInvoice, facts: OrganisationFacts
) -> Line:
    """The line as it goes out, with its tax code, and whether its price includes tax."""
    item = command.items[command.item_key(line)]
    included = command.invoice.prices_include_tax and facts.taxes.included_prices
    code = code_of(line, command, facts)
    net = command.invoice.prices_include_tax and not included
    return Line(
        detail_type="SalesItemLineDetail",
        amount=in_cents(line.amount - line.tax_amount if net else line.amount),
        description=line.description[:_DESCRIPTION_LIMIT] or None,
        sales_item_line_detail=SalesItemLineDetail(
            item_ref=Ref(value=item.remote_id or ""),
            qty=price.quantity,
            unit_price=price.unit_price,
            tax_code_ref=code,
            tax_inclusive_amt=in_cents(line.amount) if included and code is not None else None,
        ),
    )


def rounding_line(rounding: RoundingLine) -> Line:
    """What equalises the total, as a discount on the account chosen: the one kind of line that
    names an account instead of an item. It comes after tax and changes none."""
    account = rounding.income_account_id
    return Line(
        detail_type="DiscountLineDetail",
        amount=-rounding.amount,
        discount_line_detail=DiscountLineDetail(
            percent_based=False, discount_account_ref=Ref(value=account) if account else None
        ),
    )


def digest(lines: Iterable[Line]) -> str:
    """All lines as one value to compare by: too long to be kept word for word."""
    text = "\n".join(_text(line) for line in lines)
    return hashlib.sha256(text.encode()).hexdigest()


def _text(line: Line) -> str:
    detail = line.sales_item_line_detail or SalesItemLineDetail()
    whole = line.amount if detail.tax_inclusive_amt is None else detail.tax_inclusive_amt
    amounts = (detail.qty, detail.unit_price, whole)
    return "\x1f".join(
        (
            line.detail_type or "",
            detail.item_ref.value if detail.item_ref else "",
            # What is nothing may be left out of answers.
            *(plain(amount) if amount else "" for amount in amounts),
            (line.description or "").strip(),
        )
    )


def _defect(reason: str) -> Refused:
    return Refused(cause_of("our_mistake", details=ProviderDetails(provider_message=reason)))
