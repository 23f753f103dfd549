"""Every operation of an OpenAPI document, called with what it needs: no route can be forgotten.

A new path parameter or a body that can't be made from its schema is an error here, so that whoever
adds a route says what it names.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

Json = dict[str, Any]

METHODS = ("get", "post", "put", "patch", "delete")

RECORDS = {"customers": "customer", "items": "item", "invoices": "invoice"}

FIELDS: Json = {
    "email": "someone@else.example",
    "password": "correct horse battery 9",
    "current_password": "correct horse battery 9",
    "time_zone": "UTC",
    "currency": "USD",
    "provider": "qbo",
    "start_date": "2026-06-01",
    "account_id": "79",
    "percent": "10",
}
"""What a schema doesn't say of a field, by its name."""

WORDS = {
    "provider": "qbo",
    "action": "ignore",
    "group": "item_account_unmapped",
    "rest": "lag",
    "topic": "sync.outcomes.v1",
}
"""Path parameters that name nothing of a company's."""


@dataclass(frozen=True)
class Operation:
    """One method of one path."""

    method: str
    path: str
    said: Json

    @property
    def name(self) -> str:
        return f"{self.method.upper()} {self.path}"

    @property
    def parameters(self) -> list[str]:
        return [one["name"] for one in self.said.get("parameters", []) if one["in"] == "path"]

    @property
    def queries(self) -> list[str]:
        return [one["name"] for one in self.said.get("parameters", []) if one["in"] == "query"]

    @property
    def writes(self) -> bool:
        return self.method != "get"

    def kind_of(self, parameter: str) -> str:
        """Which kind of thing a path parameter names: `invoice`, `user`, …, or `word`."""
        if parameter in WORDS:
            return "word"
        if parameter == "record_id":
            return next(RECORDS[part] for part in self.path.split("/") if part in RECORDS)
        assert parameter.endswith("_id"), f"{self.name}: what does {parameter} name?"
        return parameter.removesuffix("_id")

    @property
    def names_something(self) -> bool:
        """Whether its path names something that belongs to a company."""
        return any(self.kind_of(one) != "word" for one in self.parameters)


def operations(document: Json) -> Iterator[Operation]:
    for path, methods in sorted(document["paths"].items()):
        for method in METHODS:
            if method in methods:
                yield Operation(method, path, methods[method])


def address(operation: Operation, ids: Mapping[str, str]) -> str:
    """The operation's path with these ids in it."""
    values = {
        one: WORDS[one] if operation.kind_of(one) == "word" else ids[operation.kind_of(one)]
        for one in operation.parameters
    }
    return operation.path.format(**values).removeprefix("/api/v1")


async def call(
    web: httpx.AsyncClient,
    document: Json,
    operation: Operation,
    ids: Mapping[str, str],
    queries: Mapping[str, str] | None = None,
    **more: Any,
) -> httpx.Response:
    """Call it with the ids given and the least body its schema takes."""
    content = operation.said.get("requestBody", {}).get("content", {})
    sent: Json = {}
    if "multipart/form-data" in content:
        sent["files"] = {"file": ("invoices.csv", b"number\n1\n", "text/csv")}
    elif "application/json" in content:
        sent["json"] = example(document, content["application/json"]["schema"], ids)
    needed = {
        one["name"]: WORDS.get(one["name"], FIELDS.get(one["name"], "2026-06"))
        for one in operation.said.get("parameters", [])
        if one["in"] == "query" and one.get("required")
    }
    return await web.request(
        operation.method.upper(),
        address(operation, ids),
        params={**needed, **(queries or {})},
        **sent,
        **more,
    )


def example(document: Json, schema: Json, ids: Mapping[str, str], name: str = "") -> Any:
    """The least value that a schema takes; ids by the name of their field."""
    if "$ref" in schema:
        held = document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return example(document, held, ids, name)
    if name in FIELDS:
        return FIELDS[name]
    if "anyOf" in schema:
        options = [one for one in schema["anyOf"] if one.get("type") != "null"]
        return example(document, options[0], ids, name)
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    match schema.get("type"):
        case "object":
            held = schema.get("properties", {})
            wanted = schema.get("required", [])
            return {one: example(document, held[one], ids, one) for one in wanted}
        case "array":
            most = schema.get("minItems", 0) or (1 if name in {"ids", "records"} else 0)
            inner = ids.get("ids", "invoice") if name == "ids" else name
            return [example(document, schema["items"], ids, inner) for _ in range(most)]
        case "boolean":
            return False
        case "integer" | "number":
            return 1
        case _:
            return _text(schema, ids, name)


def _text(schema: Json, ids: Mapping[str, str], name: str) -> str:
    if schema.get("format") == "uuid":
        return ids.get(name.removesuffix("_id"), str(uuid4()))
    if schema.get("format") == "date":
        return "2026-06-15"
    examples: list[str] = schema.get("examples") or [name or "x"]
    return examples[0]
