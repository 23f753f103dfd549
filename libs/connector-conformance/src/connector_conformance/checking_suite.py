"""Invoices that are read there once more: in few requests, and what nobody altered is as it was."""

from contracts.commands import InvoiceToRead, SyncInvoice
from contracts.connections import InvoiceRead, InvoicesRead
from contracts.holding import changes, is_mark
from contracts.sync import SyncSucceeded
from testkit import eventually

from connector_conformance.running import Running
from connector_conformance.shop import shop, succeeded
from connector_conformance.simulator import Simulator
from connector_conformance.subject import ConformanceSubject

MANY = 250
AT_ONCE = 200
REQUESTS = 5
"""Lists of a hundred, or addresses as long as they may be: far from one for each invoice."""


class CheckingConformance:
    async def test_s68_a_month_is_read_in_few_requests_and_says_what_was_altered(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        name = "A month"
        on = await shop(subject, connector, simulator, name)
        commands = [on.invoice(str(number)) for number in range(1001, 1001 + MANY)]
        await connector.command(*commands)
        made = [(one, await succeeded(connector, one, within=90)) for one in commands]
        await simulator.pay(name, made[1][1].remote.id)
        await simulator.change(name, "invoices", made[2][1].remote.id, date="2026-07-02")
        await simulator.delete(name, "invoices", made[3][1].remote.id)
        before = len(await simulator.requests(name))

        asked = [
            on.company.read_invoices(*(_asked(*one) for one in made[at : at + AT_ONCE]))
            for at in range(0, MANY, AT_ONCE)
        ]
        await connector.command(*asked)
        loads = {one.load_id for one in asked}

        async def answered() -> list[InvoiceRead]:
            said = await connector.said(InvoicesRead)
            found = [row for page in said if page.load_id in loads for row in page.invoices]
            assert len(found) == MANY
            return found

        rows = {row.record_id: row for row in await eventually(answered, within=60)}
        requests = (await simulator.requests(name))[before:]
        # The deleted one may have to be asked for by itself.
        assert len(requests) <= REQUESTS + 1, [row["path"] for row in requests]

        altered: dict[str, tuple[str, ...]] = {}
        for command, success in made:
            row = rows[command.record_id]
            assert row.step == command.step
            if row.found != "there":
                altered[command.invoice.number] = (row.found,)
                continue
            assert row.remote is not None
            assert is_mark(success.remote.held)
            assert row.totals is not None
            assert success.totals is not None
            assert row.totals.total == success.totals.total
            found = changes(success.remote.held, row.remote.held)
            if found:
                altered[command.invoice.number] = tuple(one.field for one in found)
        assert altered.pop("1004") in (("deleted",), ("voided",))
        # Where a due date is counted in days, it moves along.
        assert altered.pop("1003")[0] == "date"
        assert altered == {}


def _asked(command: SyncInvoice, made: SyncSucceeded) -> InvoiceToRead:
    return InvoiceToRead(
        record_id=command.record_id,
        generation=command.generation,
        step=command.step,
        remote=made.remote,
    )
