"""The connector itself: the kit's own parts on PostgreSQL and the simulator, less the broker.

Commands go in through the consumer's own processor; what the connector says is read from its
outbox, where the relay would take it.
"""

import asyncio
import os
import re
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar
from urllib.parse import urlsplit
from uuid import UUID

import httpx
from connector_kit.app import Parts, http_app, migrate_schema, parts, processor_of, roles_of
from connector_kit.connecting import Connecting
from connector_kit.provider import Provider
from connector_kit.settings import KitSettings, ProviderSettings
from contracts.codec import Decoded, decode, encode
from contracts.commands import Command, RecordCommand
from contracts.connections import ConnectionOpened
from contracts.ids import CompanyId, ConnectionId, UserId
from contracts.message import Message
from contracts.sync import Outcome, SyncDelayed
from contracts.topics import TOPICS
from messaging.batch_processor import Record
from messaging.process import GRACE_SECONDS, run_roles
from messaging.tickets import make_ticket
from pydantic import SecretStr
from testkit import TestDatabase, eventually

from connector_conformance.commands import IDS, Company

M = TypeVar("M", bound=Message)

PUBLIC_URL = "http://connector.test"
WEB_URL = "http://web.test"
SCALE = 0.01
"""The simulators run at the same: see `Simulator.fresh`."""

_INTERNAL_KEY = "ab" * 32
_TOPICS = {topic.name: topic for topic in TOPICS}


@dataclass
class Running:
    """A connector at work, and a company that speaks to it."""

    made: Parts
    dsn: str
    package: str
    heard: dict[int, Message | None] = field(default_factory=dict[int, Message | None])
    """What is in the outbox as far as it was read, by its number; None what nobody can read."""
    company: CompanyId = field(default_factory=lambda: CompanyId(IDS.new()))
    user: UserId = field(default_factory=lambda: UserId(IDS.new()))

    @property
    def provider(self) -> Provider:
        return self.made.connector.provider

    def another(self) -> "Running":
        """The same connector, asked by another company."""
        return Running(self.made, self.dsn, self.package, self.heard)

    @property
    def settings_page(self) -> str:
        """Where a person ends after connecting."""
        return f"{WEB_URL}/integrations/{self.provider.name}/settings"

    @asynccontextmanager
    async def browser(self) -> AsyncGenerator[httpx.AsyncClient]:
        """A browser with a cookie jar, for the connector and the simulator."""
        inside = httpx.ASGITransport(app=http_app(self.made))
        nowhere = httpx.MockTransport(lambda _: httpx.Response(200, text="the web"))
        async with httpx.AsyncClient(
            mounts={PUBLIC_URL: inside, WEB_URL: nowhere}, timeout=30
        ) as browser:
            yield browser

    def ticket(self) -> str:
        return make_ticket(
            self.made.settings.key,
            company=self.company,
            user=self.user,
            user_name="Joe",
            provider=self.provider.name,
            nonce=IDS.new().hex,
            now=datetime.now(UTC),
        )

    async def consent(self, organisation: str, decision: str = "approve") -> httpx.URL:
        """A person connects this organisation; where the browser ends up."""
        async with self.browser() as browser:
            return (await self.decided(browser, organisation, decision)).url

    async def decided(
        self,
        browser: httpx.AsyncClient,
        organisation: str,
        decision: str = "approve",
        username: str = "",
        also: str = "",
    ) -> httpx.Response:
        """The page after consent in this browser, by a user of the organisation's own unless said.

        What was agreed to under one name is offered together; `also` by this same consent.
        """
        start = f"{PUBLIC_URL}/connect?ticket={self.ticket()}"
        page = await browser.get(start, follow_redirects=True)
        assert page.status_code == 200, page.text
        hidden = dict(re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page.text))
        assert hidden["state"]
        chosen = {
            "username": username or f"{organisation} owner",
            "organisation": organisation,
            "also": also,
            "decision": decision,
        }
        parts_ = urlsplit(str(page.url))
        action = f"{parts_.scheme}://{parts_.netloc}{parts_.path}"
        return await browser.post(action, data={**hidden, **chosen}, follow_redirects=True)

    async def connected(self, organisation: str) -> Company:
        """The company with its connection to this organisation, once it is announced."""
        url = await self.consent(organisation)
        assert str(url) == self.settings_page, url
        return await self.opened(organisation)

    async def opened(self, organisation: str) -> Company:
        """The company with its connection to this organisation, once it is announced."""

        async def opened() -> ConnectionId:
            for message in await self.said(ConnectionOpened):
                same = message.company_id == self.company
                if same and message.organisation.name == organisation:
                    return message.connection_id
            raise AssertionError("no connection was announced")

        return Company(self.provider.name, self.company, await eventually(opened, within=10))

    async def disconnect(self, company: Company) -> None:
        """A person presses Disconnect."""
        made = self.made
        connecting = Connecting(made.connector, made.client, made.sealer, os.urandom)
        closed = await connecting.disconnect(company.id, company.connection, self.user, "Joe")
        assert closed is not None

    async def command(self, *commands: Command) -> None:
        """Hand these commands over as the broker would."""
        records: list[Record] = []
        for command in commands:
            encoded = encode(command)
            records.append((encoded.key, encoded.value))
        await processor_of(self.made).process(records)

    async def said(self, kind: type[M]) -> list[M]:
        """All that the connector has said of this kind, in its order."""
        async with self.made.connector.database.transaction() as tx:
            # A smaller number may be committed after a larger one.
            rows = await tx.fetch(
                "SELECT seq, topic, value FROM outbox WHERE seq != ALL ($1::bigint[])",
                list(self.heard),
            )
        for row in rows:
            decoded = decode(_TOPICS[row["topic"]], row["value"])
            self.heard[row["seq"]] = decoded.message if isinstance(decoded, Decoded) else None
        return [said for _, said in sorted(self.heard.items()) if isinstance(said, kind)]

    async def outcomes(self, record: UUID) -> list[Outcome]:
        """What became of a record's commands so far, delays too."""
        return [o for o in await self.said(Outcome) if o.record_id == record]

    async def outcome(self, command: RecordCommand, within: float = 15) -> Outcome:
        """The outcome of this very step."""

        async def decided() -> Outcome:
            for outcome in await self.outcomes(command.record_id):
                same = (outcome.generation, outcome.step) == (command.generation, command.step)
                if same and not isinstance(outcome, SyncDelayed):
                    return outcome
            raise AssertionError(f"no outcome of step {command.step} yet")

        return await eventually(decided, within=within)


