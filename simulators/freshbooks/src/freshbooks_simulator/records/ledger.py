"""Ledger accounts: /accounting/businesses/{business_uuid}/ledger_accounts."""

from __future__ import annotations

from datetime import datetime

from freshbooks_simulator.books import ACCOUNT, Organisation, Record, new_uuid
from freshbooks_simulator.refusals import LedgerRefusedError
from freshbooks_simulator.wire import Json, JsonObject, text, zulu

TYPES = ("asset", "equity", "expense", "income", "liability")
_SUB_TYPES = (
    ("asset", "Cash & Bank", "1000"),
    ("asset", "Current Asset", "1200"),
    ("asset", "Property, Plant, and Equipment", "1500"),
    ("asset", "Long-Term Asset", "1300"),
    ("liability", "Current Liability", "2000"),
    ("liability", "Long-Term Liability", "2500"),
    ("equity", "Equity", "3000"),
    ("income", "Income", "4000"),
    ("expense", "Cost of Goods Sold", "5000"),
    ("expense", "Operating Expense", "6000"),
)
_TYPE_OF = {name: kind for kind, name, _ in _SUB_TYPES}
_STATES = ("active", "inactive", "archived")
_REQUIRED = "This field is required."


def sub_types() -> list[Json]:
    """The ten kinds of account."""
    return [
        {"id": place, "type": kind, "name": name, "base_number": number}
        for place, (kind, name, number) in enumerate(_SUB_TYPES, start=1)
    ]


def created(organisation: Organisation, body: JsonObject) -> JsonObject:
    """What a new account holds. Raises LedgerRefusedError (400)."""
    wrong: list[tuple[str | None, str]] = [
        (field, _REQUIRED) for field in ("name", "sub_type") if not text(body.get(field)).strip()
    ]
    if "parent_account" not in body:
        wrong.append(("parent_account", _REQUIRED))
    if wrong:
        raise LedgerRefusedError(400, *wrong)
    blank: JsonObject = {
        "name": "",
        "number": None,
        "description": "",
        "type": "",
        "sub_type": "",
        "parent_account": None,
        "auto_created": False,
        "state": "active",
    }
    return blank | _read(organisation, body)


def create(organisation: Organisation, body: JsonObject, now: datetime) -> Record:
    """A new account. Raises LedgerRefusedError (400)."""
    data = created(organisation, body)
    return organisation.add(ACCOUNT, new_uuid(), data, now)


def update(organisation: Organisation, record: Record, body: JsonObject, now: datetime) -> None:
    """Change an account. Raises LedgerRefusedError (400)."""
    organisation.replace(record, record.data | _read(organisation, body), now)


def render(organisation: Organisation, record: Record) -> JsonObject:
    """An account as a read answers it."""
    below: list[Json] = [
        each.id
        for each in organisation.all(ACCOUNT)
        if each.data.get("parent_account") == record.id
    ]
    data = record.data
    return {
        "uuid": record.id,
        "name": data.get("name"),
        "number": data.get("number"),
        "description": data.get("description"),
        "type": data.get("type"),
        "sub_type": data.get("sub_type"),
        "system_account_name": data.get("name") if data.get("auto_created") else None,
        "parent_account": data.get("parent_account"),
        "sub_accounts": below,
        "auto_created": data.get("auto_created"),
        "state": data.get("state"),
        "updated_at": zulu(record.updated),
        "category_id": None,
        "jea_id": None,
        "jesa_id": None,
    }


def report_row(organisation: Organisation, record: Record) -> JsonObject:
    """An account as the chart of accounts report has it."""
    found = render(organisation, record)
    return {
        "account_name": found["name"],
        "account_number": found["number"],
        "account_type": found["type"],
        "account_sub_type": found["sub_type"],
        "account_uuid": record.id,
        "parent_account_uuid": found["parent_account"],
        "system_account_name": found["system_account_name"],
        "auto_created": found["auto_created"],
        "state": found["state"],
        "balance": "0.00",
        "currency_code": organisation.settings.currency,
        "sub_accounts": [],
    }


def _read(organisation: Organisation, body: JsonObject) -> JsonObject:
    given: JsonObject = {}
    wrong: list[tuple[str | None, str]] = []
    for field in ("name", "number", "description"):
        if field in body:
            value = body[field]
            if value is not None and not isinstance(value, str):
                wrong.append((field, "Not a valid string."))
            elif field == "name" and not text(value).strip():
                wrong.append((field, "This field may not be blank."))
            else:
                given[field] = value
    if "sub_type" in body:
        sub_type = text(body["sub_type"])
        if sub_type not in _TYPE_OF:
            wrong.append(("sub_type", f'"{sub_type}" is not a valid choice.'))
        else:
            given |= {"sub_type": sub_type, "type": _TYPE_OF[sub_type]}
    if (parent := body.get("parent_account")) is not None:
        if organisation.get(ACCOUNT, text(parent)) is None:
            wrong.append(("parent_account", "Not found."))
        else:
            given["parent_account"] = parent
    if "state" in body:
        if body["state"] not in _STATES:
            wrong.append(("state", f'"{text(body["state"])}" is not a valid choice.'))
        else:
            given["state"] = body["state"]
    if wrong:
        raise LedgerRefusedError(400, *wrong)
    return given
