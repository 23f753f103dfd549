"""Customers: the list, one customer, the form."""

from typing import Annotated
from urllib.parse import urlencode
from uuid import UUID

from contracts.ids import CustomerId
from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse

from invoice_api.customers import service
from invoice_api.customers.schemas import CustomerChanges, CustomerShown, NewCustomer
from invoice_api.http.bodies import parse
from invoice_api.http.dependencies import TheClock, TheDatabase, TheIds
from invoice_api.http.paging import Paging
from invoice_api.http.problems import Problem
from invoice_api.sync_status.filters import SyncFilter
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.live import live_url
from invoice_api.web.pages import CustomerFormPage, Form, RecordRow, RecordsPage, Shell
from invoice_api.web.reading import given
from invoice_api.web.sessions import AForm, AVisit, AWrite, Visit
from invoice_api.web.views import badge_views, first_words, form_of

router = APIRouter(prefix="/customers", include_in_schema=False)

_REQUIRED = ("name", "kind")
_OPTIONAL = ("email", "phone", "company_name")


@router.get("")
async def show_customers(
    one: AVisit,
    database: TheDatabase,
    clock: TheClock,
    render: TheRenderer,
    page: Paging,
    q: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    async with database.transaction() as tx:
        wanted = SyncFilter(query=q or None)
        found = await service.list_page(tx, one.caller, clock, page, wanted)
        shell = await one.shell(tx, "Customers", "customers")
    more = found.next_cursor
    return render.page(
        "records.html",
        RecordsPage(
            shell=shell,
            heading="Customers",
            kind="customer",
            columns=("Type", "E-mail"),
            rows=tuple(_row(customer, one) for customer in found.data),
            query=q,
            new_label="New customer",
            new_url="/customers/new",
            empty="No customers yet. Add the first.",
            next_url=None if more is None else f"?{urlencode({'q': q, 'cursor': more})}",
            live_url=live_url("customer", [str(c.id) for c in found.data]),
        ),
    )


def _row(customer: CustomerShown, one: Visit) -> RecordRow:
    return RecordRow(
        id=str(customer.id),
        url=f"/customers/{customer.id}",
        name=customer.name,
        facts=first_words((customer.kind.capitalize(), customer.email)),
        badges=badge_views(customer.sync, one.eyes, can_write=one.caller.may_act),
    )


@router.get("/new")
async def show_new(one: AVisit, database: TheDatabase, render: TheRenderer) -> Response:
    async with database.transaction() as tx:
        shell = await one.shell(tx, "New customer", "customers")
    return render.page("customer_form.html", _new_page(shell_form=Form(), shell=shell))


@router.post("/new")
async def create(
    one: AWrite, form: AForm, database: TheDatabase, ids: TheIds, render: TheRenderer
) -> Response:
    try:
        wanted = parse(NewCustomer, given(form, _REQUIRED, _OPTIONAL))
        async with database.transaction() as tx:
            made = await service.create(tx, one.caller, ids, wanted)
    except Problem as problem:
        async with database.transaction() as tx:
            shell = await one.shell(tx, "New customer", "customers")
        page = _new_page(shell_form=form_of(form, problem), shell=shell)
        return render.page("customer_form.html", page, problem.status)
    return RedirectResponse(f"/customers/{made.id}", 303)


@router.get("/{customer_id}")
async def show_customer(
    one: AVisit,
    customer_id: UUID,
    database: TheDatabase,
    clock: TheClock,
    render: TheRenderer,
) -> Response:
    page = await _page(one, CustomerId(customer_id), database, clock)
    return render.page("customer_form.html", page)


@router.post("/{customer_id}")
async def change(
    one: AWrite,
    form: AForm,
    customer_id: UUID,
    database: TheDatabase,
    clock: TheClock,
    ids: TheIds,
    render: TheRenderer,
) -> Response:
    known = CustomerId(customer_id)
    try:
        changes = parse(CustomerChanges, given(form, _REQUIRED, _OPTIONAL))
        async with database.transaction() as tx:
            await service.change(tx, one.caller, ids, known, changes)
    except Problem as problem:
        page = await _page(one, known, database, clock, form_of(form, problem))
        return render.page("customer_form.html", page, problem.status)
    return RedirectResponse(f"/customers/{known}", 303)


def _new_page(*, shell_form: Form, shell: Shell) -> CustomerFormPage:
    return CustomerFormPage(
        shell=shell,
        form=shell_form,
        heading="New customer",
        post_url="/customers/new",
        badges=(),
        kind=shell_form.value("kind") or "homeowner",
        id=None,
        live_url=None,
    )


async def _page(
    one: Visit,
    customer_id: CustomerId,
    database: TheDatabase,
    clock: TheClock,
    typed: Form | None = None,
) -> CustomerFormPage:
    async with database.transaction() as tx:
        customer = await service.load(tx, one.caller, customer_id)
        shown = await service.shown(tx, one.caller, clock, customer)
        shell = await one.shell(tx, customer.name, "customers")
    fields = {name: str(getattr(customer, name) or "") for name in (*_REQUIRED, *_OPTIONAL)}
    form = typed or Form(fields)
    return CustomerFormPage(
        shell=shell,
        form=form,
        heading=customer.name,
        post_url=f"/customers/{customer.id}",
        badges=badge_views(shown.sync, one.eyes, can_write=one.caller.may_act),
        kind=form.value("kind") or customer.kind,
        id=str(customer.id),
        live_url=live_url("customer", [str(customer.id)]),
    )
