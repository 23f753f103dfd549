"""What must hold when everything has come to rest."""

import json
import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import reduce
from typing import Any
from uuid import UUID

from contracts.causes import render
from contracts.connections import ConnectionExpired
from contracts.ids import ConnectionId, Entity, RecordId
from contracts.invoicing import CustomerSnapshot, InvoiceSnapshot, ItemSnapshot
from contracts.sync import SyncFailed, SyncState, SyncSucceeded
from invoice_api.sync_status.fold import Folded, fold, said
from sync_orchestrator.app import PACKAGE as ORCHESTRATOR
from sync_orchestrator.domain.job import Job, RecordKey
from sync_orchestrator.store import jobs_store

from simulation.company import Company
from simulation.connectors import ConnectorSide
from simulation.ground import OFFICE, SCHEMAS, of_open
from simulation.office import Snapshot, entity_of, subject_of, told
from simulation.ring import Ring
from simulation.there import Document, There

_ENTITIES: tuple[Entity, ...] = ("customer", "item", "invoice")
_MARKED: tuple[Entity, ...] = ("customer", "invoice")
_UNDER_WAY = {SyncState.QUEUED, SyncState.CHECKING, SyncState.WAITING, SyncState.HELD}
_REJECTED_TOO_OFTEN = 3
_SYNCED = {SyncState.SYNCED, SyncState.SYNCED_WITH_DIFFERENCE}


@dataclass(frozen=True)
class _Books:
    """What a company has saved, and the jobs of one connection of it."""

    company: Company
    there: There
    connection: ConnectionId
    unknown: frozenset[RecordId]
    """Records whose request has no answer, and never will have: the connection is closed."""
    saved: list[Snapshot]
    jobs: Mapping[tuple[str, RecordId], Job]


async def problems(ring: Ring) -> list[str]:
    """Each thing that is wrong, in words; none if all holds."""
    wrong = await _left_over(ring)
    if ring.lost is not None:
        ring.lost.count_voids(ring.organisations)
    for company in ring.companies:
        saved = await _saved(ring, company)
        if ring.lost is not None:
            wrong += ring.lost.problems(company, saved)
        for books in await _connections(ring, company, saved):
            wrong += [*_documents(ring, books), *_generations(books)]
            if books.there is company.there:
                wrong += _records(ring, books)
        for totals in company.office.totals.values():
            if any(b == d != c for b, c, d in zip(totals, totals[1:], totals[2:], strict=False)):
                ring.sights.saw("77")
    wrong += await _strays(ring)
    wrong += await _runs(ring)
    wrong += await _history(ring)
    wrong += [*ring.sights.wrong, *await _provider(ring)]
    return wrong


def _records(ring: Ring, books: _Books) -> list[str]:
    wrong: list[str] = []
    for snapshot in books.saved:
        job = books.jobs.get((entity_of(snapshot), RecordId(snapshot.id)))
        wrong += _record(books, snapshot, job)
        wrong += _badge(ring, books, snapshot, job)
    return wrong


async def _strays(ring: Ring) -> list[str]:
    """Nothing of a company is in books that it never was connected to."""
    owners: dict[str, Company] = {}
    for company in ring.companies:
        owners |= {str(snapshot.id): company for snapshot in await _saved(ring, company)}
    wrong: list[str] = []
    for there in ring.organisations:
        for entity in _ENTITIES:
            for ours, records in there.marked(entity).items():
                owner = owners.get(ours)
                if ring.lost is not None and ring.lost.explains(ours, owner, there):
                    continue
                if owner is None or there.id not in owner.connections:
                    ids = ", ".join(record.id for record in records)
                    wrong.append(f"strayed: {entity} {ours[-4:]} is in {there.name}: {ids}")
    return wrong


async def _provider(ring: Ring) -> list[str]:
    """Its limits are kept, and no consent ends that nobody ended.

    A token set that the provider made and nobody stored, because its answer was lost or its reader
    died, may be the only one that still counts there.
    """
    wrong = ring.sights.over_limit() if ring.mix.tight else []
    stored = 0
    for schema in ring.schemas:
        stored += await ring.ground.admin.fetchval(
            f"select coalesce(sum(version), 0) from {schema}.grants"
        )
    expired = {m.id for m in ring.bus.said if isinstance(m, ConnectionExpired)}
    rejected = ring.transport.fates.get("401", 0) >= _REJECTED_TOO_OFTEN
    if expired and stored == ring.transport.tokens_given and not rejected:
        wrong.append("a connection expired, though every token set was stored")
    return wrong


