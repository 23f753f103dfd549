"""Why the accounting API refuses something, and the bodies it says so with.

errnos: https://www.freshbooks.com/api/errors.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from freshbooks_simulator.settings import Settings
from freshbooks_simulator.wire import JsonObject
from freshbooks_simulator.wire_http import JSON, JSON_UTF8, Answer, answer_json

REQUIRED, DENIED, INVALID, UNPARSABLE, MAPPING = 1001, 1003, 1004, 1005, 1006
UNKNOWN, BAD_PER_PAGE, BAD_PAGE, NOT_A_NUMBER = 1012, 1013, 1014, 1015
TOO_LONG, BAD_PERCENT, SAME_TAX_TWICE = 1017, 1018, 1019
BAD_FILTER_DATE, BAD_FILTER_NUMBER, DUPLICATE_TAX = 1023, 1024, 1026
BAD_CHARACTER, BAD_DATE, BEYOND_UNICODE = 1027, 1033, 1036
READ_ONLY, CONFLICT = 1038, 409


@dataclass(frozen=True, slots=True)
class Reason:
    """One entry of `response.errors`."""

    errno: int
    message: str
    field: str | None = None
    object: str | None = None
    value: str | None = None

    def body(self) -> JsonObject:
        """Its keys as the API writes them; none that say nothing."""
        if self.field is None:
            return {"errno": self.errno, "message": self.message}
        return {
            "errno": self.errno,
            "field": self.field,
            "message": self.message,
            "object": self.object,
            "value": self.value,
        }


class RefusedError(Exception):
    """The accounting API refuses; nothing was written."""

    def __init__(self, status: int, *reasons: Reason) -> None:
        super().__init__("; ".join(each.message for each in reasons))
        self.status = status
        self.reasons = reasons


class LedgerRefusedError(Exception):
    """The ledger API refuses; `reasons` are fields (None for the whole) and messages."""

    def __init__(self, status: int, *reasons: tuple[str | None, str]) -> None:
        super().__init__("; ".join(message for _, message in reasons))
        self.status = status
        self.reasons = reasons


def by_switch(switch: str, message: str, field: str, kind: str, value: str) -> RefusedError:
    """A refusal whose status and errno a switch such as `422-1029` says."""
    status, _, errno = switch.partition("-")
    return RefusedError(int(status), Reason(int(errno), message, field, kind, value))


def not_found(kind: str, field: str, value: str) -> RefusedError:
    """A record of that id isn't there."""
    message = f"{kind.capitalize()} not found."
    return RefusedError(404, Reason(UNKNOWN, message, field, kind, value))


def answer(refused: RefusedError, settings: Settings) -> Answer:
    """A refusal in the form the organisation's settings say."""
    reasons = refused.reasons
    status = 200 if settings.error_status_200 else refused.status
    if settings.error_form == "rpc":
        return answer_json(status, _rpc(refused.status, reasons))
    if settings.error_form == "object":
        return answer_json(status, {"response": {"errors": reasons[0].body()}})
    return answer_json(status, {"response": {"errors": [each.body() for each in reasons]}})


def ledger_answer(refused: LedgerRefusedError) -> Answer:
    """A refusal of the ledger family."""
    details: list[JsonObject] = [
        {
            "reason": f"{field}: {message}" if field else message,
            "metadata": {"message": message, "field": field},
        }
        for field, message in refused.reasons
    ]
    body: JsonObject = {
        "errors": {
            "message": f"Request failed with status code {refused.status}",
            "status": refused.status,
            "details": list(details),
        }
    }
    return answer_json(refused.status, body, media=JSON_UTF8)


def unauthenticated(settings: Settings) -> Answer:
    """The 401 of an access token that is no good."""
    if settings.unauthenticated_body == "errno1003":
        message = "The server could not verify that you are authorized to access the URL requested."
        body: JsonObject = {"response": {"errors": [{"errno": DENIED, "message": message}]}}
        return answer_json(401, body)
    if settings.unauthenticated_body == "invalid_token":
        body = {
            "error": "invalid_token",
            "error_description": "The access token is invalid",
            "state": "unauthorized",
        }
        return answer_json(401, body)
    body = {
        "error": "unauthenticated",
        "error_description": "This action requires authentication to continue.",
    }
    return answer_json(401, body, media=JSON)


def missing_scope(settings: Settings, given: str, needed: str) -> Answer:
    """The 403 of a token without the scope; its message lists the scopes given and needed."""
    message = f"Insufficient scope. The token has: {given}. This endpoint requires: {needed}."
    if settings.missing_scope_body == "insufficient_scope":
        body: JsonObject = {"error": "insufficient_scope", "error_description": message}
    elif settings.missing_scope_body == "message":
        body = {"message": message}
    else:
        body = {"response": {"errors": [{"errno": DENIED, "message": message}]}}
    return answer_json(403, body)


def _rpc(status: int, reasons: Sequence[Reason]) -> JsonObject:
    codes = {400: 3, 401: 16, 403: 7, 404: 5, 409: 10, 422: 3, 429: 8}
    details: list[JsonObject] = [
        {
            "@type": "type.googleapis.com/google.rpc.ErrorInfo",
            "reason": str(each.errno),
            "domain": "accounting.api.freshbooks.com",
            "metadata": {
                "object": each.object or "",
                "message": each.message,
                "value": each.value or "",
                "field": each.field or "",
            },
        }
        for each in reasons
    ]
    return {
        "code": codes.get(status, 2),
        "message": f"Request failed with status_code: {status}",
        "details": list(details),
    }
