"""Customers, and the other two that share their names: vendors and employees.

Rules: https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/customer
"""

from __future__ import annotations

from qbo_simulator.books import Organisation, Record
from qbo_simulator.entities.checks import (
    bad_name,
    email,
    free_deleted_name,
    given,
    lengths,
    merged,
    name_taken,
    too_long,
    without_deleted,
)
from qbo_simulator.provider_faults import (
    FaultError,
    ProviderFault,
    business,
    has_balance,
    inactive_reference,
    not_found,
    required,
    unknown_name,
)
from qbo_simulator.settings import CURRENCY_NAMES
from qbo_simulator.wire import Json, JsonObject, as_object, dec, ref_value, text, words

_PERSON = ("Title", "GivenName", "MiddleName", "FamilyName", "Suffix")
_ADDRESS_LIMITS = {
    **dict.fromkeys(("Line1", "Line2", "Line3", "Line4", "Line5"), 500),
    "City": 255,
    "Country": 255,
    "CountrySubDivisionCode": 255,
    "PostalCode": 30,
}
_ADDRESS_TOTAL = 2000
_DEEPEST = 5

WRITABLE = words(
    "Taxable BillAddr ShipAddr Notes Job BillWithParent ParentRef AcctNum "
    "PreferredDeliveryMethod ResaleNum PrimaryTaxIdentifier SecondaryTaxIdentifier "
    "BusinessNumber GSTIN GSTRegistrationType TaxExemptionReasonId CustomerTypeRef "
    "SalesTermRef PaymentMethodRef CurrencyRef ARAccountRef Title GivenName MiddleName "
    "FamilyName Suffix CompanyName DisplayName PrintOnCheckName Active PrimaryPhone "
    "AlternatePhone Mobile Fax PrimaryEmailAddr WebAddr DefaultTaxCodeRef CreditLimit "
    "CustomField OtherAddr"
)


def created(organisation: Organisation, body: JsonObject) -> JsonObject:
    """The content of a new customer. Raises ProviderFault."""
    content = given(body, WRITABLE)
    content["Active"] = True
    opening = dec(body.get("Balance"))
    _fill_names(organisation, content)
    _check(organisation, content)
    _check_free(organisation, text(content["DisplayName"]), None)
    currency = ref_value(content.get("CurrencyRef")) or organisation.settings.currency
    if currency != organisation.settings.currency and not organisation.settings.multicurrency:
        raise business("Multicurrency must be enabled to use another currency.")
    content["CurrencyRef"] = {"value": currency, "name": CURRENCY_NAMES.get(currency, currency)}
    balance: Json = body.get("Balance") if opening else 0
    return _completed(organisation, content, balance, balance)


def updated(
    organisation: Organisation, record: Record, body: JsonObject, *, sparse: bool
) -> JsonObject:
    """The content of the customer's next version (the same content: no new version needed).

    Raises ProviderFault.
    """
    before = record.data
    if sparse:
        content = merged(before, body, WRITABLE)
    else:
        content = given(body, WRITABLE)
        content.setdefault("Active", before.get("Active", True))
    content["CurrencyRef"] = before.get("CurrencyRef")
    settings = organisation.settings
    inactive_now, inactive_then = not record.active, content.get("Active") is False
    if inactive_now and inactive_then and settings.edit_inactive == "refuse":
        raise not_found()
    if inactive_now and not inactive_then and settings.reactivate_strips_suffix:
        content["DisplayName"] = without_deleted(text(content.get("DisplayName")))
    for name in _ADDRESSES:
        _keep_address_id(content.get(name), before.get(name))
    if any(name in body for name in (*_PERSON, "DisplayName")) or not sparse:
        _fill_names(organisation, content)
    _check(organisation, content)
    if inactive_then and not inactive_now:
        if dec(before.get("Balance")) != 0:
            raise has_balance()
        content["DisplayName"] = free_deleted_name(
            organisation, "name", text(content["DisplayName"])
        )
    elif text(content["DisplayName"]) != text(before.get("DisplayName")):
        _check_free(organisation, text(content["DisplayName"]), record)
    balances = (before.get("Balance", 0), before.get("BalanceWithJobs", 0))
    return _completed(organisation, content, *balances)


