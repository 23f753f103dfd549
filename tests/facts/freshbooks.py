"""FreshBooks: answers and requests by the keys of all recorded bodies, errors by the documented
numbers."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast

from facts.differing import Allowed, Compared
from facts.recording import Exchange

_NO_KEY = "no recorded body has such a key"
ALLOWED = (
    Allowed(
        r"answer\.client\.(exceeds_client_limit|number_format)",
        _NO_KEY,
        "seen live in 2026 among a client's 53 keys; the SDKs' fixtures are older",
    ),
    Allowed(
        r"answer\.client\.late_reminders",
        _NO_KEY,
        "the Python SDK's documentation names it as an `include[]`, without a body",
    ),
    Allowed(
        r"answer\.client\.outstanding_balance\.amount\.amount",
        r"is of kind str, recorded as number",
        "amounts are strings in every other body; this fixture's are the SDK's own invention",
    ),
    Allowed(
        r"answer\.invoice\.(discount|lock_status|sender_address|series)",
        _NO_KEY,
        "seen live in 2026 among an invoice's 68 keys; the SDKs' fixtures are older",
    ),
    Allowed(
        r"answer\.item\.tax_rule_code",
        _NO_KEY,
        "seen live in 2026; the SDKs' fixtures are older",
    ),
    Allowed(
        r"(answer|request)\.item\.(account_uuid|income_account_id)",
        _NO_KEY,
        "an integrator's finding, in no documentation: the simulator has it behind a switch, the "
        "connector behind a setting",
    ),
    Allowed(
        r"error 8008",
        r"isn't documented, .*",
        "an integrator's finding: the number for a status that an invoice can't begin with",
    ),
    Allowed(
        r"error 429",
        r"isn't documented, .*",
        "the body of a 429 isn't documented: the simulator has three forms behind a switch",
    ),
)

_PLURALS = {
    "clients": "client",
    "invoices": "invoice",
    "items": "item",
    "taxes": "tax",
    "payments": "payment",
}
_ERROR = {"errno", "field", "message", "object", "value"}
Shape = dict[str, Any]
"""A recorded object: each key with its kinds, and under `{}` or `[]` what is inside."""


def compare(data: Path, exchanges: Iterable[Exchange]) -> Compared:
    """All exchanges with FreshBooks' simulator beside the folder `providers/data/freshbooks`."""
    compared = Compared("FreshBooks (the SDKs' fixtures, observed bodies)", ALLOWED)
    recorded = _recorded(data)
    numbers = {
        int(each["errno"]) for each in json.loads((data / "errnos.json").read_text())["accounting"]
    }
    for exchange in exchanges:
        if exchange.by_connector:
            for entity, body in _entities(_json(exchange.asked)):
                compared.count("records in requests of the connector")
                for where, problem in _differences(body, recorded[entity], f"request.{entity}"):
                    compared.differs(where, problem, exchange.test)
        if exchange.injected:
            compared.count("answers after an injected fault, not compared")
            continue
        answered = _json(exchange.answered)
        for entity, body in _entities(_result(answered)):
            compared.count("records in answers")
            for where, problem in _differences(body, recorded[entity], f"answer.{entity}"):
                compared.differs(where, problem, exchange.test)
        for error in _errors(answered):
            compared.count("errors in answers")
            if set(error) - _ERROR or int(error["errno"]) not in numbers:
                keys = ", ".join(sorted(error))
                compared.differs(
                    f"error {error['errno']}",
                    f"isn't documented, or its keys ({keys})",
                    exchange.test,
                )
    return compared


def _json(text: str) -> Any:
    try:
        return json.loads(text) if text else None
    except ValueError:
        return None


def _result(body: Any) -> Any:
    found: Any = body
    for key in ("response", "result"):
        found = cast("Shape", found).get(key) if isinstance(found, dict) else None
    return found


def _entities(body: Any) -> Iterator[tuple[str, Shape]]:
    """The records in a body, each with its entity's name."""
    if not isinstance(body, dict):
        return
    for key, value in cast("Shape", body).items():
        if key in _PLURALS.values() and isinstance(value, dict):
            yield key, cast("Shape", value)
        elif key in _PLURALS and isinstance(value, list):
            for each in cast("list[Shape]", value):
                yield _PLURALS[key], each


def _errors(body: Any) -> list[Shape]:
    response = cast("Shape", body).get("response") if isinstance(body, dict) else None
    found = cast("Shape", response).get("errors") if isinstance(response, dict) else None
    # One error may stand there by itself, without a list.
    listed = cast("list[Shape]", [found] if isinstance(found, dict) else found or [])
    return [each for each in listed if "errno" in each]


def _recorded(data: Path) -> dict[str, Shape]:
    found: dict[str, Shape] = {name: {} for name in _PLURALS.values()}
    for file in sorted(data.glob("*/*.json")):
        for entity, body in _entities(_result(json.loads(file.read_text()))):
            _learn(found[entity], body)
    return found


def _learn(shape: Shape, body: Shape) -> None:
    for key, value in body.items():
        known = shape.setdefault(key, {"kinds": set[str](), "inside": {}})
        known["kinds"].add(_kind(value))
        for each in cast("list[Any]", value if isinstance(value, list) else [value]):
            if isinstance(each, dict):
                _learn(known["inside"], cast("Shape", each))


def _differences(body: Shape, shape: Shape, where: str) -> Iterator[tuple[str, str]]:
    for key, value in body.items():
        at = f"{where}.{key}"
        if key not in shape:
            yield at, _NO_KEY
            continue
        kinds: set[str] = shape[key]["kinds"]
        if kinds | {"null"} != {"null"} and _kind(value) not in kinds | {"null"}:
            yield at, f"is of kind {_kind(value)}, recorded as {', '.join(sorted(kinds))}"
        for each in cast("list[Any]", value if isinstance(value, list) else [value]):
            if isinstance(each, dict) and shape[key]["inside"]:
                yield from _differences(cast("Shape", each), shape[key]["inside"], at)


def _kind(value: Any) -> str:
    if isinstance(value, (bool, type(None))):
        return "null" if value is None else "bool"
    if isinstance(value, (int, float)):
        return "number"
    return type(value).__name__
