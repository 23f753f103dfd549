"""Runs on a real database: what they take, how they go on, how they end."""

import asyncio
from datetime import date, timedelta
from uuid import UUID, uuid4

import pytest
from contracts.commands import Origin, SyncCustomer, SyncItem
from contracts.ids import CompanyId, RecordId
from contracts.invoicing import CustomerSnapshot, InvoiceSnapshot, ItemSnapshot
from contracts.sync import RunChanged, RunProgress
from sync_orchestrator.domain import runs
from sync_orchestrator.handlers import reviewing, running
from sync_orchestrator.handlers.refusals import Refusal
from sync_orchestrator.store import runs_store
from testkit import eventually

from .support import Office, customer, invoice, item

JOE = Origin(by="person", name="Joe Oak")
ALL = ("customers", "items", "invoices")


async def press(
    office: Office, *kinds: str, told: tuple[UUID, ...] = ()
) -> tuple[RunProgress, bool]:
    async with office.transaction() as tx:
        run, joined = await running.start_sync_now(
            tx,
            office.tools,
            office.company,
            office.provider,
            kinds,
            JOE,
            [RecordId(one) for one in told],
        )
    return run, joined


async def steps(office: Office, most: int = 50) -> int:
    """Steps until none is due at this moment."""
    for count in range(most):
        async with office.transaction() as tx:
            if not await running.step(tx, office.tools):
                await office.read_outbox()
                return count
    raise AssertionError("the run takes no end")


async def look(office: Office, run: RunProgress) -> RunProgress:
    async with office.transaction() as tx:
        return await running.show(tx, office.company, run.id)


async def answer_all(office: Office) -> int:
    """The provider accepts whatever is out, until nothing more is sent."""
    count = 0
    while commands := office.commands():
        await office.outcomes(
            *(office.success(command, f"r{command.record_id}") for command in commands)
        )
        count += len(commands)
    return count


async def told_before_connecting(
    office: Office, invoices: int = 3
) -> tuple[CustomerSnapshot, ItemSnapshot, list[InvoiceSnapshot]]:
    """Records from before the switches: none goes by itself."""
    ann, call_out = customer(), item()
    made = [invoice(ann, call_out, number=str(1001 + n)) for n in range(invoices)]
    await office.connect(sync_customers=False, sync_invoices=False)
    await office.map(call_out.id)
    await office.events(
        office.customer_event(ann),
        office.item_event(call_out),
        *(office.invoice_event(one) for one in made),
    )
    assert office.commands() == []
    return ann, call_out, made


async def test_all_of_the_chosen_kinds_go_and_the_run_ends_with_them(office: Office) -> None:
    await told_before_connecting(office)
    run, joined = await press(office, *ALL)
    assert (run.state, run.total, run.done, joined) == ("running", 5, 0, False)
    assert run.by_state == {"not_taken": 5}
    await steps(office)
    assert {type(c) for c in office.commands()} == {SyncCustomer, SyncItem}
    office.sent.clear()
    # The commands are out; what they wait for is asked for again by answering them.
    assert (await look(office, run)).by_state == {"queued": 2, "waiting": 3}


async def test_progress_comes_from_states_and_the_end_is_told_once(office: Office) -> None:
    await told_before_connecting(office)
    run, _ = await press(office, *ALL)
    await steps(office)
    assert await answer_all(office) == 5
    seen = await look(office, run)
    assert (seen.done, seen.failed, seen.left) == (5, 0, 0)
    assert seen.kinds["invoices"].model_dump() == {"total": 3, "done": 3, "failed": 0}
    office.later(timedelta(seconds=2))
    await steps(office)
    assert (await look(office, run)).state == "done"
    told = [message.run for message in office.take(RunChanged)]
    assert [one.version for one in told] == sorted({one.version for one in told})
    assert (told[-1].state, told[-1].finished_at) == ("done", office.now)
    office.later(timedelta(minutes=5))
    assert await steps(office) == 0


async def test_s53_a_second_press_joins_the_run_and_adds_its_kinds(office: Office) -> None:
    await told_before_connecting(office)
    first, _ = await press(office, "customers")
    again, joined = await press(office, "customers")
    assert (again.id, joined, again.total) == (first.id, True, 1)
    more, joined = await press(office, "invoices")
    assert (more.id, joined, more.total) == (first.id, True, 4)
    await steps(office)
    await answer_all(office)
    office.later(timedelta(seconds=2))
    await steps(office)
    assert (await look(office, first)).done == 4
    anew, joined = await press(office, "customers")
    assert (anew.id != first.id, joined, anew.total) == (True, False, 0)


async def test_s53_a_press_while_the_run_is_ending_starts_another(office: Office) -> None:
    await told_before_connecting(office)
    first, _ = await press(office, "customers")
    await steps(office)
    await answer_all(office)
    office.later(timedelta(seconds=2))

    async def waits_for_its_row() -> None:
        waiting = await office.pool.fetchval(
            "select count(*) from pg_stat_activity where wait_event_type = 'Lock'"
            " and datname = current_database() and query ilike '%update runs%'"
        )
        assert waiting == 1

    async with office.transaction() as tx:
        assert await runs_store.next_due(tx) is not None
        pressed = asyncio.create_task(press(office, "invoices"))
        await eventually(waits_for_its_row)
        assert await running.step(tx, office.tools)
    anew, joined = await pressed
    assert (await look(office, first)).state == "done"
    assert (anew.id != first.id, joined, anew.total) == (True, False, 3)


