"""What a change of the settings would send, counted; nothing is written and no one is asked.

The switches look forward: turning one on sends nothing of what is there already. `older` is what a
Sync Now would take then.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from contracts.commands import Origin
from contracts.ids import CompanyId, Entity, Provider
from messaging.database import Tx, whole_company

from sync_orchestrator.domain.books import Books
from sync_orchestrator.domain.job import RecordKey
from sync_orchestrator.domain.preflight import problems
from sync_orchestrator.domain.round import Round
from sync_orchestrator.handlers.places import read_current
from sync_orchestrator.handlers.work import Tools, Work
from sync_orchestrator.store import companies_store, records_store, sync_now_store

LOOKED_AT = 1_000
"""So many records of a kind are checked for what stands in their way; `looked_at` says it."""

_BATCH = 500
_LOOKALIKE = "customer_lookalikes"


@dataclass(slots=True)
class KindCounted:
    """`will_go` by themselves once saved; `older` only by a click or Sync Now.

    `need_attention` and `look_alike` are among the first `looked_at` of both. `stopped` were asked
    for before and need attention; `there` are in the books already.
    """

    will_go: int = 0
    older: int = 0
    looked_at: int = 0
    need_attention: int = 0
    look_alike: int = 0
    before_start_date: int = 0
    stopped: int = 0
    under_way: int = 0
    there: int = 0


async def count(
    tx: Tx, tools: Tools, company: CompanyId, provider: Provider, changes: Mapping[str, object]
) -> dict[str, KindCounted]:
    """Customers and invoices, as if the settings were saved with these changes.

    Raises:
        Refusal: 409 never connected.
    """
    connection = await read_current(tx, company, provider)
    before = connection.settings
    now = await companies_store.now(tx)
    after = replace(before, **changes)
    if after.sync_customers and not before.sync_customers:
        after = replace(after, customers_since=now)
    if after.sync_invoices and not before.sync_invoices:
        after = replace(after, invoices_since=now)
    connection = replace(connection, settings=after)
    kinds: tuple[tuple[str, Entity], ...] = (("customers", "customer"), ("invoices", "invoice"))
    async with whole_company(tx):
        counts = await sync_now_store.counts(tx, connection, [entity for _, entity in kinds])
        by_themselves = await records_store.count_without_a_job(tx, connection)
        to_send = {
            entity: await sync_now_store.to_send(tx, connection, entity, LOOKED_AT)
            for _, entity in kinds
        }
    found: dict[str, KindCounted] = {}
    books = Books(now=now, ages=tools.ages)
    books.connections[connection.id] = connection
    for name, entity in kinds:
        standings = counts[entity]
        going = by_themselves[entity]
        counted = KindCounted(
            will_go=going,
            older=max(0, standings.get("to_send", 0) - going),
            before_start_date=standings.get("before_start_date", 0),
            stopped=standings.get("need_attention", 0),
            under_way=standings.get("under_way", 0) + standings.get("changed", 0),
            there=standings.get("there", 0),
        )
        ids = to_send[entity]
        for at in range(0, len(ids), _BATCH):
            await _look(tx, tools, books, ids[at : at + _BATCH], counted)
        found[name] = counted
    return found


async def _look(
    tx: Tx, tools: Tools, books: Books, keys: list[RecordKey], counted: KindCounted
) -> None:
    """Check a batch, as if each were clicked."""
    work = Work(tx, tools, books, Round(books, tools.ids.new))
    await work.load(set(keys), followed=False)
    for key in keys:
        situation = books.situation(key)
        if situation is None:
            continue
        job = replace(books.job(key) or books.new_job(key), origin=Origin(by="run"))
        causes = problems(job, situation)
        counted.looked_at += 1
        counted.need_attention += 1 if causes else 0
        counted.look_alike += 1 if any(cause.code == _LOOKALIKE for cause in causes) else 0
