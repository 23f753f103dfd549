"""Two replicas deciding at the same moment, on real concurrent transactions."""

import asyncio
from datetime import timedelta
from uuid import uuid4

from contracts.commands import SyncInvoice
from contracts.ids import CompanyId

from .support import Office, customer, invoice, item


async def test_s79_an_invoice_and_its_customers_success_at_the_same_moment_leave_none_waiting(
    office: Office,
) -> None:
    await office.connect()
    call_out = item()
    await office.map(call_out.id)
    await office.events(office.item_event(call_out))
    for _ in range(15):
        ann = customer()
        bill = invoice(ann, call_out)
        await office.events(office.customer_event(ann))
        commands = office.commands()
        await asyncio.gather(
            office.events(office.invoice_event(bill)),
            office.outcomes(*(office.success(command, f"c{bill.id}") for command in commands)),
        )
        for_item = office.commands()
        await office.outcomes(*(office.success(c, f"x{c.record_id}") for c in for_item))
        job = await office.job("invoice", bill.id)
        assert job is not None
        assert job.state in ("queued", "synced"), job


async def test_batches_of_many_companies_lock_them_in_one_order(office: Office) -> None:
    offices = [
        Office(office.database, office.pool, office.waker, CompanyId(uuid4()), office.tools)
        for _ in range(6)
    ]
    for one in offices:
        await one.connect()
    forward = [one.customer_event(customer()) for one in offices]
    backward = [one.customer_event(customer()) for one in reversed(offices)]
    await asyncio.gather(
        *(office.events(*forward) for _ in range(3)), *(office.events(*backward) for _ in range(3))
    )
    counts = await office.pool.fetch(
        "select company_id, count(*) as n from jobs where company_id = any($1) group by 1",
        [one.company for one in offices],
    )
    assert {row["n"] for row in counts} == {2}


async def test_the_same_outcome_at_once_on_two_replicas_counts_once(office: Office) -> None:
    await office.connect()
    ann = customer()
    await office.events(office.customer_event(ann))
    (command,) = office.commands()
    told = office.success(command, "60")
    await asyncio.gather(*(office.outcomes(told) for _ in range(4)))
    lines = await office.pool.fetchval(
        "select count(*) from job_history where record_id = $1 and kind = 'outcome'", ann.id
    )
    assert lines == 1


async def test_two_replicas_review_a_due_job_once(office: Office) -> None:
    await office.connect()
    ann, call_out = customer(), item()
    await office.map(call_out.id)
    bill = invoice(ann, call_out)
    await office.events(
        office.customer_event(ann), office.item_event(call_out), office.invoice_event(bill)
    )
    first = {command.record_id: command.step for command in office.commands()}
    office.later(timedelta(minutes=16))
    await asyncio.gather(*(office.sweep() for _ in range(3)))
    again = office.commands()
    assert sorted(c.record_id for c in again) == sorted(first)
    assert {c.record_id: c.step for c in again} == first
    assert not any(isinstance(command, SyncInvoice) for command in again)
