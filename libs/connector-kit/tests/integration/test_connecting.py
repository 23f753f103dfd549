"""Connecting by a browser: tickets, states, organisations, and what is refused."""

import os
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, timedelta
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import httpx
import pytest
from connector_kit.connecting import Connecting
from connector_kit.connector import Connector
from connector_kit.housekeeping import Housekeeping
from connector_kit.loading import Loader
from connector_kit.once_more import PAUSES
from connector_kit.routes import consent_router, internal_router
from connector_kit.tokens import NoToken, Token
from contracts.connections import (
    AccountsListed,
    ConnectionClosed,
    ConnectionOpened,
    RemoteCustomersListed,
    TaxRatesListed,
)
from contracts.ids import CompanyId, ConnectionId, UserId
from contracts.sync import SyncDelayed, SyncSucceeded
from fastapi import FastAPI
from messaging.internal import sign
from messaging.tickets import make_ticket
from testkit import TestDatabase

from .bench import CLIENT, Bench, bench_on, ids
from .plain import limited

KEY = b"k" * 32
WEB = "http://127.0.0.1:8000"
SETTINGS = f"{WEB}/integrations/qbo/settings"


@dataclass
class Browser:
    """A person's browser and the connector's HTTP."""

    bench: Bench
    http: httpx.AsyncClient
    company: CompanyId = field(default_factory=lambda: CompanyId(ids.new()))
    codes: int = 0

    def ticket(self, **changes: object) -> str:
        told: dict[str, object] = {
            "company": self.company,
            "user": UserId(ids.new()),
            "user_name": "Ann",
            "provider": "qbo",
            "nonce": str(ids.new()),
            "now": self.bench.clock.now(),
            **changes,
        }
        return make_ticket(KEY, **told)  # pyright: ignore[reportArgumentType]  # as named above

    async def connect(self, **changes: object) -> str:
        """Go to the provider; the state that it is to bring back."""
        answer = await self.http.get("/connect", params={"ticket": self.ticket(**changes)})
        assert answer.status_code == 303
        url = urlsplit(answer.headers["location"])
        assert url.path == "/authorize"
        return parse_qs(url.query)["state"][0]

    async def agree(self, state: str, organisation: str = "org-9", name: str = "Nine") -> str:
        """Consent at the provider and come back; where to."""
        self.codes += 1
        code = f"canary-code-{self.codes}"
        self.bench.there.codes[code] = organisation
        self.bench.there.organisation = {"id": organisation, "name": name}
        return await self.come_back(state=state, code=code)

    async def come_back(self, **query: str) -> str:
        answer = await self.http.get("/callback", params=query)
        assert answer.status_code == 303, answer.text
        return str(answer.headers["location"])

    async def call(self, path: str, body: dict[str, object], **who: object) -> httpx.Response:
        told: dict[str, object] = {
            "company": self.company,
            "user": UserId(ids.new()),
            "role": "owner",
            "now": self.bench.clock.now(),
            **who,
        }
        header = sign(KEY, **told)  # pyright: ignore[reportArgumentType]  # as named above
        return await self.http.post(f"/internal/v1/{path}", json=body, headers=header)


@pytest.fixture
async def browser(bench: Bench) -> AsyncIterator[Browser]:
    async with browser_of(bench) as opened:
        yield opened


@asynccontextmanager
async def browser_of(bench: Bench) -> AsyncGenerator[Browser]:
    app = FastAPI()
    connecting = Connecting(bench.connector, CLIENT, bench.sealer, os.urandom)
    app.include_router(
        consent_router(
            connecting,
            bench.connector.provider,
            internal_key=KEY,
            public_url="http://127.0.0.1:8002",
            web_url=WEB,
            clock=bench.clock,
        )
    )
    app.include_router(internal_router(connecting, internal_key=KEY, clock=bench.clock))
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8002") as http:
        yield Browser(bench, http)


async def count(connector: Connector, table: str) -> int:
    async with connector.database.transaction() as tx:
        return int(await tx.fetchval(f"SELECT count(*) FROM {table}"))


async def load_all(bench: Bench) -> None:
    loader = Loader(bench.connector)
    while (in_hand := await loader.claim()) is not None:
        await loader.carry_out(in_hand)


