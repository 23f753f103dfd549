"""What is done with a whole group of problems: fixed, tried again, or ignored with a reason."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated
from uuid import UUID

from contracts.ids import Provider
from fastapi import APIRouter, Query, Response

from invoice_api.http.dependencies import TheClock
from invoice_api.http.problems import Problem
from invoice_api.integrations import groups, history
from invoice_api.integrations.record_routes import TheDesk
from invoice_api.integrations.schemas import StopsShown, WantedGroup
from invoice_api.web import formatters, mapping_undo
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.ignored_pages import undo_of
from invoice_api.web.integration_pages import ThePeers, head_of
from invoice_api.web.office_views import IgnorePage
from invoice_api.web.pages import Undo
from invoice_api.web.problems_pages import record_named
from invoice_api.web.sessions import AVisit, AWrite, FormLists, Visit

router = APIRouter(prefix="/integrations/{provider}", include_in_schema=False)


@router.post("/problems/{group}/fix")
async def fix(
    provider: Provider, group: str, one: AWrite, typed: FormLists, desk: TheDesk
) -> Response:
    """The inline fix, for the group or for the records ticked in it."""
    action = typed.one("action")
    fields = {n: v for n, v in typed.pairs if n not in {"csrf", "provider", "action", "records"}}
    wanted: dict[str, object] = {"action": action, **fields}
    if action != "choose_account":
        return await _act(provider, group, "fix", one, desk, typed, wanted)
    before = await mapping_undo.accounts_now(desk, one.caller, provider)

    async def way_back() -> Undo | None:
        after = await mapping_undo.accounts_now(desk, one.caller, provider)
        return mapping_undo.undo_of(provider, before, after, f"/integrations/{provider}/problems")

    return await _act(provider, group, "fix", one, desk, typed, wanted, way_back)


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
    undo = await _undone(provider, group, one, peers, clock, typed.all("records"))

    async def way_back() -> Undo | None:
        return undo

    return await _act(provider, group, "ignore", one, desk, typed, {"why": why}, way_back)


async def _undone(
    provider: Provider,
    group: str,
    one: Visit,
    peers: ThePeers,
    clock: TheClock,
    chosen: Sequence[str],
) -> Undo | None:
    """What takes back that these records of the group, or all of it, are ignored."""
    try:
        shown = await history.problems(
            peers.database, peers.orchestrator, clock, one.caller, provider
        )
    except Problem:
        return None
    found = next((row for row in shown.data if row.group == group), None)
    if found is None:
        return None
    named = [record_named(told) for told in found.records]
    records = [row for row in named if not chosen or row[1] in chosen]
    whole = len(records) == (len(set(chosen)) if chosen else found.count)
    here = f"/integrations/{provider}/problems"
    return undo_of(provider, records, here) if whole else None


async def _act(
    provider: Provider,
    group: str,
    verb: groups.Verb,
    one: Visit,
    desk: TheDesk,
    typed: FormLists,
    fields: dict[str, object],
    way_back: Callable[[], Awaitable[Undo | None]] | None = None,
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
    return one.told(here, said, undo=None if way_back is None else await way_back())


def _wanted(fields: dict[str, object], records: Sequence[str]) -> WantedGroup:
    ids = [UUID(value) for value in records]
    return WantedGroup.model_validate({**fields, **({"records": tuple(ids)} if ids else {})})


def _reasons(problem: Problem) -> str:
    return "; ".join(error.message for error in problem.errors) or problem.detail
