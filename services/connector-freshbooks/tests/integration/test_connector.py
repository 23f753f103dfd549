"""The connector at work: the kit on PostgreSQL against the simulator, one organisation a test."""

from connector_conformance.running import Running
from connector_conformance.shop import accounts_of, failed, succeeded
from connector_conformance.simulator import Simulator
from contracts.commands import RecordCommand
from contracts.connections import ConnectionExpired, RemoteCustomersListed
from contracts.sync import SyncDelayed, SyncSucceeded
from testkit import eventually


async def delays(connector: Running, command: RecordCommand) -> list[str]:
    outcomes = await connector.outcomes(command.record_id)
    return [o.why for o in outcomes if isinstance(o, SyncDelayed)]


async def test_consent_connects_and_publishes_accounts_and_customers(
    connector: Running, simulator: Simulator
) -> None:
    await simulator.fresh("Kit A")
    await simulator.seed("Kit A", customers=[{"name": "Bob Ray", "email": "bob@ray.example"}])
    company = await connector.connected("Kit A")
    assert {"Service revenue", "Parts revenue"} <= set(await accounts_of(connector, company))

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


async def test_customer_item_and_invoice_are_in_the_books_exactly_once(
    connector: Running, simulator: Simulator
) -> None:
    await simulator.fresh("Kit D")
    company = await connector.connected("Kit D")
    accounts = await accounts_of(connector, company)
    customer = company.customer("Ann Lee")
    item = company.item("Call-out", accounts["Service revenue"])
    await connector.command(customer, item, customer)
    made_customer = await succeeded(connector, customer)
    made_item = await succeeded(connector, item)
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
    assert [(i["name"], i["account_id"]) for i in books["items"]] == [
        ("Call-out", accounts["Service revenue"].id)
    ]
    assert [(i["number"], i["total"]) for i in books["invoices"]] == [("1001", "256.38")]
    await connector.command(invoice)
    assert len((await simulator.books("Kit D"))["invoices"]) == 1


async def test_a_lost_answer_is_looked_up_and_nothing_is_doubled(
    connector: Running, simulator: Simulator
) -> None:
    await simulator.fresh("Kit F")
    company = await connector.connected("Kit F")
    accounts = await accounts_of(connector, company)
    customer, item = (
        company.customer("Ann Lee"),
        company.item("Call-out", accounts["Service revenue"]),
    )
    for path in ("/users/clients", "/items/items", "/invoices/invoices"):
        match = {"path": path, "method": "POST", "organisation": "Kit F"}
        await simulator.fault("drop_after_commit", match=match, times=1)
    await connector.command(customer, item)
    theirs = await succeeded(connector, customer), await succeeded(connector, item)
    invoice = company.invoice(
        "1001",
        (customer.record_id, theirs[0].remote.id),
        [(item.record_id, theirs[1].remote.id, "2", "128.19")],
    )
    await connector.command(invoice)
    made = await succeeded(connector, invoice)
    books = await simulator.books("Kit F")
    assert [c["id"] for c in books["customers"]] == [theirs[0].remote.id]
    assert [i["id"] for i in books["items"]] == [theirs[1].remote.id]
    assert [i["id"] for i in books["invoices"]] == [made.remote.id]
    for command in (customer, item, invoice):
        assert "checking" in await delays(connector, command)


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
        assert (await delays(connector, customer))[-1:] == ["connection"]

    await eventually(expired, within=15)


async def test_a_taken_number_is_a_cause_that_says_who_has_it(
    connector: Running, simulator: Simulator
) -> None:
    await simulator.fresh("Kit K")
    company = await connector.connected("Kit K")
    customer = company.customer("Ann Lee")
    await connector.command(customer)
    theirs = await succeeded(connector, customer)
    line = {"item": "Call-out", "unit_price": "5"}
    taken = {"customer": "Ann Lee", "number": "1001", "lines": [line]}
    await simulator.seed("Kit K", items=[{"name": "Call-out"}], invoices=[taken])
    invoice = company.invoice("1001", (customer.record_id, theirs.remote.id), [])
    await connector.command(invoice)
    outcome = await failed(connector, invoice)
    assert outcome.cause.code == "invoice_number_taken"
    assert outcome.cause.params["customer_there"] == "Ann Lee"
    assert len((await simulator.books("Kit K"))["invoices"]) == 1


async def test_an_edited_invoice_is_updated_and_a_void_deletes_it_there(
    connector: Running, simulator: Simulator
) -> None:
    await simulator.fresh("Kit L")
    company = await connector.connected("Kit L")
    customer, item = company.customer("Ann Lee"), company.item("Call-out", None)
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
    assert there["vis_state"] == 1


