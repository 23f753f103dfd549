"""Badges follow what connectors and the orchestrator say, in whatever order it comes."""

import asyncio
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import pytest
from contracts.causes import cause_of
from contracts.commands import RemoteRef
from contracts.connections import (
    ConnectionClosed,
    ConnectionEvent,
    ConnectionExpired,
    ConnectionOpened,
    Organisation,
)
from contracts.ids import CompanyId, ConnectionId, Entity, MessageId, RecordId, RemoteId, UserId
from contracts.message import Message
from contracts.sync import (
    CauseInstance,
    MappingChanged,
    RecordState,
    SyncFailed,
    SyncState,
    SyncStateChanged,
    SyncSucceeded,
    WaitingOn,
)
from contracts.topics import CONNECTIONS, OUTCOMES, PROGRESS
from invoice_api.sync_status.projector import on_connections, on_outcomes, on_progress
from messaging.batch_processor import BatchProcessor
from testkit import eventually

Service = Any
Json = dict[str, Any]

ORGANISATION = Organisation(id=RemoteId("913"), name="Oak Books")
REMOTE = RemoteRef(id=RemoteId("155"), number="1001", url="https://books.example/155")


class Books:
    """A company with a connection, and what its neighbours say of it."""

    def __init__(self, service: Service, signed_up: Json) -> None:
        self.service = service
        self.web: httpx.AsyncClient = service.client(signed_up["api_key"])
        self.company = CompanyId(UUID(signed_up["company_id"]))
        self.ids = service.parts.ids
        self.connection = ConnectionId(self.ids.new())
        self.now = service.parts.clock.now()
        parts = service.parts
        self._readers = {
            topic.name: BatchProcessor(parts.database, topic, "invoice-api", handle, parts.clock)
            for topic, handle in (
                (OUTCOMES, on_outcomes),
                (PROGRESS, on_progress),
                (CONNECTIONS, on_connections),
            )
        }

    async def hear(self, *messages: Message) -> None:
        """As the consumer does: a batch per topic, from bytes."""
        for topic in (CONNECTIONS, PROGRESS, OUTCOMES):
            mine = [m for m in messages if self._topic(m) == topic.name]
            if mine:
                values = [(None, m.model_dump_json().encode()) for m in mine]
                await self._readers[topic.name].process(values)

    def _topic(self, message: Message) -> str:
        if isinstance(message, ConnectionEvent):
            return CONNECTIONS.name
        progress = isinstance(message, SyncStateChanged | MappingChanged)
        return PROGRESS.name if progress else OUTCOMES.name

    def envelope(self, second: int = 0) -> Json:
        return {
            "id": MessageId(self.ids.new()),
            "occurred_at": self.now + timedelta(seconds=second),
            "company_id": self.company,
            "correlation_id": self.ids.new(),
        }

    def opened(self, epoch: int = 1, second: int = 0, **fields: Any) -> ConnectionOpened:
        known: Json = {
            **self.envelope(second),
            "provider": "qbo",
            "connection_id": self.connection,
            "epoch": epoch,
            "organisation": ORGANISATION,
            "opened_by": UserId(self.ids.new()),
            "opened_at": self.now.replace(year=2020),
            **fields,
        }
        return ConnectionOpened(**known)

    def state(
        self,
        record: str,
        state: SyncState,
        *,
        step: int = 1,
        entity: Entity = "invoice",
        second: int = 0,
        cause: CauseInstance | None = None,
        waiting_on: WaitingOn | None = None,
    ) -> SyncStateChanged:
        return SyncStateChanged(
            **self.envelope(second),
            state=RecordState(
                provider="qbo",
                connection_id=self.connection,
                entity=entity,
                record_id=RecordId(UUID(record)),
                generation=1,
                step=step,
                state=state,
                cause=cause,
                waiting_on=waiting_on,
                changed_at=self.now + timedelta(seconds=second),
            ),
        )

    def outcome(self, record: str, *, step: int = 1, entity: Entity = "invoice") -> Json:
        return {
            **self.envelope(step),
            "provider": "qbo",
            "connection_id": self.connection,
            "entity": entity,
            "record_id": RecordId(UUID(record)),
            "generation": 1,
            "step": step,
        }

    def succeeded(self, record: str, *, step: int = 1, entity: Entity = "invoice") -> Message:
        return SyncSucceeded(
            **self.outcome(record, step=step, entity=entity), remote=REMOTE, record_version=1
        )

    async def invoice(self, *, send: bool = True) -> str:
        customer = await self.web.post("/customers", json={"name": "Ann Lee"})
        body = {
            "customer_id": customer.json()["id"],
            "lines": [{"unit_price": "5.00", "description": "Work"}],
        }
        made = (await self.web.post("/invoices", json=body)).json()
        if send:
            await self.web.post(f"/invoices/{made['id']}/send")
        return str(made["id"])

    async def badge(self, path: str) -> Json:
        answer = await self.web.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()["sync"]["qbo"]

    async def listed(self, path: str = "/invoices", **params: str) -> list[str]:
        rows = (await self.web.get(path, params=params)).json()["data"]
        return [row["id"] for row in rows]


