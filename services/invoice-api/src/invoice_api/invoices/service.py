"""What can be done with invoices. Every change is told in the transaction that makes it."""

from collections.abc import Sequence
from datetime import datetime

from contracts.ids import CustomerId, Ids, InvoiceId, ItemId, MessageId, RecordId, TaxRateId
from contracts.invoicing import (
    InvoiceChanged,
    InvoiceSent,
    InvoiceSnapshot,
    InvoiceVoided,
    ItemSnapshot,
)
from contracts.message import Message
from messaging import outbox
from messaging.clock import Clock
from messaging.database import Tx

from invoice_api.accounts.caller import Caller
from invoice_api.customers import store as customers_store
from invoice_api.deeds.store import What, deed, differing
from invoice_api.http import clock_store
from invoice_api.http.etags import matches
from invoice_api.http.paging import PageRequest, page_of
from invoice_api.http.problems import (
    FieldError,
    Problem,
    changed_meanwhile,
    conflict,
    invalid_field,
    not_found,
)
from invoice_api.invoices import store
from invoice_api.invoices.drafting import Facts, Findings, changed, draft
from invoice_api.invoices.schemas import (
    InvoiceChanges,
    InvoiceShown,
    InvoicesShown,
    LineShown,
    NewInvoice,
    NewLine,
)
from invoice_api.invoices.store import InvoiceFilter, LockedInvoice, StoredInvoice
from invoice_api.items import store as items_store
from invoice_api.sync_status.facts import facts_of
from invoice_api.sync_status.filters import SyncFilter
from invoice_api.sync_status.projector import CHANNEL as BADGES
from invoice_api.sync_status.service import Board, board_of
from invoice_api.tax_rates import store as tax_rates_store


async def create(
    tx: Tx, caller: Caller, clock: Clock, ids: Ids, wanted: NewInvoice
) -> StoredInvoice:
    """A draft. 422 `invalid`, 409 `number_taken`."""
    [made] = await _create(tx, caller, clock, ids, [wanted], send=False, where=("",))
    return made


async def create_many(
    tx: Tx, caller: Caller, clock: Clock, ids: Ids, wanted: Sequence[NewInvoice], *, send: bool
) -> list[StoredInvoice]:
    """All of them or none, sent if asked; errors name the row (`invoices.3.customer_id`)."""
    where = [f"invoices.{row}." for row in range(len(wanted))]
    return await _create(tx, caller, clock, ids, wanted, send=send, where=where)


async def change(
    tx: Tx,
    caller: Caller,
    clock: Clock,
    ids: Ids,
    invoice_id: InvoiceId,
    changes: InvoiceChanges,
    *,
    if_match: str | None = None,
) -> StoredInvoice:
    """The invoice with these fields changed; nothing is told where nothing changes.

    404, 412, 409 `invoice_void` or `number_taken`, 422.
    """
    locked = await _lock(tx, caller, invoice_id, if_match)
    before = locked.stored.snapshot
    _refuse_void(before)
    facts = await _facts(
        tx,
        caller,
        clock,
        [CustomerId(changes.customer_id)] if "customer_id" in changes.model_fields_set else [],
        changes.lines,
    )
    findings = Findings()
    after = changed(before, changes, facts, findings)
    problem = findings.problem()
    if problem is not None:
        raise problem
    if after == before:
        return locked.stored
    return await _save(tx, caller, ids, locked, after, "edited")


async def finalize(tx: Tx, caller: Caller, ids: Ids, invoice_id: InvoiceId) -> StoredInvoice:
    """Draft → pending; anything later stays as it is. 409 `invoice_void`, 422 without lines."""
    locked = await _lock(tx, caller, invoice_id)
    before = locked.stored.snapshot
    _refuse_void(before)
    if before.status != "draft":
        return locked.stored
    _check_complete(before)
    pending = before.model_copy(update={"status": "pending"})
    return await _save(tx, caller, ids, locked, pending, "finalized")


