"""Forms read as the API's bodies: one set of rules for what may be sent."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from contracts.invoicing import MAX_LINES
from starlette.datastructures import FormData
from starlette.requests import Request

from invoice_api.web.field_words import as_number

LINE_FIELDS = (
    "item_id",
    "description",
    "quantity",
    "unit_price",
    "discount_percent",
    "tax_rate_id",
)
MAX_FIELDS = (MAX_LINES + 500) * (len(LINE_FIELDS) + 2) + 1_000
"""The longest invoice has room, and some lines more: those are refused by the invoice's own rule,
which says so beside what was typed."""

NO_GROUPS: Mapping[str, tuple[str, ...]] = {}
_OF_THE_FORM = ("find", "found", "look")
"""Fields of a line's search: they say what to choose from, and aren't sent."""
_LINE = re.compile(r"lines\.(\d+)\.(" + "|".join(LINE_FIELDS + _OF_THE_FORM) + ")")


async def form_data(request: Request) -> FormData:
    """The form that was sent; an upload's files are read elsewhere."""
    return await request.form(max_fields=MAX_FIELDS)


def as_json(values: Mapping[str, object]) -> str:
    return json.dumps(values)


def given(
    form: Mapping[str, str],
    required: tuple[str, ...],
    optional: tuple[str, ...],
    groups: Mapping[str, tuple[str, ...]] = NO_GROUPS,
) -> str:
    """These fields as JSON: a required one as it was typed, or as the number that was meant; an
    optional one null where empty.

    A group is an object, whose fields a form names as in `address.city`; null where all of them are
    empty, and left out where the form has none of them.
    """
    values: dict[str, object] = {
        name: as_number(name, form.get(name, "").strip()) for name in required
    }
    values |= {name: form.get(name, "").strip() or None for name in optional}
    for group, names in groups.items():
        typed = {
            name: form[f"{group}.{name}"].strip() for name in names if f"{group}.{name}" in form
        }
        if typed:
            filled = {name: value for name, value in typed.items() if value}
            values[group] = filled or None
    return as_json(values)


def lines_of(form: Mapping[str, str]) -> list[dict[str, str]]:
    """The lines that were filled in, in order, their numbers as the API takes them; a line left
    empty isn't one, and neither is one on which an item was only looked for."""
    return [line for one in _filled(form) if (line := _as_sent(one))]


def packed(form: Mapping[str, str]) -> dict[str, str]:
    """The form with its lines numbered as `lines_of` has them, so that errors find their fields;
    those on which an item was only looked for come after."""
    kept = {name: value for name, value in form.items() if not _LINE.fullmatch(name)}
    lines = sorted(_filled(form), key=lambda line: not _as_sent(line))
    for number, line in enumerate(lines):
        kept |= {f"lines.{number}.{name}": value for name, value in line.items()}
    return kept


def _filled(form: Mapping[str, str]) -> list[dict[str, str]]:
    found: dict[int, dict[str, str]] = {}
    for name, value in form.items():
        if (match := _LINE.fullmatch(name)) and value.strip():
            found.setdefault(int(match[1]), {})[match[2]] = value.strip()
    return [found[number] for number in sorted(found)]


def _as_sent(line: Mapping[str, str]) -> dict[str, str]:
    return {name: as_number(name, value) for name, value in line.items() if name in LINE_FIELDS}


def line_numbers(form: Mapping[str, str], more: int = 0) -> range:
    """The lines that the form shows: what is filled, one to go on with, never under two."""
    return range(max(2, len(_filled(form)) + 1 + more))


def without_line(form: Mapping[str, str], number: str) -> dict[str, str]:
    """The form without this line; the others close ranks."""
    return packed({n: v for n, v in form.items() if not n.startswith(f"lines.{number}.")})


@dataclass(frozen=True)
class Search:
    """A search of the form: where its words stand, the field that it finds a choice for."""

    words: str
    found: str
    """The words that were looked for when the form was shown."""
    field: str
    look: str

    @property
    def kind(self) -> Literal["customer", "item"]:
        return "customer" if self.field == "customer_id" else "item"


CUSTOMER = Search("customer_find", "customer_found", "customer_id", "customer_look")


def searches(form: Mapping[str, str]) -> list[Search]:
    """Those in which words stand."""
    lines = (m[1] for name in form if (m := _LINE.fullmatch(name)) and m[2] == "find")
    every = [CUSTOMER, *(_on_line(number) for number in lines)]
    return [one for one in every if form.get(one.words, "").strip()]


def _on_line(number: str) -> Search:
    at = f"lines.{number}."
    return Search(f"{at}find", f"{at}found", f"{at}item_id", f"{at}look")


def unfound(form: Mapping[str, str]) -> list[Search]:
    """Searches whose words nobody looked for yet: such a form isn't saved, but shown with what is
    found."""
    return [
        one for one in searches(form) if form[one.words].strip() != form.get(one.found, "").strip()
    ]
