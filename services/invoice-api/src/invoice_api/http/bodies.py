"""Request bodies: at most `MAX_BODY_BYTES`, read strictly, and told in the OpenAPI document."""

from typing import Any, Generic, TypeVar, cast

from fastapi import Request
from pydantic import BaseModel, ValidationError
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from invoice_api.http.framework_problems import problem_of
from invoice_api.http.problems import Problem

MAX_BODY_BYTES = 5 * 1024 * 1024
MAX_FORM_BYTES = 65 * 1024 * 1024
"""A form that uploads a file; what a file may have its room says."""

M = TypeVar("M", bound=BaseModel)


class JsonBody(Generic[M]):
    """A dependency that reads the body as `model`.

    With `or_nothing`, no body is the same as `{}`. Raises a Problem: 400 for what isn't JSON, 422
    with an error per field.
    """

    def __init__(self, model: type[M], *, or_nothing: bool = False) -> None:
        self.model = model
        self._or_nothing = or_nothing

    async def __call__(self, request: Request) -> M:
        raw = await request.body()
        if self._or_nothing and not raw.strip():
            raw = b"{}"
        return parse(self.model, raw)


def parse(model: type[M], raw: bytes | str) -> M:
    """JSON text as `model`, strictly. Raises a Problem."""
    try:
        return model.model_validate_json(raw)
    except ValidationError as error:
        raise problem_of(error) from None


class BodyLimit:
    """ASGI: refuses longer bodies with 413 before anything reads them."""

    def __init__(self, app: ASGIApp, max_bytes: int = MAX_BODY_BYTES) -> None:
        self._app = app
        self._max = max_bytes

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] in {"GET", "HEAD", "OPTIONS"}:
            await self._app(scope, receive, send)
            return
        headers = dict(cast("list[tuple[bytes, bytes]]", scope["headers"]))
        declared = headers.get(b"content-length")
        most = self._most(headers)
        if declared is not None and declared.isdigit() and int(declared) > most:
            await self._refuse(scope, receive, send, most)
            return
        body, ended = await self._read(receive, most)
        if body is None:
            await self._refuse(scope, receive, send, most)
            return
        replayed = False

        async def replay() -> Message:
            nonlocal replayed
            if replayed:
                return await receive()
            replayed = True
            if not ended:
                return {"type": "http.disconnect"}
            return {"type": "http.request", "body": body, "more_body": False}

        await self._app(scope, replay, send)

    def _most(self, headers: dict[bytes, bytes]) -> int:
        form = headers.get(b"content-type", b"").startswith(b"multipart/form-data")
        return max(self._max, MAX_FORM_BYTES) if form else self._max

    async def _read(self, receive: Receive, most: int) -> tuple[bytes | None, bool]:
        """The whole body (None when it is too long), and whether its sender stayed to the end."""
        parts: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return b"", False
            part = cast("bytes", message.get("body", b""))
            size += len(part)
            if size > most:
                return None, True
            parts.append(part)
            if not message.get("more_body", False):
                return b"".join(parts), True

    async def _refuse(self, scope: Scope, receive: Receive, send: Send, most: int) -> None:
        problem = Problem(
            413,
            "too_large",
            "Too large",
            f"A request may have up to {most // 1024 // 1024} MiB; this one has more.",
        )
        await problem.answer()(scope, receive, send)


def describe_bodies(
    openapi: dict[str, Any], bodies: dict[tuple[str, str], type[BaseModel]]
) -> None:
    """Write each (path, method)'s body into the OpenAPI document."""
    schemas = openapi.setdefault("components", {}).setdefault("schemas", {})
    for (path, method), model in bodies.items():
        operation = openapi.get("paths", {}).get(path, {}).get(method)
        if operation is None:
            continue
        schema = model.model_json_schema(ref_template="#/components/schemas/{model}")
        schemas.update(schema.pop("$defs", {}))
        schemas[model.__name__] = schema
        operation["requestBody"] = {
            "content": {
                "application/json": {"schema": {"$ref": f"#/components/schemas/{model.__name__}"}}
            }
        }
