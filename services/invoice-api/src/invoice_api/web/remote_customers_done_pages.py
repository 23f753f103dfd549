"""What became of each customer of an import, and its undo."""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from contracts.ids import Provider
from fastapi import APIRouter, Query, Response

from invoice_api.customer_imports import service, undoing
from invoice_api.http.dependencies import TheClock
from invoice_api.http.problems import Problem
from invoice_api.runs import service as runs
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.integration_pages import ThePeers, head_of
from invoice_api.web.live import live_url
from invoice_api.web.pages import Tab
from invoice_api.web.remote_customers_views import BecameRow, ImportDonePage
from invoice_api.web.runs_shown import run_card
from invoice_api.web.sessions import AVisit, AWrite

router = APIRouter(prefix="/integrations/{provider}/import", include_in_schema=False)

_PAGE = 50
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
    """Take back what nobody relies on yet."""
    here = f"/integrations/{provider}/import/{run_id}"
    try:
        done = await undoing.undo(peers.database, peers.orchestrator, one.caller, run_id)
    except Problem as problem:
        return one.told(here, problem.detail, tone="danger")
    said: list[str] = []
    if done.undone or not done.unlinked:
        many = "1 customer was" if done.undone == 1 else f"{done.undone:,} customers were"
        said.append(f"{many} taken back.")
    if done.unlinked:
        many = "1 link was" if done.unlinked == 1 else f"{done.unlinked:,} links were"
        said.append(f"{many} taken away.")
    if done.kept:
        stay = "1 stays: the list says" if done.kept == 1 else f"{done.kept:,} stay: the list says"
        said.append(f"{stay} why.")
    return one.told(here, " ".join(said))
