"""Customers at the provider: listed page by page, reviewed before an import."""

from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from uuid import UUID, uuid4

import httpx
import pytest
from contracts.commands import ListRemoteCustomers, Origin, SyncInvoice
from contracts.connections import RemoteCustomer, RemoteCustomersListed
from contracts.ids import CompanyId, ConnectionId, LoadId, RemoteId
from contracts.invoicing import CameFrom
from contracts.sync import RunChanged
from sync_orchestrator.handlers import remote_customers
from sync_orchestrator.http.application import make_application
from sync_orchestrator.http.callers import Parts

from .support import START, Office, customer, invoice, item
from .test_http import CLOCK, KEY, Caller


@pytest.fixture
async def http(office: Office) -> AsyncIterator[httpx.AsyncClient]:
    parts = Parts(office.database, office.tools, KEY, CLOCK)
    transport = httpx.ASGITransport(app=make_application(parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://orchestrator") as client:
        yield client


@pytest.fixture
def caller(http: httpx.AsyncClient, office: Office) -> Caller:
    return Caller(http, office.company)


def there(
    remote: str,
    name: str,
    email: str | None = None,
    *,
    company_name: str | None = None,
    active: bool = True,
    merged_into: str | None = None,
) -> RemoteCustomer:
    return RemoteCustomer(
        id=RemoteId(remote),
        name=name,
        email=email,
        company_name=company_name,
        active=active,
        merged_into=None if merged_into is None else RemoteId(merged_into),
    )


def page(
    office: Office,
    rows: Sequence[RemoteCustomer],
    *,
    number: int = 0,
    more: bool = False,
    load: UUID | None = None,
    as_of: datetime | None = None,
    total: int | None = None,
    changed_since: datetime | None = None,
) -> RemoteCustomersListed:
    e = office.envelope()
    return RemoteCustomersListed(
        id=e.id,
        occurred_at=e.at,
        company_id=e.company,
        correlation_id=e.correlation,
        provider=office.provider,
        connection_id=office.connection,
        epoch=office.epoch,
        load_id=LoadId(load or uuid4()),
        as_of=as_of or office.now,
        page=number,
        pages=number + 1,
        customers=tuple(rows),
        more=more,
        total=total,
        changed_since=changed_since,
    )


LIST = "/integrations/qbo/remote-customers"


async def load(office: Office) -> ListRemoteCustomers:
    """Ask for the list at the harness's time."""
    async with office.transaction() as tx:
        await remote_customers.load(tx, office.tools, office.company, "qbo", Origin(by="person"))
    await office.read_outbox()
    (command,) = office.take(ListRemoteCustomers)
    return command


async def test_s23_5000_customers_are_listed_in_any_order_with_progress_and_none_is_lost(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    begun = await caller.call("POST", f"{LIST}/load", {})
    assert begun.status_code == 202, begun.text
    again = (await caller.call("POST", f"{LIST}/load", {})).json()
    assert again["joined"], "two loads at once are one"
    assert again["run"]["id"] == begun.json()["run"]["id"]
    await office.read_outbox()
    (command,) = office.take(ListRemoteCustomers)
    assert command.changed_since is None
    rows = [there(str(n), f"Customer {n:04}") for n in range(5000)]
    pages = [
        page(
            office,
            rows[at : at + 500],
            number=at // 500,
            more=at < 4500,
            load=command.load_id,
            total=5000,
        )
        for at in range(0, 5000, 500)
    ]
    await office.connections(*pages[8:], pages[0], pages[0])
    shown = await caller.get(LIST)
    assert (shown["load"]["state"], shown["load"]["done"], shown["load"]["total"]) == (
        "running",
        1500,
        5000,
    )
    assert shown["counts"]["all"] == 1500, "review begins while the rest is read"
    await office.connections(*reversed(pages[1:9]))
    await office.connections(*pages)
    shown = await caller.get(f"{LIST}?limit=200")
    assert (shown["load"]["state"], shown["load"]["done"]) == ("done", 5000)
    assert shown["counts"]["all"] == 5000
    seen = [row["remote_id"] for row in shown["data"]]
    while shown["next_cursor"]:
        shown = await caller.get(f"{LIST}?limit=200&cursor={shown['next_cursor']}")
        seen += [row["remote_id"] for row in shown["data"]]
    assert sorted(seen, key=int) == [str(n) for n in range(5000)]


async def test_a_later_load_reads_what_changed_and_a_whole_one_forgets_who_is_gone(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    await office.connections(
        page(office, [there("1", "Ann Lee"), there("2", "Gone Later"), there("3", "Bo Poe")])
    )
    command = await load(office)
    assert command.changed_since == START - remote_customers.OVERLAP
    office.later(timedelta(minutes=5))
    since = command.changed_since
    changed = page(office, [there("3", "Bo Poe-Ray")], load=command.load_id, changed_since=since)
    await office.connections(changed)
    names = [row["name"] for row in (await caller.get(LIST))["data"]]
    assert names == ["Ann Lee", "Bo Poe-Ray", "Gone Later"]
    office.later(timedelta(minutes=5))
    await office.connections(page(office, [there("1", "Ann Lee"), there("3", "Bo Poe-Ray")]))
    names = [row["name"] for row in (await caller.get(LIST))["data"]]
    assert names == ["Ann Lee", "Bo Poe-Ray"]


async def test_a_load_whose_command_was_lost_is_asked_for_again_and_given_up_at_last(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    first = await load(office)
    office.later(timedelta(minutes=2))
    async with office.transaction() as tx:
        assert await remote_customers.ask_stuck_loads_again(tx, office.tools, 10) == 1
    await office.read_outbox()
    (again,) = office.take(ListRemoteCustomers)
    assert again.load_id == first.load_id
    office.later(timedelta(minutes=20))
    async with office.transaction() as tx:
        await remote_customers.ask_stuck_loads_again(tx, office.tools, 10)
    assert (await caller.get(LIST))["load"]["about"] == "interrupted"
    async with office.transaction() as tx:
        assert await remote_customers.refresh_lists(tx, office.tools, 10) == 0
    office.later(timedelta(minutes=20))
    async with office.transaction() as tx:
        assert await remote_customers.refresh_lists(tx, office.tools, 10) == 1
    await office.read_outbox()
    *_, last = office.take(ListRemoteCustomers)
    assert last.load_id == first.load_id, "it goes on by itself"


async def test_s16_two_there_with_one_name_are_both_offered_and_none_is_matched(
    office: Office, caller: Caller
) -> None:
    await office.connect(sync_customers=False)
    ann = customer(email=None)
    await office.events(office.customer_event(ann))
    await office.connections(page(office, [there("1", "ANN  LEE"), there("2", "Ann Lee")]))
    shown = await caller.get(f"{LIST}?filter=look_alike")
    assert [row["remote_id"] for row in shown["data"]] == ["1", "2"]
    for row in shown["data"]:
        assert row["match"] is None
        assert [(c["customer_id"], c["why"]) for c in row["candidates"]] == [
            (str(ann.id), "same name")
        ]
        assert row["status"] == "look_alike"
    assert shown["counts"] == {
        "all": 2,
        "new": 0,
        "linked": 0,
        "look_alike": 2,
        "no_email": 2,
        "business": 0,
        "homeowner": 2,
        "selected": 0,
    }


async def test_an_email_that_is_one_customers_alone_on_both_sides_is_a_match(
    office: Office, caller: Caller
) -> None:
    await office.connect(sync_customers=False)
    ann, bo = customer(), customer("Bo Poe", email="office@poe.example")
    await office.events(office.customer_event(ann), office.customer_event(bo))
    await office.connections(
        page(
            office,
            [
                there("1", "Ann Lee-Ray", "ANN@lee.example"),
                there("2", "Poe & Sons", "office@poe.example"),
                there("3", "Poe Rentals", "office@poe.example"),
            ],
        )
    )
    rows = {row["remote_id"]: row for row in (await caller.get(LIST))["data"]}
    assert rows["1"]["match"]["customer_id"] == str(ann.id)
    assert rows["1"]["match"]["why"] == "same e-mail"
    assert rows["2"]["match"] is None, "two there have this e-mail"
    assert rows["2"]["candidates"][0]["why"] == "same e-mail"


async def test_linked_and_merged_ones_and_other_companies_are_kept_apart(
    office: Office, caller: Caller
) -> None:
    await office.connect(sync_customers=False)
    origin = CameFrom(connection_id=office.connection, remote_id=RemoteId("1"))
    ann = customer(came_from=origin)
    await office.events(office.customer_event(ann))
    await office.connections(
        page(
            office,
            [
                there("1", "Ann Lee", "ann@lee.example"),
                there("2", "Ann Lee", "ann@lee.example", active=False, merged_into="1"),
                there("3", "Ann Lee"),
            ],
        )
    )
    shown = await caller.get(LIST)
    assert [(row["remote_id"], row["status"]) for row in shown["data"]] == [
        ("1", "linked"),
        ("3", "new"),
    ], "who is linked already is nobody else's look-alike"
    assert shown["data"][0]["linked_to"] == {"customer_id": str(ann.id), "name": "Ann Lee"}


async def test_s24_each_suggestion_has_its_reason_and_a_bulk_choice_is_kept(
    office: Office, caller: Caller
) -> None:
    await office.connect(sync_customers=False)
    rows = [
        there("1", "Acme Heating LLC", "ap@acmeheating.com"),
        there("2", "Maria Gomez", "maria.g@gmail.com"),
        there("3", "Reed Cabins", "hello@reed.example", company_name="Reed"),
    ]
    await office.connections(page(office, rows))
    shown = {row["remote_id"]: row for row in (await caller.get(LIST))["data"]}
    assert (shown["1"]["kind"], shown["1"]["reason"]) == ("business", '"LLC" in the name')
    assert (shown["2"]["kind"], shown["2"]["reason"]) == ("homeowner", "first and last name")
    assert shown["3"]["reason"] == 'company "Reed"'
    choice = {"matching": {"filter": "business"}, "kind": "homeowner"}
    assert (await caller.call("PUT", f"{LIST}/choices", choice)).json()["changed"] == 2
    one = {"customers": [{"remote_id": "1", "kind": "business"}]}
    assert (await caller.call("PUT", f"{LIST}/choices", one)).status_code == 200
    # A load that comes later doesn't take back what a person chose.
    office.later(timedelta(minutes=1))
    await office.connections(page(office, rows))
    shown = {row["remote_id"]: row for row in (await caller.get(LIST))["data"]}
    assert [shown[n]["kind"] for n in "123"] == ["business", "homeowner", "homeowner"]
    assert shown["3"]["suggested_kind"] == "business"
    found = await caller.get(f"{LIST}?q=gomez&filter=homeowner")
    assert [row["remote_id"] for row in found["data"]] == ["2"]
    assert (await caller.get(f"{LIST}?q=100%25"))["data"] == [], "a % is a character"


async def test_s24_what_a_company_chose_changes_its_own_suggestions_and_nobody_elses(
    office: Office, caller: Caller, http: httpx.AsyncClient
) -> None:
    await office.connect(sync_customers=False)
    await office.connections(
        page(
            office,
            [
                there("1", "Hill House", "kim@hillhouse.example"),
                there("2", "Tess Hill", "tess@hillhouse.example"),
                there("3", "Ann Lee", "ann@gmail.com"),
            ],
        )
    )
    before = {row["remote_id"]: row for row in (await caller.get(LIST))["data"]}
    assert before["2"]["suggested_kind"] == "homeowner"
    body = {"kinds": {"2": "business", "3": "homeowner"}}
    learnt = await caller.call("POST", f"{LIST}/learn", body)
    assert learnt.json() == {"corrected": 1}
    after = {row["remote_id"]: row for row in (await caller.get(LIST))["data"]}
    assert (after["1"]["suggested_kind"], after["1"]["reason"]) == (
        "business",
        "you chose this for others at hillhouse.example",
    )
    assert after["3"]["suggested_kind"] == "homeowner", "a free mailbox teaches nothing"
    office.company = CompanyId(uuid4())
    office.connection = ConnectionId(uuid4())
    await office.connect(sync_customers=False)
    await office.connections(page(office, [there("2", "Tess Hill", "tess@hillhouse.example")]))
    (row,) = (await Caller(http, office.company).get(LIST))["data"]
    assert row["suggested_kind"] == "homeowner"


async def test_a_load_is_a_run_and_stops_when_told(office: Office, caller: Caller) -> None:
    await office.connect()
    begun = (await caller.call("POST", f"{LIST}/load", {})).json()["run"]
    await office.read_outbox()
    (command,) = office.take(ListRemoteCustomers)
    first = page(office, [there("1", "Ann Lee")], more=True, load=command.load_id, total=1500)
    await office.connections(first)
    run = (await caller.get(f"/runs/{begun['id']}"))["run"]
    assert (run["kind"], run["state"], run["done"], run["total"]) == (
        "load_customers",
        "running",
        1,
        1500,
    )
    stopped = await caller.call("POST", f"/runs/{begun['id']}/cancel", {})
    assert stopped.json()["run"]["state"] == "stopped"
    second = page(office, [there("2", "Bo Poe")], number=1, load=command.load_id)
    await office.connections(second)
    assert [row["name"] for row in (await caller.get(LIST))["data"]] == ["Ann Lee"]
    versions = [message.run.version for message in office.take(RunChanged)]
    assert versions == sorted(set(versions))


async def test_a_load_is_joined_though_the_list_of_the_connecting_came_after_it_began(
    office: Office,
) -> None:
    """The connector reads the list by itself when it connects; its pages may come late."""
    await office.connect()
    command = await load(office)
    office.now += timedelta(seconds=1)
    await office.connections(page(office, [there("1", "Ann Lee")]))
    async with office.transaction() as tx:
        again, joined = await remote_customers.load(
            tx, office.tools, office.company, "qbo", Origin(by="person")
        )
    assert joined
    assert again.id == command.load_id


async def test_a_customer_taken_back_is_forgotten_whatever_still_comes_of_it(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    await office.connections(page(office, [there("58", "Ann Lee")]))
    origin = CameFrom(connection_id=office.connection, remote_id=RemoteId("58"))
    ann = customer(came_from=origin)
    await office.events(office.customer_event(ann))
    gone = await caller.call("POST", "/records/customer/forget", {"customers": [str(ann.id)]})
    assert gone.json() == {"forgotten": 1, "kept": []}
    await office.events(office.customer_event(ann))
    assert await office.state("customer", ann.id) is None
    assert (await caller.get(LIST))["data"][0]["status"] == "new"


async def test_a_wrong_filter_or_cursor_is_named(office: Office, caller: Caller) -> None:
    await office.connect()
    wrong = await caller.call("GET", f"{LIST}?filter=nonsense")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "filter")
    wrong = await caller.call("GET", f"{LIST}?cursor=abc")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "cursor")


async def test_s94_a_link_by_hand_releases_what_waited_and_is_undone(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    await office.connections(page(office, [there("58", "Ann Lee"), there("59", "Bo Poe")]))
    ann, call_out = customer(), item()
    await office.map(call_out.id)
    bill = invoice(ann, call_out)
    await office.events(
        office.customer_event(ann), office.item_event(call_out), office.invoice_event(bill)
    )
    job = await office.job("customer", ann.id)
    assert job is not None
    assert (job.state.value, job.cause and job.cause.code) == ("blocked", "customer_name_taken")
    (item_command,) = office.commands()
    await office.outcomes(office.success(item_command, "9"))

    async def put(remote: str) -> httpx.Response:
        body = {"provider": "qbo", "record": ann.model_dump(mode="json"), "remote_id": remote}
        return await caller.call("PUT", f"/records/customer/{ann.id}/link", body)

    unknown = await put("77")
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "remote_id")
    linked = await put("58")
    assert (linked.status_code, linked.json()["before"]) == (200, None)
    await office.read_outbox()
    (command,) = office.commands()
    assert isinstance(command, SyncInvoice)
    assert command.customer_remote_id == "58"
    bo = customer("Bo Poe-Ray", email="bo@poe.example")
    await office.events(office.customer_event(bo))
    body = {"provider": "qbo", "record": bo.model_dump(mode="json"), "remote_id": "58"}
    await office.read_outbox()
    (bo_command,) = office.commands()
    await office.outcomes(office.failure(bo_command, "customer_name_taken"))
    sent = await caller.call("PUT", f"/records/customer/{bo.id}/link", body)
    assert (sent.status_code, sent.json()["code"]) == (409, "linked_to_another")
    assert "Ann Lee" in sent.json()["detail"]
    body = {"provider": "qbo", "record": ann.model_dump(mode="json")}
    gone = await caller.call("POST", f"/records/customer/{ann.id}/unlink", body)
    assert (gone.status_code, gone.json()["before"]) == (200, "58")
    assert await office.state("customer", ann.id) == "not_synced"
    alike = await caller.call("POST", f"/records/customer/{ann.id}/lookalikes", body)
    assert [(row["remote_id"], row["why"]) for row in alike.json()["data"]] == [("58", "same name")]
    again = await put("58")
    assert again.status_code == 200, "undone"
    assert await office.state("customer", ann.id) == "synced"


async def test_who_has_the_name_is_named_to_one_that_is_there_and_was_renamed(
    office: Office,
) -> None:
    await office.connect()
    # The list is older than its own last name there.
    await office.connections(page(office, [there("99", "Bo Poe"), there("59", "Bo Poe")]))
    cat = customer("Cat Elm", email="cat@elm.example")
    await office.events(office.customer_event(cat))
    (create,) = office.commands()
    await office.outcomes(office.success(create, "99"))
    renamed = cat.model_copy(update={"version": 2, "name": "Bo Poe"})
    await office.events(office.customer_event(renamed))
    await office.read_outbox()
    (update,) = office.commands()
    await office.outcomes(office.failure(update, "customer_name_taken"))
    job = await office.job("customer", cat.id)
    assert job is not None
    assert job.cause is not None
    assert job.cause.code == "customer_name_taken"
    assert (job.cause.params["kind"], job.cause.params["remote_id"]) == ("customer", "59")


async def test_an_unlink_is_undone_though_the_list_is_older_than_the_record_there(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    await office.connections(page(office, [there("58", "Ann Lee")]))
    cat = customer("Cat Elm", email="cat@elm.example")
    await office.events(office.customer_event(cat))
    (create,) = office.commands()
    await office.outcomes(office.success(create, "99"))
    body: dict[str, object] = {"provider": "qbo", "record": cat.model_dump(mode="json")}
    gone = await caller.call("POST", f"/records/customer/{cat.id}/unlink", body)
    assert (gone.status_code, gone.json()["before"]) == (200, "99")
    other = await caller.call(
        "PUT", f"/records/customer/{cat.id}/link", {**body, "remote_id": "98"}
    )
    assert (other.status_code, other.json()["errors"][0]["field"]) == (422, "remote_id")
    again = await caller.call(
        "PUT", f"/records/customer/{cat.id}/link", {**body, "remote_id": "99"}
    )
    assert again.status_code == 200, again.text
    assert await office.state("customer", cat.id) == "synced"


async def test_a_look_alike_listed_later_is_asked_about_and_one_that_goes_is_not(
    office: Office,
) -> None:
    await office.connect(sync_customers=False)
    await office.connections(page(office, [there("58", "Ann Lee"), there("60", "Zed")]))
    ann = customer()
    await office.events(office.customer_event(ann))
    await office.pool.execute(
        "update connection_settings set sync_customers = true, customers_since = $1",
        office.now - timedelta(days=1),
    )
    await office.events(office.customer_event(customer(known_as=ann.id, version=2)))
    assert await office.state("customer", ann.id) == "blocked"
    office.later(timedelta(minutes=1))
    await office.connections(page(office, [there("60", "Zed")]))
    await office.sweep()
    (command,) = office.commands()
    assert command.record_id == ann.id


async def interrupted(office: Office, *, came: int) -> ListRemoteCustomers:
    """A load of three pages of two that stops after so many."""
    command = await load(office)
    for number in range(came):
        await office.connections(page_of_two(office, command, number))
    office.later(timedelta(minutes=20))
    async with office.transaction() as tx:
        await remote_customers.ask_stuck_loads_again(tx, office.tools, 10)
    await office.read_outbox()
    office.take(ListRemoteCustomers)
    return command


def page_of_two(
    office: Office, command: ListRemoteCustomers, number: int, as_of: datetime = START
) -> RemoteCustomersListed:
    rows = [there(f"{number}-{n}", f"Customer {number}{n}") for n in range(2)]
    return page(
        office,
        rows,
        number=number,
        more=number < 2,
        load=command.load_id,
        total=6,
        as_of=as_of,
    )


async def test_s23_an_interrupted_load_says_how_far_it_came_and_goes_on_from_there(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    first = await interrupted(office, came=2)
    told = (await caller.get(LIST))["load"]
    assert (told["about"], told["state"], told["done"], told["total"]) == (
        "interrupted",
        "stopped",
        4,
        6,
    )
    begun = (await caller.call("POST", f"{LIST}/load", {})).json()
    assert (begun["run"]["id"], begun["joined"]) == (str(first.load_id), False)
    assert (begun["run"]["state"], begun["run"]["done"]) == ("running", 4)
    await office.read_outbox()
    (again,) = office.take(ListRemoteCustomers)
    assert again.load_id == first.load_id
    # What is told twice counts once.
    await office.connections(page_of_two(office, first, 1), page_of_two(office, first, 2))
    shown = await caller.get(LIST)
    assert (shown["load"]["state"], shown["load"]["done"]) == ("done", 6)
    assert (len(shown["data"]), shown["as_of"] is not None) == (6, True)


async def test_s23_a_page_that_comes_after_the_interruption_has_the_load_go_on(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    first = await interrupted(office, came=1)
    await office.connections(page_of_two(office, first, 1))
    told = (await caller.get(LIST))["load"]
    assert (told["state"], told["done"]) == ("running", 4)
    await office.connections(page_of_two(office, first, 2))
    assert (await caller.get(LIST))["load"]["state"] == "done"
    versions = [message.run.version for message in office.take(RunChanged)]
    assert versions == sorted(set(versions))


async def test_s23_a_load_that_is_read_from_its_beginning_again_counts_from_there(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    first = await interrupted(office, came=2)
    await caller.call("POST", f"{LIST}/load", {})
    later = office.now
    for number in (0, 1):
        await office.connections(page_of_two(office, first, number, later))
    # Of the first reading: its page isn't one of the second.
    await office.connections(page_of_two(office, first, 2))
    told = (await caller.get(LIST))["load"]
    assert (told["state"], told["done"]) == ("running", 4)
    await office.connections(page_of_two(office, first, 2, later))
    shown = await caller.get(LIST)
    assert (shown["load"]["state"], shown["load"]["done"], len(shown["data"])) == ("done", 6, 6)


async def test_z2_ticks_are_kept_and_what_is_selected_is_counted_over_all_pages(
    office: Office, caller: Caller
) -> None:
    await office.connect(sync_customers=False)
    ann, bo = customer("Ann Lee", email=None), customer("Bo P", email="bo@poe.example")
    await office.events(office.customer_event(ann), office.customer_event(bo))
    rows = [there(f"{n}", f"Customer {n}") for n in range(5)]
    rows += [there("a", "Ann Lee"), there("b", "Bo Poe", "bo@poe.example")]
    rows += [there("z", "Zed", active=False)]
    await office.connections(page(office, rows))

    async def chosen(**body: object) -> dict[str, int]:
        answer = await caller.call("PUT", f"{LIST}/choices", body)
        assert answer.status_code == 200, answer.text
        return answer.json()["selection"]

    def one(remote: str, **more: object) -> dict[str, object]:
        return {"customers": [{"remote_id": remote, **more}]}

    shown = await caller.get(f"{LIST}?limit=3")
    assert shown["selection"] == {"new": 5, "links": 1, "asks": 0}, "the inactive is left out"
    assert await chosen(**one("2", picked=False)) == {"new": 4, "links": 1, "asks": 0}
    assert await chosen(**one("z", picked=True)) == {"new": 5, "links": 1, "asks": 0}
    assert await chosen(**one("a", picked=True)) == {"new": 5, "links": 1, "asks": 1}
    assert await chosen(**one("a", as_new=True)) == {"new": 6, "links": 1, "asks": 0}
    assert await chosen(**one("a", link_to=str(ann.id))) == {"new": 5, "links": 2, "asks": 0}
    assert await chosen(**one("a", link_to=None)) == {"new": 5, "links": 1, "asks": 1}
    assert await chosen(**one("b", as_new=True)) == {"new": 6, "links": 0, "asks": 1}
    everyone = {"matching": {"filter": "all"}}
    assert await chosen(**everyone, picked=False) == {"new": 0, "links": 0, "asks": 0}
    assert await chosen(**everyone, picked=True) == {"new": 7, "links": 0, "asks": 0}
    assert await chosen(matching={"q": "customer"}, picked=False) == {
        "new": 2,
        "links": 0,
        "asks": 0,
    }
    told = await caller.call("POST", f"{LIST}/ids", {"filter": "selected"})
    assert [(row["remote_id"], row["chosen_new"]) for row in told.json()["customers"]] == [
        ("b", True),
        ("z", False),
    ]
    # A list that is read anew takes nothing of it back.
    office.later(timedelta(minutes=1))
    await office.connections(page(office, rows))
    assert (await caller.get(LIST))["selection"]["new"] == 2
    assert (await caller.get(f"{LIST}?filter=selected"))["counts"]["selected"] == 2


async def test_pages_of_the_review_lead_forth_and_back(office: Office, caller: Caller) -> None:
    await office.connect()
    await office.connections(page(office, [there(f"{n}", f"Customer {n}") for n in range(7)]))

    async def at(rest: str) -> tuple[list[str], str | None, str | None]:
        shown = await caller.get(f"{LIST}?limit=3{rest}")
        ids = [row["remote_id"] for row in shown["data"]]
        return ids, shown["prev_cursor"], shown["next_cursor"]

    first, before, forth = await at("")
    assert (first, before) == (["0", "1", "2"], None)
    second, back, forth = await at(f"&cursor={forth}")
    assert second == ["3", "4", "5"]
    last, back_to_second, beyond = await at(f"&cursor={forth}")
    assert (last, beyond) == (["6"], None)
    assert (await at(f"&before={back_to_second}"))[0] == second
    again, before, forth = await at(f"&before={back}")
    assert (again, before) == (first, None)
    assert (await at(f"&cursor={forth}"))[0] == second
    wrong = await caller.call("GET", f"{LIST}?before=abc")
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "before")


async def test_s24_an_import_told_of_twice_teaches_once(office: Office, caller: Caller) -> None:
    await office.connect(sync_customers=False)
    rows = [there("1", "Oak Lodge"), there("2", "Elm Lodge"), there("3", "Ash Lodge")]
    await office.connections(page(office, rows))
    before = {row["remote_id"]: row for row in (await caller.get(LIST))["data"]}
    assert before["3"]["suggested_kind"] == "business"
    body = {"run_id": str(uuid4()), "kinds": {"1": "homeowner"}}
    for corrected in (1, 0):
        learnt = await caller.call("POST", f"{LIST}/learn", body)
        assert learnt.json() == {"corrected": corrected}
    after = {row["remote_id"]: row for row in (await caller.get(LIST))["data"]}
    assert after["3"]["suggested_kind"] == "business", "a word needs two"
    body = {"run_id": str(uuid4()), "kinds": {"2": "homeowner"}}
    assert (await caller.call("POST", f"{LIST}/learn", body)).json() == {"corrected": 1}
    after = {row["remote_id"]: row for row in (await caller.get(LIST))["data"]}
    assert after["3"]["suggested_kind"] == "homeowner"


async def test_a_customer_of_which_nothing_was_told_yet_is_forgotten_all_the_same(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    await office.connections(page(office, [there("58", "Ann Lee")]))
    origin = CameFrom(connection_id=office.connection, remote_id=RemoteId("58"))
    ann = customer(came_from=origin)
    gone = await caller.call("POST", "/records/customer/forget", {"customers": [str(ann.id)]})
    assert gone.json() == {"forgotten": 0, "kept": []}
    await office.events(office.customer_event(ann))
    assert await office.state("customer", ann.id) is None