@pytest.fixture
async def books(service: Service) -> Books:
    books = Books(service, await service.sign_up())
    await books.hear(books.opened())
    return books


async def test_a_company_without_a_connection_has_no_badge(service: Service) -> None:
    books = Books(service, await service.sign_up())
    invoice = await books.invoice()
    assert (await books.web.get(f"/invoices/{invoice}")).json()["sync"] == {}


async def test_an_invoice_waits_is_sent_and_is_synced(books: Books) -> None:
    invoice = await books.invoice()
    path = f"/invoices/{invoice}"
    assert (await books.badge(path))["actions"] == ["sync"]
    ann = WaitingOn(entity="customer", record_id=RecordId(books.ids.new()), name="Ann Lee")
    await books.hear(books.state(invoice, SyncState.WAITING, waiting_on=ann))
    assert (await books.badge(path))["label"] == "Waiting for customer Ann Lee"
    await books.hear(books.state(invoice, SyncState.QUEUED, step=2))
    assert (await books.badge(path))["label"] == "Syncing…"
    await books.hear(books.succeeded(invoice, step=2))
    synced = await books.badge(path)
    assert synced == {
        **synced,
        "state": "synced",
        "label": "Synced to QuickBooks",
        "remote_id": "155",
        "remote_number": "1001",
        "cause": None,
        "actions": ["open_there"],
    }
    assert synced["synced_at"].endswith("Z")
    assert (await books.web.get(path)).json()["links"] == [
        {
            "provider": "qbo",
            "remote_id": "155",
            "remote_url": "https://books.example/155",
            "remote_number": "1001",
        }
    ]


async def test_any_order_and_repeats_give_the_same_badge(books: Books) -> None:
    chance = random.Random(7)

    async def told(order: Sequence[int]) -> Json:
        invoice = await books.invoice()
        said = [
            books.state(invoice, SyncState.QUEUED, step=1),
            SyncFailed(**books.outcome(invoice, step=1), cause=cause_of("period_closed")),
            books.state(invoice, SyncState.QUEUED, step=2, second=2),
            books.succeeded(invoice, step=2),
            books.state(invoice, SyncState.OUT_OF_DATE, step=3, second=3),
        ]
        for index in order:
            await books.hear(said[index])
        badge = await books.badge(f"/invoices/{invoice}")
        return {key: badge[key] for key in ("state", "label", "remote_id")}

    straight = await told(range(5))
    assert straight["state"] == "out_of_date"
    for _ in range(6):
        order = [*range(4), *chance.sample(range(4), 2)]
        chance.shuffle(order)
        assert (await told([*order, 4])) == straight


