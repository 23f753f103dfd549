"""The connector at work: the kit on PostgreSQL against the simulator, one organisation a test."""

import re

from connector_conformance.running import WEB_URL, Running
from connector_conformance.shop import accounts_of, failed, shop, succeeded
from connector_conformance.simulator import Simulator
from connector_conformance.subject import ConformanceSubject
from contracts.connections import (
    ConnectionExpired,
    ConnectionOpened,
    RemoteCustomersListed,
)
from contracts.sync import SyncDelayed
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


async def test_of_several_organisations_a_person_chooses_one(
    connector: Running, simulator: Simulator
) -> None:
    await simulator.fresh("Kit Q1")
    second = await simulator.fresh("Kit Q2")
    async with connector.browser() as browser:
        page = await connector.decided(browser, "Kit Q1", "approve", also="Kit Q2")
        assert "Kit Q1" in page.text
        token = re.search(r'name="token" value="([^"]+)"', page.text)
        assert token is not None, page.text
        answer = await browser.post(
            str(page.url),
            data={"token": token[1], "organisation": second},
            follow_redirects=True,
        )
        assert str(answer.url) == f"{WEB_URL}/integrations/xero/settings"
    opened = [e.organisation.name for e in await connector.said(ConnectionOpened)]
    assert ("Kit Q2" in opened, "Kit Q1" in opened) == (True, False)


async def test_customer_item_and_invoice_are_in_the_books_exactly_once(
    subject: ConformanceSubject, connector: Running, simulator: Simulator
) -> None:
    on = await shop(subject, connector, simulator, "Kit D")
    assert on.there is not None
    invoice = on.invoice("1001")
    await connector.command(invoice, invoice)
    made = await succeeded(connector, invoice)
    assert made.remote.number == "1001"
    assert made.remote.url is not None
    assert made.remote.url.endswith(f"InvoiceID={made.remote.id}")
    assert made.totals is not None
    assert (str(made.totals.total), made.totals.tax) == ("256.38", 0)
    assert made.used[str(on.customer.record_id)] == on.there[0].id
    books = await simulator.books("Kit D")
    assert [c["name"] for c in books["customers"]] == ["Ann Lee"]
    assert [(i["name"], i["sku"]) for i in books["items"]] == [("Call-out", "CALL")]
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
    writes = [r for r in await simulator.requests("Kit E") if r["method"] == "PUT"]
    assert 2 <= len(writes) <= 8


async def test_a_lost_answer_is_looked_up_and_nothing_is_doubled(
    connector: Running, simulator: Simulator
) -> None:
    await simulator.fresh("Kit F")
    company = await connector.connected("Kit F")
    customer = company.customer("Ann Lee")
    item = company.item("Call-out", (await accounts_of(connector, company))["Service revenue"])
    for path in ("/Contacts", "/Items"):
        match = {"path": path, "method": "PUT", "organisation": "Kit F"}
        await simulator.fault("drop_after_commit", match=match, times=1)
    await connector.command(customer, item)
    made = await succeeded(connector, customer)
    assert (await succeeded(connector, item)).remote.number == "CALL"
    books = await simulator.books("Kit F")
    assert [c["id"] for c in books["customers"]] == [made.remote.id]
    assert len(books["items"]) == 1
    delays = [o for o in await connector.outcomes(customer.record_id) if isinstance(o, SyncDelayed)]
    assert [d.why for d in delays] == ["checking"]


async def test_a_lost_answer_to_invoices_is_found_by_their_marks(
    subject: ConformanceSubject, connector: Running, simulator: Simulator
) -> None:
    on = await shop(subject, connector, simulator, "Kit G")
    invoices = [on.invoice(f"N{n}") for n in range(4)]
    match = {"path": "/Invoices", "method": "PUT", "organisation": "Kit G"}
    await simulator.fault("drop_after_commit", match=match, times=2)
    await connector.command(*invoices)
    for invoice in invoices:
        await succeeded(connector, invoice)
    numbers = sorted(str(i["number"]) for i in (await simulator.books("Kit G"))["invoices"])
    assert numbers == [f"N{n}" for n in range(4)]


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
        assert causes[:1] == ["access_removed_there"]
        outcomes = await connector.outcomes(customer.record_id)
        assert [o.why for o in outcomes if isinstance(o, SyncDelayed)][-1:] == ["connection"]

    await eventually(expired, within=15)


