"""Sync Now: everything of some kinds that isn't at a provider yet."""

import json
from collections.abc import Sequence

from contracts.ids import Ids, InvoiceId, MessageId, Provider
from contracts.invoicing import InvoiceChanged
from messaging import outbox
from messaging.clock import Clock
from messaging.database import Database, Tx

from invoice_api.accounts.caller import Caller
from invoice_api.http import clock_store
from invoice_api.integrations.schemas import SyncCountsShown, WantedSyncNow
from invoice_api.invoices import store as invoices_store
from invoice_api.peers.orchestrator import Orchestrator, principal_of
from invoice_api.runs import service as runs
from invoice_api.runs.schemas import RunAnswer, RunTold
from invoice_api.sync_status.connected import check_connection
from invoice_api.sync_status.facts import ConnectionFacts


async def start(
    database: Database,
    orchestrator: Orchestrator,
    clock: Clock,
    ids: Ids,
    caller: Caller,
    provider: Provider,
    wanted: WantedSyncNow,
) -> RunAnswer:
    """Start a run, or join the one under way. 409 `not_connected`; 422 without a kind."""
    known = await check_connection(database, caller, provider)
    told: Sequence[InvoiceId] = ()
    if wanted.invoices:
        async with database.transaction() as tx:
            told = await _tell_finalized(tx, ids, caller, known.facts)
    body = {
        **wanted.model_dump(),
        "user_name": caller.user_name,
        "told": [str(invoice) for invoice in told],
    }
    answer = await orchestrator.post(
        principal_of(caller), f"/integrations/{provider}/sync", json.dumps(body)
    )
    run = await runs.remember(database, clock, caller, answer)
    return RunAnswer(run=run, joined=RunTold.model_validate_json(answer.text).joined)


async def count(
    database: Database, orchestrator: Orchestrator, caller: Caller, provider: Provider
) -> SyncCountsShown:
    """What a run would take of each kind, and what it would leave out and why."""
    known = await check_connection(database, caller, provider)
    answer = await orchestrator.get(principal_of(caller), f"/integrations/{provider}/sync/dry-run")
    shown = SyncCountsShown.model_validate_json(answer.text)
    async with database.transaction() as tx:
        here = await invoices_store.count_not_told(tx, caller.company.id, known.facts.start_date)
    invoices = shown.invoices
    left_out = dict(invoices.not_included)
    for reason, more in (("drafts", here.drafts), ("before_start_date", here.too_old)):
        if more:
            left_out[reason] = left_out.get(reason, 0) + more
    return shown.model_copy(
        update={
            "invoices": invoices.model_copy(
                update={"to_send": invoices.to_send + here.finalized, "not_included": left_out}
            )
        }
    )


async def _tell_finalized(
    tx: Tx, ids: Ids, caller: Caller, connection: ConnectionFacts
) -> list[InvoiceId]:
    """Finalized invoices that nobody was told of: they may go now, so others hear of them."""
    told = await invoices_store.tell_finalized(tx, caller.company.id, connection.start_date)
    now = await clock_store.now(tx)
    messages = [
        InvoiceChanged(
            id=(message := MessageId(ids.new())),
            occurred_at=now,
            company_id=caller.company.id,
            correlation_id=message,
            invoice=invoice,
        )
        for invoice in told
    ]
    await outbox.put(tx, messages)
    return [invoice.id for invoice in told]
