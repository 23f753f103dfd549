"""Invoices from a CSV file: the file chosen, its run, and what became of every line."""

from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from invoice_api.accounts.authentication import check_csrf, check_may_act
from invoice_api.http.dependencies import TheClock, TheDatabase, TheIds
from invoice_api.http.problems import Problem
from invoice_api.imports import service
from invoice_api.imports.routes import Upload, upload_of
from invoice_api.imports.schemas import ImportShown
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.live import live_url
from invoice_api.web.office_views import RunCard
from invoice_api.web.pages import Form, Option, Shell
from invoice_api.web.runs_shown import run_card
from invoice_api.web.sessions import AVisit, Visit, form_values
from invoice_api.web.views import form_of

router = APIRouter(prefix="/invoices/import", include_in_schema=False)

STATUSES = (
    Option("draft", "Drafts: look at them first"),
    Option("pending", "Finalized, not sent"),
    Option("sent", "Sent: they sync at once where Sync Invoices is on"),
)
DATES = (
    Option("auto", "As the file shows"),
    Option("month_first", "Month first: 6/15/2026"),
    Option("day_first", "Day first: 15/6/2026"),
)
DECIMALS = (
    Option("auto", "As the file shows"),
    Option("point", "1,234.56"),
    Option("comma", "1.234,56"),
)


@dataclass(frozen=True)
class ImportRow:
    name: str
    sentence: str
    url: str


@dataclass(frozen=True)
class ImportStartPage:
    shell: Shell
    form: Form
    statuses: tuple[Option, ...]
    dates: tuple[Option, ...]
    decimals: tuple[Option, ...]
    recent: tuple[ImportRow, ...]


@dataclass(frozen=True)
class ImportPage:
    shell: Shell
    name: str
    run: RunCard
    results: tuple[tuple[str, str, str, str], ...]
    """Result, invoices, lines, amount."""
    reasons: tuple[tuple[str, str, str], ...]
    """Result, how many, an example of why."""
    read_as: str
    report_url: str
    live_url: str
    id: str


@router.get("")
async def show_form(
    one: AVisit, database: TheDatabase, clock: TheClock, render: TheRenderer
) -> Response:
    return render.page("import_start.html", await _start(one, database, clock, Form()))


async def _start(one: Visit, database: TheDatabase, clock: TheClock, form: Form) -> ImportStartPage:
    async with database.transaction() as tx:
        shell = await one.shell(tx, "Import invoices", "invoices")
        found = await service.recent(tx, clock, one.caller)
    rows = tuple(
        ImportRow(
            one_import.file_name,
            f"{one.eyes.moment(one_import.run.started_at)}, {one_import.lines:,} lines",
            f"/invoices/import/{one_import.run.id}",
        )
        for one_import in found
    )
    return ImportStartPage(shell, form, STATUSES, DATES, DECIMALS, rows)


async def uploaded(request: Request) -> Upload | Problem:
    """The file, or what is wrong with the form: the page says it beside its field."""
    try:
        return await upload_of(request)
    except Problem as problem:
        return problem


@router.post("")
async def begin(
    one: AVisit,
    form: Annotated[dict[str, str], Depends(form_values)],
    upload: Annotated[Upload | Problem, Depends(uploaded)],
    database: TheDatabase,
    clock: TheClock,
    ids: TheIds,
    render: TheRenderer,
) -> Response:
    check_csrf(one.caller, form.get("csrf"))
    check_may_act(one.caller)
    try:
        if isinstance(upload, Problem):
            raise upload
        async with database.transaction() as tx:
            run = await service.begin(
                tx, ids, clock, one.caller, upload.name, upload.raw, upload.asked
            )
    except Problem as problem:
        page = await _start(one, database, clock, form_of(form, problem))
        return render.page("import_start.html", page, problem.status)
    return RedirectResponse(f"/invoices/import/{run.id}", 303)


@router.get("/{run_id}")
async def show_import(
    run_id: UUID, one: AVisit, database: TheDatabase, clock: TheClock, render: TheRenderer
) -> Response:
    async with database.transaction() as tx:
        shell = await one.shell(tx, "Import", "invoices")
        found = await service.shown(tx, clock, one.caller, run_id)
    return render.page("import.html", _page(found, shell, one))


_RESULTS = {"imported": "Imported", "skipped": "Skipped", "rejected": "Not imported"}


def _page(found: ImportShown, shell: Shell, one: Visit) -> ImportPage:
    currency = one.caller.company.currency
    read = found.read_as
    order = "" if read is None else read.dates.replace("_", " ")
    return ImportPage(
        shell=shell,
        name=found.file_name,
        run=run_card(found.run, one.eyes),
        results=tuple(
            (
                _RESULTS[result],
                f"{sums.invoices:,}",
                f"{sums.lines:,}",
                formatters.money(sums.amount, currency),
            )
            for result, sums in found.results.items()
        ),
        reasons=tuple(
            (
                _RESULTS[reason.result],
                f"{reason.lines:,} {'line' if reason.lines == 1 else 'lines'}",
                reason.example,
            )
            for reason in found.reasons
        ),
        read_as=(
            ""
            if read is None
            else f"Read with dates {order} and a decimal {read.decimals}."
            + (
                f" Columns not used: {', '.join(read.columns_not_used)}."
                if read.columns_not_used
                else ""
            )
        ),
        report_url=f"/invoices/import/{found.run.id}/report.csv",
        live_url=live_url("run", [str(found.run.id)]),
        id=str(found.run.id),
    )


@router.get("/{run_id}/report.csv")
async def download(run_id: UUID, one: AVisit, database: TheDatabase) -> Response:
    """Every line of the file with its result and the reason."""
    await service.check_there(database, one.caller, run_id)
    return StreamingResponse(
        service.report(database, run_id),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="import-report.csv"'},
    )
