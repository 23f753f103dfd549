"""Integrations: the cards, and a provider's settings and account mapping."""

import json
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Annotated, cast

from contracts.causes import CONNECT_MESSAGES, connect_message
from contracts.ids import PROVIDER_LABELS, Provider
from fastapi import APIRouter, Depends, Query, Request, Response
from fastapi.responses import RedirectResponse
from messaging.database import Database

from invoice_api.http.dependencies import TheDatabase
from invoice_api.http.problems import Problem, invalid_field
from invoice_api.integrations import connections, matching, service
from invoice_api.integrations.schemas import IntegrationShown, IntegrationsShown
from invoice_api.peers.connectors import Connectors, TheConnectors
from invoice_api.peers.orchestrator import Orchestrator, TheOrchestrator
from invoice_api.sync_status import connections_store
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.first_steps import forecast
from invoice_api.web.health_views import last_sync_words, since_words, why_words
from invoice_api.web.integrated import principal_of, soon, try_accounts, with_those_gone
from invoice_api.web.pages import Form, Option, ProviderHead
from invoice_api.web.provider_views import (
    DisconnectPage,
    IntegrationCard,
    IntegrationsPage,
    ProviderSettingsPage,
    SecondPage,
)
from invoice_api.web.reading import as_json
from invoice_api.web.rendering import CLOSED_PERIOD, GONE_THERE
from invoice_api.web.sessions import AForm, AVisit, AWrite, Visit
from invoice_api.web.views import form_of

router = APIRouter(prefix="/integrations", include_in_schema=False)

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
        facts=_facts(row, one),
        switches=tuple((name, bool(settings[key])) for key, name in named if key in settings),
        attention=_attention(row),
        synced=counts.get("synced", 0),
        moving=sum(counts.get(state, 0) for state in _ON_THE_WAY),
        connect_url=url,
        connect_label=words,
        available=connectors.offers(row.provider),
    )


_ON_THE_WAY = ("waiting", "held", "queued", "checking", "out_of_date")


def _facts(row: IntegrationShown, one: Visit) -> tuple[str, ...]:
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
        _CONNECTING,
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


