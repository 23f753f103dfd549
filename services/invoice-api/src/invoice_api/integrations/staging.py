"""Account mapping with changes that wait to be saved: they survive paging, filters and leaving."""

from dataclasses import dataclass

from contracts.ids import ItemId, Provider
from messaging.database import Database, Tx

from invoice_api.accounts.caller import Caller
from invoice_api.http.problems import Problem
from invoice_api.integrations import staging_store as store
from invoice_api.integrations.mapping import change_mapping
from invoice_api.integrations.schemas import MappingChange, MappingChanges, MappingTold
from invoice_api.integrations.staging_store import Desk
from invoice_api.peers.orchestrator import Orchestrator, principal_of
from invoice_api.sync_status import store as sync_store
from invoice_api.sync_status.connected import connection_of

_TRIES = 3


@dataclass(frozen=True)
class Saved:
    """How many items were mapped, and how many someone else had changed meanwhile."""

    items: int
    conflicts: int


async def desk_of(tx: Tx, caller: Caller, provider: Provider) -> Desk:
    """The caller's staged changes at a provider. 409 `not_connected`."""
    known = await connection_of(tx, caller, provider)
    return Desk(caller.company.id, caller.user_id, known.facts.id)


async def save(
    database: Database, orchestrator: Orchestrator, caller: Caller, provider: Provider
) -> Saved:
    """Write what is staged. Where someone else was first on any of it, nothing is written.

    Their accounts are remembered, so that the page can show both; 422 for an account that can't be
    used, 503 with everything kept.
    """
    async with database.transaction() as tx:
        desk = await desk_of(tx, caller, provider)
    for attempt in range(_TRIES):
        answer = await orchestrator.get(
            principal_of(caller), f"/integrations/{provider}/account-mapping"
        )
        told = MappingTold.model_validate_json(answer.text)
        current = {row.item_id: row.account_id for row in told.items}
        async with database.transaction() as tx:
            wanted = await store.staged(tx, desk)
            moved = [
                item
                for item, (account, was) in wanted.items()
                if current.get(item) != was and current.get(item) != account
            ]
            if moved:
                heard = await sync_store.mapping_versions(tx, desk.company, desk.connection, moved)
                await sync_store.assume_mapping(
                    tx,
                    desk.company,
                    desk.connection,
                    provider,
                    {item: current.get(item) for item in moved},
                    heard,
                )
        if moved:
            return Saved(0, len(moved))
        if not wanted:
            return Saved(0, 0)
        changes = MappingChanges(
            items=tuple(
                MappingChange(item_id=item, account_id=account)
                for item, (account, _) in sorted(wanted.items())
            )
        )
        try:
            await change_mapping(
                database, orchestrator, caller, provider, changes, if_match=answer.etag
            )
        except Problem as problem:
            if problem.status == 412 and attempt + 1 < _TRIES:
                continue
            raise
        async with database.transaction() as tx:
            await store.forget(tx, desk, [ItemId(item) for item in wanted])
            await store.keep_saved(tx, desk, wanted)
        return Saved(len(wanted), 0)
    raise AssertionError("the last attempt raises or returns")


async def undo_last(
    database: Database, orchestrator: Orchestrator, caller: Caller, provider: Provider
) -> Saved | None:
    """The items of this person's last save as they were before it; None if there is nothing.

    Where they have chosen something else meanwhile, the accounts of before are only staged beside
    it (`Saved(0, 0)`): saving is theirs then. Raises and conflicts as `save`.
    """
    async with database.transaction() as tx:
        desk = await desk_of(tx, caller, provider)
        others = bool(await store.staged(tx, desk))
        if not await store.stage_last_saved(tx, desk):
            return None
    return Saved(0, 0) if others else await save(database, orchestrator, caller, provider)
