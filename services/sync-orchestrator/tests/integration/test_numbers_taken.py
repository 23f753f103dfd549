"""A number that a record of ours has there, which nobody knew when it was refused."""

from uuid import UUID

from contracts.commands import SyncInvoice
from contracts.sync import SyncState

from .support import Office, customer, invoice, item


async def test_what_was_refused_for_it_goes_again_once_its_holder_is_known_and_written(
    office: Office,
) -> None:
    await office.connect()
    ann, call_out = customer(), item()
    await office.map(call_out.id)
    first, second = invoice(ann, call_out), invoice(ann, call_out, number="1002")
    await office.events(
        office.customer_event(ann),
        office.item_event(call_out),
        office.invoice_event(first),
        office.invoice_event(second),
    )
    await office.outcomes(*(office.success(c, f"r{c.record_id}") for c in office.commands()))
    sent = {UUID(str(c.record_id)): c for c in office.commands() if isinstance(c, SyncInvoice)}
    # The first is there as 77 with the other's number, and its answer is late.
    taken = office.failure(sent[second.id], "invoice_number_taken", params={"remote_id": "77"})
    await office.outcomes(taken)
    job = await office.job("invoice", second.id)
    assert job is not None
    assert job.state is SyncState.BLOCKED
    assert office.commands() == []

    await office.outcomes(office.success(sent[first.id], "77"))
    await office.sweep()
    [again] = [c for c in office.commands() if c.record_id == second.id]
    await office.outcomes(office.success(again, "78"))
    # Whoever is written later and holds nothing of anybody's releases nobody.
    await office.sweep()
    assert office.commands() == []
