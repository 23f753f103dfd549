"""Which customer at a provider is this one? Chosen from a list, never guessed."""

import json
from dataclasses import dataclass
from typing import Annotated, Any, Literal, cast
from uuid import UUID

from contracts.causes.words import NOUNS
from contracts.ids import PROVIDER_LABELS, CustomerId, InvoiceId, Provider
from fastapi import APIRouter, Query, Response

from invoice_api.customers import service as customers
from invoice_api.http.dependencies import TheDatabase
from invoice_api.http.problems import Problem
from invoice_api.integrations.record_routes import TheDesk
from invoice_api.invoices import service as invoices
from invoice_api.peers.orchestrator import TheOrchestrator
from invoice_api.web import item_link_pages
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.integrated import principal_of, soon
from invoice_api.web.pages import Shell
from invoice_api.web.sessions import AVisit, AWrite, inside

router = APIRouter(include_in_schema=False)

Kind = Literal["customers", "invoices"]


@dataclass(frozen=True)
class Candidate:
    remote_id: str
    name: str
    facts: str
    taken_by: str | None
    """Our customer who is linked to it already."""


@dataclass(frozen=True)
class LinkPage:
    shell: Shell
    provider: str
    label: str
    name: str
    back_url: str
    post_url: str
    load_url: str
    query: str
    rows: tuple[Candidate, ...]
    as_of: str | None
    loading: str | None
    away: bool


@router.get("/{kind}/{record_id}/link/{provider}")
async def choose(
    kind: Kind,
    record_id: UUID,
    provider: Provider,
    one: AVisit,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    desk: TheDesk,
    render: TheRenderer,
    q: Annotated[str | None, Query(max_length=200)] = None,
) -> Response:
    """Customers there whose name is like this one's, or as searched for.

    An invoice whose cause is about an item leads on to where that one is linked.
    """
    if kind == "invoices":
        item = await item_link_pages.item_in_question(one, desk, provider, record_id, render)
        if item is not None:
            return item
    async with database.transaction() as tx:
        if kind == "invoices":
            invoice = await invoices.load(tx, one.caller, InvoiceId(record_id))
            customer_id = invoice.snapshot.customer_id
        else:
            customer_id = CustomerId(record_id)
        customer = await customers.load(tx, one.caller, customer_id)
        label = PROVIDER_LABELS[provider]
        shell = await one.shell(tx, f"Link {customer.name}", "customers")
    words = customer.name if q is None else q.strip()
    rows, as_of, loading, away = tuple[Candidate, ...](), None, None, False
    try:
        answer = await soon(
            orchestrator.get(
                principal_of(one.caller),
                f"/integrations/{provider}/remote-customers",
                {"limit": "30"} | ({"q": words} if words else {}),
            )
        )
    except Problem as problem:
        away = problem.status >= 500
    else:
        told = cast("dict[str, Any]", json.loads(answer.text))
        rows = tuple(_candidate(row, provider) for row in told["data"])
        as_of = told.get("as_of")
        loading = _loading(told.get("load"))
    here = f"/{kind}/{record_id}"
    page = LinkPage(
        shell=shell,
        provider=provider,
        label=label,
        name=customer.name,
        back_url=here,
        post_url=f"{here}/actions/link",
        load_url=f"{here}/link/{provider}/load",
        query=words,
        rows=rows,
        as_of=as_of,
        loading=loading,
        away=away,
    )
    return render.page("link.html", page)


def _candidate(row: dict[str, Any], provider: Provider) -> Candidate:
    linked = row.get("linked_to")
    facts = (row.get("email"), row.get("phone"), row.get("company_name"))
    said = [str(fact) for fact in facts if fact] + (
        [] if row.get("active", True) else [NOUNS[provider]["inactive"]]
    )
    return Candidate(
        remote_id=str(row["remote_id"]),
        name=str(row["name"]),
        facts=", ".join(said) or "No e-mail or phone",
        taken_by=_taken_by(linked),
    )


def _taken_by(linked: object) -> str | None:
    match linked:
        case {"name": str() as name}:
            return name
        case None:
            return None
        case _:
            return "another"


def _loading(load: object) -> str | None:
    match load:
        case {"state": "running", "done": int() as done}:
            return f"Loading: {done:,} so far."
        case _:
            return None


@router.post("/{kind}/{record_id}/link/{provider}/load")
async def load(
    kind: Kind, record_id: UUID, provider: Provider, one: AWrite, orchestrator: TheOrchestrator
) -> Response:
    """Have the list of customers there read anew."""
    here = inside(f"/{kind}/{record_id}/link/{provider}")
    try:
        await orchestrator.post(
            principal_of(one.caller), f"/integrations/{provider}/remote-customers/load", "{}"
        )
    except Problem as problem:
        return one.told(here, problem.detail, tone="danger")
    return one.told(here, f"Loading the customers from {PROVIDER_LABELS[provider]}.", tone="info")
