"""Customers that an import made and that were taken back: forgotten, with their links."""

from collections.abc import Sequence

from contracts.ids import CompanyId, RecordId
from messaging.database import Tx

from sync_orchestrator.handlers.work import Tools, begin
from sync_orchestrator.store import records_store
from sync_orchestrator.store.records_store import Elsewhere


async def forget(
    tx: Tx, tools: Tools, company: CompanyId, customers: Sequence[RecordId]
) -> tuple[int, tuple[Elsewhere, ...]]:
    """Forget these customers of the company, whatever is still said of them; how many.

    Nothing changes at a provider: what they were linked to is linked to nobody then. One that is at
    another provider than it came from, or on its way there, stays: with where that is.
    """
    await begin(tx, [company], tools)
    return await records_store.forget_customers(tx, company, customers)
