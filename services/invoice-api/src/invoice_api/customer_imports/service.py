"""Import Customers and links by hand, for routes and pages alike.

The list of customers there and what is chosen in a review are the orchestrator's; the customers
that an import makes are ours.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from contracts.ids import Entity, Ids, Provider
from contracts.sync import RecordState
from messaging.clock import Clock
from messaging.database import Database
from pydantic import JsonValue

from invoice_api.accounts.caller import Caller
from invoice_api.customer_imports import store
from invoice_api.customer_imports.schemas import (
    ChosenCustomer,
    ChosenTold,
    ImportAnswer,
    LinkAnswer,
    LinkTold,
    Matching,
    RowsShown,
    SelectedAllTold,
    SelectedTold,
    WantedImport,
)
from invoice_api.customer_imports.store import StartedRow
from invoice_api.customer_imports.working import CHANNEL, progress_of
from invoice_api.http.problems import Problem, conflict, invalid_field, not_found
from invoice_api.integrations.parcels import load_parcel
from invoice_api.peers.orchestrator import Orchestrator, PeerAnswer, principal_of
from invoice_api.runs import service as runs
from invoice_api.runs import store as runs_store
from invoice_api.runs.schemas import RunAnswer, RunTold
from invoice_api.sync_status.connected import check_connection
from invoice_api.sync_status.projector import fold_in_answer
from invoice_api.sync_status.service import board_of

_ASKED_AT_ONCE = 1_000


async def load(
    database: Database,
    orchestrator: Orchestrator,
    clock: Clock,
    caller: Caller,
    provider: Provider,
) -> RunAnswer:
    """Have the customers there read; a load under way is joined. 409 `not_connected`."""
    await check_connection(database, caller, provider)
    body = json.dumps({"user_name": caller.user_name})
    answer = await orchestrator.post(principal_of(caller), f"{_path(provider)}/load", body)
    run = await runs.remember(database, clock, caller, answer)
    return RunAnswer(run=run, joined=RunTold.model_validate_json(answer.text).joined)


async def review(
    database: Database,
    orchestrator: Orchestrator,
    caller: Caller,
    provider: Provider,
    params: Mapping[str, str],
) -> PeerAnswer:
    """A page of the customers there: `q`, `filter`, `limit`, `cursor` or `before`.

    409 `not_connected`.
    """
    await check_connection(database, caller, provider)
    known = ("q", "filter", "limit", "cursor", "before")
    wanted = {name: params[name] for name in known if name in params}
    return await orchestrator.get(principal_of(caller), _path(provider), wanted)


async def remote_items(
    database: Database,
    orchestrator: Orchestrator,
    caller: Caller,
    provider: Provider,
    params: Mapping[str, str],
) -> PeerAnswer:
    """The items there: `q`, `item`, `refresh`, `limit`, `cursor`. 409 `not_connected`."""
    await check_connection(database, caller, provider)
    known = ("q", "item", "refresh", "limit", "cursor")
    wanted = {name: params[name] for name in known if name in params}
    path = f"/integrations/{provider}/remote-items"
    return await orchestrator.get(principal_of(caller), path, wanted)


async def choose(
    database: Database, orchestrator: Orchestrator, caller: Caller, provider: Provider, body: bytes
) -> PeerAnswer:
    """Keep choices of the review: they survive paging, filters and leaving the page."""
    await check_connection(database, caller, provider)
    try:
        text = json.dumps(json.loads(body or b"{}"))
    except ValueError:
        raise Problem(400, "malformed_json", "Not JSON", "The body isn't JSON.") from None
    return await orchestrator.put(principal_of(caller), f"{_path(provider)}/choices", text)


async def start(
    database: Database,
    orchestrator: Orchestrator,
    clock: Clock,
    ids: Ids,
    caller: Caller,
    provider: Provider,
    wanted: WantedImport,
) -> ImportAnswer:
    """Import these customers: a run. One under way for the provider is refused with 409.

    422 where none is chosen, or one twice.
    """
    known = await check_connection(database, caller, provider)
    named = {one.remote_id: one for one in wanted.customers}
    if len(named) < len(wanted.customers):
        raise invalid_field("customers", "names a customer twice")
    chosen = await _chosen(orchestrator, caller, provider, list(named))
    if wanted.matching is not None:
        left_out = set(wanted.but)
        for remote, one in (await _all_of(orchestrator, caller, provider, wanted.matching)).items():
            if remote not in left_out:
                chosen.setdefault(remote, one)
    customers = [_as_begun(one, named.get(remote)) for remote, one in chosen.items()]
    if not customers:
        raise invalid_field("customers", "choose at least one customer")
    run_id = ids.new()
    async with database.transaction() as tx:
        begun = await store.insert(
            tx,
            run_id,
            caller.company.id,
            provider,
            known.facts.id,
            caller.user_id,
            caller.user_name,
            customers,
        )
        if not begun:
            raise conflict(
                "import_running",
                "An import is under way",
                "Customers are being imported already. Wait until that is done, or stop it.",
            )
        kept = await store.find(tx, caller.company.id, run_id)
        assert kept is not None
        progress = progress_of(kept, {}, "running")
        await runs_store.save_runs(tx, "invoice-api", [(caller.company.id, progress)])
        tx.wake(CHANNEL)
    return ImportAnswer(run=runs.run_shown(progress, caller, clock))


async def _chosen(
    orchestrator: Orchestrator, caller: Caller, provider: Provider, remote_ids: Sequence[str]
) -> dict[str, SelectedTold]:
    """What is chosen for each of these; of one that isn't listed nothing is known."""
    found = {remote: SelectedTold(remote_id=remote) for remote in remote_ids}
    for at in range(0, len(remote_ids), _ASKED_AT_ONCE):
        body = json.dumps({"remote_ids": remote_ids[at : at + _ASKED_AT_ONCE]})
        path = f"{_path(provider)}/chosen"
        answer = await orchestrator.post(principal_of(caller), path, body)
        for one in ChosenTold.model_validate_json(answer.text).customers:
            found[one.remote_id] = SelectedTold(
                remote_id=one.remote_id,
                suggested_kind=one.suggested_kind,
                kind=one.kind,
                chosen_link=one.chosen_link,
                chosen_new=one.chosen_new,
            )
    return found


