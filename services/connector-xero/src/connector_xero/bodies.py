"""Bodies into what they say. A body may be JSON, plain text, HTML, cut off or empty, whatever was
asked for. Nothing here raises but `Unreadable`."""

from dataclasses import dataclass

from connector_kit.exchange import Response
from contracts.sync import ProviderDetails
from pydantic import TypeAdapter, ValidationError

from connector_xero.wire import Answer, Connection

_MESSAGE_LENGTH = 1000
_CONNECTIONS = TypeAdapter(tuple[Connection, ...])
_OBJECT = TypeAdapter(dict[str, object])


class Unreadable(ValueError):  # noqa: N818  (says what is the case)
    """The body isn't what this answer should be. Says nothing of whether the request was done."""


@dataclass(frozen=True)
class NotRead:
    """A read that gave nothing. `refused`: the provider answered, and doesn't take what we asked.

    Either way it says nothing of what is there.
    """

    refused: bool
    details: ProviderDetails


def read_answer(body: bytes) -> Answer:
    """The answer in these bytes.

    Raises:
        Unreadable: not a JSON object of this API's kind.
    """
    try:
        return Answer.model_validate_json(body, by_alias=True, by_name=False)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Unreadable(f"{where}: {first['msg']}" if where else first["msg"]) from None


def read_connections(body: bytes) -> tuple[Connection, ...]:
    """The connections in these bytes.

    Raises:
        Unreadable: not the array it should be.
    """
    try:
        return _CONNECTIONS.validate_json(body)
    except ValidationError:
        raise Unreadable("not a list of connections") from None


def fields_of(body: bytes) -> dict[str, str]:
    """The texts of a JSON object, by their names in lower case; empty for anything else.

    The case of a problem's keys differs between captures: `Detail`, `detail`.
    """
    try:
        read = _OBJECT.validate_json(body)
    except ValidationError:
        return {}
    return {name.lower(): value for name, value in read.items() if isinstance(value, str)}


def details_of(response: Response, message: str | None = None) -> ProviderDetails:
    """Their own words for "details": the message given, else what the body says of itself."""
    said = message
    if said is None:
        fields = fields_of(response.body)
        said = fields.get("detail") or fields.get("message")
        if said is None and (response.header("content-type") or "").startswith("text/plain"):
            said = response.body.decode("utf-8", "replace").strip()
    return ProviderDetails(
        provider_code=str(response.status),
        provider_message=said[:_MESSAGE_LENGTH] if said else None,
        trace_id=response.header("xero-correlation-id"),
    )
