"""Integrations: the cards, and a provider's settings and account mapping."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Annotated, cast
from uuid import UUID

from contracts.ids import PROVIDER_LABELS, Provider
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from messaging.database import Database

from invoice_api.http.dependencies import TheDatabase
from invoice_api.http.problems import Problem, invalid_field
from invoice_api.integrations import connections, mapping, service
from invoice_api.integrations.schemas import IntegrationShown, MappingChange, MappingChanges
from invoice_api.peers.connectors import Connectors, TheConnectors
from invoice_api.peers.orchestrator import Orchestrator, TheOrchestrator
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.integrated import Accounts, accounts_of, principal_of
from invoice_api.web.pages import (
    AccountMappingPage,
    Form,
    IntegrationCard,
    IntegrationsPage,
    MappingRow,
    ProviderHead,
    ProviderSettingsPage,
)
from invoice_api.web.reading import as_json
from invoice_api.web.sessions import AForm, AVisit, AWrite, Visit, inside
from invoice_api.web.views import form_of

router = APIRouter(prefix="/integrations", include_in_schema=False)

_CONNECT_MESSAGES: Mapping[str, str] = {
    "consent_declined": "You chose not to connect. Nothing was stored.",
    "connect_link_expired": "That link is no longer valid. Start again.",
    "wrong_organisation": "You signed in to another organisation than the one your links and"
    " accounts belong to. Nothing changed.",
    "organisation_taken": "That organisation is already connected to another account of ours."
    " Disconnect it there first.",
    "no_organisation": "This sign-in has no organisation.",
    "provider_down": "The provider isn't answering. Nothing was stored; please try again.",
}

_WORDS = {
    "not_connected": "Not connected",
    "connected": "Connected",
    "reconnect": "Needs reconnect",
    "disconnected": "Disconnected",
}

_CONNECTING = "tb_connecting"
"""Set for a minute when a browser goes off to consent."""

_NEEDS_ATTENTION = ("blocked", "removed_there", "synced_with_difference", "changed_there")


@dataclass(frozen=True)
class Peers:
    """Whom these pages ask."""

    database: Database
    orchestrator: Orchestrator
    connectors: Connectors

    async def integration(self, one: Visit, provider: Provider) -> IntegrationShown:
        shown = await connections.overview(self.database, self.orchestrator, one.caller)
        return next(row for row in shown.data if row.provider == provider)


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
    shown = await connections.overview(peers.database, peers.orchestrator, one.caller)
    cards = tuple(_card(row, peers.connectors) for row in shown.data)
    return render.page("integrations.html", IntegrationsPage(shell, cards))


def _card(row: IntegrationShown, connectors: Connectors) -> IntegrationCard:
    url, words = _connect(row, connectors)
    named = (("sync_invoices", "Sync Invoices"), ("sync_customers", "Sync Customers"))
    settings = row.settings or {}
    return IntegrationCard(
        provider=row.provider,
        label=PROVIDER_LABELS[row.provider],
        status=row.status,
        status_words=_status_words(row),
        switches=tuple(
            f"{name}: {'on' if settings[key] else 'off'}" for key, name in named if key in settings
        ),
        attention=_attention(row),
        connect_url=url,
        connect_label=words,
        available=connectors.offers(row.provider),
    )


@router.get("/{provider}")
async def show_provider(provider: Provider) -> Response:
    return RedirectResponse(f"/integrations/{provider}/settings", 303)


@router.get("/{provider}/connect")
async def connect(request: Request, provider: Provider, one: AVisit, peers: ThePeers) -> Response:
    """On to the connector. A link, because forms may only post to us; not from other sites."""
    if request.headers.get("sec-fetch-site") == "cross-site" or not one.caller.may_act:
        return RedirectResponse(f"/integrations/{provider}/settings", 303)
    url = await service.authorize_url(peers.database, peers.connectors, one.caller, provider)
    response = RedirectResponse(url, 303)
    response.set_cookie(
        _CONNECTING,
        "1",
        max_age=60,
        path=f"/integrations/{provider}",
        httponly=True,
        samesite="lax",
    )
    return response


@router.post("/{provider}/disconnect")
async def disconnect(provider: Provider, one: AWrite, peers: ThePeers) -> Response:
    await connections.disconnect(peers.database, peers.connectors, one.caller, provider)
    return RedirectResponse(f"/integrations/{provider}/settings", 303)


@router.get("/{provider}/settings")
async def show_settings(
    request: Request,
    provider: Provider,
    one: AVisit,
    peers: ThePeers,
    render: TheRenderer,
    told: Annotated[str | None, Query(alias="connect")] = None,
) -> Response:
    """Whoever comes back from consent may be here before the news is: then the page waits."""
    message = None if told is None else _CONNECT_MESSAGES.get(told, "That didn't work. Try again.")
    page = await _settings_page(one, provider, peers, None, message)
    connected = page.head.status == "connected"
    waits = _CONNECTING in request.cookies and told is None and not connected
    response = render.page("provider_settings.html", replace(page, waiting=waits))
    if not waits:
        response.delete_cookie(_CONNECTING, path=f"/integrations/{provider}")
    return response


async def _settings_page(
    one: Visit, provider: Provider, peers: Peers, typed: Form | None, message: str | None
) -> ProviderSettingsPage:
    async with peers.database.transaction() as tx:
        shell = await one.shell(tx, f"{PROVIDER_LABELS[provider]} settings", "integrations")
    head = head_of(await peers.integration(one, provider), "settings", peers.connectors)
    form, etag, away = typed or Form(), "", False
    if head.status != "not_connected":
        try:
            answer = await service.settings(
                peers.database, peers.orchestrator, one.caller, provider
            )
        except Problem:
            away = True
        else:
            etag = answer.etag or ""
            form = typed or Form(_settings_values(json.loads(answer.text)))
    return ProviderSettingsPage(shell, head, form, message, etag, away)


def _settings_values(settings: object) -> dict[str, str]:
    values = cast("dict[str, object]", settings)
    return {
        "sync_invoices": "on" if values["sync_invoices"] else "",
        "sync_customers": "on" if values["sync_customers"] else "",
        "start_date": str(values["start_date"]),
        "gone_there": str(values["gone_there"]),
    }


@router.post("/{provider}/settings")
async def save_settings(
    provider: Provider, one: AWrite, form: AForm, peers: ThePeers, render: TheRenderer
) -> Response:
    body = {
        "sync_invoices": form.get("sync_invoices") == "on",
        "sync_customers": form.get("sync_customers") == "on",
        "start_date": form.get("start_date", ""),
        "gone_there": form.get("gone_there", ""),
    }
    try:
        await service.save_settings(
            peers.database,
            peers.orchestrator,
            one.caller,
            provider,
            as_json(body),
            form.get("etag") or None,
        )
    except Problem as problem:
        page = await _settings_page(one, provider, peers, form_of(form, problem), None)
        return render.page("provider_settings.html", page, problem.status)
    return RedirectResponse(f"/integrations/{provider}/settings", 303)


@router.get("/{provider}/account-mapping")
async def show_mapping(
    provider: Provider, one: AVisit, peers: ThePeers, render: TheRenderer, refresh: str = ""
) -> Response:
    page = await _mapping_page(one, provider, peers, {}, None, refresh=bool(refresh))
    return render.page("account_mapping.html", page)


async def _mapping_page(
    one: Visit,
    provider: Provider,
    peers: Peers,
    staged: Mapping[str, str],
    problem: str | None,
    *,
    refresh: bool = False,
) -> AccountMappingPage:
    async with peers.database.transaction() as tx:
        shell = await one.shell(tx, f"{PROVIDER_LABELS[provider]} account mapping", "integrations")
    head = head_of(await peers.integration(one, provider), "account-mapping", peers.connectors)
    accounts, rows, etag, away = Accounts(), tuple[MappingRow, ...](), "", False
    if head.status != "not_connected":
        try:
            accounts = await accounts_of(
                peers.orchestrator, principal_of(one.caller), provider, refresh=refresh
            )
            shown, told = await mapping.show_mapping(
                peers.database, peers.orchestrator, one.caller, provider
            )
        except Problem:
            away = True
        else:
            etag = told.headers.get("ETag", "")
            rows = tuple(
                MappingRow(
                    item_id=str(row.item_id),
                    name=row.item_name,
                    account_id=staged.get(str(row.item_id), row.account_id or ""),
                    original=row.account_id or "",
                )
                for row in shown.items
            )
    as_of = accounts.as_of
    return AccountMappingPage(
        shell=shell,
        head=head,
        rows=rows,
        accounts=accounts.options,
        unmapped=sum(not row.account_id for row in rows),
        staged=sum(row.account_id != row.original for row in rows),
        as_of=None if as_of is None else one.eyes.moment(datetime.fromisoformat(as_of)),
        refreshing=accounts.refreshing,
        offered=accounts.offered,
        etag=etag,
        problem=problem,
        away=away,
    )


@router.post("/{provider}/account-mapping")
async def save_mapping(
    provider: Provider, one: AWrite, form: AForm, peers: ThePeers, render: TheRenderer
) -> Response:
    """Saves what was changed; "Apply to Unmapped" without JavaScript stages and shows it first."""
    chosen = {n.removeprefix("account."): v for n, v in form.items() if n.startswith("account.")}
    was = {n.removeprefix("was."): v for n, v in form.items() if n.startswith("was.")}
    if form.get("stage"):
        bulk = form.get("bulk_account_id", "")
        staged = {item: account or bulk for item, account in chosen.items()}
        return render.page(
            "account_mapping.html", await _mapping_page(one, provider, peers, staged, None)
        )
    try:
        changed = _changes(chosen, was)
        if changed.items:
            await mapping.change_mapping(
                peers.database,
                peers.orchestrator,
                one.caller,
                provider,
                changed,
                if_match=form.get("etag") or None,
            )
    except Problem as problem:
        page = await _mapping_page(one, provider, peers, chosen, problem.detail)
        return render.page("account_mapping.html", page, problem.status)
    return RedirectResponse(f"/integrations/{provider}/account-mapping", 303)


def _changes(chosen: Mapping[str, str], was: Mapping[str, str]) -> MappingChanges:
    """The rows whose account isn't what it was when the page was made. Raises a Problem."""
    try:
        rows = tuple(
            MappingChange(item_id=UUID(item), account_id=account or None)
            for item, account in chosen.items()
            if account != was.get(item, "")
        )
    except ValueError:
        raise invalid_field("item_id", "isn't one of your items") from None
    return MappingChanges(items=rows)


@router.post("/{provider}/account-mapping/apply")
async def apply_to_unmapped(
    provider: Provider, one: AWrite, form: AForm, peers: ThePeers
) -> Response:
    """The fix on an invoice or in Problems: one account for all items that have none."""
    account = form.get("account_id", "")
    if not account:
        raise invalid_field("account_id", "choose an income account first")
    await mapping.apply_to_unmapped(
        peers.database, peers.orchestrator, one.caller, provider, account
    )
    return RedirectResponse(inside(form.get("back", "/invoices")), 303)
