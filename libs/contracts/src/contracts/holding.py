"""What an invoice holds at its provider, as a mark that tells later which fields are others now.

A connector makes the mark of what the provider itself said, so that what the provider rounds, adds
or works out is in it from the start and is no change. What somebody may do there without altering
the invoice (a payment, a note) has no place in it.
"""

import json
from dataclasses import dataclass
from typing import cast

FIELDS = (
    "customer",
    "number",
    "date",
    "due_date",
    "currency",
    "lines",
    "accounts",
    "discount_accounts",
    "products",
    "item_accounts",
    "taxes",
    "tax",
)
"""In the order in which sentences name them. `accounts` are those that lines name themselves,
`discount_accounts` those of discounts where only these name one; `products` are the items on its
lines, `item_accounts` the accounts that lines have by their item alone; `taxes` are those on its
lines, `tax` is what they come to. A name keeps its meaning: what was remembered under it is
compared with what is read years later."""


@dataclass(frozen=True, slots=True)
class Change:
    """A field that holds something else now; both values are the provider's own, or digests."""

    field: str
    before: str
    now: str


def mark_of(**values: str | None) -> str:
    """The mark of these `FIELDS`. None: the provider doesn't say; empty: nothing is there."""
    assert set(values) <= set(FIELDS), "a mark holds what can be named"
    said = {name: value for name, value in values.items() if value is not None}
    return json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


def is_mark(text: str | None) -> bool:
    """Whether this is such a mark: what was remembered otherwise can't be compared by fields."""
    return _read(text) is not None


def changes(before: str | None, now: str | None) -> tuple[Change, ...]:
    """What holds something else now, of what both marks say something of."""
    was, has = _read(before), _read(now)
    if was is None or has is None:
        return ()
    return tuple(
        Change(name, was[name], has[name])
        for name in FIELDS
        if name in was and name in has and was[name] != has[name]
    )


def says(mark: str | None, field: str) -> bool:
    """Whether the mark says something of the field."""
    return field in (_read(mark) or {})


def _read(text: str | None) -> dict[str, str] | None:
    if text is None or not text.startswith("{"):
        return None
    parsed: object = json.loads(text)
    return cast("dict[str, str]", parsed)
