"""Customers: the list, one customer, the form."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Annotated
from uuid import UUID

from contracts.ids import PROVIDER_LABELS, CompanyId, CustomerId, Provider
from contracts.invoicing import Address, CustomerSnapshot
from fastapi import APIRouter, Query, Response
from fastapi.responses import RedirectResponse
from messaging.clock import Clock
from messaging.database import Database, Tx

from invoice_api.customers import service, store
from invoice_api.customers.schemas import CustomerChanges, CustomerShown, NewCustomer
from invoice_api.http.bodies import parse
from invoice_api.http.dependencies import TheClock, TheDatabase, TheIds
from invoice_api.http.paging import PageRequest, Paging
from invoice_api.http.problems import Problem
from invoice_api.invoices import store as invoices_store
from invoice_api.invoices.store import InvoiceFilter
from invoice_api.peers.orchestrator import Orchestrator, TheOrchestrator
from invoice_api.sync_status import connections_store
from invoice_api.sync_status.filters import SyncFilter
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.invoice_views import ListNews
from invoice_api.web.live import list_url, live_url
from invoice_api.web.pages import Form, Shell
from invoice_api.web.reading import given
from invoice_api.web.record_parts import address, link_cards, tab_filter, tabs
from invoice_api.web.record_views import (
    CustomerFormPage,
    InvoiceLine,
    RecordRow,
    RecordsPage,
    SameCustomer,
)
from invoice_api.web.sessions import AForm, AVisit, AWrite, Visit
from invoice_api.web.timelines import asked_for, deeds_of, history, told_there
from invoice_api.web.views import badge_views, first_words, form_of

router = APIRouter(prefix="/customers", include_in_schema=False)

_REQUIRED = ("name", "kind")
_OPTIONAL = ("email", "phone", "company_name")
_ADDRESS = ("line1", "line2", "city", "region", "postal_code", "country")


@router.get("")
async def show_customers(
    one: AVisit,
    database: TheDatabase,
    clock: TheClock,
    render: TheRenderer,
    page: Paging,
    q: Annotated[str, Query(max_length=200)] = "",
    tab: Annotated[str, Query(max_length=20)] = "all",
) -> Response:
    async with database.transaction() as tx:
        found = await service.list_page(
            tx, one.caller, clock, page, tab_filter(tab, q), without_email=tab == "no_email"
        )
        shell = await one.shell(tx, "Customers", "customers")
        company = one.caller.company.id
        connections = await connections_store.current_connections(tx, company)
        providers: list[Provider] = [known.facts.provider for known in connections]
        counts = await _counts(tx, company, providers, q)
        waiting = await invoices_store.count_waiting(tx, company, [c.id for c in found.data])
    imports: list[Provider] = [
        k.facts.provider for k in connections if k.facts.status == "connected"
    ]
    more = found.next_cursor
    return render.page(
        "records.html",
        RecordsPage(
            shell=shell,
            heading="Customers",
            kind="customer",
            columns=("Type", "E-mail", *(["Invoices waiting"] if providers else [])),
            rows=tuple(
                _row(customer, one, waiting.get(customer.id, 0) if providers else None)
                for customer in found.data
            ),
            tabs=tabs("/customers", tab, q, counts),
            tab=tab,
            query=q,
            new_label="New customer",
            new_url="/customers/new",
            also=tuple(
                (
                    "Import Customers"
                    if len(imports) == 1
                    else f"Import Customers from {PROVIDER_LABELS[provider]}",
                    f"/integrations/{provider}/import",
                )
                for provider in imports
            ),
            empty="No customers yet",
            empty_sentence=(
                f"Import your customers from {_either(imports)}, or add the first."
                if imports
                else "Add the first, or bring them with their invoices from a CSV file."
            ),
            connected=bool(connections),
            next_url=None if more is None else f"/customers?{address(tab, q, cursor=more)}",
            first_url=None if page.before is None else f"/customers?{address(tab, q)}",
            here=f"/customers?{address(tab, q)}",
            live_url=list_url("customer", [str(c.id) for c in found.data]),
            news_url=f"/customers/news?{address(tab, q)}",
        ),
    )


@router.get("/news")
async def show_news(
    one: AVisit,
    database: TheDatabase,
    render: TheRenderer,
    q: Annotated[str, Query(max_length=200)] = "",
    tab: Annotated[str, Query(max_length=20)] = "all",
) -> Response:
    """What stands on top of the list by now."""
    page, company = PageRequest(), one.caller.company.id
    async with database.transaction() as tx:
        found = await store.list_customers(
            tx, company, page, tab_filter(tab, q), without_email=tab == "no_email"
        )
        connections = await connections_store.current_connections(tx, company)
        providers: list[Provider] = [known.facts.provider for known in connections]
        counts = await _counts(tx, company, providers, q)
    ids = tuple(str(customer.id) for customer in found[: page.limit])
    return render.fragment("list_news.html", ListNews(ids, tabs("/customers", tab, q, counts)))


async def _counts(
    tx: Tx, company: CompanyId, providers: Sequence[Provider], query: str
) -> list[tuple[str, str, int]]:
    """The tabs of the list, each with how many customers it has."""

    async def many(tab: str) -> int:
        wanted = tab_filter(tab, query)
        return await store.count_customers(tx, company, wanted, without_email=tab == "no_email")

    named = [("all", "All")]
    named += [(f"not_in_{one}", f"Not in {PROVIDER_LABELS[one]}") for one in providers]
    named += [("no_email", "No e-mail")]
    named += [("attention", "Needs attention")] if providers else []
    return [(key, label, await many(key)) for key, label in named]


def _either(providers: Sequence[Provider]) -> str:
    return " or ".join(PROVIDER_LABELS[one] for one in providers)


def _row(customer: CustomerShown, one: Visit, waiting: int | None) -> RecordRow:
    return RecordRow(
        id=str(customer.id),
        url=f"/customers/{customer.id}",
        name=customer.name,
        facts=(
            *first_words((customer.kind.capitalize(), customer.email)),
            *(() if waiting is None else (str(waiting or "—"),)),
        ),
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
        wanted = parse(NewCustomer, _typed(form))
        async with database.transaction() as tx:
            known = await store.find_same(tx, one.caller.company.id, wanted.name, wanted.email)
            if known is not None and not form.get("anyway"):
                shell = await one.shell(tx, "New customer", "customers")
                page = replace(_new_page(shell_form=Form(form), shell=shell), same=_same(known))
                return render.page("customer_form.html", page, 409)
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
    orchestrator: TheOrchestrator,
    render: TheRenderer,
    history_of: Annotated[str, Query(alias="history", max_length=20)] = "",
) -> Response:
    known = CustomerId(customer_id)
    page = await _page(one, known, database, clock, orchestrator, history_of=history_of)
    return render.page("customer_form.html", page)


@router.post("/{customer_id}")
async def change(
    one: AWrite,
    form: AForm,
    customer_id: UUID,
    database: TheDatabase,
    clock: TheClock,
    ids: TheIds,
    orchestrator: TheOrchestrator,
    render: TheRenderer,
) -> Response:
    known = CustomerId(customer_id)
    try:
        changes = parse(CustomerChanges, _typed(form))
        async with database.transaction() as tx:
            await service.change(tx, one.caller, ids, known, changes)
    except Problem as problem:
        typed = form_of(form, problem)
        page = await _page(one, known, database, clock, orchestrator, typed)
        return render.page("customer_form.html", page, problem.status)
    return one.told(f"/customers/{known}", "Saved.")


def _same(known: CustomerSnapshot) -> SameCustomer:
    """Asked about once: a second one of the same name and e-mail is seldom meant."""
    return SameCustomer(known.name, f"/customers/{known.id}", has_email=known.email is not None)


def _typed(form: Mapping[str, str]) -> str:
    """What the form has; a field that it doesn't have stays as it is."""
    currency = ("currency",) if "currency" in form else ()
    return given(form, _REQUIRED, (*_OPTIONAL, *currency), {"address": _ADDRESS})


