"""What a bookkeeper does in FreshBooks' own pages: change, archive, restore, delete."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Literal, cast

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from freshbooks_simulator.books import (
    ACCOUNT,
    ACTIVE,
    ARCHIVED,
    CLIENT,
    DELETED,
    INVOICE,
    ITEM,
    PAYMENT,
    TAX,
    VENDOR,
    Organisation,
    Record,
)
from freshbooks_simulator.control.seeding import line_of, names
from freshbooks_simulator.records import clients, invoices, items, ledger, payments, taxes
from freshbooks_simulator.wire import (
    Json,
    JsonObject,
    amount_of,
    dec,
    figure,
    objects,
    parse_date,
    text,
)

KINDS = {
    "customer": CLIENT,
    "client": CLIENT,
    "item": ITEM,
    "account": ACCOUNT,
    "invoice": INVOICE,
    "payment": PAYMENT,
    "tax": TAX,
    "vendor": VENDOR,
}


class ChangedLine(BaseModel):
    """A line of an invoice as the bookkeeper leaves it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    item_id: str | None = None
    name: str | None = None
    description: str | None = None
    quantity: Decimal = Decimal(1)
    unit_price: Decimal


class Changes(BaseModel):
    """What `PATCH /_sim/records/{kind}/{id}` takes; what isn't said stays."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str | None = None
    active: bool | None = None
    """False archives (an account: state archived), True restores from wherever it is."""
    vis_state: Literal[0, 1, 2] | None = None
    email: str | None = None
    company_name: str | None = None
    phone: str | None = None
    notes: str | None = None
    sku: str | None = None
    description: str | None = None
    unit_price: Decimal | None = None
    account_id: str | None = None
    code: str | None = None
    number: str | None = None
    date: str | None = None
    due_date: str | None = None
    memo: str | None = None
    customer_id: str | None = None
    total: Decimal | None = None
    """Puts the difference on the first line."""
    lines: list[ChangedLine] | None = None
    status: str | None = None
    """Nothing here: FreshBooks has no void."""
    fields: dict[str, JsonValue] = Field(default_factory=dict)
    """The API's own fields, as in an update."""


class NotPossibleError(Exception):
    """The change makes no sense for this record; says why."""


def kind_of(kind: str) -> str | None:
    """The kind a path segment names, in the singular or the plural; None for no such kind."""
    word = kind.casefold()
    shorter = (word, word.removesuffix("s"), word.removesuffix("es"))
    return next((KINDS[each] for each in shorter if each in KINDS), None)


def change(organisation: Organisation, record: Record, changes: Changes, now: datetime) -> None:
    """Change a record as its own pages would. Raises RefusedError, LedgerRefusedError,
    NotPossibleError."""
    if changes.status is not None:
        raise NotPossibleError("FreshBooks has no void: delete the invoice instead")
    if changes.active is not None or changes.vis_state is not None:
        _show(organisation, record, changes, now)
    body = _body(organisation, record, changes)
    if body:
        _write(organisation, record, body, now)


def delete(organisation: Organisation, record: Record, now: datetime) -> None:
    """Delete: vis_state 1, from where it can be restored; a tax is gone, an account archived."""
    if record.kind == TAX:
        organisation.remove(record)
    elif record.kind == ACCOUNT:
        ledger.update(organisation, record, {"state": "archived"}, now)
    elif record.vis_state == DELETED:
        raise NotPossibleError(f"{record.kind} {record.id} is deleted already")
    elif record.kind == PAYMENT:
        payments.unpay(organisation, record, now)
    else:
        _write(organisation, record, {"vis_state": DELETED}, now)


