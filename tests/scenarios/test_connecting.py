"""Connecting refuses what isn't its own doing."""

from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import asyncpg
import httpx
from messaging.database import Row
from office import consent, office
from testkit import Stack


def with_query(url: str, **changed: str) -> str:
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query)) | changed
    return urlunsplit(parts._replace(query=urlencode(query)))


async def stored(stack: Stack, provider: str) -> tuple[int, int]:
    """How many grants and connections the connector holds."""
    connection: asyncpg.Connection[Row] = await asyncpg.connect(stack.endpoints["database_url"])
    try:
        grants = await connection.fetchval(f"select count(*) from connector_{provider}.grants")
        connections = await connection.fetchval(
            f"select count(*) from connector_{provider}.connections"
        )
        return int(grants), int(connections)
    finally:
        await connection.close()


async def test_s3_a_forged_replayed_or_foreign_state_stores_nothing(
    stack: Stack, provider: str
) -> None:
    async with office(stack, "Elm", provider) as elm, office(stack, "Fir", provider) as fir:
        await elm.sign_up()
        await fir.sign_up()
        before = await stored(stack, provider)
        callback = await elm.agree(await elm.start_connecting())
        forged = await elm.browser.get(with_query(callback, state="forged" * 8))
        assert forged.status_code == 400, forged.text

        # Another company's browser brings the same callback: its cookie isn't there.
        await fir.agree(await fir.start_connecting())
        foreign = await fir.browser.get(callback)
        assert foreign.status_code == 400, foreign.text
        async with httpx.AsyncClient(timeout=30) as nobody:
            assert (await nobody.get(callback)).status_code == 400
        assert await stored(stack, provider) == before
        assert (await elm.integration())["status"] == "not_connected"
        assert (await fir.integration())["status"] == "not_connected"

        # The right browser may still finish, once.
        finished = await elm.browser.get(callback)
        assert finished.status_code == 303, finished.text
        await elm.until_connected()
        assert (await elm.browser.get(callback)).status_code == 400
        assert await stored(stack, provider) == (before[0] + 1, before[1] + 1)


async def test_s3_a_forged_old_or_tampered_ticket_is_refused(stack: Stack) -> None:
    async with office(stack, "Ivy") as ivy:
        await ivy.sign_up()
        before = await stored(stack, ivy.provider)
        ticket = await ivy.start_connecting()
        tampered = with_query(ticket, ticket=dict(parse_qsl(urlsplit(ticket).query))["ticket"][:-2])
        for address in (tampered, with_query(ticket, ticket="x"), ticket.split("?")[0]):
            assert (await ivy.browser.get(address)).status_code in {400, 303}
        assert await stored(stack, ivy.provider) == before
        assert (await ivy.integration())["status"] == "not_connected"


async def test_s2_a_declined_consent_stores_nothing_and_connect_works_again(
    stack: Stack, provider: str
) -> None:
    async with office(stack, "Yew", provider) as yew:
        await yew.sign_up()
        before = await stored(stack, provider)
        declined = await consent(
            yew.browser, await yew.start_connecting(), yew.organisation, "deny"
        )
        back = await yew.browser.get(declined)
        assert back.status_code == 303
        assert "consent_declined" in back.headers["location"]
        assert await stored(stack, provider) == before
        await yew.connect()
