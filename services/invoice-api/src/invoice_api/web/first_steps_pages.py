"""The first steps: their page, what is skipped, and their line on the invoice list."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from contracts.ids import PROVIDER_LABELS, Provider
from contracts.sync import SyncState
from fastapi import APIRouter, Response
from messaging.clock import Clock
from messaging.database import Tx

from invoice_api.customer_imports import service as imports
from invoice_api.http.dependencies import TheClock, TheDatabase
from invoice_api.http.paging import PageRequest
from invoice_api.http.problems import Problem
from invoice_api.integrations import mapping, matching, tax_mapping
from invoice_api.integrations import service as settings
from invoice_api.integrations.connections import provider_of
from invoice_api.integrations.schemas import SettingsCounts
from invoice_api.integrations.tax_mapping import TaxMappingShown
from invoice_api.invoices import service as invoices
from invoice_api.invoices.store import InvoiceFilter
from invoice_api.peers.orchestrator import TheOrchestrator
from invoice_api.sync_status import connections_store, first_steps_store, store
from invoice_api.sync_status.filters import SyncFilter
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.first_steps import KEYS, Step, Steps, steps_of
from invoice_api.web.integrated import account_options, principal_of, soon
from invoice_api.web.invoice_rows import row_of
from invoice_api.web.invoice_views import InvoiceRow
from invoice_api.web.pages import Option, Shell
from invoice_api.web.reading import as_json
from invoice_api.web.remote_customers_views import ReviewTold
from invoice_api.web.sessions import AForm, AVisit, AWrite, Visit
from invoice_api.web.views import told_of

router = APIRouter(prefix="/start", include_in_schema=False)


_READY = 3


@dataclass(frozen=True)
class Switches:
    """The settings of the step that switches on, as they are."""

    invoices: bool
    customers: bool
    start_date: str


@dataclass(frozen=True)
class Asked:
    """What only the orchestrator knows: without it the steps stand too."""

    counts: SettingsCounts | None = None
    taxes: int = 0
    there: Mapping[str, int] = field(default_factory=dict[str, int])
    """Customers at the provider, counted as the review counts them."""


@dataclass(frozen=True)
class StartPage:
    shell: Shell
    steps: tuple[Step, ...]
    done: int
    now: Step | None
    dismissed: bool
    provider: str = ""
    accounts: tuple[Option, ...] = ()
    """What can be given to all items without an account, right here."""
    unmapped: int = 0
    connects: tuple[Option, ...] = ()
    """While none is connected: each provider with the way to its consent."""
    switches: Switches | None = None
    label: str = ""
    ready: tuple[InvoiceRow, ...] = ()
    """Invoices that could be the first in the books, to be sent from here."""
    live_url: str = "/live?list=customer&list=item&list=invoice"


@router.get("")
async def show_start(
    one: AVisit,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    clock: TheClock,
    render: TheRenderer,
) -> Response:
    """Each step ticked by what is so, not by clicks."""
    async with database.transaction() as tx:
        shell = await one.shell(tx, "First steps", "settings")
        known = await connections_store.current_connections(tx, one.caller.company.id)
    chosen = next((c for c in known if c.facts.status == "connected"), None)
    asked = Asked()
    if chosen is not None:
        asked = await _asked(one, database, orchestrator, chosen.facts.provider)
    async with database.transaction() as tx:
        steps, dismissed = await _steps(tx, one, asked)
        page = StartPage(shell, steps.steps, steps.done, steps.now, dismissed)
        if chosen is None:
            return render.page("start.html", replace(page, connects=_CONNECTS))
        unmapped = await store.count_unmapped(tx, one.caller.company.id, [chosen.facts.id])
        ready = await _ready(tx, one, clock, chosen.facts.provider)
    facts = chosen.facts
    page = replace(
        page,
        provider=facts.provider,
        label=PROVIDER_LABELS[facts.provider],
        ready=ready,
        switches=Switches(
            facts.automatic_invoices,
            facts.automatic_customers,
            "" if facts.start_date is None else facts.start_date.isoformat(),
        ),
    )
    if unmapped:
        accounts = await account_options(orchestrator, principal_of(one.caller), facts.provider)
        page = replace(page, accounts=accounts, unmapped=unmapped)
    return render.page("start.html", page)


_CONNECTS = tuple(
    Option(f"/integrations/{provider}/connect", label)
    for provider, label in PROVIDER_LABELS.items()
)


async def _ready(tx: Tx, one: Visit, clock: Clock, provider: Provider) -> tuple[InvoiceRow, ...]:
    """The newest that aren't there and wait for nobody."""
    wanted = SyncFilter(states=(SyncState.NOT_SYNCED,), provider=provider)
    page = PageRequest(limit=_READY)
    found = await invoices.list_page(tx, one.caller, clock, page, wanted, InvoiceFilter())
    return tuple(row_of(invoice, one) for invoice in found.data)


