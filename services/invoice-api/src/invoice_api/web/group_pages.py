"""What is done with a whole group of problems: fixed, tried again, or ignored with a reason."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated
from uuid import UUID

from contracts.causes import CAUSES
from contracts.ids import PROVIDER_LABELS, Provider
from fastapi import APIRouter, Query, Response
from pydantic import ValidationError

from invoice_api.http.dependencies import TheClock
from invoice_api.http.framework_problems import problem_of
from invoice_api.http.problems import Problem, invalid_field
from invoice_api.integrations import groups, history
from invoice_api.integrations.record_routes import TheDesk
from invoice_api.integrations.schemas import StopsShown, WantedGroup
from invoice_api.web import formatters, mapping_undo
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.ignored_pages import undo_of
from invoice_api.web.integration_pages import ThePeers, head_of
from invoice_api.web.office_views import IgnorePage
from invoice_api.web.pages import Undo
from invoice_api.web.problems_pages import Tried, problems_page, record_named
from invoice_api.web.sessions import AVisit, AWrite, FormLists, Typed, Visit
from invoice_api.web.views import told_of

router = APIRouter(prefix="/integrations/{provider}", include_in_schema=False)


@router.post("/problems/{group}/fix")
async def fix(
    provider: Provider,
    group: str,
    one: AWrite,
    typed: FormLists,
    peers: ThePeers,
    desk: TheDesk,
    clock: TheClock,
    render: TheRenderer,
) -> Response:
    """The inline fix, for the group or for the records ticked in it.

    What can't be done is said on the page with all that was typed and ticked.
    """
    action = typed.one("action")
    fields = _fields(typed, group, action)
    wanted: dict[str, object] = {"action": action, **fields}
    before = (
        None
        if action != "choose_account"
        else await mapping_undo.accounts_now(desk, one.caller, provider)
    )

    async def way_back() -> Undo | None:
        if before is None:
            return None
        after = await mapping_undo.accounts_now(desk, one.caller, provider)
        return mapping_undo.undo_of(provider, before, after, f"/integrations/{provider}/problems")

    try:
        return await _act(provider, group, "fix", one, desk, typed, wanted, way_back)
    except Problem as problem:
        tried = Tried(group, "fix", action, fields, frozenset(typed.all("records")), problem)
        return await problems_page(provider, one, peers, clock, render, tried)


def _fields(typed: Typed, group: str, action: str) -> dict[str, str]:
    """What the action takes: a group's one form holds the fields of all its fixes."""
    cause = CAUSES.get(group.partition(".")[0])
    fixes = () if cause is None else cause.fixes
    taken = {name for fix in fixes if fix.action == action for name in fix.fields}
    return {name: value for name, value in typed.pairs if name in taken}


@router.post("/problems/{group}/retry")
async def retry(
    provider: Provider,
    group: str,
    one: AWrite,
    typed: FormLists,
    peers: ThePeers,
    desk: TheDesk,
    clock: TheClock,
    render: TheRenderer,
) -> Response:
    try:
        return await _act(provider, group, "retry", one, desk, typed, {})
    except Problem as problem:
        tried = Tried(group, "retry", "", {}, frozenset(typed.all("records")), problem)
        return await problems_page(provider, one, peers, clock, render, tried)


@router.get("/problems/{group}/fix")
@router.get("/problems/{group}/retry")
async def back_to_it(provider: Provider, group: str, one: AVisit) -> Response:
    """Where a page that said what couldn't be done is opened by its address."""
    return one.see(f"/integrations/{provider}/problems#group-{formatters.group_key(group)}")


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
    why: str = "",
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
        return one.told(here, told_of(problem), tone="danger")
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
        why=why,
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
    """With a reason; without one it is asked for, and what this would stop is said."""
    why, ids = typed.one("why").strip(), typed.all("records")
    if not why:
        asked = any(name == "why" for name, _ in typed.pairs)
        said = "Say why: whoever looks at this later will want to know." if asked else None
        return await _ask(provider, group, one, peers, desk, clock, render, ids, said)
    undo = await _undone(provider, group, one, peers, clock, typed.all("records"))

    async def way_back() -> Undo | None:
        return undo

    try:
        return await _act(provider, group, "ignore", one, desk, typed, {"why": why}, way_back)
    except Problem as problem:
        said = told_of(problem)
        return await _ask(provider, group, one, peers, desk, clock, render, ids, said, why)


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
    """Raises the Problem that it can't be done."""
    here = f"/integrations/{provider}/problems"
    done = await groups.act(
        desk, one.caller, provider, group, verb, _wanted(fields, typed.all("records"))
    )
    total = 0 if isinstance(done, StopsShown) else done.run.total
    many = f"{total:,} {'record' if total == 1 else 'records'}"
    said = {
        "fix": _fixed(str(fields.get("action", "")), many, total, PROVIDER_LABELS[provider]),
        "retry": f"Trying {many} again.",
        "ignore": f"{many} ignored. They are under Ignored, where it can be taken back.",
        "unignore": f"{many} no longer ignored.",
    }[verb]
    return one.told(here, said, undo=None if way_back is None else await way_back())


def _fixed(action: str, many: str, total: int, label: str) -> str:
    """What a fix led to: some leave the books as they are, and others may meet something else."""
    if action in {"accept_difference", "leave_theirs"}:
        return f"{many} {'stays' if total == 1 else 'stay'} as in {label}."
    goes, it = ("is", "it") if total == 1 else ("are", "them")
    return f"Fixed. {many} {goes} on the way, unless something else stops {it}."


def _wanted(fields: dict[str, object], records: Sequence[str]) -> WantedGroup:
    try:
        ids = [UUID(value) for value in records]
    except ValueError:
        raise invalid_field("records", "aren't records of this problem") from None
    try:
        return WantedGroup.model_validate({**fields, **({"records": tuple(ids)} if ids else {})})
    except ValidationError as error:
        raise problem_of(error) from error