async def test_a_consent_opens_a_connection_and_its_lists_are_published(browser: Browser) -> None:
    bench = browser.bench
    bench.there.accounts = [{"id": "79", "name": "Sales"}]
    bench.there.customers_there = [{"id": str(n), "name": f"There {n}"} for n in range(1201)]
    assert await browser.agree(await browser.connect(), name="Nine Ltd") == SETTINGS
    opened = await bench.said_one(ConnectionOpened)
    assert (opened.company_id, opened.organisation.name, opened.epoch) == (
        browser.company,
        "Nine Ltd",
        1,
    )
    assert bench.there.requests("/batch") == []
    await load_all(bench)
    said = await bench.said()
    (accounts,) = [m for m in said if isinstance(m, AccountsListed)]
    assert [account.id for account in accounts.accounts] == ["79"]
    (rates,) = [m for m in said if isinstance(m, TaxRatesListed)]
    assert (rates.page, rates.pages, rates.tax_rates) == (0, 1, ())
    pages = [m for m in said if isinstance(m, RemoteCustomersListed)]
    assert [(m.page, m.pages, m.more, len(m.customers), m.total) for m in pages] == [
        (0, 1, True, 500, 1201),
        (1, 2, True, 500, 1201),
        (2, 3, False, 201, 1201),
    ]
    again = [m for m in said if isinstance(m, ConnectionOpened)][-1]
    assert set(again.reference_as_of) == {"accounts", "tax_rates", "remote_customers"}


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "Pacific/Pago_Pago", "Mars/Olympus"])
async def test_the_day_of_connecting_is_the_company_s_day(browser: Browser, zone: str) -> None:
    """Two zones that are never on the same day, and one that isn't known: that counts as UTC."""
    await browser.agree(await browser.connect(time_zone=zone))
    opened = await browser.bench.said_one(ConnectionOpened)
    known = ZoneInfo(zone) if zone.startswith("Pacific") else UTC
    assert opened.opened_on == opened.opened_at.astimezone(known).date()


async def test_what_was_read_while_connecting_counts_against_the_limits(
    database: TestDatabase,
) -> None:
    async with bench_on(database, **limited(100, 60.0)) as bench, browser_of(bench) as browser:
        await browser.agree(await browser.connect())
        opened = await bench.said_one(ConnectionOpened)
        asked = len(bench.there.requests("/organisation"))
        async with bench.pool.acquire() as connection:
            spent = await connection.fetchval(
                "SELECT sum(units) FROM slots WHERE connection_id = $1 AND limit_name = 'requests'",
                opened.connection_id,
            )
        assert spent == asked == 1


async def test_what_a_refused_connect_read_counts_against_the_one_that_is_connected(
    database: TestDatabase,
) -> None:
    async with bench_on(database, **limited(100, 60.0)) as bench, browser_of(bench) as browser:
        back = await browser.agree(await browser.connect(), "org-1", "Hill Plumbing")
        assert "connect=organisation_taken" in back
        asked = len(bench.there.requests("/organisation"))
        async with bench.pool.acquire() as connection:
            spent = await connection.fetchval(
                "SELECT sum(units) FROM slots WHERE connection_id = $1 AND limit_name = 'requests'",
                bench.connection,
            )
        assert spent == asked == 1


async def test_a_load_that_fails_is_tried_again(browser: Browser) -> None:
    bench = browser.bench
    await browser.agree(await browser.connect())
    bench.there.fail("/accounts", "500")
    await load_all(bench)
    bench.later(seconds=5)
    await load_all(bench)
    assert len([m for m in await bench.said() if isinstance(m, AccountsListed)]) == 1


async def test_the_state_cookie_is_bound_to_this_port_and_path(browser: Browser) -> None:
    answer = await browser.http.get("/connect", params={"ticket": browser.ticket()})
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("tallybridge_connect_8002=")
    for part in ("HttpOnly", "Max-Age=600", "Path=/callback", "SameSite=lax"):
        assert part in cookie
    assert answer.headers["cache-control"] == "no-store"


async def test_a_forged_used_or_old_ticket_leads_back_to_the_settings(browser: Browser) -> None:
    good = browser.ticket()
    old = browser.ticket(now=browser.bench.clock.now() - timedelta(minutes=6))
    other = browser.ticket(provider="xero")
    await browser.http.get("/connect", params={"ticket": good})
    for ticket in ("", "v1.forged.1234", good[:-1] + "0", old, other, good):
        answer = await browser.http.get("/connect", params={"ticket": ticket})
        assert answer.headers["location"] == f"{SETTINGS}?connect=connect_link_expired"
    assert await count(browser.bench.connector, "consents") == 1


