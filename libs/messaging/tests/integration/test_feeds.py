"""A feed is read whole, in order, and never past a change that is still to be committed."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from typing import cast
from uuid import UUID, uuid4

import asyncpg
import httpx
import pytest
from contracts.invoicing import ItemChanged
from contracts.message import Message
from contracts.topics import INVOICING
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from messaging import feeds, feeds_store
from messaging.batch_processor import BatchProcessor
from messaging.clock import SystemClock
from messaging.database import Row, Tx
from messaging.feeds import FeedPage, FeedReader, FeedRefused, Position, fetch_over, read_page
from messaging.internal import HEADER, Caller, InternalClient, PeerAway, verify

from .support import Schema, item_changed

READER = "sync-orchestrator"
KEY = bytes(range(32))


@dataclass
class Owner:
    """A service that owns things and lets them be read."""

    schema: Schema
    asked: list[str] = field(default_factory=list[str])
    limit: int = 3

    async def page(self, after: str) -> FeedPage:
        self.asked.append(after)
        async with self.schema.database.transaction() as tx:

            async def query(
                position: Position, horizon: int, limit: int
            ) -> Sequence[tuple[Position, Message]]:
                rows = await tx.fetch(
                    "SELECT changed_xid, id, name FROM things"
                    " WHERE (changed_xid, id) > ($1, $2) AND changed_xid < $3"
                    " ORDER BY changed_xid, id LIMIT $4",
                    position.xid,
                    position.uuid,
                    horizon,
                    limit,
                )
                return [
                    (Position(row["changed_xid"], str(row["id"])), item_changed(row["name"]))
                    for row in rows
                ]

            return await read_page(tx, after, query, limit=self.limit)


@dataclass
class Seen:
    """What the reader's handler was given."""

    names: list[str] = field(default_factory=list[str])

    async def __call__(self, _tx: Tx, messages: Sequence[Message]) -> None:
        self.names += [cast("ItemChanged", message).item.name for message in messages]


@pytest.fixture
async def owner(schema: Schema) -> Owner:
    await schema.pool.execute("DROP TABLE IF EXISTS things")
    await schema.pool.execute(
        "CREATE TABLE things (id uuid PRIMARY KEY, name text NOT NULL,"
        " changed_xid xid8 NOT NULL DEFAULT pg_current_xact_id());"
        "CREATE INDEX ON things (changed_xid, id)"
    )
    return Owner(schema)


def _reader(owner: Owner, seen: Seen, fetch: feeds.Fetch | None = None) -> FeedReader:
    processor = BatchProcessor(owner.schema.database, INVOICING, READER, seen, SystemClock())
    return FeedReader(owner.schema.database, fetch or owner.page, "things", processor)


async def _add(schema: Schema, *names: str) -> None:
    async with schema.database.transaction() as tx:
        for name in names:
            await tx.execute("INSERT INTO things (id, name) VALUES ($1, $2)", uuid4(), name)


async def test_a_sweep_reads_everything_once_and_the_next_one_what_is_new(owner: Owner) -> None:
    seen = Seen()
    reader = _reader(owner, seen)
    assert await reader.sweep_once() == 0
    for number in range(8):
        await _add(owner.schema, f"{number}")
    assert await reader.sweep_once() == 8
    assert seen.names == [f"{number}" for number in range(8)], "in the order of change"
    assert await reader.sweep_once() == 0
    await owner.schema.pool.execute(
        "UPDATE things SET name = 'changed', changed_xid = pg_current_xact_id() WHERE name = '2'"
    )
    await _add(owner.schema, "new")
    assert await _reader(owner, seen).sweep_once() == 2, "another process reads on from there"
    assert seen.names[8:] == ["changed", "new"]
    assert owner.schema.wakes.channels == [], "reading wakes nobody"


async def test_rows_of_one_transaction_are_paged_without_a_gap(owner: Owner) -> None:
    names = [f"{number:02}" for number in range(20)]
    await _add(owner.schema, *names)
    seen = Seen()
    assert await _reader(owner, seen).sweep_once() == 20
    assert sorted(seen.names) == names
    assert len(owner.asked) == 7


@asynccontextmanager
async def _open_transaction(schema: Schema) -> AsyncGenerator["asyncpg.Connection[Row]"]:
    connection = await asyncpg.connect(schema.dsn)
    try:
        await connection.execute("BEGIN")
        yield connection
    finally:
        await connection.close()


async def test_a_change_that_commits_late_is_never_passed(owner: Owner) -> None:
    seen = Seen()
    reader = _reader(owner, seen)
    async with _open_transaction(owner.schema) as late:
        await late.execute("INSERT INTO things (id, name) VALUES ($1, 'late')", uuid4())
        await _add(owner.schema, "early, with a higher transaction id")
        await reader.sweep_once()
        assert seen.names == [], "held back: the older transaction may still commit"
        await late.execute("COMMIT")
    await reader.sweep_once()
    assert seen.names == ["late", "early, with a higher transaction id"]


async def test_a_transaction_that_rolls_back_lets_the_feed_go_on(owner: Owner) -> None:
    seen = Seen()
    reader = _reader(owner, seen)
    async with _open_transaction(owner.schema) as late:
        await late.execute("INSERT INTO things (id, name) VALUES ($1, 'never')", uuid4())
        await _add(owner.schema, "one")
        await reader.sweep_once()
        assert seen.names == []
    await _add(owner.schema, "two")
    await reader.sweep_once()
    assert seen.names == ["one", "two"]


_STEPS = st.lists(
    st.tuples(
        st.sampled_from(["insert", "update", "commit", "rollback", "sweep"]),
        st.integers(min_value=0, max_value=2),
    ),
    max_size=25,
)


