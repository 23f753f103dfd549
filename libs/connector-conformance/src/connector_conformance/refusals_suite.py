"""Refusals: each says who must act; what is gone there is named; what was changed there stays."""

import pytest
from contracts.causes import CAUSES
from contracts.commands import RecordCommand, RemoteRef
from contracts.ids import RemoteId
from contracts.sync import SyncFailed, SyncSucceeded

from connector_conformance.running import Running
from connector_conformance.shop import (
    connected,
    delayed,
    failed,
    listed_customers,
    nothing_decided,
    shop,
    succeeded,
)
from connector_conformance.simulator import Simulator
from connector_conformance.subject import ConformanceSubject


class RefusalsConformance:
    async def test_an_unknown_refusal_is_never_success_and_its_words_are_kept(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        company = await connected(connector, simulator, "Unknown")
        writes = subject.creates["customer"]
        match = {"path": writes.path, "method": writes.method, "organisation": "Unknown"}
        await simulator.fault("status", match=match, **subject.unknown_refusal)
        customer = company.customer("Ann Lee")
        await connector.command(customer)
        outcome = await failed(connector, customer)
        assert outcome.cause.code == "refused_unknown"
        assert CAUSES[outcome.cause.code].who == "defect"
        details = outcome.cause.details
        assert details.provider_message or details.provider_code
        assert (await simulator.books("Unknown"))["customers"] == []

    async def test_s59_each_kind_of_429_waits_and_burns_no_attempt(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        """Another connection goes on meanwhile."""
        assert subject.throttling
        for kind, throttling in subject.throttling.items():
            name = f"Throttled {kind}"
            one, other = connector.another(), connector.another()
            company = await connected(one, simulator, name)
            writes = subject.creates["customer"]
            match = {"path": writes.path, "method": writes.method, "organisation": name}
            fault = await simulator.fault("status", match=match, times=2, **throttling.said)
            customer = company.customer("Ann Lee")
            await one.command(customer)
            if throttling.then == "goes":
                made = await succeeded(one, customer, within=40)
                assert {a.result for a in made.attempts} <= {"not_executed", "accepted"}
                assert await simulator.hits(fault) == 2
                assert len((await simulator.books(name))["customers"]) == 1
            else:
                held = await delayed(one, customer, "quota")
                assert held.until is not None
                await nothing_decided(one, customer)
            await simulator.seed(f"{name} other")
            there = await other.connected(f"{name} other")
            command = there.customer("Bo Lind")
            await other.command(command)
            await succeeded(other, command)

    async def test_what_was_changed_there_is_never_overwritten_unasked(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        """An older version of ours comes after a person's edit there."""
        on = await shop(subject, connector, simulator, "Stale")
        await simulator.advance(2)  # some providers tell versions apart by the second
        await simulator.change("Stale", "customers", on.customer_there.id, name="Ann Lee-Moss")
        record = on.customer.record_id
        update = on.company.customer("Ann Leigh", record=record, link=on.customer_there, step=2)
        await connector.command(update)
        outcome = await failed(connector, update)
        assert outcome.cause.code == "changed_on_both_sides", outcome.cause
        (there,) = (await simulator.books("Stale"))["customers"]
        assert there["name"] == "Ann Lee-Moss"
        # Whoever keeps ours has seen what the refusal speaks of.
        ours = on.company.customer("Ann Leigh", record=record, link=outcome.remote, step=3)
        await connector.command(ours)
        await succeeded(connector, ours)
        (there,) = (await simulator.books("Stale"))["customers"]
        assert there["name"] == "Ann Leigh"

    async def test_an_edit_that_stands_there_already_is_no_question(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        """Somebody made the same edit there; or we did, and a restored database forgot it."""
        on = await shop(subject, connector, simulator, "Alike")
        await simulator.advance(2)  # some providers tell versions apart by the second
        await simulator.change("Alike", "customers", on.customer_there.id, name="Ann Leigh")
        record = on.customer.record_id
        update = on.company.customer("Ann Leigh", record=record, link=on.customer_there, step=2)
        await connector.command(update)
        made = await succeeded(connector, update)
        assert made.remote.id == on.customer_there.id
        (there,) = (await simulator.books("Alike"))["customers"]
        assert there["name"] == "Ann Leigh"

    async def test_what_was_linked_and_altered_there_since_is_not_overwritten_unasked(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        """We never wrote it; the look-up that found it to be the same says what it held."""
        on = await shop(subject, connector, simulator, "Linked")
        for number, altered in (("1001", False), ("1002", True)):
            ours = on.invoice(number)
            [line] = ours.invoice.lines
            told = {
                "customer": "Ann Lee",
                "number": number,
                "date": ours.invoice.issue_date.isoformat(),
                "lines": [
                    {"item": "Call-out", "quantity": "2", "unit_price": str(line.unit_price)}
                ],
            }
            await simulator.seed("Linked", invoices=[told])
            await connector.command(ours)
            cause = (await failed(connector, ours)).cause
            assert (cause.code, cause.params.get("same")) == ("invoice_number_taken", "yes"), cause
            link = RemoteRef(id=RemoteId(cause.params["remote_id"]), held=cause.params["held"])
            await simulator.advance(2)  # some providers tell versions apart by the second
            if altered:
                await simulator.change("Linked", "invoices", link.id, due_date="2031-01-31")
            edit = on.invoice(number, quantity="3", after=ours, link=link, step=2)
            await connector.command(edit)
            if altered:
                outcome = await failed(connector, edit)
                assert outcome.cause.code == "changed_on_both_sides", outcome.cause
                # Whoever keeps ours has seen what the refusal speaks of.
                edit = on.invoice(number, quantity="3", after=ours, link=outcome.remote, step=3)
                await connector.command(edit)
            made = await succeeded(connector, edit)
            assert made.remote.id == link.id
        rows = (await simulator.books("Linked"))["invoices"]
        assert {str(row["due_date"]) for row in rows} != {"2031-01-31"}
        assert sorted(str(row["number"]) for row in rows) == ["1001", "1002"]

    async def test_a_customer_that_was_listed_and_altered_there_since_is_not_overwritten_unasked(
        self, connector: Running, simulator: Simulator
    ) -> None:
        """Imported, or linked to by hand: we never wrote it, and the list says what it held."""
        company = await connected(connector, simulator, "Listed")
        seeded = [{"name": name, "phone": "(555) 555-0100"} for name in ("Ann Lee", "Bo Lind")]
        await simulator.seed("Listed", customers=seeded)
        rows = {row.name: row for row in await listed_customers(connector, company)}
        await simulator.advance(2)  # some providers tell versions apart by the second
        bo = rows["Bo Lind"].id
        await simulator.change("Listed", "customers", bo, phone="(555) 555-7777")
        for name, altered in (("Ann Lee", False), ("Bo Lind", True)):
            link = RemoteRef(id=rows[name].id, held=rows[name].held)
            edit = company.customer(name, email="new@lee.example", link=link, step=2)
            await connector.command(edit)
            if altered:
                outcome = await failed(connector, edit)
                assert outcome.cause.code == "changed_on_both_sides", outcome.cause
                there = {row.id: row.phone for row in await listed_customers(connector, company)}
                assert there[bo] == "(555) 555-7777"
                # Whoever keeps ours has seen what the refusal speaks of.
                edit = company.customer(
                    name,
                    email="new@lee.example",
                    record=edit.record_id,
                    link=outcome.remote,
                    step=3,
                )
                await connector.command(edit)
            assert (await succeeded(connector, edit)).remote.id == link.id
        emails = [row.email for row in await listed_customers(connector, company)]
        assert emails == ["new@lee.example"] * 2

    async def test_an_invoice_of_a_customer_gone_there_names_them_or_goes(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        """Made inactive, archived or deleted there: our customer's id, not a question."""
        on = await shop(subject, connector, simulator, "Gone")
        await simulator.delete("Gone", "customers", on.customer_there.id)
        invoice = on.invoice("1001")
        await connector.command(invoice)
        await _named_or_there(connector, invoice, str(on.customer.record_id))

    async def test_an_invoice_of_an_item_gone_there_names_it_or_goes(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        on = await shop(subject, connector, simulator, "Item gone")
        await simulator.delete("Item gone", "items", on.item_there.id)
        invoice = on.invoice("1001")
        await connector.command(invoice)
        outcome = await _named_or_there(connector, invoice, str(on.item.record_id))
        assert isinstance(outcome, SyncFailed) is subject.gone_items_refuse

    async def test_a_customer_gone_there_is_active_again_or_said_to_be_removed(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        on = await shop(subject, connector, simulator, "Back")
        await simulator.delete("Back", "customers", on.customer_there.id)
        record = on.customer.record_id
        update = on.company.customer("Ann Lee", record=record, link=on.customer_there, step=2)
        await connector.command(update)
        outcome = await connector.outcome(update, 40)
        rows = {row["id"]: row for row in (await simulator.books("Back"))["customers"]}
        if isinstance(outcome, SyncSucceeded) and outcome.removed is None:
            assert outcome.remote.id == on.customer_there.id
            assert rows[on.customer_there.id]["active"] is True
        else:
            assert isinstance(outcome, SyncFailed | SyncSucceeded)
            assert outcome.removed is not None
            # Asked again of the same record, once it is active there again: no second one.
            await simulator.change("Back", "customers", on.customer_there.id, active=True)
            again = on.company.customer(
                "Ann Lee", record=record, link=on.customer_there, generation=2, step=3
            )
            await connector.command(again)
            assert (await succeeded(connector, again)).remote.id == on.customer_there.id
            rows = {row["id"]: row for row in (await simulator.books("Back"))["customers"]}
        assert len([row for row in rows.values() if row["active"]]) <= 1

    async def test_of_a_customer_merged_there_the_survivor_is_named(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        """Where customers can't be merged, asking for it is refused and the edit goes."""
        on = await shop(subject, connector, simulator, "Merged")
        bo = on.company.customer("Bo Lind", email="bo@lind.example")
        invoice = on.invoice("1001")
        await connector.command(bo, invoice)
        survivor = (await succeeded(connector, bo)).remote.id
        await succeeded(connector, invoice)
        merge = simulator.change("Merged", "customers", on.customer_there.id, merge_into=survivor)
        edited = on.company.customer(
            "Ann Lee-Moss", record=on.customer.record_id, link=on.customer_there, step=2
        )
        if not subject.merges:
            with pytest.raises(AssertionError):
                await merge
            await connector.command(edited)
            assert (await succeeded(connector, edited)).remote.id == on.customer_there.id
            return
        await merge
        await connector.command(edited)
        cause = (await failed(connector, edited, within=40)).cause
        assert cause.code == "customer_merged_there"
        assert cause.params["remote_id"] == survivor
        rows = {row["id"]: row for row in (await simulator.books("Merged"))["customers"]}
        assert rows[survivor]["name"] == "Bo Lind"

    async def test_an_invoice_removed_there_is_told_and_not_made_again(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        on = await shop(subject, connector, simulator, "Removed")
        invoice = on.invoice("1001")
        await connector.command(invoice)
        made = await succeeded(connector, invoice)
        await simulator.delete("Removed", "invoices", made.remote.id)
        edited = on.invoice("1001", quantity="3", after=invoice, link=made.remote, step=2)
        await connector.command(edited)
        outcome = await connector.outcome(edited, 40)
        assert isinstance(outcome, SyncFailed | SyncSucceeded)
        assert outcome.removed in {"voided", "deleted"}
        rows = (await simulator.books("Removed"))["invoices"]
        assert [row for row in rows if row["status"] == "open"] == []


async def _named_or_there(
    connector: Running, invoice: RecordCommand, local_id: str
) -> SyncFailed | SyncSucceeded:
    """It is there, or what is gone is named by our id."""
    outcome = await connector.outcome(invoice, 40)
    assert isinstance(outcome, SyncFailed | SyncSucceeded)
    if isinstance(outcome, SyncFailed):
        assert local_id in outcome.reference_gone, outcome
    return outcome
