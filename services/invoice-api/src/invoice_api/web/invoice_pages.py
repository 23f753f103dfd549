"""One invoice: where it stands in the books, why, what to do, and what happened."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated
from uuid import UUID

from contracts.ids import PROVIDER_LABELS, InvoiceId, ItemId, Provider
from fastapi import APIRouter, Query, Response
from messaging.database import Database, Tx

from invoice_api.deeds.store import DeedDone
from invoice_api.http.dependencies import TheClock, TheDatabase
from invoice_api.http.paging import PageRequest
from invoice_api.invoices import service
from invoice_api.invoices.schemas import InvoiceShown, LineShown
from invoice_api.items import store as items_store
from invoice_api.peers.orchestrator import Orchestrator, TheOrchestrator
from invoice_api.sync_status import connections_store, store
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.integrated import account_options, principal_of
from invoice_api.web.integrated_taxes import tax_options
from invoice_api.web.invoice_list_pages import TheWanted, Wanted, neighbour
from invoice_api.web.invoice_rows import STATUS
from invoice_api.web.invoice_views import InvoicePage, InvoiceVoidPage, LineRow, TotalThere
from invoice_api.web.live import live_url
from invoice_api.web.pages import BadgeView, Option, Shell
from invoice_api.web.sessions import AVisit, Visit
from invoice_api.web.timelines import asked_for, deeds_of, history, told_there
from invoice_api.web.views import badge_views

router = APIRouter(prefix="/invoices", include_in_schema=False)


@dataclass(frozen=True)
class _Around:
    """What stands beside an invoice, all from our own tables."""

    shell: Shell
    names: Mapping[str, str]
    accounts: Mapping[ItemId, Mapping[Provider, str]]
    deeds: Sequence[DeedDone]
    newer: str | None
    older: str | None


@router.get("/{invoice_id}")
async def show_invoice(
    one: AVisit,
    invoice_id: UUID,
    database: TheDatabase,
    clock: TheClock,
    orchestrator: TheOrchestrator,
    render: TheRenderer,
    wanted: TheWanted,
    history_of: Annotated[str, Query(alias="history", max_length=20)] = "",
) -> Response:
    known = InvoiceId(invoice_id)
    async with database.transaction() as tx:
        found = await service.load(tx, one.caller, known)
        [shown] = await service.shown(tx, one.caller, clock, [found])
        around = await _around(tx, one, clock, shown, wanted, found.snapshot.sent_by)
    page = await _invoice_page(one, shown, around, database, orchestrator, wanted, history_of)
    return render.page("invoice.html", page)


async def _around(
    tx: Tx,
    one: Visit,
    clock: TheClock,
    shown: InvoiceShown,
    wanted: Wanted,
    sent_by: UUID | None,
) -> _Around:
    items = [line.item_id for line in shown.lines if line.item_id is not None]
    company = one.caller.company.id
    found = await items_store.load_items(tx, company, items) if items else {}
    accounts: dict[ItemId, dict[Provider, str]] = {}
    connections = [
        known.facts.id for known in await connections_store.current_connections(tx, company)
    ]
    if items and connections:
        for item, provider, account in await store.load_mappings(tx, company, connections, items):
            accounts.setdefault(item, {})[provider] = account
    return _Around(
        shell=await one.shell(tx, f"Invoice {shown.number}", "invoices"),
        names={str(item_id): item.name for item_id, item in found.items()},
        accounts=accounts,
        deeds=await deeds_of(tx, one, "invoice", shown.id, sent_at=shown.sent_at, sent_by=sent_by),
        newer=await neighbour(tx, one, clock, wanted, PageRequest(limit=0, after=shown.id)),
        older=await neighbour(tx, one, clock, wanted, PageRequest(limit=0, before=shown.id)),
    )


async def _invoice_page(
    one: Visit,
    shown: InvoiceShown,
    around: _Around,
    database: Database,
    orchestrator: Orchestrator,
    wanted: Wanted,
    history_of: str,
) -> InvoicePage:
    principal = principal_of(one.caller)
    only_changes, at = asked_for(history_of)
    record = ("invoice", str(shown.id))
    currency = shown.currency
    badges = badge_views(
        shown.sync, one.eyes, can_write=one.caller.may_act, record=record, currency=currency
    )
    providers = list(shown.sync)
    # Asked together, and each without patience: a slow neighbour delays the page once.
    listed, there = await asyncio.gather(
        asyncio.gather(*(account_options(orchestrator, principal, p) for p in providers)),
        told_there(orchestrator, one, "invoice", shown.id, providers),
    )
    accounts = dict(zip(providers, listed, strict=True))
    taxes = {
        str(provider): await tax_options(database, orchestrator, one.caller, provider)
        for provider in providers
        if any(
            badge.provider == provider
            and badge.cause is not None
            and any(fix.action == "choose_tax" for fix in badge.cause.fixes)
            for badge in badges
        )
    }
    query = wanted.address()
    here = f"/invoices/{shown.id}" + (f"?{query}" if query else "")
    money = formatters.money
    return InvoicePage(
        shell=around.shell,
        id=str(shown.id),
        number=shown.number,
        status=shown.status,
        status_label=STATUS[shown.status],
        customer=shown.customer_name,
        customer_url=f"/customers/{shown.customer_id}",
        date=formatters.day(shown.issue_date),
        due=None if shown.due_date is None else formatters.day(shown.due_date),
        currency=currency,
        memo=shown.memo,
        prices_include_tax=shown.prices_include_tax,
        lines=tuple(_line(line, around, currency, accounts) for line in shown.lines),
        account_columns=tuple(
            Option(p, PROVIDER_LABELS[p]) for p, options in accounts.items() if options
        ),
        subtotal=money(shown.subtotal, currency),
        tax=money(shown.tax, currency),
        total=money(shown.total, currency),
        totals_there=differing(badges, money(shown.total, currency), shown.version),
        badges=badges,
        accounts={str(p): options for p, options in accounts.items()},
        taxes=taxes,
        history=history(
            "invoice",
            around.deeds,
            there,
            one.eyes,
            one.caller.user_id,
            here,
            only_changes=only_changes,
            at=at,
        ),
        connected=bool(badges),
        here=here,
        list_url=f"/invoices?{query}" if query else "/invoices",
        previous_url=around.newer,
        next_url=around.older,
        live_url=live_url("invoice", [str(shown.id)], badges),
    )


def _line(
    line: LineShown,
    around: _Around,
    currency: str,
    accounts: Mapping[Provider, tuple[Option, ...]],
) -> LineRow:
    mapped = None if line.item_id is None else around.accounts.get(line.item_id)
    exact = line.unit_price == round(line.unit_price, 2)
    return LineRow(
        item=around.names.get(str(line.item_id), "") or line.description or "—",
        description=line.description,
        quantity=formatters.quantity(line.quantity),
        unit_price=(
            formatters.money(line.unit_price, currency)
            if exact
            else formatters.quantity(line.unit_price)
        ),
        amount=formatters.money(line.amount, currency),
        discount=(
            f"{formatters.quantity(line.discount_percent)}%" if line.discount_percent else None
        ),
        tax=(
            None
            if line.tax_percent is None
            else f"{line.tax_name or 'Tax'} {formatters.quantity(line.tax_percent)}%"
        ),
        accounts=tuple(
            _account_label(None if mapped is None else mapped.get(provider), options)
            for provider, options in accounts.items()
            if options
        ),
    )


def _account_label(account: str | None, options: Sequence[Option]) -> str | None:
    if account is None:
        return None
    return next((o.label for o in options if o.value == account), "no longer offered")


def differing(badges: Sequence[BadgeView], here: str, version: int) -> tuple[TotalThere, ...]:
    """The providers whose total isn't ours, with theirs.

    A green badge with another total was accepted, if it is of the invoice as it is now: just
    after an edit it is still of the one before.
    """
    return tuple(
        TotalThere(badge.provider, badge.provider_label, badge.total_there, badge.state == "synced")
        for badge in badges
        if badge.total_there is not None
        and badge.total_there != here
        and (
            badge.state == "synced_with_difference"
            or (badge.state == "synced" and badge.version_there == version)
        )
    )


@router.get("/{invoice_id}/void")
async def ask_to_void(
    one: AVisit, invoice_id: UUID, database: TheDatabase, clock: TheClock, render: TheRenderer
) -> Response:
    """The question as a page, for whoever has no script."""
    async with database.transaction() as tx:
        found = await service.load(tx, one.caller, InvoiceId(invoice_id))
        [shown] = await service.shown(tx, one.caller, clock, [found])
        shell = await one.shell(tx, f"Void invoice {shown.number}", "invoices")
    badges = badge_views(shown.sync, one.eyes, can_write=one.caller.may_act)
    return render.page(
        "invoice_void.html", InvoiceVoidPage(shell, str(shown.id), shown.number, badges)
    )