async def _saved(ring: Ring, company: Company) -> list[Snapshot]:
    rows = await ring.ground.admin.fetch(
        f"select entity, snapshot::text as snapshot from {OFFICE}.records where company = $1"
        " order by entity, id",
        company.id,
    )
    kinds = {"customer": CustomerSnapshot, "item": ItemSnapshot, "invoice": InvoiceSnapshot}
    return [kinds[row["entity"]].model_validate_json(row["snapshot"]) for row in rows]


async def _connections(ring: Ring, company: Company, saved: list[Snapshot]) -> list[_Books]:
    """Each connection that the company has or had."""
    found: list[_Books] = []
    for there in ring.organisations:
        connection = company.connections.get(there.id)
        if connection is not None:
            jobs = await _jobs(ring, connection)
            unknown = await _unknown(ring.connectors[there.provider], connection, jobs)
            found.append(_Books(company, there, connection, unknown, saved, jobs))
    return found


async def _unknown(
    connector: ConnectorSide, connection: ConnectionId, jobs: dict[tuple[str, RecordId], Job]
) -> frozenset[RecordId]:
    """What a closed connection leaves open until it is connected again: answers that never came,
    and outcomes that were lost on the way, which are asked for again only while it is open."""
    schema = connector.schema
    rows = await connector.ring.ground.admin.fetch(
        f"select l.record_id from {schema}.ledger l"
        f" join {schema}.connections c on c.id = l.connection_id"
        " where l.state = 'open' and c.status = 'closed' and c.id = $1",
        connection,
    )
    unknown = {row["record_id"] for row in rows}
    if await connector.status(connection) == "closed":
        unknown |= {record for (_, record), job in jobs.items() if job.outstanding is not None}
    return frozenset(unknown)


async def _jobs(ring: Ring, connection: ConnectionId) -> dict[tuple[str, RecordId], Job]:
    rows = await ring.ground.admin.fetch(
        f"select entity, record_id from {ORCHESTRATOR}.jobs where connection_id = $1", connection
    )
    keys = [RecordKey(connection, row["entity"], row["record_id"]) for row in rows]
    sessions = ring.ground.sessions[ORCHESTRATOR]
    session = await sessions.take()
    jobs = await jobs_store.load(session, keys)  # pyright: ignore[reportArgumentType]
    sessions.give_back(session)
    return {(job.entity, job.record_id): job for job in jobs}


async def _left_over(ring: Ring) -> list[str]:
    """Nothing waits, nothing is open, nothing was set apart."""
    wrong: list[str] = []
    for schema in SCHEMAS:
        rows = await ring.ground.admin.fetch(f"select topic, reason from {schema}.dead_letters")
        known = {ORCHESTRATOR: ring.sights.poisons, ring.connector.schema: ring.sights.garbled}
        if len(rows) != known.get(schema, 0):
            wrong += [f"set apart: {row['topic']}: {row['reason']}" for row in rows]
            wrong.append(
                f"{len(rows)} messages are set apart, {known.get(schema, 0)} can't be read"
            )
    for schema in ring.schemas:
        open_rows = await ring.ground.admin.fetchval(
            f"select count(*) from {schema}.ledger where state = 'open' and {of_open(schema)}"
        )
        lanes = await ring.ground.admin.fetchval(
            f"select count(*) from {schema}.lanes where waiting and {of_open(schema)}"
        )
        if open_rows:
            wrong.append(f"{open_rows} ledger rows are open")
        if lanes:
            wrong.append(f"{lanes} lanes wait")
    return wrong


def _documents(ring: Ring, books: _Books) -> list[str]:
    """At most one live document a record; none that is linked to the wrong one, or to none."""
    wrong: list[str] = []
    there_, jobs = books.there, books.jobs
    hers = {str(snapshot.id): snapshot for snapshot in books.saved}
    for entity in _MARKED:
        for ours, records in there_.marked(entity).items():
            if ours not in hers:
                continue
            live = [r for r in records if r.live]
            told_apart = books.company.told_apart.get(UUID(ours), 0)
            if ring.lost is not None and ring.lost.is_not_known_again(hers[ours], there_.provider):
                told_apart += 1
            if len(live) > 1 + told_apart:
                ids = ", ".join(f"{r.id} ({r.note or r.number})" for r in live)
                wrong.append(f"doubled: {entity} {ours[-4:]} has {ids}")
            job = jobs.get((entity, RecordId(UUID(ours))))
            linked = None if job is None or job.link is None else job.link.id
            wrong += [
                f"unlinked: {entity} {ours[-4:]} has live {r.id}, linked to {linked}"
                for r in live
                if r.id != linked
                and not told_apart
                and linked not in there_.linked_by_person
                and RecordId(UUID(ours)) not in books.unknown
            ]
    names = [one.name for one in there_.live("item")]
    wrong += [f"doubled: item {name}" for name in set(names) if names.count(name) > 1]
    for (entity, record), job in jobs.items():
        there = _there(books, job)
        if there is None or entity == "item" or there.id in there_.linked_by_person:
            continue
        one = hers.get(str(record))
        markless = isinstance(one, InvoiceSnapshot) or record in books.company.told_apart
        if one and markless and ring.lost and ring.lost.is_not_known_again(one, there_.provider):
            continue
        if there.ours and str(record) not in there.ours:
            wrong.append(f"wrong link: {entity} {str(record)[-4:]} is linked to {there.id}")
    return wrong


