"""Events of connections: what a connector says of them, and their reference data."""

from collections.abc import Sequence

from contracts.causes import cause_of
from contracts.commands import RefreshReferenceData
from contracts.connections import (
    AccountsListed,
    ConnectionClosed,
    ConnectionExpired,
    ConnectionOpened,
    RemoteCustomersListed,
    RemoteItemsListed,
    TaxRatesListed,
)
from contracts.ids import LoadId, MessageId
from contracts.invoicing import CustomerSnapshot
from contracts.message import Message
from contracts.sync import SyncState
from messaging.database import Tx

from sync_orchestrator.domain.ages import RETRIED_DAILY
from sync_orchestrator.domain.connection import Connection
from sync_orchestrator.domain.facts import CameFromThere
from sync_orchestrator.domain.job import RecordKey
from sync_orchestrator.domain.round import Trigger
from sync_orchestrator.domain.switches import edits_go_by_themselves
from sync_orchestrator.handlers import remote_customers, remote_items
from sync_orchestrator.handlers.imported import as_imported
from sync_orchestrator.handlers.work import REVIEWS, Tools, Work, begin
from sync_orchestrator.store import (
    connections_store,
    jobs_store,
    records_store,
    reference_store,
    tax_store,
)
from sync_orchestrator.store.connections_store import Announced, LackingAccounts

StateEvent = ConnectionOpened | ConnectionExpired | ConnectionClosed

_IMPORTED_AT_ONCE = 2_000
_ON_THE_MOVE = (SyncState.QUEUED, SyncState.WAITING, SyncState.HELD)


async def on_connection_events(tx: Tx, messages: Sequence[Message], tools: Tools) -> None:
    """Keep what connectors announce; hold or resume the jobs of what closed or opened.

    An older epoch changes nothing; the same epoch again refreshes what is known. Jobs are held and
    resumed by the sweep, which this wakes: there may be thousands.
    """
    kinds = StateEvent | AccountsListed | TaxRatesListed | RemoteCustomersListed | RemoteItemsListed
    said = [m for m in messages if isinstance(m, kinds)]
    if not said:
        return
    work = await begin(tx, {message.company_id for message in said}, tools)
    states = sorted((m for m in said if isinstance(m, StateEvent)), key=lambda m: m.epoch)
    for event in states:
        await _announced(work, event)
    for page in said:
        if isinstance(page, AccountsListed):
            await _accounts(work, page)
        elif isinstance(page, TaxRatesListed):
            await _taxes(work, page)
    await remote_customers.take_pages(
        work, [page for page in said if isinstance(page, RemoteCustomersListed)]
    )
    await remote_items.take_pages(
        work, [page for page in said if isinstance(page, RemoteItemsListed)]
    )
    await work.save()


async def _announced(work: Work, event: StateEvent) -> None:
    before = work.books.connections.get(event.connection_id)
    if before is not None and (before.epoch > event.epoch or before.company_id != event.company_id):
        return
    await connections_store.save(work.tx, announced(event), work.books.now)
    after = next(iter(await connections_store.by_id(work.tx, [event.connection_id])), None)
    if after is None or after.company_id != event.company_id:
        return
    work.books.connections[after.id] = after
    if before is None:
        await _bring_imported(work, after, Trigger(event.correlation_id, event.id))
    now = work.books.now
    if before is not None and before.status != after.status:
        if after.is_open:
            await jobs_store.forget_refusals(work.tx, after.id, now, held_by=["connection"])
        await jobs_store.review_states_now(work.tx, after.id, _ON_THE_MOVE, now)
        work.tx.wake(REVIEWS)
    elif before is not None and before.facts != after.facts:
        await jobs_store.review_states_now(work.tx, after.id, (SyncState.BLOCKED,), now)
        work.tx.wake(REVIEWS)
    if after.is_open and after.accounts_as_of is None and (before is None or not before.is_open):
        trigger = Trigger(event.correlation_id, event.id)
        await ask_for_reference_data(work, [after], trigger)


