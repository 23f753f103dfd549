"""The connector at work: the kit on PostgreSQL against the simulator, one organisation a test."""

import pytest
from connector_conformance.running import PUBLIC_URL, Running
from connector_conformance.shop import accounts_of, failed, succeeded
from connector_conformance.simulator import Simulator
from contracts.connections import ConnectionExpired, RemoteCustomersListed
from contracts.sync import SyncDelayed, SyncFailed
from testkit import eventually


async def test_consent_connects_and_publishes_accounts_and_customers(
    connector: Running, simulator: Simulator
) -> None:
    await simulator.fresh("Kit A")
    await simulator.seed("Kit A", customers=[{"name": "Bob Ray", "email": "bob@ray.example"}])
    company = await connector.connected("Kit A")
    accounts = await accounts_of(connector, company)
    assert {"Service revenue", "Parts revenue"} <= set(accounts)

    async def listed() -> None:
        names = [
            customer.name
            for page in await connector.said(RemoteCustomersListed)
            if page.connection_id == company.connection
            for customer in page.customers
        ]
        assert names == ["Bob Ray"]

    await eventually(listed, within=10)
    books = await simulator.books("Kit A")
    assert (books["customers"][0]["name"], books["items"], books["invoices"]) == ("Bob Ray", [], [])


async def test_a_state_of_another_browser_is_refused(
    connector: Running, simulator: Simulator
) -> None:
    await simulator.fresh("Kit C")
    async with connector.browser() as browser:
        answer = await browser.get(
            f"{PUBLIC_URL}/callback", params={"code": "x", "state": "forged", "realmId": "1"}
        )
        assert answer.status_code == 400


async def test_customer_item_and_invoice_are_in_the_books_exactly_once(
    connector: Running, simulator: Simulator
) -> None:
    await simulator.fresh("Kit D")
    company = await connector.connected("Kit D")
    accounts = await accounts_of(connector, company)
    customer = company.customer("Ann Lee")
    item = company.item("Call-out", accounts["Service revenue"])
    await connector.command(customer, item, customer)
    made_customer, made_item = (
        await succeeded(connector, customer),
        await succeeded(connector, item),
    )
    invoice = company.invoice(
        "1001",
        (customer.record_id, made_customer.remote.id),
        [(item.record_id, made_item.remote.id, "2", "128.19")],
    )
    await connector.command(invoice, invoice)
    made = await succeeded(connector, invoice)
    assert made.remote.number == "1001"
    assert made.totals is not None
    assert str(made.totals.total) == "256.38"
    assert made.used[str(customer.record_id)] == made_customer.remote.id
    books = await simulator.books("Kit D")
    assert [c["name"] for c in books["customers"]] == ["Ann Lee"]
    assert [i["name"] for i in books["items"]] == ["Call-out"]
    assert [(i["number"], i["total"]) for i in books["invoices"]] == [("1001", "256.38")]
    await connector.command(invoice)
    assert len((await simulator.books("Kit D"))["invoices"]) == 1


async def test_many_customers_go_in_batches_and_once_each(
    connector: Running, simulator: Simulator
) -> None:
    await simulator.fresh("Kit E")
    company = await connector.connected("Kit E")
    commands = [company.customer(f"Customer {n}") for n in range(60)]
    await connector.command(*commands)
    for command in commands:
        await succeeded(connector, command)
    assert len((await simulator.books("Kit E"))["customers"]) == 60
    writes = [r for r in await simulator.requests("Kit E") if str(r["path"]).endswith("/batch")]
    assert 2 <= len(writes) <= 8


@pytest.mark.parametrize("requestid", [True, False])
async def test_a_lost_answer_is_looked_up_and_nothing_is_doubled(
    connector: Running, simulator: Simulator, requestid: bool
) -> None:
    name = f"Kit F{requestid}"
    await simulator.fresh(name, requestid_honoured=requestid)
    company = await connector.connected(name)
    customer = company.customer("Ann Lee")
    match = {"path": "/customer", "method": "POST"}
    await simulator.fault("drop_after_commit", match=match, times=1)
    await connector.command(customer)
    made = await succeeded(connector, customer)
    there = (await simulator.books(name))["customers"]
    assert [c["id"] for c in there] == [made.remote.id]
    delays = [o for o in await connector.outcomes(customer.record_id) if isinstance(o, SyncDelayed)]
    assert [d.why for d in delays] == ["checking"]