async def send(tx: Tx, caller: Caller, ids: Ids, invoice_id: InvoiceId) -> StoredInvoice:
    """Draft or pending → sent, told to whoever syncs. Sent twice is sent once."""
    locked = await _lock(tx, caller, invoice_id)
    before = locked.stored.snapshot
    _refuse_void(before)
    if before.sent_at is not None:
        return locked.stored
    _check_complete(before)
    after = before.model_copy(
        update={
            "status": "paid" if before.status == "paid" else "sent",
            "sent_at": locked.now,
            "sent_by": caller.user_id,
        }
    )
    return await _save(tx, caller, ids, locked, after, "sent")


async def void(tx: Tx, caller: Caller, ids: Ids, invoice_id: InvoiceId) -> StoredInvoice:
    """Void from any status; void twice is void once."""
    locked = await _lock(tx, caller, invoice_id)
    before = locked.stored.snapshot
    if before.status == "void":
        return locked.stored
    after = before.model_copy(update={"status": "void"})
    return await _save(tx, caller, ids, locked, after, "voided")


async def mark_paid(tx: Tx, caller: Caller, ids: Ids, invoice_id: InvoiceId) -> StoredInvoice:
    """Pending or sent → paid, here only: payments aren't synced. 409 for a draft or void one."""
    locked = await _lock(tx, caller, invoice_id)
    before = locked.stored.snapshot
    _refuse_void(before)
    if before.status == "draft":
        raise conflict(
            "invoice_draft",
            "Still a draft",
            f"Invoice {before.number} is a draft. Finalize it and it can be paid.",
        )
    if before.status == "paid":
        return locked.stored
    paid = before.model_copy(update={"status": "paid"})
    return await _save(tx, caller, ids, locked, paid, "paid")


async def load(tx: Tx, caller: Caller, invoice_id: InvoiceId) -> StoredInvoice:
    """The invoice; 404 when it isn't the company's."""
    found = await store.find_invoice(tx, caller.company.id, invoice_id)
    if found is None:
        raise not_found("invoice")
    return found


async def list_page(
    tx: Tx,
    caller: Caller,
    clock: Clock,
    page: PageRequest,
    wanted: SyncFilter,
    of: InvoiceFilter,
) -> InvoicesShown:
    """A page of invoices with their badges, newest first."""
    found = await store.list_invoices(tx, caller.company.id, page, wanted, of)
    cut = page_of(found, page, [i.snapshot.id for i in found])
    board = await board_of(tx, caller, clock, [RecordId(i.snapshot.id) for i in cut.data])
    return InvoicesShown(data=tuple(show(i, board) for i in cut.data), next_cursor=cut.next_cursor)


async def shown(
    tx: Tx, caller: Caller, clock: Clock, invoices: Sequence[StoredInvoice]
) -> list[InvoiceShown]:
    """Invoices with their badges."""
    board = await board_of(tx, caller, clock, [RecordId(i.snapshot.id) for i in invoices])
    return [show(i, board) for i in invoices]


def show(invoice: StoredInvoice, board: Board) -> InvoiceShown:
    snapshot = invoice.snapshot
    return InvoiceShown(
        id=snapshot.id,
        version=snapshot.version,
        number=snapshot.number,
        status=snapshot.status,
        customer_id=snapshot.customer_id,
        customer_name=invoice.customer_name,
        issue_date=snapshot.issue_date,
        due_date=snapshot.due_date,
        currency=snapshot.currency,
        memo=snapshot.memo,
        prices_include_tax=snapshot.prices_include_tax,
        lines=tuple(
            LineShown(
                position=line.position,
                item_id=line.item_id,
                description=line.description,
                quantity=line.quantity,
                unit_price=line.unit_price,
                discount_percent=line.discount_percent,
                tax_rate_id=line.tax_rate_id,
                tax_name=line.tax_name,
                tax_percent=line.tax_percent,
                tax_amount=line.tax_amount,
                amount=line.amount,
            )
            for line in snapshot.lines
        ),
        subtotal=snapshot.subtotal,
        tax=snapshot.tax,
        total=snapshot.total,
        sent_at=snapshot.sent_at,
        links=board.links_of(RecordId(snapshot.id)),
        sync=board.sync_of(facts_of(snapshot)),
    )


