"""Answers as XML, which is what the Accounting API sends unless JSON is asked for."""

from __future__ import annotations

from xml.sax.saxutils import escape

from xero_simulator.dates import read_wire
from xero_simulator.wire import Json, JsonObject, text

_SINGULAR = {
    "Addresses": "Address",
    "TaxRates": "TaxRate",
    "TaxComponents": "TaxComponent",
    "LineItems": "LineItem",
    "Elements": "DataContractBase",
    "ValidationErrors": "ValidationError",
    "Warnings": "Warning",
    "Tracking": "TrackingCategory",
}
_HEAD = '<?xml version="1.0" encoding="utf-8"?>'


def answer(body: JsonObject) -> bytes:
    """A whole answer."""
    return f"{_HEAD}<Response>{_fields(body)}</Response>".encode()


def refusal(body: JsonObject) -> bytes:
    """A 400."""
    return f"{_HEAD}<ApiException>{_fields(body)}</ApiException>".encode()


def _fields(body: JsonObject) -> str:
    return "".join(_element(name, value) for name, value in body.items() if value is not None)


def _element(name: str, value: Json) -> str:
    if isinstance(value, dict):
        return f"<{name}>{_fields(value)}</{name}>"
    if isinstance(value, list):
        one = _SINGULAR.get(name, name.removesuffix("s"))
        return f"<{name}>{''.join(_element(one, each) for each in value)}</{name}>"
    shown = text(value)
    moment = read_wire(shown)
    if moment is not None:
        shown = moment.strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    return f"<{name}>{escape(shown)}</{name}>"
