"""The page that shows every badge and the cards of causes, as the pages do."""

from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from uuid import UUID

from contracts.causes import CAUSES, cause_of
from contracts.ids import ConnectionId, RecordId
from contracts.sync import CauseInstance, ProviderDetails, RecordState, SyncState, WaitingOn
from fastapi import APIRouter, Response

from invoice_api.http.dependencies import TheClock, TheDatabase
from invoice_api.sync_status.badge import badge_of
from invoice_api.sync_status.facts import ConnectionFacts, RecordFacts, Viewer
from invoice_api.sync_status.service import viewer_of
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.match_views import MatchCard
from invoice_api.web.notices_views import NoticeRow
from invoice_api.web.pages import BadgeView, Option, Shell
from invoice_api.web.sessions import AVisit, Visit
from invoice_api.web.views import badge_view

router = APIRouter(include_in_schema=False)


@dataclass(frozen=True)
class PatternsPage:
    shell: Shell
    badges: tuple[BadgeView, ...]
    cards: tuple[tuple[str, tuple[BadgeView, ...]], ...] = ()
    """Cause cards, by who must act."""
    accounts: tuple[Option, ...] = ()
    match: tuple[MatchCard, ...] = ()
    notices: tuple[NoticeRow, ...] = ()


_MATCH = (
    MatchCard("June: 412 of 412 in Xero, totals equal", "/patterns", "circle-check", equal=True),
    MatchCard("May: 409 of 412 in Xero, 3 to look at", "/patterns", "equal-not"),
)


def _notice(kind: str, title: str, sentence: str, fix: str, over: str | None = None) -> NoticeRow:
    return NoticeRow(
        id="0",
        kind=kind,
        provider="xero",
        provider_label="Xero",
        title=title,
        sentence=sentence,
        amount="$18,240.00" if kind == "cause" else "",
        since="today 09:12",
        over=over,
        fix=fix,
        url="/patterns",
        read=kind != "cause",
        count="37 records" if kind == "cause" else "",
    )


_NOTICES = (
    _notice("cause", "Items need an income account", "Call-out has no income account.", "Fix"),
    _notice("connection", "Reconnect Xero", "Nothing is lost: 8 records wait.", "Reconnect Xero"),
    _notice("ending", "Xero asks you to reconnect", "By 12 September.", "Reconnect Xero"),
    _notice("outage", "Xero isn't answering", "Nothing is lost.", "Show"),
    _notice("outage", "Xero isn't answering", "It was away.", "", "today 10:42"),
)

_EXAMPLES: dict[SyncState, CauseInstance] = {
    SyncState.NOT_ELIGIBLE: cause_of("invoice_draft"),
    SyncState.BLOCKED: cause_of("item_account_unmapped", items="Call-out"),
    SyncState.HELD: cause_of("connection_expired", count="8"),
    SyncState.CHECKING: cause_of("outcome_unknown"),
    SyncState.REMOVED_THERE: cause_of("invoice_gone_there", how="deleted"),
    SyncState.SYNCED_WITH_DIFFERENCE: cause_of("rounding_difference"),
}


@router.get("/patterns")
async def show_patterns(
    one: AVisit, database: TheDatabase, clock: TheClock, render: TheRenderer
) -> Response:
    """A badge of every state, as the pages show them."""
    async with database.transaction() as tx:
        shell = await one.shell(tx, "Patterns", "patterns")
    none = RecordId(one.caller.company.id)
    connection = ConnectionFacts("qbo", ConnectionId(one.caller.company.id), "connected", "Oak")
    record = RecordFacts("invoice", none, "1043", "sent")
    viewer = viewer_of(one.caller, clock)
    badges = tuple(
        badge_view(
            badge_of(_state(state, connection, none), record, connection, viewer),
            one.eyes,
            can_write=True,
        )
        for state in SyncState
    )
    accounts = (Option("79", "200 Sales"), Option("80", "4010 Parts"))
    cards = tuple(
        (_WHO[who], tuple(_card(code, record, connection, viewer, one) for code in codes))
        for who, codes in _codes_by_who()
    )
    return render.page(
        "patterns.html", PatternsPage(shell, badges, cards, accounts, _MATCH, _NOTICES)
    )


_WHO = {
    "fix_record": "For someone in the office",
    "reconnect": "For someone with rights at the provider",
    "provider_unavailable": "For nobody: we go on trying",
    "defect": "For us",
    "info": "Explanations",
}


def _codes_by_who() -> list[tuple[str, list[str]]]:
    ordered = sorted(CAUSES.values(), key=lambda row: (list(_WHO).index(row.who), row.number))
    return [
        (who, [row.code for row in rows]) for who, rows in groupby(ordered, lambda row: row.who)
    ]


_WORDS = {
    "items": "Call-out, Gas check",
    "item": "Call-out",
    "customer": "Maria Gomez",
    "name": "Maria Gomez",
    "account": "200 Sales",
    "tax": "GST 15%",
    "tax_there": "GST on Income",
    "currency": "EUR",
    "currency_there": "USD",
    "email": "maria@gomez",
    "person": "Joe",
    "count": "8",
    "lines": "1114",
    "limit": "750",
    "line": "3",
    "description": "Work on site",
    "fields": "the amount",
    "number": "1043",
    "org": "Oak Plumbing Ltd",
}


def _card(
    code: str, record: RecordFacts, connection: ConnectionFacts, viewer: Viewer, one: Visit
) -> BadgeView:
    """A cause's card, on a state that shows it."""
    row = CAUSES[code]
    details = ProviderDetails(provider_message="As the provider puts it.", provider_code="2050")
    instance = CauseInstance(code=code, params=_WORDS, details=details)
    state = row.state if row.state is not None and row.state in _SHOWN else SyncState.BLOCKED
    shown = _state(state, connection, RecordId(UUID(int=7))).model_copy(
        update={"cause": instance, "waiting_on": None}
    )
    return badge_view(
        badge_of(shown, record, connection, viewer),
        one.eyes,
        can_write=True,
        record=("invoice", str(UUID(int=7))),
    )


_SHOWN = frozenset(
    {
        SyncState.BLOCKED,
        SyncState.HELD,
        SyncState.WAITING,
        SyncState.CHANGED_THERE,
        SyncState.REMOVED_THERE,
        SyncState.SYNCED_WITH_DIFFERENCE,
        SyncState.OUT_OF_DATE,
    }
)


def _state(state: SyncState, connection: ConnectionFacts, record: RecordId) -> RecordState:
    at = datetime(2026, 6, 15, 14, 42, tzinfo=UTC)
    waits = WaitingOn(entity="customer", record_id=record, name="Ann Lee")
    return RecordState(
        provider=connection.provider,
        connection_id=connection.id,
        entity="invoice",
        record_id=record,
        generation=1,
        step=1,
        state=state,
        cause=_EXAMPLES.get(state),
        waiting_on=waits if state is SyncState.WAITING else None,
        synced_at=at if state is SyncState.SYNCED else None,
        changed_at=at,
    )
