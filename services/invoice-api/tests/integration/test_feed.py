"""The feed holds every record that others should know of, as it is now, and passes none over."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx
import pytest
from contracts.codec import Decoded, decode
from contracts.ids import CompanyId
from contracts.invoicing import CustomerChanged, InvoiceChanged, InvoiceSent, InvoiceVoided
from contracts.message import Message
from contracts.topics import INVOICING
from messaging.feeds import Fetch, fetch_over
from messaging.internal import HEADER, InternalClient, sign

Service = Any
Json = dict[str, Any]


@pytest.fixture
def fetch(service: Service) -> Fetch:
    parts = service.parts
    http = httpx.AsyncClient(transport=httpx.ASGITransport(service.app))
    client = InternalClient("http://invoice-api", parts.settings.key, parts.clock, http)
    return fetch_over(client, "/internal/v1/feed/records", limit=7)


async def read(service: Service, fetch: Fetch, company: str, after: str = "") -> list[Message]:
    """The company's messages from a position to the end."""
    found: list[Message] = []
    while True:
        page = await fetch(after)
        for message in page.messages:
            if message["company_id"] == company:
                text = INVOICING.messages.validate_python(message).model_dump_json()
                decoded = decode(INVOICING, text.encode())
                assert isinstance(decoded, Decoded)
                found.append(decoded.message)
        after = page.next
        if page.end:
            return found


async def test_the_feed_tells_of_everything_but_drafts(service: Service, fetch: Fetch) -> None:
    signed_up = await service.sign_up()
    async with service.client(signed_up["api_key"]) as web:
        customer = (await web.post("/customers", json={"name": "Ann Lee"})).json()["id"]
        await web.post("/items", json={"name": "Pipe", "unit_price": "1.10"})
        body = {"customer_id": customer, "lines": [{"unit_price": "5.00"}]}
        ids = [(await web.post("/invoices", json=body)).json()["id"] for _ in range(4)]
        draft, sent, void, clicked = ids
        for invoice in (sent, void):
            await web.post(f"/invoices/{invoice}/send")
        await web.post(f"/invoices/{void}/void")
        await web.post(f"/invoices/{clicked}/finalize")
        async with service.parts.database.transaction() as tx:
            await tx.execute("UPDATE invoices SET told = true WHERE id = $1", clicked)
        await web.patch(f"/customers/{customer}", json={"name": "Ann Lee-Moore"})
        told = await read(service, fetch, signed_up["company_id"])
    kinds = {
        str(message.invoice.id): type(message)
        for message in told
        if isinstance(message, InvoiceSent | InvoiceVoided | InvoiceChanged)
    }
    assert kinds == {sent: InvoiceSent, void: InvoiceVoided, clicked: InvoiceChanged}
    assert draft not in kinds
    [person] = [m.customer for m in told if isinstance(m, CustomerChanged)]
    assert (person.name, person.version) == ("Ann Lee-Moore", 2)
    assert len(told) == 5
    again = await read(service, fetch, signed_up["company_id"])
    assert [m.id for m in again] == [m.id for m in told]


async def test_the_feed_waits_for_a_transaction_that_is_still_open(
    service: Service, fetch: Fetch
) -> None:
    signed_up = await service.sign_up()
    company = signed_up["company_id"]

    async def names(after: str = "") -> list[str]:
        told = await read(service, fetch, company, after)
        return [m.customer.name for m in told if isinstance(m, CustomerChanged)]

    async with service.client(signed_up["api_key"]) as web:
        await web.post("/customers", json={"name": "First"})
        async with service.parts.database.transaction() as tx:
            await tx.fetchval("SELECT pg_current_xact_id()")
            await web.post("/customers", json={"name": "Second"})
            assert await names() == ["First"]
        await asyncio.sleep(0)
        assert await names() == ["First", "Second"]


async def test_only_services_read_it(service: Service) -> None:
    parts = service.parts
    http = httpx.AsyncClient(
        transport=httpx.ASGITransport(service.app), base_url="http://invoice-api"
    )
    now, key = parts.clock.now(), parts.settings.key
    path = "/internal/v1/feed/records"

    async def asked(headers: dict[str, str], query: str = "") -> tuple[int, str]:
        answer = await http.get(path + query, headers=headers)
        return answer.status_code, answer.json().get("code", "")

    service_header = sign(key, company="*", role="service", now=now)
    assert await asked({}) == (401, "not_signed")
    assert await asked({HEADER: "v1.x.y"}) == (401, "not_signed")
    assert await asked(sign(b"0" * 32, company="*", role="service", now=now)) == (
        401,
        "not_signed",
    )
    person = sign(key, company=CompanyId(uuid4()), role="owner", now=now)
    assert await asked(person) == (403, "not_allowed")
    assert await asked(service_header, "?after=nowhere") == (422, "invalid")
    assert await asked(service_header, "?after=5:nowhere") == (422, "invalid")
    assert (await asked(service_header))[0] == 200