async def test_a_deleted_customer_is_named_gone_and_restored_when_needed(
    connector: Running, simulator: Simulator
) -> None:
    await simulator.fresh("Kit M")
    company = await connector.connected("Kit M")
    customer, item = company.customer("Ann Lee"), company.item("Call-out", None)
    await connector.command(customer, item)
    theirs = await succeeded(connector, customer), await succeeded(connector, item)
    await simulator.delete("Kit M", "customer", theirs[0].remote.id)
    whom = (customer.record_id, theirs[0].remote.id)
    lines = [(item.record_id, theirs[1].remote.id, "2", "128.19")]
    invoice = company.invoice("1001", whom, lines)
    await connector.command(invoice)
    assert str(customer.record_id) in (await failed(connector, invoice)).reference_gone
    needed = company.customer("Ann Li", record=customer.record_id, link=theirs[0].remote, step=2)
    await connector.command(needed)
    assert (await succeeded(connector, needed)).remote.id == theirs[0].remote.id
    again = company.invoice("1001", whom, lines, record=invoice.record_id, step=2)
    await connector.command(again)
    await succeeded(connector, again)
    books = await simulator.books("Kit M")
    assert [(c["name"], c["vis_state"]) for c in books["customers"]] == [("Ann Li", 0)]
    assert len(books["invoices"]) == 1


async def test_a_throttled_connection_waits_and_then_goes_on(
    connector: Running, simulator: Simulator
) -> None:
    await simulator.fresh("Kit N")
    company = await connector.connected("Kit N")
    await accounts_of(connector, company)
    match = {"organisation": "Kit N", "path": "/users/clients", "method": "POST"}
    await simulator.fault("status", status=429, body="Too many", match=match, times=1)
    customer = company.customer("Ann Lee")
    await connector.command(customer)
    made = await succeeded(connector, customer)
    assert [a.result for a in made.attempts][-1] == "accepted"
    assert len((await simulator.books("Kit N"))["customers"]) == 1


async def test_a_conflict_there_is_tried_again(connector: Running, simulator: Simulator) -> None:
    await simulator.fresh("Kit P")
    company = await connector.connected("Kit P")
    match = {"organisation": "Kit P", "path": "/users/clients", "method": "POST"}
    body = '{"response":{"errors":[{"errno":409,"message":"Modified by another request."}]}}'
    await simulator.fault("status", status=409, body=body, match=match, times=1)
    customer = company.customer("Ann Lee")
    await connector.command(customer)
    await succeeded(connector, customer)
    assert len((await simulator.books("Kit P"))["customers"]) == 1


async def test_a_missing_permission_expires_the_connection_with_its_cause(
    connector: Running, simulator: Simulator
) -> None:
    await simulator.fresh("Kit Q")
    company = await connector.connected("Kit Q")
    await accounts_of(connector, company)
    match = {"organisation": "Kit Q", "path": "/users/clients", "method": "POST"}
    body = '{"response":{"errors":[{"errno":1003,"message":"Insufficient scope."}]}}'
    await simulator.fault("status", status=403, body=body, match=match, times=1)
    customer = company.customer("Ann Lee")
    await connector.command(customer)

    async def expired() -> None:
        causes = [
            e.cause.code
            for e in await connector.said(ConnectionExpired)
            if e.connection_id == company.connection
        ]
        assert causes[:1] == ["permission_missing"]
        assert (await delays(connector, customer))[-1:] == ["connection"]

    await eventually(expired, within=15)
    assert (await simulator.books("Kit Q"))["customers"] == []


async def test_a_lost_answer_to_a_restore_is_looked_up_and_the_rest_goes(
    connector: Running, simulator: Simulator
) -> None:
    await simulator.fresh("Kit R")
    company = await connector.connected("Kit R")
    customer = company.customer("Ann Lee")
    await connector.command(customer)
    made = await succeeded(connector, customer)
    await simulator.delete("Kit R", "customer", made.remote.id)
    match = {"organisation": "Kit R", "method": "PUT"}
    await simulator.fault("drop_after_commit", match=match, times=1)
    renamed = company.customer("Ann Li", record=customer.record_id, link=made.remote, step=2)
    await connector.command(renamed)
    # A read proves nothing of an update until the update can't come any more.
    outcome = await connector.outcome(renamed, within=40)
    assert isinstance(outcome, SyncSucceeded), outcome
    assert outcome.remote.id == made.remote.id
    (there,) = (await simulator.books("Kit R"))["customers"]
    assert (there["name"], there["vis_state"]) == ("Ann Li", 0)
