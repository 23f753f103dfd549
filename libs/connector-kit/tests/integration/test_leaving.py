"""Our access to an organisation is given up with its connection; too few permissions are said."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

import pytest
from connector_kit.housekeeping import Housekeeping
from connector_kit.provider import OAuthFacts
from connector_kit.tokens import NoToken, Token
from contracts.connections import ConnectionExpired, ConnectionOpened
from contracts.ids import CompanyId, ConnectionId
from testkit import TestDatabase

from .bench import CLIENT, Bench, bench_on, ids
from .test_connecting import SETTINGS, Browser, browser_of, count
from .test_several_organisations import agree, choose


async def opened(browser: Browser) -> ConnectionId:
    """The connection that was opened last, of all that was said since."""
    said = [m for m in await browser.bench.said() if isinstance(m, ConnectionOpened)]
    return said[-1].connection_id


async def leave(browser: Browser, connection: ConnectionId) -> None:
    answer = await browser.call("disconnect", {"connection_id": str(connection)})
    assert answer.status_code == 200, answer.text


def housekeeping_of(bench: Bench) -> Housekeeping:
    return Housekeeping(bench.connector, CLIENT, bench.sealer)


async def test_s82_one_of_two_leaves_its_own_organisation_and_the_other_goes_on(
    bench: Bench,
) -> None:
    """Two companies of one sign-in: the first gives up its own access, the last the grant too."""
    async with browser_of(bench) as browser:
        first_company = browser.company
        await agree(browser, "org-8", "org-9")
        await choose(browser, "org-9")
        first = await opened(browser)
        browser.company = CompanyId(ids.new())
        await agree(browser, "org-8", "org-9")
        await choose(browser, "org-8")
        second = await opened(browser)
        bench.there.detached.clear()
        housekeeping = housekeeping_of(bench)

        second_company, browser.company = browser.company, first_company
        await leave(browser, first)
        assert await housekeeping.leave_one()
        assert not await housekeeping.leave_one()
        assert not await housekeeping.forget_one_grant()
        assert (bench.there.detached, bench.there.revoked) == (["a-org-9"], [])
        assert isinstance(await bench.connector.tokens.of(second), Token)

        browser.company = second_company
        await leave(browser, second)
        # The grant stays until there is nothing left to give up with it.
        assert not await housekeeping.forget_one_grant()
        assert await housekeeping.leave_one()
        assert await housekeeping.forget_one_grant()
        assert bench.there.detached == ["a-org-9", "a-org-8"]
        assert isinstance(await bench.connector.tokens.of(second), NoToken)


async def test_leaving_without_an_answer_is_tried_again(bench: Bench) -> None:
    async with browser_of(bench) as browser:
        await agree(browser, "org-9")
        connection = await opened(browser)
        await leave(browser, connection)
        housekeeping = housekeeping_of(bench)
        bench.there.fail("/attachments/a-org-9", "500")
        assert await housekeeping.leave_one()
        assert not await housekeeping.leave_one()
        assert bench.there.detached == []
        bench.later(minutes=6)
        assert await housekeeping.leave_one()
        assert bench.there.detached == ["a-org-9"]
        bench.later(minutes=6)
        assert not await housekeeping.leave_one()


async def test_who_connects_again_is_not_left(bench: Bench) -> None:
    async with browser_of(bench) as browser:
        await agree(browser, "org-9")
        connection = await opened(browser)
        await leave(browser, connection)
        await agree(browser, "org-9")
        assert await opened(browser) == connection
        assert not await housekeeping_of(bench).leave_one()
        assert bench.there.detached == []


@asynccontextmanager
async def asking_for_two(database: TestDatabase) -> AsyncGenerator[Browser]:
    oauth = OAuthFacts(
        scopes=("openid", "invoices", "customers"),
        pkce=False,
        refresh_grace=60.0,
        refresh_retries=1,
        required=("invoices", "customers"),
    )
    async with bench_on(database, oauth=oauth) as bench, browser_of(bench) as browser:
        yield browser


@pytest.mark.parametrize("granted", [None, "customers invoices", "invoices more customers"])
async def test_enough_scopes_or_no_word_of_them_connect(
    database: TestDatabase, granted: str | None
) -> None:
    async with asking_for_two(database) as browser:
        browser.bench.there.granted = granted
        assert await browser.agree(await browser.connect()) == SETTINGS
        assert await housekeeping_of(browser.bench).check_scopes() == 0


async def test_s14_fewer_scopes_than_needed_do_not_connect_and_store_nothing(
    database: TestDatabase,
) -> None:
    async with asking_for_two(database) as browser:
        before = await count(browser.bench.connector, "grants")
        browser.bench.there.granted = "openid customers"
        back = await browser.agree(await browser.connect())
        assert back == f"{SETTINGS}?connect=permission_missing"
        assert await count(browser.bench.connector, "grants") == before
        assert browser.bench.there.requests("/organisation") == []


async def test_s14_a_release_that_needs_more_asks_to_reconnect_before_it_sends(
    database: TestDatabase,
) -> None:
    async with asking_for_two(database) as browser:
        bench = browser.bench
        bench.there.granted = "customers invoices"
        await browser.agree(await browser.connect())
        connection = await opened(browser)
        async with bench.pool.acquire() as there:
            await there.execute("UPDATE grants SET scopes = '{openid,customers}'")
        asked = len(bench.there.seen)
        assert await housekeeping_of(bench).check_scopes() == 2  # the bench's own too
        assert await housekeeping_of(bench).check_scopes() == 0
        said = [m for m in await bench.said() if isinstance(m, ConnectionExpired)]
        [expired] = [m for m in said if m.connection_id == connection]
        assert expired.cause.code == "permission_missing"
        assert len(bench.there.seen) == asked
