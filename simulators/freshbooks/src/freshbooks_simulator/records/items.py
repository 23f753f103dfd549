"""Items: https://www.freshbooks.com/api/items. A deleted or archived item's name stays taken."""

from __future__ import annotations

from datetime import datetime

from freshbooks_simulator.books import ACCOUNT, ACTIVE, ITEM, TAX, Organisation, Record
from freshbooks_simulator.records.fields import Reader, vis_state
from freshbooks_simulator.refusals import UNKNOWN, by_switch
from freshbooks_simulator.wire import JsonObject, eastern, figure, plain, text


def create(organisation: Organisation, body: JsonObject, now: datetime) -> Record:
    """A new item. Raises RefusedError."""
    reader = Reader(ITEM, body, organisation.settings)
    reader.required("name")
    given = _read(organisation, reader)
    reader.done()
    _name_free(organisation, text(given.get("name")), None)
    blank: JsonObject = {
        "name": "",
        "description": "",
        "qty": "1",
        "inventory": None,
        "sku": "",
        "tax1": 0,
        "tax2": 0,
        "unit_cost": {"amount": "0.00", "code": organisation.settings.currency},
        "tax_rule_code": None,
        "vis_state": ACTIVE,
        "account_uuid": None,
    }
    if organisation.settings.item_account == "post_and_put":
        given |= _account(organisation, body)
    return organisation.add(ITEM, organisation.new_id(ITEM), blank | given, now)


def update(organisation: Organisation, record: Record, body: JsonObject, now: datetime) -> None:
    """Change an item: its vis_state, or else its fields. Raises RefusedError."""
    if "ext_vis_state" in body:
        organisation.replace(record, record.data, now)
        return
    if "vis_state" in body:
        wanted = vis_state(ITEM, body["vis_state"])
        organisation.replace(record, record.data | {"vis_state": wanted}, now)
        return
    reader = Reader(ITEM, body, organisation.settings)
    if "name" in body:
        reader.required("name")
    given = _read(organisation, reader)
    reader.done()
    if "name" in given:
        _name_free(organisation, text(given["name"]), record)
    if organisation.settings.item_account != "ignored":
        given |= _account(organisation, body)
    organisation.replace(record, record.data | given, now)


def render(organisation: Organisation, record: Record) -> JsonObject:
    """An item as a read answers it."""
    data = {name: value for name, value in record.data.items() if name != "account_uuid"}
    held = record.data.get("account_uuid")
    keys = {
        "account_uuid": ("account_uuid",),
        "income_account_id": ("income_account_id",),
        "both": ("account_uuid", "income_account_id"),
        "none": (),
    }[organisation.settings.item_account_key]
    found: JsonObject = {
        "accounting_systemid": organisation.account_id,
        "id": record.number,
        "itemid": record.number,
        "updated": eastern(record.updated),
        **data,
        **{key: held for key in keys if organisation.settings.advanced_accounting},
    }
    return dict(sorted(found.items()))


def named(organisation: Organisation, name: str) -> Record | None:
    """The item a line of that name stands for; an active one first."""
    held = organisation.holders(ITEM, name) if name.strip() else []
    return min(held, key=lambda each: each.vis_state != ACTIVE) if held else None


def _read(organisation: Organisation, reader: Reader) -> JsonObject:
    body = reader.body
    given: JsonObject = {}
    limit = reader.settings.text_limit
    for field in ("name", "sku", "description"):
        if field in body:
            value = reader.text(field, limit=None if field == "description" else limit)
            given[field] = value or ""
    for field in ("qty", "inventory"):
        if field in body and ((number := reader.number(field)) is not None or field == "inventory"):
            given[field] = plain(number) if number is not None else None
    for field in ("tax1", "tax2"):
        tax = reader.whole(field)
        if tax and organisation.get(TAX, str(tax)) is None:
            reader.wrong(UNKNOWN, field, "Tax not found.", tax)
        elif tax is not None:
            given[field] = tax
    if (cost := reader.amount("unit_cost")) is not None:
        code = cost[1] or organisation.settings.currency
        given["unit_cost"] = {"amount": figure(cost[0]), "code": code}
    return given


def _name_free(organisation: Organisation, name: str, record: Record | None) -> None:
    settings = organisation.settings
    if settings.duplicate_item_name == "accept":
        return
    for held in organisation.holders(ITEM, name):
        same = text(held.data.get("name")).strip() == name.strip()
        if held is not record and (same or settings.item_name_case == "insensitive"):
            message = "An item with this name already exists."
            raise by_switch(settings.duplicate_item_name, message, "name", ITEM, name)


def _account(organisation: Organisation, body: JsonObject) -> JsonObject:
    """The income account, where the plan has them. Raises RefusedError."""
    settings = organisation.settings
    if "account_uuid" not in body or not settings.advanced_accounting:
        return {}
    wanted = text(body["account_uuid"])
    if not wanted:
        return {"account_uuid": None}
    account = organisation.get(ACCOUNT, wanted)
    good = account is not None and account.active and account.data.get("type") == "income"
    if not good and settings.item_account_checked != "accept":
        message = "account_uuid must be an active income account's."
        raise by_switch(settings.item_account_checked, message, "account_uuid", ITEM, wanted)
    return {"account_uuid": wanted}
