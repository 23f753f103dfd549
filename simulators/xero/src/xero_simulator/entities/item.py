"""Items: the price list.

https://developer.xero.com/documentation/api/accounting/items
"""

from __future__ import annotations

from datetime import datetime

from xero_simulator.books import Organisation, Record
from xero_simulator.dates import wire, wire_short
from xero_simulator.entities import account, tax
from xero_simulator.entities.fields import fitted, numbers
from xero_simulator.refusals import (
    ACCOUNT_INVALID,
    ITEM_CODE_MISSING,
    UNKNOWN_DOCUMENT,
    ZERO_ID,
    InvalidError,
    NotFoundError,
    account_archived,
    errors,
    tax_not_for_account,
    tax_unknown,
)
from xero_simulator.wire import JsonObject, as_object, dec, flag, number, objects, rounded, text

MOST = 500
"""Elements of one request."""
_LENGTHS = {"Code": 30, "Name": 50, "Description": 4000, "PurchaseDescription": 4000}
_SIDES = (("SalesDetails", "REVENUE"), ("PurchaseDetails", "EXPENSE"))


def check_types(body: JsonObject, path: str) -> None:
    """Raises ApiError for what can't be read at all."""
    for side, _ in _SIDES:
        numbers(as_object(body.get(side)), ("UnitPrice",), f"{path}.{side}")


def find(organisation: Organisation, key: str) -> Record | None:
    """An item by its id or its code."""
    found = organisation.get("Item", key)
    if found is not None:
        return found
    held = organisation.holders("item_code", key)
    return held[0] if held else None


def identify(organisation: Organisation, body: JsonObject) -> Record | None:
    """The item that a POST means, by ItemID, else Code. Raises NotFoundError or InvalidError for
    an ItemID that isn't there."""
    if identifier := text(body.get("ItemID")):
        found = organisation.get("Item", identifier)
        if found is None:
            if organisation.settings.unknown_id == "not_found":
                raise NotFoundError
            raise InvalidError(UNKNOWN_DOCUMENT)
        return found
    held = organisation.holders("item_code", text(body.get("Code")))
    return held[0] if held else None


def write(
    organisation: Organisation,
    body: JsonObject,
    now: datetime,
    *,
    create_only: bool,
    places: int,
) -> Record:
    """What a PUT (`create_only`) or a POST of one item does. Raises InvalidError,
    NotFoundError."""
    record = None if create_only else identify(organisation, body)
    wrong: list[str] = []
    data: JsonObject = dict(record.data) if record else {"IsSold": True, "IsPurchased": True}
    data |= fitted(body, _LENGTHS, organisation.settings, wrong)
    code = text(data.get("Code"))
    if not code:
        wrong.append(ITEM_CODE_MISSING)
    holders = organisation.holders("item_code", code)
    if code and any(each is not record for each in holders):
        told = organisation.settings.item_taken_message
        wrong.append(told.replace("{code}", code))
    for field in ("IsSold", "IsPurchased", "IsTrackedAsInventory"):
        if field in body:
            data[field] = flag(body.get(field))
    if text(body.get("InventoryAssetAccountCode")):
        data["InventoryAssetAccountCode"] = text(body.get("InventoryAssetAccountCode"))
    for side, account_class in _SIDES:
        if isinstance(body.get(side), dict):
            before = as_object(data.get(side))
            data[side] = _side(
                organisation, before, as_object(body[side]), account_class, places, wrong
            )
    if data.get("IsTrackedAsInventory") is True and not (
        data.get("InventoryAssetAccountCode")
        and as_object(data.get("PurchaseDetails")).get("COGSAccountCode")
    ):
        wrong.append(
            "InventoryAssetAccountCode and COGSAccountCode must be specified for a tracked item"
        )
    if data["IsSold"] is False:
        data.pop("Description", None)
        data.pop("SalesDetails", None)
    if data["IsPurchased"] is False:
        data.pop("PurchaseDescription", None)
        data.pop("PurchaseDetails", None)
    if wrong:
        raise InvalidError(*wrong)
    data = {key: value for key, value in data.items() if value != ""}
    if record is None:
        return organisation.add("Item", organisation.new_id(), data, now)
    if data != record.data:
        organisation.replace(record, data, now)
    return record


