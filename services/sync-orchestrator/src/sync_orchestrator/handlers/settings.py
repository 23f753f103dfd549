"""Saving a connection's settings, and what follows from the switches."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Literal, TypedDict
from uuid import UUID

from contracts.commands import Origin
from contracts.ids import PROVIDER_LABELS, CompanyId, Provider
from contracts.providers import LINES_CARRY_NO_ITEM, LINES_NEED_AN_ITEM
from messaging.database import Tx

from sync_orchestrator.domain.connection import PROVIDER_CHOOSES, Connection, ConnectionSettings
from sync_orchestrator.domain.facts import Edited
from sync_orchestrator.domain.no_item import no_item_key, no_item_record
from sync_orchestrator.domain.round import Trigger
from sync_orchestrator.handlers.mapping import (
    HELD_BY_MAPPING,
    AccountSetting,
    check_accounts,
)
from sync_orchestrator.handlers.places import current_of
from sync_orchestrator.handlers.refusals import FieldProblem, invalid, someone_was_first
from sync_orchestrator.handlers.releasing import release
from sync_orchestrator.handlers.reviewing import BATCH, take_missing
from sync_orchestrator.handlers.work import REVIEWS, Tools, Work, begin
from sync_orchestrator.store import connections_store, records_store


class Changes(TypedDict, total=False):
    """The fields of API.md's settings; only those given are changed."""

    sync_customers: bool
    sync_invoices: bool
    start_date: date
    gone_there: Literal["make_again", "ask"]
    rounding_account_id: str | None
    no_item_account_id: str | None
    post_in_closed_period: Literal["never", "first_open_day"]


def account_settings(names: Iterable[AccountSetting], account: str) -> Changes:
    """This account in each of these settings."""
    changes: Changes = {}
    for name in names:
        changes[name] = account
    return changes


async def change_settings(
    tx: Tx,
    tools: Tools,
    company: CompanyId,
    provider: Provider,
    changes: Changes,
    by: UUID | None,
    *,
    if_version: int | None = None,
) -> ConnectionSettings:
    """Save the fields given; the whole as it is now. What they held goes in this transaction.

    Raises:
        Refusal: 409 not connected, 412 `if_version` isn't theirs, 422 an account that can't be.
    """
    work = await begin(tx, [company], tools)
    connection = current_of(work, company, provider)
    if if_version is not None and connection.settings.version != if_version:
        raise someone_was_first()
    settings = await apply_changes(work, connection, changes, by)
    await work.save()
    return settings


async def apply_changes(
    work: Work, connection: Connection, changes: Changes, by: UUID | None
) -> ConnectionSettings:
    """The same within work that the caller saves."""
    before = connection.settings
    after = _changed(before, changes, work)
    if after == before:
        return before
    if after.rounding_account_id != before.rounding_account_id:
        account = after.rounding_account_id
        chosen_there = account == PROVIDER_CHOOSES and not connection.facts.offers_accounts
        if not chosen_there:
            await check_accounts(work.tx, connection, [("rounding_account_id", account)])
    others_without_item = after.no_item_account_id != before.no_item_account_id
    if others_without_item:
        await _check_no_item_account(work.tx, connection, after.no_item_account_id)
    after = replace(after, version=before.version + 1)
    await connections_store.save_settings(work.tx, connection.id, after, work.books.now, by)
    [connection] = await connections_store.by_id(work.tx, [connection.id])
    work.books.connections[connection.id] = connection
    trigger = Trigger(work.tools.ids.new())
    if others_without_item and connection.provider in LINES_NEED_AN_ITEM:
        await _look_at_their_item(work, connection, trigger)
    for codes in _held_by(before, after):
        await release(work, connection.id, codes, trigger)
    if after.start_date < before.start_date and after.sync_invoices:
        asked_by = Origin(by="fix", user_id=by)
        taken = await take_missing(work, connection, asked_by, BATCH)
        if taken >= BATCH:
            work.tx.wake(REVIEWS)
    return after


async def _check_no_item_account(tx: Tx, connection: Connection, account: str | None) -> None:
    """Raise the 422 of an account that lines without an item can't be booked on."""
    field = "no_item_account_id"
    if account is not None and connection.provider in LINES_CARRY_NO_ITEM:
        label = PROVIDER_LABELS[connection.provider]
        raise invalid(FieldProblem(field, f"isn't needed: {label} takes lines without items"))
    await check_accounts(tx, connection, [(field, account)])


async def _look_at_their_item(work: Work, connection: Connection, trigger: Trigger) -> None:
    """Have the item that lines without one are booked on, and see that it is on another account.

    As with the account of any item: what is there is moved when it is next needed.
    """
    await records_store.save_made_here(work.tx, no_item_record(connection), work.books.now)
    key = no_item_key(connection)
    await work.load({key}, followed=False)
    if work.books.job(key) is not None:
        work.round.apply(key, Edited(automatic=False), trigger)


def _changed(
    before: ConnectionSettings, changes: Mapping[str, object], work: Work
) -> ConnectionSettings:
    after = replace(before, **changes)
    now = work.books.now
    if after.sync_customers and not before.sync_customers:
        after = replace(after, customers_since=now)
    if after.sync_invoices and not before.sync_invoices:
        after = replace(after, invoices_since=now)
    return after


def _held_by(before: ConnectionSettings, after: ConnectionSettings) -> tuple[tuple[str, ...], ...]:
    """The causes that these changes may have mended."""
    found: list[tuple[str, ...]] = []
    if after.sync_customers and not before.sync_customers:
        found.append(("customer_not_in_books",))
    if after.gone_there != before.gone_there:
        found.append(("customer_inactive_there", "item_unusable_there"))
    if after.post_in_closed_period != before.post_in_closed_period:
        found.append(("period_closed",))
    if after.no_item_account_id != before.no_item_account_id:
        found.append(("line_without_item", *HELD_BY_MAPPING))
    elif after.rounding_account_id != before.rounding_account_id:
        found.append(HELD_BY_MAPPING)
    return tuple(found)
