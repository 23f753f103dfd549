"""After a restore: the connector has forgotten what it sent, and the books there haven't."""

from contracts.commands import SyncInvoice
from contracts.sync import SyncFailed, SyncSucceeded

from connector_conformance.commands import Company
from connector_conformance.running import Running
from connector_conformance.shop import Shop, failed, shop, succeeded
from connector_conformance.simulator import Json, Simulator
from connector_conformance.subject import ConformanceSubject


class RestoreConformance:
    async def test_an_invoice_that_went_is_found_and_updated(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        """Renumbered and edited since, where it bears our mark; as it was, where it has none."""
        on, sent, made = await _sent_and_forgotten(subject, connector, simulator, "Went")
        marked = subject.provider.entities["invoice"].mark
        number, quantity = ("1002", "3") if marked else ("1001", "2")
        again = on.invoice(number, quantity=quantity, after=sent, step=2)
        await connector.command(again)
        outcome = await succeeded(connector, again)
        assert outcome.remote.id == made.remote.id
        (row,) = (await simulator.books("Went"))["invoices"]
        assert (row["id"], row["number"]) == (made.remote.id, number)

    async def test_a_void_that_names_nothing_there_voids_what_is_found(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        on, invoice, made = await _sent_and_forgotten(subject, connector, simulator, "Forgotten")
        void = on.company.void(invoice, None)
        await connector.command(void)
        outcome = await succeeded(connector, void)
        assert (outcome.voided, outcome.remote.id) == (True, made.remote.id)
        assert await _left(simulator, "Forgotten") <= {"void", "deleted"}

    async def test_a_void_that_names_nothing_there_names_what_is_void_by_now(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        on, invoice, made = await _sent_and_forgotten(subject, connector, simulator, "Void before")
        await connector.command(on.company.void(invoice, made.remote))
        await succeeded(connector, on.company.void(invoice, made.remote))
        await _forget(connector, on.company)
        void = on.company.void(invoice, None, step=3)
        await connector.command(void)
        outcome = await connector.outcome(void)
        assert isinstance(outcome, SyncSucceeded)
        assert (outcome.voided, outcome.remote.id) == (True, made.remote.id)

    async def test_a_void_that_names_nothing_there_leaves_what_is_somebody_else_s(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        """Of the same number and total, but of another customer."""
        on, _, _ = await _sent_and_forgotten(subject, connector, simulator, "Theirs")
        bo = on.company.customer("Bo Lind")
        await connector.command(bo)
        there = (await succeeded(connector, bo)).remote
        ours = on.invoice("1001", customer=there)
        await _forget(connector, on.company)  # so that this one is older, too, and looked for
        void = on.company.void(ours, None)
        await connector.command(void)
        outcome = await failed(connector, void)
        assert (outcome.removed, outcome.remote) == ("voided", None)
        assert await _left(simulator, "Theirs") == {"open"}

    async def test_a_void_of_what_is_found_paid_is_refused_as_any_other(
        self, subject: ConformanceSubject, connector: Running, simulator: Simulator
    ) -> None:
        on, invoice, made = await _sent_and_forgotten(subject, connector, simulator, "Paid before")
        await simulator.pay("Paid before", made.remote.id)
        void = on.company.void(invoice, None)
        await connector.command(void)
        outcome = await connector.outcome(void)
        assert isinstance(outcome, SyncFailed)
        assert outcome.cause.code == "void_refused"
        assert outcome.remote is not None
        assert outcome.remote.id == made.remote.id


async def _sent_and_forgotten(
    subject: ConformanceSubject, connector: Running, simulator: Simulator, name: str
) -> tuple[Shop, SyncInvoice, SyncSucceeded]:
    on = await shop(subject, connector, simulator, name)
    invoice = on.invoice("1001")
    await connector.command(invoice)
    made = await succeeded(connector, invoice)
    await _forget(connector, on.company)
    return on, invoice, made


async def _forget(connector: Running, company: Company) -> None:
    """The database is from before anything was sent, and `recover` has said so."""
    async with connector.made.connector.database.transaction() as tx:
        for table in ("ledger", "requests", "lanes"):
            await tx.execute(f"DELETE FROM {table} WHERE connection_id = $1", company.connection)
        await tx.execute(
            "UPDATE connections SET verify_until = clock() WHERE id = $1", company.connection
        )


async def _left(simulator: Simulator, name: str) -> set[str]:
    rows: list[Json] = (await simulator.books(name))["invoices"]
    return {str(row["status"]) for row in rows}
