"""Income accounts of items: our list of items, the orchestrator's mapping."""

import json

from contracts.ids import ItemId, Provider
from messaging.database import Database

from invoice_api.accounts.caller import Caller
from invoice_api.http.problems import FieldError, invalid
from invoice_api.integrations.schemas import (
    AppliedShown,
    MappingChange,
    MappingChanges,
    MappingItemShown,
    MappingShown,
    MappingTold,
)
from invoice_api.items import store as items_store
from invoice_api.peers.orchestrator import Orchestrator, PeerAnswer, principal_of
from invoice_api.sync_status import store
from invoice_api.sync_status.connected import check_connection


async def show_mapping(
    database: Database, orchestrator: Orchestrator, caller: Caller, provider: Provider
) -> tuple[MappingShown, PeerAnswer]:
    """Every item of the company with its account, by name."""
    await check_connection(database, caller, provider)
    answer = await orchestrator.get(
        principal_of(caller), f"/integrations/{provider}/account-mapping"
    )
    async with database.transaction() as tx:
        items = await items_store.list_names(tx, caller.company.id)
    told = MappingTold.model_validate_json(answer.text)
    accounts = {row.item_id: row.account_id for row in told.items}
    return (
        MappingShown(
            items=tuple(
                MappingItemShown(item_id=item, item_name=name, account_id=accounts.get(item))
                for item, name in items
            )
        ),
        answer,
    )


async def change_mapping(
    database: Database,
    orchestrator: Orchestrator,
    caller: Caller,
    provider: Provider,
    changes: MappingChanges,
    *,
    if_match: str | None = None,
) -> tuple[MappingShown, PeerAnswer]:
    """Set the accounts given; the new whole. 412, 422 for what isn't an item or an account."""
    known = await check_connection(database, caller, provider)
    company, connection = caller.company.id, known.facts.id
    wanted = {ItemId(change.item_id): change.account_id for change in changes.items}
    async with database.transaction() as tx:
        items = dict(await items_store.list_names(tx, company))
        heard = await store.mapping_versions(tx, company, connection, list(wanted))
    unknown = [
        FieldError(f"items.{row}.item_id", "isn't one of your items")
        for row, change in enumerate(changes.items)
        if ItemId(change.item_id) not in items
    ]
    if unknown:
        raise invalid(*unknown)
    sent = [
        {
            "item_id": str(change.item_id),
            "item_name": items[ItemId(change.item_id)],
            "account_id": change.account_id,
        }
        for change in changes.items
    ]
    put = await orchestrator.put(
        principal_of(caller),
        f"/integrations/{provider}/account-mapping",
        json.dumps({"items": sent}),
        if_match,
    )
    async with database.transaction() as tx:
        await store.assume_mapping(tx, company, connection, provider, wanted, heard)
    shown, answer = await show_mapping(database, orchestrator, caller, provider)
    return shown, PeerAnswer(200, put.text, put.etag or answer.etag)


async def apply_to_unmapped(
    database: Database,
    orchestrator: Orchestrator,
    caller: Caller,
    provider: Provider,
    account_id: str,
) -> AppliedShown:
    """Give every item without an account this one, at once; how many."""
    await check_connection(database, caller, provider)
    async with database.transaction() as tx:
        items = await items_store.list_names(tx, caller.company.id)
    answer = await orchestrator.post(
        principal_of(caller),
        f"/integrations/{provider}/account-mapping/apply-to-unmapped",
        json.dumps(
            {
                "account_id": account_id,
                "items": [{"item_id": str(item), "item_name": name} for item, name in items],
            }
        ),
    )
    return AppliedShown.model_validate_json(answer.text)


def one_change(item: ItemId, account: str | None) -> MappingChanges:
    """A change of a single item, as a drop-down makes it."""
    return MappingChanges(items=(MappingChange(item_id=item, account_id=account),))
