"""Import Customers: load what is there, review it, import, and what became of each.

What is chosen in the review is kept where the review is: it survives paging, filters and leaving.
"""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from contracts.ids import PROVIDER_LABELS, Provider
from contracts.invoicing import CustomerKind
from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse
from messaging.clock import Clock

from invoice_api.customer_imports import service
from invoice_api.customer_imports.schemas import Matching, WantedImport
from invoice_api.http.bodies import parse
from invoice_api.http.dependencies import TheClock, TheIds
from invoice_api.http.problems import Problem
from invoice_api.runs import service as runs
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.integrated import soon
from invoice_api.web.integration_pages import ThePeers, head_of
from invoice_api.web.live import live_url
from invoice_api.web.pages import Tab
from invoice_api.web.reading import as_json
from invoice_api.web.remote_customers_views import (
    BecameRow,
    Becoming,
    ImportCustomersPage,
    ImportDonePage,
    ReviewRow,
    ReviewTold,
    ThereTold,
)
from invoice_api.web.runs_shown import run_card
from invoice_api.web.sessions import AForm, AVisit, AWrite, FormLists, Typed, Visit

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
)
_RESULTS = (
    ("", "All"),
    ("created", "Created"),
    ("linked", "Linked"),
    ("skipped", "Skipped"),
    ("failed", "Failed"),
    ("undone", "Undone"),
)
_ENDED = {
    "created": "Created",
    "linked": "Linked",
    "skipped": "Skipped",
    "failed": "Failed",
    "undone": "Taken back",
}
_KINDS: Mapping[str, CustomerKind] = {"business": "business", "homeowner": "homeowner"}


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
) -> Response:
    async with peers.database.transaction() as tx:
        shell = await one.shell(tx, "Import Customers", "integrations")
    head = head_of(await peers.integration(one, provider), "import", peers.connectors)
    page = ImportCustomersPage(shell, head)
    if head.status != "not_connected":
        shown = show if show in dict(_FILTERS) else "all"
        params = {"filter": shown, "limit": str(_PAGE), "q": q.strip(), "cursor": cursor}
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
            page = await _reviewed(page, one, peers, clock, provider, told, (shown, q, cursor))
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
    address: tuple[str, str, str],
) -> ImportCustomersPage:
    shown, query, cursor = address
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
        rows=tuple(_row(there, PROVIDER_LABELS[provider]) for there in told.data),
        matching=told.counts.get(shown, 0),
        new=told.counts.get("new", 0),
        filter=shown,
        query=query,
        cursor=cursor,
        next_cursor=told.next_cursor,
        live_url=live_url("run", watched) if watched else None,
    )


def _counted(counts: Mapping[str, int]) -> str:
    said = (
        ("new", "new"),
        ("linked", "linked already"),
        ("look_alike", "look like yours"),
    )
    parts = [f"{counts.get(key, 0):,} {words}" for key, words in said]
    return f"{counts.get('all', 0):,} loaded: " + ", ".join(parts) + "."


def _row(there: ThereTold, label: str) -> ReviewRow:
    linked = there.linked_to
    chosen = there.chosen_link or (None if there.match is None else there.match.customer_id)
    becomes = tuple(
        Becoming(
            ours.customer_id,
            f"Link: {ours.name or 'a customer'}" + (f" ({ours.why})" if ours.why else ""),
            chosen=ours.customer_id == chosen,
        )
        for ours in there.candidates
    )
    if becomes:
        undecided = Becoming(
            "", f"{len(becomes)} possible: choose" if len(becomes) > 1 else "Choose", not chosen
        )
        becomes = (undecided, *becomes, Becoming("new", "New customer", chosen=False))
    return ReviewRow(
        remote_id=there.remote_id,
        name=there.name,
        email=there.email or "",
        kind=there.kind,
        reason=there.reason or "",
        linked=None if linked is None else (linked.name or "a customer"),
        linked_url="" if linked is None else f"/customers/{linked.customer_id}",
        becomes=becomes,
        # Who may be one of yours by name alone is offered, never ticked beforehand.
        ticked=linked is None and there.active and (not becomes or chosen is not None),
        inactive=not there.active,
    )


