"""Books Match: whether a month's invoices are at the provider, to the cent, and what isn't."""

import csv
import io
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from contracts.ids import PROVIDER_LABELS, Provider
from fastapi import APIRouter, Query, Response
from fastapi.responses import HTMLResponse, RedirectResponse
from messaging.database import Tx

from invoice_api.http.csv_answers import safe_cells
from invoice_api.http.dependencies import TheClock
from invoice_api.http.problems import Problem
from invoice_api.integrations import matching
from invoice_api.integrations.matching import ACCEPTED
from invoice_api.integrations.schemas import (
    MatchRowShown,
    MatchShown,
    MatchTotals,
    UnreadInvoice,
)
from invoice_api.invoices import store as invoices_store
from invoice_api.runs import service as runs
from invoice_api.sync_status.connections_store import KnownConnection
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.integration_pages import Peers, ThePeers, head_of
from invoice_api.web.live import live_url
from invoice_api.web.match_views import MatchCard, MatchPage, MismatchRow, TotalRow, UnreadRow
from invoice_api.web.office_views import RunCard
from invoice_api.web.pages import Tab
from invoice_api.web.runs_shown import left_out, run_card
from invoice_api.web.sessions import AForm, AVisit, AWrite, Visit

router = APIRouter(prefix="/integrations/{provider}/match", include_in_schema=False)

_MONTHS = 24
_SHOWN = 200
_CARDS = 2

AMonth = Annotated[str, Query(max_length=7)]


async def month_cards(
    tx: Tx, one: Visit, connections: Sequence[KnownConnection]
) -> tuple[MatchCard, ...]:
    """The newest months with invoices at each provider, to be asked for by the browser."""
    if not connections:
        return ()
    months = await invoices_store.months(tx, one.caller.company.id, _CARDS)
    return tuple(
        MatchCard(
            sentence=f"{_short(first, one)}: compare with {PROVIDER_LABELS[known.facts.provider]}",
            url=_address(known.facts.provider, first),
            icon="scale",
            ask=f"/integrations/{known.facts.provider}/match/card?month={first:%Y-%m}",
        )
        for first in months
        for known in connections
    )


@router.get("/card")
async def show_card(
    provider: Provider,
    one: AVisit,
    peers: ThePeers,
    clock: TheClock,
    render: TheRenderer,
    month: AMonth,
) -> Response:
    """One month's line; nothing where it can't be had, so that the link stays as it is."""
    first = _first_of(month)
    if first is None:
        return Response(status_code=204)
    try:
        shown = await matching.match(
            peers.database, peers.orchestrator, clock, one.caller, provider, f"{first:%Y-%m}"
        )
    except Problem:
        return Response(status_code=204)
    if not shown.expected and not shown.data:
        return HTMLResponse("")
    label = PROVIDER_LABELS[provider]
    card = MatchCard(
        sentence=f"{_short(first, one)}: {sentence_of(shown, label)}",
        url=_address(provider, first),
        icon="circle-check" if shown.matched else "equal-not",
        equal=shown.matched,
    )
    return HTMLResponse(render.part("match_card", card), headers={"Cache-Control": "no-store"})


@router.get("")
async def show_match(
    provider: Provider,
    one: AVisit,
    peers: ThePeers,
    clock: TheClock,
    render: TheRenderer,
    month: AMonth = "",
    run: UUID | None = None,
) -> Response:
    head = head_of(await peers.integration(one, provider), "match", peers.connectors)
    async with peers.database.transaction() as tx:
        shell = await one.shell(tx, f"{head.label} books match", "integrations")
        months = await invoices_store.months(tx, one.caller.company.id, _MONTHS)
    first = _first_of(month) or _usual(months, one)
    shown, away = None, False
    if head.status != "not_connected":
        try:
            shown = await matching.match(
                peers.database, peers.orchestrator, clock, one.caller, provider, f"{first:%Y-%m}"
            )
        except Problem:
            away = True
    watched = run if shown is None or shown.verifying is None else shown.verifying
    card = None if watched is None else await _run(watched, one, peers, clock)
    rows = () if shown is None else _exceptions(shown)
    accepted = () if shown is None else tuple(row for row in shown.data if row.reason == ACCEPTED)
    unread = () if shown is None or shown.last_check is None else shown.last_check.unread
    page = MatchPage(
        shell=shell,
        head=head,
        months=_tabs(provider, months, first),
        month=f"{first:%Y-%m}",
        month_name=f"{first:%B %Y}",
        sentence="" if shown is None else sentence_of(shown, head.label),
        equal=shown is not None and shown.matched,
        expected=0 if shown is None else shown.expected,
        totals=() if shown is None else tuple(_total(row) for row in shown.totals),
        rows=tuple(_row(row) for row in rows[:_SHOWN]),
        more=max(0, len(rows) - _SHOWN),
        accepted=tuple(_row(row) for row in accepted[:_SHOWN]),
        more_accepted=max(0, len(accepted) - _SHOWN),
        left_out="" if shown is None else left_out(shown.not_expected),
        checked="" if shown is None else checked_of(shown, head.label, one.eyes.moment),
        unread=tuple(_unread(row) for row in unread[:_SHOWN]),
        more_unread=max(0, len(unread) - _SHOWN),
        run=card,
        live_url=f"/live?recent={provider}" if card is None else live_url("run", [card.id]),
        away=away,
    )
    return render.page("match.html", page)


async def _run(run: UUID, one: Visit, peers: Peers, clock: TheClock) -> RunCard | None:
    """How far the reading is; None where that can't be had."""
    try:
        found = await runs.find_run(peers.database, peers.orchestrator, clock, one.caller, run)
    except Problem:
        return None
    return run_card(found, one.eyes) if found.kind == "verify" else None


