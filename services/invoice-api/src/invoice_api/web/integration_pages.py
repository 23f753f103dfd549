"""Integrations: the cards, and a provider's settings, account mapping, recent syncs, problems."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, cast

from contracts.ids import PROVIDER_LABELS, Provider
from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import RedirectResponse
from messaging.database import Database

from invoice_api.http.dependencies import TheDatabase
from invoice_api.http.problems import Problem
from invoice_api.integrations import service
from invoice_api.peers.connectors import TheConnectors
from invoice_api.peers.orchestrator import Orchestrator, TheOrchestrator
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.integrated import options_of, principal_of
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

Row = dict[str, Any]

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


async def _integrations(one: Visit, orchestrator: Orchestrator) -> dict[Provider, Row] | None:
    """What the orchestrator says of each provider; None while it is away."""
    try:
        answer = await orchestrator.get(principal_of(one.caller), "/integrations")
    except Problem:
        return None
    return {row["provider"]: row for row in cast("list[Row]", answer.json()["data"])}


def _status_words(row: Row) -> str:
    organisation = row.get("organisation")
    if row["status"] == "connected" and organisation:
        return f"Connected to {organisation['name']}"
    return _WORDS[row["status"]]


def _attention(row: Row) -> int:
    counts = cast("dict[str, int]", row.get("counts") or {})
    return sum(
        counts.get(state, 0)
        for state in ("blocked", "removed_there", "synced_with_difference", "changed_there")
    )


def _connect(provider: Provider, row: Row, offered: bool) -> tuple[str | None, str]:
    label = PROVIDER_LABELS[provider]
    if not offered or row["status"] == "connected":
        return None, ""
    words = "Reconnect" if row["status"] == "reconnect" else "Connect"
    return f"/integrations/{provider}/connect", f"{words} {label}"


@router.get("")
async def show_integrations(
    one: AVisit,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    connectors: TheConnectors,
    render: TheRenderer,
) -> Response:
    async with database.transaction() as tx:
        shell = await one.shell(tx, "Integrations", "integrations")
    known = await _integrations(one, orchestrator)
    cards: list[IntegrationCard] = []
    for provider, label in PROVIDER_LABELS.items():
        row = (known or {}).get(provider, {"provider": provider, "status": "not_connected"})
        available = connectors.offers(provider)
        url, words = _connect(provider, row, available)
        settings = cast("Row", row.get("settings") or {})
        switches = [
            f"{name}: {'on' if settings[key] else 'off'}"
            for key, name in (
                ("sync_invoices", "Sync Invoices"),
                ("sync_customers", "Sync Customers"),
            )
            if key in settings
        ]
        cards.append(
            IntegrationCard(
                provider=provider,
                label=label,
                status=row["status"],
                status_words=_status_words(row),
                organisation=(row.get("organisation") or {}).get("name"),
                switches=tuple(switches),
                attention=_attention(row),
                connect_url=url,
                connect_label=words,
                available=available,
            )
        )
    return render.page("integrations.html", IntegrationsPage(shell, tuple(cards), known is None))


@router.get("/{provider}")
async def show_provider(provider: Provider) -> Response:
    return RedirectResponse(f"/integrations/{provider}/settings", 303)


@router.get("/{provider}/connect")
async def connect(
    request: Request,
    provider: Provider,
    one: AVisit,
    database: TheDatabase,
    connectors: TheConnectors,
) -> Response:
    """On to the connector. A link, because forms may only post to us; not from other sites."""
    if request.headers.get("sec-fetch-site") == "cross-site" or not one.caller.may_act:
        return RedirectResponse(f"/integrations/{provider}/settings", 303)
    url = await service.authorize_url(database, connectors, one.caller, provider)
    return RedirectResponse(url, 303)


@router.post("/{provider}/disconnect")
async def disconnect(
    provider: Provider, one: AWrite, database: TheDatabase, connectors: TheConnectors
) -> Response:
    await service.disconnect(database, connectors, one.caller, provider)
    return RedirectResponse(f"/integrations/{provider}/settings", 303)


async def head_of(
    one: Visit,
    provider: Provider,
    tab: str,
    orchestrator: Orchestrator,
    offered: bool,
) -> tuple[ProviderHead, bool]:
    """The provider page's head, and whether the orchestrator is away."""
    known = await _integrations(one, orchestrator)
    row = (known or {}).get(provider, {"provider": provider, "status": "not_connected"})
    url, words = _connect(provider, row, offered)
    head = ProviderHead(
        provider=provider,
        label=PROVIDER_LABELS[provider],
        organisation=(row.get("organisation") or {}).get("name"),
        status=row["status"],
        status_words=_status_words(row) if known is not None else "Unknown right now",
        tab=tab,
        connect_url=url if known is not None else None,
        connect_label=words,
        problems=_attention(row),
    )
    return head, known is None


@router.get("/{provider}/settings")
async def show_settings(
    provider: Provider,
    one: AVisit,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    connectors: TheConnectors,
    render: TheRenderer,
    connect: Annotated[str | None, Query()] = None,
) -> Response:
    message = None if connect is None else _CONNECT_MESSAGES.get(connect, "That didn't work.")
    page = await _settings_page(one, provider, database, orchestrator, connectors, None, message)
    return render.page("provider_settings.html", page)


