"""Books match on a real database: from what was written, and after reading the provider."""

import json
from datetime import date, timedelta
from decimal import Decimal

import pytest
from contracts.commands import Origin, ReadInvoices, RemoteRef, SyncInvoice
from contracts.connections import InvoiceRead, InvoicesRead
from contracts.holding import mark_of
from contracts.ids import RecordId, RemoteId
from contracts.sync import RunProgress, Totals
from sync_orchestrator.domain.facts import DifferenceAccepted
from sync_orchestrator.domain.job import RecordKey
from sync_orchestrator.domain.round import Trigger
from sync_orchestrator.handlers import dry_run, matching, running
from sync_orchestrator.handlers.refusals import Refusal
from sync_orchestrator.handlers.work import begin

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
    await over(office, run)
    after = await match(office)
    assert after.last is not None
    assert (after.last.asked, after.last.read) == (3, 2)
    assert [(one.record_id, one.number) for one in after.last.unread] == [(unread, "1001")]
    assert after.verified_at == after.last.at


async def over(office: Office, run: RunProgress) -> RunProgress:
    """The run, looked at until nothing is due."""
    office.later(timedelta(seconds=2))
    async with office.transaction() as tx:
        while await running.step(tx, office.tools):
            pass
        shown = await running.show(tx, office.company, run.id)
    await office.read_outbox()
    return shown


async def verify(office: Office) -> RunProgress:
    async with office.transaction() as tx:
        run = await matching.verify(
            tx, office.tools, office.company, office.provider, "2026-06", JOE
        )
    await office.read_outbox()
    return run


def seen(asked: ReadInvoices, **others: str) -> list[InvoiceRead]:
    """Each of them is there as it was written."""
    return [
        InvoiceRead(
            record_id=one.record_id,
            generation=one.generation,
            step=one.step,
            found="there",
            remote=one.remote.model_copy(update={"held": held(**others)}),
            totals=usd("256.38"),
        )
        for one in asked.invoices
    ]


def held(**others: str) -> str:
    return mark_of(**{"customer": "7", "date": "2026-06-15", "lines": "a", **others})


async def deliver(office: Office, asked: ReadInvoices, invoices: list[InvoiceRead]) -> None:
    async with office.transaction() as tx:
        await matching.on_invoices_read(tx, [read(asked, *invoices)], office.tools)


async def test_a_check_that_could_read_nothing_is_no_check(office: Office) -> None:
    await three_synced(office)
    run = await verify(office)
    (asked,) = office.take(ReadInvoices)
    nothing = [
        InvoiceRead(record_id=one.record_id, generation=1, found="unread") for one in asked.invoices
    ]
    await deliver(office, asked, nothing)
    assert (await over(office, run)).state == "done"
    after = await match(office)
    assert after.verified_at is None
    assert after.last is not None
    assert (after.last.asked, after.last.read, len(after.last.unread)) == (3, 0, 3)


async def test_what_was_there_with_no_total_said_was_not_read(office: Office) -> None:
    await three_synced(office)
    run = await verify(office)
    (asked,) = office.take(ReadInvoices)
    told = seen(asked)
    told[0] = told[0].model_copy(update={"totals": None})
    await deliver(office, asked, told)
    await over(office, run)
    after = await match(office)
    assert after.last is not None
    assert [one.record_id for one in after.last.unread] == [told[0].record_id]


async def test_a_reading_that_is_lost_is_asked_for_again_with_the_epoch_of_now(
    office: Office,
) -> None:
    await three_synced(office)
    run = await verify(office)
    (lost,) = office.take(ReadInvoices)
    assert (await over(office, run)).state == "running"
    assert office.take(ReadInvoices) == []
    await office.connections(office.closed(2), office.opened(epoch=3))
    office.later(timedelta(seconds=61))
    assert (await over(office, run)).state == "running"
    (again,) = office.take(ReadInvoices)
    assert (again.load_id, again.epoch) == (lost.load_id, 3)
    assert {one.record_id for one in again.invoices} == {one.record_id for one in lost.invoices}
    # Ever more slowly: what waits for its day's limit isn't asked for each minute.
    office.later(timedelta(seconds=61))
    await over(office, run)
    assert office.take(ReadInvoices) == []
    await deliver(office, again, seen(again))
    assert (await over(office, run)).state == "done"
    assert (await match(office)).verified_at is not None


