"""Recent Syncs, Problems, and the page that shows every badge."""

from datetime import UTC, datetime
from typing import Annotated

from contracts.causes import cause_of
from contracts.ids import PROVIDER_LABELS, ConnectionId, Provider, RecordId
from contracts.sync import CauseInstance, RecordState, SyncState, WaitingOn
from fastapi import APIRouter, Query, Response

from invoice_api.http.dependencies import TheClock, TheDatabase
from invoice_api.http.problems import Problem
from invoice_api.integrations import history
from invoice_api.integrations.schemas import CauseGroupShown, SyncRowShown
from invoice_api.sync_status.badge import badge_of
from invoice_api.sync_status.facts import ConnectionFacts, RecordFacts
from invoice_api.sync_status.service import viewer_of
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.integrated import account_options, principal_of
from invoice_api.web.integration_pages import ThePeers, head_of
from invoice_api.web.pages import (
    PatternsPage,
    ProblemGroup,
    ProblemsPage,
    RecentSyncsPage,
    SyncRow,
)
from invoice_api.web.sessions import AVisit, Visit
from invoice_api.web.views import TONES, badge_view, cause_view

router = APIRouter(include_in_schema=False)


@router.get("/integrations/{provider}/recent")
async def show_recent(
    provider: Provider,
    one: AVisit,
    peers: ThePeers,
    clock: TheClock,
    render: TheRenderer,
    cursor: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    async with peers.database.transaction() as tx:
        shell = await one.shell(tx, "Recent Syncs", "integrations")
    head = head_of(await peers.integration(one, provider), "recent", peers.connectors)
    rows, more, away = tuple[SyncRow, ...](), None, False
    if head.status != "not_connected":
        params = {"limit": "50"} | ({"cursor": cursor} if cursor else {})
        try:
            shown = await history.recent_syncs(
                peers.database, peers.orchestrator, clock, one.caller, provider, params
            )
        except Problem:
            away = True
        else:
            rows = tuple(_sync_row(row, one, provider) for row in shown.data)
            more = shown.next_cursor
    next_url = f"?cursor={more}" if more else None
    return render.page("recent.html", RecentSyncsPage(shell, head, rows, next_url, away))


def _sync_row(row: SyncRowShown, one: Visit, provider: Provider) -> SyncRow:
    state = SyncState(row.state)
    label = "Synced to " + PROVIDER_LABELS[provider] if state is SyncState.SYNCED else state.value
    return SyncRow(
        at="" if row.started_at is None else one.eyes.moment(row.started_at),
        record=f"{(row.entity or 'record').capitalize()} {row.record_name or ''}",
        record_url=None if row.record_id is None else f"/{row.entity}s/{row.record_id}",
        label=label.replace("_", " ")[:1].upper() + label.replace("_", " ")[1:],
        tone=TONES[state],
        sentence=None if row.cause is None else row.cause.sentence,
        started_by=str(row.started_by or "automatic"),
        attempts=len(row.attempts) if isinstance(row.attempts, list) else int(str(row.attempts)),
    )


@router.get("/integrations/{provider}/problems")
async def show_problems(
    provider: Provider, one: AVisit, peers: ThePeers, clock: TheClock, render: TheRenderer
) -> Response:
    async with peers.database.transaction() as tx:
        shell = await one.shell(tx, "Problems", "integrations")
    head = head_of(await peers.integration(one, provider), "problems", peers.connectors)
    groups, away = tuple[ProblemGroup, ...](), False
    if head.status != "not_connected":
        try:
            shown = await history.problems(
                peers.database, peers.orchestrator, clock, one.caller, provider
            )
        except Problem:
            away = True
        else:
            groups = tuple(_group(row, one, provider) for row in shown.data)
    accounts = (
        await account_options(peers.orchestrator, principal_of(one.caller), provider)
        if groups
        else ()
    )
    return render.page("problems.html", ProblemsPage(shell, head, groups, accounts, away))


def _group(row: CauseGroupShown, one: Visit, provider: Provider) -> ProblemGroup:
    currency = one.caller.company.currency
    return ProblemGroup(
        group=row.group,
        cause=cause_view(row.cause, provider),
        count=row.count,
        amount=None if row.amount is None else formatters.money(str(row.amount), currency),
        since="" if row.since is None else one.eyes.moment(row.since),
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
    return render.page("patterns.html", PatternsPage(shell, badges))


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