def _first_of(month: str) -> date | None:
    try:
        return date.fromisoformat(f"{month}-01")
    except ValueError:
        return None


def _usual(months: Sequence[date], one: Visit) -> date:
    """This month where it has invoices, else the newest that has."""
    today = one.eyes.now.astimezone(one.eyes.zone).date().replace(day=1)
    return today if today in months or not months else months[0]


def _address(provider: Provider, first: date) -> str:
    return f"/integrations/{provider}/match?month={first:%Y-%m}"


def _short(first: date, one: Visit) -> str:
    """ "June", with its year where that isn't this one."""
    this_year = one.eyes.now.astimezone(one.eyes.zone).year
    return f"{first:%B}" if first.year == this_year else f"{first:%B %Y}"


def _tabs(provider: Provider, months: Sequence[date], chosen: date) -> tuple[Tab, ...]:
    every = sorted({*months, chosen}, reverse=True)
    return tuple(
        Tab(f"{first:%b %Y}", None, _address(provider, first), first == chosen) for first in every
    )


def sentence_of(shown: MatchShown, label: str) -> str:
    """ "412 of 412 in Xero, totals equal"."""
    if not shown.expected and not shown.data:
        return f"nothing should be in {label}"
    said = f"{shown.there:,} of {shown.expected:,} in {label}"
    count = len(_exceptions(shown))
    accepted = len(shown.data) - count
    if shown.matched and not accepted:
        return f"{said}, totals equal"
    differ = count - max(0, shown.expected - shown.there)
    parts = [f"{count:,} to look at"] if count else []
    if 0 < differ < count:
        parts = [f"{count:,} to look at ({differ:,} of them there)"]
    if accepted:
        parts.append(f"{accepted:,} accepted as {'it is' if accepted == 1 else 'they are'}")
    return ", ".join([said, *(parts or ["totals differ"])])


def checked_of(shown: MatchShown, label: str, moment: Callable[[datetime], str]) -> str:
    """When it was last checked there, and what of it couldn't be read then."""
    last, verified = shown.last_check, shown.verified_at
    at = None if verified is None else moment(verified)
    said = f"Last checked against {label} {at}"
    if last is not None and last.unread and last.read:
        few = f"{last.read:,} of {last.asked:,} checked; {len(last.unread):,} couldn't be read"
        return f"{said}: {few}."
    parts = [f"{said}."] if at else []
    if last is not None and last.unread:
        tried = f"None of {last.asked:,} could be read {moment(last.at)}."
        parts = [tried, *parts]
    if at is None:
        parts.append(
            f"Not checked against {label} yet: this is what {label} answered when each invoice "
            "was sent."
        )
    return " ".join(parts)


def _unread(row: UnreadInvoice) -> UnreadRow:
    return UnreadRow(row.number, f"/invoices/{row.record_id}", formatters.day(row.date))


def _exceptions(shown: MatchShown) -> tuple[MatchRowShown, ...]:
    """What somebody should look at: what was accepted needs nobody."""
    return tuple(row for row in shown.data if row.reason != ACCEPTED)


def _total(row: MatchTotals) -> TotalRow:
    difference = Decimal(row.there) - Decimal(row.here)
    return TotalRow(
        currency=row.currency,
        here=formatters.money(row.here, row.currency),
        there=formatters.money(row.there, row.currency),
        difference=formatters.money(difference, row.currency) if difference else "—",
        equal=not difference,
    )


def _row(row: MatchRowShown) -> MismatchRow:
    there = row.total_there
    return MismatchRow(
        number=row.number,
        url=f"/invoices/{row.record_id}",
        date=formatters.day(row.date),
        sentence=row.sentence,
        here=formatters.money(row.total, row.currency),
        there="—" if there is None else formatters.money(there, row.currency),
        fix="Open" if row.cause is None or row.reason == ACCEPTED else "Fix",
    )


@router.post("/verify")
async def verify(
    provider: Provider, one: AWrite, form: AForm, peers: ThePeers, clock: TheClock
) -> Response:
    """Check against the provider now; joins a check that is under way."""
    first = _first_of(form.get("month", ""))
    if first is None:
        return one.told(f"/integrations/{provider}/match", "Choose a month first.", tone="warning")
    here = _address(provider, first)
    try:
        done = await matching.verify(
            peers.database, peers.orchestrator, clock, one.caller, provider, f"{first:%Y-%m}"
        )
    except Problem as problem:
        return one.told(here, problem.detail, tone="danger")
    return RedirectResponse(f"{here}&run={done.run.id}", 303)


@router.get(".csv")
async def download(
    provider: Provider, one: AVisit, peers: ThePeers, clock: TheClock, month: AMonth
) -> Response:
    """Every exception of the month as a file."""
    first = _first_of(month)
    if first is None:
        return RedirectResponse(f"/integrations/{provider}/match", 303)
    shown = await matching.match(
        peers.database, peers.orchestrator, clock, one.caller, provider, f"{first:%Y-%m}"
    )
    name = f"books-match-{provider}-{first:%Y-%m}.csv"
    return Response(
        _csv(shown.data, PROVIDER_LABELS[provider]),
        media_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def _csv(rows: Sequence[MatchRowShown], label: str) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(("Invoice", "Date", "Why", "Currency", "Total here", f"Total in {label}"))
    for row in rows:
        cells = (row.number, row.date.isoformat(), row.sentence, row.currency, row.total)
        writer.writerow(safe_cells([*cells, row.total_there or ""]))
    return out.getvalue()