async def test_a_check_ends_when_its_connection_does(office: Office) -> None:
    made = await three_synced(office)
    run = await verify(office)
    (asked,) = office.take(ReadInvoices)
    await deliver(office, asked, seen(asked)[:1])
    await office.connections(office.closed(2))
    ended = await over(office, run)
    assert (ended.state, ended.done, ended.failed) == ("done", 1, 2)
    after = await match(office)
    assert after.last is not None
    assert (after.verifying, after.last.read, len(after.last.unread)) == (None, 1, 2)
    await office.connections(office.opened(epoch=3))
    assert (await verify(office)).id != run.id
    assert len(made) == 3


async def test_what_was_unlinked_meanwhile_is_not_waited_for(office: Office) -> None:
    made = await three_synced(office)
    run = await verify(office)
    office.take(ReadInvoices)
    await office.pool.execute("delete from links where record_id = $1", made[0])
    office.later(timedelta(seconds=61))
    await over(office, run)
    (again,) = office.take(ReadInvoices)
    await deliver(office, again, seen(again))
    assert (await over(office, run)).state == "done"


async def test_a_link_whose_total_was_never_told_is_not_equal_until_it_is_read(
    office: Office,
) -> None:
    made = await three_synced(office)
    await office.pool.execute("update jobs set totals = null where record_id = $1", made[0])
    before = await match(office)
    assert [(one.entry.record_id, one.reason) for one in before.match.mismatches] == [
        (made[0], "not_read")
    ]
    assert not before.match.matched
    run = await verify(office)
    (asked,) = office.take(ReadInvoices)
    await deliver(office, asked, seen(asked))
    await over(office, run)
    after = await match(office)
    assert (after.match.matched, after.match.mismatches) == (True, ())
    assert await office.state("invoice", made[0]) == "synced"


async def test_s68_an_alteration_at_the_same_total_is_named_and_stays_accepted(
    office: Office,
) -> None:
    made = await three_synced(office)
    # Nothing is remembered of these yet: the first reading is what later ones are compared with.
    for altered in ({}, {"date": "2026-07-02"}, {"customer": "9", "date": "2026-07-02"}):
        run = await verify(office)
        (asked,) = office.take(ReadInvoices)
        first, *others = seen(asked)
        first = first.model_copy(update={"remote": seen(asked, **altered)[0].remote})
        await deliver(office, asked, [first, *others])
        await over(office, run)
    (one,) = (await match(office)).match.mismatches
    assert (one.entry.record_id, one.reason) == (first.record_id, "changed_there")
    assert one.entry.cause is not None
    assert json.loads(one.entry.cause.params["fields"]) == [
        "the date (15 Jun 2026 → 2 Jul 2026)",
        "the customer",
    ]
    key = RecordKey(office.connection, "invoice", first.record_id)
    async with office.transaction() as tx:
        work = await begin(tx, [office.company], office.tools)
        await work.load({key})
        work.round.apply(key, DifferenceAccepted(JOE), Trigger(office.tools.ids.new()))
        await work.save()
    run = await verify(office)
    (asked,) = office.take(ReadInvoices)
    same = seen(asked, customer="9", date="2026-07-02")[0]
    await deliver(office, asked, [same, *seen(asked)[1:]])
    await over(office, run)
    assert await office.state("invoice", first.record_id) == "synced"
    assert (await match(office)).match.matched
    assert first.record_id in made


async def test_a_reading_from_before_a_write_says_nothing_after_it(office: Office) -> None:
    await three_synced(office)
    await verify(office)
    (asked,) = office.take(ReadInvoices)
    record = asked.invoices[0].record_id
    await office.pool.execute(
        "update jobs set answered_step = answered_step + 2, step = step + 2 where record_id = $1",
        record,
    )
    told = [one.model_copy(update={"totals": usd("1.00")}) for one in seen(asked)[:1]]
    await deliver(office, asked, told)
    assert await office.state("invoice", record) == "synced"


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
