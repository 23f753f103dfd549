"""Integrations: the cards, connecting and disconnecting."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Annotated

from contracts.ids import PROVIDER_LABELS, Provider
from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import RedirectResponse
from messaging.database import Database

from invoice_api.http.dependencies import TheDatabase
from invoice_api.http.problems import Problem
from invoice_api.integrations import connections, service
from invoice_api.integrations.schemas import IntegrationShown, IntegrationsShown
from invoice_api.peers.connectors import Connectors, TheConnectors
from invoice_api.peers.orchestrator import Orchestrator, TheOrchestrator
from invoice_api.sync_status import connections_store
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.health_views import last_sync_words, since_words, why_words
from invoice_api.web.integrated import soon
from invoice_api.web.pages import ProviderHead
from invoice_api.web.provider_views import (
    DisconnectPage,
    IntegrationCard,
    IntegrationsPage,
    SecondPage,
)
from invoice_api.web.sessions import AVisit, AWrite, Visit

router = APIRouter(prefix="/integrations", include_in_schema=False)

_WORDS = {
    "not_connected": "Not connected",
    "connected": "Connected",
    "reconnect": "Needs reconnect",
    "disconnected": "Disconnected",
}

CONNECTING = "tb_connecting"
"""Set for a minute when a browser goes off to consent."""

_NEEDS_ATTENTION = ("blocked", "removed_there", "synced_with_difference", "changed_there")


@dataclass(frozen=True)
class Peers:
    """Whom these pages ask."""

    database: Database
    orchestrator: Orchestrator
    connectors: Connectors

    async def integration(self, one: Visit, provider: Provider) -> IntegrationShown:
        shown = await self.overview(one)
        return next(row for row in shown.data if row.provider == provider)

    async def overview(self, one: Visit) -> IntegrationsShown:
        """As the orchestrator says, or as last heard where it is away or slow."""
        try:
            return await soon(connections.overview(self.database, self.orchestrator, one.caller))
        except Problem as problem:
            if problem.code != "orchestrator_away":
                raise
            return await connections.as_last_heard(self.database, one.caller)


def peers_of(
    database: TheDatabase, orchestrator: TheOrchestrator, connectors: TheConnectors
) -> Peers:
    return Peers(database, orchestrator, connectors)


ThePeers = Annotated[Peers, Depends(peers_of)]


def head_of(row: IntegrationShown, tab: str, connectors: Connectors) -> ProviderHead:
    """The head of a provider's pages."""
    url, words = _connect(row, connectors)
    return ProviderHead(
        provider=row.provider,
        label=PROVIDER_LABELS[row.provider],
        organisation=None if row.organisation is None else row.organisation.name,
        status=row.status,
        status_words=_status_words(row),
        tab=tab,
        connect_url=url,
        connect_label=words,
        problems=_attention(row),
    )


def _status_words(row: IntegrationShown) -> str:
    if row.status == "connected" and row.organisation is not None:
        return f"Connected to {row.organisation.name}"
    return _WORDS[row.status]


def _attention(row: IntegrationShown) -> int:
    return sum(row.counts.get(state, 0) for state in _NEEDS_ATTENTION)


def _connect(row: IntegrationShown, connectors: Connectors) -> tuple[str | None, str]:
    label = PROVIDER_LABELS[row.provider]
    if not connectors.offers(row.provider) or row.status == "connected":
        return None, ""
    words = "Reconnect" if row.status == "reconnect" else "Connect"
    return f"/integrations/{row.provider}/connect", f"{words} {label}"


@router.get("")
async def show_integrations(one: AVisit, peers: ThePeers, render: TheRenderer) -> Response:
    async with peers.database.transaction() as tx:
        shell = await one.shell(tx, "Integrations", "integrations")
        known = await connections_store.current_connections(tx, one.caller.company.id)
        health = await connections_store.health(tx, one.caller.company.id)
    causes = {c.facts.provider: c.cause for c in known}
    shown = await peers.overview(one)
    cards = tuple(
        replace(
            _card(row, one, peers.connectors),
            since=since_words(health.get(row.provider), row.status, one.eyes),
            last_sync=last_sync_words(health.get(row.provider), one.eyes),
            why=why_words(row.provider, causes.get(row.provider), row.status, one.eyes),
        )
        for row in shown.data
    )
    return render.page("integrations.html", IntegrationsPage(shell, cards))


