"""The list of invoices: tabs, filters, what is wrong on top, and its neighbours."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Annotated, get_args
from urllib.parse import urlencode

from contracts.causes import CAUSES, Reader, render
from contracts.ids import PROVIDER_LABELS
from contracts.invoicing import InvoiceStatus
from fastapi import APIRouter, Depends, Query, Response
from messaging.database import Tx

from invoice_api.http.dependencies import TheClock, TheDatabase
from invoice_api.http.paging import PageRequest, Paging
from invoice_api.integrations.connections import provider_of
from invoice_api.invoices import service, store
from invoice_api.invoices.store import InvoiceFilter
from invoice_api.sums import counted, in_words
from invoice_api.sync_status import connections_store, problems_store
from invoice_api.sync_status.connections_store import KnownConnection
from invoice_api.sync_status.filters import SyncFilter
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.first_steps_pages import line_of
from invoice_api.web.invoice_rows import STATUS, row_of
from invoice_api.web.invoice_views import InvoicesPage, ListNews, Strip
from invoice_api.web.live import list_url
from invoice_api.web.match_pages import month_cards
from invoice_api.web.pages import Filter, Option, Tab
from invoice_api.web.sessions import AVisit, Visit
from invoice_api.web.views import TAB_LABELS, tabs_states

router = APIRouter(prefix="/invoices", include_in_schema=False)

_MONTHS = 36
"""So many of the newest months can be chosen; an older one by its address."""

_MANY_FOR_ONE_ACTION = {"item_account_unmapped": "Choose account", "account_gone": "Choose account"}


@dataclass(frozen=True)
class Wanted:
    """Which invoices a list shows: all of it stands in the address."""

    tab: str = "all"
    query: str = ""
    provider: str = ""
    status: str = ""
    month: str = ""
    cause: str = ""

    @property
    def states(self) -> SyncFilter:
        provider = provider_of(self.provider) if self.provider else None
        return SyncFilter(
            states=tabs_states(self.tab),
            cause=self.cause or None,
            query=self.query or None,
            provider=provider,
        )

    @property
    def records(self) -> InvoiceFilter:
        month = date.fromisoformat(f"{self.month}-01") if self.month else None
        if self.tab == "draft":
            return InvoiceFilter(statuses=("draft",), month=month)
        statuses: tuple[InvoiceStatus, ...] = get_args(InvoiceStatus)
        only: tuple[InvoiceStatus, ...] = tuple(one for one in statuses if one == self.status)
        return InvoiceFilter(statuses=only, month=month)

    @property
    def words(self) -> str:
        """What was asked for beyond the tab, as a person would say it."""
        said: list[str] = []
        if self.query:
            said.append(f"“{self.query}”")
        if self.month:
            said.append(formatters.month(date.fromisoformat(f"{self.month}-01")))
        if self.cause:
            said.append("one problem")
        if self.status:
            said.append(STATUS.get(self.status, self.status))
        if self.provider in PROVIDER_LABELS and (tabs_states(self.tab) or self.cause):
            said.append(f"at {PROVIDER_LABELS[provider_of(self.provider)]}")
        return ", ".join(said)

    def address(self, **changed: str) -> str:
        """The query of the list's address, without what is empty."""
        values = {
            "tab": "" if self.tab == "all" else self.tab,
            "q": self.query,
            "provider": self.provider,
            "status": self.status,
            "month": self.month,
            "cause": self.cause,
        } | changed
        return urlencode({name: value for name, value in values.items() if value})


async def wanted_invoices(
    tab: str = "all",
    q: Annotated[str, Query(max_length=200)] = "",
    provider: Annotated[str, Query(max_length=20)] = "",
    status: Annotated[str, Query(max_length=20)] = "",
    month: Annotated[str, Query(max_length=7)] = "",
    cause: Annotated[str, Query(max_length=200)] = "",
) -> Wanted:
    """What the address asks for; a word it doesn't know asks for nothing."""
    known = {key for key, _ in TAB_LABELS}
    return Wanted(
        tab if tab in known else "all",
        q.strip(),
        provider if provider in PROVIDER_LABELS else "",
        status if status in STATUS else "",
        month if _MONTH.fullmatch(month) else "",
        cause.strip(),
    )


_MONTH = re.compile(r"[12]\d{3}-(0[1-9]|1[0-2])")

TheWanted = Annotated[Wanted, Depends(wanted_invoices)]


@router.get("")
async def show_invoices(
    one: AVisit,
    database: TheDatabase,
    clock: TheClock,
    render_page: TheRenderer,
    page: Paging,
    wanted: TheWanted,
) -> Response:
    async with database.transaction() as tx:
        found = await service.list_page(tx, one.caller, clock, page, wanted.states, wanted.records)
        shell = await one.shell(tx, "Invoices", "invoices")
        connections = await connections_store.current_connections(tx, one.caller.company.id)
        counts = await _counts(tx, one)
        strip = await _strip(tx, one, connections)
        cards = await month_cards(tx, one, connections)
        first_steps = await line_of(tx, one)
        months = await store.months(tx, one.caller.company.id, _MONTHS)
    more = found.next_cursor
    providers = tuple(_option(known) for known in connections)
    here = wanted.address()
    return render_page.page(
        "invoices.html",
        InvoicesPage(
            shell=shell,
            rows=tuple(row_of(invoice, one) for invoice in found.data),
            tabs=_tabs(counts, wanted, connections),
            tab=wanted.tab,
            query=wanted.query,
            cause=wanted.cause,
            filters=_filters(wanted, providers, months),
            filter_words=wanted.words,
            here=f"/invoices?{here}" if here else "/invoices",
            list_query=f"?{here}" if here else "",
            next_url=None if more is None else f"/invoices?{wanted.address(cursor=more)}",
            first_url=None if page.before is None else f"/invoices?{here}",
            providers=providers,
            strip=strip,
            match=cards,
            first_steps=first_steps,
            live_url=list_url("invoice", [str(i.id) for i in found.data]),
            news_url=f"/invoices/news?{here}",
            calm="" if strip else calm_of(counts, _open_at(connections)),
        ),
    )


