"""A provider's settings: the switches, from when on, and what they would send."""

import json
from dataclasses import replace
from datetime import date
from typing import Annotated, cast

from contracts.causes import CONNECT_MESSAGES, connect_message
from contracts.ids import PROVIDER_LABELS, Provider
from fastapi import APIRouter, Query, Request, Response

from invoice_api.http.problems import Problem, invalid_field
from invoice_api.integrations import matching, service
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.first_steps import forecast
from invoice_api.web.integrated import principal_of, soon, try_accounts, with_those_gone
from invoice_api.web.integration_pages import (
    CONNECTING,
    Peers,
    ThePeers,
    card_facts,
    head_of,
)
from invoice_api.web.pages import Form, Option
from invoice_api.web.provider_views import (
    ProviderSettingsPage,
)
from invoice_api.web.reading import as_json
from invoice_api.web.rendering import CLOSED_PERIOD, GONE_THERE
from invoice_api.web.sessions import AForm, AVisit, AWrite, Visit
from invoice_api.web.views import form_of

router = APIRouter(prefix="/integrations", include_in_schema=False)


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
    waits = CONNECTING in request.cookies and told is None and not connected
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
        response.delete_cookie(CONNECTING, path=f"/integrations/{provider}")
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
        facts=card_facts(row, one),
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