def _shown(customer: CustomerSnapshot) -> dict[str, str]:
    """The customer's fields as the form names them."""
    names = (*_REQUIRED, *_OPTIONAL, "currency")
    fields = {name: str(getattr(customer, name) or "") for name in names}
    address = customer.address or Address()
    return fields | {f"address.{name}": getattr(address, name) or "" for name in _ADDRESS}


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


_FEW = PageRequest(limit=10)


async def _page(
    one: Visit,
    customer_id: CustomerId,
    database: Database,
    clock: Clock,
    orchestrator: Orchestrator,
    typed: Form | None = None,
    history_of: str = "",
) -> CustomerFormPage:
    async with database.transaction() as tx:
        customer = await service.load(tx, one.caller, customer_id)
        shown = await service.shown(tx, one.caller, clock, customer)
        shell = await one.shell(tx, customer.name, "customers")
        deeds = await deeds_of(tx, one, "customer", customer.id)
        of = InvoiceFilter(customer=customer_id)
        theirs = await invoices_store.list_invoices(
            tx, one.caller.company.id, _FEW, SyncFilter(), of
        )
    form = typed or Form(_shown(customer))
    record = ("customer", str(customer.id))
    badges = badge_views(shown.sync, one.eyes, can_write=one.caller.may_act, record=record)
    only_changes, at = asked_for(history_of)
    there = await told_there(orchestrator, one, "customer", customer.id, list(shown.sync))
    unlinked = [PROVIDER_LABELS[p] for p, badge in shown.sync.items() if badge.remote_id is None]
    return CustomerFormPage(
        shell=shell,
        form=form,
        heading=customer.name,
        post_url=f"/customers/{customer.id}",
        badges=badges,
        kind=form.value("kind") or customer.kind,
        id=str(customer.id),
        live_url=live_url("customer", [str(customer.id)], badges),
        needs_email=unlinked[0] if unlinked and not form.value("email") else None,
        links=link_cards(
            "customer",
            str(customer.id),
            customer.name,
            shown.sync,
            there,
            one.eyes,
            one.caller.user_id,
        ),
        invoices=tuple(
            InvoiceLine(
                number=i.snapshot.number,
                date=formatters.day(i.snapshot.issue_date),
                total=formatters.money(i.snapshot.total, i.snapshot.currency),
                url=f"/invoices/{i.snapshot.id}",
            )
            for i in theirs[: _FEW.limit]
        ),
        history=history(
            "customer",
            deeds,
            there,
            one.eyes,
            one.caller.user_id,
            f"/customers/{customer.id}",
            only_changes=only_changes,
            at=at,
        ),
    )
