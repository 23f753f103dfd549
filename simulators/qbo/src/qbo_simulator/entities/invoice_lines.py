"""An invoice's lines: what each must have, and what they come to."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal

from qbo_simulator.books import Organisation, Record
from qbo_simulator.entities.checks import account_to_use, too_long
from qbo_simulator.entities.item import item_to_use
from qbo_simulator.entities.tax import TaxedLine, line_code, net_of
from qbo_simulator.provider_faults import (
    FaultError,
    ProviderFault,
    amount_mismatch,
    business,
    enumeration,
    required,
)
from qbo_simulator.wire import (
    ZERO,
    Json,
    JsonObject,
    as_list,
    as_object,
    cents,
    dec,
    number,
    objects,
    ref_value,
    text,
)

_KINDS = (
    "SalesItemLineDetail",
    "DiscountLineDetail",
    "DescriptionOnly",
    "GroupLineDetail",
    "SubTotalLineDetail",
)
_MOST_LINES = 10_000
_DEFAULT_ITEM: JsonObject = {"value": "1", "name": "Services"}


@dataclass(frozen=True, slots=True)
class Lines:
    """The lines as an answer shows them, and their sums."""

    body: list[Json]
    subtotal: Decimal
    discount: Decimal
    taxed: list[TaxedLine]


def priced(
    organisation: Organisation,
    customer: Record,
    lines: list[JsonObject],
    known_ids: frozenset[str],
) -> Lines:
    """Check every line and add them up; a line with one of `known_ids` keeps it.

    Raises ProviderFault: 2020, 2050, 2170, 2500, 6000, 6070, 6100.
    """
    if len(lines) > _MOST_LINES:
        raise business(f"An invoice can have at most {_MOST_LINES} lines.")
    body: list[Json] = []
    discounts: list[JsonObject] = []
    taxed: list[TaxedLine] = []
    errors: list[FaultError] = []
    subtotal = ZERO
    ids = _line_ids(lines, known_ids)
    for identifier, line in zip(ids, lines, strict=True):
        kind = text(line.get("DetailType"))
        if not kind:
            raise required("Line.DetailType", "Line.DetailType")
        if kind not in _KINDS:
            raise enumeration("DetailType", kind)
        errors += too_long(line.get("Description"), 4000, "Description")
        if kind == "SubTotalLineDetail":
            continue
        if kind == "DiscountLineDetail":
            discounts.append(line)
            continue
        shown: JsonObject = {"Id": identifier, "LineNum": len(body) + 1}
        if "Description" in line:
            shown["Description"] = line["Description"]
        if kind == "SalesItemLineDetail":
            detail, line_tax = _sale(organisation, customer, line)
            amount = line_tax.amount
            subtotal += amount
            taxed.append(line_tax)
            shown |= {"Amount": number(amount), "DetailType": kind, kind: detail}
        else:
            inner = "DescriptionLineDetail" if kind == "DescriptionOnly" else kind
            shown |= {"DetailType": kind, inner: line.get(inner) or {}}
        shown["CustomExtensions"] = []
        body.append(shown)
    if errors:
        raise ProviderFault(*errors)
    body.append(
        {"Amount": number(subtotal), "DetailType": "SubTotalLineDetail", "SubTotalLineDetail": {}}
    )
    discount = ZERO
    for line in discounts:
        amount, shown = _discount(organisation, line, subtotal)
        discount += amount
        body.append(shown)
    return Lines(body, subtotal, discount, taxed)


def stored(lines: Json) -> Lines:
    """The lines an invoice already has, for an update that doesn't touch them."""
    subtotal, discount = ZERO, ZERO
    taxed: list[TaxedLine] = []
    for line in objects(lines):
        amount = dec(line.get("Amount"))
        if line.get("DetailType") == "SalesItemLineDetail":
            subtotal += amount
            detail = as_object(line.get("SalesItemLineDetail"))
            gross = detail.get("TaxInclusiveAmt")
            tax = dec(gross) - amount if gross is not None else None
            taxed.append(TaxedLine(amount, ref_value(detail.get("TaxCodeRef")), tax))
        elif line.get("DetailType") == "DiscountLineDetail":
            discount += amount
    return Lines(as_list(lines), subtotal, discount, taxed)


def after_discount(lines: Lines) -> list[TaxedLine]:
    """The tax base when discounts come before tax: each line's share taken off."""
    if not lines.discount or not lines.subtotal:
        return lines.taxed
    kept = (lines.subtotal - lines.discount) / lines.subtotal
    return [
        TaxedLine(
            cents(each.amount * kept),
            each.code,
            None if each.tax is None else cents(each.tax * kept),
        )
        for each in lines.taxed
    ]


