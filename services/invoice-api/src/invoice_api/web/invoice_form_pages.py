"""The form of an invoice: new, or changed by someone while others may be at it too."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from uuid import UUID

from contracts.ids import PROVIDER_LABELS, CompanyId, CustomerId, InvoiceId, ItemId
from contracts.invoicing import CustomerSnapshot, ItemSnapshot
from contracts.providers import NEED_A_DUE_DATE
from fastapi import APIRouter, Response
from fastapi.responses import RedirectResponse
from messaging.database import Database, Tx

from invoice_api.customers import store as customers_store
from invoice_api.http.bodies import parse
from invoice_api.http.dependencies import TheClock, TheDatabase, TheIds
from invoice_api.http.problems import FieldError, Problem, invalid
from invoice_api.invoices import service
from invoice_api.invoices.schemas import InvoiceChanges, NewInvoice
from invoice_api.items import store as items_store
from invoice_api.sync_status import connections_store
from invoice_api.tax_rates import service as tax_rates
from invoice_api.web import formatters
from invoice_api.web.choosing import Offer, customer_options, offer_customers, offer_items
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.invoice_views import InvoiceFormPage, LineOffer
from invoice_api.web.pages import Form, Option
from invoice_api.web.reading import (
    CUSTOMER,
    LINE_FIELDS,
    as_json,
    line_numbers,
    lines_of,
    packed,
    searches,
    unfound,
    without_line,
)
from invoice_api.web.sessions import AForm, AVisit, AWrite, Visit
from invoice_api.web.views import form_of

router = APIRouter(prefix="/invoices", include_in_schema=False)


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
        page = await _form_page(one, database, redrawn, None)
        return render.page("invoice_form.html", page)
    lines = lines_of(form)
    try:
        _check_chosen(form, lines)
        wanted = parse(NewInvoice, _sent(form, lines))
        async with database.transaction() as tx:
            made = await service.create(tx, one.caller, clock, ids, wanted)
            if form.get("send"):
                await service.send(tx, one.caller, ids, made.snapshot.id)
    except Problem as problem:
        typed = form_of(packed(form), problem)
        page = await _form_page(one, database, typed, None)
        return render.page("invoice_form.html", page, problem.status)
    return RedirectResponse(f"/invoices/{made.snapshot.id}", 303)


def _redrawn(form: dict[str, str]) -> Form | None:
    """The form once more, with more lines, one less or what was looked for: how it is done without
    a script. None where it is to be saved."""
    shown = {name: value for name, value in form.items() if not name.endswith("look")}
    if form.get("more"):
        return Form({**packed(shown), "more": "1"})
    if number := form.get("less"):
        return Form(without_line(shown, number))
    pressed = form.get("find")
    asked = unfound(shown)
    if not pressed and not asked:
        return None
    where = [one for one in searches(shown) if one.field == pressed] or asked
    shown |= {one.look: "1" for one in where}
    # What was chosen before the search stays until something else is.
    shown |= {one.found: shown[one.words] for one in searches(shown)}
    return Form(packed(shown))


def _check_chosen(form: dict[str, str], lines: list[dict[str, str]]) -> None:
    """A line on which an item was looked for and none chosen would go without a word."""
    line = f"lines.{len(lines)}."
    if packed(form).get(f"{line}find"):
        told = "Choose an item, or clear what you looked for."
        raise invalid(FieldError(f"{line}item_id", told))


def _sent(form: dict[str, str], lines: list[dict[str, str]]) -> str:
    """The form as the API's body: an empty number is left out, an empty memo or due day is none."""
    body: dict[str, object] = {"customer_id": form.get("customer_id", ""), "lines": lines}
    body |= {"due_date": form.get("due_date") or None, "memo": form.get("memo", "").strip() or None}
    body["prices_include_tax"] = form.get("prices_include_tax") == "on"
    if form.get("number", "").strip():
        body["number"] = form["number"].strip()
    if "issue_date" in form:
        # Emptied, it is asked for: nobody should have to guess which day was taken.
        body["issue_date"] = form["issue_date"].strip()
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
    if (redrawn := _redrawn(form)) is not None:
        page = await _form_page(one, database, redrawn, known)
        return render.page("invoice_form.html", page)
    lines = lines_of(form)
    try:
        _check_chosen(form, lines)
        changes = parse(InvoiceChanges, _sent(form, lines))
        async with database.transaction() as tx:
            await service.change(
                tx, one.caller, clock, ids, known, changes, if_match=form.get("etag") or None
            )
    except Problem as problem:
        typed = form_of(packed(form), problem)
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
    *,
    conflict: str | None = None,
) -> InvoiceFormPage:
    currency = one.caller.company.currency
    async with database.transaction() as tx:
        people, things, kept, form = await _offers(tx, one.caller.company.id, form)
        rates = await tax_rates.choices(tx, one.caller)
        heading = "New invoice"
        if invoice_id is not None:
            found = await service.load(tx, one.caller, invoice_id)
            heading = f"Edit invoice {found.snapshot.number}"
            currency = found.snapshot.currency
        shell = await one.shell(tx, heading, "invoices")
        known = await connections_store.current_connections(tx, one.caller.company.id)
    needing = [
        PROVIDER_LABELS[connection.facts.provider]
        for connection in known
        if connection.facts.provider in NEED_A_DUE_DATE
    ]
    back = "/invoices" if invoice_id is None else f"/invoices/{invoice_id}"
    buyers = {c.id: c for c in (*people.of(form.value(CUSTOMER.words)), *kept.customers.values())}
    goods = {i.id: i for offered in (things.usual, *things.found.values()) for i in offered}
    goods |= kept.items
    lines = line_numbers(form.values, 3 if form.value("more") else 0)
    return InvoiceFormPage(
        shell=shell,
        form=form,
        heading=heading,
        post_url="/invoices/new" if invoice_id is None else f"{back}/edit",
        back_url=back,
        back_label="Invoices" if invoice_id is None else heading.replace("Edit i", "I"),
        customers=customer_options(list(buyers.values()), many=people.many),
        items=tuple(
            sorted(
                (Option(str(item.id), item.name) for item in goods.values()),
                key=lambda option: option.label.casefold(),
            )
        ),
        tax_rates=tuple(
            Option(str(r.id), f"{r.name} ({formatters.quantity(r.percent)}%)") for r in rates
        ),
        prices={
            str(i.id): (formatters.quantity(i.unit_price), i.description or i.name)
            for i in goods.values()
        },
        lines=tuple(lines),
        currency=currency,
        conflict=conflict,
        due_hint=f"{needing[0]} takes no invoice without one." if needing else None,
        customers_said=_said(people, form.value(CUSTOMER.words), "customer", "name or e-mail"),
        items_said=_said(things, "", "item", "name or SKU"),
        offered={} if not things.many else _offered(things, form, lines),
    )


