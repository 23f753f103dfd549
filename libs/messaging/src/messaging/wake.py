"""Waking whoever has something to do, across processes, by PostgreSQL's LISTEN and NOTIFY.

A NOTIFY inside each transaction takes a lock of the whole server at commit and halves the commits
under load. So it goes out after the commit, on a connection of its own, one for all commits since
the last one. It may be lost: who listens also looks by itself once a second.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from types import TracebackType
from typing import Self

import asyncpg
from telemetry.logs import get_logger

from messaging import wake_store as store
from messaging.database import DATABASE_AWAY, Row

log = get_logger(__name__)

POLL_SECONDS = 1.0
HEARTBEAT_SECONDS = 5.0
_CONNECT_SECONDS = 10.0
_BREATH_SECONDS = 0.005
"""Between two NOTIFYs. The first word after a silence goes out at once; under load, where listeners
are busy anyway, 200 a second are enough, and more cost a sixth of the transactions (measured)."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.1, 1.0
_STEADY_SECONDS = 5.0
"""A session that lived so long is followed by the first pause again."""
_LOST = (*DATABASE_AWAY, asyncpg.PostgresError, asyncpg.InternalClientError)
"""Nothing on these two connections can be a caller's mistake: connect again, whatever it was."""


class _Background:
    """A task that runs from the first need until `close`, connecting again whenever it must."""

    def __init__(self, dsn: str, name: str) -> None:
        self._dsn = dsn
        self._name = name
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=self._name)

    async def close(self) -> None:
        """Give up the connection. Nothing is woken any more."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def __aenter__(self) -> Self:
        self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    async def _run(self) -> None:
        pause = _FIRST_PAUSE
        while True:
            began = asyncio.get_running_loop().time()
            try:
                async with _session(self._dsn, self._name) as connection:
                    await self._serve(connection)
            except _LOST as error:
                log.warning("connection lost", connection=self._name, error=type(error).__name__)
            if asyncio.get_running_loop().time() - began > _STEADY_SECONDS:
                pause = _FIRST_PAUSE
            await asyncio.sleep(pause)
            pause = min(pause * 2, _LONGEST_PAUSE)

    async def _serve(self, connection: "asyncpg.Connection[Row]") -> None:
        raise NotImplementedError


class Notifier(_Background):
    """Wakes listeners on any process. `wake` returns at once and never fails.

    Words said shortly after one another go out together.
    """

    def __init__(self, dsn: str) -> None:
        super().__init__(dsn, "notifier")
        self._channels: set[str] = set()
        self._said = asyncio.Event()

    def wake(self, channel: str) -> None:
        self._channels.add(channel)
        self._said.set()
        self.start()

    async def _serve(self, connection: "asyncpg.Connection[Row]") -> None:
        while True:
            await self._said.wait()
            self._said.clear()
            # Taken before it is sent: a word that comes meanwhile needs a NOTIFY of its own.
            channels, self._channels = self._channels, set()
            try:
                await store.notify(connection, channels)
            except BaseException:
                self._channels |= channels  # say it again on the next connection
                self._said.set()
                raise
            await asyncio.sleep(_BREATH_SECONDS)


class Listener(_Background):
    """Waits for a word on one channel of this role's schema.

    A socket can die without a sound, so the session is asked for a sign of life every 5 s.
    """

    def __init__(self, dsn: str, channel: str) -> None:
        super().__init__(dsn, f"listener of {channel}")
        self._channel = channel
        self._woken = asyncio.Event()
        self._ready = asyncio.Event()

    async def wait(self, stop: asyncio.Event, timeout: float = POLL_SECONDS) -> bool:  # noqa: ASYNC109
        """Come back when woken (True), or when `stop` is set or the time is over (False).

        A word that came since the last call counts: look first, then wait, and nothing is missed.
        """
        self.start()
        if not self._woken.is_set() and not stop.is_set():
            waits = [asyncio.ensure_future(event.wait()) for event in (self._woken, stop)]
            try:
                await asyncio.wait(waits, timeout=timeout, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
        woken = self._woken.is_set()
        self._woken.clear()
        return woken

    def wake(self) -> None:
        """As if a word had come: the wait that goes on, or the next one, ends at once."""
        self._woken.set()

    async def listening(self) -> None:
        """Come back once the session listens; until then only the time-out ends a wait."""
        self.start()
        await self._ready.wait()

    def _on_word(self, *_: object) -> None:
        self.wake()

    async def _serve(self, connection: "asyncpg.Connection[Row]") -> None:
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        name = await store.full_name(connection, self._channel)
        await connection.add_listener(name, self._on_word)
        self._woken.set()  # for what was said while nobody listened
        self._ready.set()
        try:
            while not ended.is_set():
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), HEARTBEAT_SECONDS)
                if not ended.is_set():
                    await store.heartbeat(connection, HEARTBEAT_SECONDS)
        finally:
            self._ready.clear()


@asynccontextmanager
async def _session(dsn: str, name: str) -> AsyncGenerator["asyncpg.Connection[Row]"]:
    connection = await asyncpg.connect(
        dsn, timeout=_CONNECT_SECONDS, server_settings={"application_name": name}
    )
    try:
        yield connection
    finally:
        # Not `close`: it waits for an answer, and this connection may have none to give.
        connection.terminate()