@router.post("/load")
async def load(provider: Provider, one: AWrite, peers: ThePeers, clock: TheClock) -> Response:
    try:
        await service.load(peers.database, peers.orchestrator, clock, one.caller, provider)
    except Problem as problem:
        return one.told(_where(provider), problem.detail, tone="danger")
    return RedirectResponse(_where(provider), 303)


@router.post("/choice")
async def choose_one(provider: Provider, one: AWrite, form: AForm, peers: ThePeers) -> Response:
    """One row's type or link, kept the moment it is chosen."""
    chosen: list[dict[str, str | None]] = []
    for name, value in form.items():
        what, _, remote = name.partition(".")
        if what == "kind" and value in _KINDS and remote:
            chosen.append({"remote_id": remote, "kind": value})
        elif what == "link" and remote:
            link = None if value in {"", "new"} else value
            chosen.append({"remote_id": remote, "link_to": link})
    await _keep(one, peers, provider, {"customers": chosen})
    return Response(status_code=204)


@router.post("")
async def decide(
    provider: Provider,
    one: AWrite,
    typed: FormLists,
    peers: ThePeers,
    clock: TheClock,
    ids: TheIds,
) -> Response:
    """Keep what is chosen on this page; then set a type, go on, or import."""
    do, query, shown = typed.one("do"), typed.one("q"), typed.one("show") or "all"
    here = _where(provider, show=shown, q=query, cursor=typed.one("cursor"))
    try:
        await _keep_page(one, peers, provider, typed)
        if do == "type":
            return await _set_type(one, peers, provider, typed, here)
        if do == "next":
            forth = _where(provider, show=shown, q=query, cursor=typed.one("next_cursor"))
            return RedirectResponse(forth, 303)
        wanted = _wanted(typed, query)
        made = await service.start(
            peers.database, peers.orchestrator, clock, ids, one.caller, provider, wanted
        )
    except Problem as problem:
        return one.told(here, problem.detail, tone="danger")
    return RedirectResponse(f"/integrations/{provider}/import/{made.run.id}", 303)


def _ticked(typed: Typed) -> list[str]:
    return list(dict.fromkeys(typed.all("pick")))


def _wanted(typed: Typed, query: str) -> WantedImport:
    """The rows ticked, and all new ones if that is ticked too, but those unticked here.

    Raises a 422 where a ticked one could be somebody of yours and nothing is chosen for it.
    """
    customers: list[dict[str, object]] = []
    undecided = 0
    for remote in _ticked(typed):
        link = typed.one(f"link.{remote}") if _asks(typed, remote) else "new"
        undecided += link == ""
        row: dict[str, object] = {
            "remote_id": remote,
            "as_new": link == "new" and _asks(typed, remote),
        }
        if kind := _KINDS.get(typed.one(f"kind.{remote}")):
            row["kind"] = kind
        if link not in {"", "new"}:
            row["link_to"] = link
        customers.append(row)
    if undecided:
        raise Problem(
            422,
            "invalid",
            "Choose first",
            f"{undecided} of the ticked customers could be yours already:"
            " choose whom to link, or “New customer”.",
        )
    body: dict[str, object] = {"customers": customers}
    if typed.one("all_new"):
        body["matching"] = Matching(q=query or None, filter="new").model_dump()
        body["but"] = [r for r in typed.all("row") if r not in set(_ticked(typed))]
    return parse(WantedImport, as_json(body))


def _asks(typed: Typed, remote: str) -> bool:
    return any(name == f"link.{remote}" for name, _ in typed.pairs)


async def _keep_page(one: Visit, peers: ThePeers, provider: Provider, typed: Typed) -> None:
    """Types and links of this page that differ from what was shown."""
    chosen: list[dict[str, str | None]] = []
    for remote in typed.all("row"):
        row: dict[str, str | None] = {"remote_id": remote}
        kind = typed.one(f"kind.{remote}")
        if kind in _KINDS and kind != typed.one(f"was.{remote}"):
            row["kind"] = kind
        link = typed.one(f"link.{remote}")
        if _asks(typed, remote) and link != typed.one(f"waslink.{remote}"):
            row["link_to"] = None if link in {"", "new"} else link
        if len(row) > 1:
            chosen.append(row)
    if chosen:
        await _keep(one, peers, provider, {"customers": chosen})


