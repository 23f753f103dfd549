"""Writing: once each, right to the cent, knowable again, and in few requests."""

from math import ceil

from contracts.commands import RecordCommand
from contracts.connections import RemoteCustomersListed
from contracts.sync import SyncFailed, SyncSucceeded
from testkit import eventually

from connector_conformance.commands import Company
from connector_conformance.running import Running
from connector_conformance.shop import connected, failed, income_account, shop, succeeded
from connector_conformance.simulator import Simulator
from connector_conformance.subject import ConformanceSubject


class WritingConformance:
    def test_each_entity_has_a_mark_or_is_unique_there(self, subject: ConformanceSubject) -> None:
        """What has neither could not be told from somebody else's after a lost answer."""
        entities = subject.provider.entities
        assert set(entities) == {"customer", "item", "invoice"}
        assert [name for name, facts in entities.items() if not (facts.mark or facts.unique)] == []
        assert [name for name, facts in entities.items() if facts.batch < 1] == []

    def test_meters_and_limits_are_whole(self, subject: ConformanceSubject) -> None:
        """Whatever a request is metered by spends limits that exist."""
        provider = subject.provider
        known = {limit.name for limit in provider.limits}
        regime = provider.regimes[provider.regime]
        spent = {meter.limit for meters in regime.values() for meter in meters}
        assert spent <= known
        meters = {f.single_meter for f in provider.entities.values()}
        assert meters | {f.batch_meter for f in provider.entities.values()} <= set(regime)
        assert set(provider.oauth.required) <= set(provider.oauth.scopes)

    async def test_a_load_takes_little_more_than_the_fewest_requests(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        """60 new customers, 60 items and 120 invoices in full requests; reads serve them all."""
        on = await shop(subject, connector, simulator, "Load")
        account = await income_account(subject, connector, on.company)
        await _listed(connector, on.company)
        before = len(await simulator.requests("Load"))
        first: list[RecordCommand] = [
            *[on.company.customer(f"Customer {n}", email=None) for n in range(60)],
            *[on.company.item(f"Item {n}", account, sku=f"SKU {n}") for n in range(60)],
        ]
        then: list[RecordCommand] = [on.invoice(f"{n}") for n in range(2000, 2120)]
        for load in (first, then):
            await connector.command(*load)
            for command in load:
                await succeeded(connector, command, within=60)
        asked = (await simulator.requests("Load"))[before:]
        how = str(subject.reads.get("path", ""))
        reads = [r for r in asked if r["method"] == "GET" or (how and how in str(r["path"]))]
        batch = {entity: facts.batch for entity, facts in subject.provider.entities.items()}
        counts = {"customer": 60, "item": 60, "invoice": 120}
        fewest = sum(ceil(count / batch[entity]) for entity, count in counts.items())
        assert len(asked) - len(reads) == fewest, [r["path"] for r in asked]
        assert len(reads) <= subject.reads_of_a_load, [r["path"] for r in reads]

    async def test_the_same_command_again_is_one_record(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        on = await shop(subject, connector, simulator, "Same")
        invoice = on.invoice("1001")
        await connector.command(invoice, invoice)
        made = await succeeded(connector, invoice)
        await connector.command(invoice)
        assert (await succeeded(connector, invoice)).remote.id == made.remote.id
        books = await simulator.books("Same")
        assert [len(books[kind]) for kind in ("customers", "items", "invoices")] == [1, 1, 1]

    async def test_an_invoice_has_its_customer_lines_and_total(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        on = await shop(subject, connector, simulator, "Whole")
        invoice = on.invoice("1001", quantity="3")
        await connector.command(invoice)
        made = await succeeded(connector, invoice)
        assert made.totals is not None
        assert (str(made.totals.total), str(made.totals.tax)) in {
            ("384.57", "0"),
            ("384.57", "0.00"),
        }
        assert made.used[str(on.customer.record_id)] == on.customer_there.id
        (there,) = (await simulator.books("Whole"))["invoices"]
        assert (there["id"], there["number"]) == (made.remote.id, "1001")
        assert (there["total"], there["customer_id"]) == ("384.57", on.customer_there.id)
        (line,) = there["lines"]  # type: ignore[misc]
        assert (line["item_id"], line["amount"]) == (on.item_there.id, "384.57")

    async def test_an_edit_updates_the_same_record(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        on = await shop(subject, connector, simulator, "Edit")
        first = on.invoice("1001")
        await connector.command(first)
        made = await succeeded(connector, first)
        edited = on.invoice("1001", quantity="3", after=first, link=made.remote, step=2)
        await connector.command(edited)
        again = await succeeded(connector, edited)
        assert again.remote.id == made.remote.id
        (there,) = (await simulator.books("Edit"))["invoices"]
        assert there["total"] == "384.57"

    async def test_content_b_then_c_then_b_ends_with_b(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        on = await shop(subject, connector, simulator, "BCB")
        record, link = on.customer.record_id, on.customer_there
        for step, name in enumerate(("Bea Lee", "Cy Lee", "Bea Lee"), start=2):
            command = on.company.customer(name, record=record, link=link, step=step)
            await connector.command(command)
            link = (await succeeded(connector, command)).remote
        (there,) = (await simulator.books("BCB"))["customers"]
        assert there["name"] == "Bea Lee"

    async def test_a_void_is_done_and_once(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        on = await shop(subject, connector, simulator, "Void")
        invoice = on.invoice("1001")
        await connector.command(invoice)
        made = await succeeded(connector, invoice)
        void = on.company.void(invoice, made.remote)
        await connector.command(void, void)
        assert (await succeeded(connector, void)).voided
        left = [row["status"] for row in (await simulator.books("Void"))["invoices"]]
        assert set(left) <= {"void", "deleted"}

    async def test_many_go_in_few_requests_and_once_each(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        company = await connected(connector, simulator, "Many")
        commands = [company.customer(f"Customer {n}", email=f"c{n}@lee.example") for n in range(40)]
        await connector.command(*commands)
        for command in commands:
            await succeeded(connector, command)
        names = [str(row["name"]) for row in (await simulator.books("Many"))["customers"]]
        assert sorted(names) == sorted(f"Customer {n}" for n in range(40))

    async def test_one_bad_element_stands_alone(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        """A malformed e-mail: whether it is refused here or there, the others go."""
        company = await connected(connector, simulator, "Bad")
        good = [company.customer(f"Good {n}", email=f"g{n}@lee.example") for n in range(4)]
        bad = company.customer("Bad", email="ann at lee")
        await connector.command(*good[:2], bad, *good[2:])
        for command in good:
            await succeeded(connector, command)
        outcome = await failed(connector, bad)
        assert outcome.cause.code == "customer_email_invalid"
        names = [str(row["name"]) for row in (await simulator.books("Bad"))["customers"]]
        assert sorted(names) == [f"Good {n}" for n in range(4)]

    async def test_two_customers_of_one_name_are_never_one(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        company = await connected(connector, simulator, "Twins")
        twins = [company.customer("John Smith", email=f"john{n}@smith.example") for n in range(2)]
        await connector.command(*twins)
        said = [await connector.outcome(command, 20) for command in twins]
        done = [outcome.remote.id for outcome in said if isinstance(outcome, SyncSucceeded)]
        assert len(set(done)) == len(done) >= 1
        assert len((await simulator.books("Twins"))["customers"]) == len(done)
        if subject.unique_names:
            (refused,) = [outcome for outcome in said if isinstance(outcome, SyncFailed)]
            assert refused.cause.code == "customer_name_taken"
        else:
            assert len(done) == 2

    async def test_a_taken_number_is_a_cause_and_never_adopted(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        on = await shop(subject, connector, simulator, "Taken")
        line = {"item": "Call-out", "quantity": "1", "unit_price": "5.00"}
        foreign = {"customer": "Ann Lee", "number": "1002", "lines": [line]}
        await simulator.seed("Taken", invoices=[foreign])
        invoices = [on.invoice(number) for number in ("1001", "1002", "1003")]
        await connector.command(*invoices)
        assert (await failed(connector, invoices[1])).cause.code == "invoice_number_taken"
        for other in (invoices[0], invoices[2]):
            await succeeded(connector, other)
        rows = (await simulator.books("Taken"))["invoices"]
        assert sorted(str(row["number"]) for row in rows) == ["1001", "1002", "1003"]

    async def test_an_edit_to_a_number_of_ours_says_whose_it_is_and_goes_once_it_is_free(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        """Whoever decides can only wait for the other one if the refusal names it."""
        on = await shop(subject, connector, simulator, "Swapped")
        one, other = on.invoice("1001"), on.invoice("1002")
        await connector.command(one, other)
        there = [(await succeeded(connector, each)).remote for each in (one, other)]
        taking = on.invoice("1002", after=one, link=there[0], step=2)
        await connector.command(taking)
        if not subject.provider.entities["invoice"].unique:
            await succeeded(connector, taking)
        else:
            cause = (await failed(connector, taking)).cause
            assert cause.code == "invoice_number_taken"
            assert cause.params["remote_id"] == there[1].id
            assert "same" not in cause.params
        leaving = on.invoice("1003", after=other, link=there[1], step=2)
        await connector.command(leaving)
        await succeeded(connector, leaving)
        again = on.invoice("1002", after=one, link=there[0], step=3)
        await connector.command(again)
        await succeeded(connector, again)
        rows = (await simulator.books("Swapped"))["invoices"]
        assert sorted(str(row["number"]) for row in rows) == ["1002", "1003"]

    async def test_an_edit_to_a_stranger_s_number_is_a_cause_and_changes_nothing(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        """Two invoices of one number would arise, where the provider refuses no doubled one."""
        on = await shop(subject, connector, simulator, "Renumbered")
        line = {"item": "Call-out", "quantity": "1", "unit_price": "9.00"}
        foreign = {"customer": "Ann Lee", "number": "1002", "lines": [line]}
        await simulator.seed("Renumbered", invoices=[foreign])
        one = on.invoice("1001")
        await connector.command(one)
        there = (await succeeded(connector, one)).remote
        taking = on.invoice("1002", after=one, link=there, step=2)
        await connector.command(taking)
        cause = (await failed(connector, taking)).cause
        assert cause.code == "invoice_number_taken"
        assert "same" not in cause.params, "it is linked already"
        rows = (await simulator.books("Renumbered"))["invoices"]
        assert sorted(str(row["number"]) for row in rows) == ["1001", "1002"]
        # One that keeps its number is edited as ever.
        longer = on.invoice("1001", quantity="2", after=one, link=there, step=3)
        await connector.command(longer)
        await succeeded(connector, longer)


async def _listed(connector: Running, company: Company) -> None:
    """What connecting reads has been read."""

    async def said() -> None:
        pages = [
            page
            for page in await connector.said(RemoteCustomersListed)
            if page.connection_id == company.connection
        ]
        assert any(not page.more for page in pages)

    await eventually(said, within=20)
