"""Lines of an invoice. They name their item by name only, and carry no account and no item id
(https://github.com/freshbooks/freshbooks-nodejs-sdk, Line.ts).

A discount has no place on a line, so it goes into the price. How many decimals a price keeps is
unconfirmed: one that needs more than its currency's goes as one piece at the line's amount, so that
the total is right, and the outcome says that something is written differently. Tax is a name and a
percent on the line; a price that includes it goes without it.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

from contracts.commands import RoundingLine, SyncInvoice
from contracts.invoicing import InvoiceLine
from contracts.money import minor_units
from contracts.taxes import rounded

from connector_freshbooks.wire import Amount, Line, plain

DECIMALS = 2
"""An amount's digits after the point, in every currency."""

_NAME_LIMIT = 100
_TAX_NAME_LIMIT = 100


@dataclass(frozen=True)
class Priced:
    """Quantity and unit price that give the line's amount; `changed` if they aren't ours."""

    quantity: Decimal
    unit_price: Decimal
    changed: bool


def priced(line: InvoiceLine, currency: str, *, included: bool = False) -> Priced:
    """How the line is priced there; `included`: its price includes tax here."""
    if included and line.tax_amount:
        return Priced(Decimal(1), rounded(line.amount - line.tax_amount, DECIMALS), changed=True)
    net = line.unit_price
    if line.discount_percent:
        net = net * (100 - line.discount_percent) / 100
    price = rounded(net, min(DECIMALS, minor_units(currency)))
    amount = rounded(line.amount, DECIMALS)
    if price == net and rounded(line.quantity * price, DECIMALS) == amount:
        return Priced(line.quantity, price, changed=price != line.unit_price)
    return Priced(Decimal(1), amount, changed=True)


def line_of(line: InvoiceLine, price: Priced, command: SyncInvoice) -> Line:
    """The line as it goes out; one without an item is called by its description."""
    item = command.items.get(str(line.item_id)) if line.item_id else None
    description = line.description.strip()
    name = (item.name_there or item.name) if item else description[:_NAME_LIMIT]
    return Line(
        name=name,
        description=description if description != name else "",
        qty=plain(price.quantity),
        unit_cost=Amount(amount=plain(price.unit_price), code=command.invoice.currency),
        tax_name=(line.tax_name or "Tax")[:_TAX_NAME_LIMIT] if line.tax_percent else None,
        tax_percent=plain(line.tax_percent) if line.tax_percent else None,
    )


def rounding_line(rounding: RoundingLine, currency: str) -> Line:
    """What equalises the total: a line of its own, without tax."""
    return Line(
        name="Rounding",
        description="",
        qty="1",
        unit_cost=Amount(amount=plain(rounding.amount), code=currency),
    )


def fields_of(line: Line) -> dict[str, object]:
    """The line as JSON values. `type` 0: not a rebilled expense."""
    return {"type": 0, **line.model_dump(exclude_none=True, by_alias=True)}


def digest(lines: Iterable[Line]) -> str:
    """All lines as one value to compare by: too long to be kept word for word."""
    text = "\n".join(_text(line) for line in lines)
    return hashlib.sha256(text.encode()).hexdigest()


def _tax_text(name: str | None, percent: str | None) -> tuple[str, ...]:
    """A tax that takes part; none is said as nothing."""
    number = Amount(amount=percent).number if name else None
    return (name or "", plain(number)) if number else ()


def _text(line: Line) -> str:
    cost = line.unit_cost.number if line.unit_cost else None
    quantity = Amount(amount=line.qty).number
    taxes = (line.tax_name, line.tax_percent), (line.second_tax_name, line.second_tax_percent)
    return "\x1f".join(
        (
            (line.name or "").strip(),
            (line.description or "").strip(),
            *("" if number is None else plain(number) for number in (quantity, cost)),
            *(part for name, percent in taxes for part in _tax_text(name, percent)),
        )
    )
