"""What the framework itself refuses, in the same words and shape as everything else."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, cast

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from messaging.database import DATABASE_AWAY, is_away
from pydantic import ValidationError
from starlette.exceptions import HTTPException
from telemetry.logs import get_logger

from invoice_api.http.problems import (
    FieldError,
    Problem,
    invalid,
    not_found,
)

_MESSAGES = {
    "missing": "is required",
    "extra_forbidden": "isn't a field here; please leave it out",
    "string_type": "must be text in quotes",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "uuid_parsing": "must be an id, such as 01920000-0000-7000-8000-000000000000",
    "uuid_type": "must be an id, in quotes",
    "date_type": "must be a date in quotes, such as 2026-06-15",
    "date_parsing": "must be a date that exists, written YYYY-MM-DD",
    "date_from_datetime_parsing": "must be a date that exists, written YYYY-MM-DD",
    "model_type": "must be an object",
    "model_attributes_type": "must be an object",
    "list_type": "must be a list",
    "tuple_type": "must be a list",
    "dict_type": "must be an object",
    "int_parsing": "must be a whole number",
    "int_type": "must be a whole number",
}

_LOG = get_logger(__name__)


def problem_of(error: ValidationError) -> Problem:
    """A body that didn't parse, or whose fields aren't what they should be."""
    errors = error.errors(include_url=False, include_input=False)
    if any(e["type"] == "json_invalid" for e in errors):
        return malformed_json(str(errors[0].get("ctx", {}).get("error", "")))
    return invalid(*(_field_error(cast("dict[str, Any]", e)) for e in errors[:100]))


def malformed_json(reason: str) -> Problem:
    why = f": {reason}" if reason else ""
    return Problem(400, "malformed_json", "Not JSON", f"The body of the request isn't JSON{why}.")


def _field_error(error: dict[str, Any]) -> FieldError:
    location = cast("Sequence[str | int]", error["loc"])
    kind = str(error["type"])
    context = cast("dict[str, Any]", error.get("ctx") or {})
    match kind:
        case "string_too_long" | "too_long":
            unit = "characters" if kind == "string_too_long" else "entries"
            message = f"may have up to {context['max_length']:,} {unit}"
        case "string_too_short" | "too_short":
            message = "must not be empty"
        case "literal_error" | "enum":
            message = f"must be {context['expected']}"
        case "string_pattern_mismatch":
            message = "isn't written as it should be"
        case _:
            message = _MESSAGES.get(kind, str(error["msg"]).removeprefix("Value error, "))
    return FieldError(".".join(str(part) for part in location), message, kind)


def _validation_problem(_request: Request, error: Exception) -> Problem:
    assert isinstance(error, RequestValidationError)
    errors = cast("Sequence[dict[str, Any]]", error.errors())
    if any(e["loc"][0] == "path" for e in errors):
        return not_found()
    return invalid(*(_field_error({**e, "loc": e["loc"][1:]}) for e in errors))


def _http_problem(_request: Request, error: Exception) -> Problem:
    assert isinstance(error, HTTPException)
    match error.status_code:
        case 404:
            return not_found()
        case 405:
            allowed = (error.headers or {}).get("Allow", "")
            return Problem(
                405,
                "method_not_allowed",
                "Not possible here",
                f"This address answers {allowed}." if allowed else "Not with this method.",
                headers=error.headers,
            )
        case status:
            return Problem(status, "refused", "Refused", str(error.detail), headers=error.headers)


def _database_away(request: Request, error: Exception) -> Problem:
    if not is_away(error):
        _LOG.error("request failed", path=request.url.path, exc_info=error)
        return _defect(request, error)
    _LOG.warning("database away", error=type(error).__name__)
    return Problem(
        503,
        "database_away",
        "Back in a moment",
        "Our database isn't answering. Nothing was changed; please try again.",
        headers={"Retry-After": "2"},
    )


def _defect(_request: Request, _error: Exception) -> Problem:
    return Problem(
        500,
        "our_mistake",
        "Our mistake",
        "Something went wrong on our side. We have been told; please try again.",
    )


def install(app: FastAPI, answer: Callable[[Request, Exception], Awaitable[Response]]) -> None:
    """Make every error of this app a problem; `answer` gives it to whoever asked."""

    def add(kind: type[Exception], problem: Callable[[Request, Exception], Problem]) -> None:
        async def handle(request: Request, error: Exception) -> Response:
            return await answer(request, problem(request, error))

        app.add_exception_handler(kind, handle)

    app.add_exception_handler(Problem, answer)
    add(RequestValidationError, _validation_problem)
    add(HTTPException, _http_problem)
    for away in DATABASE_AWAY:
        add(away, _database_away)
    add(Exception, _defect)
