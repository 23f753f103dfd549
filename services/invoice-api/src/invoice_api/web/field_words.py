"""What is wrong with a form's field, in the words of its page. Pure.

The API's callers read of decimals in quotes and ids; whoever types into a form reads what to do.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from zoneinfo import ZoneInfo

from invoice_api.http.problems import FieldError
from invoice_api.imports.values import Style, evidence_of, number_of


@dataclass(frozen=True)
class _Named:
    """A field's label, and what its sentences call it."""

    label: str
    thing: str
    do: str = "Write"
    example: str = ""

    number: bool = False

    @property
    def asked(self) -> str:
        such = f", such as {self.example}" if self.example else ""
        return f"{self.do} {self.thing}{such}."


_FIELDS: Mapping[str, _Named] = {
    "customer_id": _Named("Customer", "a customer", "Choose"),
    "item_id": _Named("Item", "an item", "Choose"),
    "tax_rate_id": _Named("Tax", "a tax rate", "Choose"),
    "issue_date": _Named("Date", "the date", "Choose"),
    "due_date": _Named("Due", "the due date", "Choose"),
    "start_date": _Named("Start date", "the start date", "Choose"),
    "quantity": _Named("Quantity", "the quantity", example="2", number=True),
    "unit_price": _Named("Price", "the price", example="128.19", number=True),
    "discount_percent": _Named("Discount", "the discount", example="10", number=True),
    "percent": _Named("Percent", "the percent", example="8", number=True),
    "name": _Named("Name", "a name"),
    "company_name": _Named("Company name", "the company's name"),
    "email": _Named("E-mail", "an e-mail address", example="ann@example.com"),
    "password": _Named("Password", "a password of at least 8 characters", "Choose"),
    "time_zone": _Named("Time zone", "a time zone", "Choose", "America/New_York"),
    "currency": _Named("Currency", "a currency", "Choose", "USD"),
    "role": _Named("Role", "a role", "Choose"),
    "kind": _Named("Type", "Business or Homeowner", "Choose"),
    "number": _Named("Number", "a number"),
    "sku": _Named("SKU", "a SKU"),
    "line1": _Named("Street", "a street"),
    "line2": _Named("Suite, floor or unit", "a suite, floor or unit"),
    "region": _Named("State or region", "a state or region"),
    "postal_code": _Named("ZIP or postal code", "a ZIP or postal code"),
}
_ZONE = ZoneInfo("UTC")
_ASKED_FOR = frozenset(
    {
        *("missing", "blank", "email", "currency", "time_zone", "password", "no_price"),
        *("string_too_short", "too_short", "literal_error", "enum"),
        *("uuid_parsing", "uuid_type"),
    }
)


def label_of(field: str) -> str:
    """The field's name on its page: `lines.0.unit_price` is "Line 1, price"."""
    *path, last = field.split(".")
    known = _FIELDS.get(last)
    plain = last.removesuffix("_id").replace("_", " ")
    label = plain[:1].upper() + plain[1:] if known is None else known.label
    match path:
        case [*_, "lines", number] if number.isdigit():
            return f"Line {int(number) + 1}, {label if label.isupper() else label.lower()}"
        case _:
            return label or field


def words_of(error: FieldError, typed: str | None = None) -> str:
    """What is wrong and what to do; `typed` is what stands in the field, where that is known."""
    named = _FIELDS.get(error.field.rpartition(".")[2])
    if named is not None and (error.kind in _ASKED_FOR or (error.kind and typed == "")):
        return _number(named) if named.number else named.asked
    match error.kind, named:
        case "decimal_text", _Named():
            if typed is not None and _read(typed) is not None:
                return (
                    f"{_sentence(named.thing)} may have up to 12 digits before the point and 6"
                    " after it."
                )
            return _number(named)
        case "percent", _Named():
            return (
                f"Write {named.thing} from 0 to 100, with up to 4 digits after the point, such as"
                f" {named.example}."
            )
        case (("date_parsing" | "date_type" | "date_from_datetime_parsing"), _Named()):
            return f"Write {named.thing} as year, month and day, such as 2026-06-15."
        case "early", _:
            return error.message.replace("must not be", "The due date can't be") + "."
        case (("string_too_long" | "too_long"), _) if error.field != "lines":
            most = error.message.removeprefix("may have ").replace("entries", "characters")
            return f"Use {most}."
        case "control_character", _:
            return "Something in it can't be kept: please type it anew."
        case "blank" | "string_too_short", _:
            return "Write something here."
        case "literal_error" | "enum", _:
            return "Choose one of these."
        case _:
            return error.message


def _number(named: _Named) -> str:
    return f"Write {named.thing} as a number, such as {named.example}."


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def as_number(name: str, typed: str) -> str:
    """A number field as the API takes it, where a person's way of writing can be read: currency
    signs, thousands, a comma before the cents, a percent sign. Else as it was typed."""
    field = name.rpartition(".")[2]
    if field not in _FIELDS or not _FIELDS[field].number:
        return typed
    bare = typed.strip().removesuffix("%") if field.endswith("percent") else typed
    value = _read(bare)
    return typed if value is None else format(value, "f")


def _read(typed: str) -> Decimal | None:
    """As an import reads a file of this one number; nobody writes thousands after a zero."""
    if re.fullmatch(r"\s*-?0,\d+\s*", typed):
        return Decimal(typed.strip().replace(",", "."))
    decimals = evidence_of((), (typed,)).decimals()
    return number_of(typed, Style("month_first", decimals, _ZONE))