def _generations(books: _Books) -> list[str]:
    """An invoice's generation grows only when a person removed its document or linked it anew."""
    there = books.there
    marked, wrong = there.marked("invoice"), list[str]()
    for (entity, record), job in books.jobs.items():
        if entity != "invoice":
            continue
        removed = sum(r.id in there.removed for r in marked.get(str(record), []))
        if job.generation > 1 + removed + 2 * len(there.linked_by_person):
            wrong.append(
                f"generation {job.generation} of invoice {str(record)[-4:]},"
                f" though {removed} documents of it were removed"
            )
    return wrong


def _there(books: _Books, job: Job | None) -> Document | None:
    if job is None or job.link is None:
        return None
    return books.there.get(job.entity, job.link.id)


def _record(books: _Books, snapshot: Snapshot, job: Job | None) -> list[str]:
    """Its job is final, and what is said of it is so."""
    who = told(snapshot)
    if job is None:
        # What was there before the company connected to these books goes by a click only.
        before = snapshot.id in books.company.before[books.connection]
        needed = not isinstance(snapshot, ItemSnapshot) and not before
        unsent = isinstance(snapshot, InvoiceSnapshot) and snapshot.status == "void"
        return [f"lost: {who} has no job"] if needed and not unsent else []
    if job.outstanding is not None or job.state in _UNDER_WAY:
        return [f"not final: {who} is {job.state}, {job.outstanding} is out, {job.cause}"]
    there = _there(books, job)
    imported_gone = False
    if isinstance(snapshot, CustomerSnapshot) and (origin := snapshot.came_from) is not None:
        link = None if job.link is None else job.link.id
        told_apart = snapshot.id in books.company.told_apart
        imported_gone = origin.remote_id in books.there.removed
        removed = job.state is SyncState.REMOVED_THERE and link is None
        apart = told_apart or (removed and imported_gone)
        if origin.connection_id == books.connection and not apart and link != origin.remote_id:
            return [f"{who} came from {origin.remote_id}, but is {job.state} and linked to {link}"]
    if job.state in _SYNCED:
        if there is None:
            return [f"synced without a link that is there: {who}, {job.link}"]
        if there.id in books.there.removed:
            return []
        return [f"{who} is {job.state}, but {why}" for why in _differs(books, snapshot, there)]
    if job.state is SyncState.VOIDED:
        if there is not None and there.live:
            return [f"{who} is said to be voided, {there.id} is live"]
        return []
    if job.state is SyncState.REMOVED_THERE:
        marked = books.there.marked(job.entity).get(str(snapshot.id), [])
        gone = [r for r in marked if r.id in books.there.removed]
        hers = books.there.linked_by_person & books.there.removed
        return (
            []
            if gone or hers or imported_gone
            else [f"{who} is {job.state}, but nobody removed it"]
        )
    if job.state is SyncState.BLOCKED:
        return _blocked(books, snapshot, job)
    return [f"{who} ends as {job.state}: {job.cause}"]


def _blocked(books: _Books, snapshot: Snapshot, job: Job) -> list[str]:
    """A cause must still be true."""
    code = "" if job.cause is None else job.cause.code
    if code == "invoice_number_taken" and isinstance(snapshot, InvoiceSnapshot):
        number = job.named_there or snapshot.number
        # A voided one keeps its number, and at FreshBooks a deleted one too.
        gone = () if books.there.deleted_keep_numbers else ("deleted",)
        kept = [r for r in books.there.all("invoice") if r.state not in gone]
        holders = [r for r in kept if r.number == number]
        others = [r for r in holders if job.link is None or r.id != job.link.id]
        if others or books.there.removed:
            return []
    return [f"{told(snapshot)} is blocked by {code}: {job.cause}"]