async def test_a_forged_used_old_or_another_browser_s_state_is_refused(browser: Browser) -> None:
    bench = browser.bench
    asked = len(bench.there.seen)
    state = await browser.connect()
    cookies = dict(browser.http.cookies)
    bench.there.codes["code"] = "org-9"

    async def refused(given: str) -> None:
        answer = await browser.http.get("/callback", params={"state": given, "code": "code"})
        assert answer.status_code == 400
        assert "no longer valid" in answer.text

    await refused("forged")
    await refused("")
    browser.http.cookies.clear()
    await refused(state)  # another browser
    browser.http.cookies.update({"tallybridge_connect_8002": "somebody-else-s"})
    await refused(state)
    browser.http.cookies.clear()
    browser.http.cookies.update(cookies)
    bench.later(minutes=10)
    await refused(state)
    bench.clock.ahead = timedelta(0)
    assert await browser.agree(state) == SETTINGS
    browser.http.cookies.update(cookies)
    await refused(state)
    assert await count(bench.connector, "grants") == 2
    assert len(bench.there.seen) == asked + 2


async def test_a_refused_consent_stores_nothing_and_connect_works_again(browser: Browser) -> None:
    state = await browser.connect()
    assert await browser.come_back(state=state, error="access_denied") == (
        f"{SETTINGS}?connect=consent_declined"
    )
    assert await count(browser.bench.connector, "grants") == 1
    assert await browser.bench.said() == []
    assert await browser.agree(await browser.connect()) == SETTINGS


@pytest.mark.parametrize(
    ("page", "fault", "code"),
    [
        ("/token", "500", "provider_down"),
        ("/token", "lose_answer", "provider_down"),
        ("/organisation", "500", "provider_down"),
    ],
)
async def test_a_provider_that_fails_at_connect_says_so_and_stores_nothing(
    browser: Browser, page: str, fault: str, code: str
) -> None:
    state = await browser.connect()
    browser.bench.there.fail(page, fault)  # pyright: ignore[reportArgumentType]  # one of Fault
    assert await browser.agree(state) == f"{SETTINGS}?connect={code}"
    assert await count(browser.bench.connector, "grants") == 1


@pytest.mark.parametrize("fault", ["lose_request", "lose_answer"])
async def test_a_read_that_is_lost_once_while_connecting_is_made_again(
    browser: Browser, fault: str
) -> None:
    state = await browser.connect()
    browser.bench.there.fail("/organisation", fault)  # pyright: ignore[reportArgumentType]
    assert await browser.agree(state) == SETTINGS


@pytest.mark.parametrize(
    ("times", "retry_after", "code"),
    [
        (1, None, None),
        (2, "1", None),
        (3, None, "provider_down"),
        (1, "40", "provider_down"),
    ],
)
async def test_a_limit_that_is_over_in_a_moment_sends_nobody_back(
    browser: Browser, times: int, retry_after: str | None, code: str | None
) -> None:
    there = browser.bench.there
    state = await browser.connect()
    there.retry_after = retry_after
    there.fail("/organisation", *["429"] * times)  # pyright: ignore[reportArgumentType]
    back = await browser.agree(state)
    assert back == (SETTINGS if code is None else f"{SETTINGS}?connect={code}")
    longer = retry_after == "40"
    assert browser.bench.clock.slept == ([] if longer else list(PAUSES[:times]))


async def test_an_organisation_of_another_company_is_refused_and_that_one_goes_on(
    browser: Browser,
) -> None:
    bench = browser.bench
    before = await bench.connector.tokens.of(bench.connection)
    back = await browser.agree(await browser.connect(), "org-1", "Hill Plumbing")
    assert back == f"{SETTINGS}?connect=organisation_taken&org=Hill+Plumbing"
    assert await bench.connector.tokens.of(bench.connection) == before
    assert bench.there.revoked == []
    assert await bench.said() == []


async def test_a_connection_never_changes_its_organisation(browser: Browser) -> None:
    bench = browser.bench
    browser.company = bench.company
    for changes in ({}, {"intent": "reconnect", "connection_id": bench.connection}):
        back = await browser.agree(await browser.connect(**changes), "org-2", "Other Ltd")
        query = parse_qs(urlsplit(back).query)
        assert query == {
            "connect": ["wrong_organisation"],
            "org": ["Hill Plumbing"],
            "org_new": ["Other Ltd"],
        }
    assert await bench.said() == []
    assert await count(bench.connector, "grants") == 1


