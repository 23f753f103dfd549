"""An office at work: what tests do through the public interface, one company each.

Nothing here knows the inside: REST, the provider's consent page and the simulator's books.
"""

import asyncio
import itertools
import os
from collections.abc import AsyncGenerator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from typing import Any

import httpx
from providers import AT, AtProvider
from testkit import Stack, eventually

Json = dict[str, Any]
WITHIN = 20.0
_numbers = itertools.count(1)


class ConsentForm(HTMLParser):
    """The one form of the authorize page: its fields, hidden ones with their values."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.forms = 0
        self.hidden: dict[str, str] = {}
        self.names: set[str] = set()
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.forms += 1
        if tag in {"input", "select", "button"} and values.get("name"):
            self.names.add(values["name"])
            if values.get("type") == "hidden":
                self.hidden[values["name"]] = values.get("value", "")


async def consent(
    browser: httpx.AsyncClient,
    authorize_url: str,
    organisation: str,
    decision: str = "approve",
    username: str = "joe",
    **more: str,
) -> str:
    """Goes where Connect leads and answers the consent page; where the provider sends us then."""
    first = await browser.get(authorize_url)
    assert first.status_code == 303, first.text
    at_provider = first.headers["location"]
    page = await browser.get(at_provider)
    assert page.status_code == 200, page.text
    form = ConsentForm(page.text)
    assert form.forms == 1
    assert {"username", "organisation", "decision"} <= form.names
    fields = {"username": username, "organisation": organisation, "decision": decision, **more}
    answer = await browser.post(at_provider, data={**form.hidden, **fields})
    assert answer.status_code in {302, 303}, answer.text
    return str(answer.headers["location"])


@dataclass
class Office:
    """One company of ours, its API client, and its organisation in the simulator's books.

    `provider` is the one meant where a method doesn't say another; `at()` is the same office with
    another one.
    """

    stack: Stack
    web: httpx.AsyncClient
    books: httpx.AsyncClient
    browser: httpx.AsyncClient
    organisation: str
    sign_up_body: Json
    provider: str = "qbo"
    username: str = "joe"
    signed_up: Json = field(default_factory=dict[str, Any])

    @property
    def web_url(self) -> str:
        return str(self.stack.endpoints["web"])

    @property
    def there(self) -> AtProvider:
        """What is its provider's own, seen from outside."""
        return AT[self.provider]

    @property
    def settings_page(self) -> str:
        """Where the browser ends after connecting."""
        return f"{self.web_url}/integrations/{self.provider}/settings"

    @asynccontextmanager
    async def at(self, provider: str) -> "AsyncGenerator[Office]":
        """The same company, as it is with another provider."""
        simulator = self.stack.endpoints["simulators"][provider]
        async with httpx.AsyncClient(base_url=simulator, timeout=15) as books:
            yield replace(self, provider=provider, books=books)

    async def sign_up(self) -> None:
        answer = await self.web.post("/signup", json=self.sign_up_body)
        assert answer.status_code == 201, answer.text
        self.signed_up = answer.json()
        self.web.headers["Authorization"] = f"Bearer {self.signed_up['api_key']}"

    async def start_connecting(self) -> str:
        """The address that Connect leads to."""
        answer = await self.web.post(f"/integrations/{self.provider}/connect", json={})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["authorize_url"])

    async def connect(self) -> None:
        """Connects, and waits until the accounts are there too, where there are any."""
        callback = await self.agree(await self.start_connecting())
        back = await self.browser.get(callback)
        assert back.status_code == 303, back.text
        assert back.headers["location"] == self.settings_page
        await self.until_connected()
        await self.accounts()

    async def agree(self, authorize_url: str, organisation: str = "", **more: str) -> str:
        """Agrees at the provider, to its own organisation or another; where that leads."""
        return await consent(
            self.browser,
            authorize_url,
            organisation or self.organisation,
            username=self.username,
            **more,
        )

    async def until_connected(self) -> None:
        async def connected() -> None:
            row = await self.integration()
            assert row["status"] == "connected", row
            assert row["organisation"]["name"] == self.organisation

        await eventually(connected, within=WITHIN)

    async def integration(self) -> Json:
        rows: list[Json] = (await self.web.get("/integrations")).json()["data"]
        return next(row for row in rows if row["provider"] == self.provider)

    async def settings(self, **changed: object) -> Json:
        answer = await self.web.put(f"/integrations/{self.provider}/settings", json=changed)
        assert answer.status_code == 200, answer.text
        shown: Json = answer.json()
        return shown

    async def switch_on(self) -> None:
        await self.settings(sync_customers=True, sync_invoices=True, start_date="2020-01-01")

    async def account_is_inactive(self, account: str) -> None:
        """Our own list says so by now."""

        async def listed() -> None:
            rows = (await self.web.get(f"/integrations/{self.provider}/accounts")).json()["data"]
            assert [row["active"] for row in rows if row["id"] == account] == [False], rows

        await eventually(listed, within=WITHIN)

    async def accounts(self) -> dict[str, str]:
        """Income accounts by name, once they are loaded; none where the provider offers none."""
        found: dict[str, str] = {}

        async def listed() -> None:
            answer = await self.web.get(f"/integrations/{self.provider}/accounts")
            assert answer.status_code == 200, answer.text
            found.update({row["name"]: row["id"] for row in answer.json()["data"]})
            assert answer.json()["offered"] is self.there.offers_accounts
            assert answer.json()["as_of"] is not None
            assert bool(found) is self.there.offers_accounts

        await eventually(listed, within=WITHIN)
        return found

    async def map_all(self) -> int:
        """Every unmapped item onto Services; how many that were. None where none are offered."""
        if not self.there.offers_accounts:
            return 0
        answer = await self.web.post(
            f"/integrations/{self.provider}/account-mapping/apply-to-unmapped",
            json={"account_id": (await self.accounts())["Services"]},
        )
        assert answer.status_code == 200, answer.text
        return int(answer.json()["mapped"])

    async def made(self, path: str, **body: object) -> Json:
        answer = await self.web.post(path, json=body)
        assert answer.status_code == 201, answer.text
        made: Json = answer.json()
        return made

    async def customer(self, name: str = "Ann Lee", email: str | None = "ann@lee.example") -> Json:
        extra = {} if email is None else {"email": email}
        return await self.made("/customers", name=name, kind="homeowner", **extra)

    async def item(self, name: str = "Call-out", price: str = "128.19") -> Json:
        return await self.made("/items", name=name, unit_price=price)

    async def invoice(self, customer: Json, items: Iterable[Json], quantity: str = "2") -> Json:
        lines = [
            {
                "item_id": item["id"],
                "description": f"{item['name']} visit",
                "quantity": quantity,
                "unit_price": item["unit_price"],
            }
            for item in items
        ]
        return await self.made(
            "/invoices",
            customer_id=customer["id"],
            issue_date="2026-06-15",
            due_date="2026-07-15",
            currency="USD",
            lines=lines,
        )

    async def send(self, invoice: Json) -> None:
        answer = await self.web.post(f"/invoices/{invoice['id']}/send")
        assert (answer.status_code, answer.json()["status"]) == (200, "sent"), answer.text

    async def sync(self, kind: str, record: Json) -> httpx.Response:
        """The Sync button."""
        return await self.web.post(
            f"/{kind}s/{record['id']}/sync", json={"provider": self.provider}
        )

    async def badge(self, kind: str, record: Json) -> Json:
        shown = (await self.web.get(f"/{kind}s/{record['id']}")).json()
        badge: Json = shown["sync"][self.provider]
        return badge

    async def badge_when(self, kind: str, record: Json, state: str, within: float = WITHIN) -> Json:
        """The record's badge, once it is in this state."""
        latest: Json = {}

        async def there() -> None:
            latest.clear()
            latest.update(await self.badge(kind, record))
            assert latest["state"] == state, latest

        await eventually(there, within=within)
        return latest

    async def held(self) -> Json:
        """What the provider's books hold."""
        answer = await self.books.get("/_sim/books", params={"organisation": self.organisation})
        held: Json = answer.json()
        return held

    async def requests(self) -> list[Json]:
        """Every request that reached this organisation's books, oldest first."""
        answer = await self.books.get("/_sim/requests", params={"organisation": self.organisation})
        rows: list[Json] = answer.json()
        return rows

    async def numbers(self) -> list[str]:
        """The invoice numbers in the books, in order; a doubled one stands twice."""
        return sorted(row["number"] for row in (await self.held())["invoices"])