async def test_a_whole_batch_is_folded_at_once(books: Books) -> None:
    invoices = [await books.invoice() for _ in range(5)]
    await books.hear(
        *(books.state(one, SyncState.QUEUED) for one in invoices),
        *(books.succeeded(one) for one in invoices),
    )
    assert await books.listed(sync_state="synced") == list(reversed(invoices))


@pytest.mark.parametrize("success_first", [True, False])
async def test_two_that_hear_of_a_record_for_the_first_time_are_both_heard(
    books: Books, success_first: bool
) -> None:
    invoice, other = await books.invoice(), await books.invoice()
    queued = [books.state(one, SyncState.QUEUED, step=1) for one in (invoice, other)]
    succeeded = [books.succeeded(invoice), books.succeeded(other)]
    database = books.service.parts.database

    async def waits_for_a_lock() -> None:
        async with database.transaction() as tx:
            assert await tx.fetchval(
                "SELECT count(*) FROM pg_stat_activity"
                " WHERE datname = current_database() AND wait_event_type = 'Lock'"
            )

    async with database.transaction() as tx:
        if success_first:
            await on_outcomes(tx, succeeded[:1])
        else:
            await on_progress(tx, queued[:1])
        meanwhile = asyncio.create_task(books.hear(*(queued if success_first else succeeded)))
        await eventually(waits_for_a_lock, within=20)
    await meanwhile
    if success_first:
        assert (await books.badge(f"/invoices/{other}"))["label"] == "Syncing…"
    badge = await books.badge(f"/invoices/{invoice}")
    assert (badge["state"], badge["remote_id"]) == ("synced", "155")


async def test_lists_filter_by_what_badges_show(books: Books) -> None:
    draft = await books.invoice(send=False)
    fresh, blocked, synced, void = [await books.invoice() for _ in range(4)]
    await books.web.post(f"/invoices/{void}/void")
    old = await books.invoice()
    await books.web.patch(f"/invoices/{old}", json={"issue_date": "2019-05-01"})
    await books.hear(
        books.state(
            blocked, SyncState.BLOCKED, cause=cause_of("item_account_unmapped", items=["Pipe"])
        ),
        books.succeeded(synced),
    )
    assert await books.listed(sync_state="blocked") == [blocked]
    assert await books.listed(sync_state="synced") == [synced]
    assert await books.listed(sync_state="voided") == [void]
    assert await books.listed(sync_state="not_synced") == [fresh]
    assert await books.listed(sync_state="not_eligible") == [old, draft]
    assert await books.listed(cause="item_account_unmapped") == [blocked]
    assert await books.listed(cause="invoice_draft") == [draft]
    assert await books.listed(cause="before_start_date") == [old]
    assert await books.listed(provider="xero", sync_state="blocked") == []
    for state in SyncState:
        for one in await books.listed(sync_state=state.value):
            assert (await books.badge(f"/invoices/{one}"))["state"] == state
    customers = await books.listed("/customers", sync_state="not_synced")
    assert len(customers) == 6
    await books.hear(
        books.state(
            customers[0], SyncState.BLOCKED, entity="customer", cause=cause_of("our_mistake")
        )
    )
    assert await books.listed("/customers", cause="our_mistake") == customers[:1]
    assert len(await books.listed("/customers", sync_state="not_synced")) == 5


async def test_an_item_shows_its_account_by_the_newest_version(books: Books) -> None:
    made = await books.web.post("/items", json={"name": "Pipe", "unit_price": "1"})
    path = f"/items/{made.json()['id']}"

    def mapped(account: str | None, version: int) -> MappingChanged:
        return MappingChanged(
            **books.envelope(),
            provider="qbo",
            connection_id=books.connection,
            item_id=RecordId(UUID(made.json()["id"])),
            account_id=account,
            version=version,
        )

    await books.hear(mapped("79", 2), mapped("80", 3), mapped("78", 1))
    assert (await books.web.get(path)).json()["income_accounts"] == {"qbo": "80"}
    await books.hear(mapped("79", 2))
    assert (await books.web.get(path)).json()["income_accounts"] == {"qbo": "80"}
    await books.hear(mapped(None, 4))
    assert (await books.web.get(path)).json()["income_accounts"] == {}


