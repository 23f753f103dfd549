"""A consent that reaches several organisations: a person chooses one, once."""

import re
from base64 import b64encode
from collections.abc import AsyncIterator
from hashlib import sha256

import pytest
from connector_kit.housekeeping import Housekeeping
from connector_kit.tokens import Token
from contracts.connections import ConnectionOpened
from contracts.ids import CompanyId

from .bench import CLIENT, Bench, ids
from .test_connecting import SETTINGS, Browser, browser_of, count

CHOOSE = "http://127.0.0.1:8002/choose"


@pytest.fixture
async def browser(bench: Bench) -> AsyncIterator[Browser]:
    async with browser_of(bench) as opened:
        yield opened


async def agree(browser: Browser, *organisations: str, **ticket: object) -> str:
    """Consent with a sign-in that reaches these organisations; where to."""
    state = await browser.connect(**ticket)
    browser.codes += 1
    code = f"canary-code-{browser.codes}"
    there = browser.bench.there
    there.codes[code] = "any"
    rows = [
        {"id": name, "name": f"{name} <Ltd>", "attachment": f"a-{name}"} for name in organisations
    ]
    there.organisation = {"user": "user-1", "several": rows}
    return await browser.come_back(state=state, code=code)


async def token_of(browser: Browser) -> str:
    page = await browser.http.get("/choose")
    assert page.status_code == 200, page.text
    found = re.search(r'name="token" value="(\w+)"', page.text)
    assert found is not None
    return found[1]


async def choose(browser: Browser, organisation: str, token: str | None = None) -> str | None:
    """Press an organisation's button; where to, or None if it is refused."""
    token = token or await token_of(browser)
    form = {"token": token, "organisation": organisation}
    answer = await browser.http.post("/choose", data=form)
    if answer.status_code == 400:
        assert "no longer valid" in answer.text
        return None
    assert answer.status_code == 303
    return str(answer.headers["location"])


async def test_a_person_chooses_one_and_the_others_are_not_left_attached(browser: Browser) -> None:
    bench = browser.bench
    assert await agree(browser, "org-8", "org-9") == CHOOSE
    assert await bench.said() == []
    page = await browser.http.get("/choose")
    assert "Which one are these invoices for?" in page.text
    assert "org-8 &lt;Ltd&gt;" in page.text
    policy = page.headers["content-security-policy"]
    assert "form-action 'self' http://127.0.0.1:8000" in policy
    [style] = re.findall(r"<style>(.*?)</style>", page.text, re.DOTALL)
    assert f"'sha256-{b64encode(sha256(style.encode()).digest()).decode()}'" in policy
    assert "canary" not in page.text
    assert await choose(browser, "org-9") == SETTINGS
    opened = await bench.said_one(ConnectionOpened)
    assert (opened.company_id, opened.organisation.id) == (browser.company, "org-9")
    assert isinstance(await bench.connector.tokens.of(opened.connection_id), Token)
    assert bench.there.detached == ["a-org-8"]
    assert bench.there.revoked == []
    assert await count(bench.connector, "offers") == 0


async def test_what_another_connection_uses_stays_attached(browser: Browser) -> None:
    bench = browser.bench
    await agree(browser, "org-1", "org-8", "org-9")  # org-1 is another company's
    assert await choose(browser, "org-9") == SETTINGS
    assert bench.there.detached == ["a-org-8"]


async def test_an_offer_is_chosen_from_once(browser: Browser) -> None:
    bench = browser.bench
    await agree(browser, "org-8", "org-9")
    cookies = dict(browser.http.cookies)
    token = await token_of(browser)
    assert await choose(browser, "org-9", token) == SETTINGS
    browser.http.cookies.update(cookies)
    assert await choose(browser, "org-8", token) is None
    assert (await browser.http.get("/choose")).status_code == 400
    assert len([m for m in await bench.said() if isinstance(m, ConnectionOpened)]) == 1


async def test_a_choice_of_another_browser_page_or_organisation_is_refused(
    browser: Browser,
) -> None:
    bench = browser.bench
    await agree(browser, "org-8", "org-9")
    token = await token_of(browser)
    assert await choose(browser, "org-7", token) is None  # not offered
    assert await choose(browser, "org-9", "0" * 64) is None  # another page's form
    cookies = dict(browser.http.cookies)
    browser.http.cookies.clear()
    assert await choose(browser, "org-9", token) is None
    browser.http.cookies.update(dict.fromkeys(cookies, "somebody-else-s"))
    assert await choose(browser, "org-9", token) is None
    assert (await bench.said(), bench.there.detached) == ([], [])
    browser.http.cookies.clear()
    browser.http.cookies.update(cookies)
    assert await choose(browser, "org-9", token) == SETTINGS


async def test_who_chooses_nothing_leaves_nothing_here_and_revokes_nothing(
    browser: Browser,
) -> None:
    bench = browser.bench
    await agree(browser, "org-8", "org-9")
    token = await token_of(browser)
    bench.later(minutes=10)
    assert await choose(browser, "org-9", token) is None
    await Housekeeping(bench.connector, CLIENT, bench.sealer).prune()
    assert await count(bench.connector, "offers") == 0
    assert await count(bench.connector, "grants") == 1
    assert (bench.there.detached, bench.there.revoked) == ([], [])


async def test_an_organisation_of_another_company_is_refused_there_too(browser: Browser) -> None:
    bench = browser.bench
    await agree(browser, "org-1", "org-9")
    back = await choose(browser, "org-1")
    assert back is not None
    assert back.startswith(f"{SETTINGS}?connect=organisation_taken")
    assert (await bench.said(), bench.there.detached) == ([], [])


async def test_a_reconnect_goes_on_with_its_own_organisation_and_asks_nothing(
    browser: Browser,
) -> None:
    bench = browser.bench
    browser.company = bench.company
    again = {"intent": "reconnect", "connection_id": bench.connection}
    assert await agree(browser, "org-9", "org-1", **again) == SETTINGS
    opened = await bench.said_one(ConnectionOpened)
    assert opened.connection_id == bench.connection
    assert bench.there.detached == ["a-org-9"]


async def test_stored_offers_show_no_token(browser: Browser) -> None:
    await agree(browser, "org-8", "org-9")
    stored = await browser.bench.pool.fetchval("SELECT offers::text FROM offers")
    for secret in (browser.bench.there.access, browser.bench.there.refresh, "org-8"):
        assert secret.encode().hex() not in stored
        assert secret not in stored


async def test_two_companies_of_one_sign_in_share_its_grant(browser: Browser) -> None:
    bench = browser.bench
    await agree(browser, "org-8", "org-9")
    await choose(browser, "org-9")
    browser.company = CompanyId(ids.new())
    await agree(browser, "org-8", "org-9")
    assert await choose(browser, "org-8") == SETTINGS
    assert await count(bench.connector, "grants") == 2
    assert bench.there.detached == ["a-org-8"]