@asynccontextmanager
async def office(stack: Stack, name: str = "Oak", provider: str = "qbo") -> AsyncGenerator[Office]:
    """A company that isn't signed up yet. Its names are its own in this stack."""
    mark = f"{name}-{os.getpid()}-{next(_numbers)}"
    simulator = stack.endpoints["simulators"][provider]
    async with (
        httpx.AsyncClient(base_url=f"{stack.endpoints['web']}/api/v1", timeout=15) as web,
        httpx.AsyncClient(base_url=simulator, timeout=15) as books,
        httpx.AsyncClient(timeout=15) as browser,
    ):
        yield Office(
            stack,
            web,
            books,
            browser,
            f"{mark} Books",
            {
                "company_name": f"{mark} Plumbing",
                "email": f"joe@{mark.lower()}.example",
                "password": "correct horse battery 9",
                "time_zone": "America/New_York",
                "currency": "USD",
            },
            provider,
            f"joe-{mark.lower()}",
        )


@asynccontextmanager
async def connected_office(
    stack: Stack, name: str = "Oak", provider: str = "qbo"
) -> AsyncGenerator[Office]:
    """A company that is connected, with both switches still off."""
    async with office(stack, name, provider) as one:
        await one.sign_up()
        await one.connect()
        yield one


async def all_of(*work: Any) -> list[Any]:
    """Starts all at once."""
    return list(await asyncio.gather(*work))
