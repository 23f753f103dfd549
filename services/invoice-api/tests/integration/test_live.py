"""The stream: the present first, then every change, to whoever watches."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager, suppress
from typing import Any
from uuid import UUID, uuid4

import httpx
import pytest
import uvicorn
from contracts.causes import cause_of
from contracts.commands import Origin, RemoteRef
from contracts.connections import ConnectionOpened, Organisation
from contracts.ids import CompanyId, ConnectionId, MessageId, RecordId, RemoteId, UserId
from contracts.sync import RecordState, RunChanged, RunProgress, SyncState, SyncStateChanged
from invoice_api.app import make_app
from invoice_api.live.hub import Hub
from invoice_api.runs.projector import on_progress
from invoice_api.sync_status.projector import CHANNEL, on_connections
from messaging.wake import Listener
from testkit.eventually import eventually

from .test_pages import log_in

Service = Any
Json = dict[str, Any]
Event = tuple[str, Json]


@pytest.fixture(scope="session")
async def live_url(service: Service) -> AsyncGenerator[str]:
    """The service behind a real server, its hub told of commits by the database."""
    parts = service.parts
    hub = Hub(parts.database, parts.clock)
    config = uvicorn.Config(
        make_app(parts, hub), host="127.0.0.1", port=0, log_config=None, lifespan="off"
    )
    server = uvicorn.Server(config)
    stop = asyncio.Event()
    async with Listener(service.dsn, CHANNEL) as listener:
        await listener.listening()
        watching = asyncio.create_task(hub.run(listener, stop))
        # Without `serve`: that would take the test run's signals.
        serving = asyncio.create_task(server._serve())  # pyright: ignore[reportPrivateUsage]
        await eventually(lambda: started(server))
        port = server.servers[0].sockets[0].getsockname()[1]
        yield f"http://127.0.0.1:{port}/api/v1"
        stop.set()
        await watching
        server.should_exit = True
        await serving


def started(server: uvicorn.Server) -> None:
    assert server.started


class Watched:
    """A connected company, and what happens to it."""

    def __init__(self, service: Service, url: str, signed_up: Json) -> None:
        self.service = service
        self.url = url
        self.headers = {"Authorization": f"Bearer {signed_up['api_key']}"}
        self.web: httpx.AsyncClient = service.client(signed_up["api_key"])
        self.company = CompanyId(UUID(signed_up["company_id"]))
        self.connection = ConnectionId(uuid4())

    async def connect(self) -> None:
        now = self.service.parts.clock.now()
        opened = ConnectionOpened(
            id=MessageId(uuid4()),
            occurred_at=now,
            company_id=self.company,
            correlation_id=uuid4(),
            provider="qbo",
            connection_id=self.connection,
            epoch=1,
            organisation=Organisation(id=RemoteId("913"), name="Oak Books"),
            opened_by=UserId(uuid4()),
            opened_at=now.replace(year=2020),
        )
        async with self.service.parts.database.transaction() as tx:
            await on_connections(tx, [opened])

    async def customer(self) -> str:
        return str((await self.web.post("/customers", json={"name": "Ann Lee"})).json()["id"])

    async def invoice(self) -> str:
        body = {"customer_id": await self.customer(), "lines": [{"unit_price": "5.00"}]}
        return str((await self.web.post("/invoices", json=body)).json()["id"])

    async def say(self, record: str, state: SyncState, step: int = 1) -> None:
        now = self.service.parts.clock.now()
        synced = state is SyncState.SYNCED
        blocked = cause_of("item_account_unmapped", items=["Pipe"])
        message = SyncStateChanged(
            id=MessageId(uuid4()),
            occurred_at=now,
            company_id=self.company,
            correlation_id=uuid4(),
            state=RecordState(
                provider="qbo",
                connection_id=self.connection,
                entity="invoice",
                record_id=RecordId(UUID(record)),
                generation=1,
                step=step,
                state=state,
                cause=blocked if state is SyncState.BLOCKED else None,
                remote=RemoteRef(id=RemoteId("155")) if synced else None,
                synced_at=now if synced else None,
                changed_at=now,
            ),
        )
        async with self.service.parts.database.transaction() as tx:
            await on_progress(tx, [message])

    @asynccontextmanager
    async def stream(self, query: str = "") -> AsyncGenerator["asyncio.Queue[Event]"]:
        heard: asyncio.Queue[Event] = asyncio.Queue()
        begun = asyncio.Event()

        async def listen() -> None:
            async with (
                httpx.AsyncClient(timeout=30) as client,
                client.stream("GET", f"{self.url}/events{query}", headers=self.headers) as answer,
            ):
                assert answer.status_code == 200
                assert answer.headers["content-type"].startswith("text/event-stream")
                kind = ""
                async for line in answer.aiter_lines():
                    if line.startswith(":"):
                        begun.set()
                    elif line.startswith("event: "):
                        kind = line.removeprefix("event: ")
                    elif line.startswith("data: "):
                        heard.put_nowait((kind, json.loads(line.removeprefix("data: "))))

        listening = asyncio.create_task(listen())
        await asyncio.wait_for(begun.wait(), 10)
        try:
            yield heard
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening


async def next_badge(heard: "asyncio.Queue[Event]") -> Json:
    while True:
        kind, data = await asyncio.wait_for(heard.get(), 5)
        if kind == "badge":
            return data


@pytest.fixture
async def watched(service: Service, live_url: str) -> Watched:
    watched = Watched(service, live_url, await service.sign_up())
    await watched.connect()
    return watched


async def test_a_stream_begins_with_the_present_and_goes_on_with_changes(
    watched: Watched,
) -> None:
    invoice, customer = await watched.invoice(), await watched.customer()
    async with watched.stream(f"?invoice={invoice}&customer={customer}&invoice={uuid4()}") as heard:
        first, second = await next_badge(heard), await next_badge(heard)
        assert (first["record"], first["id"]) == ("invoice", invoice)
        assert first["badge"]["cause"]["code"] == "invoice_draft"
        assert (second["record"], second["id"]) == ("customer", customer)
        await watched.web.post(f"/invoices/{invoice}/send")
        assert (await next_badge(heard))["badge"]["state"] == "not_synced"
        await watched.say(invoice, SyncState.QUEUED)
        assert (await next_badge(heard))["badge"]["label"] == "Syncing…"
        await watched.say(invoice, SyncState.SYNCED, step=2)
        synced = await next_badge(heard)
        shown = (await watched.web.get(f"/invoices/{invoice}")).json()["sync"]["qbo"]
        assert synced == {"record": "invoice", "id": invoice, "badge": shown}


async def test_a_stream_without_names_tells_of_all_records_and_of_problems(
    watched: Watched,
) -> None:
    invoice = await watched.invoice()
    await watched.web.post(f"/invoices/{invoice}/send")
    async with watched.stream() as heard:
        await watched.say(invoice, SyncState.BLOCKED)
        events = [await asyncio.wait_for(heard.get(), 5) for _ in range(2)]
        assert [kind for kind, _ in events] == ["badge", "cause"]
        assert events[1][1] == {"provider": "qbo", "group": "item_account_unmapped", "count": 1}
        await watched.say(invoice, SyncState.SYNCED, step=2)
        events = [await asyncio.wait_for(heard.get(), 5) for _ in range(2)]
        assert events[1][1] == {"provider": "qbo", "group": "item_account_unmapped", "count": 0}


async def test_another_company_s_changes_are_never_told(
    service: Service, live_url: str, watched: Watched
) -> None:
    other = Watched(service, live_url, await service.sign_up())
    await other.connect()
    ours, theirs = await watched.invoice(), await other.invoice()
    async with watched.stream(f"?invoice={theirs}") as heard:
        await other.web.post(f"/invoices/{theirs}/send")
        await other.say(theirs, SyncState.SYNCED)
        await watched.web.post(f"/invoices/{ours}/send")
        assert (await next_badge(heard))["id"] == ours
        assert heard.empty()


async def test_a_change_that_commits_late_is_told(watched: Watched) -> None:
    slow, fast = await watched.invoice(), await watched.invoice()
    async with watched.stream() as heard:
        async with watched.service.parts.database.transaction() as tx:
            # Its transaction is the older one, and the last to commit.
            await tx.execute(
                "UPDATE invoices SET status = 'pending', changed_xid = pg_current_xact_id(),"
                " snapshot = jsonb_set(snapshot, '{status}', '\"pending\"') WHERE id = $1",
                UUID(slow),
            )
            await watched.web.post(f"/invoices/{fast}/send")
            assert (await next_badge(heard))["id"] == fast
            tx.wake(CHANNEL)
        late = await next_badge(heard)
        assert (late["id"], late["badge"]["state"]) == (slow, "not_synced")


async def test_too_many_names_are_refused(watched: Watched) -> None:
    query = "&".join(f"invoice={uuid4()}" for _ in range(201))
    refused = await watched.web.get(f"/events?{query}")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid")


async def test_a_watcher_that_does_not_keep_up_is_let_go(service: Service) -> None:
    from invoice_api.accounts import service as accounts
    from invoice_api.live.hub import QUEUE, Change

    signed_up = await service.sign_up()
    parts = service.parts
    async with parts.database.transaction() as tx:
        caller = await accounts.find_by_key(tx, signed_up["api_key"])
    assert caller is not None
    hub = Hub(parts.database, parts.clock)
    async with hub.watch(caller) as watch:
        for _ in range(QUEUE + 5):
            watch.tell(Change("run", {}))
        heard = 0
        while await watch.next(0.1) is not None:
            heard += 1
        assert heard == QUEUE - 1


async def test_a_stream_ends_by_itself(service: Service) -> None:
    from invoice_api.accounts import service as accounts
    from invoice_api.live.routes import changes

    signed_up = await service.sign_up()
    parts = service.parts
    async with parts.database.transaction() as tx:
        caller = await accounts.find_by_key(tx, signed_up["api_key"])
    assert caller is not None
    hub = Hub(parts.database, parts.clock, life_seconds=0.05)
    told = [change async for change in changes(caller, hub, parts.database, parts.clock, [])]
    assert set(told) == {None}


async def test_a_run_that_moves_on_is_told(watched: Watched) -> None:
    now = watched.service.parts.clock.now()
    run = RunProgress(
        id=uuid4(),
        kind="sync_now",
        version=1,
        state="running",
        provider="qbo",
        started_by=Origin(by="person", name="Joe Oak"),
        started_at=now,
        total=3,
        done=1,
        failed=0,
    )
    async with watched.stream() as heard:
        message = RunChanged(
            id=MessageId(uuid4()),
            occurred_at=now,
            company_id=watched.company,
            correlation_id=uuid4(),
            run=run,
        )
        async with watched.service.parts.database.transaction() as tx:
            await on_progress(tx, [message])
        while True:
            kind, data = await asyncio.wait_for(heard.get(), 5)
            if kind == "run":
                break
    assert (data["id"], data["left"], data["can_cancel"]) == (str(run.id), 2, True)


async def test_a_page_s_stream_says_once_what_was_missed_before_it_began(
    service: Service, live_url: str
) -> None:
    signed_up = await service.sign_up()
    watched = Watched(service, live_url, signed_up)
    await watched.connect()

    async def begins_with(web: httpx.AsyncClient, query: str, **headers: str) -> list[str]:
        """The events up to the first sign of life."""
        found: list[str] = []
        async with web.stream("GET", f"/live?{query}", headers=headers) as answer:
            assert answer.status_code == 200
            async for line in answer.aiter_lines():
                if line.startswith(":"):
                    return found
                found += [line] if line.startswith(("event: ", "id: ")) else []
        return found

    async with httpx.AsyncClient(base_url=live_url.removesuffix("/api/v1"), timeout=10) as web:
        await log_in(web, signed_up["email"])
        page = (await web.get("/invoices")).text
        [as_of] = re.findall(r'data-as-of="(\d+)"', page)
        assert await begins_with(web, f"since={as_of}") == ["id: begun"]
        invoice = await watched.invoice()
        await watched.web.post(f"/invoices/{invoice}/send")
        assert await begins_with(web, f"since={as_of}") == ["id: begun", "event: missed"]
        # A browser that lost the stream asks for the same address again.
        again = await begins_with(web, f"since={as_of}", **{"Last-Event-ID": "begun"})
        assert again == ["id: begun"]
        assert await begins_with(web, "") == ["id: begun"]
