"""Each word of a badge's `actions` and of a fix, as a person presses it."""

from collections.abc import Awaitable, Callable, Mapping, Sequence

from contracts.causes import CAUSES, SubjectKind
from contracts.ids import Entity, ItemId, RecordId, RemoteId, no_item_id
from contracts.sync import CauseInstance, RecordState, SyncState, WaitingOn
from messaging.database import Tx

from sync_orchestrator.domain.facts import (
    AddWithoutEmail,
    Asked,
    CreateAgain,
    DifferenceAccepted,
    DifferenceShown,
    IgnoreAsked,
    KeepOurs,
    MakeActive,
    NameThere,
    NoneOfThose,
    PostOnFirstOpenDay,
    StopIgnoring,
)
from sync_orchestrator.domain.job import RecordKey
from sync_orchestrator.domain.no_item import is_no_item
from sync_orchestrator.domain.records import plain_name
from sync_orchestrator.handlers.action_fields import Fields, text, text_if_any
from sync_orchestrator.handlers.connections import ask_for_reference_data
from sync_orchestrator.handlers.linking import as_listed, linked_by_person, refuse_unlinkable
from sync_orchestrator.handlers.mapping import (
    ACCOUNT_REFUSED,
    check_accounts,
    save_mapping,
    settings_in_question,
)
from sync_orchestrator.handlers.money_actions import add_rounding_line, choose_tax, send_our_tax
from sync_orchestrator.handlers.people import Desk, Wish, open_desk, refuse_unfit
from sync_orchestrator.handlers.refusals import not_found, not_possible_now, which_item
from sync_orchestrator.handlers.settings import account_settings, apply_changes
from sync_orchestrator.handlers.work import Tools
from sync_orchestrator.store import history_store
from sync_orchestrator.store.mapping_store import MappingRow

Action = Callable[[Desk, Fields], Awaitable[None]]


async def act(tx: Tx, tools: Tools, wish: Wish, action: str, fields: Fields) -> RecordState:
    """Do what a button says; the record's state after it.

    A button of a cause that is about another record (its customer) acts on that record.

    Raises:
        Refusal: 404 no such word; 409 it can't be now; 422 a field.
    """
    do = ACTIONS.get(action)
    if do is None:
        raise not_found("action")
    desk = await open_desk(tx, tools, wish)
    await do(desk, fields)
    return await desk.finish()


def target_of(desk: Desk, action: str) -> RecordKey:
    """The record that a button acts on: the one its cause is about, else the record itself.

    Raises:
        Refusal: 409, the cause is about one of several items and doesn't say which.
    """
    job = desk.job
    if job is None or job.cause is None or not target_offers(desk, action):
        return desk.key
    about = _what_it_is_about(desk, job.cause) or job.waiting_on
    if about is None:
        return desk.key
    return RecordKey(desk.key.connection_id, about.entity, about.record_id)


def target_offers(desk: Desk, action: str) -> bool:
    """Whether the cause that the record shows, or the one behind it, has this button."""
    cause = cause_behind(desk)
    row = None if cause is None else CAUSES.get(cause.code)
    return row is not None and any(fix.action == action for fix in row.fixes)


def cause_behind(desk: Desk) -> CauseInstance | None:
    """Why the record can't go: its own cause, or that of the record it waits for."""
    job = desk.job
    return None if job is None or job.cause is None else job.cause.because or job.cause


_ABOUT: Mapping[SubjectKind, Entity | None] = {
    "prerequisite": None,
    "record": None,
    "customer": "customer",
    "customer_and_currency": "customer",
    "item": "item",
}
"""Which kind of a record's needs a cause of such a subject is about; None: any kind."""


def _what_it_is_about(desk: Desk, cause: CauseInstance) -> WaitingOn | None:
    """The customer or item of this invoice that its cause is about."""
    row, situation = CAUSES.get(cause.code), desk.work.books.situation(desk.key)
    if row is None or situation is None or row.subject not in _ABOUT:
        return None
    kind = _ABOUT[row.subject]
    needs = [need for need in situation.needs if kind in (None, need.entity)]
    named = None if cause.subject is None else cause.subject.id
    found = next((need for need in needs if str(need.record_id) == named), None)
    if found is None and kind is not None and not named:
        if len(needs) > 1:
            raise which_item()
        found = next(iter(needs), None)
    return None if found is None else found.waiting_on


