"""Connections: announced, lost, back again; their accounts by load; imports."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from contracts.commands import RefreshReferenceData
from contracts.connections import Account
from contracts.ids import ConnectionId, Entity, RemoteId
from contracts.invoicing import CameFrom
from messaging.database import Tx
from sync_orchestrator.handlers import invoicing, reviewing
from sync_orchestrator.handlers.work import REVIEWS
from sync_orchestrator.store import reference_store

from .support import Office, customer, invoice, item

SERVICE = Account(id="79", code="200", name="Service revenue")
PARTS = Account(id="80", code="210", name="Parts revenue")


async def test_a_connection_without_accounts_is_asked_for_them_at_once_and_each_minute(
    office: Office,
) -> None:
    await office.connections(office.opened())
    assert len(office.take(RefreshReferenceData)) == 1
    await office.connections(office.opened())
    assert office.take(RefreshReferenceData) == [], "an announcement alone asks for nothing"
    office.later(timedelta(seconds=61))
    async with office.transaction() as tx:
        await reviewing.refresh_missing_accounts(tx, office.tools)
    await office.read_outbox()
    assert len(office.take(RefreshReferenceData)) == 1


async def test_accounts_count_once_their_load_is_whole_in_any_order(office: Office) -> None:
    await office.connections(office.opened())
    load = uuid4()
    second = office.accounts([PARTS], page=1, pages=2, load=load)
    first = office.accounts([SERVICE], page=0, pages=2, load=load)
    await office.connections(second, second)
    assert (await _accounts(office)).accounts == ()
    await office.connections(first)
    listed = await _accounts(office)
    assert [account.name for account in listed.accounts] == ["Service revenue", "Parts revenue"]
    older = office.accounts([PARTS], as_of=office.now - timedelta(hours=1))
    await office.connections(older)
    assert len((await _accounts(office)).accounts) == 2, "an older reading changes nothing"
    office.later(timedelta(minutes=1))
    await office.connections(office.accounts([PARTS]))
    assert [a.id for a in (await _accounts(office)).accounts] == ["80"]


async def _accounts(office: Office) -> reference_store.AccountList:
    async with office.transaction() as tx:
        return await reference_store.accounts(tx, office.connection)


async def test_s11_disconnect_holds_what_is_under_way_and_reconnect_sends_exactly_that(
    office: Office,
) -> None:
    await office.connect()
    ann, call_out = customer(), item()
    await office.map(call_out.id)
    bill = invoice(ann, call_out)
    await office.events(
        office.customer_event(ann), office.item_event(call_out), office.invoice_event(bill)
    )
    first = {command.record_id: command.step for command in office.commands()}
    await office.connections(office.closed(2))
    assert REVIEWS in office.waker.channels
    await office.sweep()
    held: list[tuple[Entity, UUID]] = [
        ("customer", ann.id),
        ("item", call_out.id),
        ("invoice", bill.id),
    ]
    for entity, record in held:
        job = await office.job(entity, record)
        assert job is not None
        assert (job.state.value, job.cause and job.cause.code) == (
            "held",
            "disconnected_by_person",
        )
    later = customer("Bob Ray")
    await office.events(office.customer_event(later))
    assert office.commands() == []
    assert await office.state("customer", later.id) == "held"

    await office.connections(office.opened(epoch=3))
    await office.sweep()
    again = office.commands()
    assert {c.record_id: c.step for c in again if c.record_id in first} == first
    assert {c.epoch for c in again} == {3}
    assert len(again) == 3
    assert await office.state("invoice", bill.id) == "waiting"


async def test_an_edit_before_the_sweep_does_not_keep_a_held_record_from_going_on(
    office: Office,
) -> None:
    await office.connect()
    ann = customer()
    await office.events(office.customer_event(ann))
    (command,) = office.commands()
    await office.connections(office.closed(2))
    await office.sweep()
    await office.connections(office.opened(epoch=3))
    # The reopening left a mark for the sweep; a decision that comes first must leave it there.
    await office.events(office.customer_event(customer("Ann Ray", known_as=ann.id, version=2)))
    await office.sweep()
    assert [again.step for again in office.commands()] == [command.step]


async def test_answers_that_come_while_disconnected_are_recorded(office: Office) -> None:
    await office.connect()
    ann = customer()
    await office.events(office.customer_event(ann))
    (command,) = office.commands()
    await office.connections(office.closed(2))
    await office.sweep()
    await office.outcomes(office.success(command, "60"))
    job = await office.job("customer", ann.id)
    assert job is not None
    assert (job.state.value, job.link and job.link.id) == ("synced", "60")


async def test_an_older_epoch_changes_nothing(office: Office) -> None:
    await office.connect()
    await office.connections(office.expired(5), office.opened(epoch=4))
    row = await office.pool.fetchrow(
        "select status, epoch from connections where id = $1", office.connection
    )
    assert row is not None
    assert (row["status"], row["epoch"]) == ("expired", 5)


async def test_s86_an_imported_customer_is_linked_and_never_pushed_back(office: Office) -> None:
    await office.connect()
    origin = CameFrom(connection_id=office.connection, remote_id=RemoteId("58"))
    ann = customer(came_from=origin)
    await office.events(office.customer_event(ann))
    assert office.commands() == []
    job = await office.job("customer", ann.id)
    assert job is not None
    assert (job.state.value, job.link and job.link.id) == ("synced", "58")


async def test_an_import_that_comes_before_its_connection_is_linked_when_that_is_known(
    office: Office,
) -> None:
    origin = CameFrom(connection_id=office.connection, remote_id=RemoteId("58"))
    ann = customer(came_from=origin)
    await office.events(office.customer_event(ann))
    await office.connections(office.opened())
    assert await office.state("customer", ann.id) == "synced"


async def test_s10_another_organisation_is_another_connection_with_nothing_of_the_old(
    office: Office,
) -> None:
    await office.connect()
    ann = customer()
    await office.events(office.customer_event(ann))
    (command,) = office.commands()
    await office.connections(office.closed(2))
    office.connection = ConnectionId(uuid4())
    newer = office.opened(epoch=1).model_copy(update={"opened_at": office.now})
    await office.connections(newer)
    await office.sweep()
    assert await office.state("customer", ann.id) is None
    await office.outcomes(office.success(command, "60"))
    assert await office.state("customer", ann.id) is None, "the old one's answer stays with it"
    assert office.commands() == []


async def test_a_failing_handler_leaves_nothing_behind(office: Office) -> None:
    await office.connect()
    ann = customer()

    async def fail(tx: Tx) -> None:
        await invoicing.on_events(tx, [office.customer_event(ann)], office.tools)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        async with office.transaction() as tx:
            await fail(tx)
    assert await office.state("customer", ann.id) is None
    await office.read_outbox()
    assert office.commands() == []


async def test_what_was_refused_for_the_sign_in_goes_again_after_reconnecting(
    office: Office,
) -> None:
    await office.connect()
    ann = customer()
    await office.events(office.customer_event(ann))
    (command,) = office.commands()
    await office.outcomes(office.failure(command, "permission_missing"))
    assert await office.state("customer", ann.id) == "held"
    await office.connections(office.expired(2), office.opened(epoch=3))
    await office.sweep()
    (again,) = office.commands()
    assert again.step > command.step


async def test_s27_a_refusal_for_an_account_is_tried_again_when_the_accounts_change(
    office: Office,
) -> None:
    await office.connect()
    call_out = item()
    await office.map(call_out.id)
    ann = customer()
    bill = invoice(ann, call_out)
    await office.events(
        office.customer_event(ann), office.item_event(call_out), office.invoice_event(bill)
    )
    commands = office.commands()
    for_item = next(c for c in commands if c.record_id == call_out.id)
    await office.outcomes(office.failure(for_item, "account_gone"))
    office.later(timedelta(minutes=5))
    await office.connections(office.accounts([SERVICE]))
    await office.sweep()
    assert office.commands() == [], "the same accounts again: nothing was mended"
    office.later(timedelta(minutes=5))
    await office.connections(office.accounts([SERVICE, PARTS]))
    await office.sweep()
    (again,) = office.commands()
    assert again.record_id == call_out.id


async def test_an_account_that_disappears_blocks_what_is_mapped_to_it_by_name(
    office: Office,
) -> None:
    await office.connect(accounts=[SERVICE, PARTS])
    call_out = item()
    await office.map(call_out.id, account="80")
    office.later(timedelta(minutes=5))
    gone = PARTS.model_copy(update={"active": False})
    await office.connections(office.accounts([SERVICE, gone]))
    ann = customer()
    bill = invoice(ann, call_out)
    await office.events(
        office.customer_event(ann), office.item_event(call_out), office.invoice_event(bill)
    )
    job = await office.job("invoice", bill.id)
    assert job is not None
    assert job.cause is not None
    assert (job.cause.code, job.cause.params["account"]) == ("account_gone", "Parts revenue")
