"""Lines of an invoice: what fills them in, what they add up to, what they refuse.

https://developer.xero.com/documentation/api/accounting/invoices; tax is rounded per line and then
summed (https://developer.xero.com/documentation/guides/how-to-guides/rounding-in-xero).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal

from xero_simulator.books import Organisation, Record
from xero_simulator.entities import account, tax
from xero_simulator.refusals import (
    ACCOUNT_INVALID,
    ACCOUNT_MISSING,
    DESCRIPTION_MISSING,
    DISCOUNT_ON_BILL,
    account_archived,
    account_not_valid,
    account_removed,
    line_total,
    tax_not_for_account,
    tax_unknown,
    too_long,
)
from xero_simulator.wire import (
    ZERO,
    JsonObject,
    as_list,
    as_object,
    cents,
    dec,
    decimal,
    number,
    plain,
    rounded,
    text,
)

NUMBERS = (
    "Quantity",
    "UnitAmount",
    "TaxAmount",
    "LineAmount",
    "DiscountRate",
    "DiscountAmount",
)
_LONGEST_DESCRIPTION = 4000
_MOST_MONEY = Decimal("9999999999.99")


@dataclass(slots=True)
class Heading:
    """What lines need to know of their invoice; collects what is wrong with them."""

    organisation: Organisation
    kind: str
    amounts: str
    approved: bool
    places: int
    wrong: list[str] = field(default_factory=list[str])
    warnings: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class Totals:
    """What an invoice comes to."""

    sub: Decimal
    tax: Decimal
    total: Decimal
    discount: Decimal


def resolve(heading: Heading, sent: list[JsonObject], before: list[JsonObject]) -> list[JsonObject]:
    """The lines that result from what was sent; a line named by its LineItemID goes on from what
    it was `before`, those not named are gone."""
    known = {text(each.get("LineItemID")): each for each in before}
    return [_line(heading, known.get(text(each.get("LineItemID")), {}), each) for each in sent]


def add_up(lines: list[JsonObject], amounts: str) -> Totals:
    """Sums of amounts and taxes that are rounded already."""
    net = sum((dec(each.get("LineAmount")) for each in lines), ZERO)
    taxes = sum((dec(each.get("TaxAmount")) for each in lines), ZERO)
    discount = ZERO
    for each in lines:
        full = cents(dec(each.get("Quantity")) * dec(each.get("UnitAmount")))
        if dec(each.get("DiscountRate")) or dec(each.get("DiscountAmount")):
            discount += full - dec(each.get("LineAmount"))
    if amounts == "Inclusive":
        return Totals(net - taxes, taxes, net, discount)
    return Totals(net, taxes, net + taxes, discount)


def tax_of(amount: Decimal, percent: Decimal, amounts: str, *, even: bool) -> Decimal:
    """The tax of one line, rounded to cents."""
    if amounts == "NoTax":
        return cents(ZERO)
    if amounts == "Inclusive":
        return amount - cents(amount / (1 + percent / 100), even=even)
    return cents(amount * percent / 100, even=even)


def _line(heading: Heading, before: JsonObject, sent: JsonObject) -> JsonObject:
    line: JsonObject = {"LineItemID": before.get("LineItemID") or heading.organisation.new_id()}
    merged = before | {key: value for key, value in sent.items() if key != "LineItemID"}
    found_item = _item(heading, line, merged)
    sales = as_object(found_item.data.get("SalesDetails")) if found_item else {}
    description = text(merged.get("Description"))
    if not description and found_item is not None:
        description = text(found_item.data.get("Description")) or text(found_item.data.get("Name"))
    if not description:
        heading.wrong.append(DESCRIPTION_MISSING)
    if len(description) > _LONGEST_DESCRIPTION:
        if heading.organisation.settings.over_length == "truncate":
            description = description[:_LONGEST_DESCRIPTION]
        else:
            heading.wrong.append(too_long("Description", _LONGEST_DESCRIPTION))
    line["Description"] = description
    speaks = ("Quantity", "UnitAmount", "LineAmount", "ItemCode", "AccountCode", "AccountID")
    if not any(text(merged.get(each)) for each in speaks):
        line |= {"LineAmount": 0.0, "TaxAmount": 0.0}
        return line
    amount = _amount(heading, line, merged, sent, sales)
    found = _account(heading, line, merged, sales)
    _tax(heading, line, before, merged, sent, sales, found, amount)
    tracking = as_list(merged.get("Tracking"))
    if tracking:
        line["Tracking"] = tracking[:2]
    return line


def _item(heading: Heading, line: JsonObject, merged: JsonObject) -> Record | None:
    code = text(merged.get("ItemCode"))
    if not code:
        return None
    held = heading.organisation.holders("item_code", code)
    if held:
        line["ItemCode"] = text(held[0].data.get("Code"))
        line["ItemID"] = held[0].id
        return held[0]
    former = heading.organisation.buried("Item", text(merged.get("ItemID")))
    if former is None or text(former.data.get("Code")).casefold() != code.casefold():
        heading.wrong.append(heading.organisation.settings.unknown_item_message)
    else:
        line |= {"ItemCode": code, "ItemID": former.id}
    return None


def _amount(
    heading: Heading, line: JsonObject, merged: JsonObject, sent: JsonObject, sales: JsonObject
) -> Decimal:
    quantity = rounded(dec(merged.get("Quantity", 1)), 4)
    unit = decimal(merged.get("UnitAmount"))
    told = decimal(sent.get("LineAmount"))
    if unit is None and told is not None and quantity:
        unit = told / quantity
    if unit is None:
        unit = dec(sales.get("UnitPrice"))
    unit = rounded(unit, heading.places)
    rate, off = dec(merged.get("DiscountRate")), dec(merged.get("DiscountAmount"))
    if (rate or off) and heading.kind == "ACCPAY":
        heading.wrong.append(DISCOUNT_ON_BILL)
    if rate and off:
        heading.wrong.append("Only one of DiscountRate and DiscountAmount may be specified")
    expected = cents(quantity * unit * (100 - rate) / 100) if rate else cents(quantity * unit) - off
    if told is not None and cents(told) != expected:
        heading.wrong.append(line_total(plain(told), plain(expected)))
    if abs(expected) > _MOST_MONEY:
        heading.wrong.append("The line amount exceeds the maximum of 9,999,999,999.99")
    line |= {"Quantity": number(quantity), "UnitAmount": number(unit)}
    line["LineAmount"] = number(expected)
    if rate:
        line["DiscountRate"] = number(rate)
    if off:
        line["DiscountAmount"] = number(off)
    return expected


def _account(
    heading: Heading, line: JsonObject, merged: JsonObject, sales: JsonObject
) -> Record | None:
    code, identifier = text(merged.get("AccountCode")), text(merged.get("AccountID"))
    found: Record | None = None
    if code:
        found = account.by_code(heading.organisation, code)
    elif identifier:
        found = heading.organisation.get("Account", identifier)
        if found is None and heading.approved:
            heading.wrong.append(ACCOUNT_INVALID)
            return None
    elif code := text(sales.get("AccountCode")):
        found = account.by_code(heading.organisation, code)
    if not code and found is None:
        # An item that isn't there has been complained about; it would have named the account.
        lost = bool(text(merged.get("ItemCode"))) and "ItemCode" not in line
        if heading.approved and not lost:
            heading.wrong.append(ACCOUNT_MISSING)
        return None
    code = code or text(found.data.get("Code") if found else "")
    if found is None or not found.active:
        if not heading.approved:
            heading.warnings.append(account_removed(code))
        elif found is None:
            heading.wrong.append(account_not_valid(code))
        else:
            heading.wrong.append(account_archived(code))
        return None
    if found.data.get("Type") == "BANK" or text(found.data.get("SystemAccount")):
        heading.wrong.append(account_not_valid(code))
        return None
    line |= {"AccountCode": text(found.data.get("Code")), "AccountID": found.id}
    return found


def _tax(
    heading: Heading,
    line: JsonObject,
    before: JsonObject,
    merged: JsonObject,
    sent: JsonObject,
    sales: JsonObject,
    found: Record | None,
    amount: Decimal,
) -> None:
    organisation = heading.organisation
    if heading.amounts == "NoTax":
        line |= {"TaxType": tax.untaxed(organisation.settings), "TaxAmount": 0.0}
        return
    default = text(found.data.get("TaxType")) if found else ""
    kind = text(merged.get("TaxType")) or text(sales.get("TaxType")) or default
    if not kind:
        line["TaxAmount"] = 0.0
        return
    percent = tax.rate_of(organisation, kind)
    if percent is None:
        heading.wrong.append(tax_unknown(kind))
        return
    if found is not None and not tax.applies(organisation, kind, text(found.data.get("Class"))):
        code = text(found.data.get("Code"))
        heading.wrong.append(tax_not_for_account(kind, code))
    line["TaxType"] = kind
    told = decimal(sent.get("TaxAmount"))
    unchanged = (
        before.get("LineAmount") == line["LineAmount"]
        and before.get("TaxType") == kind
        and before.get("Amounts") == heading.amounts
    )
    if told is None and unchanged:
        told = decimal(before.get("TaxAmount"))
    even = organisation.settings.tax_ties == "half_even"
    taxed = tax_of(amount, percent, heading.amounts, even=even) if told is None else cents(told)
    line |= {"TaxAmount": number(taxed), "Amounts": heading.amounts}


def item_shape(organisation: Organisation, line: JsonObject) -> JsonObject:
    """The `Item` of a line, while the item is there."""
    found = organisation.get("Item", text(line.get("ItemID")))
    if found is None:
        return {}
    shown: JsonObject = {"ItemID": found.id}
    if "Name" in found.data:
        shown["Name"] = found.data["Name"]
    return {"Item": shown | {"Code": found.data.get("Code")}}