async def _sync(desk: Desk, fields: Fields) -> None:
    refuse_unfit(desk.wish)
    desk.apply(desk.key, Asked(desk.wish.origin, desk.wish.priority))


async def _retry(desk: Desk, fields: Fields) -> None:
    """Try again: a refusal no longer stands, nor that of the record this one waits for."""
    asked = Asked(desk.wish.origin, desk.wish.priority, again=True)
    job = desk.job
    if job is not None and job.outstanding is None and job.waiting_on is not None:
        held = RecordKey(desk.key.connection_id, job.waiting_on.entity, job.waiting_on.record_id)
        theirs = desk.work.books.job(held)
        if theirs is not None and theirs.state is SyncState.BLOCKED:
            desk.apply(held, asked)
    settled = job is not None and job.is_settled and job.link is not None
    desk.apply(desk.key, Asked(desk.wish.origin, desk.wish.priority) if settled else asked)


async def _check_again(desk: Desk, fields: Fields) -> None:
    """Try again, and have the organisation's settings and lists read anew."""
    if desk.connection.is_open:
        await ask_for_reference_data(desk.work, [desk.connection], desk.trigger)
    await _retry(desk, fields)


async def _ignore(desk: Desk, fields: Fields) -> None:
    why = text_if_any(fields, "why")
    desk.apply(desk.key, IgnoreAsked(desk.wish.user_name or "", why))


async def _stop_ignoring(desk: Desk, fields: Fields) -> None:
    job = desk.job
    itself = job is not None and job.ignored is not None
    target = desk.key if itself else target_of(desk, "stop_ignoring")
    desk.apply(target, StopIgnoring(desk.wish.origin))


async def _send_customer(desk: Desk, fields: Fields) -> None:
    desk.apply(_customer_of(desk), Asked(desk.wish.origin, desk.wish.priority, again=True))


async def _add_without_email(desk: Desk, fields: Fields) -> None:
    customer = _customer_of(desk)
    desk.apply(customer, AddWithoutEmail(desk.wish.origin))
    desk.apply(customer, Asked(desk.wish.origin, desk.wish.priority))


async def _link(desk: Desk, fields: Fields) -> None:
    remote, target = RemoteId(text(fields, "remote_id")), target_of(desk, "link")
    await refuse_unlinkable(desk, target, remote)
    desk.apply(target, await linked_by_person(desk, target, remote))


async def _name(desk: Desk, fields: Fields) -> None:
    """A name there belongs to a customer or item, a number to an invoice."""
    field = "number" if "number" in fields else "name"
    action = "use_number" if field == "number" else "add_as_new"
    target = target_of(desk, action)
    if target == desk.key:
        target = target_of(desk, "use_name")
    if (field == "number") != (target.entity == "invoice"):
        raise not_possible_now()
    anew = field == "name" and target_offers(desk, "add_as_new")
    if anew and _asks_which(desk) and _is_its_own_name(desk, target, text(fields, field)):
        desk.apply(target, NoneOfThose(desk.wish.origin))
        return
    desk.apply(target, NameThere(text(fields, field), desk.wish.origin, anew))


def _asks_which(desk: Desk) -> bool:
    """Whether the question is which of those there it is, before anything was sent."""
    cause = cause_behind(desk)
    return cause is not None and cause.code == "customer_lookalikes"


def _is_its_own_name(desk: Desk, target: RecordKey, name: str) -> bool:
    record = desk.work.books.records.get((target.entity, target.record_id))
    return record is not None and plain_name(record.snapshot).strip() == name


async def _reactivate(desk: Desk, fields: Fields) -> None:
    remote = text_if_any(fields, "remote_id")
    target = target_of(desk, "reactivate")
    ref = None if remote is None else await as_listed(desk, target, RemoteId(remote))
    desk.apply(target, MakeActive(ref, desk.wish.origin))


async def _create_again(desk: Desk, fields: Fields) -> None:
    refuse_unfit(desk.wish)
    desk.apply(desk.key, CreateAgain(desk.wish.origin))


async def _accept(desk: Desk, fields: Fields) -> None:
    job = desk.job
    if job is not None and job.state is SyncState.REMOVED_THERE:
        desk.apply(desk.key, IgnoreAsked(desk.wish.user_name or "", "left as it is there"))
        return
    desk.apply(desk.key, DifferenceAccepted(desk.wish.origin))


