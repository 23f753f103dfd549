"""A file's lines of one invoice put together, or what is wrong with them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from contracts.invoicing import MAX_LINES
from contracts.money import round_amount

from invoice_api.imports.columns import Columns, Field
from invoice_api.imports.values import Style, date_of, number_of

_PLACES = Decimal("0.000001")
_MOST = Decimal(10) ** 12


@dataclass(frozen=True)
class FileLine:
    """One record of the file as it was staged."""

    line: int
    cells: tuple[str, ...]
    wrong: str | None = None


@dataclass(frozen=True)
class WantedItem:
    """What a line sells: by its SKU, else by its name. A mere description makes no new item."""

    name: str
    sku: str | None
    may_be_new: bool = True

    @property
    def key(self) -> tuple[str, str]:
        return ("sku", folded(self.sku)) if self.sku else ("name", folded(self.name))


@dataclass(frozen=True)
class WantedLine:
    line: int
    item: WantedItem | None
    description: str
    quantity: Decimal
    unit_price: Decimal
    discount: Decimal | None = None
    tax: str = ""
    """A tax rate's name or percent, as the file says it."""


@dataclass(frozen=True)
class WantedCustomer:
    name: str
    email: str | None

    @property
    def key(self) -> tuple[str, str]:
        return (folded(self.name), folded(self.email or ""))


@dataclass
class Assembled:
    """One invoice of the file. `wrong` says what is wrong with which line (0: with the whole)."""

    number: str
    customer: WantedCustomer | None = None
    issue_date: date | None = None
    due_date: date | None = None
    currency: str | None = None
    memo: str | None = None
    lines: list[WantedLine] = field(default_factory=list[WantedLine])
    wrong: dict[int, str] = field(default_factory=dict[int, str])

    def blame(self, line: int, why: str) -> None:
        """The first thing that is wrong with a line is enough."""
        self.wrong.setdefault(line, why)


def folded(text: str) -> str:
    """As names are compared: whatever their case and spaces."""
    return " ".join(text.split()).lower()


def assemble(number: str, found: Sequence[FileLine], columns: Columns, style: Style) -> Assembled:
    """The invoice that these lines say, in the file's order."""
    made = Assembled(number)
    _read_head(made, found, columns, style)
    for one in found:
        if one.wrong is not None:
            made.blame(one.line, f"This line {one.wrong}.")
            continue
        _read_line(made, one, columns, style)
    if len(found) > MAX_LINES:
        made.blame(0, f"It has {len(found):,} lines; an invoice takes up to {MAX_LINES:,}.")
    return made


def below_zero(made: Assembled, currency: str) -> Decimal | None:
    """The sum of its lines where that is less than nothing: a cancellation or a credit."""
    total = sum(
        (round_amount(one.quantity * one.unit_price, currency) for one in made.lines), Decimal(0)
    )
    return total if total < 0 else None


def _read_head(made: Assembled, found: Sequence[FileLine], columns: Columns, style: Style) -> None:
    """What an invoice has once: the first line that says it, and no line may say otherwise."""
    said: dict[Field, tuple[str, int]] = {}
    for one in found:
        if one.wrong is not None:
            continue
        for name in ("customer", "email", "currency", "memo"):
            text = columns.cell(one.cells, name)
            if text and name not in said:
                said[name] = (text, one.line)
            elif text and name != "memo" and folded(text) != folded(said[name][0]):
                made.blame(
                    one.line,
                    f"Line {said[name][1]} of the same invoice says {name} “{said[name][0]}”,"
                    f" this one “{text}”.",
                )
    _read_dates(made, found, columns, style)
    if "customer" in said:
        email = said["email"][0] if "email" in said else None
        made.customer = WantedCustomer(" ".join(said["customer"][0].split()), email)
    else:
        made.blame(0, "It has no customer.")
    made.currency = said["currency"][0].upper() if "currency" in said else None
    made.memo = said["memo"][0] if "memo" in said else None


