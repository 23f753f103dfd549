"""Whether what an API answers is what its OpenAPI document says of it."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
from openapi_core import Config, OpenAPI
from openapi_core.datatypes import RequestParameters
from openapi_core.exceptions import OpenAPIError
from openapi_core.templating.paths.finders import APICallPathFinder

STREAM = "text/event-stream"
_READ_BY: dict[str, Callable[[bytes], Any]] = {
    "application/problem+json": json.loads,
    "text/csv": bytes.decode,
}
"""What openapi-core doesn't read by itself."""


@dataclass
class DescribedAnswers:
    """Compares each answer that a client gets with the document; put `hook` into its event hooks.

    `counted` says how many answers of each operation and status were compared; `wrong` what
    differed, with the body.
    """

    document: Mapping[str, Any]
    counted: Counter[str] = field(default_factory=Counter[str])
    wrong: list[str] = field(default_factory=list[str])

    def __post_init__(self) -> None:
        self._api = OpenAPI.from_dict(
            dict(self.document), config=Config(extra_media_type_deserializers=_READ_BY)
        )
        self._paths = APICallPathFinder(self._api.spec)

    async def hook(self, answer: httpx.Response) -> None:
        """A response hook of httpx. Streams, and what isn't of the API, are let pass."""
        kind = answer.headers.get("content-type", "").partition(";")[0]
        if kind == STREAM or not answer.request.url.path.startswith("/api/v1/"):
            return
        if answer.request.url.path.endswith("/openapi.json"):
            return
        await answer.aread()
        self.compare(answer, kind)

    def compare(self, answer: httpx.Response, kind: str) -> None:
        """One answer that was read whole."""
        asked = _Asked.of(answer.request)
        try:
            found = self._paths.find(asked.method, asked.full_url_pattern)
            name = f"{asked.method.upper()} {found.path_result.pattern}"
            self.counted[f"{name} {answer.status_code}"] += 1
            self._api.validate_response(asked, _Answered.of(answer, kind))
        except OpenAPIError as differs:
            why = "; ".join(str(each) for each in _causes(differs))
            self.wrong.append(
                f"{answer.request.method} {answer.request.url.path} {answer.status_code}: {why}\n"
                f"    {answer.text[:1000]}"
            )


@dataclass
class _Asked:
    """A request as openapi-core takes one."""

    host_url: str
    path: str
    method: str
    body: bytes | None
    content_type: str
    parameters: RequestParameters = field(default_factory=RequestParameters)

    @classmethod
    def of(cls, request: httpx.Request) -> "_Asked":
        url = request.url
        host = f"{url.scheme}://{url.netloc.decode()}"
        return cls(host, url.path, request.method.lower(), None, "application/json")

    @property
    def full_url_pattern(self) -> str:
        return self.host_url + self.path


@dataclass
class _Answered:
    status_code: int
    content_type: str
    headers: Mapping[str, Any]
    data: bytes | None

    @classmethod
    def of(cls, answer: httpx.Response, kind: str) -> "_Answered":
        return cls(answer.status_code, kind, dict(answer.headers), answer.content or None)


def _causes(error: BaseException) -> list[BaseException]:
    """The error and what is below it, the schema's own words at the end."""
    found: list[BaseException] = [error]
    found.extend(getattr(error, "schema_errors", ()))
    if error.__cause__ is not None:
        found.extend(_causes(error.__cause__))
    return found
