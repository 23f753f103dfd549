"""Books match on a real database: from what was written, and after reading the provider."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from contracts.commands import Origin, ReadInvoices, RemoteRef, SyncInvoice
from contracts.connections import InvoiceRead, InvoicesRead
from contracts.ids import RecordId, RemoteId
from contracts.sync import Totals
from sync_orchestrator.handlers import dry_run, matching, running
from sync_orchestrator.handlers.refusals import Refusal

from .support import Office, customer, invoice, item

JOE = Origin(by="person", name="Joe Oak")


def usd(total: str) -> Totals:
    return Totals(total=Decimal(total), tax=Decimal(0), currency="USD")


async def three_synced(office: Office) -> list[RecordId]:
    ann, call_out = customer(), item()
    made = [invoice(ann, call_out, number=str(1001 + n)) for n in range(3)]
    await office.connect()
    await office.map(call_out.id)
    await office.events(
        office.customer_event(ann),
        office.item_event(call_out),
        *(office.invoice_event(one) for one in made),
    )
    while commands := office.commands():
        await office.outcomes(
            *(
                office.success(
                    command,
                    f"r{command.record_id}",
                    totals=usd("256.38") if isinstance(command, SyncInvoice) else None,
                )
                for command in commands
            )
        )
    return [RecordId(one.id) for one in made]


async def match(office: Office, month: str = "2026-06") -> matching.MonthMatched:
    async with office.transaction() as tx:
        return await matching.match(tx, office.company, office.provider, month)


def read(asked: ReadInvoices, *invoices: InvoiceRead) -> InvoicesRead:
    return InvoicesRead(
        id=asked.id,
        occurred_at=asked.occurred_at,
        company_id=asked.company_id,
        correlation_id=asked.correlation_id,
        provider=asked.provider,
        connection_id=asked.connection_id,
        epoch=asked.epoch,
        load_id=asked.load_id,
        as_of=asked.occurred_at,
        page=0,
        pages=1,
        invoices=invoices,
    )


async def test_s68_what_was_altered_there_is_found_by_reading_and_listed_alone(
    office: Office,
) -> None:
    made = await three_synced(office)
    before = await match(office)
    assert (before.match.expected, before.match.matched, before.verified_at) == (3, True, None)
    async with office.transaction() as tx:
        run = await matching.verify(
            tx, office.tools, office.company, office.provider, "2026-06", JOE
        )
        again = await matching.verify(
            tx, office.tools, office.company, office.provider, "2026-06", JOE
        )
    assert (run.kind, run.about, run.total, again.id) == ("verify", "2026-06", 3, run.id)
    await office.read_outbox()
    (asked,) = office.take(ReadInvoices)
    rows = {one.record_id: one for one in asked.invoices}
    assert set(rows) == set(made)
    seen = [
        InvoiceRead(
            record_id=record,
            generation=1,
            found="there",
            remote=rows[record].remote,
            totals=usd("260.00" if record == made[1] else "256.38"),
        )
        for record in made
    ]
    async with office.transaction() as tx:
        await matching.on_invoices_read(tx, [read(asked, *seen)], office.tools)
    office.later(timedelta(seconds=2))
    async with office.transaction() as tx:
        while await running.step(tx, office.tools):
            pass
        done = await running.show(tx, office.company, run.id)
    assert (done.state, done.done, done.failed) == ("done", 2, 1)
    after = await match(office)
    (one,) = after.match.mismatches
    assert (one.entry.record_id, one.reason) == (made[1], "changed_there")
    assert (one.entry.total, one.entry.total_there) == (Decimal("256.38"), Decimal("260.00"))
    assert after.match.totals == {"USD": (Decimal("769.14"), Decimal("772.76"))}
    assert not after.match.matched
    assert after.verified_at is not None
    assert await office.state("invoice", made[1]) == "changed_there"


async def test_an_invoice_that_could_not_be_read_is_no_deletion(office: Office) -> None:
    made = await three_synced(office)
    async with office.transaction() as tx:
        run = await matching.verify(
            tx, office.tools, office.company, office.provider, "2026-06", JOE
        )
    await office.read_outbox()
    (asked,) = office.take(ReadInvoices)
    unread, gone, old = made
    seen = (
        InvoiceRead(record_id=unread, generation=1, found="unread"),
        InvoiceRead(record_id=gone, generation=1, found="deleted"),
        InvoiceRead(
            record_id=old,
            generation=9,
            found="deleted",
            remote=RemoteRef(id=RemoteId("x")),
        ),
    )
    async with office.transaction() as tx:
        await matching.on_invoices_read(tx, [read(asked, *seen)], office.tools)
        done = await running.show(tx, office.company, run.id)
    assert await office.state("invoice", unread) == "synced"
    assert await office.state("invoice", gone) == "removed_there"
    assert await office.state("invoice", old) == "synced"
    assert (done.done, done.failed) == (1, 2)


async def test_a_month_is_written_as_one(office: Office) -> None:
    await office.connect()
    assert matching.bounds("2026-12") == (date(2026, 12, 1), date(2027, 1, 1))
    with pytest.raises(Refusal) as refused:
        await match(office, "June")
    assert refused.value.errors[0].field == "month"


async def test_settings_are_counted_before_they_are_saved(office: Office) -> None:
    ann, bea = customer(), customer("Bea Lee", email=None)
    mapped, unmapped = item(), item("Gas check")
    await office.connect(sync_customers=False, sync_invoices=False, start=date(2026, 6, 1))
    await office.map(mapped.id)
    await office.events(
        office.customer_event(ann),
        office.customer_event(bea),
        office.item_event(mapped),
        office.item_event(unmapped),
        office.invoice_event(invoice(ann, mapped, number="1")),
        office.invoice_event(invoice(ann, unmapped, number="2")),
        office.invoice_event(invoice(bea, mapped, number="3")),
        office.invoice_event(invoice(ann, mapped, number="4", dated=date(2026, 5, 1))),
    )
    office.later(timedelta(minutes=1))
    async with office.transaction() as tx:
        found = await dry_run.count(
            tx,
            office.tools,
            office.company,
            office.provider,
            {"sync_customers": True, "sync_invoices": True},
        )
        earlier = await dry_run.count(
            tx, office.tools, office.company, office.provider, {"start_date": date(2026, 1, 1)}
        )
    invoices, customers = found["invoices"], found["customers"]
    # The switches look forward: nothing that is here already goes by itself.
    assert (invoices.will_go, invoices.older, invoices.need_attention) == (0, 3, 2)
    assert (customers.will_go, customers.older, customers.need_attention) == (0, 2, 1)
    assert invoices.before_start_date == 1
    assert (earlier["invoices"].older, earlier["invoices"].before_start_date) == (4, 0)
    assert office.commands() == []
