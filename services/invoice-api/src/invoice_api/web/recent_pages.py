"""Recent Syncs: what was done, by whom, how it ended."""

import csv
import io
from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable, Sequence
from datetime import datetime
from typing import Annotated
from urllib.parse import urlencode

from contracts.causes import CAUSES, cause_of, render
from contracts.ids import PROVIDER_LABELS, Provider
from contracts.sync import SyncState
from fastapi import APIRouter, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field, ValidationError

from invoice_api.accounts import people_store
from invoice_api.http.dependencies import TheClock
from invoice_api.http.problems import Problem
from invoice_api.integrations import history
from invoice_api.integrations.schemas import SyncRowShown, SyncRowsShown
from invoice_api.integrations.syncs_asked import SyncsAsked
from invoice_api.runs import service as runs
from invoice_api.runs.schemas import RunShown
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.integrated import soon
from invoice_api.web.integration_pages import ThePeers, head_of
from invoice_api.web.office_views import RecentSyncsPage, SyncRow
from invoice_api.web.pages import Filter, Option
from invoice_api.web.runs_shown import run_card
from invoice_api.web.sessions import AVisit, Visit
from invoice_api.web.views import TONES, state_words

router = APIRouter(prefix="/integrations/{provider}", include_in_schema=False)

_CSV_PAGE = 200
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class RecentAsked(BaseModel):
    """The page's filters as its form sends them: what is empty or isn't one asks for nothing."""

    cursor: str = Field(default="", max_length=200)
    kind: str = ""
    result: str = ""
    by: str = ""
    person: str = ""
    cause: str = ""
    since: str = Field(default="", alias="from")
    until: str = Field(default="", alias="to")
    run: str = ""

    @property
    def words(self) -> dict[str, str]:
        """What is filled in, but the place in the list."""
        said = self.model_dump(by_alias=True, exclude={"cursor"})
        return {name: str(value) for name, value in said.items() if value}

    @property
    def taken(self) -> SyncsAsked:
        """As the list takes it; all of it, where the address holds what isn't a filter."""
        place = {"cursor": self.cursor} if self.cursor else {}
        try:
            return SyncsAsked.model_validate({**self.words, **place})
        except ValidationError:
            return SyncsAsked()

    def address(self, **more: str) -> str:
        """The query of this page again."""
        query = urlencode({**self.words, **more})
        return f"?{query}" if query else ""


@router.get("/recent")
async def show_recent(
    provider: Provider,
    one: AVisit,
    peers: ThePeers,
    clock: TheClock,
    render: TheRenderer,
    asked: Annotated[RecentAsked, Query()],
) -> Response:
    async with peers.database.transaction() as tx:
        shell = await one.shell(tx, "Recent Syncs", "integrations")
        people = await people_store.list_users(tx, one.caller.company.id)
    head = head_of(await peers.integration(one, provider), "recent", peers.connectors)
    rows, more, away = tuple[SyncRow, ...](), None, False
    found = await runs.list_runs(peers.database, clock, one.caller)
    under_way = [r for r in found.data if r.provider == provider and r.finished_at is None]
    if head.status != "not_connected":
        try:
            shown = await soon(
                history.recent_syncs(
                    peers.database, peers.orchestrator, clock, one.caller, provider, asked.taken
                )
            )
        except Problem as problem:
            away = problem.status >= 500
        else:
            rows = tuple(row_view(row, one, provider) for row in shown.data)
            more = shown.next_cursor
    here = f"/integrations/{provider}/recent"
    page = RecentSyncsPage(
        shell=shell,
        head=head,
        rows=rows,
        runs=tuple(run_card(run, one.eyes) for run in under_way) if not asked.cursor else (),
        filters=_filters(asked, provider, [(str(one.id), one.name) for one in people]),
        filtered=bool(asked.words),
        since=asked.since,
        until=asked.until,
        run=asked.run,
        csv_url=f"{here}.csv{asked.address()}",
        next_url=f"{here}{asked.address(cursor=more)}" if more else None,
        first_url=f"{here}{asked.address()}" if asked.cursor else None,
        live_url=f"/live?recent={provider}",
        away=away,
    )
    return render.page("recent.html", page)


def _filters(
    asked: RecentAsked, provider: Provider, people: Sequence[tuple[str, str]]
) -> tuple[Filter, ...]:
    def one(
        name: str, label: str, nothing: str, value: str, words: Iterable[tuple[str, str]]
    ) -> Filter:
        return Filter(name, label, nothing, value, tuple(Option(*word) for word in words))

    kinds = {"customer": "Customers", "item": "Items", "invoice": "Invoices"}
    by = [*_BY.items()]
    several = people if len(people) > 1 or asked.person else ()
    filters = [
        one("kind", "Kind", "Any kind", asked.kind, kinds.items()),
        one("result", "Result", "Any result", asked.result, _RESULTS.items()),
        one("cause", "Reason", "Any reason", asked.cause, reasons(provider)),
        one("by", "Started by", "Anyone", asked.by, by),
    ]
    if several:
        filters.append(one("person", "Person", "Anybody", asked.person, several))
    return tuple(filters)


