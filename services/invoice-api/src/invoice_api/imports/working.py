"""The work on imports: piece by piece, each one transaction, so that a crash costs a piece.

Reading a file twice stages the same lines; an invoice and its result are committed together.
"""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice

from contracts.commands import Origin
from contracts.ids import Ids
from contracts.sync import RunCounts, RunProgress
from messaging.clock import Clock
from messaging.database import Database, Tx
from messaging.wake import Listener
from telemetry.logs import get_logger

from invoice_api.accounts import store as accounts_store
from invoice_api.accounts.caller import Caller
from invoice_api.imports import store
from invoice_api.imports.assembling import assemble
from invoice_api.imports.columns import Columns, columns_of
from invoice_api.imports.posting import Posting
from invoice_api.imports.reading import Record, decode, records
from invoice_api.imports.schemas import ReadAs
from invoice_api.imports.store import Counted, StagedInvoice, StoredImport
from invoice_api.imports.values import Style, evidence_of
from invoice_api.runs import store as runs_store
from invoice_api.sync_status.projector import CHANNEL as BADGES

CHANNEL = "imports"
"""Woken when there is a new file."""

_LINES_AT_ONCE = 1_000
_INVOICES_AT_ONCE = 200
_STAGE_AT_ONCE = 2_000
_POLL_SECONDS = 5.0
_LOG = get_logger(__name__)

Staged = tuple[int, int | None, tuple[str, ...], str | None]


@dataclass(frozen=True)
class Worker:
    """Takes whatever import waits for its next piece."""

    database: Database
    clock: Clock
    ids: Ids

    async def run(self, stop: asyncio.Event, listener: Listener) -> None:
        """Work until `stop`."""
        while not stop.is_set():
            if not await self.step():
                await listener.wait(stop, _POLL_SECONDS)

    async def step(self) -> bool:
        """One piece of work; False where there is none."""
        async with self.database.transaction() as tx:
            job = await store.take(tx)
            if job is None:
                return False
            if job.stage == "importing":
                await self._import_some(tx, job)
                tx.wake(BADGES)
                return True
            await store.lease(tx, job.run_id)
            raw = await store.load_file(tx, job.run_id)
        await self._read(job, raw)
        return True

    async def _read(self, job: StoredImport, raw: bytes) -> None:
        reading = await asyncio.to_thread(_Reading.of, raw, job)
        staged = reading.staged()
        while part := await asyncio.to_thread(lambda: list(islice(staged, _STAGE_AT_ONCE))):
            async with self.database.transaction() as tx:
                await store.insert_lines(tx, job.run_id, part)
                await store.lease(tx, job.run_id)
        async with self.database.transaction() as tx:
            await store.finish_reading(tx, job.run_id, reading.read_as, reading.invoices())
        _LOG.info("import read", run=str(job.run_id), invoices=len(reading.counts))

    async def _import_some(self, tx: Tx, job: StoredImport) -> None:
        run = await runs_store.find_run(tx, job.company, job.run_id)
        if run is not None and run.cancel_asked:
            why = "The import was stopped before it came to this invoice."
            await store.reject_the_rest(tx, job.run_id, "stopped", why)
            await self._say(tx, job, "stopped")
            return
        batch = await self._next(tx, job)
        if not batch:
            await self._say(tx, job, "done")
            return
        await store.lock_company(tx, job.company)
        caller = await accounts_store.find_caller_by_user(tx, job.user)
        assert caller is not None, "people stay, even when they have left"
        await self._post(tx, job, caller, batch)
        await self._say(tx, job, "running")

    async def _next(self, tx: Tx, job: StoredImport) -> list[StagedInvoice]:
        """The next invoices, of so many lines together that a transaction stays short."""
        found = await store.next_invoices(tx, job.run_id, job.next_ordinal, _INVOICES_AT_ONCE)
        lines = 0
        for count, one in enumerate(found):
            lines += one.line_count
            if lines > _LINES_AT_ONCE:
                return found[: max(1, count)]
        return found

    async def _post(
        self, tx: Tx, job: StoredImport, caller: Caller, batch: list[StagedInvoice]
    ) -> None:
        assert job.read_as is not None, "an import whose lines are there was read"
        columns, style = read_by(job.read_as, caller)
        lines = await store.load_lines(tx, job.run_id, [one.ordinal for one in batch])
        put_together = [
            (one.ordinal, assemble(one.number, lines[one.ordinal], columns, style)) for one in batch
        ]
        posting = Posting(caller, self.clock, self.ids, job.options.status)
        ended = await posting.post(tx, put_together)
        await store.save_ended(tx, job.run_id, ended, batch[-1].ordinal + 1)

    async def _say(self, tx: Tx, job: StoredImport, state: str) -> None:
        over = state != "running"
        await store.raise_version(tx, job.run_id, over=over)
        counted = await store.count_results(tx, job.run_id)
        progress = progress_of(job, counted, state, version=job.version + 1)
        await runs_store.save_runs(tx, "invoice-api", [(job.company, progress)])


