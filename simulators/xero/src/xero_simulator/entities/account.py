"""`/Accounts`: the chart of accounts."""

from __future__ import annotations

from datetime import datetime

from xero_simulator.books import Organisation, Record
from xero_simulator.dates import wire
from xero_simulator.entities import tax
from xero_simulator.refusals import InvalidError, NotFoundError
from xero_simulator.wire import JsonObject, flag, text

CLASSES: dict[str, str] = {
    "BANK": "ASSET",
    "CURRENT": "ASSET",
    "FIXED": "ASSET",
    "INVENTORY": "ASSET",
    "NONCURRENT": "ASSET",
    "PREPAYMENT": "ASSET",
    "CURRLIAB": "LIABILITY",
    "LIABILITY": "LIABILITY",
    "TERMLIAB": "LIABILITY",
    "PAYG": "LIABILITY",
    "EQUITY": "EQUITY",
    "DEPRECIATN": "EXPENSE",
    "DIRECTCOSTS": "EXPENSE",
    "EXPENSE": "EXPENSE",
    "OVERHEADS": "EXPENSE",
    "REVENUE": "REVENUE",
    "SALES": "REVENUE",
    "OTHERINCOME": "REVENUE",
}
"""Type: Class. https://developer.xero.com/documentation/api/accounting/types#accounts"""

_FIRST = (
    ("4000", "Services", "REVENUE"),
    ("4010", "Parts", "REVENUE"),
    ("6000", "Rent", "EXPENSE"),
)


def furnish(organisation: Organisation, now: datetime) -> None:
    """The accounts a new organisation has."""
    for code, name, kind in _FIRST:
        add(organisation, {"Code": code, "Name": name, "Type": kind}, now)


def set_taxes(organisation: Organisation, now: datetime) -> None:
    """Other default TaxTypes, after the country or its tax mode changed."""
    for record in organisation.all("Account"):
        kind = tax.default_type(organisation.settings, text(record.data.get("Class")))
        if record.data.get("TaxType") != kind:
            organisation.replace(record, record.data | {"TaxType": kind}, now)


def add(organisation: Organisation, body: JsonObject, now: datetime) -> Record:
    """A new account of a valid Type; nothing else is checked."""
    kind = text(body.get("Type"))
    account_class = CLASSES[kind]
    data: JsonObject = {}
    if text(body.get("Code")):
        data["Code"] = text(body.get("Code"))
    data |= {
        "Name": text(body.get("Name")),
        "Status": "ACTIVE",
        "Type": kind,
        "TaxType": text(body.get("TaxType"))
        or tax.default_type(organisation.settings, account_class),
        "Class": account_class,
        "EnablePaymentsToAccount": flag(body.get("EnablePaymentsToAccount")),
        "ShowInExpenseClaims": flag(body.get("ShowInExpenseClaims")),
    }
    if text(body.get("Description")):
        data["Description"] = text(body.get("Description"))
    if text(body.get("SystemAccount")):
        data["SystemAccount"] = text(body.get("SystemAccount"))
    if kind == "BANK":
        data["BankAccountNumber"] = text(body.get("BankAccountNumber"))
        data["BankAccountType"] = "BANK"
        data["CurrencyCode"] = organisation.settings.currency
    return organisation.add("Account", organisation.new_id(), data, now)


def shape(record: Record) -> JsonObject:
    """An account as answers show it."""
    body: JsonObject = {"AccountID": record.id, **record.data}
    body.setdefault("SystemAccount", "")
    body.setdefault("BankAccountType", "")
    body |= {
        "ReportingCode": text(record.data.get("Class"))[:3],
        "ReportingCodeName": text(record.data.get("Class")).capitalize(),
        "HasAttachments": False,
        "UpdatedDateUTC": wire(record.updated),
        "AddToWatchlist": False,
    }
    return body


def by_code(organisation: Organisation, code: str) -> Record | None:
    """The account of a code, archived or not; one in use comes first."""
    held = organisation.holders("account_code", code)
    return next((each for each in held if each.active), held[0] if held else None)


def create(organisation: Organisation, body: JsonObject, now: datetime) -> Record:
    """A new account. Raises InvalidError; its sentences have no source."""
    code, name, kind = (text(body.get(each)).strip() for each in ("Code", "Name", "Type"))
    wrong: list[str] = []
    if kind not in CLASSES:
        wrong.append("Account type must be specified")
    if not name:
        wrong.append("Account Name must be specified")
    if not code and kind != "BANK":
        wrong.append("Account code must be specified")
    if len(code) > 10:
        wrong.append("The Account Code must be 10 characters or less")
    if code and organisation.holders("account_code", code):
        wrong.append("Please enter a unique Code.")
    if any(text(each.data.get("Name")) == name for each in organisation.all("Account")):
        wrong.append("Please enter a unique Name.")
    if wrong:
        raise InvalidError(*wrong)
    return add(organisation, body, now)


def update(organisation: Organisation, identifier: str, body: JsonObject, now: datetime) -> Record:
    """Changes to an account, its archiving included. Raises InvalidError, NotFoundError."""
    record = organisation.get("Account", identifier)
    if record is None:
        raise NotFoundError
    data = dict(record.data)
    for field in ("Code", "Name", "Description", "TaxType", "Status"):
        if text(body.get(field)):
            data[field] = text(body.get(field))
    code = text(data.get("Code"))
    if any(each is not record for each in organisation.holders("account_code", code)):
        raise InvalidError("Please enter a unique Code.")
    for field in ("EnablePaymentsToAccount", "ShowInExpenseClaims"):
        if field in body:
            data[field] = flag(body.get(field))
    if data != record.data:
        organisation.replace(record, data, now)
    return record
