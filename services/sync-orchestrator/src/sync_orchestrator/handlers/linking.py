"""Links by hand: which record there a record of ours is, or that it is none."""

from contracts.commands import RemoteRef
from contracts.ids import PROVIDER_LABELS, RemoteId
from contracts.providers import LINES_CARRY_NO_ITEM
from contracts.sync import RecordState
from messaging.database import Tx

from sync_orchestrator.domain.facts import LinkedByPerson, UnlinkedByPerson
from sync_orchestrator.domain.job import RecordKey
from sync_orchestrator.domain.likeness import Lookalike, email_key, name_key, who_it_could_be
from sync_orchestrator.domain.records import plain_name
from sync_orchestrator.handlers.people import Desk, Wish, open_desk
from sync_orchestrator.handlers.refusals import FieldProblem, Refusal, being_sent, invalid
from sync_orchestrator.handlers.work import Tools
from sync_orchestrator.store import (
    history_store,
    jobs_store,
    remote_customers_store,
    remote_items_store,
)


async def link(
    tx: Tx, tools: Tools, wish: Wish, remote: RemoteId
) -> tuple[RecordState, RemoteId | None]:
    """Link to this record there; the state, and what it was linked to before.

    What waited for it goes on, in this transaction. The same link again changes nothing.

    Raises:
        Refusal: 404; 409 `being_sent`, `linked_to_another`; 422 no such record there.
    """
    desk = await open_desk(tx, tools, wish)
    before = None if desk.job is None or desk.job.link is None else desk.job.link.id
    await refuse_unlinkable(desk, desk.key, remote)
    desk.apply(desk.key, await linked_by_person(desk, desk.key, remote))
    return await desk.finish(), before


async def unlink(
    tx: Tx, tools: Tools, wish: Wish, only: RemoteId | None = None
) -> tuple[RecordState, RemoteId | None]:
    """Take the link away; the record there stays as it is. What it was linked to.

    With `only` the link to that one alone.

    Raises:
        Refusal: 404; 409 `being_sent`, `linked_otherwise`.
    """
    desk = await open_desk(tx, tools, wish)
    before = None if desk.job is None or desk.job.link is None else desk.job.link.id
    if only is not None and before != only:
        label = PROVIDER_LABELS[desk.connection.provider]
        raise Refusal(
            409,
            "linked_otherwise",
            "Linked otherwise by now",
            f"It isn't linked to that record in {label} any more.",
        )
    if before is not None:
        desk.apply(desk.key, UnlinkedByPerson(wish.origin))
    return await desk.finish(), before


async def lookalikes(tx: Tx, tools: Tools, wish: Wish) -> tuple[Lookalike, ...]:
    """Who there this customer could be, the likeliest first; none that is linked to another.

    Raises:
        Refusal: 404 or 409, as `people.sync`.
    """
    desk = await open_desk(tx, tools, wish)
    record = wish.record
    email = getattr(record, "email", None)
    key = (desk.connection.id, desk.key.record_id)
    found = await remote_customers_store.lookalikes(
        tx, [(*key, name_key(plain_name(record)), email_key(email))]
    )
    return who_it_could_be(found.get(key, ()), desk.key.record_id)


async def linked_by_person(desk: Desk, key: RecordKey, remote: RemoteId) -> LinkedByPerson:
    """The link that somebody chose, with what is known of an item there."""
    known = None
    if key.entity == "item":
        known = await remote_items_store.one(desk.work.tx, desk.connection.id, remote)
    if known is None:
        return LinkedByPerson(await as_listed(desk, key, remote), desk.wish.origin)
    by_name = desk.connection.provider in LINES_CARRY_NO_ITEM
    return LinkedByPerson(
        RemoteRef(id=remote),
        desk.wish.origin,
        known.income_account_id,
        known.name if by_name else None,
    )


async def as_listed(desk: Desk, key: RecordKey, remote: RemoteId) -> RemoteRef:
    """The record there, with what it held as a person saw it in the list of customers.

    Not one that it was linked to before: what stands there may be our own.
    """
    tx = desk.work.tx
    if key.entity != "customer" or await history_store.was_linked_to(tx, key, remote):
        return RemoteRef(id=remote)
    listed = (await remote_customers_store.by_id(tx, desk.connection.id, [remote])).get(remote)
    return RemoteRef(id=remote, held=None if listed is None else listed.customer.held)


