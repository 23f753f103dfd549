"""The form of an invoice: new, or changed by someone while others may be at it too."""

from collections.abc import Iterable
from uuid import UUID

from contracts.ids import CustomerId, InvoiceId, ItemId
from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from messaging.database import Database

from invoice_api.customers import store as customers_store
from invoice_api.http.bodies import parse
from invoice_api.http.dependencies import TheClock, TheDatabase, TheIds
from invoice_api.http.paging import PageRequest
from invoice_api.http.problems import Problem
from invoice_api.invoices import service
from invoice_api.invoices.schemas import InvoiceChanges, NewInvoice
from invoice_api.items import store as items_store
from invoice_api.sync_status.filters import SyncFilter
from invoice_api.tax_rates import service as tax_rates
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.invoice_views import InvoiceFormPage
from invoice_api.web.pages import Form, Option
from invoice_api.web.reading import (
    LINE_FIELDS,
    as_json,
    line_numbers,
    lines_of,
    packed,
    without_line,
)
from invoice_api.web.sessions import AForm, AVisit, AWrite, Visit
from invoice_api.web.views import form_of

router = APIRouter(prefix="/invoices", include_in_schema=False)

_CHOICES = PageRequest(limit=200)
"""A drop-down shows the newest 200 and whatever the form already holds; the API takes any."""


@router.get("/new")
async def show_new(
    one: AVisit, database: TheDatabase, render: TheRenderer, customer: str = ""
) -> Response:
    today = one.eyes.now.astimezone(one.eyes.zone).date().isoformat()
    start = Form({"issue_date": today, "customer_id": customer})
    page = await _form_page(one, database, start, None)
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
    if (redrawn := _redrawn(form)) is not None:
        page = await _form_page(one, database, *redrawn)
        return render.page("invoice_form.html", page)
    lines = lines_of(form)
    try:
        wanted = parse(NewInvoice, _sent(form, lines))
        async with database.transaction() as tx:
            made = await service.create(tx, one.caller, clock, ids, wanted)
            if form.get("send"):
                await service.send(tx, one.caller, ids, made.snapshot.id)
    except Problem as problem:
        typed = form_of(packed(form, lines), problem)
        page = await _form_page(one, database, typed, None)
        return render.page("invoice_form.html", page, problem.status)
    return RedirectResponse(f"/invoices/{made.snapshot.id}", 303)


def _redrawn(form: dict[str, str]) -> tuple[Form, InvoiceId | None, int] | None:
    """The form once more, with more lines or one less: how it is done without a script."""
    known = InvoiceId(UUID(form["of"])) if form.get("of") else None
    if form.get("more"):
        return Form(form), known, 3
    if number := form.get("less"):
        return Form(without_line(form, number)), known, 0
    return None


def _sent(form: dict[str, str], lines: list[dict[str, str]]) -> str:
    """The form as the API's body: empty fields are left out, an empty memo or due day is none."""
    body: dict[str, object] = {"customer_id": form.get("customer_id", ""), "lines": lines}
    body |= {"due_date": form.get("due_date") or None, "memo": form.get("memo", "").strip() or None}
    body["prices_include_tax"] = form.get("prices_include_tax") == "on"
    for name in ("number", "issue_date"):
        if form.get(name, "").strip():
            body[name] = form[name].strip()
    return as_json(body)


@router.get("/{invoice_id}/edit")
async def show_edit(
    one: AVisit,
    invoice_id: UUID,
    database: TheDatabase,
    render: TheRenderer,
) -> Response:
    known = InvoiceId(invoice_id)
    page = await _form_page(one, database, await _stored(one, database, known), known)
    return render.page("invoice_form.html", page)


