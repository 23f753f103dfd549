"""Reading what a client sent, field by field; what is wrong is collected and refused at the end."""

from __future__ import annotations

import re
from decimal import Decimal

from freshbooks_simulator.refusals import (
    BAD_CHARACTER,
    BAD_DATE,
    BAD_PERCENT,
    BEYOND_UNICODE,
    INVALID,
    MAPPING,
    NOT_A_NUMBER,
    REQUIRED,
    TOO_LONG,
    Reason,
    RefusedError,
)
from freshbooks_simulator.settings import Settings
from freshbooks_simulator.wire import Json, JsonObject, exact, parse_date, plain, text

_EMAIL = re.compile(r"[^@\s]+@[^@\s.]+(\.[^@\s.]+)+")
_CURRENCY = re.compile(r"[A-Z]{3}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f]")
_BEYOND = re.compile(r"[\U00010000-\U0010ffff]")


class Reader:
    """Reads one object; `done` raises if anything was wrong. Unknown fields are just not read."""

    def __init__(self, kind: str, body: JsonObject, settings: Settings) -> None:
        self.kind = kind
        self.body = body
        self.settings = settings
        self.reasons: list[Reason] = []

    def wrong(self, errno: int, field: str, message: str, value: Json = None) -> None:
        """Note a reason to refuse."""
        shown = text(value) if value is not None else None
        self.reasons.append(Reason(errno, message, field, self.kind, shown))

    def done(self) -> None:
        """Raises RefusedError (422) with every reason noted."""
        if self.reasons:
            raise RefusedError(422, *self.reasons)

    def text(self, field: str, *, limit: int | None = None) -> str | None:
        """A string as sent; None for null or anything wrong."""
        value = self.body.get(field)
        if value is None:
            return None
        if not isinstance(value, str):
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                value = text(value)
            else:
                self.wrong(MAPPING, field, f"The field '{field}' must be a string.")
                return None
        if limit is not None and len(value) > limit:
            message = f"The field '{field}' must be at most {limit} characters long."
            self.wrong(TOO_LONG, field, message, value)
        elif self.settings.control_characters == "refuse" and _CONTROL.search(value):
            self.wrong(BAD_CHARACTER, field, f"The field '{field}' has an invalid character.")
        elif self.settings.beyond_bmp == "refuse" and _BEYOND.search(value):
            message = f"The field '{field}' has a character out of range."
            self.wrong(BEYOND_UNICODE, field, message, value)
        else:
            return value
        return None

    def email(self, field: str) -> str | None:
        """An e-mail address; empty is none."""
        value = self.text(field, limit=self.settings.text_limit)
        if value and self.settings.email_checked and not _EMAIL.fullmatch(value):
            self.wrong(INVALID, field, "Email address is invalid.", value)
            return None
        return value

    def currency(self, field: str) -> str | None:
        """Three capital letters."""
        value = self.text(field)
        if value and not _CURRENCY.fullmatch(value):
            self.wrong(INVALID, field, f"The field '{field}' must be a currency code.", value)
            return None
        return value or None

    def boolean(self, field: str) -> bool | None:
        """true or false."""
        value = self.body.get(field)
        if value is None or isinstance(value, bool):
            return value
        self.wrong(1031, field, f"The field '{field}' must be a boolean.", value)
        return None

    def number(self, field: str) -> Decimal | None:
        """A number, or a string that holds one."""
        return self._number(field, self.body.get(field))

    def whole(self, field: str) -> int | None:
        """A whole number."""
        value = self.number(field)
        if value is None:
            return None
        if value != value.to_integral_value():
            self.wrong(NOT_A_NUMBER, field, f"The field '{field}' must be an integer.", str(value))
            return None
        return int(value)

    def percent(self, field: str) -> str | None:
        """A percentage between 0 and 100, as the API writes it."""
        value = self.body.get(field)
        if value is None or value == "":
            return None
        found = exact(value)
        if found is None or not 0 <= found <= 100:
            self.wrong(BAD_PERCENT, field, f"The field '{field}' must be a percentage.", value)
            return None
        return plain(found)

    def amount(self, field: str) -> tuple[Decimal, str | None] | None:
        """A money object's amount and its currency, if said."""
        value = self.body.get(field)
        if value is None:
            return None
        if not isinstance(value, dict):
            message = f"The field '{field}' must be an object with amount and code."
            self.wrong(MAPPING, field, message, value)
            return None
        found = self._number(f"{field}.amount", value.get("amount"))
        return None if found is None else (found, text(value.get("code")) or None)

    def day(self, field: str) -> str | None:
        """A date `YYYY-MM-DD`."""
        value = self.body.get(field)
        if value is None:
            return None
        if not isinstance(value, str) or parse_date(value) is None:
            message = f"The field '{field}' must be a date (YYYY-MM-DD)."
            self.wrong(BAD_DATE, field, message, value)
            return None
        return value

    def required(self, field: str) -> None:
        """Refuse where the field is missing, null or blank."""
        if not text(self.body.get(field)).strip():
            self.wrong(REQUIRED, field, f"The field '{field}' is required.")

    def _number(self, field: str, value: Json) -> Decimal | None:
        if value is None:
            return None
        found = exact(value)
        if found is None:
            self.wrong(NOT_A_NUMBER, field, f"The field '{field}' must be a number.", value)
        return found


def vis_state(kind: str, value: Json) -> int:
    """0, 1 or 2. Raises RefusedError."""
    if value in (0, 1, 2) and not isinstance(value, (bool, float)):
        return int(text(value))
    reason = Reason(INVALID, "vis_state must be 0, 1 or 2.", "vis_state", kind, text(value))
    raise RefusedError(422, reason)
