"""What can be done with integrations, for routes and pages alike."""

from contracts.ids import Provider
from messaging.database import Database

from invoice_api.accounts.caller import Caller
from invoice_api.http.answers import answer
from invoice_api.http.bodies import parse
from invoice_api.integrations import connections, mapping
from invoice_api.integrations.connections import disconnect, overview
from invoice_api.integrations.mapping import apply_to_unmapped
from invoice_api.integrations.schemas import AccountsShown, MappingChanges, SettingsChanges
from invoice_api.peers.connectors import Connectors
from invoice_api.peers.orchestrator import Orchestrator, PeerAnswer, principal_of
from invoice_api.sync_status import connections_store
from invoice_api.sync_status.connected import check_connection

__all__ = [
    "account_mapping",
    "accounts",
    "apply_to_unmapped",
    "authorize_url",
    "disconnect",
    "overview",
    "save_account_mapping",
    "save_settings",
    "settings",
]


async def authorize_url(
    database: Database, connectors: Connectors, caller: Caller, provider: Provider
) -> str:
    """Where Connect (or Reconnect, where that is needed) leads. 409 while connected."""
    async with database.transaction() as tx:
        known = await connections_store.find_connection(tx, caller.company.id, provider)
    return connections.connect_url(connectors, caller, provider, known)


async def settings(
    database: Database, orchestrator: Orchestrator, caller: Caller, provider: Provider
) -> PeerAnswer:
    """The connection's settings, with their version. 409 `not_connected`."""
    await check_connection(database, caller, provider)
    told = await orchestrator.get(principal_of(caller), f"/integrations/{provider}/settings")
    await connections.remember_settings(database, caller, provider, told)
    return told


async def save_settings(
    database: Database,
    orchestrator: Orchestrator,
    caller: Caller,
    provider: Provider,
    body: str | bytes,
    if_match: str | None = None,
) -> PeerAnswer:
    """The settings with the fields of `body` (a JSON object) changed. 412, 422."""
    changes = parse(SettingsChanges, body)
    await check_connection(database, caller, provider)
    told = await orchestrator.put(
        principal_of(caller),
        f"/integrations/{provider}/settings",
        changes.model_dump_json(exclude_unset=True),
        if_match,
    )
    await connections.remember_settings(database, caller, provider, told)
    return told


async def accounts(
    database: Database,
    orchestrator: Orchestrator,
    caller: Caller,
    provider: Provider,
    *,
    refresh: bool = False,
) -> AccountsShown:
    """Income accounts from the cache; `refresh` has the provider asked meanwhile."""
    await check_connection(database, caller, provider)
    told = await orchestrator.get(
        principal_of(caller),
        f"/integrations/{provider}/accounts",
        {"refresh": "true"} if refresh else None,
    )
    return AccountsShown.model_validate_json(told.text)


async def account_mapping(
    database: Database, orchestrator: Orchestrator, caller: Caller, provider: Provider
) -> PeerAnswer:
    """Every item of the company with its account: `{"items": […]}`, with its version."""
    shown, told = await mapping.show_mapping(database, orchestrator, caller, provider)
    return PeerAnswer(200, answer(200, shown).body, told.etag)


async def save_account_mapping(
    database: Database,
    orchestrator: Orchestrator,
    caller: Caller,
    provider: Provider,
    body: str | bytes,
    if_match: str | None = None,
) -> PeerAnswer:
    """The mapping with the items of `body` changed. 412, 422."""
    shown, told = await mapping.change_mapping(
        database,
        orchestrator,
        caller,
        provider,
        parse(MappingChanges, body),
        if_match=if_match,
    )
    return PeerAnswer(200, answer(200, shown).body, told.etag)
