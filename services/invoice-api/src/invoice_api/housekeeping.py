"""Forgetting what nobody will ask for again."""

from messaging import inbox
from messaging.database import Database

from invoice_api.accounts import store as accounts_store
from invoice_api.http import idempotency_store
from invoice_api.imports import store as imports_store
from invoice_api.notices import store as notices_store
from invoice_api.runs import store as runs_store


async def prune(database: Database) -> None:
    """What is over: sessions, tries, idempotency keys, imports, notices, messages and runs."""
    async with database.transaction() as tx:
        await accounts_store.prune(tx)
        await idempotency_store.prune(tx)
        await runs_store.forget_old(tx)
        await imports_store.forget_old(tx)
        await notices_store.forget_old(tx)
    while True:
        async with database.transaction() as tx:
            if not await inbox.prune(tx):
                return
