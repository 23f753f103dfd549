"""Items at the provider: read when somebody looks at them, and one of them linked."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import httpx
import pytest
from contracts.commands import ListRemoteItems, SyncInvoice, SyncItem
from contracts.connections import RemoteItem, RemoteItemsListed
from contracts.ids import LoadId, RemoteId
from contracts.sync import CauseInstance, Subject
from sync_orchestrator.handlers import remote_items
from sync_orchestrator.http.application import make_application
from sync_orchestrator.http.callers import Parts

from .support import Office, customer, invoice, item
from .test_http import CLOCK, KEY, Caller

LIST = "/integrations/qbo/remote-items"


@pytest.fixture
async def caller(office: Office) -> AsyncIterator[Caller]:
    parts = Parts(office.database, office.tools, KEY, CLOCK)
    transport = httpx.ASGITransport(app=make_application(parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://orchestrator") as http:
        yield Caller(http, office.company)


async def look(office: Office, *, refresh: bool = False) -> list[ListRemoteItems]:
    """Somebody looks at the list, at the harness's time; what the connector is asked."""
    async with office.transaction() as tx:
        await remote_items.look(tx, office.tools, office.company, office.provider, refresh=refresh)
    await office.read_outbox()
    return office.take(ListRemoteItems)


def there(
    remote: str, name: str, sku: str | None = None, *, account: str | None = "79"
) -> RemoteItem:
    return RemoteItem(
        id=RemoteId(remote),
        name=name,
        sku=sku,
        unit_price=Decimal("12.50"),
        income_account="Service revenue",
        income_account_id=account,
    )


def page(
    office: Office,
    load: LoadId,
    rows: Sequence[RemoteItem],
    *,
    number: int = 0,
    more: bool = False,
    as_of: datetime | None = None,
    total: int | None = None,
) -> RemoteItemsListed:
    e = office.envelope()
    return RemoteItemsListed(
        id=e.id,
        occurred_at=e.at,
        company_id=e.company,
        correlation_id=e.correlation,
        provider=office.provider,
        connection_id=office.connection,
        epoch=office.epoch,
        load_id=load,
        as_of=as_of or office.now,
        page=number,
        pages=number + 1,
        items=tuple(rows),
        more=more,
        total=total,
    )


def names(told: Any) -> list[str]:
    return [row["name"] for row in told["data"]]


