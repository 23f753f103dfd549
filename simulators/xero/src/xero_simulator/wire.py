"""What goes over the wire: JSON values and numbers in the forms the API uses.

Amounts are kept as JSON numbers (a float that prints as it was given) and become Decimal only to
be calculated with.
"""

from __future__ import annotations

import json
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, InvalidOperation
from typing import TypeAlias, cast
from urllib.parse import SplitResult, urlsplit

Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
JsonObject: TypeAlias = "dict[str, Json]"

CENT = Decimal("0.01")
ZERO = Decimal(0)


class UnreadableError(ValueError):
    """The body isn't JSON in UTF-8."""


def _no_constant(name: str) -> float:
    raise UnreadableError(f"{name} isn't a number in JSON")


def parse(body: bytes) -> Json:
    """The JSON value in `body`; raises UnreadableError."""
    try:
        return cast(Json, json.loads(body.decode("utf-8"), parse_constant=_no_constant))
    except (ValueError, RecursionError) as error:
        raise UnreadableError(str(error)) from error


def dumps(value: Json) -> bytes:
    """JSON in UTF-8 without spaces."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")


def dumps_escaped(value: Json) -> bytes:
    r"""JSON as the Accounting API sends it: each `/` is written `\/`."""
    return dumps(value).replace(b"/", b"\\/")


def as_object(value: Json) -> JsonObject:
    """The object itself, or an empty one for anything else."""
    return value if isinstance(value, dict) else {}


def as_list(value: Json) -> list[Json]:
    """The list itself, or an empty one for anything else."""
    return value if isinstance(value, list) else []


def objects(value: Json) -> list[JsonObject]:
    """The objects of a list; what isn't an object is left out."""
    return [each for each in as_list(value) if isinstance(each, dict)]


def words(listed: str) -> frozenset[str]:
    """The words of a text, for tables of names."""
    return frozenset(listed.split())


def text(value: Json) -> str:
    """A string as it is; empty for what isn't there; digits for a number."""
    if value is None or isinstance(value, (dict, list)):
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    return value if isinstance(value, str) else str(value)


def web_address(value: str) -> SplitResult | None:
    """The parts of a whole http or https address; None for anything else."""
    try:
        parts = urlsplit(value)
    except ValueError:
        return None
    return parts if parts.scheme in ("http", "https") and parts.netloc else None


def flag(value: Json, default: bool = False) -> bool:
    """A boolean, also one written as text; `default` for what isn't there."""
    if isinstance(value, str):
        return value.casefold() == "true" if value else default
    return value if isinstance(value, bool) else default


def decimal(value: Json) -> Decimal | None:
    """An amount to calculate with; None for what isn't a number."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        found = Decimal(str(value).strip())
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def dec(value: Json) -> Decimal:
    """An amount to calculate with; zero for what isn't a number."""
    return decimal(value) or ZERO


def number(value: Decimal) -> float:
    """An amount as the API writes it: `21.0`, `24.15`."""
    return float(value)


def cents(value: Decimal, *, even: bool = False) -> Decimal:
    """Rounded to cents, halves up (`even`: to the even neighbour)."""
    return value.quantize(CENT, rounding=ROUND_HALF_EVEN if even else ROUND_HALF_UP)


def rounded(value: Decimal, places: int) -> Decimal:
    """Rounded to so many decimals, halves up."""
    return value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)


def money(value: Json) -> str:
    """An amount as `/_sim` writes it: a decimal string with two places at least."""
    amount = dec(value)
    return str(cents(amount)) if amount == cents(amount) else plain(amount)


def plain(amount: Decimal) -> str:
    """A decimal string without needless zeros or an exponent."""
    return format(amount.normalize(), "f")
