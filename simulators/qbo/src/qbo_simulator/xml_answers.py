"""Answers as XML: what a request that didn't ask for JSON gets, and what throttling always gets."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from qbo_simulator.provider_faults import THROTTLED, FaultError
from qbo_simulator.wire import Json, JsonObject, text

_HEAD = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>'
_NAMESPACE = "http://schema.intuit.com/finance/v3"
_ATTRIBUTES = ("domain", "sparse", "status", "bId", "startPosition", "maxResults", "totalCount")


def _error(error: FaultError) -> str:
    element = "" if error.element is None else f" element={quoteattr(error.element)}"
    return (
        f'<Error code="{error.code}"{element}><Message>{escape(error.message)}</Message>'
        f"<Detail>{escape(error.detail)}</Detail></Error>"
    )


def _wrapped(inner: str, time: str) -> bytes:
    return (
        f'{_HEAD}\n<IntuitResponse time="{time}" xmlns="{_NAMESPACE}">{inner}</IntuitResponse>'
    ).encode("utf-8", "replace")


def fault(errors: tuple[FaultError, ...], fault_type: str, time: str) -> bytes:
    """A whole answer that is a fault."""
    inner = "".join(_error(each) for each in errors)
    return _wrapped(f'<Fault type="{fault_type}">{inner}</Fault>', time)


def throttled(time: str) -> bytes:
    """The body of a 429; XML even where JSON was asked for."""
    return fault((THROTTLED,), "SERVICE", time)


def _element(name: str, value: Json) -> str:
    if isinstance(value, list):
        return "".join(_element(name, each) for each in value)
    if not isinstance(value, dict):
        return "" if value is None else f"<{name}>{escape(text(value))}</{name}>"
    if name.endswith("Ref") and "value" in value:
        named = f" name={quoteattr(text(value['name']))}" if "name" in value else ""
        return f"<{name}{named}>{escape(text(value['value']))}</{name}>"
    attributes = "".join(
        f" {key}={quoteattr(text(value[key]))}" for key in _ATTRIBUTES if key in value
    )
    inner = "".join(_element(key, each) for key, each in value.items() if key not in _ATTRIBUTES)
    return f"<{name}{attributes}>{inner}</{name}>"


def answer(body: JsonObject, time: str) -> bytes:
    """Any successful answer as XML."""
    return _wrapped(
        "".join(_element(key, value) for key, value in body.items() if key != "time"), time
    )