def customer_to_use(organisation: Organisation, ref: Json) -> Record:
    """The customer a reference names. Raises ProviderFault 2500 or 610."""
    identifier = ref_value(ref)
    customer = organisation.get("Customer", identifier)
    if customer is None:
        raise unknown_name(identifier)
    if not customer.active:
        raise inactive_reference(organisation.settings.inactive_reference)
    return customer


_ADDRESSES = ("BillAddr", "ShipAddr")


def _keep_address_id(address: Json, before: Json) -> None:
    if isinstance(address, dict) and "Id" in as_object(before):
        address["Id"] = as_object(before)["Id"]


def _fill_names(organisation: Organisation, content: JsonObject) -> None:
    name = text(content.get("DisplayName")).strip()
    if not name:
        parts = [text(content.get(part)).strip() for part in _PERSON]
        name = " ".join(part for part in parts if part)
    if not name:
        if organisation.settings.missing_name_code == "6080":
            raise ProviderFault(FaultError("6080", "No name provided", "No name provided"))
        raise required("DisplayName", "DisplayName")
    content["DisplayName"] = name


def _check(organisation: Organisation, content: JsonObject) -> None:
    settings = organisation.settings
    for name in ("DisplayName", *_PERSON):
        if fault := bad_name(text(content.get(name)), settings):
            raise fault
    person = dict.fromkeys(("GivenName", "MiddleName", "FamilyName"), settings.person_name_limit)
    phones = dict.fromkeys(
        (f"{name}.FreeFormNumber" for name in ("PrimaryPhone", "AlternatePhone", "Mobile", "Fax")),
        30,
    )
    errors = lengths(
        content,
        {
            "DisplayName": 500,
            "Title": 16,
            "Suffix": 16,
            **person,
            "CompanyName": settings.company_name_limit,
            "PrintOnCheckName": 110,
            **phones,
            "WebAddr.URI": 1000,
            "Notes": 2000,
            "ResaleNum": 16,
        },
    )
    errors += email(content.get("PrimaryEmailAddr"), "PrimaryEmailAddr")
    for name in _ADDRESSES:
        address = as_object(content.get(name))
        errors += lengths(address, _ADDRESS_LIMITS)
        errors += too_long(
            "".join(text(address.get(part)) for part in _ADDRESS_LIMITS), _ADDRESS_TOTAL, name
        )
    if errors:
        raise ProviderFault(*errors)
    _check_parent(organisation, content)


def _check_parent(organisation: Organisation, content: JsonObject) -> None:
    depth, parent = 1, content.get("ParentRef")
    while parent is not None:
        record = organisation.get("Customer", ref_value(parent))
        if record is None:
            raise unknown_name(ref_value(parent))
        depth += 1
        if depth > _DEEPEST:
            told = "You can only have five levels of customers and sub-customers."
            raise ProviderFault(FaultError("6180", "Invalid level of sub-customer", told))
        parent = record.data.get("ParentRef")


def _check_free(organisation: Organisation, name: str, record: Record | None) -> None:
    for holder in organisation.holders("name", name):
        if holder is not record:
            who = "customer, vendor or employee"
            raise name_taken(holder, organisation.settings, who)


def _completed(
    organisation: Organisation, content: JsonObject, balance: Json, with_jobs: Json
) -> JsonObject:
    name = text(content["DisplayName"])
    parent = organisation.get("Customer", ref_value(content.get("ParentRef")))
    full = f"{text(parent.data.get('FullyQualifiedName'))}:{name}" if parent else name
    person = " ".join(
        part for part in (text(content.get(each)) for each in ("GivenName", "FamilyName")) if part
    )
    for each in _ADDRESSES:
        address = content.get(each)
        if isinstance(address, dict) and "Id" not in address:
            content[each] = {"Id": organisation.new_address_id(), **address}
    content.setdefault("Taxable", True)
    content.setdefault("Job", parent is not None)
    content.setdefault("BillWithParent", False)
    content.setdefault("PreferredDeliveryMethod", "Print")
    content.setdefault(
        "PrintOnCheckName", (text(content.get("CompanyName")) or person or name)[:110]
    )
    if organisation.settings.country == "US" and content["Taxable"] is True:
        content.setdefault("DefaultTaxCodeRef", {"value": "2"})
    if parent is not None:
        content["Level"] = full.count(":")
    return {
        **content,
        "Balance": balance,
        "BalanceWithJobs": with_jobs,
        "IsProject": False,
        "FullyQualifiedName": full,
        "DisplayName": name,
        "Active": content.get("Active") is not False,
    }