async def test_a_lost_answer_to_an_invoice_is_found_by_its_mark(
    connector: Running, simulator: Simulator
) -> None:
    await simulator.fresh("Kit G", requestid_honoured=False)
    company = await connector.connected("Kit G")
    accounts = await accounts_of(connector, company)
    customer, item = (
        company.customer("Ann Lee"),
        company.item("Call-out", accounts["Service revenue"]),
    )
    await simulator.fault("drop_after_commit", match={"path": "/item", "method": "POST"}, times=1)
    await connector.command(customer, item)
    theirs = await succeeded(connector, customer), await succeeded(connector, item)
    lines = [(item.record_id, theirs[1].remote.id, "2", "128.19")]
    whom = (customer.record_id, theirs[0].remote.id)
    invoices = [company.invoice(f"N{n}", whom, lines) for n in range(5)]
    await simulator.fault("drop_after_commit", match={"path": "/batch"}, times=1)
    await simulator.fault(
        "drop_after_commit", match={"path": "/invoice", "method": "POST"}, times=1
    )
    await connector.command(*invoices)
    for invoice in invoices:
        await succeeded(connector, invoice)
    books = await simulator.books("Kit G")
    assert sorted(str(i["number"]) for i in books["invoices"]) == [f"N{n}" for n in range(5)]
    assert len(books["items"]) == 1


async def test_access_removed_there_expires_the_connection_and_holds_its_work(
    connector: Running, simulator: Simulator
) -> None:
    await simulator.fresh("Kit I")
    company = await connector.connected("Kit I")
    await accounts_of(connector, company)
    await simulator.disconnect("Kit I")
    customer = company.customer("Ann Lee")
    await connector.command(customer)

    async def expired() -> None:
        causes = [
            e.cause.code
            for e in await connector.said(ConnectionExpired)
            if e.connection_id == company.connection
        ]
        assert causes[:1] == ["connection_expired"]
        outcomes = await connector.outcomes(customer.record_id)
        assert [o.why for o in outcomes if isinstance(o, SyncDelayed)][-1:] == ["connection"]

    await eventually(expired, within=15)
    assert not [
        o for o in await connector.outcomes(customer.record_id) if isinstance(o, SyncFailed)
    ]


async def test_a_name_of_a_vendor_is_a_cause(connector: Running, simulator: Simulator) -> None:
    await simulator.fresh("Kit J")
    await simulator.seed("Kit J", vendors=[{"name": "Ann Lee"}])
    company = await connector.connected("Kit J")
    customer = company.customer("Ann Lee")
    await connector.command(customer)
    outcome = await failed(connector, customer)
    assert outcome.cause.code == "customer_name_taken"
    chosen = company.customer(
        "Ann Lee", record=customer.record_id, step=2, name_there="Ann Lee (2)"
    )
    await connector.command(chosen)
    await succeeded(connector, chosen)
    assert [c["name"] for c in (await simulator.books("Kit J"))["customers"]] == ["Ann Lee (2)"]


async def test_a_taken_number_blocks_before_anything_is_sent(
    connector: Running, simulator: Simulator
) -> None:
    await simulator.fresh("Kit K")
    company = await connector.connected("Kit K")
    accounts = await accounts_of(connector, company)
    customer, item = (
        company.customer("Ann Lee"),
        company.item("Call-out", accounts["Service revenue"]),
    )
    await connector.command(customer, item)
    theirs = await succeeded(connector, customer), await succeeded(connector, item)
    line = {"item": "Call-out", "unit_price": "5"}
    await simulator.seed(
        "Kit K", invoices=[{"customer": "Ann Lee", "number": "1001", "lines": [line]}]
    )
    invoice = company.invoice(
        "1001",
        (customer.record_id, theirs[0].remote.id),
        [(item.record_id, theirs[1].remote.id, "2", "128.19")],
    )
    await connector.command(invoice)
    outcome = await failed(connector, invoice)
    assert outcome.cause.code == "invoice_number_taken"
    assert outcome.cause.params["total_there"] == "5 USD"
    assert len((await simulator.books("Kit K"))["invoices"]) == 1


