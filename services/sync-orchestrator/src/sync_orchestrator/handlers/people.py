"""What a person asks for one record: sync it, or one of the words of a badge or a fix.

The request carries the record and what it needs as they are saved; the newer of that and ours
counts, so that a click right after a save takes what was saved.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from contracts.causes import cause_of
from contracts.commands import Origin, Priority
from contracts.ids import CompanyId, Entity, Provider, RecordId
from contracts.invoicing import InvoiceSnapshot
from contracts.sync import RecordState
from messaging.database import Tx

from sync_orchestrator.domain.connection import Connection
from sync_orchestrator.domain.deciding import Decision
from sync_orchestrator.domain.facts import Asked, Fact
from sync_orchestrator.domain.job import Job, RecordKey
from sync_orchestrator.domain.messages import record_state
from sync_orchestrator.domain.records import Record, Snapshot
from sync_orchestrator.domain.round import Trigger
from sync_orchestrator.handlers.invoicing import decide_changed, save_records
from sync_orchestrator.handlers.places import current_of
from sync_orchestrator.handlers.refusals import (
    Refusal,
    because_of,
    being_sent,
    not_found,
    not_possible_now,
)
from sync_orchestrator.handlers.work import Tools, Work, begin
from sync_orchestrator.store import records_store


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """Who asks what it is for, and the record with what it needs as they are saved there.

    `run_id` where it is asked for a whole group; `leads` for the one of it that is tried first.
    """

    company: CompanyId
    provider: Provider
    entity: Entity
    record_id: RecordId
    record: Snapshot
    needs: tuple[Snapshot, ...] = ()
    user: UUID | None = None
    user_name: str | None = None
    run_id: UUID | None = None
    leads: bool = False

    @property
    def origin(self) -> Origin:
        return Origin(
            by="person" if self.run_id is None else "fix",
            name=self.user_name,
            user_id=self.user,
            run_id=self.run_id,
        )

    @property
    def priority(self) -> Priority:
        """A click goes first; a whole group's records take their turn, but for the first of them.

        What holds them at the provider is found mended by that one, and then all go on.
        """
        return "person" if self.run_id is None or self.leads else "automatic"


@dataclass(slots=True)
class Desk:
    """A person's request under way: companies locked, the record and its job loaded."""

    work: Work
    wish: Wish
    connection: Connection
    key: RecordKey
    trigger: Trigger

    @property
    def job(self) -> Job | None:
        return self.work.books.job(self.key)

    def apply(self, key: RecordKey, fact: Fact) -> Decision | None:
        """Decide it.

        Raises:
            Refusal: 409, it can't be now.
        """
        decision = self.work.round.apply(key, fact, self.trigger)
        if decision is not None and decision.refusal == "being_sent":
            raise being_sent()
        if decision is not None and decision.refusal is not None:
            raise not_possible_now()
        return decision

    async def finish(self) -> RecordState:
        """Save, and the record's state as it is now."""
        await self.work.save()
        job = self.job or self.work.books.new_job(self.key)
        return record_state(job)


async def sync(tx: Tx, tools: Tools, wish: Wish) -> RecordState:
    """Have the record be there: nothing is written for what is synced already.

    Raises:
        Refusal: 404 it is another company's; 409 with why it can't be (never connected,
            disconnected, a draft, void).
    """
    desk = await open_desk(tx, tools, wish)
    refuse_unfit(wish)
    desk.apply(desk.key, Asked(wish.origin, wish.priority))
    return await desk.finish()


async def open_desk(tx: Tx, tools: Tools, wish: Wish) -> Desk:
    """Lock, keep what the request brought, and load the job.

    Raises:
        Refusal: 404 or 409, as `sync`.
    """
    records = [Record(wish.company, snapshot) for snapshot in (wish.record, *wish.needs)]
    await check_owner(tx, wish.company, records)
    work = await begin(tx, [wish.company], tools)
    connection = current_of(work, wish.company, wish.provider)
    if connection.status == "closed":
        raise because_of(
            connection.cause or cause_of("disconnected_by_person"), connection.provider
        )
    trigger = Trigger(tools.ids.new())
    changed = await save_records(work, records)
    await decide_changed(work, [(record, trigger) for record in changed])
    key = RecordKey(connection.id, wish.entity, wish.record_id)
    await work.load({key})
    return Desk(work, wish, connection, key, trigger)


async def check_owner(tx: Tx, company: CompanyId, records: Sequence[Record]) -> None:
    """Raise a 404 if one of these is known as another company's."""
    for record in records:
        owner = await records_store.owner(tx, record.entity, record.id)
        if owner is not None and owner != company:
            raise not_found(record.entity)


def refuse_unfit(wish: Wish) -> None:
    """Raise the 409 of an invoice that can't go as it is."""
    record = wish.record
    if not isinstance(record, InvoiceSnapshot):
        return
    if record.status == "draft":
        raise because_of(cause_of("invoice_draft", invoice=record.number), wish.provider)
    if record.status == "void":
        raise Refusal(
            409, "invoice_void", "Void", f"Invoice {record.number} is void, so it isn't sent."
        )