async def _set_type(
    one: Visit, peers: ThePeers, provider: Provider, typed: Typed, here: str
) -> Response:
    kind = typed.one("bulk_kind")
    if kind not in _KINDS:
        return one.told(here, "Choose Business or Homeowner first.", tone="warning")
    if typed.one("scope") == "matching":
        matching = {"q": typed.one("q") or None, "filter": typed.one("show") or "all"}
        await _keep(one, peers, provider, {"matching": matching, "kind": kind})
        return one.told(here, f"All that match are {kind} now.")
    chosen = [{"remote_id": remote, "kind": kind} for remote in _ticked(typed)]
    if not chosen:
        return one.told(here, "Tick customers first.", tone="warning")
    await _keep(one, peers, provider, {"customers": chosen})
    return one.told(here, f"{len(chosen)} set to {kind}.")


async def _keep(one: Visit, peers: ThePeers, provider: Provider, body: dict[str, object]) -> None:
    await soon(
        service.choose(
            peers.database, peers.orchestrator, one.caller, provider, as_json(body).encode()
        )
    )


@router.get("/{run_id}")
async def show_done(
    provider: Provider,
    run_id: UUID,
    one: AVisit,
    peers: ThePeers,
    clock: TheClock,
    render: TheRenderer,
    result: Annotated[str, Query(max_length=20)] = "",
    cursor: Annotated[str | None, Query(max_length=20)] = None,
) -> Response:
    wanted = result if result in dict(_RESULTS) else ""
    found = await service.rows(peers.database, one.caller, run_id, wanted or None, _PAGE, cursor)
    run = await runs.find_run(peers.database, peers.orchestrator, clock, one.caller, run_id)
    async with peers.database.transaction() as tx:
        shell = await one.shell(tx, "Import Customers", "integrations")
    here = f"/integrations/{provider}/import/{run_id}"
    more = found.next_cursor
    page = ImportDonePage(
        shell=shell,
        head=head_of(await peers.integration(one, provider), "import", peers.connectors),
        run=run_card(run, one.eyes),
        sentence=_summary(found.counts),
        tabs=tuple(
            Tab(
                label,
                found.counts.get(key, 0) if key else sum(found.counts.values()),
                f"{here}?{urlencode({'result': key})}" if key else here,
                current=key == wanted,
            )
            for key, label in _RESULTS
            if not key or found.counts.get(key)
        ),
        rows=tuple(
            BecameRow(
                name=row.name or "A customer",
                url=None if row.customer_id is None else f"/customers/{row.customer_id}",
                result="In line" if row.result is None else _ENDED[row.result],
                why=row.why or "",
            )
            for row in found.data
        ),
        next_url=None
        if more is None
        else f"{here}?{urlencode({'result': wanted, 'cursor': more})}",
        can_undo=found.can_undo and run.finished_at is not None,
        live_url=live_url("run", [str(run_id)]),
        here=here,
    )
    return render.page("remote_customers_done.html", page)


def _summary(counts: Mapping[str, int]) -> str:
    said = [
        f"{counts[key]:,} {words}"
        for key, words in (
            ("created", "created"),
            ("linked", "linked"),
            ("skipped", "skipped"),
            ("failed", "failed"),
            ("undone", "taken back"),
        )
        if counts.get(key)
    ]
    return ", ".join(said).capitalize() + "." if said else "Nothing has been imported yet."


@router.post("/{run_id}/undo")
async def undo(provider: Provider, run_id: UUID, one: AWrite, peers: ThePeers) -> Response:
    """Take back what nobody has used yet."""
    here = f"/integrations/{provider}/import/{run_id}"
    try:
        done = await service.undo(peers.database, peers.orchestrator, one.caller, run_id)
    except Problem as problem:
        return one.told(here, problem.detail, tone="danger")
    kept = f" {done.kept:,} are in use and stay." if done.kept else ""
    many = "1 customer was" if done.undone == 1 else f"{done.undone:,} customers were"
    return one.told(here, f"{many} taken back.{kept}")
