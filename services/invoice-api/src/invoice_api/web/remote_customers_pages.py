"""Import Customers: load what is there, review it, import.

What is chosen in the review is kept where the review is: it survives paging, filters and leaving,
and what is imported is all that is selected there, of whatever page.
"""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode

from contracts.ids import Provider
from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from messaging.clock import Clock

from invoice_api.customer_imports import service
from invoice_api.customer_imports.schemas import (
    ChoicesTold,
    Matching,
    SelectionTold,
    WantedImport,
)
from invoice_api.http.dependencies import TheClock, TheIds
from invoice_api.http.problems import Problem
from invoice_api.runs import service as runs
from invoice_api.runs.schemas import RunShown
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.integrated import soon
from invoice_api.web.integration_pages import ThePeers, head_of
from invoice_api.web.live import live_url
from invoice_api.web.pages import Tab
from invoice_api.web.reading import as_json
from invoice_api.web.remote_customers_choices import (
    KINDS,
    as_kept,
    changes_of,
    kept_of,
    row_of,
    selection_of,
)
from invoice_api.web.remote_customers_views import CutShort, ImportCustomersPage, ReviewTold
from invoice_api.web.runs_shown import run_card
from invoice_api.web.sessions import AVisit, AWrite, FormLists, Typed, Visit

router = APIRouter(prefix="/integrations/{provider}/import", include_in_schema=False)

_PAGE = 50
_FILTERS = (
    ("all", "All"),
    ("new", "New"),
    ("look_alike", "Look-alikes"),
    ("linked", "Linked"),
    ("no_email", "No e-mail"),
    ("business", "Business"),
    ("homeowner", "Homeowner"),
    ("selected", "Selected"),
)


def _where(provider: Provider, **more: str | None) -> str:
    said = {name: value for name, value in more.items() if value}
    return f"/integrations/{provider}/import" + (f"?{urlencode(said)}" if said else "")


@router.get("")
async def show_import(
    provider: Provider,
    one: AVisit,
    peers: ThePeers,
    clock: TheClock,
    render: TheRenderer,
    q: Annotated[str, Query(max_length=200)] = "",
    show: Annotated[str, Query(max_length=20)] = "all",
    cursor: Annotated[str, Query(max_length=3000)] = "",
    before: Annotated[str, Query(max_length=3000)] = "",
) -> Response:
    async with peers.database.transaction() as tx:
        shell = await one.shell(tx, "Import Customers", "integrations")
    head = head_of(await peers.integration(one, provider), "import", peers.connectors)
    page = ImportCustomersPage(shell, head)
    if head.status != "not_connected":
        shown = show if show in dict(_FILTERS) else "all"
        place = {"cursor": "" if before else cursor, "before": before}
        params = {"filter": shown, "limit": str(_PAGE), "q": q.strip(), **place}
        wanted = {name: value for name, value in params.items() if value}
        try:
            told = ReviewTold.model_validate_json(
                (
                    await soon(
                        service.review(
                            peers.database, peers.orchestrator, one.caller, provider, wanted
                        )
                    )
                ).text
            )
            page = await _reviewed(page, one, peers, clock, provider, told, (shown, q, place))
        except Problem as problem:
            if problem.status == 422:
                return RedirectResponse(_where(provider), 303)
            page = ImportCustomersPage(shell, head, away=True)
    return render.page("remote_customers.html", page)


async def _reviewed(
    page: ImportCustomersPage,
    one: Visit,
    peers: ThePeers,
    clock: Clock,
    provider: Provider,
    told: ReviewTold,
    address: tuple[str, str, Mapping[str, str]],
) -> ImportCustomersPage:
    shown, query, place = address
    rows = tuple(map(row_of, told.data))
    load = None if told.load is None else runs.run_shown(told.load, one.caller, clock)
    known = await runs.list_runs(peers.database, clock, one.caller)
    running = next(
        (
            run
            for run in known.data
            if run.kind == "import_customers"
            and run.provider == provider
            and run.finished_at is None
        ),
        None,
    )
    watched = [str(run.id) for run in (load, running) if run is not None and not run.finished_at]
    return ImportCustomersPage(
        shell=page.shell,
        head=page.head,
        loaded=bool(told.counts.get("all")) or told.as_of is not None,
        load=None if load is None or load.finished_at else run_card(load, one.eyes),
        running=None if running is None else run_card(running, one.eyes),
        as_of=None if told.as_of is None else one.eyes.moment(told.as_of),
        sentence=_counted(told.counts),
        tabs=tuple(
            Tab(
                label,
                told.counts.get(key),
                _where(provider, show=key, q=query),
                current=key == shown,
            )
            for key, label in _FILTERS
        ),
        rows=rows,
        kept=kept_of(rows),
        selection=selection_of(told.selection, provider),
        cut_short=None if load is None else _cut_short(load),
        matching=told.counts.get(shown, 0),
        filter=shown,
        query=query,
        cursor=place["cursor"],
        before=place["before"],
        prev_cursor=told.prev_cursor,
        next_cursor=told.next_cursor,
        live_url=live_url("run", watched) if watched else None,
    )


def _cut_short(load: RunShown) -> CutShort | None:
    """Of a load that is over and didn't read all."""
    if load.state != "stopped":
        return None
    goes_on = load.about == "interrupted"
    about = f" of about {load.total:,}" if load.total > load.done else ""
    how = "Interrupted" if goes_on else "Stopped"
    return CutShort(f"{how} at {load.done:,}{about}.", goes_on)


