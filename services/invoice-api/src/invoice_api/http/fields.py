"""The kinds of fields that request bodies have, and what is wrong when they aren't that."""

import re
from decimal import Decimal
from typing import Annotated

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    PlainSerializer,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError


class Sent(BaseModel):
    """A request body: strict, unknown fields refused."""

    model_config = ConfigDict(frozen=True, strict=True, extra="forbid")


_DECIMAL = re.compile(r"-?\d{1,12}(\.\d{1,6})?")
_NOT_A_DECIMAL = (
    'must be a decimal in quotes, such as "128.19", with up to 12 digits before the point and 6'
    " after it"
)


def _decimal_of(value: object) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value):
        raise PydanticCustomError("decimal_text", _NOT_A_DECIMAL)
    return Decimal(value)


def plain(amount: Decimal) -> str:
    """The decimal written out, never with an exponent."""
    return format(amount, "f")


DecimalText = Annotated[
    Decimal,
    BeforeValidator(_decimal_of),
    PlainSerializer(plain, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _DECIMAL.pattern, "examples": ["128.19"]}),
]
"""Money or a quantity: text on the wire, never a float."""


def _printable(value: str) -> str:
    # PostgreSQL holds no NUL; other control characters break the provider's XML and CSV.
    if any(ord(c) < 32 and c not in "\t\n\r" for c in value):
        raise PydanticCustomError("control_character", "has a control character in it")
    return value


def _not_blank(value: str) -> str:
    if not value.strip():
        raise PydanticCustomError("blank", "must not be empty")
    return value


def _email(value: str) -> str:
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", value):
        raise PydanticCustomError("email", "must be an e-mail address, such as ann@example.com")
    return value


def _currency(value: str) -> str:
    if not re.fullmatch(r"[A-Z]{3}", value):
        raise PydanticCustomError("currency", "must be a currency's three letters, such as USD")
    return value


_Printable = AfterValidator(_printable)

LONGEST_NAME = 255
Name = Annotated[
    str, StringConstraints(max_length=LONGEST_NAME), _Printable, AfterValidator(_not_blank)
]
ShortText = Annotated[str, StringConstraints(max_length=255), _Printable]
LongText = Annotated[str, StringConstraints(max_length=4_000), _Printable]
Description = Annotated[str, StringConstraints(max_length=1_000), _Printable]
Email = Annotated[str, StringConstraints(max_length=254), _Printable, AfterValidator(_email)]
CurrencyCode = Annotated[str, AfterValidator(_currency)]