@router.get("/{provider}/settings")
async def show_settings(
    request: Request,
    provider: Provider,
    one: AVisit,
    peers: ThePeers,
    render: TheRenderer,
    told: Annotated[str | None, Query(alias="connect")] = None,
    start_date: date | None = None,
    seen: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    """Whoever comes back from consent may be here before the news is: then the page waits."""
    message = None if told is None else _connect_words(told, provider)
    page = await _settings_page(one, provider, peers, None, message)
    connected = page.head.status == "connected"
    waits = _CONNECTING in request.cookies and told is None and not connected
    if seen:
        # A page that is open asks whether it is still of today.
        changed = bool(page.etag) and seen != page.etag
        return render.page("provider_settings.html", replace(page, changed=changed))
    if waits:
        head = replace(page.head, status_words="Connecting…", connect_url=None)
        page = replace(page, head=head)
    page = replace(
        page, waiting=waits, dry_run=await _forecast(one, provider, peers, page, start_date)
    )
    response = render.page("provider_settings.html", page)
    if not waits:
        response.delete_cookie(_CONNECTING, path=f"/integrations/{provider}")
    return response


def _connect_words(code: str, provider: Provider) -> str:
    """What came of connecting, as the address says it."""
    for known in CONNECT_MESSAGES:
        if known == code:
            return connect_message(known, provider)[0]
    if code == "provider_down":
        label = PROVIDER_LABELS[provider]
        return f"{label} isn't answering. Nothing was stored; please try again."
    return "That didn't work. Try again."


async def _forecast(
    one: Visit,
    provider: Provider,
    peers: Peers,
    page: ProviderSettingsPage,
    start_date: date | None,
) -> str | None:
    """What switching on would do, from that day or the saved one; nothing while nobody can say."""
    if page.away or page.head.status != "connected":
        return None
    wanted = {"sync_invoices": "true", "sync_customers": "true"}
    if start_date is not None:
        wanted["start_date"] = start_date.isoformat()
    asking = matching.count_settings(
        peers.database, peers.orchestrator, one.caller, provider, wanted
    )
    try:
        return forecast(page.head.label, await soon(asking))
    except Problem:
        return None


async def _settings_page(
    one: Visit, provider: Provider, peers: Peers, typed: Form | None, message: str | None
) -> ProviderSettingsPage:
    async with peers.database.transaction() as tx:
        shell = await one.shell(tx, f"{PROVIDER_LABELS[provider]} settings", "integrations")
    row = await peers.integration(one, provider)
    head = head_of(row, "settings", peers.connectors)
    form, etag, away = typed or Form(), "", False
    theirs: dict[str, str] = {}
    accounts: tuple[Option, ...] = ()
    if head.status != "not_connected":
        try:
            answer = await soon(
                service.settings(peers.database, peers.orchestrator, one.caller, provider)
            )
        except Problem:
            away = True
        else:
            etag = answer.etag or ""
            saved = Form(_settings_values(json.loads(answer.text)))
            form = typed or saved
            known = await try_accounts(peers.orchestrator, principal_of(one.caller), provider)
            chosen = [one_of.value(name) for name in _ACCOUNTS for one_of in (form, saved)]
            accounts = with_those_gone(known, chosen, provider)
            if typed is not None and message is not None:
                theirs = saved_words(saved, typed, accounts)
    return ProviderSettingsPage(
        shell,
        head,
        form,
        message,
        etag,
        away,
        accounts=accounts,
        facts=_facts(row, one),
        theirs=theirs,
    )


def saved_words(saved: Form, typed: Form, accounts: tuple[Option, ...]) -> dict[str, str]:
    """What is saved of each field in which something else was typed, as a person would say it."""
    labels = {o.value: o.label for o in (*GONE_THERE, *CLOSED_PERIOD, *accounts)}
    said: dict[str, str] = {}
    for name in (*_SWITCHES, *_CHOICES):
        value = saved.value(name)
        if value == typed.value(name):
            continue
        if name in _SWITCHES:
            said[name] = value or "off"
        elif name == "start_date":
            said[name] = formatters.day(date.fromisoformat(value))
        else:
            said[name] = labels.get(value, "nothing chosen yet")
    return said


_ACCOUNTS = ("rounding_account_id", "no_item_account_id")
_CHOICES = ("start_date", "gone_there", "post_in_closed_period", *_ACCOUNTS)
_SWITCHES = ("sync_invoices", "sync_customers")


def _settings_values(settings: object) -> dict[str, str]:
    values = cast("dict[str, object]", settings)
    return {name: "on" if values.get(name) else "" for name in _SWITCHES} | {
        name: str(values.get(name) or "") for name in _CHOICES
    }


@router.post("/{provider}/settings")
async def save_settings(
    provider: Provider, one: AWrite, form: AForm, peers: ThePeers, render: TheRenderer
) -> Response:
    body: dict[str, object] = {name: form.get(name) == "on" for name in _SWITCHES}
    body |= {name: form[name] for name in _CHOICES if form.get(name)}
    body |= {name: form[name] or None for name in _ACCOUNTS if name in form}
    try:
        if not form.get("start_date", "-").strip():
            raise invalid_field("start_date", "is required", "missing")
        await service.save_settings(
            peers.database,
            peers.orchestrator,
            one.caller,
            provider,
            as_json(body),
            form.get("etag") or None,
        )
    except Problem as problem:
        typed = form_of(form, problem)
        message = None
        if problem.status == 412:
            typed = Form({name: value for name, value in form.items() if name != "etag"})
            message = (
                "Someone else saved these settings meanwhile. Yours are below, not saved yet:"
                " look at them and save again."
            )
        page = await _settings_page(one, provider, peers, typed, message)
        return render.page("provider_settings.html", page, problem.status)
    return one.told(f"/integrations/{provider}/settings", "Settings saved.")
