"""Invoices: the list with its tabs, one invoice, the form."""

from collections.abc import Iterable
from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from contracts.ids import InvoiceId
from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse
from messaging.clock import Clock
from messaging.database import Database, Tx

from invoice_api.customers import service as customers
from invoice_api.http.bodies import parse
from invoice_api.http.dependencies import TheClock, TheDatabase, TheIds
from invoice_api.http.paging import PageRequest, Paging
from invoice_api.http.problems import Problem
from invoice_api.invoices import service, store
from invoice_api.invoices.schemas import InvoiceChanges, InvoiceShown, NewInvoice
from invoice_api.invoices.store import InvoiceFilter
from invoice_api.items import service as items
from invoice_api.items import store as items_store
from invoice_api.peers.orchestrator import Orchestrator, TheOrchestrator
from invoice_api.sync_status.filters import SyncFilter
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.integrated import account_options, principal_of, timeline_of
from invoice_api.web.live import live_url
from invoice_api.web.pages import (
    Form,
    InvoiceFormPage,
    InvoicePage,
    InvoiceRow,
    InvoicesPage,
    LineRow,
    Option,
    Shell,
    Tab,
)
from invoice_api.web.reading import LINE_FIELDS, as_json, line_count, lines_of, packed
from invoice_api.web.sessions import AForm, AVisit, AWrite, Visit
from invoice_api.web.views import TAB_LABELS, badge_views, form_of, tabs_states

router = APIRouter(prefix="/invoices", include_in_schema=False)

_CHOICES = PageRequest(limit=200)
"""A drop-down shows the newest 200; the API takes any."""

_STATUS = {"draft": "Draft", "pending": "Pending", "sent": "Sent", "paid": "Paid", "void": "Void"}


@router.get("")
async def show_invoices(
    one: AVisit,
    database: TheDatabase,
    clock: TheClock,
    render: TheRenderer,
    page: Paging,
    q: Annotated[str, Query(max_length=200)] = "",
    tab: str = "all",
) -> Response:
    async with database.transaction() as tx:
        wanted = SyncFilter(states=tabs_states(tab), query=q or None)
        of = InvoiceFilter(statuses=("draft",)) if tab == "draft" else InvoiceFilter()
        found = await service.list_page(tx, one.caller, clock, page, wanted, of)
        total, drafts, states = await store.count_by_state(tx, one.caller.company.id)
        shell = await one.shell(tx, "Invoices", "invoices")
        connected = await one.connected(tx)
    more = found.next_cursor
    rest = urlencode({"q": q, "tab": tab, "cursor": more or ""})
    return render.page(
        "invoices.html",
        InvoicesPage(
            shell=shell,
            rows=tuple(_row(invoice, one) for invoice in found.data),
            tabs=tuple(
                Tab(
                    label,
                    {"all": total, "draft": drafts}.get(
                        key, sum(states.get(state.value, 0) for state in tabs_states(key))
                    ),
                    f"/invoices?{urlencode({'tab': key, 'q': q})}",
                    key == tab,
                )
                for key, label in TAB_LABELS
            ),
            query=q,
            next_url=None if more is None else f"/invoices?{rest}",
            connected=connected,
            live_url=live_url("invoice", [str(i.id) for i in found.data]),
        ),
    )


def _row(invoice: InvoiceShown, one: Visit) -> InvoiceRow:
    return InvoiceRow(
        id=str(invoice.id),
        number=invoice.number,
        customer=invoice.customer_name,
        date=formatters.day(invoice.issue_date),
        total=formatters.money(invoice.total, invoice.currency),
        status=_STATUS[invoice.status],
        badges=badge_views(invoice.sync, one.eyes, can_write=one.caller.may_act),
    )


