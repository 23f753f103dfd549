"""A pytest plugin that writes down what goes between a client and a simulator.

`-p facts.recording` with FACTS_RECORDING naming a file: one exchange a line. It listens in the
HTTP libraries that connectors, tests and the vendors' SDKs use, so that none of them knows of it.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast
from urllib.parse import urlsplit

import httpx
import pytest
import requests

FILE = "FACTS_RECORDING"
"""The environment variable that names the file."""


@dataclass(frozen=True)
class Exchange:
    """A request and its answer.

    Attributes:
        test: the test during which it was sent.
        asked: the request's body; `answered` the answer's.
        injected: a fault was injected before it, so the answer may be wrong on purpose.
    """

    test: str
    method: str
    target: str
    asked_type: str
    asked: str
    status: int
    answered_type: str
    answered: str
    injected: bool

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> str:
        return urlsplit(self.target).query

    @property
    def by_connector(self) -> bool:
        """A connector sent it; else a simulator's own tests, which send nonsense on purpose."""
        return self.test.startswith("services/")


def read(file: Path) -> list[Exchange]:
    """What was written, each once."""
    lines = dict.fromkeys(file.read_text().splitlines()) if file.exists() else {}
    return [Exchange(**json.loads(line)) for line in lines]


class Recorder:
    def __init__(self, file: Path) -> None:
        self._file = file
        self._test = ""
        self._injected = False

    def begin(self, test: str) -> None:
        self._test = test
        self._injected = False

    def note(
        self,
        method: str,
        url: str,
        asked: tuple[Mapping[str, str], bytes],
        status: int,
        answered: tuple[Mapping[str, str], bytes],
    ) -> None:
        parts = urlsplit(url)
        if parts.hostname != "127.0.0.1" or not self._test:
            return
        if parts.path.startswith("/_sim/"):
            # From here to the end of the test an answer may be broken on purpose.
            self._injected |= parts.path == "/_sim/faults" and method == "POST"
            return
        exchange = Exchange(
            self._test,
            method,
            parts.path + (f"?{parts.query}" if parts.query else ""),
            _media(asked[0]),
            asked[1].decode(errors="replace"),
            status,
            _media(answered[0]),
            answered[1].decode(errors="replace"),
            self._injected,
        )
        with self._file.open("a") as out:
            out.write(json.dumps(asdict(exchange)) + "\n")


def _content(request: httpx.Request) -> bytes:
    try:
        return request.content
    except httpx.RequestNotRead:
        # A form of parts, which was streamed: no API of the three takes records so.
        return b""


def _media(headers: Mapping[str, str]) -> str:
    lowered = {name.lower(): value for name, value in headers.items()}
    return lowered.get("content-type", "").split(";")[0]


def _listen(recorder: Recorder, patch: pytest.MonkeyPatch) -> None:
    send, send_async = httpx.Client.send, httpx.AsyncClient.send
    send_requests = requests.Session.send

    def of_httpx(request: httpx.Request, response: httpx.Response) -> None:
        if response.is_closed:
            recorder.note(
                request.method,
                str(request.url),
                (request.headers, _content(request)),
                response.status_code,
                (response.headers, response.content),
            )

    def sending(self: httpx.Client, request: httpx.Request, **how: Any) -> httpx.Response:
        response = send(self, request, **how)
        of_httpx(request, response)
        return response

    async def sending_async(
        self: httpx.AsyncClient, request: httpx.Request, **how: Any
    ) -> httpx.Response:
        response = await send_async(self, request, **how)
        of_httpx(request, response)
        return response

    def sending_requests(
        self: requests.Session, request: requests.PreparedRequest, **how: Any
    ) -> requests.Response:
        response = send_requests(self, request, **how)
        body = request.body or b""
        sent = body.encode() if isinstance(body, str) else cast("bytes", body)
        recorder.note(
            str(request.method),
            str(request.url),
            (cast("Mapping[str, str]", request.headers), sent),
            response.status_code,
            (cast("Mapping[str, str]", response.headers), response.content),
        )
        return response

    patch.setattr(httpx.Client, "send", sending)
    patch.setattr(httpx.AsyncClient, "send", sending_async)
    patch.setattr(requests.Session, "send", sending_requests)


_patch = pytest.MonkeyPatch()
_recorder: list[Recorder] = []


def pytest_configure(config: pytest.Config) -> None:
    del config
    if named := os.environ.get(FILE):
        _recorder.append(Recorder(Path(named)))
        _listen(_recorder[0], _patch)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for recorder in _recorder:
        recorder.begin(item.nodeid)


def pytest_unconfigure(config: pytest.Config) -> None:
    del config
    _recorder.clear()
    _patch.undo()