async def test_what_is_ignored_too_old_or_there_is_left_out_and_counted(office: Office) -> None:
    ann, call_out, made = await told_before_connecting(office)
    old = invoice(ann, call_out, number="0900", dated=date(2026, 4, 30))
    await office.events(office.invoice_event(old))
    await office.pool.execute("update connection_settings set start_date = '2026-06-01'")
    run, _ = await press(office, *ALL)
    assert (run.total, run.not_included) == (5, {"before_start_date": 1})
    await steps(office)
    await answer_all(office)
    office.later(timedelta(seconds=2))
    await steps(office)
    async with office.transaction() as tx:
        counts = await running.count_sync_now(tx, office.company, office.provider)
    assert counts["invoices"]["there"] == len(made)
    assert counts["invoices"]["to_send"] == 0
    assert counts["invoices"]["not_included"] == {"before_start_date": 1}
    run, _ = await press(office, *ALL)
    assert run.total == 0
    await steps(office)
    assert (await look(office, run)).state == "done"


async def test_what_needs_attention_ends_the_run_with_its_groups(office: Office) -> None:
    ann, unmapped = customer(), item("Gas check")
    await office.connect(sync_customers=False, sync_invoices=False)
    await office.events(
        office.customer_event(ann),
        office.item_event(unmapped),
        office.invoice_event(invoice(ann, unmapped)),
    )
    run, _ = await press(office, "invoices")
    await steps(office)
    seen = await look(office, run)
    assert (seen.state, seen.done, seen.failed) == ("done", 0, 1)
    (group,) = seen.groups
    assert (group.group, group.count) == ("item_account_unmapped", 1)
    # Mended afterwards: what the run ended with stays as it was.
    await office.map(unmapped.id)
    await office.pool.execute("update jobs set state = 'synced', cause_code = null")
    assert (await look(office, run)).failed == 1


async def test_stopped_takes_no_more_and_ends_when_nothing_is_being_sent(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await told_before_connecting(office, invoices=10)
    monkeypatch.setattr(runs, "UNDER_WAY", 4)
    run, _ = await press(office, *ALL)
    await steps(office)
    assert (await look(office, run)).by_state["not_taken"] == 8
    async with office.transaction() as tx:
        stopping = await running.cancel(tx, office.company, run.id)
    assert stopping.state == "stopping"
    await steps(office)
    assert (await look(office, run)).state == "stopping"
    await answer_all(office)
    office.later(timedelta(seconds=2))
    await steps(office)
    seen = await look(office, run)
    assert (seen.state, seen.done, seen.by_state["not_taken"]) == ("stopped", 4, 8)
    office.later(timedelta(minutes=1))
    await steps(office)
    assert office.commands() == []


async def test_stopped_with_a_record_held_is_not_done(office: Office) -> None:
    await told_before_connecting(office, invoices=1)
    run, _ = await press(office, "customers")
    await steps(office)
    office.commands()
    await office.connections(office.closed(2))
    office.later(timedelta(minutes=20))
    async with office.transaction() as tx:
        await reviewing.review_due(tx, office.tools)
        await running.cancel(tx, office.company, run.id)
    await steps(office)
    seen = await look(office, run)
    assert seen.by_state == {"held": seen.total}
    assert (seen.state, seen.done, seen.failed) == ("stopped", 0, 0)
    assert seen.finished_at is not None


async def test_no_more_than_a_window_is_under_way(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    await told_before_connecting(office, invoices=10)
    monkeypatch.setattr(runs, "UNDER_WAY", 4)
    monkeypatch.setattr(running, "BATCH", 3)
    run, _ = await press(office, *ALL)
    for _ in range(20):
        await steps(office)
        seen = await look(office, run)
        assert seen.left - seen.by_state.get("not_taken", 0) <= 4
        await answer_all(office)
        office.later(timedelta(seconds=2))
    assert ((await look(office, run)).state, (await look(office, run)).done) == ("done", 12)


async def test_an_invoice_that_is_told_by_the_press_is_waited_for(office: Office) -> None:
    ann, call_out, _ = await told_before_connecting(office)
    pending = invoice(ann, call_out, number="2001", status="pending", sent_at=None)
    run, _ = await press(office, "invoices", told=(pending.id,))
    assert run.total == 4
    await steps(office)
    await answer_all(office)
    office.later(timedelta(seconds=2))
    await steps(office)
    assert (await look(office, run)).state == "running"
    await office.events(office.invoice_event(pending))
    office.later(timedelta(seconds=2))
    await steps(office)
    await answer_all(office)
    office.later(timedelta(seconds=2))
    await steps(office)
    assert ((await look(office, run)).state, (await look(office, run)).done) == ("done", 4)


async def test_a_record_that_breaks_its_batch_is_counted_and_the_others_go(
    office: Office,
) -> None:
    await told_before_connecting(office)
    run, _ = await press(office, *ALL)
    async with office.transaction() as tx:
        await running.set_one_apart(tx, "ValueError")
    await steps(office)
    seen = await look(office, run)
    assert seen.by_state["refused"] == 1
    assert seen.failed == 1


async def test_a_run_of_another_company_is_none(office: Office) -> None:
    await told_before_connecting(office)
    run, _ = await press(office, *ALL)
    for asked in (running.show, running.cancel):
        with pytest.raises(Refusal) as refused:
            async with office.transaction() as tx:
                await asked(tx, CompanyId(uuid4()), run.id)
        assert refused.value.status == 404


async def test_without_a_kind_it_says_which_to_choose(office: Office) -> None:
    await office.connect()
    with pytest.raises(Refusal) as refused:
        await press(office)
    assert (refused.value.status, refused.value.errors[0].field) == (422, "customers")