def announced(event: StateEvent) -> Announced:
    """What an event says, as the store keeps it."""
    match event:
        case ConnectionOpened():
            return Announced(
                id=event.connection_id,
                company_id=event.company_id,
                provider=event.provider,
                status="open",
                epoch=event.epoch,
                organisation=event.organisation,
                opened_by=event.opened_by,
                opened_at=event.opened_at,
                opened_on=event.opened_on,
                facts=event.facts,
                token_good_until=event.token_good_until,
                accounts_as_of=event.reference_as_of.get("accounts"),
                customers_as_of=event.reference_as_of.get("remote_customers"),
            )
        case ConnectionExpired():
            return Announced(
                id=event.connection_id,
                company_id=event.company_id,
                provider=event.provider,
                status="expired",
                epoch=event.epoch,
                organisation=event.organisation,
                opened_by=event.opened_by,
                opened_at=event.opened_at,
                cause=event.cause,
                ended_at=event.expired_at,
            )
        case ConnectionClosed():
            return Announced(
                id=event.connection_id,
                company_id=event.company_id,
                provider=event.provider,
                status="closed",
                epoch=event.epoch,
                organisation=event.organisation,
                opened_by=event.opened_by,
                opened_at=event.opened_at,
                cause=cause_of(
                    "disconnected_by_person",
                    person=event.closed_by_name or None,
                    date=event.closed_at.date(),
                    org=event.organisation.name,
                ),
                ended_at=event.closed_at,
                ended_by_name=event.closed_by_name,
            )


async def ask_for_reference_data(
    work: Work, connections: Sequence[Connection | LackingAccounts], trigger: Trigger
) -> LoadId | None:
    """Have connectors read accounts and tax rates again; the last load's id."""
    load_id: LoadId | None = None
    for connection in connections:
        load_id = LoadId(work.tools.ids.new())
        work.messages.append(
            RefreshReferenceData(
                id=MessageId(work.tools.ids.new()),
                occurred_at=work.books.now,
                company_id=connection.company_id,
                correlation_id=trigger.correlation_id,
                causation_id=trigger.causation_id,
                provider=connection.provider,
                connection_id=connection.id,
                epoch=connection.epoch,
                load_id=load_id,
            )
        )
    await connections_store.reference_asked(work.tx, [c.id for c in connections])
    return load_id


async def _bring_imported(work: Work, connection: Connection, trigger: Trigger) -> None:
    """Customers that were imported from a connection whose own event came later."""
    records = await records_store.imported_from(work.tx, connection.id, _IMPORTED_AT_ONCE)
    ours = [record for record in records if record.company_id == connection.company_id]
    work.take_records(ours)
    keys = {RecordKey(connection.id, record.entity, record.id) for record in ours}
    await work.load(keys)
    made_of = [
        (record, snapshot.came_from)
        for record in ours
        if isinstance(snapshot := record.snapshot, CustomerSnapshot) and snapshot.came_from
    ]
    there = await as_imported(work.tx, connection.id, [origin for _, origin in made_of])
    for record, origin in made_of:
        key = RecordKey(connection.id, record.entity, record.id)
        automatic = edits_go_by_themselves(record.snapshot, connection)
        work.round.apply(key, CameFromThere(there[origin.remote_id], automatic), trigger)


async def _accounts(work: Work, page: AccountsListed) -> None:
    """A page of income accounts; when a whole load changed them, what hung on them goes on."""
    known = work.books.connections.get(page.connection_id)
    if known is None or known.company_id != page.company_id:
        return
    others = await reference_store.save_accounts_page(
        work.tx, page, page.accounts, offered=page.offered
    )
    if not others and known.accounts_as_of is not None:
        return
    work.books.connections.update(
        {c.id: c for c in await connections_store.by_id(work.tx, [known.id])}
    )
    now = work.books.now
    await jobs_store.forget_refusals(work.tx, known.id, now, codes=sorted(RETRIED_DAILY))
    codes = sorted(RETRIED_DAILY | {"item_account_unmapped", "prerequisite_blocked"})
    await jobs_store.review_causes_now(work.tx, known.id, codes, now)
    work.tx.wake(REVIEWS)


async def _taxes(work: Work, page: TaxRatesListed) -> None:
    """A page of taxes; when a whole load changed them, what hung on them is looked at again."""
    known = work.books.connections.get(page.connection_id)
    if known is None or known.company_id != page.company_id:
        return
    if not await tax_store.save_page(work.tx, page):
        return
    now, codes = work.books.now, ["tax_code_gone", "tax_not_allowed_for_account"]
    await jobs_store.forget_refusals(work.tx, known.id, now, codes=codes)
    await jobs_store.review_causes_now(work.tx, known.id, codes, now)
    work.tx.wake(REVIEWS)
