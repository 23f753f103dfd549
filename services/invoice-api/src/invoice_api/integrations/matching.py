"""Books match, and what settings would send, counted."""

import json

from contracts.causes import record_name
from contracts.ids import Provider
from contracts.sync import SyncState
from messaging.clock import Clock
from messaging.database import Database

from invoice_api.accounts.caller import Caller
from invoice_api.http.problems import invalid_field
from invoice_api.integrations.schemas import (
    MatchRowShown,
    MatchShown,
    MatchTold,
    MismatchTold,
    SettingsCounts,
)
from invoice_api.peers.orchestrator import Orchestrator, principal_of
from invoice_api.runs import service as runs
from invoice_api.runs.schemas import RunAnswer
from invoice_api.sync_status.badge import cause_shown
from invoice_api.sync_status.connected import check_connection
from invoice_api.sync_status.service import viewer_of

ACCEPTED = "accepted"
"""The reason of an invoice whose other total there a person left as it is: no exception."""

_REASONS: dict[str, str] = {
    "differs": "The totals differ.",
    ACCEPTED: "Left as it is there.",
    "not_read": "It was linked, and hasn't been read there yet.",
    SyncState.NOT_SYNCED.value: "It was never sent there.",
    SyncState.NOT_ELIGIBLE.value: "It doesn't go by itself.",
    SyncState.WAITING.value: "It waits for what goes first.",
    SyncState.HELD.value: "It is paused.",
    SyncState.QUEUED.value: "It is on its way.",
    SyncState.CHECKING.value: "It is being looked up there.",
    SyncState.OUT_OF_DATE.value: "It was changed here since.",
    SyncState.IGNORED.value: "It is ignored.",
}


async def match(
    database: Database,
    orchestrator: Orchestrator,
    clock: Clock,
    caller: Caller,
    provider: Provider,
    month: str,
) -> MatchShown:
    """A month: how many should be there and are, both totals, each exception with its reason."""
    known = await check_connection(database, caller, provider)
    answer = await orchestrator.get(
        principal_of(caller), f"/integrations/{provider}/match", {"month": month}
    )
    told = MatchTold.model_validate_json(answer.text)
    org = known.facts.organisation
    facts = {} if org is None else {"org": org}
    return MatchShown(
        **told.model_dump(exclude={"data"}),
        data=tuple(_row(one, provider, caller, clock, facts) for one in told.data),
    )


async def verify(
    database: Database,
    orchestrator: Orchestrator,
    clock: Clock,
    caller: Caller,
    provider: Provider,
    month: str,
) -> RunAnswer:
    """Read the month's invoices there once; a run. 409 where nothing can be read."""
    await check_connection(database, caller, provider)
    answer = await orchestrator.post(
        principal_of(caller),
        f"/integrations/{provider}/match/verify",
        json.dumps({"user_name": caller.user_name}),
        {"month": month},
    )
    return RunAnswer(run=await runs.remember(database, clock, caller, answer))


async def count_settings(
    database: Database,
    orchestrator: Orchestrator,
    caller: Caller,
    provider: Provider,
    params: dict[str, str],
) -> SettingsCounts:
    """What settings would send if they were saved so. 422 for a field that isn't a setting."""
    for name in params:
        if name not in {"sync_customers", "sync_invoices", "start_date"}:
            raise invalid_field(name, "isn't a setting that sends anything")
    await check_connection(database, caller, provider)
    answer = await orchestrator.get(
        principal_of(caller), f"/integrations/{provider}/settings/dry-run", params
    )
    return SettingsCounts.model_validate_json(answer.text)


def _row(
    one: MismatchTold, provider: Provider, caller: Caller, clock: Clock, facts: dict[str, str]
) -> MatchRowShown:
    known = {**facts, "invoice": one.number, "record": record_name("invoice", one.number)}
    cause = (
        None
        if one.cause is None
        else cause_shown(
            one.cause,
            provider,
            record_id=one.record_id,
            reader=viewer_of(caller, clock).reader,
            known=known,
        )
    )
    plain = _REASONS.get(one.reason, "It isn't there as it is here.")
    return MatchRowShown(
        record_id=one.record_id,
        number=one.number,
        date=one.date,
        reason=one.reason,
        sentence=plain if cause is None else cause.sentence,
        currency=one.currency,
        total=one.total,
        total_there=one.total_there,
        cause=cause,
    )