def progress_of(
    job: StoredImport, counted: list[Counted], state: str, *, version: int
) -> RunProgress:
    """The import as a run: counted in invoices, `kinds` has its lines too."""
    ended: dict[str, int] = {}
    lines: dict[str, int] = {}
    why: dict[str, int] = {}
    for one in counted:
        ended[one.result] = ended.get(one.result, 0) + one.invoices
        lines[one.result] = lines.get(one.result, 0) + one.lines
        if one.code is not None and one.invoices:
            why[one.code] = why.get(one.code, 0) + one.invoices
    failed = ended.get("rejected", 0)
    done = ended.get("imported", 0) + ended.get("skipped", 0)
    left = job.invoices - done - failed
    passed = (job.now - job.started_at).total_seconds()
    eta = None
    if state == "running" and left and done + failed:
        eta = job.now + timedelta(seconds=passed * left / (done + failed))
    return RunProgress.model_validate(
        {
            "id": job.run_id,
            "kind": "import_invoices",
            "version": version,
            "state": state,
            "about": job.file_name,
            "started_by": Origin(by="person", user_id=job.user, name=job.user_name),
            "started_at": job.started_at,
            "finished_at": None if state == "running" else job.now,
            "total": job.invoices,
            "done": done,
            "failed": failed,
            "eta": eta,
            "kinds": {
                "invoices": RunCounts(total=job.invoices, done=done, failed=failed),
                "lines": RunCounts(
                    total=sum(lines.values()),
                    done=lines.get("imported", 0) + lines.get("skipped", 0),
                    failed=lines.get("rejected", 0),
                ),
            },
            "not_included": why,
        }
    )


def read_by(read_as: ReadAs, caller: Caller) -> tuple[Columns, Style]:
    """The columns and style that a file was found to have."""
    columns = Columns(read_as.columns, read_as.columns_not_used, read_as.width)
    return columns, Style(read_as.dates, read_as.decimals, caller.company.zone)


@dataclass
class _Reading:
    """A file as it is read: its text, its columns, its style, and its invoices in order."""

    text: str
    columns: Columns
    read_as: ReadAs
    counts: dict[str, int]
    ordinals: dict[str, int]

    @classmethod
    def of(cls, raw: bytes, job: StoredImport) -> "_Reading":
        decoded = decode(raw)
        found = records(decoded.text)
        columns = columns_of(next(found).cells)
        options = job.options
        dates: list[str] = []
        numbers: list[str] = []
        for one in found:
            dates.append(columns.cell(one.cells, "date"))
            numbers.append(columns.cell(one.cells, "unit_price"))
            numbers.append(columns.cell(one.cells, "amount"))
        evidence = evidence_of(dates, numbers)
        read_as = ReadAs(
            encoding=decoded.encoding,
            dates=options.dates
            if options.dates != "auto"
            else evidence.dates(options.dates_otherwise),
            decimals=options.decimals if options.decimals != "auto" else evidence.decimals(),
            columns=dict(columns.places),
            columns_not_used=columns.unused,
            width=columns.width,
        )
        return cls(decoded.text, columns, read_as, {}, {})

    def staged(self) -> Iterator[Staged]:
        """Every record with its invoice's place.

        A broken one between two lines of an invoice is that invoice's.
        """
        found = records(self.text)
        next(found)
        before: str | None = None
        held: list[Record] = []
        for one in found:
            number = self.columns.cell(one.cells, "number")[:50]
            if not number and one.wrong is not None:
                held.append(one)
                continue
            for broken in held:
                yield self._line(broken, before if number == before and before else "")
            held.clear()
            yield self._line(one, number)
            before = number
        for broken in held:
            yield self._line(broken, "")

    def _line(self, one: Record, number: str) -> Staged:
        ordinal = None
        if number:
            ordinal = self.ordinals.setdefault(number, len(self.ordinals))
            self.counts[number] = self.counts.get(number, 0) + 1
        wrong = one.wrong or (None if number else "says no invoice number")
        return (one.line, ordinal, tuple(cell.replace("\x00", "") for cell in one.cells), wrong)

    def invoices(self) -> list[StagedInvoice]:
        return [
            StagedInvoice(ordinal, number, self.counts[number])
            for number, ordinal in self.ordinals.items()
        ]