@dataclass(frozen=True)
class _Kept:
    """What the form holds already, offered or not."""

    customers: Mapping[CustomerId, CustomerSnapshot]
    items: Mapping[ItemId, ItemSnapshot]


async def _offers(
    tx: Tx, company: CompanyId, form: Form
) -> tuple[Offer[CustomerSnapshot], Offer[ItemSnapshot], _Kept, Form]:
    """What can be chosen, and the form with what was looked for and is the only one of its words
    chosen."""
    asked = {one: form.value(one.words).strip() for one in searches(form.values)}
    named = [words for one, words in asked.items() if one.kind == "customer"]
    people = await offer_customers(tx, company, named)
    named = [words for one, words in asked.items() if one.kind == "item"]
    things = await offer_items(tx, company, named)
    values = dict(form.values)
    for one, words in asked.items():
        found = (people if one.kind == "customer" else things).found.get(words, ())
        if len(found) == 1 and values.get(one.look):
            values[one.field] = str(found[0].id)
    form = replace(form, values=values)
    chosen = [UUID(v) for n, v in values.items() if n.endswith("item_id") and _is_id(v)]
    customer = form.value("customer_id")
    buyer = [CustomerId(UUID(customer))] if _is_id(customer) else []
    kept = _Kept(
        await customers_store.load_customers(tx, company, buyer),
        await items_store.load_items(tx, company, [ItemId(i) for i in chosen]),
    )
    return people, things, kept, form


def _said(
    offer: Offer[CustomerSnapshot] | Offer[ItemSnapshot], words: str, noun: str, by: str
) -> str:
    return offer.said(words, noun, by) if offer.many else ""


def _offered(things: Offer[ItemSnapshot], form: Form, lines: range) -> dict[str, LineOffer]:
    """By a line's number, what is offered on it; "" stands for a line without a search."""
    words = {str(n): form.value(f"lines.{n}.find") for n in lines} | {"": ""}
    return {
        number: LineOffer(
            frozenset(str(item.id) for item in things.of(said)),
            things.said(said, "item", "name or SKU") if said else "",
        )
        for number, said in words.items()
        if said or not number
    }


def _is_id(value: str) -> bool:
    try:
        UUID(value)
    except ValueError:
        return False
    return True
