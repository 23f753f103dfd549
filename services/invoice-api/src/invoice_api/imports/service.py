"""What can be asked of imports: begin one, see how it went, read its report."""

import csv
import io
from collections.abc import AsyncGenerator
from decimal import Decimal
from uuid import UUID

from contracts.ids import Ids
from messaging.clock import Clock
from messaging.database import Database, Row, Tx

from invoice_api.accounts.caller import Caller
from invoice_api.http.csv_answers import safe_cells
from invoice_api.http.problems import FieldError, invalid, invalid_field, not_found
from invoice_api.imports import store
from invoice_api.imports.columns import columns_of, missing
from invoice_api.imports.reading import decode, records
from invoice_api.imports.schemas import (
    ImportAsked,
    ImportOptions,
    ImportShown,
    ReasonShown,
    Result,
    Sum,
)
from invoice_api.imports.store import StoredImport
from invoice_api.imports.values import DateOrder
from invoice_api.imports.working import CHANNEL, progress_of
from invoice_api.runs import store as runs_store
from invoice_api.runs.schemas import RunShown
from invoice_api.runs.service import run_shown

RECENT = 20
_LINES_A_PAGE = 2_000
_MONTH_FIRST = frozenset({"USD"})

_REPORT_COLUMNS = ("line", "invoice", "result", "reason", "invoice_id")


async def begin(
    tx: Tx, ids: Ids, clock: Clock, caller: Caller, file_name: str, raw: bytes, asked: ImportAsked
) -> RunShown:
    """Keep the file and start its run. 422 where it has no such columns, or nothing in it."""
    check_file(raw)
    otherwise: DateOrder = "month_first" if caller.company.currency in _MONTH_FIRST else "day_first"
    options = ImportOptions(**asked.model_dump(), dates_otherwise=otherwise)
    run_id = ids.new()
    company = caller.company.id
    await store.insert_import(
        tx, run_id, company, caller.user_id, caller.user_name, file_name[:200], options, raw
    )
    job = await store.find_import(tx, company, run_id)
    assert job is not None, "it was kept above"
    progress = progress_of(job, [], "running", version=job.version)
    await runs_store.save_runs(tx, "invoice-api", [(company, progress)])
    tx.wake(CHANNEL)
    return run_shown(progress, caller, clock)


def check_file(raw: bytes) -> None:
    """Raises 422 where the file can't be one of invoices: what is missing, by name."""
    if not raw.strip():
        raise invalid_field("file", "is empty")
    found = records(decode(raw).text)
    header = next(found, None)
    if header is None or header.wrong is not None:
        raise invalid_field("file", "has no header line that can be read")
    lacking = missing(columns_of(header.cells))
    if lacking:
        seen = ", ".join(f"“{name}”" for name in header.cells[:20] if name)
        raise invalid(
            *(FieldError("file", f"has no column for {what}; it has {seen}") for what in lacking)
        )
    if next(found, None) is None:
        raise invalid_field("file", "has a header and no lines")


async def shown(tx: Tx, clock: Clock, caller: Caller, run_id: UUID) -> ImportShown:
    """An import, counted. 404."""
    return await _shown(tx, clock, caller, await _found(tx, caller, run_id))


async def recent(tx: Tx, clock: Clock, caller: Caller) -> list[ImportShown]:
    """The company's latest imports."""
    found = await store.recent_imports(tx, caller.company.id, RECENT)
    return [await _shown(tx, clock, caller, one) for one in found]


async def check_there(database: Database, caller: Caller, run_id: UUID) -> None:
    """Raises 404 where it isn't the company's."""
    async with database.transaction() as tx:
        await _found(tx, caller, run_id)


async def report(database: Database, run_id: UUID) -> AsyncGenerator[str]:
    """Every line of the file with what became of it, as CSV, a part at a time."""
    yield _csv([_REPORT_COLUMNS])
    after = 0
    while True:
        async with database.transaction() as tx:
            rows = await store.report_page(tx, run_id, after, _LINES_A_PAGE)
        if not rows:
            return
        yield _csv([_report_row(row) for row in rows])
        after = rows[-1]["line"]


async def _found(tx: Tx, caller: Caller, run_id: UUID) -> StoredImport:
    found = await store.find_import(tx, caller.company.id, run_id)
    if found is None:
        raise not_found("import")
    return found


async def _shown(tx: Tx, clock: Clock, caller: Caller, job: StoredImport) -> ImportShown:
    run = await runs_store.find_run(tx, caller.company.id, job.run_id)
    assert run is not None, "an import and its run are made together"
    results: dict[Result, Sum] = {}
    reasons: list[ReasonShown] = []
    for one in await store.count_results(tx, job.run_id):
        sums = results.get(one.result) or Sum(amount=Decimal(0))
        results[one.result] = Sum(
            invoices=sums.invoices + one.invoices,
            lines=sums.lines + one.lines,
            amount=sums.amount + Decimal(str(one.amount)),
        )
        if one.code is not None:
            reasons.append(
                ReasonShown(
                    result=one.result,
                    code=one.code,
                    invoices=one.invoices,
                    lines=one.lines,
                    example=one.example or "",
                )
            )
    return ImportShown(
        run=run_shown(run.progress, caller, clock),
        file_name=job.file_name,
        options=job.options,
        read_as=job.read_as,
        lines=await store.count_lines(tx, job.run_id),
        results=results,
        reasons=tuple(reasons),
        report_url=f"/api/v1/imports/{job.run_id}/report",
    )


def _report_row(row: Row) -> tuple[str, ...]:
    if row["ordinal"] is None:
        return (str(row["line"]), "", "rejected", f"This line {row['wrong']}.", "")
    reason = row["line_reason"] or row["reason"] or ""
    return (
        str(row["line"]),
        row["number"],
        row["result"] or "not yet",
        reason,
        "" if row["invoice_id"] is None else str(row["invoice_id"]),
    )


def _csv(rows: list[tuple[str, ...]]) -> str:
    out = io.StringIO()
    csv.writer(out).writerows(safe_cells(row) for row in rows)
    return out.getvalue()
