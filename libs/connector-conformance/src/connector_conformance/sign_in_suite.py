"""Sign-ins: one refresh for all, a dead one asks a person, two of one person keep apart."""

import re

import asyncpg
from connector_kit import grants_store
from connector_kit.housekeeping import Housekeeping
from connector_kit.tokens import Token, open_refresh_token
from contracts.causes import CAUSES

from connector_conformance.commands import Company
from connector_conformance.running import Running
from connector_conformance.shop import connected, delayed, expired, nothing_decided, succeeded
from connector_conformance.simulator import Simulator
from connector_conformance.subject import ConformanceSubject


class SignInConformance:
    async def test_s2_a_person_who_declines_connects_nothing(
        self, connector: Running, simulator: Simulator
    ) -> None:
        await simulator.fresh("Declined")
        url = await connector.consent("Declined", decision="deny")
        assert str(url).startswith(connector.settings_page)
        assert url.params["connect"] == "consent_declined"

    async def test_s6_ten_at_once_on_an_expired_token_make_one_refresh(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        company = await connected(connector, simulator, "Expired")
        first = company.customer("First", email="first@lee.example")
        await connector.command(first)
        await succeeded(connector, first)
        before = await _tokens_given(subject, simulator, "Expired")
        await simulator.advance(subject.access_seconds + 60)
        commands = [company.customer(f"C {n}", email=f"c{n}@lee.example") for n in range(10)]
        for command in commands:
            await connector.command(command)
        for command in commands:
            await succeeded(connector, command)
        assert await _tokens_given(subject, simulator, "Expired") == before + 1

    async def test_a_refused_refresh_asks_a_person_and_holds_the_work(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        company = await connected(connector, simulator, "Dead")
        await simulator.disconnect("Dead")
        await simulator.advance(subject.access_seconds + 60)
        customer = company.customer("Ann Lee")
        await connector.command(customer)
        cause = await expired(connector, company)
        assert CAUSES[cause.code].who == "reconnect"
        await delayed(connector, customer, "connection")
        await nothing_decided(connector, customer)
        assert (await simulator.books("Dead"))["customers"] == []

    async def test_an_organisation_that_removed_us_asks_a_person(
        self, connector: Running, simulator: Simulator
    ) -> None:
        """The access token isn't old: whatever they answer then must say who is to act."""
        company = await connected(connector, simulator, "Left")
        await simulator.disconnect("Left")
        customer = company.customer("Ann Lee")
        await connector.command(customer)
        assert CAUSES[(await expired(connector, company)).code].who == "reconnect"
        await delayed(connector, customer, "connection")

    async def test_s14_a_missing_scope_is_no_old_token(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        company = await connected(connector, simulator, "Scope")
        before = await _tokens_given(subject, simulator, "Scope")
        writes = subject.creates["customer"]
        match = {"path": writes.path, "method": writes.method, "organisation": "Scope"}
        await simulator.fault("status", match=match, **subject.missing_scope)
        customer = company.customer("Ann Lee")
        await connector.command(customer)
        cause = await expired(connector, company)
        assert cause.code == subject.missing_scope_means
        assert CAUSES[cause.code].who == "reconnect"
        await delayed(connector, customer, "connection")
        assert await _tokens_given(subject, simulator, "Scope") == before

    async def test_s82_two_companies_of_one_person_keep_apart(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        """One sign-in behind two connections, where the provider has such: one goes, one stays."""
        await simulator.fresh("Shared A")
        await simulator.fresh("Shared B")
        other = connector.another()
        first = await _connected_as(connector, simulator, "Shared A", "shared")
        second = await _connected_as(other, simulator, "Shared B", "shared")
        for running, company in ((connector, first), (other, second)):
            command = company.customer("Ann Lee")
            await running.command(command)
            await succeeded(running, command)
        await connector.disconnect(first)
        housekeeping = Housekeeping(
            connector.made.connector, connector.made.client, connector.made.sealer
        )
        while await housekeeping.leave_one() or await housekeeping.forget_one_grant():
            pass
        goes_on = second.customer("Bo Lind", email="bo@lind.example")
        await other.command(goes_on)
        await succeeded(other, goes_on)
        held = first.customer("Cy Orr", email="cy@orr.example")
        await connector.command(held)
        await delayed(connector, held, "connection")
        assert len((await simulator.books("Shared A"))["customers"]) == 1
        assert len((await simulator.books("Shared B"))["customers"]) == 2

    async def test_s5_an_organisation_of_another_company_is_refused(
        self, connector: Running, simulator: Simulator
    ) -> None:
        first = await connected(connector, simulator, "Ours")
        other = connector.another()
        url = await other.consent("Ours")
        assert url.params["connect"] == "organisation_taken"
        command = first.customer("Ann Lee")
        await connector.command(command)
        await succeeded(connector, command)

    async def test_no_secret_is_stored_open_or_said(
        self,
        subject: ConformanceSubject,
        connector: Running,
        simulator: Simulator,
    ) -> None:
        company = await connected(connector, simulator, "Secret")
        match = {"organisation": "Secret", "method": subject.creates["customer"].method}
        await simulator.fault("garbage", form="text", match=match, times=1, commit=True)
        customer = company.customer("Ann Lee")
        await connector.command(customer)
        await succeeded(connector, customer, within=40)
        made = connector.made
        token = await made.connector.tokens.of(company.connection)
        assert isinstance(token, Token)
        async with made.connector.database.transaction() as tx:
            grant = await grants_store.of_connection(tx, company.connection)
        assert grant is not None
        refresh = open_refresh_token(made.sealer, grant)
        assert refresh is not None
        text = await _everything_stored(connector.dsn)
        assert str(company.connection) in text
        for secret in (token.access, refresh, made.client.secret):
            assert secret not in text
            assert secret.encode().hex() not in text


async def _tokens_given(subject: ConformanceSubject, simulator: Simulator, name: str) -> int:
    rows = await simulator.requests(name)
    return len([row for row in rows if row["path"] == subject.token_path])


async def _connected_as(
    connector: Running, simulator: Simulator, organisation: str, username: str
) -> Company:
    """Connected by a user who may reach other organisations too: this one is chosen."""
    identifier = str((await simulator.books(organisation))["organisation"]["id"])  # type: ignore[call-overload]
    async with connector.browser() as browser:
        page = await connector.decided(browser, organisation, username=username)
        token = re.search(r'name="token" value="([^"]+)"', page.text)
        if token is not None:
            page = await browser.post(
                str(page.url),
                data={"token": token[1], "organisation": identifier},
                follow_redirects=True,
            )
        assert str(page.url) == connector.settings_page, page.url
    return await connector.opened(organisation)


async def _everything_stored(dsn: str) -> str:
    """Every row of every table of the connector, as text; bytes as hex digits."""
    connection = await asyncpg.connect(dsn)
    try:
        tables = await connection.fetch(
            "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()"
        )
        rows: list[str] = []
        for table in tables:
            name = table["table_name"]
            rows += [
                row["line"]
                for row in await connection.fetch(f'SELECT t::text AS line FROM "{name}" t')
            ]
        outbox = await connection.fetch("SELECT convert_from(value, 'utf8') AS line FROM outbox")
        return "\n".join([*rows, *(row["line"] for row in outbox)])
    finally:
        await connection.close()
