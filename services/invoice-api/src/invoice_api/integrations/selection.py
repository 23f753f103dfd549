"""A selection of invoices, looked at before anything is sent."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from contracts.causes import Who
from contracts.ids import Entity, InvoiceId, Provider
from contracts.sync import SyncState

from invoice_api.accounts.caller import Caller
from invoice_api.http.problems import Problem
from invoice_api.integrations.commands import AT_ONCE, Desk
from invoice_api.invoices import service, store
from invoice_api.invoices.schemas import InvoiceShown
from invoice_api.sync_status.connected import check_connection
from invoice_api.sync_status.schemas import CauseShown

Outlook = Literal["ready", "stopped", "there", "under_way", "ignored", "void"]

THERE = frozenset({SyncState.SYNCED, SyncState.SYNCED_WITH_DIFFERENCE})
_UNDER_WAY = frozenset({SyncState.WAITING, SyncState.HELD, SyncState.QUEUED, SyncState.CHECKING})


@dataclass(frozen=True)
class Looked:
    """One invoice: what would become of it if it were synced, and what would stop it."""

    id: UUID
    number: str
    outlook: Outlook
    problems: tuple[CauseShown, ...] = ()


async def look_at(
    desk: Desk, caller: Caller, provider: Provider, ids: Sequence[UUID]
) -> tuple[Looked, ...]:
    """Each of the company's invoices among `ids`, in that order; the provider isn't asked.

    Raises:
        Problem: 409 `not_connected`; 503 where the orchestrator doesn't answer.
    """
    await check_connection(desk.database, caller, provider)
    async with desk.database.transaction() as tx:
        wanted = [InvoiceId(one) for one in dict.fromkeys(ids)]
        found = await store.load_invoices(tx, caller.company.id, wanted)
        known = [found[one] for one in wanted if one in found]
        shown = await service.shown(tx, caller, desk.clock, known)
    gate = asyncio.Semaphore(AT_ONCE)

    async def look(invoice: InvoiceShown) -> Looked:
        settled = settled_already(invoice, provider)
        if settled is not None:
            return settled
        async with gate:
            told = await desk.preflight(caller, provider, invoice.id)
        outlook = "stopped" if told.problems else "ready"
        return Looked(invoice.id, invoice.number, outlook, told.problems)

    return tuple(await asyncio.gather(*(look(invoice) for invoice in shown)))


async def ignore_all(
    desk: Desk, caller: Caller, provider: Provider, ids: Sequence[UUID], why: str
) -> int:
    """Leave each alone at the provider; how many it was possible for.

    Raises:
        Problem: 409 `not_connected`; 503 where the orchestrator doesn't answer.
    """
    records: list[tuple[Entity, UUID]] = [("invoice", one) for one in ids]
    return await _each(desk, caller, provider, records, "ignore", {"why": why})


async def stop_ignoring_all(
    desk: Desk, caller: Caller, provider: Provider, records: Sequence[tuple[Entity, UUID]]
) -> int:
    """Leave them alone no longer; how many it was possible for. Raises as `ignore_all`."""
    return await _each(desk, caller, provider, records, "stop_ignoring", {})


async def _each(
    desk: Desk,
    caller: Caller,
    provider: Provider,
    records: Sequence[tuple[Entity, UUID]],
    action: str,
    fields: dict[str, str],
) -> int:
    await check_connection(desk.database, caller, provider)
    gate = asyncio.Semaphore(AT_ONCE)

    async def act(entity: Entity, record: UUID) -> bool:
        async with gate:
            try:
                await desk.act(caller, provider, entity, record, action, fields)
            except Problem as problem:
                if problem.status >= 500:
                    raise
                return False
        return True

    return sum(await asyncio.gather(*(act(*one) for one in dict.fromkeys(records))))


def settled_already(invoice: InvoiceShown, provider: Provider) -> Looked | None:
    """What is known of it by its badge; None where it must be looked at first.

    What is under way but waits for a person is stopped as much as what isn't.
    """
    badge = invoice.sync.get(provider)
    if invoice.status == "void":
        return Looked(invoice.id, invoice.number, "void")
    if badge is None:
        return None
    if badge.state in THERE:
        return Looked(invoice.id, invoice.number, "there")
    if badge.state is SyncState.IGNORED:
        return Looked(invoice.id, invoice.number, "ignored")
    if badge.state not in _UNDER_WAY:
        return None
    if badge.cause is not None and badge.cause.who in _PEOPLE:
        return Looked(invoice.id, invoice.number, "stopped", (badge.cause,))
    return Looked(invoice.id, invoice.number, "under_way")


_PEOPLE: frozenset[Who] = frozenset({"fix_record", "reconnect"})
