"""Taxes: https://www.freshbooks.com/api/taxes. A deleted tax is gone; lines keep its percentage."""

from __future__ import annotations

from datetime import datetime

from freshbooks_simulator.books import TAX, Organisation, Record
from freshbooks_simulator.records.fields import Reader
from freshbooks_simulator.refusals import DUPLICATE_TAX, Reason, RefusedError
from freshbooks_simulator.wire import JsonObject, eastern, text


def create(organisation: Organisation, body: JsonObject, now: datetime) -> Record:
    """A new tax. Raises RefusedError."""
    reader = Reader(TAX, body, organisation.settings)
    reader.required("name")
    given = _read(reader)
    reader.done()
    _free(organisation, text(given.get("name")), None)
    blank: JsonObject = {"name": "", "number": None, "amount": "0", "compound": False}
    return organisation.add(TAX, organisation.new_id(TAX), blank | given, now)


def update(organisation: Organisation, record: Record, body: JsonObject, now: datetime) -> None:
    """Change a tax. Raises RefusedError."""
    reader = Reader(TAX, body, organisation.settings)
    given = _read(reader)
    reader.done()
    if "name" in given:
        _free(organisation, text(given["name"]), record)
    organisation.replace(record, record.data | given, now)


def render(organisation: Organisation, record: Record) -> JsonObject:
    """A tax as a read answers it."""
    return {
        "accounting_systemid": organisation.account_id,
        "amount": record.data.get("amount"),
        "compound": record.data.get("compound"),
        "id": record.number,
        "name": record.data.get("name"),
        "number": record.data.get("number"),
        "taxid": record.number,
        "updated": eastern(record.updated),
    }


def named(organisation: Organisation, name: str) -> Record | None:
    """The tax of that name."""
    wanted = name.strip().casefold()
    for each in organisation.all(TAX):
        if text(each.data.get("name")).strip().casefold() == wanted:
            return each
    return None


def _read(reader: Reader) -> JsonObject:
    given: JsonObject = {}
    for field in ("name", "number"):
        if (value := reader.text(field, limit=reader.settings.text_limit)) is not None:
            given[field] = value
    if (percent := reader.percent("amount")) is not None:
        given["amount"] = percent
    if (compound := reader.boolean("compound")) is not None:
        given["compound"] = compound
    return given


def _free(organisation: Organisation, name: str, record: Record | None) -> None:
    held = named(organisation, name)
    if held is not None and held is not record:
        message = "A tax with this name already exists."
        raise RefusedError(422, Reason(DUPLICATE_TAX, message, "name", TAX, name))
