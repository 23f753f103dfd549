"""The company's connection to a provider: whether there is one, and how it stands."""

import json
from typing import Annotated, get_args

from contracts.ids import PROVIDER_LABELS, Provider
from fastapi import Depends
from messaging.database import Database

from invoice_api.accounts.caller import Caller
from invoice_api.http.problems import Problem, conflict, not_found
from invoice_api.integrations.schemas import (
    IntegrationShown,
    IntegrationsShown,
    OrganisationShown,
    ProvidersTold,
    ProviderTold,
    SettingsTold,
)
from invoice_api.peers.connectors import Connectors
from invoice_api.peers.orchestrator import Orchestrator, PeerAnswer, principal_of
from invoice_api.sync_status import connections_store, store
from invoice_api.sync_status.connected import check_connection, connection_of
from invoice_api.sync_status.connections_store import KnownConnection
from invoice_api.sync_status.projector import CHANNEL as BADGES

PROVIDERS: tuple[Provider, ...] = get_args(Provider)


def provider_of(provider: str) -> Provider:
    """The provider by this word. Raises 404 for one we don't know."""
    for known in PROVIDERS:
        if provider == known:
            return known
    raise not_found("provider")


async def asked_provider(provider: str) -> Provider:
    """The path's or query's provider. Raises 404."""
    return provider_of(provider)


TheProvider = Annotated[Provider, Depends(asked_provider)]


async def overview(
    database: Database, orchestrator: Orchestrator, caller: Caller
) -> IntegrationsShown:
    """All three providers: as the orchestrator says, or as we last heard where it is away."""
    try:
        answer = await orchestrator.get(principal_of(caller), "/integrations")
    except Problem as problem:
        if problem.code != "orchestrator_away":
            raise
        return await as_last_heard(database, caller)
    told = {row.provider: row for row in ProvidersTold.model_validate_json(answer.text).data}
    await _remember(database, caller, list(told.values()))
    return IntegrationsShown(
        data=tuple(
            _shown(told.get(p) or ProviderTold(provider=p, status="not_connected"))
            for p in PROVIDERS
        )
    )


def connect_url(
    connectors: Connectors, caller: Caller, provider: Provider, known: KnownConnection | None
) -> str:
    """Where Connect leads. 409 while connected: another organisation is another connection."""
    if known is not None and known.facts.status == "connected":
        raise conflict(
            "connected_already",
            "Connected already",
            f"{PROVIDER_LABELS[provider]} is connected to {known.facts.organisation}."
            " Disconnect it first to connect another organisation.",
        )
    again = known.facts.id if known is not None and known.facts.status == "reconnect" else None
    return connectors.authorize_url(
        principal_of(caller), caller.user_name, provider, caller.company.time_zone, again
    )


def reconnect_url(
    connectors: Connectors, caller: Caller, provider: Provider, known: KnownConnection
) -> str:
    """Where Reconnect leads: the same organisation only."""
    return connectors.authorize_url(
        principal_of(caller),
        caller.user_name,
        provider,
        caller.company.time_zone,
        known.facts.id,
    )


async def disconnect(
    database: Database, connectors: Connectors, caller: Caller, provider: Provider
) -> IntegrationShown:
    """Nothing is sent any more; nothing is deleted there. 409 `not_connected`."""
    known = await check_connection(database, caller, provider)
    if known.facts.status != "disconnected":
        await connectors.disconnect(
            principal_of(caller), caller.user_name, provider, known.facts.id
        )
    async with database.transaction() as tx:
        company, connection = caller.company.id, known.facts.id
        await connections_store.assume_status(tx, company, connection, "disconnected")
        tx.wake(BADGES)
        after = await connection_of(tx, caller, provider)
        counts = await store.count_states(tx, company, connection)
    return _from_own_tables(after, counts)


async def remember_settings(
    database: Database, caller: Caller, provider: Provider, answer: PeerAnswer
) -> None:
    """Badges need the start date and the switches: keep them as last answered."""
    settings = SettingsTold.model_validate_json(answer.text)
    async with database.transaction() as tx:
        known = await connections_store.find_connection(tx, caller.company.id, provider)
        if known is not None and await connections_store.save_settings(
            tx, caller.company.id, known.facts.id, answer.text, settings.start_date
        ):
            tx.wake(BADGES)


async def _remember(database: Database, caller: Caller, told: list[ProviderTold]) -> None:
    async with database.transaction() as tx:
        current = await connections_store.current_connections(tx, caller.company.id)
        known = {one.facts.id: one for one in current}
        for row in told:
            if row.connection_id is None or row.status == "not_connected":
                continue
            company, connection = caller.company.id, row.connection_id
            if connection not in known:
                organisation = row.organisation
                await connections_store.assume_connected(
                    tx,
                    company,
                    row.provider,
                    connection,
                    row.status,
                    None if organisation is None else (organisation.id, organisation.name),
                )
                tx.wake(BADGES)
            before = known.get(connection)
            if row.settings is None or (before is not None and before.settings == row.settings):
                continue
            start = SettingsTold.model_validate(row.settings).start_date
            await connections_store.save_settings(
                tx, company, connection, json.dumps(row.settings), start
            )
            tx.wake(BADGES)


async def as_last_heard(database: Database, caller: Caller) -> IntegrationsShown:
    """All three providers from our own tables alone."""
    async with database.transaction() as tx:
        current = await connections_store.current_connections(tx, caller.company.id)
        counts = {
            one.facts.provider: await store.count_states(tx, caller.company.id, one.facts.id)
            for one in current
        }
    known = {one.facts.provider: one for one in current}
    return IntegrationsShown(
        data=tuple(
            _from_own_tables(known[p], counts[p])
            if p in known
            else _shown(ProviderTold(provider=p, status="not_connected"))
            for p in PROVIDERS
        )
    )


def _from_own_tables(known: KnownConnection, counts: dict[str, int]) -> IntegrationShown:
    facts = known.facts
    good_until = known.token_good_until
    return IntegrationShown(
        provider=facts.provider,
        label=PROVIDER_LABELS[facts.provider],
        status=facts.status,
        organisation=(
            None
            if known.organisation_id is None or facts.organisation is None
            else OrganisationShown(id=known.organisation_id, name=facts.organisation)
        ),
        token_health=None if good_until is None else {"good_until": good_until.isoformat()},
        settings=known.settings,
        counts=counts,
    )


def _shown(row: ProviderTold) -> IntegrationShown:
    return IntegrationShown(
        provider=row.provider,
        label=PROVIDER_LABELS[row.provider],
        status=row.status,
        organisation=row.organisation,
        token_health=row.token_health,
        settings=row.settings,
        counts=row.counts,
    )
