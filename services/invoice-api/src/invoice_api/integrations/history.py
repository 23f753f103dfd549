"""Recent Syncs and Problems: the orchestrator's history, in words."""

from collections.abc import Mapping
from dataclasses import dataclass

from contracts.causes import Reader, record_name
from contracts.ids import Provider
from messaging.clock import Clock
from messaging.database import Database

from invoice_api.accounts.caller import Caller
from invoice_api.integrations.schemas import (
    CauseGroupShown,
    CauseGroupsShown,
    CausesTold,
    CauseTold,
    SyncRowShown,
    SyncRowsShown,
    SyncsTold,
    SyncTold,
)
from invoice_api.integrations.syncs_asked import SyncsAsked
from invoice_api.peers.orchestrator import Orchestrator, principal_of
from invoice_api.runs.service import run_shown
from invoice_api.sync_status.badge import cause_shown
from invoice_api.sync_status.connected import check_connection
from invoice_api.sync_status.service import viewer_of


@dataclass(frozen=True)
class _Telling:
    provider: Provider
    reader: Reader
    known: Mapping[str, str]


async def recent_syncs(
    database: Database,
    orchestrator: Orchestrator,
    clock: Clock,
    caller: Caller,
    provider: Provider,
    asked: SyncsAsked,
) -> SyncRowsShown:
    """One row an operation, newest first; a run that nobody opened is one row."""
    telling = await _telling(database, clock, caller, provider)
    params = asked.params(caller.company.zone)
    answer = await orchestrator.get(principal_of(caller), f"/integrations/{provider}/syncs", params)
    told = SyncsTold.model_validate_json(answer.text)
    return SyncRowsShown(
        data=tuple(
            _sync_row(row, telling).model_copy(
                update={"run": None if row.run is None else run_shown(row.run, caller, clock)}
            )
            for row in told.data
        ),
        next_cursor=told.next_cursor,
    )


async def problems(
    database: Database,
    orchestrator: Orchestrator,
    clock: Clock,
    caller: Caller,
    provider: Provider,
) -> CauseGroupsShown:
    """Open failures by cause and subject, each with its fix."""
    telling = await _telling(database, clock, caller, provider)
    answer = await orchestrator.get(principal_of(caller), f"/integrations/{provider}/causes")
    told = CausesTold.model_validate_json(answer.text)
    return CauseGroupsShown(
        data=tuple(_group_row(row, telling) for row in told.data),
        fixing=tuple(run_shown(run, caller, clock) for run in told.fixing),
    )


async def _telling(
    database: Database, clock: Clock, caller: Caller, provider: Provider
) -> _Telling:
    connection = await check_connection(database, caller, provider)
    organisation = connection.facts.organisation
    return _Telling(
        provider,
        viewer_of(caller, clock).reader,
        {} if organisation is None else {"org": organisation},
    )


def _sync_row(row: SyncTold, telling: _Telling) -> SyncRowShown:
    known = dict(telling.known)
    if row.entity is not None and row.record_name is not None:
        known[row.entity] = row.record_name
        known["record"] = record_name(row.entity, row.record_name)
    return SyncRowShown(
        id=row.id,
        entity=row.entity,
        record_id=row.record_id,
        record_name=row.record_name,
        state=row.state,
        cause=(
            None
            if row.cause is None
            else cause_shown(
                row.cause,
                telling.provider,
                record_id=row.record_id,
                reader=telling.reader,
                known=known,
            )
        ),
        started_by=row.started_by,
        started_at=row.started_at,
        finished_at=row.finished_at,
        attempts=row.attempts,
        run_id=row.run_id,
    )


def _group_row(row: CauseTold, telling: _Telling) -> CauseGroupShown:
    cause = cause_shown(
        row.cause,
        telling.provider,
        record_id=None,
        reader=telling.reader,
        known={**telling.known, "count": str(row.count)},
    )
    cause = cause.model_copy(update={"group": row.group})
    return CauseGroupShown(
        group=row.group,
        code=row.code,
        who=cause.who,
        title=cause.title,
        sentence=cause.sentence,
        fixes=cause.fixes,
        cause=cause,
        count=row.count,
        amount=row.amount,
        currency=row.currency,
        amounts=row.amounts,
        since=row.since,
        records=row.records,
    )