async def _all_of(
    orchestrator: Orchestrator, caller: Caller, provider: Provider, matching: Matching
) -> dict[str, SelectedTold]:
    body = json.dumps(matching.model_dump())
    answer = await orchestrator.post(principal_of(caller), f"{_path(provider)}/ids", body)
    told = SelectedAllTold.model_validate_json(answer.text)
    found = {remote: SelectedTold(remote_id=remote) for remote in told.remote_ids}
    return found | {one.remote_id: one for one in told.customers}


def _as_begun(chosen: SelectedTold, named: ChosenCustomer | None) -> StartedRow:
    """As it is chosen now, unless whoever starts the import says otherwise of it."""
    given = named or ChosenCustomer(remote_id=chosen.remote_id)
    decides = given.as_new or given.link_to is not None
    return StartedRow(
        remote_id=chosen.remote_id,
        kind=given.kind or chosen.kind,
        suggested_kind=chosen.suggested_kind,
        link_to=given.link_to if decides else chosen.chosen_link,
        as_new=given.as_new if decides else chosen.chosen_new,
    )


async def rows(
    database: Database,
    caller: Caller,
    run_id: UUID,
    result: str | None,
    limit: int,
    cursor: str | None,
) -> RowsShown:
    """What became of each customer of an import. 404."""
    try:
        after = -1 if cursor is None else int(cursor)
    except ValueError:
        raise invalid_field("cursor", "isn't a `next_cursor` of this list") from None
    async with database.transaction() as tx:
        job = await store.find(tx, caller.company.id, run_id)
        if job is None:
            raise not_found("import")
        found = await store.rows(tx, run_id, result, after, limit + 1)
        counts = await store.counts(tx, run_id)
        over = not await store.under_way(tx, run_id)
        to_undo = over and bool(
            await store.unused(tx, job.company, run_id, 1) or await store.linked(tx, job, 1)
        )
    shown = found[:limit]
    return RowsShown(
        data=tuple(row for _, row in shown),
        counts=counts,
        can_undo=to_undo,
        next_cursor=str(shown[-1][0]) if len(found) > limit else None,
    )


async def link(
    database: Database,
    orchestrator: Orchestrator,
    clock: Clock,
    caller: Caller,
    provider: Provider,
    entity: Entity,
    record_id: UUID,
    remote_id: str | None,
) -> LinkAnswer:
    """Link to a record there, or (None) unlink. 404; 409 `being_sent`; 422."""
    async with database.transaction() as tx:
        parcel = await load_parcel(tx, caller, entity, record_id)
    await check_connection(database, caller, provider)
    fields: dict[str, JsonValue] = {} if remote_id is None else {"remote_id": remote_id}
    body = json.dumps(parcel.with_fields(caller, provider, fields))
    path = f"/records/{entity}/{record_id}"
    who = principal_of(caller)
    if remote_id is None:
        answer = await orchestrator.post(who, f"{path}/unlink", body)
    else:
        answer = await orchestrator.put(who, f"{path}/link", body)
    told = LinkTold.model_validate_json(answer.text)
    state = RecordState.model_validate(told.state)
    async with database.transaction() as tx:
        await fold_in_answer(tx, caller.company.id, state)
        board = await board_of(tx, caller, clock, [parcel.facts.id])
    if told.before is None:
        undo: dict[str, Any] = {"method": "DELETE"}
    else:
        undo = {"method": "PUT", "remote_id": told.before}
    return LinkAnswer(
        links=board.links_of(parcel.facts.id),
        sync={**board.sync_of(parcel.facts)},
        undo=undo,
    )


async def lookalikes(
    database: Database,
    orchestrator: Orchestrator,
    caller: Caller,
    provider: Provider,
    customer_id: UUID,
) -> PeerAnswer:
    """Customers there that this one could be, the likeliest first. 404; 409 `not_connected`."""
    async with database.transaction() as tx:
        parcel = await load_parcel(tx, caller, "customer", customer_id)
    await check_connection(database, caller, provider)
    body = json.dumps(parcel.with_fields(caller, provider, {}))
    path = f"/records/customer/{customer_id}/lookalikes"
    return await orchestrator.post(principal_of(caller), path, body)


def _path(provider: Provider) -> str:
    return f"/integrations/{provider}/remote-customers"
