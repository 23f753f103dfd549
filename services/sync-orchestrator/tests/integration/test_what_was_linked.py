"""What a record there held when it was linked or imported goes along until we first write it."""

from collections.abc import AsyncIterator

import httpx
import pytest
from contracts.commands import RemoteRef, SyncCustomer, SyncInvoice
from contracts.connections import RemoteCustomer
from contracts.ids import RemoteId
from contracts.invoicing import CameFrom, CustomerSnapshot
from contracts.sync import SyncState
from sync_orchestrator.http.application import make_application
from sync_orchestrator.http.callers import Parts

from .support import Office, customer, invoice, item
from .test_http import CLOCK, KEY, Caller
from .test_remote_customers import page, there


@pytest.fixture
async def caller(office: Office) -> AsyncIterator[Caller]:
    parts = Parts(office.database, office.tools, KEY, CLOCK)
    transport = httpx.ASGITransport(app=make_application(parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://orchestrator") as client:
        yield Caller(client, office.company)


async def edit_sent(office: Office, ann: CustomerSnapshot) -> SyncCustomer:
    """The command of its first edit here."""
    edited = ann.model_copy(update={"version": ann.version + 1, "phone": "(555) 555-9876"})
    await office.events(office.customer_event(edited))
    await office.read_outbox()
    (command,) = office.commands()
    assert isinstance(command, SyncCustomer)
    return command


def holding(mark: str, *, version: str = "3") -> RemoteCustomer:
    return there("58", "Ann Lee").model_copy(update={"held": mark, "version": version})


async def put_link(caller: Caller, ann: CustomerSnapshot) -> None:
    body = {"provider": "qbo", "record": ann.model_dump(mode="json"), "remote_id": "58"}
    answer = await caller.call("PUT", f"/records/customer/{ann.id}/link", body)
    assert answer.status_code == 200, answer.text


async def test_a_customer_that_is_linked_by_hand_tells_what_it_held_in_the_list(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    await office.connections(page(office, [holding("c0ffee")]))
    ann = customer()
    await office.events(office.customer_event(ann))
    await put_link(caller, ann)
    command = await edit_sent(office, ann)
    assert command.link == RemoteRef(id=RemoteId("58"), held="c0ffee")
    await office.outcomes(office.success(command, "58"))
    job = await office.job("customer", ann.id)
    assert job is not None
    assert job.link is not None
    assert job.link.held is None, "what it held before we wrote it is past"
    body: dict[str, object] = {"provider": "qbo", "record": ann.model_dump(mode="json")}
    assert (await caller.call("POST", f"/records/customer/{ann.id}/unlink", body)).is_success
    await put_link(caller, ann)
    job = await office.job("customer", ann.id)
    assert job is not None
    assert job.link == RemoteRef(id=RemoteId("58")), "what stands there is ours by now"


@pytest.mark.parametrize(("version", "held"), [("3", "c0ffee"), ("4", "?")])
@pytest.mark.parametrize("connected_first", [True, False])
async def test_an_imported_customer_tells_what_its_import_read(
    office: Office, version: str, held: str, connected_first: bool
) -> None:
    """Where the list has moved on since, that it is another by now."""
    if connected_first:
        await office.connect()
        await office.connections(page(office, [holding("c0ffee", version=version)]))
    origin = CameFrom(connection_id=office.connection, remote_id=RemoteId("58"), remote_version="3")
    ann = customer(came_from=origin)
    await office.events(office.customer_event(ann))
    if not connected_first:
        await office.connect()
        held = ""
    job = await office.job("customer", ann.id)
    assert job is not None
    assert job.state is SyncState.SYNCED
    command = await edit_sent(office, ann)
    assert command.link == RemoteRef(id=RemoteId("58"), version="3", held=held or None)


async def test_an_invoice_that_is_linked_as_the_same_tells_what_it_held(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    ann, call_out = customer(), item()
    await office.map(call_out.id)
    bill = invoice(ann, call_out)
    await office.events(
        office.customer_event(ann), office.item_event(call_out), office.invoice_event(bill)
    )
    await office.outcomes(*(office.success(c, f"r{c.record_id}") for c in office.commands()))
    (command,) = office.commands()
    told = {"remote_id": "77", "same": "yes", "held": "c0ffee"}
    await office.outcomes(office.failure(command, "invoice_number_taken", params=told))
    answer = await caller.ask(bill, "/actions/link", ann, call_out, remote_id="77")
    assert answer.json()["state"]["state"] == "synced", answer.text
    edited = bill.model_copy(update={"version": 2, "memo": "Thanks"})
    await office.events(office.invoice_event(edited))
    await office.read_outbox()
    (update,) = office.commands()
    assert isinstance(update, SyncInvoice)
    assert update.link == RemoteRef(id=RemoteId("77"), held="c0ffee")
