"""Errors as RFC 9457 problem details, with a stable `code` and a `detail` a person can act on."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from fastapi import Request, Response

MEDIA_TYPE = "application/problem+json"


@dataclass(frozen=True)
class FieldError:
    """What is wrong with one field of what was sent; `field` is its path, `lines.0.quantity`.

    `message` is what the API answers; by `kind`, where there is one, a page says it in its own
    words.
    """

    field: str
    message: str
    kind: str = ""


class Problem(Exception):  # noqa: N818  (RFC 9457 calls it that)
    """An answer that says no. Raise it anywhere below a route."""

    def __init__(
        self,
        status: int,
        code: str,
        title: str,
        detail: str,
        *,
        errors: Sequence[FieldError] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(f"{status} {code}: {detail}")
        self.status = status
        self.code = code
        self.title = title
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})

    def body(self) -> dict[str, object]:
        """The problem as it is answered."""
        shown: dict[str, object] = {
            "type": f"urn:tallybridge:problem:{self.code}",
            "title": self.title,
            "status": self.status,
            "code": self.code,
            "detail": self.detail,
        }
        if self.errors:
            shown["errors"] = [{"field": e.field, "message": e.message} for e in self.errors]
        return shown

    def answer(self) -> Response:
        return Response(
            json.dumps(self.body(), ensure_ascii=False),
            status_code=self.status,
            media_type=MEDIA_TYPE,
            headers=self.headers,
        )


def not_found(what: str = "page") -> Problem:
    """Nothing here, or nothing of this company's: the answer is the same."""
    return Problem(404, "not_found", "Not found", f"There is no such {what} here.")


def invalid(*errors: FieldError) -> Problem:
    """What was sent can't be taken; each error names its field and what to do."""
    first = errors[0]
    more = f" (and {len(errors) - 1} more)" if len(errors) > 1 else ""
    where = f"{first.field}: " if first.field else ""
    return Problem(
        422, "invalid", "Please check what you sent", f"{where}{first.message}{more}", errors=errors
    )


def invalid_field(field: str, message: str, kind: str = "") -> Problem:
    return invalid(FieldError(field, message, kind))


def not_yet(field: str, message: str) -> Problem:
    """A field of the interface that isn't built yet and was used."""
    return Problem(
        422, "not_yet", "Not possible yet", message, errors=(FieldError(field, message),)
    )


def not_built(what: str) -> Problem:
    """A path of the interface that isn't built yet."""
    return Problem(501, "not_yet", "Not possible yet", f"{what} can't be done here yet.")


def unauthorized() -> Problem:
    return Problem(
        401,
        "unauthorized",
        "Please log in",
        "Send an API key as `Authorization: Bearer tb_…`, or log in.",
        headers={"WWW-Authenticate": 'Bearer realm="tallybridge"'},
    )


def not_allowed(detail: str) -> Problem:
    """A role within one's own company that may not do this."""
    return Problem(403, "not_allowed", "Not allowed", detail)


def conflict(code: str, title: str, detail: str) -> Problem:
    return Problem(409, code, title, detail)


def changed_meanwhile(what: str) -> Problem:
    return Problem(
        412,
        "changed_meanwhile",
        "Someone else was first",
        f"This {what} was changed since you read it. Read it again, then make your change.",
    )


async def answer_problem(_request: Request, problem: Exception) -> Response:
    """The exception handler for `Problem`."""
    assert isinstance(problem, Problem)
    return problem.answer()