def _differs(books: _Books, snapshot: Snapshot, there: Document) -> list[str]:
    """In what the provider's record isn't what was saved last."""
    jobs, wrong = books.jobs, list[str]()
    if not there.live:
        return [f"{there.id} is {there.state} there"]

    def compare(what: str, here: object, there_: object) -> None:
        if here != there_:
            wrong.append(f"{there.id} has {what} {there_!r}, not {here!r}")

    def link_of(entity: Entity, record: UUID) -> str | None:
        job = jobs.get((entity, RecordId(record)))
        return None if job is None or job.link is None else job.link.id

    match snapshot:
        case CustomerSnapshot():
            # A person who links says that this is it, whatever it is called there.
            if snapshot.id not in books.company.told_apart:
                compare("name", snapshot.name, there.name)
        case ItemSnapshot():
            compare("name", snapshot.name, there.name)
            compare("account", books.company.account_of(snapshot.id), there.account)
        case InvoiceSnapshot():
            named = jobs["invoice", RecordId(snapshot.id)].named_there
            compare("number", named or snapshot.number, there.number)
            compare("total", Decimal(snapshot.total), there.total)
            # As with accounts: another link is for what is sent later, it rewrites nothing.
            if snapshot.customer_id not in books.company.told_apart:
                compare("customer", link_of("customer", snapshot.customer_id), there.customer)
            item = UUID(str(snapshot.lines[0].item_id))
            compare("item", link_of("item", item), there.item)
    return wrong


def _badge(ring: Ring, books: _Books, snapshot: Snapshot, job: Job | None) -> list[str]:
    """The fold of what invoice-api heard says what the orchestrator says, in any order."""
    if job is None:
        return []
    key = (books.connection, job.entity, job.record_id)
    office = books.company.office
    heard = [said(message) for message in office.heard if subject_of(message) == key]
    if not heard:
        return [f"no badge: {told(snapshot)}"]
    rng = random.Random(ring.scheduler.seed)
    folds: list[Folded] = []
    for _ in range(3):
        rng.shuffle(heard)
        folds.append(reduce(fold, heard))
    if any(other.shown() != folds[0].shown() for other in folds):
        return [f"the badge of {told(snapshot)} depends on the order it is told in"]
    shown = folds[0].shown()
    link = None if job.link is None else job.link.id
    there = None if shown.remote is None else shown.remote.id
    if job.entity == "invoice" and link is not None and shown.cause is not None:
        words = render(shown.cause, books.there.provider, record_id=job.record_id)
        if any(fix.action == "link" for fix in words.fixes):
            return [f"{told(snapshot)} is linked to {link}, and Link is offered"]
    if (shown.state, there) != (job.state, link):
        return [f"badge of {told(snapshot)}: {shown.state} {there}; job: {job.state} {link}"]
    return []


async def _runs(ring: Ring) -> list[str]:
    """Each Sync Now has ended, and says of each of its records how it ended."""
    rows = await ring.ground.admin.fetch(
        f"select id, finished_at, cancelled_at, told::text as told from {ORCHESTRATOR}.runs"
        f" where {of_open(*ring.schemas)} order by started_at"
    )
    wrong: list[str] = []
    for row in rows:
        said: dict[str, Any] = {} if row["told"] is None else json.loads(row["told"])
        if row["finished_at"] is None or said.get("finished_at") is None:
            wrong.append(f"Sync Now never ends: {said}")
        elif said["state"] != "stopped" and said["done"] + said["failed"] != said["total"]:
            wrong.append(f"Sync Now is done, but {said}")
    return wrong


async def _history(ring: Ring) -> list[str]:
    """An outcome stands in the history once at most, however often its message came."""
    rows = await ring.ground.admin.fetch(
        f"select record_id, (data ->> 'generation')::int as generation,"
        f" (data ->> 'step')::int as step, count(*) as lines from {ORCHESTRATOR}.job_history"
        " where kind = 'outcome' and data ->> 'said' <> 'delayed' group by 1, 2, 3"
    )
    # The connector says an outcome again, as a message of its own, if a step is asked for again.
    messages = Counter(
        (message.record_id, message.generation, message.step)
        for message in {said_.id: said_ for said_ in ring.bus.said}.values()
        if isinstance(message, SyncSucceeded | SyncFailed)
    )
    return [
        f"history: {row['lines']} lines of step {row['step']}"
        for row in rows
        if row["lines"] > messages[row["record_id"], row["generation"], row["step"]]
    ]