def delete(organisation: Organisation, record: Record, now: datetime) -> None:
    """Gone for good; invoices keep their lines. Raises InvalidError."""
    tracked = record.data.get("IsTrackedAsInventory") is True
    if (tracked or organisation.settings.delete_used_item == "refuse") and used(
        organisation, record
    ):
        raise InvalidError(organisation.settings.item_in_use_message)
    organisation.delete(record, now)


def follow_accounts(organisation: Organisation, now: datetime) -> None:
    """Each side's TaxType becomes its account's, after the accounts' own have changed."""
    for record in list(organisation.all("Item")):
        data = dict(record.data)
        for side, _ in _SIDES:
            details = as_object(data.get(side))
            found = account.by_code(organisation, text(details.get("AccountCode")))
            if found is not None and "TaxType" in details:
                data[side] = {**details, "TaxType": found.data.get("TaxType")}
        if data != record.data:
            organisation.replace(record, data, now)


def used(organisation: Organisation, record: Record) -> bool:
    """Whether an invoice has a line of it."""
    return any(
        text(line.get("ItemID")) == record.id
        for each in organisation.all("Invoice")
        for line in objects(each.data.get("LineItems"))
    )


def _side(
    organisation: Organisation,
    before: JsonObject,
    sent: JsonObject,
    account_class: str,
    places: int,
    wrong: list[str],
) -> JsonObject:
    after = dict(before)
    if "UnitPrice" in sent:
        after["UnitPrice"] = number(rounded(dec(sent["UnitPrice"]), places))
    for field in ("AccountCode", "COGSAccountCode", "TaxType"):
        if field in sent:
            after[field] = text(sent[field])
    after = {key: value for key, value in after.items() if value != ""}
    code = text(after.get("AccountCode"))
    found = account.by_code(organisation, code) if code else None
    if code and found is None:
        wrong.append(ACCOUNT_INVALID)
    elif found is not None and not found.active:
        wrong.append(account_archived(code))
    kind = text(after.get("TaxType"))
    if not kind and found is not None:
        after["TaxType"] = found.data.get("TaxType")
    elif kind and tax.rate_of(organisation, kind) is None:
        wrong.append(tax_unknown(kind))
    elif kind and found is not None:
        its_class = text(found.data.get("Class")) or account_class
        if not tax.applies(organisation, kind, its_class):
            wrong.append(tax_not_for_account(kind, code))
    return after


def shape(record: Record, places: int, *, written: bool = False) -> JsonObject:
    """An item as answers show it; after a write its time has no offset."""
    data = record.data
    body: JsonObject = {
        "ItemID": record.id,
        "Code": data.get("Code"),
        "UpdatedDateUTC": wire_short(record.updated) if written else wire(record.updated),
    }
    for side, _ in reversed(_SIDES):
        details = dict(as_object(data.get(side)))
        if "UnitPrice" in details:
            details["UnitPrice"] = number(rounded(dec(details["UnitPrice"]), places))
        body[side] = details
    body |= {
        each: data[each]
        for each in ("Name", "Description", "PurchaseDescription", "InventoryAssetAccountCode")
        if each in data
    }
    tracked = data.get("IsTrackedAsInventory") is True
    body |= {
        "IsTrackedAsInventory": tracked,
        "IsSold": data.get("IsSold") is True,
        "IsPurchased": data.get("IsPurchased") is True,
    }
    if tracked:
        body |= {"QuantityOnHand": 0.0, "TotalCostPool": 0.0}
    if written:
        body["ValidationErrors"] = []
    return body


def refused(record: Record | None, body: JsonObject, messages: list[str]) -> JsonObject:
    """What was sent, with what is wrong about it."""
    echo: JsonObject = {"ItemID": record.id if record else ZERO_ID}
    # The SDK reads no item without a Code.
    echo["Code"] = text(body.get("Code")) or text(record.data.get("Code") if record else "")
    for field in ("Name", "Description", "PurchaseDescription"):
        if field in body:
            echo[field] = text(body[field])
    for side, _ in reversed(_SIDES):
        echo[side] = as_object(body.get(side))
    for field in ("IsTrackedAsInventory", "IsSold", "IsPurchased"):
        if field in body:
            echo[field] = flag(body[field])
    echo["ValidationErrors"] = errors(messages)
    return echo
