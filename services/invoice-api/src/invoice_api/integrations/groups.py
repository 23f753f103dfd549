"""A whole group of problems at once, and what people told us to leave alone."""

import json
from collections.abc import Mapping
from typing import Literal
from uuid import UUID

from contracts.ids import Entity, Provider
from messaging.database import Database
from pydantic import JsonValue

from invoice_api.accounts.caller import Caller
from invoice_api.http.problems import invalid_field, not_found
from invoice_api.integrations.commands import Desk
from invoice_api.integrations.parcels import load_parcel
from invoice_api.integrations.schemas import (
    CausesTold,
    IgnoredShown,
    StopsShown,
    WantedGroup,
)
from invoice_api.peers.orchestrator import Orchestrator, principal_of
from invoice_api.runs import service as runs
from invoice_api.runs.schemas import RunAnswer
from invoice_api.sync_status.connected import check_connection

Verb = Literal["fix", "retry", "ignore", "unignore"]

MADE_HERE = frozenset({"save_email", "save_due_date", "add_in_currency", "void_here"})
"""Fixes of our own records: made on each, then the orchestrator follows how they end."""

_AT_MOST = 100


def verb_of(word: str) -> Verb:
    """The word at the end of a group's address. Raises 404."""
    match word:
        case "fix" | "retry" | "ignore" | "unignore":
            return word
        case _:
            raise not_found("action")


async def act(
    desk: Desk, caller: Caller, provider: Provider, group: str, verb: Verb, wanted: WantedGroup
) -> RunAnswer | StopsShown:
    """Do it for the group, or for `records` of it; a run follows its records to their end.

    With `preview`, ignoring says what it would stop and changes nothing. 404 no such group.
    """
    await check_connection(desk.database, caller, provider)
    body: dict[str, JsonValue] = {**wanted.fields, "user_name": caller.user_name}
    if verb == "fix" and wanted.action in MADE_HERE:
        mended = await _mend_here(desk, caller, provider, group, wanted)
        verb, wanted = "retry", wanted.model_copy(update={"action": None})
        body["mended"] = [{"entity": entity, "id": str(record)} for entity, record in mended]
    if wanted.action is not None:
        body["action"] = wanted.action
    if wanted.records is not None:
        body["records"] = [str(record) for record in wanted.records]
    if verb == "ignore" and wanted.preview:
        body["preview"] = True
    answer = await desk.orchestrator.post(
        principal_of(caller), f"/integrations/{provider}/causes/{group}/{verb}", json.dumps(body)
    )
    if "preview" in body:
        return StopsShown.model_validate_json(answer.text)
    return RunAnswer(run=await runs.remember(desk.database, desk.clock, caller, answer))


async def _mend_here(
    desk: Desk, caller: Caller, provider: Provider, group: str, wanted: WantedGroup
) -> list[tuple[Entity, UUID]]:
    """The fix on each record of the group that is ours to mend; the records that were chosen."""
    answer = await desk.orchestrator.get(principal_of(caller), f"/integrations/{provider}/causes")
    told = CausesTold.model_validate_json(answer.text)
    found = next((row for row in told.data if row.group == group), None)
    if found is None:
        raise not_found("problem")
    chosen: list[tuple[Entity, UUID]] = [
        (entity, record)
        for entity, record in map(_record_of, found.records)
        if wanted.records is None or record in wanted.records
    ]
    if len(chosen) > _AT_MOST or found.count > len(found.records):
        raise invalid_field("records", f"choose up to {_AT_MOST} records for this fix")
    about_customers = [one for one in chosen if one[0] == "customer"]
    for entity, record in about_customers or chosen:
        await desk.act(caller, provider, entity, record, str(wanted.action), wanted.fields)
    return chosen


def _record_of(told: JsonValue) -> tuple[Entity, UUID]:
    row: Mapping[str, JsonValue] = told if isinstance(told, dict) else {}
    match row.get("entity"):
        case "customer":
            entity: Entity = "customer"
        case "item":
            entity = "item"
        case _:
            entity = "invoice"
    return entity, UUID(str(row.get("id")))


async def ignored(
    database: Database,
    orchestrator: Orchestrator,
    caller: Caller,
    provider: Provider,
    params: Mapping[str, str],
) -> IgnoredShown:
    """What people told us to leave alone: who, when and why; the newest first."""
    await check_connection(database, caller, provider)
    answer = await orchestrator.get(
        principal_of(caller), f"/integrations/{provider}/ignored", params
    )
    return IgnoredShown.model_validate_json(answer.text)


async def stops(
    database: Database,
    orchestrator: Orchestrator,
    caller: Caller,
    provider: Provider,
    entity: Entity,
    record_id: UUID,
) -> StopsShown:
    """The invoices that ignoring this customer or item would stop. 404."""
    async with database.transaction() as tx:
        await load_parcel(tx, caller, entity, record_id)
    await check_connection(database, caller, provider)
    answer = await orchestrator.get(
        principal_of(caller), f"/records/{entity}/{record_id}/stops", {"provider": provider}
    )
    return StopsShown.model_validate_json(answer.text)
