"""Products and services. Rules:
https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/item
"""

from __future__ import annotations

from qbo_simulator.books import Organisation, Record
from qbo_simulator.entities.account import is_income
from qbo_simulator.entities.checks import (
    account_to_use,
    bad_name,
    free_deleted_name,
    given,
    lengths,
    merged,
    name_taken,
    without_deleted,
)
from qbo_simulator.provider_faults import (
    ProviderFault,
    business,
    enumeration,
    inactive_reference,
    not_found,
    number_error,
    required,
    unknown_reference,
    wrong_account_type,
)
from qbo_simulator.wire import Json, JsonObject, dec, ref_value, text, words

WRITABLE = words(
    "Name Sku Description Active SubItem ParentRef Taxable SalesTaxIncluded UnitPrice Type "
    "IncomeAccountRef PurchaseDesc PurchaseTaxIncluded PurchaseCost ExpenseAccountRef "
    "AssetAccountRef TrackQtyOnHand QtyOnHand InvStartDate SalesTaxCodeRef PurchaseTaxCodeRef "
    "ReorderPoint ClassRef PrefVendorRef ServiceType ItemCategoryType AbatementRate "
    "ReverseChargeRate CustomField"
)
_TYPES = ("Service", "NonInventory", "Inventory", "Category")
_HIGHEST_PRICE = 99_999_999_999
_LINE_REF = "Line.SalesItemLineDetail.ItemRef"


def created(organisation: Organisation, body: JsonObject) -> JsonObject:
    """The content of a new item. Raises ProviderFault."""
    content = given(body, WRITABLE)
    content["Active"] = True
    content.setdefault("Type", "Service")
    return _completed(organisation, content, None)


def updated(
    organisation: Organisation, record: Record, body: JsonObject, *, sparse: bool
) -> JsonObject:
    """The content of the item's next version. Raises ProviderFault."""
    content = merged(record.data, body, WRITABLE) if sparse else given(body, WRITABLE)
    content.setdefault("Active", record.data.get("Active", True))
    content.setdefault("Type", record.data.get("Type"))
    if not record.active and content["Active"] is False:
        if organisation.settings.edit_inactive == "refuse":
            raise not_found()
    elif content["Active"] is False:
        content["Name"] = free_deleted_name(organisation, "Item", text(content.get("Name")))
    elif not record.active and organisation.settings.reactivate_strips_suffix:
        content["Name"] = without_deleted(text(content.get("Name")))
    return _completed(organisation, content, record)


def item_to_use(organisation: Organisation, ref: Json) -> Record:
    """The item a line names, fit for a sale. Raises ProviderFault 2500, 610 or 6000."""
    item = organisation.get("Item", ref_value(ref))
    if item is None:
        raise unknown_reference(_LINE_REF)
    if not item.active:
        raise inactive_reference(organisation.settings.inactive_reference)
    if item.data.get("Type") == "Category":
        raise business("Categories cannot be used in transactions.")
    return item


def _completed(
    organisation: Organisation, content: JsonObject, record: Record | None
) -> JsonObject:
    name = text(content.get("Name")).strip()
    if not name:
        raise required("Name", "Name")
    if fault := bad_name(name, organisation.settings):
        raise fault
    limits = {"Sku": 100, "Description": 4000, "PurchaseDesc": 1000}
    renamed = record is None or name != text(record.data.get("Name"))
    if renamed and content["Active"] is not False:
        limits["Name"] = 100
    errors = lengths(content, limits)
    if abs(dec(content.get("UnitPrice"))) > _HIGHEST_PRICE:
        errors.append(number_error("UnitPrice", text(content.get("UnitPrice"))))
    if errors:
        raise ProviderFault(*errors)
    kind = text(content.get("Type"))
    if kind not in _TYPES:
        raise enumeration("Type", kind)
    parent = organisation.get("Item", ref_value(content.get("ParentRef")))
    full = f"{text(parent.data.get('FullyQualifiedName'))}:{name}" if parent else name
    for holder in organisation.holders("Item", full):
        if holder is not record:
            raise name_taken(holder, organisation.settings, "product or service")
    _fill_accounts(organisation, content, record)
    content.setdefault("Taxable", False)
    content.setdefault("UnitPrice", 0)
    if kind == "Category":
        content.pop("UnitPrice")
    content.setdefault("PurchaseCost", 0)
    content.setdefault("TrackQtyOnHand", False)
    return {
        **content,
        "Name": name,
        "FullyQualifiedName": full,
        "Type": kind,
        "DeferredRevenue": False,
        "Active": content["Active"] is not False,
    }


def _fill_accounts(organisation: Organisation, content: JsonObject, record: Record | None) -> None:
    kind = content.get("Type")
    if kind == "Category":
        return
    if content.get("IncomeAccountRef") is None and content.get("ExpenseAccountRef") is None:
        raise required("ExpenseAccountRef or IncomeAccountRef")
    for name in ("IncomeAccountRef", "ExpenseAccountRef"):
        ref = content.get(name)
        before = ref_value(record.data.get(name)) if record else ""
        if ref is None or ref_value(ref) == before:
            continue
        account = account_to_use(organisation, ref)
        if name == "IncomeAccountRef" and not is_income(account):
            raise wrong_account_type(organisation.settings.wrong_account_type)
        content[name] = _named(account)
    if kind == "Inventory":
        for name in ("AssetAccountRef", "QtyOnHand", "InvStartDate"):
            if content.get(name) is None:
                raise required(name, name)
        content["TrackQtyOnHand"] = True


def _named(account: Record) -> JsonObject:
    return {"value": account.id, "name": text(account.data.get("FullyQualifiedName"))}
