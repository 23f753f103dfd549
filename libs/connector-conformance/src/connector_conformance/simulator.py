"""The simulator as a process of its own, and what a test asks of it."""

import socket
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

import httpx
from testkit import eventually

from connector_conformance.running import SCALE

Json = dict[str, object]


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return cast("int", found.getsockname()[1])


@contextmanager
def running_simulator(module: str) -> Generator[str]:
    """The base URL of a fresh simulator, run by `python -m module`; it ends with the block."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", module, "--port", str(port)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(timeout=10)


@dataclass(frozen=True)
class Simulator:
    """The control routes of a running simulator."""

    url: str
    http: httpx.AsyncClient

    async def up(self) -> None:
        async def answers() -> None:
            try:
                response = await self.http.get(f"{self.url}/livez")
            except httpx.TransportError as error:
                raise AssertionError(str(error)) from error
            assert response.status_code == 200

        await eventually(answers, within=60)

    async def fresh(self, name: str, **settings: object) -> str:
        """An organisation of that name, empty but for two income accounts; its id there.

        No fault is left, no limit is kept, and its windows run as fast as the connector's.
        """
        await self._ok("DELETE", "/_sim/faults")
        await self.limits(enforced=False, window_scale=SCALE)
        sown = await self._ok(
            "POST",
            "/_sim/seed",
            {
                "organisation": name,
                "accounts": [
                    {"code": "2000", "name": "Service revenue"},
                    {"code": "2100", "name": "Parts revenue"},
                ],
            },
        )
        if settings:
            await self.settings(name, **settings)
        return str(cast("Json", sown["organisation"])["id"])

    async def seed(self, name: str, **seed: object) -> dict[str, list[Json]]:
        """What was sown, by kind."""
        sown = await self._ok("POST", "/_sim/seed", {"organisation": name, **seed})
        return cast("dict[str, list[Json]]", sown)

    async def settings(self, name: str, **settings: object) -> None:
        await self._ok("PUT", "/_sim/organisation", settings, organisation=name)

    async def defaults(self, **settings: object) -> None:
        """Of organisations to come, and of what is asked before one is known."""
        await self._ok("PUT", "/_sim/organisation", settings)

    async def limits(self, **limits: object) -> None:
        await self._ok("PUT", "/_sim/limits", limits)

    async def books(self, name: str) -> dict[str, list[Json]]:
        books = await self._ok("GET", "/_sim/books", organisation=name)
        return cast("dict[str, list[Json]]", books)

    async def requests(self, name: str) -> list[Json]:
        response = await self.http.get(f"{self.url}/_sim/requests", params={"organisation": name})
        assert response.status_code == 200
        return cast("list[Json]", response.json())

    async def fault(self, kind: str, **rule: object) -> str:
        """A fault's id."""
        return str((await self._ok("POST", "/_sim/faults", {"kind": kind, **rule}))["id"])

    async def hits(self, identifier: str) -> int:
        """How often a fault has struck."""
        rows = cast("list[Json]", (await self.http.get(f"{self.url}/_sim/faults")).json())
        return next(cast("int", row["hits"]) for row in rows if row["id"] == identifier)

    async def clear(self) -> None:
        """No fault is left."""
        await self._ok("DELETE", "/_sim/faults")

    async def advance(self, seconds: float) -> None:
        await self._ok("POST", "/_sim/clock", {"advance_seconds": seconds})

    async def change(self, name: str, kind: str, record: str, /, **changes: object) -> None:
        await self._ok("PATCH", f"/_sim/records/{kind}/{record}", changes, organisation=name)

    async def delete(self, name: str, kind: str, record: str) -> None:
        await self._ok("DELETE", f"/_sim/records/{kind}/{record}", organisation=name)

    async def pay(self, name: str, invoice: str) -> None:
        await self._ok("POST", "/_sim/payments", {"organisation": name, "invoice_id": invoice})

    async def disconnect(self, name: str) -> None:
        """Somebody removes our access in the provider's own pages."""
        await self._ok("POST", "/_sim/disconnect", {"organisation": name})

    async def _ok(
        self, method: str, path: str, body: Json | Sequence[Json] | None = None, **query: str
    ) -> Json:
        response = await self.http.request(
            method, f"{self.url}{path}", json=body, params=query or None
        )
        assert response.status_code == 200, f"{method} {path}: {response.text}"
        return cast("Json", response.json())