def voided(lines: Json) -> list[Json]:
    """The same lines worth nothing."""
    result: list[Json] = []
    for line in objects(lines):
        emptied = dict(line)
        if "Amount" in emptied:
            emptied["Amount"] = 0
        detail = as_object(emptied.get("SalesItemLineDetail"))
        if detail:
            emptied["SalesItemLineDetail"] = detail | {"Qty": 0}
        result.append(emptied)
    return result


def _line_ids(lines: list[JsonObject], known: frozenset[str]) -> list[str]:
    kept = {text(line.get("Id")) for line in lines} & known
    following = max((int(each) for each in kept | known if each.isdigit()), default=0)
    ids: list[str] = []
    for line in lines:
        identifier = text(line.get("Id"))
        if identifier in kept and identifier not in ids:
            ids.append(identifier)
        else:
            following += 1
            ids.append(str(following))
    return ids


def _sale(
    organisation: Organisation, customer: Record, line: JsonObject
) -> tuple[JsonObject, TaxedLine]:
    if line.get("Amount") is None:
        raise required("Line.Amount", "Line.Amount")
    amount = dec(line.get("Amount"))
    sent = as_object(line.get("SalesItemLineDetail"))
    quantity, price = dec(sent.get("Qty")), dec(sent.get("UnitPrice"))
    if quantity and "UnitPrice" in sent and cents(quantity * price) != cents(amount):
        raise amount_mismatch(organisation.settings.amount_mismatch, text(line.get("Amount")))
    detail: JsonObject = {}
    item: Record | None = None
    if ref_value(sent.get("ItemRef")):
        item = item_to_use(organisation, sent.get("ItemRef"))
        detail["ItemRef"] = {"value": item.id, "name": text(item.data.get("FullyQualifiedName"))}
        if (income := item.data.get("IncomeAccountRef")) is not None:
            account = account_to_use(organisation, income)
            named = text(account.data.get("FullyQualifiedName"))
            detail["ItemAccountRef"] = {"value": account.id, "name": named}
    elif organisation.settings.line_without_item == "refuse":
        raise required("Line.SalesItemLineDetail.ItemRef", "Line.SalesItemLineDetail.ItemRef")
    else:
        detail["ItemRef"] = dict(_DEFAULT_ITEM)
    if price:
        detail["UnitPrice"] = sent["UnitPrice"]
    elif quantity:
        detail["UnitPrice"] = number(amount / quantity)
    if quantity:
        detail["Qty"] = sent["Qty"]
    for name in ("ServiceDate", "ClassRef", "DiscountRate", "DiscountAmt", "TaxInclusiveAmt"):
        if sent.get(name):
            detail[name] = sent[name]
    code = line_code(organisation, sent.get("TaxCodeRef"), item, customer)
    detail["TaxCodeRef"] = {"value": code}
    gross = dec(sent.get("TaxInclusiveAmt"))
    if gross and organisation.settings.tax_mode == "codes":
        # The price includes tax: what is booked is the rest.
        net = net_of(organisation, code, gross)
        return detail, TaxedLine(net, code, gross - net)
    detail.pop("TaxInclusiveAmt", None)
    return detail, TaxedLine(cents(amount), code)


def _discount(
    organisation: Organisation, line: JsonObject, subtotal: Decimal
) -> tuple[Decimal, JsonObject]:
    if not organisation.settings.allow_discount:
        raise business("Discounts are turned off for this company.")
    sent = as_object(line.get("DiscountLineDetail"))
    percent = dec(sent.get("DiscountPercent"))
    if sent.get("PercentBased") is True:
        amount = cents(subtotal * percent / 100)
    else:
        amount = cents(dec(line.get("Amount")))
    if sent.get("DiscountAccountRef") is not None:
        account_to_use(organisation, sent.get("DiscountAccountRef"))
    detail: JsonObject = {
        "PercentBased": sent.get("PercentBased") is True,
        "DiscountAccountRef": sent.get("DiscountAccountRef")
        or {"value": "86", "name": "Discounts given"},
    }
    if sent.get("PercentBased") is True:
        detail["DiscountPercent"] = number(percent)
    kind = "DiscountLineDetail"
    return amount, {"Amount": number(amount), "DetailType": kind, kind: detail}