def reasons(provider: Provider) -> list[tuple[str, str]]:
    """The reasons that an operation may end with: code and title, by title."""
    found = [
        (cause.code, render(cause_of(cause.code), provider).title)
        for cause in CAUSES.values()
        if cause.who != "info"
    ]
    return sorted(found, key=lambda reason: reason[1].lower())


_RESULTS = {
    "synced": "Synced",
    "failed": "Needs attention",
    "under_way": "On its way",
    "ignored": "Ignored",
}
_BY = {"person": "A person", "automatic": "Automatic", "run": "A run"}


def row_view(row: SyncRowShown, one: Visit, provider: Provider) -> SyncRow:
    """An operation, or a run that opens, as the list shows it."""
    return _operation(row, one, provider) if row.run is None else _run(row, row.run, one, provider)


def _run(row: SyncRowShown, run: RunShown, one: Visit, provider: Provider) -> SyncRow:
    failed = f"{run.failed:,} need attention" if run.failed != 1 else "1 needs attention"
    parts = [f"{run.done:,} done"] + ([failed] if run.failed else [])
    parts += [f"{run.left:,} to come"] if run.left else []
    over = SyncState.BLOCKED if run.failed else SyncState.SYNCED
    many = f"{run.total:,} record{'' if run.total == 1 else 's'}"
    return SyncRow(
        id=str(run.id),
        at=one.eyes.moment(run.started_at),
        record=f"{run_card(run, one.eyes).title}: {many}",
        record_url=f"/integrations/{provider}/recent?run={run.id}",
        label=", ".join(parts),
        tone=TONES[over if run.finished_at is not None else SyncState.QUEUED],
        sentence=None,
        started_by=_who(run.started_by.model_dump()),
        took=_took(run.started_at, run.finished_at),
        attempts=0,
    )


def _operation(row: SyncRowShown, one: Visit, provider: Provider) -> SyncRow:
    state = SyncState(row.state)
    name = f"{(row.entity or 'record').capitalize()} {row.record_name or ''}".strip()
    return SyncRow(
        id=str(row.id),
        at="" if row.started_at is None else one.eyes.moment(row.started_at),
        record=name,
        record_url=None if row.record_id is None else f"/{row.entity}s/{row.record_id}",
        label=state_words(state, PROVIDER_LABELS[provider]),
        tone=TONES[state],
        sentence=None if row.cause is None else row.cause.sentence,
        started_by=_who(row.started_by),
        took=_took(row.started_at, row.finished_at),
        attempts=len(row.attempts) if isinstance(row.attempts, list) else _number(row.attempts),
    )


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0


_STARTED = {"event": "Automatic", "sweep": "Automatic", "fix": "A fix", "person": "Somebody"}


def _who(told: object) -> str:
    """A person by name, else what it was that started it."""
    match told:
        case {"name": str() as name}:
            return name
        case {"by": str() as by}:
            return _STARTED.get(by, by)
        case str() as word if word:
            return _STARTED.get(word, word)
        case _:
            return "Automatic"


def _took(began: datetime | None, ended: datetime | None) -> str:
    if began is None or ended is None:
        return ""
    seconds = max(0, (ended - began).total_seconds())
    if seconds < 1:
        return "under 1 s"
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


@router.get("/recent.csv")
async def download(
    provider: Provider,
    one: AVisit,
    peers: ThePeers,
    clock: TheClock,
    asked: Annotated[RecentAsked, Query()],
) -> Response:
    """All syncs that the filters leave, the newest first, as a file."""

    async def part(cursor: str | None) -> SyncRowsShown:
        wanted = asked.taken.model_copy(update={"limit": _CSV_PAGE, "cursor": cursor})
        return await history.recent_syncs(
            peers.database, peers.orchestrator, clock, one.caller, provider, wanted
        )

    return StreamingResponse(
        file_of(await part(None), part, lambda row: _cells(row, one, provider)),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="recent-syncs-{provider}.csv"'},
    )


async def file_of(
    first: SyncRowsShown,
    part: Callable[[str | None], Awaitable[SyncRowsShown]],
    cells: Callable[[SyncRowShown], Sequence[str]],
) -> AsyncGenerator[str]:
    """The list as CSV, part by part to its end; where a part can't be had the file says so."""
    shown = first
    yield _csv([("Time", "What", "Result", "Why", "Started by", "Took", "Tries")])
    while True:
        yield _csv(cells(row) for row in shown.data)
        if shown.next_cursor is None:
            return
        try:
            shown = await part(shown.next_cursor)
        except Problem as problem:
            yield _csv([("", f"Older syncs are missing here. {problem.detail}")])
            return


def _cells(row: SyncRowShown, one: Visit, provider: Provider) -> tuple[str, ...]:
    shown = row_view(row, one, provider)
    at = row.started_at if row.run is None else row.run.started_at
    time = "" if at is None else f"{at.astimezone(one.eyes.zone):%Y-%m-%d %H:%M:%S}"
    cells = (time, shown.record, shown.label, shown.sentence or "", shown.started_by, shown.took)
    return (*cells, str(shown.attempts))


def _csv(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows([_plain(cell) for cell in row] for row in rows)
    return out.getvalue()


def _plain(cell: str) -> str:
    """A spreadsheet runs what begins like a formula."""
    return f"'{cell}" if cell.startswith(_FORMULA) else cell