async def _settings_page(
    one: Visit,
    provider: Provider,
    database: Database,
    orchestrator: Orchestrator,
    connectors: TheConnectors,
    typed: Form | None,
    message: str | None,
) -> ProviderSettingsPage:
    label = PROVIDER_LABELS[provider]
    async with database.transaction() as tx:
        shell = await one.shell(tx, f"{label} settings", "integrations")
    head, away = await head_of(one, provider, "settings", orchestrator, connectors.offers(provider))
    form, etag = typed or Form(), ""
    if not away and head.status != "not_connected":
        try:
            answer = await orchestrator.get(
                principal_of(one.caller), f"/integrations/{provider}/settings"
            )
        except Problem:
            away = True
        else:
            etag = answer.etag or ""
            form = typed or Form(_settings_values(answer.json()))
    return ProviderSettingsPage(shell, head, form, message, etag, away)


def _settings_values(settings: Row) -> dict[str, str]:
    return {
        "sync_invoices": "on" if settings["sync_invoices"] else "",
        "sync_customers": "on" if settings["sync_customers"] else "",
        "start_date": settings["start_date"],
        "gone_there": settings["gone_there"],
    }


@router.post("/{provider}/settings")
async def save_settings(
    provider: Provider,
    one: AWrite,
    form: AForm,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    connectors: TheConnectors,
    render: TheRenderer,
) -> Response:
    body = {
        "sync_invoices": form.get("sync_invoices") == "on",
        "sync_customers": form.get("sync_customers") == "on",
        "start_date": form.get("start_date", ""),
        "gone_there": form.get("gone_there", ""),
    }
    try:
        await service.save_settings(
            database, orchestrator, one.caller, provider, as_json(body), form.get("etag") or None
        )
    except Problem as problem:
        typed = form_of(form, problem)
        page = await _settings_page(one, provider, database, orchestrator, connectors, typed, None)
        return render.page("provider_settings.html", page, problem.status)
    return RedirectResponse(f"/integrations/{provider}/settings", 303)


@router.get("/{provider}/account-mapping")
async def show_mapping(
    provider: Provider,
    one: AVisit,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    connectors: TheConnectors,
    render: TheRenderer,
    refresh: str = "",
) -> Response:
    page = await _mapping_page(
        one, provider, database, orchestrator, connectors, {}, None, refresh=bool(refresh)
    )
    return render.page("account_mapping.html", page)


async def _mapping_page(
    one: Visit,
    provider: Provider,
    database: Database,
    orchestrator: Orchestrator,
    connectors: TheConnectors,
    staged: Mapping[str, str],
    problem: str | None,
    *,
    refresh: bool = False,
) -> AccountMappingPage:
    label = PROVIDER_LABELS[provider]
    async with database.transaction() as tx:
        shell = await one.shell(tx, f"{label} account mapping", "integrations")
    offered = connectors.offers(provider)
    head, away = await head_of(one, provider, "account-mapping", orchestrator, offered)
    accounts: Row = {"data": [], "as_of": None, "refreshing": False, "offered": True}
    rows: list[Row] = []
    etag = ""
    if not away and head.status != "not_connected":
        principal = principal_of(one.caller)
        params = {"refresh": "true"} if refresh else None
        try:
            answer = await orchestrator.get(principal, f"/integrations/{provider}/accounts", params)
            accounts = answer.json()
            mapping = await service.account_mapping(database, orchestrator, one.caller, provider)
            rows, etag = cast("list[Row]", mapping.json()["items"]), mapping.etag or ""
        except Problem:
            away = True
    shown = [
        MappingRow(
            item_id=row["item_id"],
            name=row["item_name"],
            account_id=staged.get(row["item_id"], row["account_id"] or ""),
            original=row["account_id"] or "",
        )
        for row in rows
    ]
    as_of = accounts["as_of"]
    return AccountMappingPage(
        shell=shell,
        head=head,
        rows=tuple(shown),
        accounts=options_of(accounts),
        unmapped=sum(not row.account_id for row in shown),
        staged=sum(row.account_id != row.original for row in shown),
        as_of=None if as_of is None else one.eyes.moment(datetime.fromisoformat(as_of)),
        refreshing=accounts["refreshing"],
        offered=accounts["offered"],
        etag=etag,
        problem=problem,
        away=away,
    )


@router.post("/{provider}/account-mapping")
async def save_mapping(
    provider: Provider,
    one: AWrite,
    form: AForm,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    connectors: TheConnectors,
    render: TheRenderer,
) -> Response:
    """Saves what was changed; "Apply to Unmapped" without JavaScript stages and shows it first."""
    chosen = {n.removeprefix("account."): v for n, v in form.items() if n.startswith("account.")}
    was = {n.removeprefix("was."): v for n, v in form.items() if n.startswith("was.")}
    bulk = form.get("bulk_account_id", "")
    if form.get("stage"):
        staged = {item: account or bulk for item, account in chosen.items()}
        page = await _mapping_page(one, provider, database, orchestrator, connectors, staged, None)
        return render.page("account_mapping.html", page)
    changed = [
        {"item_id": item, "account_id": account or None}
        for item, account in chosen.items()
        if account != was.get(item, "")
    ]
    try:
        if changed:
            await service.save_account_mapping(
                database,
                orchestrator,
                one.caller,
                provider,
                json.dumps({"items": changed}),
                form.get("etag") or None,
            )
    except Problem as problem:
        page = await _mapping_page(
            one, provider, database, orchestrator, connectors, chosen, problem.detail
        )
        return render.page("account_mapping.html", page, problem.status)
    return RedirectResponse(f"/integrations/{provider}/account-mapping", 303)


@router.post("/{provider}/account-mapping/apply")
async def apply_to_unmapped(
    provider: Provider,
    one: AWrite,
    form: AForm,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
) -> Response:
    """The fix on an invoice or in Problems: one account for all items that have none."""
    await service.apply_to_unmapped(
        database, orchestrator, one.caller, provider, form.get("account_id", "")
    )
    return RedirectResponse(inside(form.get("back", "/invoices")), 303)
