"""QuickBooks: answers and requests by the published schema, faults beside the observed bodies."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qs, unquote_plus

from facts.differing import Allowed, Compared
from facts.published_schema import PublishedSchema
from facts.recording import Exchange

JSON = "application/json"
_ENTITIES = {"customer": "Customer", "item": "Item", "invoice": "Invoice", "account": "Account"}

ALLOWED = (
    Allowed(
        r"fault 6240",
        r"its keys .* or message are no record's \(Nom en double\)",
        "a message may be in the company's language; the French one was reported, not recorded",
    ),
    Allowed(
        r"fault unsupported_prop_2010\.json",
        "no answer is like it",
        "the record elides the property with `...`",
    ),
)


@dataclass(frozen=True)
class _Fault:
    """A body as it was seen, and what of it may be another."""

    file: str
    status: int
    body: Any


def compare(data: Path, exchanges: Iterable[Exchange]) -> Compared:
    """All exchanges with the simulator of QuickBooks beside the folder `providers/data/qbo`."""
    compared = Compared("QuickBooks Online (published schema, observed faults)", ALLOWED)
    schema = PublishedSchema(data / "xsd")
    faults, seen = _faults(data / "faults"), set[str]()
    for exchange in exchanges:
        answered = _json(exchange.answered_type, exchange.answered)
        if isinstance(answered, dict):
            body = cast("dict[str, Any]", answered)
            seen |= {fault.file for fault in faults if _is_like(fault, exchange.status, body)}
            if exchange.injected:
                compared.count("answers after an injected fault, not compared")
            else:
                _answer(schema, compared, exchange, body)
                _fault(faults, compared, exchange, body)
        if exchange.by_connector and exchange.path.startswith("/v3/company/"):
            _request(schema, compared, exchange)
    for fault in faults:
        compared.count("observed faults that an answer must be like")
        if fault.file not in seen:
            compared.differs(f"fault {fault.file}", "no answer is like it", "the whole run")
    return compared


def _json(media: str, text: str) -> Any:
    try:
        return json.loads(text) if media == JSON and text else None
    except ValueError:
        return None


def _answer(
    schema: PublishedSchema, compared: Compared, exchange: Exchange, body: dict[str, Any]
) -> None:
    if not exchange.path.startswith("/v3/company/") or "fault" in body:
        return
    compared.count("answers by the schema")
    for where, problem in schema.differences(body, "IntuitResponse", "answer"):
        compared.differs(where, problem, exchange.test)


def _request(schema: PublishedSchema, compared: Compared, exchange: Exchange) -> None:
    """What the connector sends: the keys of its bodies, the names in its statements."""
    kind = exchange.path.removeprefix("/v3/company/").split("/")[1]
    body = _json(exchange.asked_type, exchange.asked)
    statements: list[str] = []
    problems: list[tuple[str, str]] = []
    if kind == "query":
        statements = [exchange.asked, *parse_qs(exchange.query).get("query", [])]
    elif kind == "batch":
        items = body["BatchItemRequest"]
        statements = [each["Query"] for each in items if "Query" in each]
        problems = schema.differences(body, "IntuitBatchRequest", "request")
    elif body is not None:
        entity = _ENTITIES[kind]
        problems = schema.differences(body, entity, f"request.{entity}")
    compared.count("requests of the connector by the schema")
    for statement in filter(None, statements):
        compared.count("statements of the connector by the schema")
        problems += _statement(schema, unquote_plus(statement))
    for where, problem in problems:
        compared.differs(where, problem, exchange.test)


def _statement(schema: PublishedSchema, statement: str) -> Iterator[tuple[str, str]]:
    bare = re.sub(r"'(?:\\.|[^'\\])*'", "''", statement)
    found = re.search(
        r"\bfrom\s+(\w+)(?:\s+where\s+(.*?))?(?:\s+(?:order|start|max).*)?$", bare, re.I
    )
    if found is None or found[1] not in schema.objects:
        yield f"statement {bare}", "selects from nothing that the schema knows"
        return
    for named in re.findall(r"([A-Za-z][\w.]*)\s*(?:=|<|>|\blike\b|\bin\b)", found[2] or "", re.I):
        if not schema.has(found[1], named):
            yield f"statement {found[1]}.{named}", "the schema knows no such property"


def _faults(folder: Path) -> list[_Fault]:
    index = json.loads((folder / "index.json").read_text())
    return [
        _Fault(each["file"], each["http_status"], json.loads((folder / each["file"]).read_text()))
        for each in index
    ]


def _fault(
    faults: list[_Fault], compared: Compared, exchange: Exchange, body: dict[str, Any]
) -> None:
    """A fault whose code is on record has the keys and the message of one of its records."""
    for error in _errors(body):
        code = str(error.get("code"))
        known = [each for fault in faults for each in _errors(fault.body) if each["code"] == code]
        if not known:
            compared.count("faults with a code that isn't on record")
            continue
        compared.count("faults beside the record of their code")
        name = "message" if "message" in error else "Message"
        if not any(set(error) == set(each) and error.get(name) == each.get(name) for each in known):
            keys = ", ".join(sorted(error))
            compared.differs(
                f"fault {code}",
                f"its keys ({keys}) or message are no record's ({error.get(name)})",
                exchange.test,
            )


def _errors(body: Any) -> list[dict[str, Any]]:
    if "fault" in body:
        return cast("list[dict[str, Any]]", body["fault"]["error"])
    found = [body, *body.get("BatchItemResponse", [])]
    return [error for each in found if "Fault" in each for error in each["Fault"]["Error"]]


def _is_like(fault: _Fault, status: int, body: dict[str, Any]) -> bool:
    """The same keys, types and words; numbers, moments and expectations may be others."""
    return status == fault.status and _shape(body) == _shape(fault.body)


def _shape(value: Any) -> Any:
    if isinstance(value, dict):
        kept = cast("dict[str, Any]", value)
        return {
            key: type(each).__name__ if key == "time" else _shape(each)
            for key, each in kept.items()
        }
    if isinstance(value, list):
        return [_shape(each) for each in cast("list[Any]", value)]
    if isinstance(value, str):
        # `Token expired: AB01...` names the token's beginning; a parser lists what it expected.
        told = value.partition("\nWas expecting")[0]
        return re.sub(r"[\d.]+|(?<=IDENTIFIER> \")\w+|(?<=DocNumber=)[\w-]+", "#", told)
    return value
