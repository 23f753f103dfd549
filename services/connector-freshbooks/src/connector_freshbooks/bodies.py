"""Bodies into what they say. Nothing here raises but `Unreadable`.

Refusals come in several forms: `response.errors` as a list or as one object, google.rpc's of 2022
to 2024 (https://github.com/freshbooks/freshbooks-nodejs-sdk/issues/573), the ledger's `errors`, the
sign-in's `error`, or a bare `message`. Errors are errors even with
HTTP 200, as in the official SDK.
"""

from dataclasses import dataclass
from typing import TypeVar, cast

from connector_kit.answers import Shut
from contracts.sync import ProviderDetails
from pydantic import TypeAdapter, ValidationError

from connector_freshbooks.wire import Reason, Result, Wire

W = TypeVar("W", bound=Wire)
Json = dict[str, object]

_OBJECT: TypeAdapter[Json] = TypeAdapter(Json)


class Unreadable(ValueError):  # noqa: N818  (says what is the case)
    """The body isn't what this answer should be. Says nothing of whether the request was done."""


@dataclass(frozen=True)
class NotRead:
    """A read that gave nothing: it says nothing of what is there.

    `refused`: the provider answered, and doesn't give what we asked. `gone`: because no such record
    is there. `shut`: because our access doesn't allow it now.
    """

    refused: bool
    details: ProviderDetails
    gone: bool = False
    shut: Shut | None = None


class _Response(Wire):
    result: Result


class _Answer(Wire):
    response: _Response


def read_result(body: bytes) -> Result:
    """The result in these bytes.

    Raises:
        Unreadable: not an answer of the accounting API.
    """
    return read_as(_Answer, body).response.result


def read_as(model: type[W], body: bytes) -> W:
    """These bytes as that model.

    Raises:
        Unreadable: they aren't one.
    """
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Unreadable(f"{where}: {first['msg']}") from None


def is_json(body: bytes) -> bool:
    """Whether the body is a JSON object at all."""
    return _object(body) is not None


def read_reasons(body: bytes) -> tuple[Reason, ...] | None:
    """Why something was refused, in whatever form; None where the body holds no refusal."""
    found = _object(body)
    if found is None:
        return None
    response = _inner(found, "response")
    if response is not None and "errors" in response:
        return _reasons(response["errors"])
    if "errors" in found:
        return _ledger(found["errors"])
    if isinstance(found.get("details"), list) and "code" in found:
        return _rpc(cast("list[object]", found["details"]))
    if isinstance(found.get("error"), str):
        description = found.get("error_description")
        message = description if isinstance(description, str) else None
        return (Reason(errno=str(found["error"]), message=message),)
    if "response" not in found and isinstance(found.get("message"), str):
        return (Reason(message=str(found["message"])),)
    return None


def _object(body: bytes) -> Json | None:
    try:
        return _OBJECT.validate_json(body)
    except ValidationError:
        return None


def _inner(found: Json, key: str) -> Json | None:
    inner = found.get(key)
    return cast("Json", inner) if isinstance(inner, dict) else None


def _reasons(errors: object) -> tuple[Reason, ...]:
    listed = cast("list[object]", errors) if isinstance(errors, list) else [errors]
    return tuple(_reason(each) for each in listed) or (Reason(),)


def _reason(error: object) -> Reason:
    try:
        return Reason.model_validate(error)
    except ValidationError:
        return Reason()


def _rpc(details: list[object]) -> tuple[Reason, ...]:
    found: list[Reason] = []
    for each in details:
        detail = cast("Json", each) if isinstance(each, dict) else {}
        metadata = _inner(detail, "metadata") or {}
        found.append(_reason({**metadata, "errno": detail.get("reason", "")}))
    return tuple(found) or (Reason(),)


def _ledger(errors: object) -> tuple[Reason, ...]:
    found = cast("Json", errors) if isinstance(errors, dict) else {}
    message = found.get("message")
    return (Reason(errno="ledger", message=message if isinstance(message, str) else None),)
