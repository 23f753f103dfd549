"""An invoice's lines, and what they come to.

A line names its item by name only; taxes are percentages on the line; a discount is a percentage
of the whole invoice and lowers what is taxed. FreshBooks' rounding isn't documented: switches.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from freshbooks_simulator.books import INVOICE, Organisation
from freshbooks_simulator.records import items, taxes
from freshbooks_simulator.records.fields import Reader
from freshbooks_simulator.refusals import INVALID, REQUIRED, SAME_TAX_TWICE, TOO_LONG, UNKNOWN
from freshbooks_simulator.settings import Settings
from freshbooks_simulator.wire import (
    ZERO,
    Json,
    JsonObject,
    amount_of,
    as_object,
    cents,
    dec,
    eastern,
    figure,
    money,
    objects,
    plain,
    text,
)

_LINE = "line"


@dataclass(frozen=True, slots=True)
class Totals:
    """`discount` is positive; `total` is what the client owes."""

    subtotal: Decimal
    discount: Decimal
    tax: Decimal
    total: Decimal


def read(
    organisation: Organisation,
    body: JsonObject,
    currency: str,
    now: datetime,
    before: Sequence[JsonObject] = (),
) -> list[JsonObject]:
    """The lines of a body as they are kept; `before` are those they replace.

    Raises RefusedError.
    """
    settings = organisation.settings
    reader = Reader(INVOICE, body, settings)
    given = body.get("lines")
    if given is not None and not isinstance(given, list):
        reader.wrong(1006, "lines", "The field 'lines' must be a list.")
    sent = objects(given)
    if not sent and settings.invoice_without_lines == "refuse":
        reader.wrong(REQUIRED, "lines", "The field 'lines' is required.")
    if settings.max_lines is not None and len(sent) > settings.max_lines:
        message = f"An invoice can have at most {settings.max_lines} lines."
        reader.wrong(TOO_LONG, "lines", message, len(sent))
    kept_ids = {text(each.get("lineid")) for each in before} if settings.put_keeps_lineids else ()
    free = max((int(dec(each.get("lineid"))) for each in before), default=0)
    lines: list[JsonObject] = []
    for place, each in enumerate(sent, start=1):
        line = _Line(organisation, each, currency).content(reader)
        if text(each.get("lineid")) in kept_ids:
            line["lineid"] = int(dec(each.get("lineid")))
        elif settings.put_keeps_lineids:
            free += 1
            line["lineid"] = free
        else:
            line["lineid"] = place
        line |= {"taskno": place, "updated": eastern(now)}
        lines.append(line)
    reader.done()
    return lines


def totals(lines: Sequence[JsonObject], discount_percent: Decimal, settings: Settings) -> Totals:
    """What lines come to."""
    even = settings.rounding == "half_even"
    subtotal = sum((amount_of(each.get("amount")) for each in lines), ZERO)
    left = 1 - discount_percent / 100
    by_tax: dict[tuple[str, str], Decimal] = {}
    for line in lines:
        base = amount_of(line.get("amount")) * left
        earlier = ZERO
        for which in ("1", "2"):
            name, percent = text(line.get(f"taxName{which}")), text(line.get(f"taxAmount{which}"))
            compounded = which == "2" and line.get("compounded_tax") is True
            tax = (base + earlier if compounded else base) * dec(percent) / 100
            if settings.tax_rounding == "line":
                tax = cents(tax, even=even)
            by_tax[name, percent] = by_tax.get((name, percent), ZERO) + tax
            earlier = tax
    discount = cents(subtotal * discount_percent / 100, even=even)
    tax = sum((cents(each, even=even) for each in by_tax.values()), ZERO)
    return Totals(subtotal, discount, tax, subtotal - discount + tax)


def with_currency(lines: Sequence[JsonObject], currency: str) -> list[JsonObject]:
    """The lines in another currency, the figures unchanged."""
    found: list[JsonObject] = []
    for line in lines:
        again = dict(line)
        for field in ("unit_cost", "amount"):
            again[field] = as_object(line.get(field)) | {"code": currency}
        found.append(again)
    return found


def rendered(lines: Json, invoice_id: int) -> list[Json]:
    """The lines as `include[]=lines` answers them."""
    constant: JsonObject = {
        "basecampid": 0,
        "date": None,
        "invoiceid": invoice_id,
        "modern_project_id": None,
        "modern_time_entries": [],
        "retainer_id": None,
        "retainer_period_id": None,
    }
    return [dict(sorted((constant | each).items())) for each in objects(lines)]


def take_stock(
    organisation: Organisation, lines: Sequence[JsonObject], sign: int, now: datetime
) -> None:
    """Lower the inventory of the items on these lines (raise it with sign 1)."""
    for line in lines:
        item = items.named(organisation, text(line.get("name")))
        if item is not None and item.data.get("inventory") is not None:
            left = dec(item.data["inventory"]) + sign * dec(line.get("qty"))
            organisation.replace(item, item.data | {"inventory": plain(left)}, now)


class _Line:
    """One line as sent."""

    def __init__(self, organisation: Organisation, body: JsonObject, currency: str) -> None:
        self._organisation = organisation
        self._settings = organisation.settings
        self._body = body
        self._currency = currency

    def content(self, invoice: Reader) -> JsonObject:
        """What is kept of it; reasons to refuse go to `invoice`."""
        reader = Reader(_LINE, self._body, self._settings)
        kind = reader.whole("type") or 0
        if kind not in (0, 1):
            reader.wrong(INVALID, "type", "The field 'type' must be 0 or 1.", kind)
        quantity = reader.number("qty")
        quantity = Decimal(1) if quantity is None else quantity
        cost = reader.amount("unit_cost")
        unit = cost[0] if cost is not None else ZERO
        even = self._settings.rounding == "half_even"
        if self._settings.unit_cost_rounding == "cents":
            unit = cents(unit, even=even)
        line: JsonObject = {
            "type": kind,
            "name": reader.text("name") or "",
            "description": reader.text("description") or "",
            "expenseid": reader.whole("expenseid") or 0,
            "qty": plain(quantity),
            "unit_cost": money(unit, self._currency),
            "amount": {"amount": figure(cents(quantity * unit, even=even)), "code": self._currency},
            "compounded_tax": reader.boolean("compounded_tax") or False,
        }
        for which in ("1", "2"):
            line |= self._tax(reader, which)
        if line["taxName1"] and line["taxName1"] == line["taxName2"]:
            message = "The same tax is on the line twice."
            reader.wrong(SAME_TAX_TWICE, "taxName2", message, line["taxName2"])
        invoice.reasons.extend(reader.reasons)
        return line

    def _tax(self, reader: Reader, which: str) -> JsonObject:
        name, percent = f"taxName{which}", f"taxAmount{which}"
        wanted, given = reader.text(name) or "", reader.percent(percent)
        known = taxes.named(self._organisation, wanted) if wanted else None
        if wanted and known is None and self._settings.unknown_tax == "422-1012":
            reader.wrong(UNKNOWN, name, "Tax not found.", wanted)
        if given is None:
            given = text(known.data.get("amount")) if known is not None else "0"
        return {
            name: wanted or None,
            percent: given,
            f"taxNumber{which}": known.data.get("number") if known is not None else None,
        }