async def test_a_reconnect_goes_on_where_it_stopped(browser: Browser) -> None:
    bench = browser.bench
    browser.company = bench.company
    bench.there.refuse_tokens = True
    bench.later(hours=1)
    await bench.take(bench.customer("A"))
    await bench.work()
    await bench.said()
    changes = {"intent": "reconnect", "connection_id": bench.connection}
    assert await browser.agree(await browser.connect(**changes), "org-1", "Hill") == SETTINGS
    opened = await bench.said_one(ConnectionOpened)
    assert (opened.connection_id, opened.epoch) == (bench.connection, 3)
    bench.there.organisation = {"id": "org-1", "name": "Hill"}
    await bench.work()
    assert len(bench.there.of("customer")) == 1


async def test_after_a_disconnect_nothing_is_sent_and_connect_goes_on(browser: Browser) -> None:
    bench = browser.bench
    browser.company = bench.company
    await bench.take(bench.customer("A"))
    in_hand = await bench.freeze()
    delivery = await bench.worker.send(in_hand)
    await bench.take(bench.customer("B"))
    answer = await browser.call(
        "disconnect", {"connection_id": str(bench.connection), "user_name": "Ann"}
    )
    assert answer.json() == {"connection_id": str(bench.connection), "status": "closed"}
    closed = await bench.said_one(ConnectionClosed)
    assert (closed.closed_by_name, closed.epoch) == ("Ann", 2)
    await bench.worker.record(in_hand, delivery)
    await bench.said_one(SyncSucceeded)  # the answer that was still coming
    housekeeping = Housekeeping(bench.connector, CLIENT, bench.sealer)
    assert await housekeeping.forget_one_grant()
    assert not await housekeeping.forget_one_grant()
    assert bench.there.revoked == ["refresh-1"]
    assert isinstance(await bench.connector.tokens.of(bench.connection), NoToken)
    assert await bench.work() == 0
    assert await bench.teller.tell() == 1
    assert (await bench.said_one(SyncDelayed)).why == "connection"
    await browser.agree(await browser.connect(), "org-1", "Hill Plumbing")
    opened = await bench.said_one(ConnectionOpened)
    assert opened.connection_id == bench.connection
    assert isinstance(await bench.connector.tokens.of(bench.connection), Token)
    await bench.work()
    assert sorted(record.key for record in bench.there.of("customer")) == ["A", "B"]


async def test_after_a_disconnect_another_organisation_is_another_connection(
    browser: Browser,
) -> None:
    bench = browser.bench
    browser.company = bench.company
    await bench.take(bench.customer("A"))
    await browser.call("disconnect", {"connection_id": str(bench.connection)})
    await browser.agree(await browser.connect(), "org-2", "Other Ltd")
    opened = [m for m in await bench.said() if isinstance(m, ConnectionOpened)]
    assert opened[-1].connection_id != bench.connection
    assert await bench.work() == 0


async def test_internal_calls_need_a_signature_and_the_right_company(browser: Browser) -> None:
    bench = browser.bench
    body: dict[str, object] = {"connection_id": str(bench.connection)}
    unsigned = await browser.http.post("/internal/v1/disconnect", json=body)
    assert unsigned.status_code == 401
    assert (await browser.call("disconnect", body)).status_code == 404
    unknown: dict[str, object] = {"connection_id": str(ConnectionId(ids.new()))}
    assert (await browser.call("disconnect", unknown, company=bench.company)).status_code == 404
    assert (await browser.call("pause", body)).status_code == 403
    assert await bench.said() == []


async def test_an_operator_pauses_a_connection_and_the_provider(browser: Browser) -> None:
    bench = browser.bench
    await bench.take(bench.customer("A"))
    one: dict[str, object] = {"connection_id": str(bench.connection)}
    for body in (one, {}):
        assert (await browser.call("pause", body, company="*")).json() == {"paused": True}
        assert await bench.work() == 0
        assert (await browser.call("resume", body, company="*")).json() == {"paused": False}
    assert await bench.work() == 1


async def test_connections_are_announced_once_a_minute(bench: Bench) -> None:
    housekeeping = Housekeeping(bench.connector, CLIENT, bench.sealer)
    every = timedelta(seconds=60)
    assert await housekeeping.announce(every) == 0
    bench.later(seconds=60)
    assert await housekeeping.announce(every) == 1
    opened = await bench.said_one(ConnectionOpened)
    assert opened.token_good_until is not None
    assert await housekeeping.announce(every) == 0
    await housekeeping.measure()
    await housekeeping.prune()
