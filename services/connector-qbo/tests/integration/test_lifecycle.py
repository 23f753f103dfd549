"""An invoice's life in two places: edited, paid, removed and made again, here and there."""

from dataclasses import dataclass

import pytest
from connector_conformance.commands import Company
from connector_conformance.running import Running
from connector_conformance.simulator import Simulator
from contracts.commands import RemoteRef, SyncInvoice
from contracts.sync import SyncFailed, SyncSucceeded
from testkit import eventually


@dataclass(frozen=True)
class Sent:
    """An invoice that stands in the books, and what it was sent with."""

    name: str
    connector: Running
    simulator: Simulator
    company: Company
    first: SyncInvoice
    remote: RemoteRef

    def edited(self, quantity: str, *, step: int, link: RemoteRef | None = None) -> SyncInvoice:
        """The same invoice with another quantity."""
        (line,) = self.first.invoice.lines
        assert line.item_id is not None
        theirs = self.first.items[str(line.item_id)].remote_id
        assert theirs is not None
        return self.company.invoice(
            self.first.invoice.number,
            (self.first.invoice.customer_id, self.first.customer_remote_id),
            [(line.item_id, theirs, quantity, "128.19")],
            record=self.first.record_id,
            link=link or self.remote,
            step=step,
        )

    async def there(self) -> list[dict[str, object]]:
        return (await self.simulator.books(self.name))["invoices"]

    async def succeeded(self, command: SyncInvoice) -> SyncSucceeded:
        await self.connector.command(command)
        outcome = await self.connector.outcome(command)
        assert isinstance(outcome, SyncSucceeded), outcome
        return outcome

    async def failed(self, command: SyncInvoice) -> SyncFailed:
        await self.connector.command(command)
        outcome = await self.connector.outcome(command)
        assert isinstance(outcome, SyncFailed), outcome
        return outcome


async def sent(connector: Running, simulator: Simulator, name: str, **settings: object) -> Sent:
    await simulator.fresh(name, **settings)
    sown = await simulator.seed(
        name, customers=[{"name": "Ann Lee"}], items=[{"name": "Call-out", "account_code": "2000"}]
    )
    company = await connector.connected(name)
    customer, item = company.customer("Ann Lee"), company.item("Call-out", None)
    first = company.invoice(
        "1001",
        (customer.record_id, str(sown["customers"][0]["id"])),
        [(item.record_id, str(sown["items"][0]["id"]), "2", "128.19")],
    )
    await connector.command(first)
    made = await connector.outcome(first)
    assert isinstance(made, SyncSucceeded), made
    return Sent(name, connector, simulator, company, first, made.remote)


async def test_a_payment_there_doesn_t_stand_in_the_way_of_our_edit(
    connector: Running, simulator: Simulator
) -> None:
    s = await sent(connector, simulator, "Life A")
    await simulator.pay("Life A", s.remote.id)
    outcome = await s.succeeded(s.edited("3", step=2))
    assert outcome.remote.id == s.remote.id
    (there,) = await s.there()
    assert there["total"] == "384.57"


async def test_an_edit_there_is_a_question_and_never_written_over(
    connector: Running, simulator: Simulator
) -> None:
    s = await sent(connector, simulator, "Life B")
    await simulator.change("Life B", "invoice", s.remote.id, number="1001-B")
    outcome = await s.failed(s.edited("3", step=2))
    assert outcome.cause.code == "changed_on_both_sides"
    assert outcome.cause.params["fields_there"] == '["the number"]'
    assert outcome.remote is not None
    assert outcome.remote.id == s.remote.id
    (there,) = await s.there()
    assert (there["number"], there["total"]) == ("1001-B", "256.38")


async def test_keep_ours_writes_over_the_version_that_was_seen(
    connector: Running, simulator: Simulator
) -> None:
    s = await sent(connector, simulator, "Life C")
    await simulator.change("Life C", "invoice", s.remote.id, number="1001-B")
    read = s.company.read("invoice", s.first.record_id, s.remote, step=2)
    await connector.command(read)
    seen = await connector.outcome(read)
    assert isinstance(seen, SyncSucceeded)
    assert seen.remote.version != s.remote.version
    assert seen.remote.number == "1001-B"
    await s.succeeded(s.edited("3", step=3, link=seen.remote))
    (there,) = await s.there()
    assert (there["number"], there["total"]) == ("1001", "384.57")


@pytest.mark.parametrize("how", ["deleted", "voided"])
async def test_an_invoice_removed_there_is_told_and_made_again_only_when_asked(
    connector: Running, simulator: Simulator, how: str
) -> None:
    name = f"Life D {how}"
    s = await sent(connector, simulator, name, refuse_duplicate_numbers=True)
    if how == "deleted":
        await simulator.delete(name, "invoice", s.remote.id)
    else:
        await simulator.change(name, "invoice", s.remote.id, status="void")
    outcome = await s.failed(s.edited("3", step=2))
    assert outcome.removed == how
    again = s.company.invoice(
        "1001",
        (s.first.invoice.customer_id, s.first.customer_remote_id),
        [
            (line.item_id, s.first.items[str(line.item_id)].remote_id or "", "2", "128.19")
            for line in s.first.invoice.lines
            if line.item_id is not None
        ],
        record=s.first.record_id,
        generation=2,
        step=3,
    )
    made = await s.succeeded(again)
    assert made.remote.id != s.remote.id
    open_ones = [i for i in await s.there() if i["status"] == "open"]
    assert [(i["id"], i["number"]) for i in open_ones] == [(made.remote.id, "1001")]


async def test_a_read_says_how_it_is_there(connector: Running, simulator: Simulator) -> None:
    s = await sent(connector, simulator, "Life E")
    await simulator.delete("Life E", "invoice", s.remote.id)
    read = s.company.read("invoice", s.first.record_id, s.remote, step=2)
    await connector.command(read)
    outcome = await connector.outcome(read)
    assert isinstance(outcome, SyncSucceeded)
    assert outcome.removed == "deleted"


async def test_a_read_that_fails_removes_nothing(connector: Running, simulator: Simulator) -> None:
    s = await sent(connector, simulator, "Life F")
    await simulator.fault(
        "status", status=500, match={"organisation": "Life F", "path": "/query"}, times=2
    )
    read = s.company.read("invoice", s.first.record_id, s.remote, step=2)
    await connector.command(read)
    outcome = await connector.outcome(read, within=30)
    assert isinstance(outcome, SyncSucceeded)
    assert outcome.removed is None


async def test_a_void_of_what_was_voided_there_is_done(
    connector: Running, simulator: Simulator
) -> None:
    s = await sent(connector, simulator, "Life G")
    await simulator.change("Life G", "invoice", s.remote.id, status="void")
    void = s.company.void(s.first, s.remote, step=2)
    await connector.command(void)

    async def decided() -> None:
        outcome = await connector.outcome(void)
        removed = outcome.removed if isinstance(outcome, SyncSucceeded | SyncFailed) else None
        voided = outcome.voided if isinstance(outcome, SyncSucceeded) else False
        assert voided or removed == "voided"

    await eventually(decided, within=20)