async def _create(
    tx: Tx,
    caller: Caller,
    clock: Clock,
    ids: Ids,
    wanted: Sequence[NewInvoice],
    *,
    send: bool,
    where: Sequence[str],
) -> list[StoredInvoice]:
    customers = [CustomerId(one.customer_id) for one in wanted]
    lines = [line for one in wanted for line in one.lines]
    names, facts = await names_and_facts(tx, caller, clock, customers, lines)
    findings = Findings()
    drafts = [
        draft(one, InvoiceId(ids.new()), facts, findings, at)
        for one, at in zip(wanted, where, strict=True)
    ]
    if send:
        findings.wrong.extend(
            FieldError(f"{at}lines", "must not be empty on an invoice that is sent")
            for one, at in zip(drafts, where, strict=True)
            if not one.lines
        )
    _check_own_numbers(wanted, where, findings)
    problem = findings.problem()
    if problem is not None:
        raise problem
    now = await clock_store.now(tx) if send else None
    if now is not None:
        sent = {"status": "sent", "sent_at": now, "sent_by": caller.user_id}
        drafts = [one.model_copy(update=sent) for one in drafts]
    made = [StoredInvoice(one, names[one.customer_id], told=send) for one in drafts]
    made = await _insert_numbered(tx, caller, made, where, send=send)
    if now is not None:
        await outbox.put(
            tx,
            [
                InvoiceSent(
                    id=(told := MessageId(ids.new())),
                    occurred_at=now,
                    company_id=caller.company.id,
                    correlation_id=told,
                    invoice=one.snapshot,
                )
                for one in made
            ],
        )
    tx.wake(BADGES)
    return made


def _check_own_numbers(
    wanted: Sequence[NewInvoice], where: Sequence[str], findings: Findings
) -> None:
    seen: set[str] = set()
    for one, at in zip(wanted, where, strict=True):
        if one.number is None:
            continue
        if one.number in seen:
            findings.wrong.append(FieldError(f"{at}number", "stands here twice"))
        seen.add(one.number)


async def _insert_numbered(
    tx: Tx, caller: Caller, made: list[StoredInvoice], where: Sequence[str], *, send: bool
) -> list[StoredInvoice]:
    """Those with a number of their own first, so that the others' pass over them."""
    company = caller.company.id
    deeds = [deed(caller, "created"), *([deed(caller, "sent")] if send else [])]
    given = [one for one in made if one.snapshot.number]
    if given:
        kept = await store.insert_invoices(tx, company, given, deeds)
        taken = [
            (at, one)
            for one, at in zip(made, where, strict=True)
            if one.snapshot.number and one.snapshot.id not in kept
        ]
        if taken:
            raise _number_taken([(f"{at}number", one.snapshot.number) for at, one in taken])
    open_ids = {one.snapshot.id for one in made if not one.snapshot.number}
    numbered = {one.snapshot.id: one for one in given}
    # Many are numbered in their own order; one takes the short way first.
    take = store.take_numbers if len(open_ids) == 1 else store.take_free_numbers
    while open_ids:
        waiting = [one for one in made if one.snapshot.id in open_ids]
        numbers = await take(tx, company, len(waiting))
        tried = [
            one.having(one.snapshot.model_copy(update={"number": number}))
            for one, number in zip(waiting, numbers, strict=True)
        ]
        kept = await store.insert_invoices(tx, company, tried, deeds)
        numbered.update({one.snapshot.id: one for one in tried if one.snapshot.id in kept})
        open_ids -= kept
        take = store.take_free_numbers
    return [numbered[one.snapshot.id] for one in made]