def _show(organisation: Organisation, record: Record, changes: Changes, now: datetime) -> None:
    if record.kind in (TAX, PAYMENT):
        raise NotPossibleError(f"a {record.kind} can't be archived")
    if record.kind == ACCOUNT:
        state = "active" if changes.active or changes.vis_state == ACTIVE else "archived"
        ledger.update(organisation, record, {"state": state}, now)
        return
    wanted = changes.vis_state
    if wanted is None:
        wanted = ACTIVE if changes.active else ARCHIVED
    _write(organisation, record, {"vis_state": wanted}, now)


def _write(organisation: Organisation, record: Record, body: JsonObject, now: datetime) -> None:
    match record.kind:
        case "client":
            clients.update(organisation, record, body, now)
        case "item":
            items.update(organisation, record, body, now)
            if "account_uuid" in body:
                # The pages offer the account whatever the switches say of the API.
                organisation.replace(
                    record, record.data | {"account_uuid": body["account_uuid"]}, now
                )
        case "invoice":
            invoices.update(organisation, record, body, now)
        case "account":
            ledger.update(organisation, record, body, now)
        case "tax":
            taxes.update(organisation, record, body, now)
        case _:
            organisation.replace(record, record.data | body, now)


def _body(organisation: Organisation, record: Record, changes: Changes) -> JsonObject:
    body: JsonObject = {}
    if changes.name is not None:
        body |= _named(record, changes)
    texts = {
        "email": changes.email,
        "bus_phone": changes.phone,
        "note": changes.notes,
        "sku": changes.sku,
        "description": changes.description,
        "number": changes.code,
        "invoice_number": changes.number,
        "create_date": changes.date,
        "notes": changes.memo,
        "organization": changes.company_name,
        "account_uuid": changes.account_id,
    }
    body |= {name: value for name, value in texts.items() if value is not None}
    if changes.unit_price is not None:
        cost = record.data.get("unit_cost")
        code = text(cost.get("code")) if isinstance(cost, dict) else ""
        body["unit_cost"] = {"amount": figure(changes.unit_price), "code": code}
    if changes.customer_id is not None:
        body["customerid"] = int(dec(changes.customer_id))
    if changes.due_date is not None:
        body["due_offset_days"] = _offset(record, changes)
    if changes.lines is not None:
        body["lines"] = [_line(organisation, each) for each in changes.lines]
    elif changes.total is not None:
        body["lines"] = _with_total(record, changes.total)
    return body | cast(JsonObject, changes.fields)


def _named(record: Record, changes: Changes) -> JsonObject:
    if record.kind != CLIENT:
        return {"name": changes.name}
    name = changes.name or ""
    if changes.company_name is not None or not text(record.data.get("organization")):
        return names(name, changes.company_name)
    return {"organization": name}


def _offset(record: Record, changes: Changes) -> int:
    due = parse_date(changes.due_date or "")
    start = parse_date(changes.date or text(record.data.get("create_date")))
    if due is None or start is None:
        raise NotPossibleError(f"{changes.due_date} isn't a date: write it as YYYY-MM-DD")
    return _days(start, due)


def _days(start: date, end: date) -> int:
    return (end - start).days


def _line(organisation: Organisation, given: ChangedLine) -> JsonObject:
    name = given.name
    if name is None and given.item_id is not None:
        item = organisation.get(ITEM, given.item_id)
        if item is None:
            raise NotPossibleError(f"lines: there is no item {given.item_id}")
        name = text(item.data.get("name"))
    return line_of(name or "", given.quantity, given.unit_price, given.description)


def _with_total(record: Record, total: Decimal) -> list[Json]:
    if record.kind != INVOICE:
        raise NotPossibleError(f"a {record.kind} has no total")
    lines = [dict(each) for each in objects(record.data.get("lines"))]
    if not lines:
        raise NotPossibleError("the invoice has no line to put the difference on")
    amount = amount_of(lines[0].get("amount"))
    amount += total - amount_of(record.data.get("amount"))
    code = text(record.data.get("currency_code"))
    lines[0] |= {"qty": "1", "unit_cost": {"amount": figure(amount), "code": code}}
    return list(lines)
