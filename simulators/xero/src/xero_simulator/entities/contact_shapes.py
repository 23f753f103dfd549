"""How contacts look in lists, alone, after a write, inside invoices, and when refused."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from xero_simulator.books import Organisation, Record
from xero_simulator.dates import wire
from xero_simulator.entities.contact import LENGTHS
from xero_simulator.refusals import ZERO_ID, errors
from xero_simulator.wire import ZERO, Json, JsonObject, as_object, dec, number, objects, text

_TEXTS = ("FirstName", "LastName")
_LATER = (
    "CompanyNumber",
    "TaxNumber",
    "AccountsReceivableTaxType",
    "AccountsPayableTaxType",
    "SalesDefaultAccountCode",
    "PurchasesDefaultAccountCode",
    "DefaultCurrency",
    "Website",
)
_LIST_PHONES = ("DDI", "DEFAULT", "FAX", "MOBILE")
_WRITE_PHONES = ("DEFAULT", "DDI", "FAX", "MOBILE")
_SUMMARY_DROPS = (
    "Addresses",
    "Balances",
    "ContactGroups",
    "ContactPersons",
    "IsCustomer",
    "IsSupplier",
    "SalesDefaultAccountCode",
    "PurchasesDefaultAccountCode",
)


def written(organisation: Organisation, record: Record) -> JsonObject:
    """After a write: blanks are filled in."""
    del organisation
    data = record.data
    body = _head(record)
    body["EmailAddress"] = text(data.get("EmailAddress"))
    body["BankAccountDetails"] = text(data.get("BankAccountDetails"))
    body |= {each: data[each] for each in _LATER if each in data}
    blank: JsonObject = {"City": "", "Region": "", "PostalCode": "", "Country": ""}
    body["Addresses"] = _typed(data, "Addresses", "AddressType", ("STREET", "POBOX"), blank)
    blank = {"PhoneNumber": "", "PhoneAreaCode": "", "PhoneCountryCode": ""}
    body["Phones"] = _typed(data, "Phones", "PhoneType", _WRITE_PHONES, blank)
    body |= {
        "UpdatedDateUTC": wire(record.updated),
        "ContactGroups": [],
        "IsSupplier": data.get("IsSupplier") is True,
        "IsCustomer": data.get("IsCustomer") is True,
        "SalesTrackingCategories": [],
        "PurchasesTrackingCategories": [],
        "ContactPersons": data.get("ContactPersons", []),
        "HasValidationErrors": False,
    }
    if "PaymentTerms" in data:
        body["PaymentTerms"] = data["PaymentTerms"]
    return body


def listed(
    organisation: Organisation,
    record: Record,
    today: date,
    *,
    merged: bool = True,
    summary: bool = False,
) -> JsonObject:
    """In a list; MergedToContactID shows only where `merged`."""
    data = record.data
    body = _head(record)
    if merged and "MergedToContactID" in data:
        body["MergedToContactID"] = data["MergedToContactID"]
    if "EmailAddress" in data:
        body["EmailAddress"] = data["EmailAddress"]
    if "BankAccountDetails" in data:
        body["BankAccountDetails"] = data["BankAccountDetails"]
    body |= {each: data[each] for each in _LATER if each in data}
    body["Addresses"] = _typed(data, "Addresses", "AddressType", ("POBOX", "STREET"), {})
    body["Phones"] = _typed(data, "Phones", "PhoneType", _LIST_PHONES, {})
    body |= {
        "UpdatedDateUTC": wire(record.updated),
        "ContactGroups": [],
        "IsSupplier": data.get("IsSupplier") is True,
        "IsCustomer": data.get("IsCustomer") is True,
    }
    if "PaymentTerms" in data:
        body["PaymentTerms"] = data["PaymentTerms"]
    if (balances := _balances(organisation, record, today)) is not None:
        body["Balances"] = balances
    body |= {
        "ContactPersons": data.get("ContactPersons", []),
        "HasAttachments": False,
        "HasValidationErrors": False,
    }
    if summary:
        for each in _SUMMARY_DROPS:
            body.pop(each, None)
    return body


def alone(organisation: Organisation, record: Record, today: date) -> JsonObject:
    """Read by its id."""
    return listed(organisation, record, today) | {"Attachments": []}


def slim(record: Record | None, identifier: str) -> JsonObject:
    """Inside a listed invoice."""
    body: JsonObject = {"ContactID": identifier}
    if record is not None:
        body["Name"] = record.data.get("Name")
    return body | {
        "Addresses": [],
        "Phones": [],
        "ContactGroups": [],
        "ContactPersons": [],
        "HasValidationErrors": False,
    }


def refused(record: Record | None, body: JsonObject, messages: list[str]) -> JsonObject:
    """What was sent, with what is wrong about it; all zeros for an id that isn't there."""
    echo: JsonObject = {"ContactID": record.id if record else ZERO_ID}
    if text(body.get("ContactStatus")):
        echo["ContactStatus"] = body["ContactStatus"]
    echo |= {each: text(body[each]) for each in LENGTHS if each in body}
    if record is not None:
        echo.setdefault("Name", record.data.get("Name"))
    for field in ("Addresses", "Phones"):
        rows: list[Json] = [{**each, "ValidationErrors": []} for each in objects(body.get(field))]
        echo[field] = rows
    echo["ContactGroups"] = []
    for field in ("IsSupplier", "IsCustomer"):
        if isinstance(body.get(field), bool):
            echo[field] = body[field]
    echo["ContactPersons"] = list[Json](objects(body.get("ContactPersons")))
    echo["HasValidationErrors"] = True
    echo["ValidationErrors"] = errors(messages)
    return echo


def _head(record: Record) -> JsonObject:
    data = record.data
    body: JsonObject = {"ContactID": record.id}
    for each in ("ContactNumber", "AccountNumber"):
        if each in data:
            body[each] = data[each]
    body["ContactStatus"] = record.status
    body["Name"] = data.get("Name")
    body |= {each: data[each] for each in _TEXTS if each in data}
    return body


def _typed(
    data: JsonObject, field: str, kind: str, order: tuple[str, ...], blank: JsonObject
) -> list[Json]:
    held = {text(each.get(kind)): each for each in objects(data.get(field))}
    names = (*order, *(each for each in held if each not in order))
    return [{kind: name, **blank, **as_object(held.get(name))} for name in names]


def _balances(organisation: Organisation, record: Record, today: date) -> JsonObject | None:
    sums: dict[str, list[Decimal]] = {"ACCREC": [ZERO, ZERO], "ACCPAY": [ZERO, ZERO]}
    documents = False
    for each in organisation.holders("contact", record.id):
        if each.status not in ("AUTHORISED", "PAID"):
            continue
        documents = True
        due = dec(each.data.get("AmountDue"))
        held = sums[text(each.data.get("Type"))]
        held[0] += due
        if text(each.data.get("DueDate")) < today.isoformat():
            held[1] += due
    if not documents:
        return None
    receivable, payable = sums["ACCREC"], sums["ACCPAY"]
    return {
        "AccountsReceivable": {
            "Outstanding": number(receivable[0]),
            "Overdue": number(receivable[1]),
        },
        "AccountsPayable": {"Outstanding": number(payable[0]), "Overdue": number(payable[1])},
    }
