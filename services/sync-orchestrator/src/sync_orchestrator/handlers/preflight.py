"""Would this record go, and what stands in its way: our own data only, nothing is written."""

from dataclasses import dataclass, replace

from contracts.causes import cause_of
from contracts.invoicing import InvoiceSnapshot
from contracts.sync import CauseInstance
from messaging.database import Tx

from sync_orchestrator.domain.books import Books
from sync_orchestrator.domain.content import content_of
from sync_orchestrator.domain.job import RecordKey
from sync_orchestrator.domain.preflight import notes, problems
from sync_orchestrator.domain.records import Record
from sync_orchestrator.domain.round import Round
from sync_orchestrator.handlers.people import Wish, check_owner
from sync_orchestrator.handlers.places import current_of
from sync_orchestrator.handlers.work import Tools, Work
from sync_orchestrator.store import companies_store, connections_store, records_store


@dataclass(frozen=True, slots=True)
class Preflight:
    """What a person must mend before it goes, first the one its badge shows; and what will be
    different there though it can go."""

    problems: tuple[CauseInstance, ...]
    notes: tuple[CauseInstance, ...]


async def preflight(tx: Tx, tools: Tools, wish: Wish) -> Preflight:
    """Look at the record as it is saved, without asking the provider.

    A record nobody asked for yet is looked at as if it were clicked.

    Raises:
        Refusal: 404 another company's; 409 never connected.
    """
    records = [Record(wish.company, snapshot) for snapshot in (wish.record, *wish.needs)]
    await check_owner(tx, wish.company, records)
    books = Books(now=await companies_store.now(tx), ages=tools.ages)
    for connection in await connections_store.of_companies(tx, [wish.company]):
        books.connections[connection.id] = connection
    work = Work(tx, tools, books, Round(books, tools.ids.new))
    there = current_of(work, wish.company, wish.provider)
    work.take_records(await records_store.load(tx, [(r.entity, r.id) for r in records]))
    work.take_records(record for record in records if _is_newer(record, books))
    key = RecordKey(there.id, wish.entity, wish.record_id)
    await work.load({key}, followed=False)
    job, situation = books.job(key), books.situation(key)
    assert situation is not None, "connection and record are in hand"
    if job is None:
        job = replace(books.new_job(key), origin=wish.origin)
    found = [*_unfit(wish), *problems(job, situation)]
    stands = job.refused and content_of(job, situation).mark == job.sent_mark
    if stands and job.cause is not None and all(c.code != job.cause.code for c in found):
        found.append(job.cause)
    return Preflight(tuple(found), notes(situation))


def _unfit(wish: Wish) -> list[CauseInstance]:
    invoice = wish.record
    if isinstance(invoice, InvoiceSnapshot) and invoice.status == "draft":
        return [cause_of("invoice_draft", invoice=invoice.number)]
    return []


def _is_newer(record: Record, books: Books) -> bool:
    known = books.records.get((record.entity, record.id))
    return known is None or known.snapshot.version < record.snapshot.version
