"""Recent Syncs, Problems, and the page that shows every badge."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, Any, cast

from contracts.causes import cause_of
from contracts.ids import PROVIDER_LABELS, ConnectionId, Provider, RecordId
from contracts.sync import CauseInstance, RecordState, SyncState, WaitingOn
from fastapi import APIRouter, Query, Response

from invoice_api.accounts.caller import Caller
from invoice_api.http.dependencies import TheDatabase
from invoice_api.http.problems import Problem
from invoice_api.peers.connectors import TheConnectors
from invoice_api.peers.orchestrator import TheOrchestrator
from invoice_api.sync_status.badge import badge_of, cause_shown
from invoice_api.sync_status.facts import ConnectionFacts, RecordFacts, Viewer
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.integrated import account_options, principal_of
from invoice_api.web.integration_pages import head_of
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

Row = dict[str, Any]


@router.get("/integrations/{provider}/recent")
async def show_recent(
    provider: Provider,
    one: AVisit,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    connectors: TheConnectors,
    render: TheRenderer,
    cursor: Annotated[str, Query(max_length=200)] = "",
) -> Response:
    async with database.transaction() as tx:
        shell = await one.shell(tx, "Recent Syncs", "integrations")
    offered = connectors.offers(provider)
    head, away = await head_of(one, provider, "recent", orchestrator, offered)
    rows: list[Row] = []
    more: str | None = None
    if not away and head.status != "not_connected":
        params = {"limit": "50"} | ({"cursor": cursor} if cursor else {})
        try:
            answer = await orchestrator.get(
                principal_of(one.caller), f"/integrations/{provider}/syncs", params
            )
            rows, more = answer.json()["data"], answer.json()["next_cursor"]
        except Problem:
            away = True
    page = RecentSyncsPage(
        shell=shell,
        head=head,
        rows=tuple(_sync_row(row, one, provider) for row in rows),
        next_url=f"?cursor={more}" if more else None,
        away=away,
    )
    return render.page("recent.html", page)


def _sync_row(row: Row, one: Visit, provider: Provider) -> SyncRow:
    state = SyncState(row["state"])
    entity, name = str(row["entity"]), str(row["record_name"])
    sentence = None
    if row.get("cause"):
        cause = CauseInstance.model_validate(row["cause"])
        sentence = _in_words(cause, provider, one, {entity: name}).sentence
    labels = {SyncState.SYNCED: f"Synced to {PROVIDER_LABELS[provider]}"}
    return SyncRow(
        at=one.eyes.moment(datetime.fromisoformat(row["started_at"])),
        record=f"{entity.capitalize()} {name}",
        record_url=f"/{entity}s/{row['record_id']}",
        label=labels.get(state, state.value.replace("_", " ").capitalize()),
        tone=TONES[state],
        sentence=sentence,
        started_by=str(row["started_by"] or "automatic"),
        attempts=_count(row["attempts"]),
    )


def _count(attempts: object) -> int:
    if isinstance(attempts, list):
        return len(cast("list[object]", attempts))
    return int(cast("int", attempts))


def _in_words(cause: CauseInstance, provider: Provider, one: Visit, known: dict[str, str]) -> Any:
    return cause_view(
        cause_shown(
            cause,
            provider,
            record_id=None,
            reader=_viewer(one.caller, one.eyes.now).reader,
            known=known,
        )
    )


def _viewer(caller: Caller, now: datetime) -> Viewer:
    zone = caller.company.zone
    return Viewer(zone, now.astimezone(zone).date(), caller.may_act)


@router.get("/integrations/{provider}/problems")
async def show_problems(
    provider: Provider,
    one: AVisit,
    database: TheDatabase,
    orchestrator: TheOrchestrator,
    connectors: TheConnectors,
    render: TheRenderer,
) -> Response:
    async with database.transaction() as tx:
        shell = await one.shell(tx, "Problems", "integrations")
    offered = connectors.offers(provider)
    head, away = await head_of(one, provider, "problems", orchestrator, offered)
    groups: list[Row] = []
    principal = principal_of(one.caller)
    if not away and head.status != "not_connected":
        try:
            answer = await orchestrator.get(principal, f"/integrations/{provider}/causes")
            groups = answer.json()["data"]
        except Problem:
            away = True
    page = ProblemsPage(
        shell=shell,
        head=head,
        groups=tuple(_group(row, one, provider) for row in groups),
        accounts=await account_options(orchestrator, principal, provider) if groups else (),
        away=away,
    )
    return render.page("problems.html", page)


def _group(row: Row, one: Visit, provider: Provider) -> ProblemGroup:
    amount = row.get("amount")
    currency = one.caller.company.currency
    return ProblemGroup(
        group=row["group"],
        cause=_in_words(CauseInstance.model_validate(row["cause"]), provider, one, {}),
        count=int(row["count"]),
        amount=formatters.money(Decimal(str(amount)), currency) if amount else None,
        since=one.eyes.moment(datetime.fromisoformat(row["since"])),
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
async def show_patterns(one: AVisit, database: TheDatabase, render: TheRenderer) -> Response:
    """A badge of every state, as the pages show them."""
    async with database.transaction() as tx:
        shell = await one.shell(tx, "Patterns", "patterns")
    none = RecordId(one.caller.company.id)
    connection = ConnectionFacts("qbo", ConnectionId(one.caller.company.id), "connected", "Oak")
    record = RecordFacts("invoice", none, "1043", "sent")
    viewer = _viewer(one.caller, one.eyes.now)
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
