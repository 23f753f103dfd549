"""The collections that can be written, each behind the same few functions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from xero_simulator.books import Organisation, Record
from xero_simulator.entities import (
    account,
    contact,
    contact_shapes,
    invoice,
    invoice_shapes,
    item,
    tax,
)
from xero_simulator.entities.invoice import Writing
from xero_simulator.refusals import ZERO_ID, errors
from xero_simulator.wire import JsonObject, text


@dataclass(frozen=True, slots=True)
class Saved:
    """A written record, and what was let pass with a warning."""

    record: Record
    warnings: list[str] = field(default_factory=list[str])


@dataclass(frozen=True, slots=True)
class Kind:
    """How one collection is written."""

    name: str
    collection: str
    identifier: str
    check_types: Callable[[JsonObject, str], None]
    write: Callable[[Organisation, JsonObject, Writing], Saved]
    known: Callable[[Organisation, JsonObject], Record | None]
    written: Callable[[Organisation, Record, Writing], JsonObject]
    refused: Callable[[Organisation, Record | None, JsonObject, list[str]], JsonObject]
    most: int | None = None
    plain: bool = False
    """Elements carry neither StatusAttributeString nor a summary (accounts and tax rates)."""


def _no_check(body: JsonObject, path: str) -> None:
    del body, path


def _contact(organisation: Organisation, body: JsonObject, how: Writing) -> Saved:
    return Saved(contact.write(organisation, body, how.now, create_only=how.create_only))


def _item(organisation: Organisation, body: JsonObject, how: Writing) -> Saved:
    record = item.write(organisation, body, how.now, create_only=how.create_only, places=how.places)
    return Saved(record)


def _invoice(organisation: Organisation, body: JsonObject, how: Writing) -> Saved:
    done = invoice.write(organisation, body, how)
    return Saved(done.record, done.warnings)


def _account(organisation: Organisation, body: JsonObject, how: Writing) -> Saved:
    if how.create_only:
        return Saved(account.create(organisation, body, how.now))
    identifier = text(body.get("AccountID"))
    return Saved(account.update(organisation, identifier, body, how.now))


def _rate(organisation: Organisation, body: JsonObject, how: Writing) -> Saved:
    return Saved(tax.write(organisation, body, how.now, create=how.create_only))


def _by_id(kind: str, field_name: str) -> Callable[[Organisation, JsonObject], Record | None]:
    def known(organisation: Organisation, body: JsonObject) -> Record | None:
        return organisation.get(kind, text(body.get(field_name)))

    return known


def _known_contact(organisation: Organisation, body: JsonObject) -> Record | None:
    found = organisation.get("Contact", text(body.get("ContactID")))
    if found is None and text(body.get("ContactNumber")):
        found = next(
            iter(organisation.holders("contact_number", text(body.get("ContactNumber")))), None
        )
    return found


def _known_item(organisation: Organisation, body: JsonObject) -> Record | None:
    found = organisation.get("Item", text(body.get("ItemID")))
    return found or next(iter(organisation.holders("item_code", text(body.get("Code")))), None)


def _known_invoice(organisation: Organisation, body: JsonObject) -> Record | None:
    found = organisation.get("Invoice", text(body.get("InvoiceID")))
    if found is None and text(body.get("InvoiceNumber")):
        found = invoice.find(organisation, text(body.get("InvoiceNumber")))
    return found


def _plain_refusal(
    field_name: str,
) -> Callable[[Organisation, Record | None, JsonObject, list[str]], JsonObject]:
    def refused(
        organisation: Organisation, record: Record | None, body: JsonObject, messages: list[str]
    ) -> JsonObject:
        del organisation
        echo: JsonObject = {}
        if field_name == "AccountID":
            echo[field_name] = record.id if record else ZERO_ID
        return {**echo, **body, "ValidationErrors": errors(messages)}

    return refused


KINDS: dict[str, Kind] = {
    "contacts": Kind(
        "Contact",
        "Contacts",
        "ContactID",
        contact.check_types,
        _contact,
        _known_contact,
        lambda organisation, record, how: contact_shapes.written(organisation, record),
        lambda organisation, record, body, wrong: contact_shapes.refused(record, body, wrong),
    ),
    "items": Kind(
        "Item",
        "Items",
        "ItemID",
        item.check_types,
        _item,
        _known_item,
        lambda organisation, record, how: item.shape(record, how.places, written=True),
        lambda organisation, record, body, wrong: item.refused(record, body, wrong),
        most=item.MOST,
    ),
    "invoices": Kind(
        "Invoice",
        "Invoices",
        "InvoiceID",
        invoice.check_types,
        _invoice,
        _known_invoice,
        lambda organisation, record, how: invoice_shapes.written(organisation, record, how.places),
        invoice_shapes.refused,
    ),
    "accounts": Kind(
        "Account",
        "Accounts",
        "AccountID",
        _no_check,
        _account,
        _by_id("Account", "AccountID"),
        lambda organisation, record, how: account.shape(record),
        _plain_refusal("AccountID"),
        most=1,
        plain=True,
    ),
    "taxrates": Kind(
        "TaxRate",
        "TaxRates",
        "TaxType",
        _no_check,
        _rate,
        _by_id("TaxRate", "TaxType"),
        lambda organisation, record, how: tax.shape(record),
        _plain_refusal("TaxType"),
        most=1,
        plain=True,
    ),
}
"""By the last part of their address."""
