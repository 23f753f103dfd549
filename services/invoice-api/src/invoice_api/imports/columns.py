"""Which column of a file is what, by the names that other programs give them. Pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Field = Literal[
    "number",
    "date",
    "due_date",
    "customer",
    "email",
    "currency",
    "memo",
    "item",
    "sku",
    "description",
    "quantity",
    "unit_price",
    "amount",
    "discount",
    "tax",
    "tax_amount",
]
FIELDS: tuple[Field, ...] = get_args(Field)

NAMES: Mapping[Field, tuple[str, ...]] = {
    "number": (
        "number",
        "invoice number",
        "invoice no",
        "invoice",
        "invoice id",
        "invoice #",
        "inv no",
        "no",
        "document number",
        "doc number",
        "rechnungsnummer",
    ),
    "date": (
        "date",
        "invoice date",
        "issue date",
        "issued",
        "issued on",
        "date of issue",
        "txn date",
        "rechnungsdatum",
        "datum",
    ),
    "due_date": ("due date", "due", "due on", "payment due", "date due"),
    "customer": (
        "customer",
        "customer name",
        "client",
        "client name",
        "contact",
        "contact name",
        "bill to",
        "name",
        "kunde",
        "customer id",
        "customer no",
        "customer number",
    ),
    "email": ("email", "e mail", "customer email", "client email", "email address", "bill email"),
    "currency": ("currency", "currency code"),
    "memo": ("memo", "note", "notes", "message", "reference"),
    "item": (
        "item",
        "item name",
        "product",
        "service",
        "product service",
        "product name",
        "article",
    ),
    "sku": ("sku", "item code", "item sku", "stock code", "product code", "code", "article number"),
    "description": (
        "description",
        "item description",
        "line description",
        "details",
        "bezeichnung",
    ),
    "quantity": ("quantity", "qty", "hours", "units", "menge", "anzahl"),
    "unit_price": (
        "unit price",
        "price",
        "rate",
        "unit amount",
        "unit cost",
        "item price",
        "einzelpreis",
    ),
    "amount": ("amount", "line amount", "line total", "item amount"),
    "discount": ("discount", "discount percent", "discount %", "discount rate"),
    "tax": (
        "tax",
        "tax rate",
        "tax percent",
        "tax name",
        "tax code",
        "vat",
        "vat rate",
        "gst",
        "sales tax",
        "mwst",
    ),
    "tax_amount": ("tax amount", "item tax amount", "vat amount", "gst amount"),
}
"""The first name that a file has of each field is taken."""

WORDS: Mapping[Field, str] = {
    "number": "the invoice's number",
    "date": "the invoice's date",
    "customer": "the customer",
    "unit_price": "a unit price (or an amount)",
}
"""What a file must have."""


@dataclass(frozen=True)
class Columns:
    """Where each field stands, and which columns weren't used."""

    places: Mapping[Field, int]
    unused: tuple[str, ...]
    width: int

    def cell(self, cells: Sequence[str], field: Field) -> str:
        """The field's text; empty where the file or the record doesn't have it."""
        place = self.places.get(field)
        return "" if place is None or place >= len(cells) else cells[place]


def columns_of(header: Sequence[str]) -> Columns:
    """The columns by their names, whatever their case, spaces and punctuation."""
    names = [_plain(name) for name in header]
    places: dict[Field, int] = {}
    for field in FIELDS:
        for name in NAMES[field]:
            if name in names:
                places[field] = names.index(name)
                break
            squeezed = name.replace(" ", "")
            found = [n for n, one in enumerate(names) if one.replace(" ", "") == squeezed]
            if found:
                places[field] = found[0]
                break
    used = set(places.values())
    unused = tuple(name for n, name in enumerate(header) if n not in used and name)
    return Columns(places, unused, len(header))


def missing(columns: Columns) -> list[str]:
    """What the file must have and doesn't, in words."""
    has = columns.places
    lacking: list[str] = [
        WORDS[field] for field in ("number", "date", "customer") if field not in has
    ]
    if "unit_price" not in has and "amount" not in has:
        lacking.append(WORDS["unit_price"])
    if not {"item", "sku", "description"} & has.keys():
        lacking.append("an item, its SKU or a description")
    return lacking


def _plain(name: str) -> str:
    return " ".join(re.sub(r"[^\w%#]+", " ", name.replace("_", " ").casefold()).split())
