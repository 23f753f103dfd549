"""What is done with ticked invoices: sync them, see what would stop them, leave them alone."""

from collections import Counter
from collections.abc import Callable, Coroutine, Sequence
from typing import Any
from uuid import UUID

from contracts.ids import PROVIDER_LABELS, Provider
from fastapi import APIRouter, Response

from invoice_api.http.dependencies import TheDatabase
from invoice_api.http.problems import Problem
from invoice_api.integrations.connections import provider_of
from invoice_api.integrations.record_routes import TheDesk
from invoice_api.integrations.schemas import StartedShown
from invoice_api.integrations.selection import THERE, Looked, ignore_all, look_at
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.ignored_pages import undo_of
from invoice_api.web.office_views import NamedInvoice, SelectionIgnorePage, SelectionPage, Stopped
from invoice_api.web.sessions import AWrite, FormLists, Visit, inside

router = APIRouter(prefix="/invoices/selected", include_in_schema=False)

MAX_SELECTED = 200
_WHY = "Say why: whoever looks at this later will want to know."


@router.post("")
async def sync_selected(one: AWrite, form: FormLists, desk: TheDesk) -> Response:
    """Sync to a provider, for what is ticked: goes for those that can, and says who can't."""

    async def start(ids: Sequence[UUID], provider: Provider) -> Response:
        answer = await desk.sync_selection(one.caller, provider, ids)
        label = PROVIDER_LABELS[provider]
        there = sum(_is_there(row) for row in answer.data)
        started = sum(row.started for row in answer.data) - there
        reasons = Counter(row.code or "" for row in answer.data if not row.started)
        said = [f"{started} started"] if started or not there else []
        said += [f"{there} {'is' if there == 1 else 'are'} in {label} already"] if there else []
        said += [_reason(code, many) for code, many in reasons.items()]
        tone = "success" if started else "warning"
        return one.told(_back(form), ", ".join(said) + ".", tone=tone)

    return await _with_selection(one, form, start)


@router.post("/check")
async def check_selected(
    one: AWrite, form: FormLists, desk: TheDesk, database: TheDatabase, render: TheRenderer
) -> Response:
    """What would stop them, cause by cause; nothing is sent."""

    async def look(ids: Sequence[UUID], provider: Provider) -> Response:
        looked = await look_at(desk, one.caller, provider, ids)
        async with database.transaction() as tx:
            shell = await one.shell(tx, "What would stop them", "invoices")
        ready = [row for row in looked if row.outlook == "ready"]
        page = SelectionPage(
            shell=shell,
            back=_back(form),
            provider=provider,
            provider_label=PROVIDER_LABELS[provider],
            count=len(looked),
            ready=_named(ready),
            stopped=_stopped(looked),
            others=_others(looked, PROVIDER_LABELS[provider]),
        )
        return render.page("selection.html", page)

    return await _with_selection(one, form, look)


@router.post("/ignore")
async def ignore_selected(
    one: AWrite, form: FormLists, desk: TheDesk, database: TheDatabase, render: TheRenderer
) -> Response:
    """Leave them alone: first why, then all of them."""

    async def ask_or_ignore(ids: Sequence[UUID], provider: Provider) -> Response:
        why = form.one("why").strip()
        if why:
            done = await ignore_all(desk, one.caller, provider, ids, why)
            named = [("invoice", str(one)) for one in ids]
            undo = undo_of(provider, named, _back(form)) if done == len(ids) else None
            return one.told(_back(form), _ignored(done, len(ids)), tone=_tone(done), undo=undo)
        looked = await look_at(desk, one.caller, provider, ids)
        async with database.transaction() as tx:
            shell = await one.shell(tx, "Ignore", "invoices")
        page = SelectionIgnorePage(
            shell=shell,
            back=_back(form),
            provider=provider,
            provider_label=PROVIDER_LABELS[provider],
            invoices=_named(looked),
            there=sum(row.outlook == "there" for row in looked),
            wrong=_WHY if form.one("asked") else None,
        )
        return render.page("selection_ignore.html", page, 422 if page.wrong else 200)

    return await _with_selection(one, form, ask_or_ignore)


async def _with_selection(
    one: Visit,
    form: FormLists,
    work: Callable[[Sequence[UUID], Provider], Coroutine[Any, Any, Response]],
) -> Response:
    ids = [UUID(value) for value in form.all("ids") if _is_id(value)][:MAX_SELECTED]
    if not ids:
        return one.told(_back(form), "Tick the invoices first.", tone="warning")
    try:
        return await work(ids, provider_of(form.one("provider")))
    except Problem as problem:
        return one.told(_back(form), problem.detail, tone="danger")


def _is_there(row: StartedShown) -> bool:
    """Nothing was to be sent."""
    return row.started and row.sync is not None and row.sync.state in THERE


def _back(form: FormLists) -> str:
    return inside(form.one("back") or "/invoices")


def _named(looked: Sequence[Looked]) -> tuple[NamedInvoice, ...]:
    return tuple(NamedInvoice(str(row.id), row.number) for row in looked)


def _stopped(looked: Sequence[Looked]) -> tuple[Stopped, ...]:
    """A group a cause; an invoice stands under each thing that would stop it."""
    groups: dict[str, tuple[str, list[tuple[NamedInvoice, str]]]] = {}
    for row in looked:
        for cause in row.problems:
            _, rows = groups.setdefault(cause.group, (cause.title, []))
            rows.append((NamedInvoice(str(row.id), row.number), cause.sentence))
    largest_first = sorted(groups.values(), key=lambda group: -len(group[1]))
    return tuple(Stopped(title, tuple(rows)) for title, rows in largest_first)


def _others(
    looked: Sequence[Looked], label: str
) -> tuple[tuple[str, tuple[NamedInvoice, ...]], ...]:
    said = {
        "there": f"In {label} already",
        "under_way": "On the way already",
        "ignored": "Ignored",
        "void": "Void",
    }
    found = [
        (words, _named([row for row in looked if row.outlook == outlook]))
        for outlook, words in said.items()
    ]
    return tuple((words, rows) for words, rows in found if rows)


def _ignored(done: int, asked: int) -> str:
    many = f"{done:,} {'invoice' if done == 1 else 'invoices'}"
    if not done:
        return "No invoice of these can be ignored now."
    rest = "" if done == asked else f" {asked - done:,} can't be now."
    return f"{many} ignored. It can be taken back under Problems, Ignored.{rest}"


def _tone(done: int) -> str:
    return "success" if done else "warning"


def _reason(code: str, many: int) -> str:
    verb = "is" if many == 1 else "are"
    match code:
        case "invoice_draft":
            return f"{many} {verb} {'a draft' if many == 1 else 'drafts'}"
        case "invoice_void":
            return f"{many} {verb} void"
        case "not_found":
            return f"{many} {verb} gone"
        case _:
            return f"{many} couldn't start"


def _is_id(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True