async def test_4000_items_are_listed_in_any_order_with_progress_while_they_come(
    office: Office, caller: Caller
) -> None:
    office.now = CLOCK.now()
    await office.connect()
    told = await caller.get(LIST)
    assert (told["data"], told["as_of"], told["refreshing"]) == ([], None, True)
    assert (await caller.get(LIST))["refreshing"], "whoever looks meanwhile asks nothing more"
    await office.read_outbox()
    (asked,) = office.take(ListRemoteItems)
    rows = [there(str(n), f"Part {n:04}", f"P-{n}") for n in range(4000)]
    pages = [
        page(office, asked.load_id, rows[at : at + 500], number=at // 500, more=at < 3500)
        for at in range(0, 4000, 500)
    ]
    pages = [one.model_copy(update={"total": 4000}) for one in pages]
    await office.connections(*pages[5:], pages[0], pages[0])
    told = await caller.get(f"{LIST}?limit=2&q=part")
    assert names(told) == ["Part 0000", "Part 0001"], "to be chosen from while the rest comes"
    assert (told["loaded"], told["expected"], told["as_of"]) == (2000, 4000, None)
    await office.connections(*pages[1:5])
    told = await caller.get(f"{LIST}?limit=3&q=P-399")
    assert names(told) == ["Part 0399", "Part 3990", "Part 3991"]
    assert (told["refreshing"], told["loaded"], told["next_cursor"]) == (False, None, "3")
    assert not told["slow"]
    assert datetime.fromisoformat(told["as_of"]) == office.now
    told = await caller.get(f"{LIST}?limit=200&q=P-399&cursor={told['next_cursor']}")
    assert names(told) == [f"Part {n}" for n in range(3992, 4000)]
    assert told["next_cursor"] is None
    assert (await caller.get(f"{LIST}?q=%25"))["data"] == [], "signs of the pattern are text"


async def test_an_old_list_is_read_again_and_what_is_gone_there_goes_with_its_last_page(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    (first,) = await look(office)
    await office.connections(page(office, first.load_id, [there("1", "Old"), there("2", "Call")]))
    assert await look(office) == []
    office.later(timedelta(seconds=30))
    (second,) = await look(office, refresh=True)
    assert second.load_id != first.load_id
    office.later(timedelta(minutes=2))
    (again,) = await look(office)
    assert again.load_id == second.load_id, "nothing came: its command may have been lost"
    async with office.transaction() as tx:
        looked = await remote_items.look(tx, office.tools, office.company, "qbo")
    assert looked.is_slow
    await office.connections(
        page(office, first.load_id, [there("9", "Of an older load")], number=1),
        page(office, second.load_id, [there("2", "Call-out")], more=True),
    )
    listed = await office.pool.fetch("select name from remote_items order by name")
    assert [row["name"] for row in listed] == ["Call-out", "Old"]
    await office.connections(page(office, second.load_id, [], number=1))
    listed = await office.pool.fetch("select name from remote_items")
    assert [row["name"] for row in listed] == ["Call-out"]
    office.later(timedelta(minutes=11))
    assert len(await look(office)) == 1


async def test_a_connection_that_is_not_open_is_asked_nothing_and_shows_what_is_known(
    office: Office, caller: Caller
) -> None:
    office.now = CLOCK.now()
    missing = await caller.call("GET", LIST)
    assert (missing.status_code, missing.json()["code"]) == (409, "not_connected")
    await office.connect()
    (asked,) = await look(office)
    await office.connections(page(office, asked.load_id, [there("1", "Call-out")]))
    await office.pool.execute("update connections set status = 'expired'")
    told = await caller.get(f"{LIST}?refresh=true")
    assert (names(told), told["refreshing"]) == (["Call-out"], False)
    await office.read_outbox()
    assert office.take(ListRemoteItems) == []


async def test_s94_an_item_that_cannot_be_used_is_linked_to_another_and_its_invoice_goes(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    ann, call_out, part = customer(), item(), item("Boiler part")
    await office.map(call_out.id, part.id)
    bill = invoice(ann, call_out)
    await office.events(
        office.customer_event(ann),
        office.item_event(call_out),
        office.item_event(part),
        office.invoice_event(bill),
    )
    wish = await caller.ask(part, "/sync")
    assert wish.status_code == 202, wish.text
    await office.read_outbox()
    body = {"provider": "qbo", "record": call_out.model_dump(mode="json"), "remote_id": "8"}
    early = await caller.call("PUT", f"/records/item/{call_out.id}/link", body)
    assert (early.status_code, early.json()["code"]) == (409, "being_sent")
    for command in office.commands():
        if isinstance(command, SyncItem) and command.record_id == call_out.id:
            refused = office.failure(command, "item_unusable_there")
            cause = CauseInstance(
                code="item_unusable_there",
                subject=Subject(id=str(call_out.id), name="Call-out"),
                params={"item": "Call-out", "why": "inactive"},
            )
            await office.outcomes(refused.model_copy(update={"cause": cause}))
        else:
            await office.outcomes(office.success(command, f"r{command.record_id}"))
    assert await office.state("item", call_out.id) == "blocked"
    office.now = CLOCK.now()
    (asked,) = await look(office)
    listed = [there("7", "Alpha"), there("8", "call out!"), there(f"r{part.id}", "Boiler part")]
    await office.connections(page(office, asked.load_id, listed))
    told = await caller.get(f"{LIST}?item={call_out.id}")
    assert names(told) == ["call out!", "Alpha", "Boiler part"], "the likeliest first"
    assert told["data"][0] == {
        "remote_id": "8",
        "name": "call out!",
        "sku": None,
        "unit_price": "12.50",
        "account": "200 Service revenue",
        "account_id": "79",
        "alike": True,
        "linked_to": None,
    }
    taken = told["data"][2]["linked_to"]
    assert taken == {"item_id": str(part.id), "name": "Boiler part"}

    async def put(remote: str) -> httpx.Response:
        body = {"provider": "qbo", "record": call_out.model_dump(mode="json"), "remote_id": remote}
        return await caller.call("PUT", f"/records/item/{call_out.id}/link", body)

    refused_link = await put("77")
    assert refused_link.status_code == 422, refused_link.text
    assert "Load the items again first" in refused_link.json()["errors"][0]["message"]
    other = await put(f"r{part.id}")
    assert (other.status_code, other.json()["code"]) == (409, "linked_to_another")
    linked = await put("8")
    assert (linked.status_code, linked.json()["before"]) == (200, None)
    await office.read_outbox()
    (command,) = office.commands()
    assert isinstance(command, SyncInvoice), "it is on our account: nothing is written there"
    assert command.items[str(call_out.id)].remote_id == "8"
    assert (await put("7")).status_code == 200
    assert (await put("8")).json()["before"] == "7", "the way back"
    body = {"provider": "qbo", "record": call_out.model_dump(mode="json")}
    gone = await caller.call("POST", f"/records/item/{call_out.id}/unlink", body)
    assert (gone.status_code, gone.json()["before"]) == (200, "8")
    office.later(timedelta(minutes=11))
    (asked,) = await look(office)
    await office.connections(page(office, asked.load_id, [there("7", "Alpha")]))
    assert (await put("8")).status_code == 200, "undone, though it can't be chosen any more"
    assert await office.state("item", call_out.id) == "synced"
    (again,) = await office.pool.fetch(
        "select generation from jobs where entity = 'item' and record_id = $1", call_out.id
    )
    assert again["generation"] == 6


async def test_an_item_linked_to_one_on_another_account_is_moved_to_ours_before_its_invoice(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    ann, call_out = customer(), item()
    await office.map(call_out.id)
    (asked,) = await look(office)
    await office.connections(page(office, asked.load_id, [there("8", "Visit", account="80")]))
    await office.events(office.item_event(call_out))
    body = {"provider": "qbo", "record": call_out.model_dump(mode="json"), "remote_id": "8"}
    assert (await caller.call("PUT", f"/records/item/{call_out.id}/link", body)).status_code == 200
    await office.read_outbox()
    assert office.commands() == [], "by itself a link changes nothing there"
    await office.events(office.customer_event(ann), office.invoice_event(invoice(ann, call_out)))
    sent = {type(command): command for command in office.commands()}
    moved = sent[SyncItem]
    assert isinstance(moved, SyncItem)
    assert (moved.link and moved.link.id, moved.income_account_id) == ("8", "79")
    assert SyncInvoice not in sent