@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=_STEPS)
async def test_whatever_interleaves_every_committed_row_is_seen_as_it_is_in_the_end(
    owner: Owner, steps: list[tuple[str, int]]
) -> None:
    """Three sessions write, commit and roll back in any order while a reader sweeps."""
    await owner.schema.pool.execute("TRUNCATE things, feed_positions")
    seen = Seen()
    reader = _reader(owner, seen)
    async with AsyncExitStack() as stack:
        sessions = [
            await stack.enter_async_context(_open_transaction(owner.schema)) for _ in range(3)
        ]
        own: list[list[UUID]] = [[], [], []]
        for number, (what, which) in enumerate(steps):
            session = sessions[which]
            if what == "insert":
                own[which].append(uuid4())
                await session.execute(
                    "INSERT INTO things (id, name) VALUES ($1, $2)", own[which][-1], f"{number}"
                )
            elif what == "update" and own[which]:
                # Each session changes only its own rows: none waits for another.
                await session.execute(
                    "UPDATE things SET name = $2, changed_xid = pg_current_xact_id() WHERE id = $1",
                    own[which][number % len(own[which])],
                    f"{number}",
                )
            elif what in ("commit", "rollback"):
                await session.execute(what)
                await session.execute("BEGIN")
            elif what == "sweep":
                await reader.sweep_once()
        for session in sessions:
            await session.execute("COMMIT")
    await reader.sweep_once()
    there = {row["name"] for row in await owner.schema.fetch("SELECT name FROM things")}
    assert there <= set(seen.names)


async def test_once_a_day_it_begins_at_the_start(owner: Owner) -> None:
    await _add(owner.schema, "one")
    seen = Seen()
    reader = _reader(owner, seen)
    await reader.sweep_once()
    await owner.schema.pool.execute(
        "UPDATE feed_positions SET started_over_at = clock() - interval '23 hours'"
    )
    assert await reader.sweep_once() == 0
    await owner.schema.pool.execute(
        "UPDATE feed_positions SET started_over_at = clock() - interval '25 hours'"
    )
    assert await reader.sweep_once() == 1
    assert await reader.sweep_once() == 0
    async with owner.schema.database.transaction() as tx:
        await feeds.start_all_over(tx)
    assert await reader.sweep_once() == 1


async def test_an_owner_that_goes_away_midway_is_read_on_from_there(owner: Owner) -> None:
    await _add(owner.schema, *[f"{number}" for number in range(7)])
    seen = Seen()

    async def fetch(after: str) -> FeedPage:
        if len(owner.asked) == 2:
            owner.asked.clear()
            raise PeerAway("GET /feed: ConnectError")
        return await owner.page(after)

    with pytest.raises(PeerAway):
        await _reader(owner, seen, fetch).sweep_once()
    assert len(seen.names) == 6
    assert await _reader(owner, seen).sweep_once() == 1
    assert len(set(seen.names)) == 7


async def test_a_page_that_leads_nowhere_is_refused_rather_than_read_for_ever(
    owner: Owner,
) -> None:
    async def fetch(after: str) -> FeedPage:
        return FeedPage(messages=(), next=after, end=False)

    with pytest.raises(FeedRefused, match="neither ends nor leads on"):
        await _reader(owner, Seen(), fetch).sweep_once()


async def test_pages_come_over_http_signed_for_all_companies(owner: Owner) -> None:
    await _add(owner.schema, "one", "two", "three", "four")
    clock = SystemClock()

    async def serve(request: httpx.Request) -> httpx.Response:
        caller = verify(KEY, request.headers[HEADER], clock.now())
        assert caller == Caller("*", None, "service")
        assert request.url.path == "/internal/v1/feed/records"
        owner.limit = int(request.url.params["limit"])
        page = await owner.page(request.url.params["after"])
        return httpx.Response(200, text=page.model_dump_json())

    async with httpx.AsyncClient(transport=httpx.MockTransport(serve)) as http:
        client = InternalClient("http://owner", KEY, clock, http)
        seen = Seen()
        reader = _reader(owner, seen, fetch_over(client, "/internal/v1/feed/records", limit=3))
        assert await reader.sweep_once() == 4
    assert seen.names == ["one", "two", "three", "four"] or len(set(seen.names)) == 4


async def test_an_answer_that_is_no_page_is_told_apart_from_a_peer_that_is_away(
    owner: Owner,
) -> None:
    async with httpx.AsyncClient(
        transport=httpx.MockTransport(lambda _: httpx.Response(403))
    ) as http:
        fetch = fetch_over(InternalClient("http://owner", KEY, SystemClock(), http), "/feed")
        with pytest.raises(FeedRefused, match="GET /feed: answered 403"):
            await fetch("")


def test_a_position_is_a_text_and_back() -> None:
    row = uuid4()
    assert Position.parse(str(Position(12, str(row)))) == Position(12, str(row))
    assert Position.parse(f"12:{row}").uuid == row
    assert Position.parse("12:9").number == 9
    assert (Position.parse("").xid, Position.parse("").uuid.int, Position.parse("").number) == (
        0,
        0,
        0,
    )
    for text in ("x", "x:1", "-1:a", "²:a"):
        with pytest.raises(ValueError, match="is no position"):
            Position.parse(text)


async def test_the_horizon_is_where_the_oldest_open_transaction_is(owner: Owner) -> None:
    async with _open_transaction(owner.schema) as open_one:
        xid = await open_one.fetchval("SELECT pg_current_xact_id()")
        async with owner.schema.database.transaction() as tx:
            assert await feeds_store.horizon(tx) <= xid
