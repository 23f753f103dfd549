"""Fixes that are made once for a whole group: a mapping or a setting, and all it held goes.

Where they are asked for some records only, a mapping is made for those records' items; a setting is
the connection's, so it is made as for all.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from uuid import UUID

from contracts.ids import no_item_id
from contracts.sync import CauseInstance

from sync_orchestrator.domain.connection import Connection
from sync_orchestrator.handlers.mapping import check_accounts, save_mapping, settings_in_question
from sync_orchestrator.handlers.refusals import FieldProblem, invalid, not_possible_now
from sync_orchestrator.handlers.settings import account_settings, apply_changes
from sync_orchestrator.handlers.work import Work
from sync_orchestrator.store import groups_store
from sync_orchestrator.store.mapping_store import MappingRow

GroupFix = Callable[
    [
        Work,
        Connection,
        CauseInstance,
        Mapping[str, object],
        UUID | None,
        Sequence[UUID] | None,
    ],
    Awaitable[None],
]


async def _choose_account(
    work: Work,
    connection: Connection,
    cause: CauseInstance,
    fields: Mapping[str, object],
    by: UUID | None,
    only: Sequence[UUID] | None,
) -> None:
    """One account for every item that the group is about, and in every setting that it is about."""
    account = fields.get("account_id")
    if not isinstance(account, str) or not account.strip():
        raise invalid(FieldProblem("account_id", "is required: an income account of the list"))
    await check_accounts(work.tx, connection, [("account_id", account)])
    settings = settings_in_question(connection, cause)
    if settings:
        await apply_changes(work, connection, account_settings(settings, account), by)
    if cause.code == "line_without_item":
        return
    if cause.subject is not None:
        items = await groups_store.items_on_account(work.tx, connection.id, cause.subject.id, only)
    else:
        items = await groups_store.unmapped_items(work.tx, connection.id, cause.code, only)
    items = [(item, name) for item, name in items if item != no_item_id(connection.id)]
    if not items and not settings:
        raise not_possible_now()
    rows = [MappingRow(item, name, account) for item, name in items]
    await save_mapping(work, connection, rows, by)


async def _turn_on_sync_customers(
    work: Work,
    connection: Connection,
    cause: CauseInstance,
    fields: Mapping[str, object],
    by: UUID | None,
    only: Sequence[UUID] | None,
) -> None:
    await apply_changes(work, connection, {"sync_customers": True}, by)


GROUP_FIXES: Mapping[str, GroupFix] = {
    "choose_account": _choose_account,
    "turn_on_sync_customers": _turn_on_sync_customers,
}
