"""Saving which income account items are booked on, and releasing what waited for it."""

from collections.abc import Mapping, Sequence
from typing import Literal
from uuid import UUID

from contracts.ids import PROVIDER_LABELS, CompanyId, ItemId, MessageId, Provider, RecordId
from contracts.sync import CauseInstance, MappingChanged
from messaging.database import Tx

from sync_orchestrator.domain.connection import Connection
from sync_orchestrator.domain.facts import Edited
from sync_orchestrator.domain.job import RecordKey
from sync_orchestrator.domain.round import Trigger
from sync_orchestrator.handlers.places import current_of
from sync_orchestrator.handlers.refusals import FieldProblem, invalid, someone_was_first
from sync_orchestrator.handlers.releasing import release
from sync_orchestrator.handlers.work import Tools, Work, begin
from sync_orchestrator.store import mapping_store, reference_store
from sync_orchestrator.store.mapping_store import MappingRow

ACCOUNT_REFUSED = frozenset({"account_gone", "account_wrong_type", "tax_not_allowed_for_account"})
"""Causes about an account that was chosen: their subject is the account."""

HELD_BY_MAPPING = (
    "account_gone",
    "account_wrong_type",
    "item_account_unmapped",
    "prerequisite_blocked",
    "tax_not_allowed_for_account",
)


async def change_mapping(
    tx: Tx,
    tools: Tools,
    company: CompanyId,
    provider: Provider,
    rows: Sequence[MappingRow],
    by: UUID | None,
    *,
    if_version: int | None = None,
) -> int:
    """Save these rows and decide everything they held, in this transaction; how many changed.

    Raises:
        Refusal: 409 not connected; 412 `if_version` isn't the mapping's; 422 an account isn't an
            active income account there (field `items.N.account_id`).
    """
    work = await begin(tx, [company], tools)
    connection = current_of(work, company, provider)
    if if_version is not None:
        _, version = await mapping_store.of_connection(tx, company, connection.id)
        if version != if_version:
            raise someone_was_first()
    fields = [(f"items.{n}.account_id", row.account_id) for n, row in enumerate(rows)]
    await check_accounts(tx, connection, fields)
    changed = await save_mapping(work, connection, rows, by)
    await work.save()
    return changed


async def apply_to_unmapped(
    tx: Tx,
    tools: Tools,
    company: CompanyId,
    provider: Provider,
    account_id: str,
    items: Sequence[tuple[ItemId, str]],
    by: UUID | None,
) -> int:
    """Give this account to exactly those of the items that have none; how many.

    Raises:
        Refusal: 409 not connected; 422 `account_id` isn't an active income account there.
    """
    work = await begin(tx, [company], tools)
    connection = current_of(work, company, provider)
    await check_accounts(tx, connection, [("account_id", account_id)])
    known, _ = await mapping_store.of_connection(tx, company, connection.id)
    names = {row.item_id: row.item_name for row in known} | dict(items)
    unmapped = await mapping_store.unmapped(tx, connection.id, list(names))
    rows = [MappingRow(item, names[item], account_id) for item in sorted(unmapped)]
    mapped = await save_mapping(work, connection, rows, by)
    await work.save()
    return mapped


async def check_accounts(
    tx: Tx, connection: Connection, fields: Sequence[tuple[str, str | None]]
) -> None:
    """Raise the 422 that names each field whose account can't be used; None unmaps and is fine."""
    label = PROVIDER_LABELS[connection.provider]
    listed = await reference_store.accounts(tx, connection.id)
    usable = {account.id for account in listed.accounts if account.active}
    wrong = [
        FieldProblem(field, f"isn't an active income account in {label}: choose one of the list")
        for field, account in fields
        if account is not None and account not in usable
    ]
    if wrong:
        raise invalid(*wrong)


AccountSetting = Literal["rounding_account_id", "no_item_account_id"]


def settings_in_question(
    connection: Connection, cause: CauseInstance | None
) -> tuple[AccountSetting, ...]:
    """The settings that a cause is about: the account of lines without an item, which isn't chosen,
    or whichever has the account that can't be used."""
    if cause is None or cause.code == "line_without_item":
        return () if cause is None else ("no_item_account_id",)
    subject = cause.subject if cause.code in ACCOUNT_REFUSED else None
    chosen: Mapping[AccountSetting, str | None] = {
        "rounding_account_id": connection.settings.rounding_account_id,
        "no_item_account_id": connection.settings.no_item_account_id,
    }
    return tuple(
        name
        for name, account in chosen.items()
        if subject is not None and account is not None and account == subject.id
    )


async def save_mapping(
    work: Work, connection: Connection, rows: Sequence[MappingRow], by: UUID | None
) -> int:
    """Save rows, tell of them and decide what they held; the caller saves the work."""
    company, there = connection.company_id, connection.id
    saved = await mapping_store.save(
        work.tx, company, connection.provider, there, rows, work.books.now, by
    )
    if not saved:
        return 0
    trigger = Trigger(work.tools.ids.new())
    work.messages += [
        MappingChanged(
            id=MessageId(work.tools.ids.new()),
            occurred_at=work.books.now,
            company_id=company,
            correlation_id=trigger.correlation_id,
            provider=connection.provider,
            connection_id=there,
            item_id=RecordId(row.item_id),
            account_id=row.account_id,
            version=row.version,
        )
        for row in saved
    ]
    items = {RecordKey(there, "item", RecordId(row.item_id)) for row in saved}
    await work.load(items, followed=False)
    await work.load_accounts(items)
    for key in sorted(items, key=lambda key: key.record_id):
        if work.books.job(key) is not None:
            work.round.apply(key, Edited(automatic=False), trigger)
    await release(work, there, HELD_BY_MAPPING, trigger)
    return len(saved)