def _read_dates(made: Assembled, found: Sequence[FileLine], columns: Columns, style: Style) -> None:
    due_on = 0
    for one in found:
        if one.wrong is not None:
            continue
        issued = columns.cell(one.cells, "date")
        day = date_of(issued, style) if issued else None
        if issued and day is None:
            made.blame(one.line, f"“{issued}” is no date we can read; write 2026-06-15.")
        elif day is not None and made.issue_date is None:
            made.issue_date = day
        elif day is not None and day != made.issue_date:
            made.blame(
                one.line, f"Other lines of the same invoice are dated {made.issue_date}, not {day}."
            )
        due = columns.cell(one.cells, "due_date")
        if due and made.due_date is None:
            made.due_date = date_of(due, style)
            if made.due_date is None:
                made.blame(one.line, f"“{due}” is no due date we can read; write 2026-06-15.")
            due_on = one.line
    if made.issue_date and made.due_date and made.due_date < made.issue_date:
        made.blame(
            due_on,
            f"It is due {made.due_date}, before the invoice's date {made.issue_date}.",
        )
    if made.issue_date is None and not made.wrong:
        made.blame(0, "It has no date.")


def _read_line(made: Assembled, one: FileLine, columns: Columns, style: Style) -> None:
    extra = [cell for cell in one.cells[columns.width :] if cell]
    if extra:
        made.blame(
            one.line,
            f"This line has {len(one.cells)} cells and the header {columns.width}: a separator"
            " too many, or a text that needs quotation marks.",
        )
        return
    numbers = _Numbers(made, one, columns, style)
    quantity = numbers.read("quantity", "quantity")
    price = numbers.read("unit_price", "unit price")
    amount = numbers.read("amount", "amount")
    discount = numbers.read("discount", "discount")
    tax = columns.cell(one.cells, "tax")
    if not tax and numbers.read("tax_amount", "tax amount"):
        made.blame(one.line, "It has an amount of tax and no tax rate.")
    if quantity is None:
        quantity = Decimal(1)
    if price is None and amount is not None and quantity:
        price = _price_of(amount, quantity)
    if price is None:
        made.blame(one.line, "It has no unit price.")
        return
    if abs(quantity) >= _MOST or abs(price) >= _MOST:
        made.blame(one.line, "Its quantity or price has more than 12 digits before the point.")
        return
    description = columns.cell(one.cells, "description")
    made.lines.append(
        WantedLine(
            one.line,
            _item(one, columns, description),
            description[:1_000],
            quantity,
            price,
            discount,
            tax,
        )
    )


def _item(one: FileLine, columns: Columns, description: str) -> WantedItem | None:
    sku = columns.cell(one.cells, "sku") or None
    named = columns.cell(one.cells, "item")
    name = " ".join((named or description or sku or "").split())
    return WantedItem(name[:100], sku, bool(named or sku)) if name else None


def _price_of(amount: Decimal, quantity: Decimal) -> Decimal:
    """The price with the fewest digits that comes to the amount."""
    for places in (2, 4):
        price = (amount / quantity).quantize(Decimal(1).scaleb(-places))
        if price * quantity == amount:
            return price
    return (amount / quantity).quantize(_PLACES)


@dataclass(frozen=True)
class _Numbers:
    made: Assembled
    one: FileLine
    columns: Columns
    style: Style

    def read(self, name: Field, words: str) -> Decimal | None:
        """The number; None where the cell is empty. What is no number is blamed."""
        text = self.columns.cell(self.one.cells, name).removesuffix("%").strip()
        if not text:
            return None
        value = number_of(text, self.style)
        if value is None:
            self.made.blame(self.one.line, f"“{text}” is no {words} we can read.")
        elif abs(value) < _MOST and value != value.quantize(_PLACES):
            self.made.blame(self.one.line, f"“{text}” has more than 6 digits after the point.")
        return value
