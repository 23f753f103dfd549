"""Bodies into what they say. Nothing here raises but `Unreadable`.

A body may be JSON in two envelopes, XML, HTML, cut off or empty, whatever was asked for
(tests/unit/test_bodies.py holds one of each kind).
"""

import html
import re
from dataclasses import dataclass
from typing import TypeVar

from contracts.sync import ProviderDetails
from pydantic import ValidationError

from connector_qbo.wire import Answer, Envelope, Fault, FaultError, Wire

W = TypeVar("W", bound=Wire)


class Unreadable(ValueError):  # noqa: N818  (says what is the case)
    """The body isn't what this answer should be. Says nothing of whether the request was done."""


@dataclass(frozen=True)
class NotRead:
    """A read that gave nothing. `refused`: the provider answered, and doesn't take what we asked.

    Either way it says nothing of what is there.
    """

    refused: bool
    details: ProviderDetails


def _parse(model: type[W], body: bytes) -> W:
    try:
        return model.model_validate_json(body, by_alias=True, by_name=False)
    except ValidationError as error:
        problems = error.errors(include_input=False, include_url=False)
        first = problems[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Unreadable(f"{where}: {first['msg']}" if where else first["msg"]) from None


def read_answer(body: bytes) -> Answer:
    """The answer in these bytes.

    Raises:
        Unreadable: not a JSON object of this API's kind.
    """
    return _parse(Answer, body)


def read_envelope(body: bytes) -> Envelope:
    """Whether the answer is a fault, without a look at what else is in it.

    Raises:
        Unreadable: not a JSON object.
    """
    return _parse(Envelope, body)


def read_fault(body: bytes) -> Fault | None:
    """The fault these bytes hold, in JSON or XML; None where they hold none. Never raises."""
    try:
        return read_envelope(body).any_fault()
    except Unreadable:
        return _xml_fault(body.decode("utf-8", "replace"))


_XML_FAULT = re.compile(
    r"\s*(?:<\?xml.*?\?>\s*)?(?:<IntuitResponse\b[^>]*>\s*)?<Fault\b([^>]*)>", re.DOTALL
)
_XML_ERROR = re.compile(r"<Error\b([^>]*)>(.*?)(?:</Error>|\Z)", re.IGNORECASE | re.DOTALL)


def _xml_fault(text: str) -> Fault | None:
    """The fault in an XML answer: throttling has been seen in XML though JSON was asked for.

    Only where the whole answer is one: a batch's members have faults of their own. Read by pattern,
    not by a parser: an answer cut off in the middle still names its code, and no entity of a
    stranger's document is ever expanded.
    """
    found = _XML_FAULT.match(text)
    if found is None:
        return None
    errors = tuple(
        FaultError(
            code=_attribute(attributes, "code") or "",
            element=_attribute(attributes, "element"),
            message=_element(inner, "Message"),
            detail=_element(inner, "Detail"),
        )
        for attributes, inner in _XML_ERROR.findall(text)
    )
    return Fault(error=errors, type=_attribute(found.group(1), "type"))


def _attribute(attributes: str, name: str) -> str | None:
    found = re.search(rf"\b{name}\s*=\s*(['\"])(.*?)\1", attributes, re.DOTALL)
    return html.unescape(found.group(2)) if found else None


def _element(inner: str, name: str) -> str | None:
    found = re.search(rf"<{name}>(.*?)(?:</{name}>|\Z)", inner, re.IGNORECASE | re.DOTALL)
    return html.unescape(found.group(1)).strip() if found else None
