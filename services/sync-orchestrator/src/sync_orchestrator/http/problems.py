"""Refusals as problem details (RFC 9457)."""

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from messaging.database import DATABASE_AWAY
from starlette.exceptions import HTTPException

from sync_orchestrator.handlers.refusals import FieldProblem, Refusal

MEDIA_TYPE = "application/problem+json"


def problem(
    status: int, code: str, title: str, detail: str, errors: tuple[FieldProblem, ...] = ()
) -> JSONResponse:
    body: dict[str, object] = {
        "type": f"urn:tallybridge:{code}",
        "title": title,
        "status": status,
        "code": code,
        "detail": detail,
    }
    if errors:
        body["errors"] = [{"field": e.field, "message": e.message} for e in errors]
    return JSONResponse(body, status_code=status, media_type=MEDIA_TYPE)


def install(app: FastAPI) -> None:
    """Have every error answered as a problem."""

    async def refused(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, Refusal)
        return problem(error.status, error.code, error.title, error.detail, error.errors)

    async def unreadable(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, RequestValidationError)
        errors = tuple(
            FieldProblem(".".join(str(part) for part in e["loc"][1:]), e["msg"])
            for e in error.errors()
        )
        if any(e["type"] == "json_invalid" for e in error.errors()):
            return problem(400, "malformed_json", "Not JSON", "The body isn't JSON.")
        return problem(422, "invalid", "Check the fields", errors[0].message, errors)

    async def other(_: Request, error: Exception) -> JSONResponse:
        assert isinstance(error, HTTPException)
        code = "not_found" if error.status_code == 404 else "refused"
        return problem(error.status_code, code, str(error.detail), str(error.detail))

    async def away(_: Request, error: Exception) -> JSONResponse:
        return problem(
            503, "database_away", "Can't be done right now", "Please try again in a moment."
        )

    app.add_exception_handler(Refusal, refused)
    app.add_exception_handler(RequestValidationError, unreadable)
    app.add_exception_handler(HTTPException, other)
    for kind in DATABASE_AWAY:
        app.add_exception_handler(kind, away)
