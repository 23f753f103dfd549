"""Lines of an invoice. Nothing that Xero works out is sent: a line total that differs from its own
by a cent is refused (https://github.com/XeroAPI/Xero-NetStandard/issues/412).

Its own is round(quantity × price × (100 − discount) / 100) to the cent, with four decimals for
quantity and price (https://developer.xero.com/documentation/api/accounting/invoices). Where that
isn't our amount, the line goes as one piece at our amount, and the outcome says so.
"""

import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import cast

from connector_kit.answers import Refused
from contracts.causes import cause_of
from contracts.commands import ItemRef, RoundingLine, SyncInvoice
from contracts.invoicing import InvoiceLine
from contracts.sync import ProviderDetails
from contracts.taxes import rounded

from connector_xero.wire import LineItem, LineItemItem, plain

_DESCRIPTION_LIMIT = 4000
_DECIMALS = -4
_ACCOUNT_CODE = re.compile(r"account code '([^']*)'", re.IGNORECASE)


@dataclass(frozen=True)
class Priced:
    """What gives the line's amount there; `changed` if it isn't as it is here."""

    quantity: Decimal
    unit_amount: Decimal
    discount: Decimal | None
    changed: bool


def priced(line: InvoiceLine) -> Priced:
    """How the line is priced there. A discount of nothing is left out: sent, it was refused."""
    discount = line.discount_percent
    exact = all(_fits(value, _DECIMALS) for value in (line.quantity, line.unit_price))
    amount = rounded(line.quantity * line.unit_price * (100 - discount) / 100, 2)
    if exact and _fits(discount, -2) and amount == rounded(line.amount, 2):
        return Priced(line.quantity, line.unit_price, discount or None, changed=False)
    return Priced(Decimal(1), rounded(line.amount, 2), None, changed=True)


def _fits(value: Decimal, exponent: int) -> bool:
    own = value.normalize().as_tuple().exponent
    return isinstance(own, int) and own >= exponent


def lines_problem(command: SyncInvoice, codes: Mapping[str, str]) -> Refused | None:
    """Why these lines can't be sent. One without an item names its account alone."""
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
        if line.item_id is None:
            continue
        if item is None or item.remote_id is None:
            return _defect(f"line {line.position} names an item that isn't linked")
        if str(line.item_id) not in codes:
            return _defect(f"the code of the item of line {line.position} wasn't read")
    return None if command.invoice.lines else _defect("an invoice without lines")


def line_of(
    line: InvoiceLine, price: Priced, item: ItemRef, code: str | None, tax: str | None
) -> LineItem:
    """The line as it goes out, without an item's code if it has none. A description is mandatory
    there: the item's name stands in. An account is named by its code, one without a code by its id.
    """
    text = line.description.strip() or item.name
    return LineItem(
        item_code=code,
        description=text[:_DESCRIPTION_LIMIT],
        quantity=price.quantity,
        unit_amount=price.unit_amount,
        discount_rate=price.discount,
        account_code=item.income_account_code,
        account_id=None if item.income_account_code else item.income_account_id,
        tax_type=tax,
    )


def rounding_line(rounding: RoundingLine, tax: str | None) -> LineItem:
    """What equalises the total: a line of its own on the account chosen, without tax."""
    return LineItem(
        description="Rounding",
        quantity=Decimal(1),
        unit_amount=rounding.amount,
        account_id=rounding.income_account_id,
        tax_type=tax,
    )


def accounts_named(items: Iterable[ItemRef], rounding: RoundingLine | None) -> str:
    """Which account each code stands for, as text: a refusal names a code. Under no code: one that
    is named by its id."""
    named: dict[str, str] = {}
    for item in items:
        if item.income_account_id:
            named.setdefault(item.income_account_code or "", item.income_account_id)
    if rounding is not None and rounding.income_account_id:
        named[""] = rounding.income_account_id
        named.setdefault(rounding.income_account_code or "", rounding.income_account_id)
    return json.dumps(named)


def account_named(accounts: str, refusal: str) -> str | None:
    """The account that a refusal is about, of those in `accounts`; None if nothing tells."""
    parsed: object = json.loads(accounts or "{}")
    named = cast("dict[str, str]", parsed) if isinstance(parsed, dict) else {}
    said = _ACCOUNT_CODE.search(refusal)
    return named.get("" if said is None else said[1])


def remembered(line: LineItem, item: ItemRef | None, amount: Decimal) -> LineItem:
    """The line as a list shows it later, to compare by."""
    there = None if item is None else LineItemItem(item_id=item.remote_id)
    return line.model_copy(update={"item": there, "line_amount": rounded(amount, 2)})


def taxes_digest(lines: Iterable[LineItem]) -> str | None:
    """The TaxTypes of all lines as one value to compare by; None where a line has none."""
    types = [line.tax_type for line in lines]
    if not types or not all(types):
        return None
    return hashlib.sha256("\x1f".join(t or "" for t in types).encode()).hexdigest()[:16]


def digest(lines: Iterable[LineItem]) -> str:
    """All lines as one value to compare by: too long to be kept word for word.

    The account isn't in it: where a bookkeeper moves a line to another one, that may stay. Nor is
    the item's code, which may be changed there for the same item.
    """
    text = "\n".join(_text(line) for line in lines)
    return hashlib.sha256(text.encode()).hexdigest()


def _text(line: LineItem) -> str:
    amounts = (line.quantity, line.unit_amount, line.discount_rate or None, line.line_amount)
    return "\x1f".join(
        (
            (line.item.item_id if line.item else None) or "",
            *("" if amount is None else plain(amount) for amount in amounts),
            (line.description or "").strip(),
        )
    )


def _defect(reason: str) -> Refused:
    return Refused(cause_of("our_mistake", details=ProviderDetails(provider_message=reason)))