async def _show_difference(desk: Desk, fields: Fields) -> None:
    """The way back from `accept_difference` and `leave_theirs`."""
    job, was = desk.job, None
    if job is not None:
        was = await history_store.question_left(desk.work.tx, desk.key, job.generation, job.step)
    desk.apply(desk.key, DifferenceShown(desk.wish.origin, was))


async def _keep_ours(desk: Desk, fields: Fields) -> None:
    desk.apply(desk.key, KeepOurs(desk.wish.origin))


async def _post_on_first_open_day(desk: Desk, fields: Fields) -> None:
    """Date it there the first day that the books are open for; its own date stays as it is here."""
    desk.apply(desk.key, PostOnFirstOpenDay(desk.wish.origin))


async def _choose_account(desk: Desk, fields: Fields) -> None:
    """Map the items that this record's cause names; `item_id` chooses one of them. Where it is
    about an account that is a setting, as of lines without an item, that is changed."""
    account = text(fields, "account_id")
    await check_accounts(desk.work.tx, desk.connection, [("account_id", account)])
    only, cause = text_if_any(fields, "item_id"), cause_behind(desk)
    settings = settings_in_question(desk.connection, cause) if only is None else ()
    if settings:
        chosen = account_settings(settings, account)
        await apply_changes(desk.work, desk.connection, chosen, desk.wish.user)
    about_nothing_else = cause is not None and cause.code == "line_without_item"
    items = () if about_nothing_else else _items_in_question(desk)
    rows = [
        MappingRow(ItemId(item), name, account)
        for item, name in items
        if only is None or str(item) == only
    ]
    if not rows and not settings:
        raise not_possible_now()
    await save_mapping(desk.work, desk.connection, rows, desk.wish.user)


async def _turn_on_sync_customers(desk: Desk, fields: Fields) -> None:
    await apply_changes(desk.work, desk.connection, {"sync_customers": True}, desk.wish.user)
    desk.apply(desk.key, Asked(desk.wish.origin, desk.wish.priority))


def _items_in_question(desk: Desk) -> Sequence[tuple[RecordId, str]]:
    """The items of this record without an account, with one that can't be used, or with the one
    that the provider refused."""
    situation, cause = desk.work.books.situation(desk.key), cause_behind(desk)
    if situation is None:
        return ()
    if is_no_item(desk.key):
        return ()
    if desk.key.entity == "item":
        return ((desk.key.record_id, plain_name(situation.record)),)
    account = None if cause is None or cause.code not in ACCOUNT_REFUSED else cause.subject
    refused = None if account is None else account.id
    about = None if desk.job is None or desk.job.cause is None else desk.job.cause.subject
    return tuple(
        (need.record_id, need.name)
        for need in situation.items
        if need.record_id != no_item_id(desk.connection.id)
        and (
            need.account is None
            or not (need.account.known and need.account.active)
            or need.account.id == refused
            or (about is not None and str(need.record_id) == about.id)
        )
    )


def _customer_of(desk: Desk) -> RecordKey:
    if desk.key.entity == "customer":
        return desk.key
    situation = desk.work.books.situation(desk.key)
    if situation is None or situation.customer is None:
        raise not_found("customer")
    return RecordKey(desk.key.connection_id, "customer", situation.customer.record_id)


ACTIONS: Mapping[str, Action] = {
    "sync": _sync,
    "update": _sync,
    "send_first": _sync,
    "retry": _retry,
    "check_again": _check_again,
    "save_email": _retry,
    "save_due_date": _retry,
    "add_in_currency": _retry,
    "ignore": _ignore,
    "stop_ignoring": _stop_ignoring,
    "send_customer": _send_customer,
    "add_without_email": _add_without_email,
    "link": _link,
    "use_name": _name,
    "use_number": _name,
    "add_as_new": _name,
    "reactivate": _reactivate,
    "create_again": _create_again,
    "accept_difference": _accept,
    "show_difference": _show_difference,
    "leave_theirs": _accept,
    "keep_ours": _keep_ours,
    "post_on_first_open_day": _post_on_first_open_day,
    "choose_account": _choose_account,
    "choose_tax": choose_tax,
    "send_our_tax": send_our_tax,
    "add_rounding_line": add_rounding_line,
    "turn_on_sync_customers": _turn_on_sync_customers,
}
