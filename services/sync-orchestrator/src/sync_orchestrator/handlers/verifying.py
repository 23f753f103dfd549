"""Having a month's invoices read there: asked for, asked for again, or given up."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from contracts.commands import InvoiceToRead, ReadInvoices
from contracts.ids import LoadId, MessageId
from messaging import outbox
from messaging.database import Tx

from sync_orchestrator.domain.connection import Connection
from sync_orchestrator.handlers.work import Tools
from sync_orchestrator.store import connections_store, match_store
from sync_orchestrator.store.match_store import ToRead
from sync_orchestrator.store.runs_store import Run

AT_ONCE = 200
"""Invoices that one command has read."""

ASKED_AGAIN_AFTER = timedelta(minutes=1)
ASKED_AGAIN_AT_LEAST = timedelta(minutes=15)
"""A reading may wait for a provider that is away, or for the day's limit: then less often."""


async def ask(
    tx: Tx, tools: Tools, run: Run, connection: Connection, found: Sequence[ToRead], now: datetime
) -> None:
    """Have these read, for the first time."""
    loads = {
        one.record_id: load
        for at in range(0, len(found), AT_ONCE)
        for load in [LoadId(tools.ids.new())]
        for one in found[at : at + AT_ONCE]
    }
    await match_store.asked(tx, run.id, loads, now)
    await _send(tx, tools, run, connection, [(loads[one.record_id], one) for one in found], now)


async def go_on(tx: Tx, tools: Tools, run: Run, now: datetime) -> None:
    """Ask again for what nothing was said of for a while; give it up where nothing can be read.

    The message may be lost, or its command dropped, as of an epoch that was over. The load is the
    same: a connector that has it still in hand reads nothing twice.
    """
    connection = next(iter(await connections_store.by_id(tx, [run.connection_id])), None)
    if connection is None or not connection.is_open:
        await match_store.give_up(tx, run.id, now)
        return
    again = await match_store.may_ask_again(
        tx, run.id, now, ASKED_AGAIN_AFTER, ASKED_AGAIN_AT_LEAST
    )
    if not again:
        return
    found = await match_store.untaken(tx, connection.id, run.id)
    await match_store.none_but(tx, run.id, [one.record_id for one in found], now)
    loads = {one.record_id: one.load for one in found if one.load is not None}
    # A run of the release before knows none: as many at a time as one command has.
    unasked = [one.record_id for one in found if one.load is None][:AT_ONCE]
    loads |= dict.fromkeys(unasked, LoadId(tools.ids.new()))
    await match_store.asked(tx, run.id, loads)
    known = [(loads[one.record_id], one) for one in found if one.record_id in loads]
    await _send(tx, tools, run, connection, known, now)


async def _send(
    tx: Tx,
    tools: Tools,
    run: Run,
    connection: Connection,
    found: Sequence[tuple[LoadId, ToRead]],
    now: datetime,
) -> None:
    by_load: dict[LoadId, list[InvoiceToRead]] = {}
    for load, one in found:
        by_load.setdefault(load, []).append(
            InvoiceToRead(
                record_id=one.record_id, generation=one.generation, step=one.step, remote=one.remote
            )
        )
    commands = [
        ReadInvoices(
            id=MessageId(tools.ids.new()),
            occurred_at=now,
            company_id=run.company_id,
            correlation_id=run.id,
            provider=run.provider,
            connection_id=connection.id,
            epoch=connection.epoch,
            load_id=load,
            invoices=tuple(invoices),
        )
        for load, invoices in by_load.items()
    ]
    await outbox.put(tx, commands)