async def refuse_unlinkable(desk: Desk, key: RecordKey, remote: RemoteId) -> None:
    """Raise what stands against linking this record to that one there.

    Raises:
        Refusal: 409 `being_sent`, before all else: what the record is there is known only by the
            outcome; 409 `linked_to_another`; for an invoice 409 `not_the_same`; 422 no such record.
    """
    job = desk.work.books.job(key)
    if job is not None and job.outstanding is not None:
        raise being_sent()
    connection, entity = desk.connection, key.entity
    label = PROVIDER_LABELS[connection.provider]
    holders = await jobs_store.linked_to(desk.work.tx, [(connection.id, entity, remote)])
    other = next((job for job in holders if job.record_id != key.record_id), None)
    if other is not None:
        await desk.work.take([other])
        known = desk.work.books.records.get((entity, other.record_id))
        name = "another record" if known is None else plain_name(known.snapshot)
        raise Refusal(
            409,
            "linked_to_another",
            "Linked to another",
            f"That record in {label} is linked to {name} already. Unlink {name} first.",
        )
    if entity == "invoice" and not await _undoes(desk, key, remote):
        _refuse_another_invoice(desk, key, remote, label)
    if entity == "item":
        await _refuse_unlisted_item(desk, key, remote, label)
    if entity == "customer" and connection.customers_as_of is not None:
        await _refuse_unlisted_customer(desk, key, remote, label)


async def _undoes(desk: Desk, key: RecordKey, remote: RemoteId) -> bool:
    """Whether it puts back what a person took away: that needs no proof of what is there."""
    return await history_store.was_unlinked_from(desk.work.tx, key, remote)


def _refuse_another_invoice(desk: Desk, key: RecordKey, remote: RemoteId, label: str) -> None:
    """An invoice is linked only to the one that the connector compared with it: same customer, date
    and total."""
    job = desk.work.books.job(key)
    if job is not None and job.link is not None and job.link.id == remote:
        return
    cause = None if job is None else job.cause
    told = {} if cause is None or cause.code != "invoice_number_taken" else cause.params
    if told.get("remote_id") == remote and told.get("same") == "yes":
        return
    raise Refusal(
        409,
        "not_the_same",
        "Not the same invoice",
        f"That invoice in {label} isn't known to have this one's customer, date and total. "
        "Try again first, so that it is compared.",
    )


def _asks_about(desk: Desk, remote: RemoteId) -> bool:
    """Whether the question that the record stands on is about that one there."""
    cause = None if desk.job is None or desk.job.cause is None else desk.job.cause
    return cause is not None and (cause.because or cause).params.get("remote_id") == remote


async def _refuse_unlisted_item(desk: Desk, key: RecordKey, remote: RemoteId, label: str) -> None:
    """Where the items there are known, one that isn't among them can't stand on an invoice."""
    known, _ = await remote_items_store.find(desk.work.tx, desk.connection.id)
    if known is None or known.as_of is None or _asks_about(desk, remote):
        return
    if await remote_items_store.one(desk.work.tx, desk.connection.id, remote) is not None:
        return
    if await history_store.was_linked_to(desk.work.tx, key, remote):
        return  # it puts back what was
    raise invalid(
        FieldProblem(
            "remote_id",
            f"isn't an item in {label} that can be invoiced, as last loaded. "
            "Load the items again first",
        )
    )


async def _refuse_unlisted_customer(
    desk: Desk, key: RecordKey, remote: RemoteId, label: str
) -> None:
    if _asks_about(desk, remote):
        return
    listed = await remote_customers_store.by_id(desk.work.tx, desk.connection.id, [remote])
    if remote not in listed:
        if await history_store.was_linked_to(desk.work.tx, key, remote):
            return  # it puts back what was
        raise invalid(
            FieldProblem(
                "remote_id",
                f"isn't a customer in {label} as last loaded. Load the customers again first",
            )
        )
    survivor = listed[remote].customer.merged_into
    if survivor is not None:
        raise invalid(
            FieldProblem("remote_id", f"was merged into another one in {label}: link to {survivor}")
        )
