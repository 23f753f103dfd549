"""Sync Now, and the page of any run."""

import asyncio
from collections.abc import Mapping
from uuid import UUID

from contracts.ids import PROVIDER_LABELS, Provider
from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse

from invoice_api.http.dependencies import TheClock, TheIds
from invoice_api.http.problems import Problem
from invoice_api.integrations import sync_now
from invoice_api.integrations.schemas import KindCounts, SyncCountsShown, WantedSyncNow
from invoice_api.runs import service as runs
from invoice_api.runs.schemas import RunShown
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.integrated import soon
from invoice_api.web.integration_pages import ThePeers, head_of
from invoice_api.web.live import live_url
from invoice_api.web.office_views import KindRow, RunPage, SyncNowPage
from invoice_api.web.pages import LinkView
from invoice_api.web.runs_shown import left_out, run_card
from invoice_api.web.sessions import AForm, AVisit, AWrite

router = APIRouter(include_in_schema=False)

_KINDS: Mapping[str, str] = {
    "customers": "Customers",
    "items": "Items",
    "invoices": "Invoices",
}


@router.get("/integrations/{provider}/sync-now")
async def show_sync_now(
    provider: Provider,
    one: AVisit,
    peers: ThePeers,
    clock: TheClock,
    render: TheRenderer,
    run: UUID | None = None,
    joined: str = "",
) -> Response:
    async with peers.database.transaction() as tx:
        shell = await one.shell(tx, "Sync Now", "integrations")
    row = await peers.integration(one, provider)
    head = head_of(row, "sync-now", peers.connectors)
    shown, counts, away = None, None, False
    if head.status != "not_connected":
        try:
            shown = await _run_of(one, peers, clock, provider, run)
            if shown is None or shown.finished_at is not None:
                counts = await soon(
                    sync_now.count(peers.database, peers.orchestrator, one.caller, provider)
                )
        except Problem as problem:
            away = problem.status >= 500
    held = None
    if row.status in {"reconnect", "disconnected"}:
        held = f"{head.label} needs to be connected again first: until then everything waits here."
    page = SyncNowPage(
        shell=shell,
        head=head,
        kinds=() if counts is None else _kinds(counts, head.label),
        run=None if shown is None else run_card(shown, one.eyes),
        away=away,
        held=held,
        live_url=None if shown is None else live_url("run", [str(shown.id)]),
        note="Already running: yours joined it." if joined else None,
    )
    return render.page("sync_now.html", page)


async def _run_of(
    one: AVisit, peers: ThePeers, clock: TheClock, provider: Provider, wanted: UUID | None
) -> RunShown | None:
    """The run asked for, else the one under way."""
    if wanted is not None:
        return await soon(
            runs.find_run(peers.database, peers.orchestrator, clock, one.caller, wanted)
        )
    found = await runs.list_runs(peers.database, clock, one.caller)
    under_way = (
        run
        for run in found.data
        if run.kind == "sync_now" and run.provider == provider and run.finished_at is None
    )
    return next(under_way, None)


def _kinds(counts: SyncCountsShown, label: str) -> tuple[KindRow, ...]:
    named: dict[str, KindCounts] = {
        "customers": counts.customers,
        "items": counts.items,
        "invoices": counts.invoices,
    }
    return tuple(_kind(key, kind, label) for key, kind in named.items())


def _kind(key: str, kind: KindCounts, label: str) -> KindRow:
    said = [
        f"{number:,} {words}"
        for number, words in (
            (kind.to_send, "to send"),
            (kind.changed, "changed"),
            (kind.under_way, "on the way already"),
            (kind.need_attention, "need attention first"),
        )
        if number
    ]
    wanted = kind.to_send + kind.changed
    return KindRow(
        key=key,
        label=_KINDS[key],
        sentence=", ".join(said) or f"Everything is in {label}",
        left_out=left_out(kind.not_included),
        none=not wanted,
        all_there=not said,
        chosen=bool(wanted),
    )


@router.post("/integrations/{provider}/sync-now")
async def start(
    provider: Provider, one: AWrite, form: AForm, peers: ThePeers, clock: TheClock, ids: TheIds
) -> Response:
    here = f"/integrations/{provider}/sync-now"
    wanted = WantedSyncNow(
        customers=form.get("customers") == "on",
        items=form.get("items") == "on",
        invoices=form.get("invoices") == "on",
    )
    if not (wanted.customers or wanted.items or wanted.invoices):
        return one.told(here, "Tick what should be synced first.", tone="warning")
    try:
        answer = await sync_now.start(
            peers.database, peers.orchestrator, clock, ids, one.caller, provider, wanted
        )
    except Problem as problem:
        return one.told(here, problem.detail, tone="danger")
    joined = "&joined=1" if answer.joined else ""
    return RedirectResponse(f"{here}?run={answer.run.id}{joined}", 303)


@router.get("/runs/{run_id}")
async def show_run(
    run_id: UUID, one: AVisit, peers: ThePeers, clock: TheClock, render: TheRenderer
) -> Response:
    async with peers.database.transaction() as tx:
        shell = await one.shell(tx, "Progress", "integrations")
    found = await runs.find_run(peers.database, peers.orchestrator, clock, one.caller, run_id)
    back = LinkView("Invoices", "/invoices")
    if found.provider is not None:
        label = PROVIDER_LABELS[found.provider]
        back = LinkView(label, f"/integrations/{found.provider}/recent")
    card = run_card(found, one.eyes)
    return render.page("run.html", RunPage(shell, card, back, live_url("run", [str(run_id)])))


@router.post("/runs/{run_id}/cancel")
async def cancel(
    run_id: UUID, one: AWrite, form: AForm, peers: ThePeers, clock: TheClock
) -> Response:
    back = form.get("back", "")
    where = back if back.startswith("/integrations/") else f"/runs/{run_id}"
    try:
        await asyncio.wait_for(
            runs.cancel_run(peers.database, peers.orchestrator, clock, one.caller, run_id), 10
        )
    except Problem as problem:
        return one.told(where, problem.detail, tone="danger")
    return RedirectResponse(where, 303)
