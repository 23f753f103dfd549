"""HTTP of one role: uvicorn that leaves signals to whoever runs the roles."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager

import uvicorn
from messaging.health import AsgiApp


class _Server(uvicorn.Server):
    @contextmanager
    def capture_signals(self) -> Generator[None]:
        yield


async def serve(app: AsgiApp, host: str, port: int, stop: asyncio.Event) -> None:
    """Serve until `stop`, then finish what is under way (≤ 5 s)."""
    server = _Server(
        uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            access_log=False,
            lifespan="off",
            server_header=False,
            timeout_graceful_shutdown=5,
            # Longer than whoever calls keeps an idle connection: else one ends as it is used again.
            timeout_keep_alive=75,
        )
    )

    async def end() -> None:
        await stop.wait()
        server.should_exit = True

    ending = asyncio.create_task(end())
    try:
        await server.serve()
    finally:
        ending.cancel()
