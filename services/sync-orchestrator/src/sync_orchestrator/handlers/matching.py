"""Books match: compare a month from what we know, and read the provider once to be sure."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from contracts.causes import cause_of
from contracts.commands import Origin
from contracts.connections import InvoiceRead, InvoicesRead
from contracts.ids import CompanyId, Provider
from contracts.message import Message
from contracts.sync import RunProgress
from messaging.database import Tx, whole_company

from sync_orchestrator.domain.facts import SeenThere
from sync_orchestrator.domain.job import RecordKey
from sync_orchestrator.domain.matching import Match, match_of
from sync_orchestrator.domain.round import Trigger
from sync_orchestrator.handlers import running, verifying
from sync_orchestrator.handlers.places import read_current
from sync_orchestrator.handlers.refusals import FieldProblem, because_of, invalid
from sync_orchestrator.handlers.work import REVIEWS, Tools, begin
from sync_orchestrator.store import companies_store, match_store, runs_store
from sync_orchestrator.store.match_store import Check
from sync_orchestrator.store.runs_store import Run


@dataclass(frozen=True, slots=True)
class MonthMatched:
    """`verified_at`: when it was last read there; `last` is the last reading that is over."""

    match: Match
    verified_at: str | None
    verifying: UUID | None
    last: Check | None


async def match(tx: Tx, company: CompanyId, provider: Provider, month: str) -> MonthMatched:
    """A month as far as we know: from what the provider said at each write and reading.

    Raises:
        Refusal: 409 never connected, 422 what isn't a month.
    """
    first, until = bounds(month)
    connection = await read_current(tx, company, provider)
    async with whole_company(tx):
        entries = await match_store.month(tx, connection, first, until)
    return MonthMatched(
        match_of(entries, connection.settings.start_date),
        await match_store.verified_at(tx, connection.id, month),
        await match_store.verifying(tx, connection.id, month),
        await match_store.last_check(tx, connection.id, month),
    )


async def verify(
    tx: Tx, tools: Tools, company: CompanyId, provider: Provider, month: str, origin: Origin
) -> RunProgress:
    """Have every invoice of the month that is there read once; joins a reading under way.

    Raises:
        Refusal: 409 not connected, 422 what isn't a month.
    """
    first, until = bounds(month)
    connection = await read_current(tx, company, provider)
    if not connection.is_open:
        raise because_of(connection.cause or cause_of("connection_expired"), provider)
    await companies_store.lock(tx, [company])
    under_way = await match_store.verifying(tx, connection.id, month)
    if under_way is not None:
        return await running.show(tx, company, under_way)
    now = await companies_store.now(tx)
    run = Run(
        id=tools.ids.new(),
        company_id=company,
        connection_id=connection.id,
        provider=provider,
        kind="verify",
        about=month,
        kinds=("invoices",),
        action=None,
        started_by=origin,
        started_at=now,
        not_included={},
    )
    await runs_store.start(tx, run)
    found = await match_store.linked(tx, connection, first, until)
    await runs_store.add(tx, run.id, [("invoice", one.record_id) for one in found])
    await verifying.ask(tx, tools, run, connection, found, now)
    tx.wake(REVIEWS)
    return await running.show(tx, company, run.id)


async def on_invoices_read(tx: Tx, messages: Sequence[Message], tools: Tools) -> None:
    """What was read: an invoice that was altered or removed there says so from now on."""
    pages = [message for message in messages if isinstance(message, InvoicesRead)]
    if not pages:
        return
    work = await begin(tx, {page.company_id for page in pages}, tools)
    for page in pages:
        connection = work.books.connections.get(page.connection_id)
        if connection is None or connection.company_id != page.company_id:
            continue
        keys = {
            one.record_id: RecordKey(connection.id, "invoice", one.record_id)
            for one in page.invoices
        }
        await work.load(set(keys.values()), followed=False)
        for one in page.invoices:
            if not _is_read(one):
                continue
            removed = one.found if one.found in ("voided", "deleted") else None
            work.round.apply(
                keys[one.record_id],
                SeenThere(one.generation, removed, one.remote, one.totals, one.step),
                Trigger(page.correlation_id, page.id),
            )
        run = await runs_store.find(tx, page.company_id, page.correlation_id)
        if run is not None and run.kind == "verify" and run.finished_at is None:
            taken = [
                (keys[one.record_id], None if _is_read(one) else "unread") for one in page.invoices
            ]
            await runs_store.taken(tx, run.id, taken, work.books.now)
    await work.save()
    tx.wake(REVIEWS)


def _is_read(one: InvoiceRead) -> bool:
    """Whether it says how the invoice is; one that is there comes to something."""
    return one.found in ("voided", "deleted") or (one.found == "there" and one.totals is not None)


def bounds(month: str) -> tuple[date, date]:
    """The first day of a month written YYYY-MM, and that of the next. Raises a 422."""
    try:
        first = date.fromisoformat(f"{month}-01")
    except ValueError:
        raise invalid(FieldProblem("month", "must be a month, YYYY-MM")) from None
    after = date(first.year + first.month // 12, first.month % 12 + 1, 1)
    return first, after