async def _save(
    tx: Tx,
    caller: Caller,
    ids: Ids,
    locked: LockedInvoice,
    after: InvoiceSnapshot,
    what: What,
) -> StoredInvoice:
    before = locked.stored
    about = differing(before.snapshot, after) if what == "edited" else ()
    after = after.model_copy(update={"version": before.snapshot.version + 1})
    told = before.told or after.sent_at is not None
    name = before.customer_name
    if after.customer_id != before.snapshot.customer_id:
        customer = await customers_store.find_customer(tx, caller.company.id, after.customer_id)
        name = name if customer is None else customer.name
    saved = StoredInvoice(after, name, told)
    if not await store.save_invoice(tx, caller.company.id, saved, deed(caller, what, about)):
        raise _number_taken([("number", after.number)])
    if told:
        await outbox.put(tx, [_event(caller, ids, before.snapshot, after, locked.now)])
    tx.wake(BADGES)
    return saved


def _event(
    caller: Caller, ids: Ids, before: InvoiceSnapshot, after: InvoiceSnapshot, now: datetime
) -> Message:
    kind = (
        InvoiceVoided
        if after.status == "void"
        else InvoiceSent
        if before.sent_at is None and after.sent_at is not None
        else InvoiceChanged
    )
    told = MessageId(ids.new())
    return kind(
        id=told,
        occurred_at=now,
        company_id=caller.company.id,
        correlation_id=told,
        invoice=after,
    )


async def _lock(
    tx: Tx, caller: Caller, invoice_id: InvoiceId, if_match: str | None = None
) -> LockedInvoice:
    found = await store.find_invoice_for_update(tx, caller.company.id, invoice_id)
    if found is None:
        raise not_found("invoice")
    if not matches(if_match, found.stored.snapshot.version):
        raise changed_meanwhile("invoice")
    return found


async def _facts(
    tx: Tx,
    caller: Caller,
    clock: Clock,
    customers: Sequence[CustomerId],
    lines: Sequence[NewLine],
) -> Facts:
    _, facts = await names_and_facts(tx, caller, clock, customers, lines)
    return facts


async def names_and_facts(
    tx: Tx,
    caller: Caller,
    clock: Clock,
    customers: Sequence[CustomerId],
    lines: Sequence[NewLine],
) -> tuple[dict[CustomerId, str], Facts]:
    """The names of these customers, and what drafts of them and these lines are checked against."""
    company = caller.company
    items = [ItemId(line.item_id) for line in lines if line.item_id is not None]
    rates = [TaxRateId(line.tax_rate_id) for line in lines if line.tax_rate_id is not None]
    known = await customers_store.load_customers(tx, company.id, customers) if customers else {}
    sold: dict[ItemId, ItemSnapshot] = (
        await items_store.load_items(tx, company.id, items) if items else {}
    )
    facts = Facts(
        currency=company.currency,
        today=clock.now().astimezone(company.zone).date(),
        customers=frozenset(known),
        items=sold,
        tax_rates=await tax_rates_store.load_tax_rates(tx, company.id, rates) if rates else {},
    )
    return {customer.id: customer.name for customer in known.values()}, facts


def _check_complete(invoice: InvoiceSnapshot) -> None:
    if not invoice.lines:
        raise invalid_field("lines", "must not be empty: add what you invoice first")


def _refuse_void(invoice: InvoiceSnapshot) -> None:
    if invoice.status == "void":
        raise void_problem(invoice.number)


def void_problem(number: str) -> Problem:
    return conflict(
        "invoice_void", "Void", f"Invoice {number} is void. Make a new one instead of changing it."
    )


def _number_taken(taken: Sequence[tuple[str, str]]) -> Problem:
    first = taken[0][1]
    return Problem(
        409,
        "number_taken",
        "Number already used",
        f"You already have an invoice {first}. Choose another number, or leave it out.",
        errors=[FieldError(at, f"{number} is used already") for at, number in taken],
    )
