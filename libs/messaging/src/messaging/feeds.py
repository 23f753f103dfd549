"""Feeds: whoever owns facts can be asked for all of them, a page at a time, in order of change.

Topics are for speed, feeds are for correctness: a reader that sweeps the feed every minute misses
nothing for longer than that, whatever became of the events.

A feed is ordered by (id of the changing transaction, id of the row) and ends before the oldest
transaction that is still open: that one may yet commit changes with its lower id, and a reader that
had gone past it would never see them. The order is PostgreSQL's own (`xid8`, `pg_snapshot_xmin`).

    CREATE TABLE things (…, changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id());
    CREATE INDEX things_feed ON things (changed_xid, id);
    -- every UPDATE sets changed_xid = pg_current_xact_id()
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Self
from uuid import UUID

from contracts.message import Message
from pydantic import BaseModel, ConfigDict, JsonValue
from telemetry import metrics
from telemetry.logs import get_logger

from messaging import feeds_store as store
from messaging.batch_processor import BatchProcessor
from messaging.clock import Clock, SystemClock
from messaging.database import DATABASE_AWAY, Database, Tx, is_away
from messaging.internal import ANY_COMPANY, InternalClient, PeerAway
from messaging.process import pause

log = get_logger(__name__)

SWEEP_SECONDS = 60.0
START_OVER_HOURS = 24
PAGE_SIZE = 500


@dataclass(frozen=True)
class Position:
    """A place in a feed: after the row `id` that the transaction `xid` changed."""

    xid: int
    id: int | str

    @classmethod
    def parse(cls, text: str) -> Self:
        """The place that `str` of a position names; the empty text is the start.

        Raises:
            ValueError: it names no place.
        """
        if not text:
            return cls(0, "")
        xid, colon, row = text.partition(":")
        if not colon or not xid.isascii() or not xid.isdigit():
            raise ValueError(f"after: {text!r} is no position; take `next` of the page before")
        return cls(int(xid), row)

    def __str__(self) -> str:
        return f"{self.xid}:{self.id}"

    @property
    def uuid(self) -> UUID:
        """The row's id where rows have UUIDs; the lowest one at the start.

        Raises:
            ValueError: the id is no UUID.
        """
        return UUID(str(self.id)) if self.id else UUID(int=0)

    @property
    def number(self) -> int:
        """The row's id where rows have numbers; 0 at the start. Raises ValueError likewise."""
        return int(self.id) if self.id else 0


class FeedPage(BaseModel):
    """A page as it goes over HTTP: `FeedPage(…).model_dump_json()`."""

    model_config = ConfigDict(frozen=True)

    messages: tuple[dict[str, JsonValue], ...]
    next: str
    """What to ask for next; also after the last page."""
    end: bool
    """There is no more just now."""
    horizon: int | None = None
    """The transaction before which the feed ended; one that stands still holds every reader up."""


Entry = tuple[Position, Message]
PageQuery = Callable[[Position, int, int], Awaitable[Sequence[Entry]]]
"""A service's own query: after this position, before this transaction id, at most so many:

    WHERE (changed_xid, id) > ($1, $2) AND changed_xid < $3 ORDER BY changed_xid, id LIMIT $4

`$1` and `$3` go in as they are (asyncpg takes an int for an xid8); `$2` is `position.uuid`."""


async def read_page(tx: Tx, after: str, query: PageQuery, *, limit: int = PAGE_SIZE) -> FeedPage:
    """The page after `after` of the feed that `query` reads.

    Raises:
        ValueError: `after` is no position.
    """
    position = Position.parse(after)
    horizon = await store.horizon(tx)
    entries = await query(position, horizon, limit)
    last = entries[-1][0] if entries else position
    return FeedPage(
        messages=tuple(message.model_dump(mode="json") for _, message in entries),
        next=str(last) if entries else after,
        end=len(entries) < limit,
        horizon=horizon,
    )


Fetch = Callable[[str], Awaitable[FeedPage]]
"""The page after a position; raises PeerAway."""


class FeedRefused(Exception):  # noqa: N818  (what the peer did)
    """The peer answers, but not with a page: our header, our position or a release is wrong."""


def fetch_over(client: InternalClient, path: str, *, limit: int = PAGE_SIZE) -> Fetch:
    """Pages of another service's feed at `path`, as the service itself, for all companies."""

    async def fetch(after: str) -> FeedPage:
        answer = await client.get(
            path, company=ANY_COMPANY, params={"after": after, "limit": str(limit)}
        )
        if answer.status != 200:
            raise FeedRefused(f"GET {path}: answered {answer.status}")
        return FeedPage.model_validate_json(answer.text)

    return fetch


class FeedReader:
    """Reads a feed on from where it got to, and applies it as if it had come by the topic.

    Once a day it begins at the start. It wakes nobody: what its messages lead to is the handler's.
    `name` is the feed's name among this service's readers: unique, and kept.
    """

    def __init__(
        self,
        database: Database,
        fetch: Fetch,
        name: str,
        processor: BatchProcessor,
        clock: Clock | None = None,
        *,
        start_over_hours: int = START_OVER_HOURS,
    ) -> None:
        self._database = database
        self._fetch = fetch
        self._name = name
        self._processor = processor
        self._clock = clock or SystemClock()
        self._start_over_hours = start_over_hours
        self._horizon: int | None = None
        self._horizon_moved_at = self._clock.elapsed()

    async def sweep_once(self) -> int:
        """Read to the end; how many messages were applied.

        A page is applied before its end is remembered, so a crash between repeats a page.

        Raises:
            PeerAway: the other service is away; what was applied stays applied.
            one of DATABASE_AWAY: likewise.
            FeedRefused, ValueError: the peer's answer is no page.
        """
        applied = 0
        async with self._database.transaction() as tx:
            after = await store.position(tx, self._name, self._start_over_hours)
        while True:
            page = await self._fetch(after)
            self._measure(page)
            if page.messages:
                await self._processor.process(
                    [(None, json.dumps(message).encode()) for message in page.messages]
                )
                applied += len(page.messages)
            if page.next != after:
                async with self._database.transaction() as tx:
                    await store.move(tx, self._name, page.next)
            elif not page.end:
                raise FeedRefused(f"{self._name}: a page that neither ends nor leads on")
            after = page.next
            if page.end:
                return applied

    async def run(self, stop: asyncio.Event, every_seconds: float = SWEEP_SECONDS) -> None:
        """Sweep at once and then every so many seconds, until `stop`."""
        while not stop.is_set():
            try:
                applied = await self.sweep_once()
                if applied:
                    log.debug("feed swept", feed=self._name, messages=applied)
            except (PeerAway, *DATABASE_AWAY) as error:
                if not isinstance(error, PeerAway) and not is_away(error):
                    raise
                log.warning("feed not swept", feed=self._name, error=repr(error))
            await pause(self._clock, stop, every_seconds)

    def _measure(self, page: FeedPage) -> None:
        now = self._clock.elapsed()
        if page.horizon is None or page.horizon != self._horizon:
            self._horizon, self._horizon_moved_at = page.horizon, now
        metrics.gauge(
            "feed_position_age_seconds", feed=self._name, reader=self._processor.reader
        ).set(now - self._horizon_moved_at)


async def start_all_over(tx: Tx) -> None:
    """Have all of this service's readers begin at the start: positions of a restored owner lie."""
    await store.start_over(tx)
