"""A record's timeline at an address of its own, to be sent to somebody."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from contracts.ids import CustomerId, Entity, InvoiceId, ItemId, Provider
from fastapi import APIRouter, Query, Response
from messaging.database import Tx

from invoice_api.customers import service as customers
from invoice_api.deeds.store import DeedDone
from invoice_api.http.dependencies import TheDatabase
from invoice_api.integrations.record_routes import TheEntity
from invoice_api.invoices import service as invoices
from invoice_api.items import service as items
from invoice_api.peers.orchestrator import Orchestrator, TheOrchestrator
from invoice_api.sync_status import connections_store
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.pages import History, Shell
from invoice_api.web.rendering import Renderer
from invoice_api.web.sessions import AVisit, Visit
from invoice_api.web.timelines import asked_for, deeds_of, history, told_there

router = APIRouter(include_in_schema=False)

Wanted = Annotated[str, Query(alias="history", max_length=20)]


@dataclass(frozen=True)
class TimelinePage:
    """A record's history alone. `named` is the record inside a sentence."""

    shell: Shell
    heading: str
    named: str
    address: str
    history: History


@dataclass(frozen=True)
class _Record:
    """What our own tables say of a record whose history is asked for."""

    kind: Entity
    id: UUID
    name: str
    deeds: list[DeedDone]
    shell: Shell
    providers: list[Provider]


@router.get("/invoices/{record}/timeline")
async def of_invoice(
    one: AVisit,
    record: UUID,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    render: TheRenderer,
    wanted: Wanted = "",
) -> Response:
    async with database.transaction() as tx:
        found = (await invoices.load(tx, one.caller, InvoiceId(record))).snapshot
        deeds = await deeds_of(
            tx, one, "invoice", record, sent_at=found.sent_at, sent_by=found.sent_by
        )
        known = await _record(tx, one, "invoice", record, found.number, deeds)
    return await _page(one, known, orchestrator, render, wanted)


@router.get("/customers/{record}/timeline")
@router.get("/items/{record}/timeline")
async def of_record(
    one: AVisit,
    entity: TheEntity,
    record: UUID,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    render: TheRenderer,
    wanted: Wanted = "",
) -> Response:
    async with database.transaction() as tx:
        if entity == "customer":
            name = (await customers.load(tx, one.caller, CustomerId(record))).name
        else:
            name = (await items.load(tx, one.caller, ItemId(record))).name
        deeds = await deeds_of(tx, one, entity, record)
        known = await _record(tx, one, entity, record, name, deeds)
    return await _page(one, known, orchestrator, render, wanted)


async def _record(
    tx: Tx, one: Visit, kind: Entity, record: UUID, name: str, deeds: list[DeedDone]
) -> _Record:
    named = f"Invoice {name}" if kind == "invoice" else name
    shell = await one.shell(tx, f"Timeline of {named}", f"{kind}s")
    known = await connections_store.current_connections(tx, one.caller.company.id)
    providers: list[Provider] = [connection.facts.provider for connection in known]
    return _Record(kind, record, named, deeds, shell, providers)


async def _page(
    one: Visit, known: _Record, orchestrator: Orchestrator, render: Renderer, wanted: str
) -> Response:
    only_changes, at = asked_for(wanted)
    there = await told_there(orchestrator, one, known.kind, known.id, known.providers)
    address = f"/{known.kind}s/{known.id}"
    told = history(
        known.kind,
        known.deeds,
        there,
        one.eyes,
        one.caller.user_id,
        f"{address}/timeline",
        only_changes=only_changes,
        at=at,
    )
    page = TimelinePage(known.shell, known.name, _inside(known.name), address, told)
    return render.page("timeline.html", page)


def _inside(name: str) -> str:
    """A name as it stands inside a heading: "invoice 1043"."""
    return f"invoice {name[8:]}" if name.startswith("Invoice ") else name
