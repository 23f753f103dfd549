"""The way of an invoice: customer, items and invoice, each by its command and its outcome."""

from uuid import UUID

from contracts.commands import SyncCustomer, SyncInvoice, SyncItem
from contracts.ids import Entity

from .support import Office, customer, invoice, item


async def test_s25_an_invoice_that_comes_before_its_customer_waits_and_both_end_synced(
    office: Office,
) -> None:
    await office.connect()
    ann, call_out = customer(), item()
    await office.map(call_out.id)
    bill = invoice(ann, call_out)
    await office.events(office.invoice_event(bill))
    assert await office.state("invoice", bill.id) == "waiting"
    assert office.commands() == []

    await office.events(office.customer_event(ann))
    (for_customer,) = office.commands()
    assert isinstance(for_customer, SyncCustomer)
    await office.outcomes(office.success(for_customer, "60"))
    assert await office.state("invoice", bill.id) == "waiting", "the item hasn't come yet"

    await office.events(office.item_event(call_out))
    (for_item,) = office.commands()
    assert isinstance(for_item, SyncItem)
    assert for_item.income_account_id == "79"
    await office.outcomes(office.success(for_item, "23"))

    (for_invoice,) = office.commands()
    assert isinstance(for_invoice, SyncInvoice)
    assert for_invoice.customer_remote_id == "60"
    assert for_invoice.items[str(call_out.id)].remote_id == "23"
    await office.outcomes(office.success(for_invoice, "155"))
    ends: list[tuple[Entity, UUID]] = [
        ("customer", ann.id),
        ("item", call_out.id),
        ("invoice", bill.id),
    ]
    for entity, record in ends:
        job = await office.job(entity, record)
        assert job is not None
        assert job.state == "synced"
        assert job.link is not None


async def test_z5_customer_items_and_invoice_of_one_batch_go_in_order(office: Office) -> None:
    await office.connect()
    ann, call_out, parts = customer(), item(), item("Parts")
    await office.map(call_out.id, parts.id)
    bill = invoice(ann, call_out, parts)
    await office.events(
        office.invoice_event(bill),
        office.item_event(parts),
        office.customer_event(ann),
        office.item_event(call_out),
    )
    commands = office.commands()
    assert sorted(type(command).__name__ for command in commands) == [
        "SyncCustomer",
        "SyncItem",
        "SyncItem",
    ]
    await office.outcomes(*(office.success(c, f"r{n}") for n, c in enumerate(commands)))
    (for_invoice,) = office.commands()
    assert isinstance(for_invoice, SyncInvoice)
    states = [state.state.value for state in office.told(bill.id)]
    assert states == ["waiting", "queued"]
    steps = [state.step for state in office.told(bill.id)]
    assert steps == sorted(set(steps))
