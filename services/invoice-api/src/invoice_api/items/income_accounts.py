"""An item's own income accounts, kept by the orchestrator: one per provider."""

import json

from contracts.ids import ItemId
from messaging.database import Database

from invoice_api.accounts.caller import Caller
from invoice_api.http.problems import Problem, invalid_field
from invoice_api.items.schemas import IncomeAccounts
from invoice_api.peers.orchestrator import Orchestrator, principal_of
from invoice_api.sync_status import connections_store, store
from invoice_api.sync_status.connected import not_connected


async def set_income_accounts(
    database: Database,
    orchestrator: Orchestrator,
    caller: Caller,
    item: ItemId,
    item_name: str,
    accounts: IncomeAccounts,
) -> None:
    """Set the account at each provider named. 422 naming the field, 503 where it can't be told."""
    for provider, account in accounts.items():
        async with database.transaction() as tx:
            known = await connections_store.find_connection(tx, caller.company.id, provider)
            if known is None:
                raise invalid_field(f"income_accounts.{provider}", not_connected(provider).detail)
            connection = known.facts.id
            heard = await store.mapping_versions(tx, caller.company.id, connection, [item])
        row = {"item_id": str(item), "item_name": item_name, "account_id": account}
        try:
            await orchestrator.put(
                principal_of(caller),
                f"/integrations/{provider}/account-mapping",
                json.dumps({"items": [row]}),
            )
        except Problem as problem:
            if problem.status != 422:
                raise
            raise invalid_field(
                f"income_accounts.{provider}",
                problem.errors[0].message if problem.errors else problem.detail,
            ) from None
        async with database.transaction() as tx:
            await store.assume_mapping(
                tx, caller.company.id, connection, provider, {item: account}, heard
            )
