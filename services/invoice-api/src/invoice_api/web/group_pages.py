"""What is done with a whole group of problems, and what is ignored."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from contracts.ids import Provider
from fastapi import APIRouter, Query, Response

from invoice_api.http.dependencies import TheClock
from invoice_api.http.problems import Problem
from invoice_api.integrations import groups, history
from invoice_api.integrations.record_routes import TheDesk
from invoice_api.integrations.schemas import IgnoredRow, StopsShown, WantedGroup
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.integrated import soon
from invoice_api.web.integration_pages import ThePeers, head_of
from invoice_api.web.office_views import (
    IgnoredPage,
    IgnorePage,
)
from invoice_api.web.office_views import IgnoredRow as IgnoredView
from invoice_api.web.problems_pages import problem_tabs
from invoice_api.web.sessions import AVisit, AWrite, FormLists, Visit

router = APIRouter(prefix="/integrations/{provider}", include_in_schema=False)


@router.post("/problems/{group}/fix")
async def fix(
    provider: Provider, group: str, one: AWrite, typed: FormLists, desk: TheDesk
) -> Response:
    """The inline fix, for the group or for the records ticked in it."""
    action = typed.one("action")
    fields = {n: v for n, v in typed.pairs if n not in {"csrf", "provider", "action", "records"}}
    return await _act(provider, group, "fix", one, desk, typed, {"action": action, **fields})


@router.post("/problems/{group}/retry")
async def retry(
    provider: Provider, group: str, one: AWrite, typed: FormLists, desk: TheDesk
) -> Response:
    return await _act(provider, group, "retry", one, desk, typed, {})


@router.get("/problems/{group}/ignore")
async def ask_to_ignore(
    provider: Provider,
    group: str,
    one: AVisit,
    peers: ThePeers,
    desk: TheDesk,
    clock: TheClock,
    render: TheRenderer,
    records: Annotated[list[str] | None, Query()] = None,
) -> Response:
    """Why, and first what it stops."""
    return await _ask(provider, group, one, peers, desk, clock, render, records or [], None)


async def _ask(
    provider: Provider,
    group: str,
    one: Visit,
    peers: ThePeers,
    desk: TheDesk,
    clock: TheClock,
    render: TheRenderer,
    records: Sequence[str],
    wrong: str | None,
) -> Response:
    async with peers.database.transaction() as tx:
        shell = await one.shell(tx, "Ignore", "integrations")
    head = head_of(await peers.integration(one, provider), "problems", peers.connectors)
    here = f"/integrations/{provider}/problems"
    try:
        shown = await history.problems(
            peers.database, peers.orchestrator, clock, one.caller, provider
        )
        found = next(row for row in shown.data if row.group == group)
        wanted = _wanted({"preview": True}, records)
        stops = await groups.act(desk, one.caller, provider, group, "ignore", wanted)
    except StopIteration:
        return one.told(here, "This problem is gone already.", tone="info")
    except Problem as problem:
        return one.told(here, _reasons(problem), tone="danger")
    invoices = stops.invoices if isinstance(stops, StopsShown) else ()
    page = IgnorePage(
        shell=shell,
        head=head,
        group=group,
        title=found.title,
        sentence=found.sentence,
        records=tuple(records),
        invoices=tuple(f"Invoice {row.number}" for row in invoices),
        count=stops.count if isinstance(stops, StopsShown) else 0,
        wrong=wrong,
    )
    return render.page("ignore.html", page, 422 if wrong else 200)


@router.post("/problems/{group}/ignore")
async def ignore(
    provider: Provider,
    group: str,
    one: AWrite,
    typed: FormLists,
    peers: ThePeers,
    desk: TheDesk,
    clock: TheClock,
    render: TheRenderer,
) -> Response:
    why = typed.one("why").strip()
    if not why:
        ids = typed.all("records")
        said = "Say why: whoever looks at this later will want to know."
        return await _ask(provider, group, one, peers, desk, clock, render, ids, said)
    return await _act(provider, group, "ignore", one, desk, typed, {"why": why})


async def _act(
    provider: Provider,
    group: str,
    verb: groups.Verb,
    one: Visit,
    desk: TheDesk,
    typed: FormLists,
    fields: dict[str, object],
) -> Response:
    here = f"/integrations/{provider}/problems"
    try:
        done = await groups.act(
            desk, one.caller, provider, group, verb, _wanted(fields, typed.all("records"))
        )
    except Problem as problem:
        return one.told(
            f"{here}#group-{formatters.group_key(group)}", _reasons(problem), tone="danger"
        )
    total = 0 if isinstance(done, StopsShown) else done.run.total
    many = f"{total:,} {'record' if total == 1 else 'records'}"
    said = {
        "fix": f"Fixed. {many} {'is' if total == 1 else 'are'} on the way.",
        "retry": f"Trying {many} again.",
        "ignore": f"{many} ignored. They are under Ignored, where it can be taken back.",
        "unignore": f"{many} no longer ignored.",
    }[verb]
    return one.told(here, said)


def _wanted(fields: dict[str, object], records: Sequence[str]) -> WantedGroup:
    ids = [UUID(value) for value in records]
    return WantedGroup.model_validate({**fields, **({"records": tuple(ids)} if ids else {})})


def _reasons(problem: Problem) -> str:
    return "; ".join(error.message for error in problem.errors) or problem.detail


@router.get("/ignored")
async def show_ignored(
    provider: Provider,
    one: AVisit,
    peers: ThePeers,
    render: TheRenderer,
    cursor: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    async with peers.database.transaction() as tx:
        shell = await one.shell(tx, "Ignored", "integrations")
    head = head_of(await peers.integration(one, provider), "problems", peers.connectors)
    rows, more, away = tuple[IgnoredView, ...](), None, False
    if head.status != "not_connected":
        params = {"limit": "50"} | ({"cursor": cursor} if cursor else {})
        try:
            shown = await soon(
                groups.ignored(peers.database, peers.orchestrator, one.caller, provider, params)
            )
        except Problem as problem:
            away = problem.status >= 500
        else:
            rows = tuple(_ignored(row, one) for row in shown.data)
            more = shown.next_cursor
    next_url = f"?cursor={more}" if more else None
    tabs = problem_tabs(provider, "ignored", None)
    return render.page("ignored.html", IgnoredPage(shell, head, tabs, rows, next_url, away))


def _ignored(row: IgnoredRow, one: Visit) -> IgnoredView:
    at = f"/{row.entity}s/{row.record_id}"
    name = row.record_name or "Record"
    money = formatters.money(row.total, row.currency) if row.total and row.currency else ""
    return IgnoredView(
        name=f"Invoice {name}" if row.entity == "invoice" else name,
        url=at,
        amount=money,
        who=f"{row.by}, {one.eyes.moment(row.at)}",
        why=row.why or "—",
        post=f"{at}/actions/stop_ignoring",
    )
