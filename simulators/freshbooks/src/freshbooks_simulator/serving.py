"""Uvicorn with one addition: the app can close a connection without answering."""

from __future__ import annotations

import asyncio
from typing import Any

import uvicorn
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from freshbooks_simulator.door import DROP


class DroppingProtocol(H11Protocol):
    """Puts into each scope's state a callable that ends the connection under the app's feet.

    Called with True it sends nothing at all (the client's peer resets or closes); with False what
    was written so far is flushed first. The server reports neither as an error.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, dict(app_state), _loop)
        self.app_state[DROP] = self._drop

    def _drop(self, at_once: bool) -> None:
        # The cycle must not add an error answer of its own when the app returns.
        self.cycle.disconnected = True
        self.cycle.message_event.set()
        if at_once:
            self.transport.abort()
        else:
            self.transport.close()


def config(app: Any, *, host: str, port: int, log_level: str = "warning") -> uvicorn.Config:
    """How the simulator is served; `app` is an ASGI app."""
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=DroppingProtocol,
        ws="none",
        log_level=log_level,
        access_log=False,
        # A list of many ids fits into an address.
        h11_max_incomplete_event_size=1 << 20,
        timeout_keep_alive=75,
        timeout_graceful_shutdown=3,
        backlog=4096,
    )
