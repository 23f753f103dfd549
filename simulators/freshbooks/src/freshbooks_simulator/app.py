"""Puts the simulator together: the provider's paths, the controls, the pages."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fastapi import FastAPI

from freshbooks_simulator.clock import SimClock
from freshbooks_simulator.control.routes import install as install_control
from freshbooks_simulator.door import Door, Receive, Scope, Send
from freshbooks_simulator.journal import JournalFile
from freshbooks_simulator.pages.routes import install as install_pages
from freshbooks_simulator.process_routes import install as install_process
from freshbooks_simulator.world import World

_OWN = ("/_sim", "/livez", "/readyz", "/metrics")


class Simulator:
    """The whole as one ASGI app. Serve it with `freshbooks_simulator.serving`, which can drop
    connections."""

    def __init__(self, world: World) -> None:
        self.world = world
        self._door = Door(world)
        self._own = FastAPI(
            title="FreshBooks simulator",
            docs_url="/_sim/docs",
            redoc_url=None,
            openapi_url="/_sim/openapi.json",
        )
        install_control(self._own, world)
        install_pages(self._own, world)
        install_process(self._own, world)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not scope["path"].startswith(_OWN):
            if scope["path"] != "/":
                await self._door(scope, receive, send)
                return
            scope = {**scope, "path": "/_sim/", "raw_path": b"/_sim/"}
        await self._own(scope, receive, send)


def build(state: Path | None = None, clients: Mapping[str, str] | None = None) -> Simulator:
    """A simulator with empty books, or those of the `state` file; `clients` (id: secret) are the
    only apps let in, any if there are none."""
    sink = JournalFile(state) if state is not None else None
    return Simulator(World(SimClock(), sink, clients))
