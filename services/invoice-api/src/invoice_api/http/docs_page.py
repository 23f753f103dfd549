"""The API's documentation page, made from its OpenAPI document: nothing from elsewhere."""

from collections.abc import Iterator
from html import escape
from typing import Any, cast

_METHODS = ("get", "post", "put", "patch", "delete")

Document = dict[str, Any]


def docs_page(document: Document, openapi_url: str) -> str:
    """The whole page."""
    title = escape(str(document["info"]["title"]))
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title} API</title></head><body><h1>{title} API</h1>"
        f"<p>{escape(str(document['info'].get('description', '')))}</p>"
        "<p>Send an API key as <code>Authorization: Bearer tb_…</code>. Money and quantities are"
        " decimal strings, dates are <code>YYYY-MM-DD</code>, errors are problem details (RFC 9457)"
        f' with a <code>code</code>. The same for programs: <a href="{escape(openapi_url)}">'
        f"{escape(openapi_url)}</a>.</p>{''.join(_rooms(document))}</body></html>"
    )


def _rooms(document: Document) -> Iterator[str]:
    rooms: dict[str, list[str]] = {}
    for path, operations in cast("Document", document["paths"]).items():
        for method in _METHODS:
            operation = cast("Document", operations).get(method)
            if operation is not None:
                tag = cast("list[str]", operation.get("tags") or ["other"])[0]
                rooms.setdefault(tag, []).append(_operation(document, method, path, operation))
    for tag, operations in rooms.items():
        yield f"<h2>{escape(tag.capitalize())}</h2>{''.join(operations)}"


def _operation(document: Document, method: str, path: str, operation: Document) -> str:
    about = escape(str(operation.get("description") or operation.get("summary") or ""))
    return (
        f"<details><summary><code>{method.upper()} {escape(path)}</code> {about}</summary>"
        f"{_queries(operation)}{_body(document, operation)}</details>"
    )


def _queries(operation: Document) -> str:
    parameters = cast("list[Document]", operation.get("parameters") or [])
    names = [str(one["name"]) for one in parameters if one.get("in") == "query"]
    if not names:
        return ""
    return f"<p>Query: {', '.join(f'<code>{escape(name)}</code>' for name in names)}</p>"


def _body(document: Document, operation: Document) -> str:
    content = cast("Document", operation.get("requestBody", {}).get("content", {}))
    schema = cast("Document", content.get("application/json", {}).get("schema", {}))
    fields = _fields(document, schema)
    if not fields:
        return ""
    return f"<p>Body:</p><ul>{''.join(fields)}</ul>"


def _fields(document: Document, schema: Document, depth: int = 0) -> list[str]:
    whole = _resolved(document, schema)
    required = cast("list[str]", whole.get("required") or [])
    rows: list[str] = []
    for name, field in cast("Document", whole.get("properties") or {}).items():
        inner = "".join(_fields(document, _inner(field), depth + 1)) if depth < 2 else ""
        needed = ", required" if name in required else ""
        held = f"<ul>{inner}</ul>" if inner else ""
        kind = _kind(document, field)
        rows.append(f"<li><code>{escape(name)}</code> {kind}{needed}{held}</li>")
    return rows


def _inner(field: Document) -> Document:
    """What an object or a list of objects holds."""
    if "items" in field:
        return cast("Document", field["items"])
    options = cast("list[Document]", field.get("anyOf") or [])
    return next((option for option in options if "$ref" in option), field)


def _kind(document: Document, field: Document) -> str:
    options = cast("list[Document]", field.get("anyOf") or [field])
    kinds = [_one_kind(_resolved(document, option)) for option in options]
    return escape(" or ".join(dict.fromkeys(kinds)))


def _one_kind(schema: Document) -> str:
    if "enum" in schema:
        return " | ".join(str(value) for value in cast("list[object]", schema["enum"]))
    if "const" in schema:
        return str(schema["const"])
    kind = str(schema.get("type", "any"))
    return "list" if kind == "array" else kind


def _resolved(document: Document, schema: Document) -> Document:
    reference = schema.get("$ref")
    if not isinstance(reference, str):
        return schema
    name = reference.rpartition("/")[2]
    return cast("Document", document.get("components", {}).get("schemas", {}).get(name, {}))
