"""Calls to another service are signed, bounded in time, and tell a peer that is away."""

from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

import httpx
import pytest
from contracts.ids import CompanyId, UserId
from messaging.clock import SystemClock
from messaging.internal import HEADER, Caller, InternalClient, PeerAway, verify

KEY = bytes(range(32))
COMPANY = CompanyId(UUID(int=1))
USER = UserId(UUID(int=2))


def _client(answer: Callable[[httpx.Request], httpx.Response]) -> InternalClient:
    http = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return InternalClient("http://peer/", KEY, SystemClock(), http)


async def test_a_call_is_signed_for_its_company_person_and_role() -> None:
    seen: list[Caller] = []

    def peer(request: httpx.Request) -> httpx.Response:
        seen.append(verify(KEY, request.headers[HEADER], datetime.now(UTC)))
        assert str(request.url) == "http://peer/internal/v1/things?after=5"
        return httpx.Response(200, text='{"data":[]}', headers={"ETag": '"7"'})

    answer = await _client(peer).get(
        "/internal/v1/things", company=COMPANY, user=USER, role="office", params={"after": "5"}
    )
    status, text = answer
    assert (status, text, answer.etag, answer.ok) == (200, '{"data":[]}', '"7"', True)
    assert seen == [Caller(COMPANY, USER, "office")]


async def test_bodies_are_json_and_a_refusal_is_an_answer() -> None:
    def peer(request: httpx.Request) -> httpx.Response:
        assert request.headers["Content-Type"] == "application/json"
        if request.method == "PUT":
            assert request.headers["If-Match"] == '"7"'
            return httpx.Response(412, text="{}")
        assert request.content == b'{"a":1}'
        return httpx.Response(409, text='{"code":"not_connected"}')

    client = _client(peer)
    posted = await client.post("/x", '{"a":1}', company=COMPANY)
    assert (posted.status, posted.text, posted.ok) == (409, '{"code":"not_connected"}', False)
    assert (await client.put("/x", "{}", company="*", if_match='"7"')).status == 412


async def test_a_redirect_is_not_followed() -> None:
    client = _client(lambda _: httpx.Response(302, headers={"Location": "http://elsewhere/"}))
    assert (await client.get("/x", company="*")).status == 302


@pytest.mark.parametrize("status", [500, 502, 503])
async def test_a_peer_that_answers_5xx_is_away(status: int) -> None:
    with pytest.raises(PeerAway, match=f"POST /x: answered {status}"):
        await _client(lambda _: httpx.Response(status)).post("/x", company="*")


async def test_a_peer_that_cannot_be_reached_or_is_silent_is_away() -> None:
    def silent(request: httpx.Request) -> httpx.Response:
        assert request.extensions["timeout"] == dict.fromkeys(
            ("connect", "read", "write", "pool"), 5.0
        )
        raise httpx.ReadTimeout("silent", request=request)

    with pytest.raises(PeerAway, match="GET /x: ReadTimeout"):
        await _client(silent).get("/x", company="*")
    async with httpx.AsyncClient() as http:
        nobody = InternalClient("http://127.0.0.1:9", KEY, SystemClock(), http)
        with pytest.raises(PeerAway, match="GET /x: ConnectError"):
            await nobody.get("/x", company="*")
