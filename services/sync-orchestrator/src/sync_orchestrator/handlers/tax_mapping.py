"""Saving which of the provider's taxes local tax rates are, and releasing what waited for it."""

from collections.abc import Sequence
from uuid import UUID

from contracts.ids import PROVIDER_LABELS, CompanyId, Provider
from messaging.database import Tx

from sync_orchestrator.domain.connection import Connection
from sync_orchestrator.domain.round import Trigger
from sync_orchestrator.handlers.places import current_of
from sync_orchestrator.handlers.refusals import FieldProblem, invalid, someone_was_first
from sync_orchestrator.handlers.releasing import release
from sync_orchestrator.handlers.work import Tools, Work, begin
from sync_orchestrator.store import tax_store
from sync_orchestrator.store.tax_store import TaxRow

HELD_BY_TAXES = ("tax_code_gone", "tax_not_allowed_for_account", "tax_rate_unmapped")


async def change_taxes(
    tx: Tx,
    tools: Tools,
    company: CompanyId,
    provider: Provider,
    rows: Sequence[TaxRow],
    by: UUID | None,
    *,
    if_version: int | None = None,
) -> int:
    """Save these rows and decide everything they held, in this transaction; how many changed.

    Raises:
        Refusal: 409 not connected; 412 `if_version` isn't the mapping's; 422 a tax isn't one that
            can be used there (field `items.N.tax_code`).
    """
    work = await begin(tx, [company], tools)
    connection = current_of(work, company, provider)
    if if_version is not None:
        _, version = await tax_store.of_connection(tx, connection.id)
        if version != if_version:
            raise someone_was_first()
    fields = [(f"items.{n}.tax_code", row.tax_code) for n, row in enumerate(rows)]
    await check_taxes(tx, connection, fields)
    changed = await save_taxes(work, connection, rows, by)
    await work.save()
    return changed


async def check_taxes(
    tx: Tx, connection: Connection, fields: Sequence[tuple[str, str | None]]
) -> None:
    """Raise the 422 that names each field whose tax can't be used; None unmatches and is fine."""
    label = PROVIDER_LABELS[connection.provider]
    usable = {code.id for code in (await tax_store.codes(tx, connection.id)).codes if code.active}
    wrong = [
        FieldProblem(field, f"isn't a tax for sales in {label}: choose one of the list")
        for field, code in fields
        if code is not None and code not in usable
    ]
    if wrong:
        raise invalid(*wrong)


async def save_taxes(
    work: Work, connection: Connection, rows: Sequence[TaxRow], by: UUID | None
) -> int:
    """Save rows and decide what they held; the caller saves the work."""
    saved = await tax_store.save(
        work.tx, connection.company_id, connection.id, rows, work.books.now, by
    )
    if not saved:
        return 0
    await work.load_taxes([connection.id])
    await release(work, connection.id, HELD_BY_TAXES, Trigger(work.tools.ids.new()))
    return len(saved)
