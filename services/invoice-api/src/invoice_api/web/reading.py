"""Forms read as the API's bodies: one set of rules for what may be sent."""

import json
import re
from collections.abc import Mapping

from contracts.invoicing import MAX_LINES
from starlette.datastructures import FormData
from starlette.requests import Request

LINE_FIELDS = (
    "item_id",
    "description",
    "quantity",
    "unit_price",
    "discount_percent",
    "tax_rate_id",
)
MAX_FIELDS = (MAX_LINES + 500) * len(LINE_FIELDS) + 1_000
"""The longest invoice has room, and some lines more: those are refused by the invoice's own rule,
which says so beside what was typed."""

NO_GROUPS: Mapping[str, tuple[str, ...]] = {}
_LINE = re.compile(r"lines\.(\d+)\.(" + "|".join(LINE_FIELDS) + ")")


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
    """These fields as JSON: a required one as it was typed, an optional one null where empty.

    A group is an object, whose fields a form names as in `address.city`; null where all of them are
    empty, and left out where the form has none of them.
    """
    values: dict[str, object] = {name: form.get(name, "").strip() for name in required}
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
    """The lines that were filled in, in order; a line left empty isn't one."""
    found: dict[int, dict[str, str]] = {}
    for name, value in form.items():
        if (match := _LINE.fullmatch(name)) and value.strip():
            found.setdefault(int(match[1]), {})[match[2]] = value.strip()
    return [found[number] for number in sorted(found)]


def packed(form: Mapping[str, str], lines: list[dict[str, str]]) -> dict[str, str]:
    """The form with its lines numbered as they were sent, so that errors find their fields."""
    kept = {name: value for name, value in form.items() if not _LINE.fullmatch(name)}
    for number, line in enumerate(lines):
        kept |= {f"lines.{number}.{name}": value for name, value in line.items()}
    return kept


def line_numbers(form: Mapping[str, str], more: int = 0) -> range:
    """The lines that the form shows: what is filled, one to go on with, never under two."""
    return range(max(2, len(lines_of(form)) + 1 + more))


def without_line(form: Mapping[str, str], number: str) -> dict[str, str]:
    """The form without this line; the others close ranks."""
    left = {n: v for n, v in form.items() if not n.startswith(f"lines.{number}.")}
    return packed(left, lines_of(left))