@router.get("/new")
async def show_new(
    one: AVisit, database: TheDatabase, clock: TheClock, render: TheRenderer
) -> Response:
    today = one.eyes.now.astimezone(one.eyes.zone).date().isoformat()
    page = await _form_page(one, database, clock, Form({"issue_date": today}), None)
    return render.page("invoice_form.html", page)


@router.post("/new")
async def create(
    one: AWrite,
    form: AForm,
    database: TheDatabase,
    clock: TheClock,
    ids: TheIds,
    render: TheRenderer,
) -> Response:
    if form.get("more"):
        page = await _form_page(one, database, clock, Form(form), None, more=3)
        return render.page("invoice_form.html", page)
    lines = lines_of(form)
    try:
        wanted = parse(NewInvoice, _sent(form, lines))
        async with database.transaction() as tx:
            made = await service.create(tx, one.caller, clock, ids, wanted)
    except Problem as problem:
        typed = form_of(packed(form, lines), problem)
        page = await _form_page(one, database, clock, typed, None)
        return render.page("invoice_form.html", page, problem.status)
    return RedirectResponse(f"/invoices/{made.snapshot.id}", 303)


def _sent(form: dict[str, str], lines: list[dict[str, str]]) -> str:
    """The form as the API's body: empty fields are left out, an empty memo or due day is none."""
    body: dict[str, object] = {"customer_id": form.get("customer_id", ""), "lines": lines}
    body |= {"due_date": form.get("due_date") or None, "memo": form.get("memo", "").strip() or None}
    for name in ("number", "issue_date"):
        if form.get(name, "").strip():
            body[name] = form[name].strip()
    return as_json(body)


@router.get("/{invoice_id}")
async def show_invoice(
    one: AVisit,
    invoice_id: UUID,
    database: TheDatabase,
    clock: TheClock,
    orchestrator: TheOrchestrator,
    render: TheRenderer,
) -> Response:
    async with database.transaction() as tx:
        found = await service.load(tx, one.caller, InvoiceId(invoice_id))
        [shown] = await service.shown(tx, one.caller, clock, [found])
        shell = await one.shell(tx, f"Invoice {shown.number}", "invoices")
        names = await _item_names(tx, one, shown)
    return render.page("invoice.html", await _invoice_page(one, shown, shell, names, orchestrator))


async def _item_names(tx: Tx, one: Visit, shown: InvoiceShown) -> dict[str, str]:
    wanted = [line.item_id for line in shown.lines if line.item_id is not None]
    if not wanted:
        return {}
    found = await items_store.load_items(tx, one.caller.company.id, wanted)
    return {str(item_id): item.name for item_id, item in found.items()}


async def _invoice_page(
    one: Visit,
    shown: InvoiceShown,
    shell: Shell,
    names: dict[str, str],
    orchestrator: Orchestrator,
) -> InvoicePage:
    principal = principal_of(one.caller)
    badges = badge_views(shown.sync, one.eyes, can_write=one.caller.may_act)
    accounts = {
        badge.provider: await account_options(orchestrator, principal, provider)
        for provider, badge in zip(shown.sync, badges, strict=True)
        if badge.cause and any(fix.action == "choose_account" for fix in badge.cause.fixes)
    }
    timelines = [
        await timeline_of(orchestrator, principal, provider, "invoice", str(shown.id), one.eyes)
        for provider in shown.sync
    ]
    currency = shown.currency
    return InvoicePage(
        shell=shell,
        id=str(shown.id),
        number=shown.number,
        status=shown.status,
        status_label=_STATUS[shown.status],
        customer=shown.customer_name,
        customer_url=f"/customers/{shown.customer_id}",
        date=formatters.day(shown.issue_date),
        due=None if shown.due_date is None else formatters.day(shown.due_date),
        currency=currency,
        memo=shown.memo,
        lines=tuple(
            LineRow(
                item=names.get(str(line.item_id), "—"),
                description=line.description,
                quantity=formatters.quantity(line.quantity),
                unit_price=formatters.quantity(line.unit_price)
                if line.unit_price != round(line.unit_price, 2)
                else formatters.money(line.unit_price, currency),
                amount=formatters.money(line.amount, currency),
            )
            for line in shown.lines
        ),
        subtotal=formatters.money(shown.subtotal, currency),
        tax=formatters.money(shown.tax, currency),
        total=formatters.money(shown.total, currency),
        badges=badges,
        accounts=accounts,
        timelines=tuple(timelines),
        connected=bool(badges),
        live_url=live_url("invoice", [str(shown.id)]),
        etag=str(shown.version),
    )