async def test_an_edited_invoice_is_updated_and_a_void_voids_it(
    connector: Running, simulator: Simulator
) -> None:
    await simulator.fresh("Kit L")
    company = await connector.connected("Kit L")
    accounts = await accounts_of(connector, company)
    customer, item = (
        company.customer("Ann Lee"),
        company.item("Call-out", accounts["Service revenue"]),
    )
    await connector.command(customer, item)
    theirs = await succeeded(connector, customer), await succeeded(connector, item)
    whom = (customer.record_id, theirs[0].remote.id)
    first = company.invoice("1001", whom, [(item.record_id, theirs[1].remote.id, "2", "128.19")])
    await connector.command(first)
    made = await succeeded(connector, first)
    edited = company.invoice(
        "1001",
        whom,
        [(item.record_id, theirs[1].remote.id, "3", "128.19")],
        record=first.record_id,
        link=made.remote,
        step=2,
    )
    await connector.command(edited)
    again = await succeeded(connector, edited)
    assert again.remote.id == made.remote.id
    (there,) = (await simulator.books("Kit L"))["invoices"]
    assert there["total"] == "384.57"
    void = company.void(edited, again.remote, step=3)
    await connector.command(void)
    assert (await succeeded(connector, void)).voided
    (there,) = (await simulator.books("Kit L"))["invoices"]
    assert there["status"] == "void"


async def test_a_customer_made_inactive_is_named_gone_and_active_again_when_needed(
    connector: Running, simulator: Simulator
) -> None:
    await simulator.fresh("Kit M")
    company = await connector.connected("Kit M")
    accounts = await accounts_of(connector, company)
    customer, item = (
        company.customer("Ann Lee"),
        company.item("Call-out", accounts["Service revenue"]),
    )
    await connector.command(customer, item)
    theirs = await succeeded(connector, customer), await succeeded(connector, item)
    await simulator.change("Kit M", "customer", theirs[0].remote.id, active=False)
    whom = (customer.record_id, theirs[0].remote.id)
    lines = [(item.record_id, theirs[1].remote.id, "2", "128.19")]
    invoice = company.invoice("1001", whom, lines)
    await connector.command(invoice)
    outcome = await failed(connector, invoice)
    assert str(customer.record_id) in outcome.reference_gone
    needed = company.customer("Ann Lee", record=customer.record_id, link=theirs[0].remote, step=2)
    await connector.command(needed)
    assert (await succeeded(connector, needed)).remote.id == theirs[0].remote.id
    again = company.invoice("1001", whom, lines, record=invoice.record_id, step=2)
    await connector.command(again)
    await succeeded(connector, again)
    books = await simulator.books("Kit M")
    assert [(c["name"], c["active"]) for c in books["customers"]] == [("Ann Lee", True)]
    assert len(books["invoices"]) == 1


async def test_a_throttled_connection_waits_and_then_goes_on(
    connector: Running, simulator: Simulator
) -> None:
    await simulator.fresh("Kit N")
    company = await connector.connected("Kit N")
    await accounts_of(connector, company)
    await simulator.fault(
        "status",
        status=429,
        body="<IntuitResponse><Fault type='SERVICE'><Error code='3001'/></Fault></IntuitResponse>",
        match={"organisation": "Kit N", "path": "/customer"},
        times=1,
    )
    customer = company.customer("Ann Lee")
    await connector.command(customer)
    made = await succeeded(connector, customer)
    assert [a.result for a in made.attempts][-1] == "accepted"
    assert len((await simulator.books("Kit N"))["customers"]) == 1
