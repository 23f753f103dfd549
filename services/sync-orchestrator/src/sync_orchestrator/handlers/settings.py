"""Saving a connection's settings, and what follows from the switches."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Literal, TypedDict
from uuid import UUID

from contracts.commands import Origin
from contracts.ids import CompanyId, Provider
from messaging.database import Tx

from sync_orchestrator.domain.connection import PROVIDER_CHOOSES, Connection, ConnectionSettings
from sync_orchestrator.domain.round import Trigger
from sync_orchestrator.handlers.mapping import check_accounts
from sync_orchestrator.handlers.places import current_of
from sync_orchestrator.handlers.refusals import someone_was_first
from sync_orchestrator.handlers.releasing import release
from sync_orchestrator.handlers.reviewing import BATCH, take_missing
from sync_orchestrator.handlers.work import REVIEWS, Tools, Work, begin
from sync_orchestrator.store import connections_store


class Changes(TypedDict, total=False):
    """The fields of API.md's settings; only those given are changed."""

    sync_customers: bool
    sync_invoices: bool
    start_date: date
    gone_there: Literal["make_again", "ask"]
    rounding_account_id: str | None
    post_in_closed_period: Literal["never", "first_open_day"]


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
    after = replace(after, version=before.version + 1)
    await connections_store.save_settings(work.tx, connection.id, after, work.books.now, by)
    connection = replace(connection, settings=after)
    work.books.connections[connection.id] = connection
    trigger = Trigger(work.tools.ids.new())
    for codes in _held_by(before, after):
        await release(work, connection.id, codes, trigger)
    if after.start_date < before.start_date and after.sync_invoices:
        asked_by = Origin(by="fix", user_id=by)
        taken = await take_missing(work, connection, asked_by, BATCH)
        if taken >= BATCH:
            work.tx.wake(REVIEWS)
    return after


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
    return tuple(found)
