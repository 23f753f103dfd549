"""Xero: every request and answer by the official OpenAPI files, with no key beyond theirs; and
observed bodies key by key."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl

import yaml
from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from facts.differing import Allowed, Compared
from facts.recording import Exchange

_UNKNOWN = "the official file knows no such key"
ALLOWED = (
    Allowed(
        r"(GET /Accounts|PUT /Contacts) \d+",
        "another media type",
        "Xero answers XML where no `Accept` asks for JSON; the file describes JSON alone",
    ),
    Allowed(
        r"request POST /\w+/\{\w+\}\?summarizeErrors",
        "the official file has no such parameter",
        "the file names it for collections only, Xero's page on contacts for any POST; a refusal "
        "is read in either form",
    ),
    Allowed(
        r"answer PUT /\w+: \.\w+\[\](\.Addresses\[\])?\.ValidationErrors",
        _UNKNOWN,
        "every part of what was refused has them, in the file's example of createContacts (400)",
    ),
    Allowed(
        r"observed organisation_get_200\.json: \.Organisations\[\]\.TaxNumber",
        "is in no answer like it",
        "an organisation without a tax number has none, and the simulator's have none",
    ),
)

_ACCOUNTING, _IDENTITY = "/api.xro/2.0", "/connections"
Body = dict[str, Any]


class Official:
    """An OpenAPI file, read strictly: an object with named properties has no others."""

    def __init__(self, file: Path) -> None:
        self._name = file.name
        contents = _closed(yaml.safe_load(file.read_text()))
        self.contents = cast(Body, contents)
        resource = Resource[Any](contents=self.contents, specification=cast(Any, DRAFT4))
        self._registry = cast(Any, Registry)().with_resource(self._name, resource)

    def operation(self, method: str, path: str) -> tuple[str, Body] | None:
        """The path as the file writes it, and what it says of the method; a path without a
        parameter goes first."""
        for known in sorted(self.contents["paths"], key=lambda each: each.count("{")):
            pattern = re.sub(r"\{\w+\}", "[^/]+", known)
            operations = self.contents["paths"][known]
            if re.fullmatch(pattern, path, re.I) and method.lower() in operations:
                return known, operations[method.lower()]
        return None

    def resolved(self, node: Body) -> Body:
        found = node
        while "$ref" in found:
            at: Any = self.contents
            for step in found["$ref"].removeprefix("#/").split("/"):
                at = at[step]
            found = cast(Body, at)
        return found

    def differences(self, value: Any, schema: Body) -> Iterator[tuple[str, str]]:
        """(path with `[]` for any index, what is wrong)."""
        registry = self._registry
        base = {"$id": self._name, **_absolute(schema, self._name)}
        for error in OAS30Validator(base, registry=registry).iter_errors(value):
            where = "".join("[]" if isinstance(at, int) else f".{at}" for at in error.path)
            if error.validator == "additionalProperties":
                known = cast("Body", error.schema)["properties"]
                for key in cast("Body", error.instance):
                    if key not in known:
                        yield f"{where}.{key}", _UNKNOWN
            else:
                yield where, re.sub(r"^'.*?' ", "the value ", error.message)


def _closed(node: Any) -> Any:
    if isinstance(node, list):
        return [_closed(each) for each in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    found = {key: _closed(each) for key, each in cast(Body, node).items()}
    if isinstance(found.get("properties"), dict) and found.get("type", "object") == "object":
        found.setdefault("additionalProperties", False)
    return found


def _absolute(node: Any, name: str) -> Any:
    if isinstance(node, list):
        return [_absolute(each, name) for each in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    return {
        key: f"{name}{each}" if key == "$ref" else _absolute(each, name)
        for key, each in cast(Body, node).items()
    }


def compare(data: Path, exchanges: Iterable[Exchange]) -> Compared:
    """All exchanges with the simulator of Xero beside the folder `providers/data/xero`."""
    compared = Compared("Xero (official OpenAPI files, observed bodies)", ALLOWED)
    accounting = Official(data / "openapi" / "xero_accounting.trimmed.yaml")
    identity = Official(data / "openapi" / "xero-identity.yaml")
    observed = _Observed(data / "observed")
    for exchange in exchanges:
        observed.beside(exchange)
        path, official = exchange.path, accounting
        if path.startswith(_ACCOUNTING):
            path = path.removeprefix(_ACCOUNTING)
        elif path.lower().startswith(_IDENTITY):
            official = identity
        else:
            continue
        if exchange.injected:
            compared.count("answers after an injected fault, not compared")
        _beside(official, observed, compared, exchange, path)
    observed.missing(compared)
    return compared


def _beside(
    official: Official, observed: _Observed, compared: Compared, exchange: Exchange, path: str
) -> None:
    found = official.operation(exchange.method, path)
    if found is None:
        if exchange.by_connector:
            compared.differs(
                f"{exchange.method} {path}", "the official file has no such path", exchange.test
            )
        return
    known, operation = found
    name = f"{exchange.method} {known}"
    if exchange.by_connector:
        compared.count("requests of the connector by the official files")
        _request(official, operation, compared, exchange, name)
    if exchange.injected:
        return
    said = operation["responses"].get(str(exchange.status))
    if said is None:
        compared.count("answers with a status that the official files don't describe")
        return
    compared.count("answers by the official files")
    content = official.resolved(said).get("content")
    if not content or exchange.answered_type not in content:
        if content or exchange.answered:
            compared.differs(f"{name} {exchange.status}", "another media type", exchange.test)
        return
    body = json.loads(exchange.answered)
    found_in = list(official.differences(body, content[exchange.answered_type]["schema"]))
    if isinstance(body, dict) and "Elements" in body:
        found_in = list(_refused(official, compared, exchange, cast(Body, body), known))
    for where, problem in found_in:
        if problem == _UNKNOWN and where in observed.keys:
            compared.count("keys that the official files lack and observed bodies have")
        else:
            compared.differs(f"answer {name}: {where}", problem, exchange.test)


def _refused(
    official: Official, compared: Compared, exchange: Exchange, body: Body, known: str
) -> Iterator[tuple[str, str]]:
    """A refusal's elements: the file says they have ids alone, the observed one has the whole
    record as it was sent."""
    rest = {key: value for key, value in body.items() if key != "Elements"}
    yield from official.differences(rest, {"$ref": "#/components/schemas/Error"})
    record = known.split("/")[1].removesuffix("s")
    schema = {"$ref": f"#/components/schemas/{record}"}
    for element in body["Elements"]:
        if "test_odd_requests" in exchange.test:
            compared.count("refused elements that echo nonsense, not compared")
            continue
        compared.count("refused elements by the official files")
        for where, problem in official.differences(element, schema):
            # What was sent is echoed, of whatever type or length it was.
            if problem == _UNKNOWN:
                yield f".{known.split('/')[1]}[]{where}", problem


def _request(
    official: Official, operation: Body, compared: Compared, exchange: Exchange, name: str
) -> None:
    parameters = [official.resolved(each) for each in operation.get("parameters", [])]
    known = {each["name"] for each in parameters if each["in"] == "query"}
    for key, _ in parse_qsl(exchange.query):
        if key not in known:
            compared.differs(
                f"request {name}?{key}", "the official file has no such parameter", exchange.test
            )
    if "requestBody" in operation and exchange.asked:
        schema = operation["requestBody"]["content"]["application/json"]["schema"]
        for where, problem in official.differences(json.loads(exchange.asked), schema):
            compared.differs(f"request {name}: {where}", problem, exchange.test)


class _Observed:
    """Observed answers, each beside the answer of ours to such a request that lacks the least."""

    def __init__(self, folder: Path) -> None:
        self._kept = [
            (file.name, json.loads(file.read_text())) for file in sorted(folder.glob("*.json"))
        ]
        self._best: dict[str, tuple[int, list[str], str]] = {}
        self.keys: set[str] = set()
        for _, kept in self._kept:
            collection = kept["request"]["path"].split("/")[-1]
            for key in _keys(kept["response"]["body"], ""):
                self.keys.add(key.replace(".Elements[]", f".{collection}[]"))

    def beside(self, exchange: Exchange) -> None:
        for name, kept in self._kept:
            request, response = kept["request"], kept["response"]
            if (
                exchange.method == request["method"]
                and exchange.status == response["status"]
                and _generic(exchange.path) == _generic(request["path"])
            ):
                missing = _missing(_json(exchange.answered), response["body"], "")
                weight = _weight(missing)
                if name not in self._best or weight < self._best[name][0]:
                    self._best[name] = weight, [each for each, _ in missing], exchange.test

    def missing(self, compared: Compared) -> None:
        """What no answer of ours has of an observed one."""
        for name, _ in self._kept:
            compared.count("observed bodies that an answer must have the keys of")
            if name not in self._best:
                compared.differs(f"observed {name}", "no request like it was made", "the whole run")
                continue
            _, missing, test = self._best[name]
            for each in missing:
                compared.differs(f"observed {name}: {each}", "is in no answer like it", test)


def _keys(value: Any, where: str) -> Iterator[str]:
    if isinstance(value, dict):
        for key, each in cast(Body, value).items():
            yield f"{where}.{key}"
            yield from _keys(each, f"{where}.{key}")
    elif isinstance(value, list):
        for each in cast("list[Any]", value):
            yield from _keys(each, f"{where}[]")


def _json(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text


def _generic(path: str) -> str:
    return re.sub(r"[0-9a-f-]{36}", "*", path.lower())


def _missing(mine: Any, theirs: Any, where: str) -> list[tuple[str, int]]:
    """The keys that theirs has and mine hasn't (of a list: the element of mine that lacks the
    least), each with how much is missing with it."""
    if isinstance(theirs, dict) and isinstance(mine, dict):
        return [
            wrong
            for key, value in cast(Body, theirs).items()
            for wrong in (
                _missing(mine[key], value, f"{where}.{key}")
                if key in mine
                else [(f"{where}.{key}", 1 + sum(1 for _ in _keys(value, "")))]
            )
        ]
    if isinstance(theirs, list) and isinstance(mine, list):
        found: dict[tuple[str, int], None] = {}
        for other in cast("list[Any]", theirs):
            best = [(f"{where}[]", 1 + sum(1 for _ in _keys(other, "")))]
            for one in cast("list[Any]", mine):
                best = min(best, _missing(one, other, f"{where}[]"), key=_weight)
            found |= dict.fromkeys(best)
        return list(found)
    if type(cast(object, mine)) is type(cast(object, theirs)) or None in (mine, theirs):
        return []
    return [(where, 1 + sum(1 for _ in _keys(theirs, "")))]


def _weight(missing: list[tuple[str, int]]) -> int:
    return sum(size for _, size in missing)
