"""The first steps: their page, what is skipped, and their line on the invoice list."""

from dataclasses import dataclass, replace

from contracts.ids import Provider
from fastapi import APIRouter, Response
from messaging.database import Tx

from invoice_api.http.dependencies import TheDatabase
from invoice_api.http.problems import Problem
from invoice_api.integrations import mapping, matching, tax_mapping
from invoice_api.integrations.connections import provider_of
from invoice_api.integrations.schemas import SettingsCounts
from invoice_api.peers.orchestrator import TheOrchestrator
from invoice_api.sync_status import connections_store, first_steps_store, store
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.first_steps import KEYS, Step, Steps, steps_of
from invoice_api.web.integrated import account_options, principal_of, soon
from invoice_api.web.pages import Option, Shell
from invoice_api.web.sessions import AForm, AVisit, AWrite, Visit

router = APIRouter(prefix="/start", include_in_schema=False)


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
    live_url: str = "/live?list=customer&list=item&list=invoice"


@router.get("")
async def show_start(
    one: AVisit, database: TheDatabase, orchestrator: TheOrchestrator, render: TheRenderer
) -> Response:
    """Each step ticked by what is so, not by clicks."""
    async with database.transaction() as tx:
        shell = await one.shell(tx, "First steps", "settings")
        known = await connections_store.current_connections(tx, one.caller.company.id)
    chosen = next((c for c in known if c.facts.status == "connected"), None)
    counts, taxes = None, 0
    if chosen is not None:
        counts, taxes = await _asked(one, database, orchestrator, chosen.facts.provider)
    async with database.transaction() as tx:
        steps, dismissed = await _steps(tx, one, taxes, counts)
        unmapped = (
            0
            if chosen is None
            else await store.count_unmapped(tx, one.caller.company.id, [chosen.facts.id])
        )
    page = StartPage(shell, steps.steps, steps.done, steps.now, dismissed)
    if chosen is not None and unmapped:
        provider = chosen.facts.provider
        accounts = await account_options(orchestrator, principal_of(one.caller), provider)
        page = replace(page, provider=provider, accounts=accounts, unmapped=unmapped)
    return render.page("start.html", page)


async def _asked(
    one: Visit, database: TheDatabase, orchestrator: TheOrchestrator, provider: Provider
) -> tuple[SettingsCounts | None, int]:
    """What the orchestrator knows; the page stands without."""
    on = {"sync_invoices": "true", "sync_customers": "true"}
    try:
        counts = await soon(
            matching.count_settings(database, orchestrator, one.caller, provider, on)
        )
        shown, _ = await soon(tax_mapping.show_taxes(database, orchestrator, one.caller, provider))
    except Problem:
        return None, 0
    if shown.matching == "none":
        return counts, 0
    rates = [row for row in shown.items if row.tax_rate_id is not None or shown.matching == "all"]
    return counts, sum(row.tax_code is None for row in rates)


async def _steps(
    tx: Tx, one: Visit, taxes: int = 0, counts: SettingsCounts | None = None
) -> tuple[Steps, bool]:
    company = one.caller.company.id
    known = await connections_store.current_connections(tx, company)
    ids = [c.facts.id for c in known]
    facts = await first_steps_store.load(tx, company, ids)
    chosen = [c.facts.id for c in known if c.facts.status == "connected"][:1]
    unmapped = await store.count_unmapped(tx, company, chosen) if chosen else facts.items
    return steps_of(known, facts, unmapped, taxes, counts), facts.dismissed


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
        return one.told("/start", problem.detail, tone="danger")
    items = "item" if applied.mapped == 1 else "items"
    return one.told("/start", f"{applied.mapped:,} {items} mapped.")


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