async def test_a_taken_name_is_a_cause_that_names_its_holder(
    connector: Running, simulator: Simulator
) -> None:
    await simulator.fresh("Kit J")
    await simulator.seed("Kit J", customers=[{"name": "Ann Lee"}])
    company = await connector.connected("Kit J")
    customer = company.customer("ANN LEE")
    await connector.command(customer)
    outcome = await failed(connector, customer)
    assert outcome.cause.code == "customer_name_taken"
    (there,) = (await simulator.books("Kit J"))["customers"]
    assert outcome.cause.params["remote_id"] == there["id"]
    chosen = company.customer("ANN LEE", record=customer.record_id, step=2, name_there="Ann Lee 2")
    await connector.command(chosen)
    await succeeded(connector, chosen)
    names = [c["name"] for c in (await simulator.books("Kit J"))["customers"]]
    assert sorted(map(str, names)) == ["Ann Lee", "Ann Lee 2"]


async def test_a_taken_number_is_a_cause_that_says_who_has_it(
    subject: ConformanceSubject, connector: Running, simulator: Simulator
) -> None:
    on = await shop(subject, connector, simulator, "Kit K")
    line = {"item": "Call-out", "unit_price": "5"}
    await simulator.seed(
        "Kit K", invoices=[{"customer": "Ann Lee", "number": "1001", "lines": [line]}]
    )
    invoice = on.invoice("1001")
    await connector.command(invoice)
    outcome = await failed(connector, invoice)
    assert outcome.cause.code == "invoice_number_taken"
    assert outcome.cause.params["customer_there"] == "Ann Lee"
    assert len((await simulator.books("Kit K"))["invoices"]) == 1


async def test_an_edited_invoice_is_updated_and_a_void_voids_it(
    subject: ConformanceSubject, connector: Running, simulator: Simulator
) -> None:
    on = await shop(subject, connector, simulator, "Kit L")
    first = on.invoice("1001")
    await connector.command(first)
    made = await succeeded(connector, first)
    edited = on.invoice("1001", quantity="3", after=first, link=made.remote, step=2)
    await connector.command(edited)
    again = await succeeded(connector, edited)
    assert again.remote.id == made.remote.id
    (there,) = (await simulator.books("Kit L"))["invoices"]
    assert there["total"] == "384.57"
    void = on.company.void(edited, again.remote, step=3)
    await connector.command(void)
    assert (await succeeded(connector, void)).voided
    (there,) = (await simulator.books("Kit L"))["invoices"]
    assert there["status"] == "void"


async def test_a_paid_invoice_is_not_voided(
    subject: ConformanceSubject, connector: Running, simulator: Simulator
) -> None:
    on = await shop(subject, connector, simulator, "Kit P")
    invoice = on.invoice("1001")
    await connector.command(invoice)
    made = await succeeded(connector, invoice)
    await simulator.pay("Kit P", made.remote.id)
    void = on.company.void(invoice, made.remote, step=2)
    await connector.command(void)
    assert (await failed(connector, void)).cause.code == "void_refused"


async def test_an_archived_contact_is_named_gone_and_takes_no_update(
    subject: ConformanceSubject, connector: Running, simulator: Simulator
) -> None:
    on = await shop(subject, connector, simulator, "Kit M")
    assert on.there is not None
    await simulator.delete("Kit M", "customers", on.there[0].id)
    invoice = on.invoice("1001")
    await connector.command(invoice)
    outcome = await failed(connector, invoice)
    assert outcome.reference_gone == (str(on.customer.record_id),)
    record = on.customer.record_id
    update = on.company.customer("Ann Lee", record=record, link=on.there[0], step=2)
    await connector.command(update)
    refused = await failed(connector, update)
    assert (refused.cause.code, refused.removed) == ("customer_inactive_there", "deleted")


async def test_a_minute_s_limit_is_waited_out(connector: Running, simulator: Simulator) -> None:
    await simulator.fresh("Kit N")
    company = await connector.connected("Kit N")
    await accounts_of(connector, company)
    await simulator.fault(
        "status",
        status=429,
        body="",
        headers={"Retry-After": "26", "X-Rate-Limit-Problem": "minute"},
        match={"organisation": "Kit N", "path": "/Contacts", "method": "PUT"},
        times=1,
    )
    customer = company.customer("Ann Lee")
    await connector.command(customer)
    made = await succeeded(connector, customer)
    assert [a.result for a in made.attempts] == ["not_executed", "accepted"]
    assert len((await simulator.books("Kit N"))["customers"]) == 1
