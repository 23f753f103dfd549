"""How the OpenAPI document describes what goes wrong: each operation may answer a problem."""

from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel

from invoice_api.http.problems import MEDIA_TYPE

_METHODS = ("get", "post", "put", "patch", "delete")


class FieldErrorTold(BaseModel):
    field: str
    message: str


class ProblemTold(BaseModel):
    """Problem details by RFC 9457. `code` is stable; `detail` is for a person."""

    type: str
    title: str
    status: int
    code: str
    detail: str
    errors: Sequence[FieldErrorTold] = ()
    """Which fields, for the code `invalid`."""


def describe_problems(openapi: dict[str, Any]) -> None:
    """Every operation's other answers are problems; the framework's own shape is never answered."""
    schemas = openapi.setdefault("components", {}).setdefault("schemas", {})
    schema = ProblemTold.model_json_schema(ref_template="#/components/schemas/{model}")
    schemas.update(schema.pop("$defs", {}))
    schemas["Problem"] = schema
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for path in openapi["paths"].values():
        for method in _METHODS:
            if method in path:
                answers = path[method]["responses"]
                answers.pop("422", None)
                answers["default"] = {"description": "A problem", "content": content}