async def qbo_row(books: Books) -> Json:
    rows = (await books.web.get("/integrations")).json()["data"]
    return next(row for row in rows if row["provider"] == "qbo")


async def test_a_connection_is_what_its_latest_epoch_says(books: Books) -> None:
    assert (await qbo_row(books))["status"] == "connected"
    assert (await qbo_row(books))["organisation"] == {"id": "913", "name": "Oak Books"}
    opened = books.opened()
    fields: Json = {
        "provider": "qbo",
        "connection_id": books.connection,
        "organisation": ORGANISATION,
        "opened_by": opened.opened_by,
        "opened_at": opened.opened_at,
    }
    expired = ConnectionExpired(
        **books.envelope(5),
        **fields,
        epoch=2,
        cause=cause_of("connection_expired"),
        expired_at=books.now,
    )
    closed = ConnectionClosed(
        **books.envelope(9),
        **fields,
        epoch=3,
        closed_by=opened.opened_by,
        closed_by_name="Joe",
        closed_at=books.now,
    )
    await books.hear(expired)
    assert (await qbo_row(books))["status"] == "reconnect"
    await books.hear(books.opened(epoch=1, second=30))
    assert (await qbo_row(books))["status"] == "reconnect"
    await books.hear(closed, expired)
    assert (await qbo_row(books))["status"] == "disconnected"
    invoice = await books.invoice()
    assert (await books.badge(f"/invoices/{invoice}"))["actions"] == ["reconnect"]


async def test_a_minute_s_announcement_of_what_is_known_changes_no_row(books: Books) -> None:
    async def mark() -> str:
        async with books.service.parts.database.transaction() as tx:
            return str(
                await tx.fetchval(
                    "SELECT changed_xid FROM connections WHERE id = $1", books.connection
                )
            )

    before = await mark()
    await books.hear(books.opened(epoch=1, second=60))
    assert await mark() == before
    await books.hear(books.opened(epoch=1, second=61, token_good_until=books.now))
    assert await mark() != before


async def test_another_organisation_is_another_connection_with_badges_of_its_own(
    books: Books,
) -> None:
    invoice = await books.invoice()
    await books.hear(books.succeeded(invoice))
    assert (await books.badge(f"/invoices/{invoice}"))["state"] == "synced"
    books.connection = ConnectionId(books.ids.new())
    await books.hear(books.opened(opened_at=books.now))
    assert (await books.badge(f"/invoices/{invoice}"))["state"] == "not_synced"
    assert await books.listed(sync_state="synced") == []


async def test_a_message_that_cannot_be_read_is_set_apart_and_the_rest_goes_on(
    books: Books,
) -> None:
    invoice = await books.invoice()
    reader = BatchProcessor(
        books.service.parts.database,
        OUTCOMES,
        "invoice-api",
        on_outcomes,
        books.service.parts.clock,
    )
    good = books.succeeded(invoice).model_dump_json().encode()
    await reader.process([(None, b'{"type": "sync.succeeded.v1"}'), (None, good)])
    assert (await books.badge(f"/invoices/{invoice}"))["state"] == "synced"


async def test_a_message_with_the_words_of_a_newer_release_still_shows(books: Books) -> None:
    invoice = await books.invoice()
    unknown = CauseInstance(code="moon_in_the_way")
    await books.hear(books.state(invoice, SyncState.BLOCKED, cause=unknown))
    badge = await books.badge(f"/invoices/{invoice}")
    assert (badge["label"], badge["cause"]["who"]) == ("Needs attention", "defect")