@router.get("/news")
async def show_news(
    one: AVisit, database: TheDatabase, render_page: TheRenderer, wanted: TheWanted
) -> Response:
    """What a list that is open shows anew: its tabs, the strip, and what stands on top by now."""
    page = PageRequest()
    async with database.transaction() as tx:
        connections = await connections_store.current_connections(tx, one.caller.company.id)
        counts = await _counts(tx, one)
        strip = await _strip(tx, one, connections)
        found = await store.list_invoices(
            tx, one.caller.company.id, page, wanted.states, wanted.records
        )
    ids = tuple(str(invoice.snapshot.id) for invoice in found[: page.limit])
    tabs = _tabs(counts, wanted, connections)
    calm = "" if strip else calm_of(counts, _open_at(connections))
    return render_page.fragment("list_news.html", ListNews(ids, tabs, strip, calm))


async def _counts(tx: Tx, one: Visit) -> Mapping[str, int]:
    """How many invoices each tab has."""
    total, drafts, states = await store.count_by_state(tx, one.caller.company.id)
    counts = {"all": total, "draft": drafts}
    return counts | {
        key: sum(states.get(state.value, 0) for state in tabs_states(key))
        for key, _ in TAB_LABELS
        if key not in counts
    }


def _open_at(connections: Sequence[KnownConnection]) -> tuple[str, ...]:
    """Where the counts are of; nowhere if one of them is disconnected, whose records they hold."""
    if any(known.facts.status == "disconnected" for known in connections):
        return ()
    return tuple(PROVIDER_LABELS[known.facts.provider] for known in connections)


def calm_of(counts: Mapping[str, int], labels: Sequence[str]) -> str:
    """That everything is in the books, where it is; nothing while anything waits.

    What is a draft, void, ignored or of before the start date waits for nothing.
    """
    waits = counts["not_synced"] + counts["progress"] + counts["attention"]
    if waits or not counts["synced"] or not labels:
        return ""
    if len(labels) > 1:
        where = f"{', '.join(labels[:-1])} and {labels[-1]}"
        said = f"All invoices that should be in {where} are there."
    elif counts["synced"] == counts["all"]:
        many = f"All {counts['all']:,} invoices are" if counts["all"] > 1 else "Your invoice is"
        said = f"{many} in {labels[0]}."
    else:
        there = f"{counts['synced']:,} of {counts['all']:,}"
        said = f"All invoices that should be in {labels[0]} are there: {there}."
    return f"{said} Oldest waiting: none."


def _tabs(
    counts: Mapping[str, int], wanted: Wanted, connections: Sequence[KnownConnection]
) -> tuple[Tab, ...]:
    return tuple(
        Tab(label, counts[key], f"/invoices?{wanted.address(tab=key)}", key == wanted.tab)
        for key, label in TAB_LABELS
        if connections or key in {"all", "draft"}
    )


def _option(known: KnownConnection) -> Option:
    return Option(known.facts.provider, PROVIDER_LABELS[known.facts.provider])


def _filters(
    wanted: Wanted, providers: tuple[Option, ...], months: Sequence[date]
) -> tuple[Filter, ...]:
    statuses = tuple(Option(value, label) for value, label in STATUS.items())
    by_status = Filter("status", "Status", "Any status", wanted.status, statuses)
    known = dict.fromkeys([*(f"{one:%Y-%m}" for one in months), wanted.month])
    named = tuple(
        Option(one, formatters.month(date.fromisoformat(f"{one}-01"))) for one in known if one
    )
    by_month = Filter("month", "Month", "Any month", wanted.month, named)
    if len(providers) < 2 or not tabs_states(wanted.tab):
        return (by_month, by_status)
    return (
        Filter("provider", "Provider", "Any provider", wanted.provider, providers),
        by_month,
        by_status,
    )


async def _strip(tx: Tx, one: Visit, connections: list[KnownConnection]) -> Strip | None:
    """From our own tables: the list stands whoever else is away."""
    ids = [known.facts.id for known in connections]
    group = await problems_store.largest_group(tx, one.caller.company.id, ids) if ids else None
    if group is None:
        return None
    day = one.eyes.now.astimezone(one.eyes.zone).date()
    known = {"count": str(group.count)}
    reader = Reader(one.eyes.zone, day)
    words = render(group.cause, group.provider, known=known, reader=reader)
    label = PROVIDER_LABELS[group.provider]
    # A name keeps its capital: only the catalogue's own first word becomes a part of the sentence.
    first = words.title.partition(" ")[0]
    plain = any(title.startswith(first) for title in CAUSES[words.code].titles)
    return Strip(
        count=counted(group.count, group.kinds),
        amount=in_words(group.amounts),
        provider_label=label,
        title=words.title[:1].lower() + words.title[1:] if plain else words.title,
        action=_MANY_FOR_ONE_ACTION.get(words.code, "Fix"),
        url=f"/integrations/{group.provider}/problems#group-{formatters.group_key(group.group)}",
        one=group.count == 1,
    )


async def neighbour(
    tx: Tx, one: Visit, clock: TheClock, wanted: Wanted, page: PageRequest
) -> str | None:
    """The address of the next invoice of this list, on either side."""
    found = await store.list_invoices(
        tx, one.caller.company.id, page, wanted.states, wanted.records
    )
    if not found:
        return None
    query = wanted.address()
    return f"/invoices/{found[0].snapshot.id}" + (f"?{query}" if query else "")
