"""What is ignored: each with who, when and why, and the way back for one, for some, or by Undo."""

from collections.abc import Iterable, Sequence
from typing import Annotated, get_args
from uuid import UUID

from contracts.ids import Entity, Provider
from fastapi import APIRouter, Query, Response

from invoice_api.http.problems import Problem
from invoice_api.integrations import groups
from invoice_api.integrations.record_routes import TheDesk
from invoice_api.integrations.schemas import IgnoredRow
from invoice_api.integrations.selection import stop_ignoring_all
from invoice_api.notices import service as notices
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.integrated import soon
from invoice_api.web.integration_pages import ThePeers, head_of
from invoice_api.web.notices_views import HOW_OFTEN
from invoice_api.web.office_views import IgnoredPage
from invoice_api.web.office_views import IgnoredRow as IgnoredView
from invoice_api.web.pages import Undo
from invoice_api.web.problems_pages import problem_tabs
from invoice_api.web.sessions import AVisit, AWrite, FormLists, Visit, inside

router = APIRouter(prefix="/integrations/{provider}/ignored", include_in_schema=False)

_UNDONE_AT_MOST = 40
"""The way back travels in a cookie. Of more, it is on the page of what is ignored."""


def undo_of(provider: Provider, records: Sequence[tuple[str, str]], back: str) -> Undo | None:
    """Takes back that these records (kind and id) were ignored; None where they are too many."""
    if not 0 < len(records) <= _UNDONE_AT_MOST:
        return None
    named = " ".join(f"{entity}:{record}" for entity, record in records)
    return Undo(f"/integrations/{provider}/ignored/stop", (("records", named), ("back", back)))


@router.get("")
async def show_ignored(
    provider: Provider,
    one: AVisit,
    peers: ThePeers,
    render: TheRenderer,
    cursor: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    async with peers.database.transaction() as tx:
        shell = await one.shell(tx, "Ignored", "integrations")
        often = HOW_OFTEN[(await notices.choice(tx, one.caller)).email]
    row = await peers.integration(one, provider)
    head = head_of(row, "problems", peers.connectors)
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
            rows = tuple(_ignored(told, one) for told in shown.data)
            more = shown.next_cursor
    next_url = f"?cursor={more}" if more else None
    tabs = problem_tabs(provider, "ignored", None, row)
    page = IgnoredPage(shell, head, tabs, rows, next_url, away, often)
    return render.page("ignored.html", page)


@router.post("/stop")
async def stop_ignoring(
    provider: Provider, one: AWrite, typed: FormLists, desk: TheDesk
) -> Response:
    """These are no longer left alone: the ticked ones, one, or what was ignored just now."""
    back = inside(typed.one("back") or f"/integrations/{provider}/ignored")
    records = list(_named(typed.all("records")))
    if not records:
        return one.told(back, "Tick the records first.", tone="warning")
    try:
        done = await stop_ignoring_all(desk, one.caller, provider, records)
    except Problem as problem:
        return one.told(back, problem.detail, tone="danger")
    if not done:
        return one.told(back, "None of these can be taken back now.", tone="warning")
    rest = "" if done == len(records) else f" {len(records) - done:,} can't be now."
    many = f"{done:,} {'record' if done == 1 else 'records'}"
    return one.told(back, f"{many} no longer ignored.{rest}")


def _named(values: Iterable[str]) -> Iterable[tuple[Entity, UUID]]:
    """Each "invoice:1f0c…" among these words; whatever else stands there is left out."""
    for word in " ".join(values).split():
        kind, _, known = word.partition(":")
        entity = next((one for one in get_args(Entity) if one == kind), None)
        try:
            record = UUID(known)
        except ValueError:
            continue
        if entity is not None:
            yield entity, record


def _ignored(row: IgnoredRow, one: Visit) -> IgnoredView:
    name = row.record_name or "Record"
    money = formatters.money(row.total, row.currency) if row.total and row.currency else ""
    return IgnoredView(
        ref=f"{row.entity}:{row.record_id}",
        name=f"Invoice {name}" if row.entity == "invoice" else name,
        url=f"/{row.entity}s/{row.record_id}",
        amount=money,
        who=f"{row.by}, {one.eyes.moment(row.at)}",
        why=row.why or "—",
    )