def settings_for(database: TestDatabase, package: str) -> KitSettings:
    return KitSettings(
        database_url=SecretStr(database.dsn(package)),
        internal_key=SecretStr(_INTERNAL_KEY),
        token_keys={"k1": SecretStr("cd" * 32)},
        public_url=PUBLIC_URL,
        web_url=WEB_URL,
        time_scale=SCALE,
        quiet_margin_seconds=0,
        roles=frozenset({"work"}),
    )


def provider_settings_for(simulator_url: str) -> ProviderSettings:
    return ProviderSettings(
        environment="simulator",
        simulator_url=simulator_url,
        client_id="app",
        client_secret=SecretStr("secret"),
    )


async def migrated(database: TestDatabase, package: str) -> TestDatabase:
    await migrate_schema(database.dsn(package), package)
    return database


@asynccontextmanager
async def running(
    provider: Provider,
    package: str,
    database: TestDatabase,
    simulator_url: str,
    *,
    crash: bool = False,
) -> AsyncGenerator[Running]:
    """A connector whose worker, checker, loader and announcer run until the block ends.

    `crash`: they are cut off wherever they are then, instead of finishing what they began.
    """
    settings = settings_for(database, package)
    stop = asyncio.Event()
    async with parts(provider, settings, provider_settings_for(simulator_url)) as made:
        working = {name: role for name, role in roles_of(made).items() if name != "http"}
        grace = 0.01 if crash else GRACE_SECONDS
        task = asyncio.create_task(run_roles(working, stop=stop, signals=(), grace_seconds=grace))
        try:
            yield Running(made, database.dsn(package), package)
        finally:
            stop.set()
            assert await task == 0 or crash