async def _asked(
    one: Visit, database: TheDatabase, orchestrator: TheOrchestrator, provider: Provider
) -> Asked:
    """All at once; what can't be had is left out."""
    on = {"sync_invoices": "true", "sync_customers": "true"}
    counts, taxes, there = await asyncio.gather(
        soon(matching.count_settings(database, orchestrator, one.caller, provider, on)),
        soon(tax_mapping.show_taxes(database, orchestrator, one.caller, provider)),
        soon(imports.review(database, orchestrator, one.caller, provider, {"limit": "1"})),
        return_exceptions=True,
    )
    for failed in (counts, taxes, there):
        if isinstance(failed, BaseException) and not isinstance(failed, Problem):
            raise failed
    return Asked(
        None if isinstance(counts, BaseException) else counts,
        0 if isinstance(taxes, BaseException) else _taxes_open(taxes[0]),
        {}
        if isinstance(there, BaseException)
        else ReviewTold.model_validate_json(there.text).counts,
    )


def _taxes_open(shown: TaxMappingShown) -> int:
    if shown.matching == "none":
        return 0
    rates = [row for row in shown.items if row.tax_rate_id is not None or shown.matching == "all"]
    return sum(row.tax_code is None for row in rates)


async def _steps(tx: Tx, one: Visit, asked: Asked | None = None) -> tuple[Steps, bool]:
    company = one.caller.company.id
    known = await connections_store.current_connections(tx, company)
    ids = [c.facts.id for c in known]
    facts = await first_steps_store.load(tx, company, ids)
    chosen = [c.facts.id for c in known if c.facts.status == "connected"][:1]
    unmapped = await store.count_unmapped(tx, company, chosen) if chosen else facts.items
    asked = asked or Asked()
    steps = steps_of(known, facts, unmapped, asked.taxes, asked.counts, asked.there)
    return steps, facts.dismissed


async def line_of(tx: Tx, one: Visit) -> str | None:
    """What the invoice list says of them: nothing once they are done or put away."""
    if not one.caller.may_act:
        return None
    steps, dismissed = await _steps(tx, one)
    if dismissed or steps.now is None:
        return None
    return f"{steps.done} of {len(steps.steps)} done. Next: {steps.now.title}"


@router.post("/accounts")
async def assign_accounts(
    one: AWrite, form: AForm, database: TheDatabase, orchestrator: TheOrchestrator
) -> Response:
    """The account chosen, for every item that has none."""
    account = form.get("account_id", "")
    if not account:
        return one.told("/start", "Choose an account first.", tone="warning")
    try:
        applied = await mapping.apply_to_unmapped(
            database, orchestrator, one.caller, provider_of(form.get("provider", "")), account
        )
    except Problem as problem:
        return one.told("/start", told_of(problem), tone="danger")
    items = "item" if applied.mapped == 1 else "items"
    return one.told("/start", f"{applied.mapped:,} {items} mapped.")


@router.post("/switch")
async def switch_on(
    one: AWrite, form: AForm, database: TheDatabase, orchestrator: TheOrchestrator
) -> Response:
    """The two switches and the start date, as the step shows them."""
    start = form.get("start_date", "").strip()
    if not start:
        return one.told("/start", "Choose a start date first.", tone="warning")
    body: dict[str, object] = {
        "sync_invoices": form.get("sync_invoices") == "on",
        "sync_customers": form.get("sync_customers") == "on",
        "start_date": start,
    }
    provider = provider_of(form.get("provider", ""))
    try:
        await settings.save_settings(database, orchestrator, one.caller, provider, as_json(body))
    except Problem as problem:
        return one.told("/start", told_of(problem), tone="danger")
    return one.told("/start", "Settings saved.")


@router.post("/skip")
async def skip(one: AWrite, form: AForm, database: TheDatabase) -> Response:
    """Leaves a step out, or takes it up again."""
    step = form.get("step", "")
    if step in KEYS:
        change = first_steps_store.take_up if form.get("undo") else first_steps_store.skip
        async with database.transaction() as tx:
            await change(tx, one.caller.company.id, step)
    return one.see("/start")


@router.post("/dismiss")
async def dismiss(one: AWrite, form: AForm, database: TheDatabase) -> Response:
    """The invoice list stops showing them, or shows them again."""
    away = not form.get("undo")
    async with database.transaction() as tx:
        await first_steps_store.dismiss(tx, one.caller.company.id, dismissed=away)
    if not away:
        return one.see("/start")
    return one.told("/invoices", "First steps are under Settings from now on.", tone="info")