def _card(row: IntegrationShown, one: Visit, connectors: Connectors) -> IntegrationCard:
    url, words = _connect(row, connectors)
    named = (("sync_invoices", "Sync Invoices"), ("sync_customers", "Sync Customers"))
    settings = row.settings or {}
    counts = row.counts
    return IntegrationCard(
        provider=row.provider,
        label=PROVIDER_LABELS[row.provider],
        status=row.status,
        status_words=_status_words(row),
        organisation=None if row.organisation is None else row.organisation.name,
        facts=card_facts(row, one),
        switches=tuple((name, bool(settings[key])) for key, name in named if key in settings),
        attention=_attention(row),
        synced=counts.get("synced", 0),
        moving=sum(counts.get(state, 0) for state in _ON_THE_WAY),
        connect_url=url,
        connect_label=words,
        available=connectors.offers(row.provider),
    )


_ON_THE_WAY = ("waiting", "held", "queued", "checking", "out_of_date")


def card_facts(row: IntegrationShown, one: Visit) -> tuple[str, ...]:
    """How long the sign-in is good for, where that is known."""
    health = row.token_health
    until = health.get("good_until") if isinstance(health, dict) else None
    if not isinstance(until, str) or row.status != "connected":
        return ()
    moment = datetime.fromisoformat(until)
    day = formatters.day(moment.astimezone(one.eyes.zone).date())
    soon = moment - one.eyes.now < _SOON
    return (f"Sign-in good until {day}" + (": reconnect before then" if soon else ""),)


_SOON = timedelta(days=14)


@router.get("/{provider}")
async def show_provider(provider: Provider, one: AVisit, peers: ThePeers) -> Response:
    """Settings until something was synced, then what needs a person, else what was done."""
    row = await peers.integration(one, provider)
    tab = "settings"
    if row.status != "not_connected" and row.counts.get("synced", 0):
        tab = "problems" if _attention(row) else "recent"
    return RedirectResponse(f"/integrations/{provider}/{tab}", 303)


@router.get("/{provider}/connect")
async def connect(
    request: Request,
    provider: Provider,
    one: AVisit,
    peers: ThePeers,
    render: TheRenderer,
    sure: str = "",
) -> Response:
    """On to the connector. A link, because forms may only post to us; not from other sites.

    A second provider is asked about once: invoices are posted to both.
    """
    if request.headers.get("sec-fetch-site") == "cross-site" or not one.caller.may_act:
        return RedirectResponse(f"/integrations/{provider}/settings", 303)
    if not sure:
        async with peers.database.transaction() as tx:
            known = await connections_store.current_connections(tx, one.caller.company.id)
            shell = await one.shell(tx, f"Connect {PROVIDER_LABELS[provider]}", "integrations")
        mine = [c for c in known if c.facts.provider == provider]
        others = [
            PROVIDER_LABELS[c.facts.provider]
            for c in known
            if c.facts.provider != provider and c.facts.status != "disconnected"
        ]
        if others and not mine:
            label = PROVIDER_LABELS[provider]
            return render.page(
                "second_provider.html", SecondPage(shell, provider, label, others[0])
            )
    try:
        url = await service.authorize_url(peers.database, peers.connectors, one.caller, provider)
    except Problem as problem:
        return one.told(f"/integrations/{provider}/settings", problem.detail, tone="warning")
    response = RedirectResponse(url, 303)
    response.set_cookie(
        CONNECTING,
        "1",
        max_age=60,
        path=f"/integrations/{provider}",
        httponly=True,
        samesite="lax",
    )
    return response


@router.get("/{provider}/disconnect")
async def ask_to_disconnect(
    provider: Provider, one: AVisit, peers: ThePeers, render: TheRenderer
) -> Response:
    async with peers.database.transaction() as tx:
        shell = await one.shell(tx, f"Disconnect {PROVIDER_LABELS[provider]}", "integrations")
    row = await peers.integration(one, provider)
    waiting = sum(row.counts.get(state, 0) for state in _ON_THE_WAY)
    head = head_of(row, "settings", peers.connectors)
    return render.page("disconnect.html", DisconnectPage(shell, head, waiting))


@router.post("/{provider}/disconnect")
async def disconnect(provider: Provider, one: AWrite, peers: ThePeers) -> Response:
    here = f"/integrations/{provider}/settings"
    try:
        await connections.disconnect(peers.database, peers.connectors, one.caller, provider)
    except Problem as problem:
        return one.told(here, problem.detail, tone="danger")
    label = PROVIDER_LABELS[provider]
    return one.told(here, f"{label} is disconnected. Nothing was deleted there.")