async def _stored(one: Visit, database: Database, invoice_id: InvoiceId) -> Form:
    """The invoice as its form shows it."""
    async with database.transaction() as tx:
        found = (await service.load(tx, one.caller, invoice_id)).snapshot
    values = {
        "etag": f'"{found.version}"',
        "customer_id": str(found.customer_id),
        "number": found.number,
        "issue_date": found.issue_date.isoformat(),
        "due_date": "" if found.due_date is None else found.due_date.isoformat(),
        "memo": found.memo or "",
        "prices_include_tax": "on" if found.prices_include_tax else "",
    }
    for number, line in enumerate(found.lines):
        shown = (
            "" if line.item_id is None else str(line.item_id),
            line.description,
            formatters.quantity(line.quantity),
            formatters.quantity(line.unit_price),
            formatters.quantity(line.discount_percent) if line.discount_percent else "",
            "" if line.tax_rate_id is None else str(line.tax_rate_id),
        )
        for name, value in zip(LINE_FIELDS, shown, strict=True):
            values[f"lines.{number}.{name}"] = value
    return Form(values)


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
    if (redrawn := _redrawn({**form, "of": str(known)})) is not None:
        page = await _form_page(one, database, *redrawn)
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
        conflict = None
        if problem.status == 412:
            # Theirs is shown by a link; what was typed stays, and saving again is a choice.
            latest = await _stored(one, database, known)
            typed = Form({**typed.values, "etag": latest.value("etag")})
            conflict = "Someone else saved this invoice while you were at it."
        page = await _form_page(one, database, typed, known, conflict=conflict)
        return render.page("invoice_form.html", page, problem.status)
    return one.told(f"/invoices/{known}", "Saved.")


async def _form_page(
    one: Visit,
    database: Database,
    form: Form,
    invoice_id: InvoiceId | None,
    more: int = 0,
    *,
    conflict: str | None = None,
) -> InvoiceFormPage:
    everything = SyncFilter()
    company = one.caller.company.id
    async with database.transaction() as tx:
        people = await customers_store.list_customers(tx, company, _CHOICES, everything)
        things = await items_store.list_items(tx, company, _CHOICES, everything)
        chosen = [UUID(v) for n, v in form.values.items() if n.endswith("item_id") and _is_id(v)]
        kept = await items_store.load_items(tx, company, [ItemId(i) for i in chosen])
        customer = form.value("customer_id")
        theirs = (
            await customers_store.load_customers(tx, company, [CustomerId(UUID(customer))])
            if _is_id(customer)
            else {}
        )
        rates = await tax_rates.choices(tx, one.caller)
        heading = "New invoice"
        if invoice_id is not None:
            found = await service.load(tx, one.caller, invoice_id)
            heading = f"Edit invoice {found.snapshot.number}"
        shell = await one.shell(tx, heading, "invoices")
    back = "/invoices" if invoice_id is None else f"/invoices/{invoice_id}"
    people, things = people[: _CHOICES.limit], things[: _CHOICES.limit]
    offered = {str(i.id): i.name for i in things} | {str(k): v.name for k, v in kept.items()}
    buyers = {str(c.id): c.name for c in people} | {str(k): v.name for k, v in theirs.items()}
    return InvoiceFormPage(
        shell=shell,
        form=form,
        heading=heading,
        post_url="/invoices/new" if invoice_id is None else f"{back}/edit",
        back_url=back,
        back_label="Invoices" if invoice_id is None else heading.replace("Edit i", "I"),
        customers=_by_name(Option(value, label) for value, label in buyers.items()),
        items=_by_name(Option(value, label) for value, label in offered.items()),
        tax_rates=tuple(
            Option(str(r.id), f"{r.name} ({formatters.quantity(r.percent)}%)") for r in rates
        ),
        prices={
            str(i.id): (formatters.quantity(i.unit_price), i.description or i.name) for i in things
        },
        lines=tuple(line_numbers(form.values, more)),
        conflict=conflict,
    )


def _by_name(options: Iterable[Option]) -> tuple[Option, ...]:
    return tuple(sorted(options, key=lambda option: option.label.casefold()))


def _is_id(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True