@router.get("/{invoice_id}/edit")
async def show_edit(
    one: AVisit,
    invoice_id: UUID,
    database: TheDatabase,
    clock: TheClock,
    render: TheRenderer,
) -> Response:
    async with database.transaction() as tx:
        found = (await service.load(tx, one.caller, InvoiceId(invoice_id))).snapshot
    values = {
        "etag": f'"{found.version}"',
        "customer_id": str(found.customer_id),
        "number": found.number,
        "issue_date": found.issue_date.isoformat(),
        "due_date": "" if found.due_date is None else found.due_date.isoformat(),
        "memo": found.memo or "",
    }
    for number, line in enumerate(found.lines):
        shown = ("" if line.item_id is None else str(line.item_id), line.description)
        amounts = (formatters.quantity(line.quantity), formatters.quantity(line.unit_price))
        for name, value in zip(LINE_FIELDS, (*shown, *amounts), strict=True):
            values[f"lines.{number}.{name}"] = value
    page = await _form_page(one, database, clock, Form(values), InvoiceId(invoice_id))
    return render.page("invoice_form.html", page)


@router.post("/{invoice_id}/edit")
async def change(
    one: AWrite,
    form: AForm,
    invoice_id: UUID,
    database: TheDatabase,
    clock: TheClock,
    ids: TheIds,
    render: TheRenderer,
) -> Response:
    known = InvoiceId(invoice_id)
    if form.get("more"):
        page = await _form_page(one, database, clock, Form(form), known, more=3)
        return render.page("invoice_form.html", page)
    lines = lines_of(form)
    try:
        changes = parse(InvoiceChanges, _sent(form, lines))
        async with database.transaction() as tx:
            await service.change(
                tx, one.caller, clock, ids, known, changes, if_match=form.get("etag") or None
            )
    except Problem as problem:
        typed = form_of(packed(form, lines), problem)
        page = await _form_page(one, database, clock, typed, known)
        return render.page("invoice_form.html", page, problem.status)
    return RedirectResponse(f"/invoices/{known}", 303)


async def _form_page(
    one: Visit,
    database: Database,
    clock: Clock,
    form: Form,
    invoice_id: InvoiceId | None,
    more: int = 0,
) -> InvoiceFormPage:
    everything = SyncFilter()
    async with database.transaction() as tx:
        people = await customers.list_page(tx, one.caller, clock, _CHOICES, everything)
        things = await items.list_page(tx, one.caller, clock, _CHOICES, everything)
        heading = "New invoice"
        if invoice_id is not None:
            found = await service.load(tx, one.caller, invoice_id)
            heading = f"Edit invoice {found.snapshot.number}"
        shell = await one.shell(tx, heading, "invoices")
    back = "/invoices" if invoice_id is None else f"/invoices/{invoice_id}"
    return InvoiceFormPage(
        shell=shell,
        form=form,
        heading=heading,
        post_url="/invoices/new" if invoice_id is None else f"{back}/edit",
        back_url=back,
        customers=_by_name(Option(str(c.id), c.name) for c in people.data),
        items=_by_name(Option(str(i.id), i.name) for i in things.data),
        line_count=line_count(form.values, more),
    )


def _by_name(options: Iterable[Option]) -> tuple[Option, ...]:
    return tuple(sorted(options, key=lambda option: option.label.casefold()))