def _counted(counts: Mapping[str, int]) -> str:
    every = counts.get("all", 0)
    if every and counts.get("linked", 0) == every:
        return f"All {every:,} are linked already." if every > 1 else "The one is linked already."
    said = (
        ("new", "new"),
        ("linked", "linked already"),
        ("look_alike", "look like yours"),
    )
    parts = [f"{counts.get(key, 0):,} {words}" for key, words in said]
    return f"{counts.get('all', 0):,} loaded: " + ", ".join(parts) + "."


@router.post("/load")
async def load(provider: Provider, one: AWrite, peers: ThePeers, clock: TheClock) -> Response:
    try:
        await service.load(peers.database, peers.orchestrator, clock, one.caller, provider)
    except Problem as problem:
        return one.told(_where(provider), problem.detail, tone="danger")
    return RedirectResponse(_where(provider), 303)


@router.post("/choice")
async def choose(
    provider: Provider,
    one: AWrite,
    typed: FormLists,
    peers: ThePeers,
    render: TheRenderer,
) -> Response:
    """What was chosen on the page so far, kept at once; the parts of it that show that."""
    changes = changes_of(typed)
    told = await _keep(one, peers, provider, {"customers": [c.body() for c in changes]})
    kept = as_kept(typed, changes)
    by_choosing = {c.remote_id for c in changes if c.link}
    parts = [
        render.part("import_selection", selection_of(told.selection, provider), True),
        render.part("import_kept", kept, True),
        *(
            render.part("import_tick", row.remote_id, row.ticked, _name(typed, row.remote_id))
            for row in kept
            if row.remote_id in by_choosing
        ),
    ]
    return HTMLResponse("".join(parts), headers={"Cache-Control": "no-store"})


@router.post("")
async def decide(
    provider: Provider,
    one: AWrite,
    typed: FormLists,
    peers: ThePeers,
    clock: TheClock,
    ids: TheIds,
) -> Response:
    """Keep what is chosen on this page; then select, set a type, go on, or import."""
    do, query, shown = typed.one("do"), typed.one("q"), typed.one("show") or "all"
    place = {name: typed.one(name) for name in ("cursor", "before")}
    here = _where(provider, show=shown, q=query, **place)
    try:
        changes = [change.body() for change in changes_of(typed)]
        told = await _keep(one, peers, provider, {"customers": changes})
        match do:
            case "type":
                return await _set_type(one, peers, provider, typed, here)
            case "next":
                forth = typed.one("next_cursor")
                return RedirectResponse(_where(provider, show=shown, q=query, cursor=forth), 303)
            case "back":
                back = typed.one("prev_cursor")
                return RedirectResponse(_where(provider, show=shown, q=query, before=back), 303)
            case "all" | "none":
                matching = {"q": query or None, "filter": shown}
                said: dict[str, object] = {"matching": matching, "picked": do == "all"}
                await _keep(one, peers, provider, said)
                return RedirectResponse(here, 303)
            case "import":
                _refuse_unready(told.selection)
                made = await service.start(
                    peers.database,
                    peers.orchestrator,
                    clock,
                    ids,
                    one.caller,
                    provider,
                    WantedImport(matching=Matching(filter="selected")),
                )
                return RedirectResponse(f"/integrations/{provider}/import/{made.run.id}", 303)
            case _:
                return RedirectResponse(here, 303)
    except Problem as problem:
        return one.told(here, problem.detail, tone="danger")


def _name(typed: Typed, remote: str) -> str:
    return typed.one(f"name.{remote}")


def _refuse_unready(selection: SelectionTold) -> None:
    """Raises a 422 where a ticked one could be somebody of yours and nothing is chosen for it."""
    if selection.asks:
        raise Problem(
            422,
            "invalid",
            "Choose first",
            f"{selection.asks:,} of the ticked customers could be yours already:"
            " choose whom to link, or “New customer”.",
        )
    if not selection.all:
        raise Problem(422, "invalid", "Nobody is selected", "Tick customers first.")


async def _set_type(
    one: Visit, peers: ThePeers, provider: Provider, typed: Typed, here: str
) -> Response:
    kind, scope = typed.one("bulk_kind"), typed.one("scope")
    if kind not in KINDS:
        return one.told(here, "Choose Business or Homeowner first.", tone="warning")
    if scope in {"matching", "selected"}:
        shown = {"q": typed.one("q") or None, "filter": typed.one("show") or "all"}
        matching = shown if scope == "matching" else {"filter": "selected"}
        await _keep(one, peers, provider, {"matching": matching, "kind": kind})
        whom = "All that match" if scope == "matching" else "All that are selected"
        return one.told(here, f"{whom} are {kind} now.")
    chosen = [{"remote_id": r, "kind": kind} for r in dict.fromkeys(typed.all("pick"))]
    if not chosen:
        return one.told(here, "Tick customers first.", tone="warning")
    await _keep(one, peers, provider, {"customers": chosen})
    return one.told(here, f"{len(chosen)} set to {kind}.")


async def _keep(
    one: Visit, peers: ThePeers, provider: Provider, body: dict[str, object]
) -> ChoicesTold:
    told = await soon(
        service.choose(
            peers.database, peers.orchestrator, one.caller, provider, as_json(body).encode()
        )
    )
    return ChoicesTold.model_validate_json(told.text)
