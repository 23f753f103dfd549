"""Providers of a company: status, settings, accounts, operations, problems."""

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from datetime import date, timedelta
from typing import Annotated, cast, get_args
from uuid import UUID

from contracts.causes import SHOWN_AS_PROBLEMS
from contracts.ids import Provider
from contracts.sync import RunProgress, SyncState
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from sync_orchestrator.domain.connection import Connection, ConnectionSettings, current
from sync_orchestrator.domain.job import FINAL
from sync_orchestrator.handlers import dry_run, running
from sync_orchestrator.handlers import settings as settings_handler
from sync_orchestrator.handlers.places import read_current
from sync_orchestrator.handlers.reviewing import refresh_accounts
from sync_orchestrator.http.callers import (
    IfMatch,
    TheCompany,
    TheParts,
    TheProvider,
    Writer,
    etag,
)
from sync_orchestrator.http.operations_asked import SyncsAsked
from sync_orchestrator.http.schemas import SettingsTaken
from sync_orchestrator.store import (
    companies_store,
    connections_store,
    pages_store,
    reference_store,
    runs_store,
)
from sync_orchestrator.store.pages_store import Group, Operation

router = APIRouter()

STATUS = {"open": "connected", "expired": "reconnect", "closed": "disconnected"}
RECORDS_OF_A_GROUP = 100
SHOWN_AFTER_ITS_END = timedelta(seconds=30)


@router.get("/integrations")
async def list_integrations(company: TheCompany, parts: TheParts) -> JSONResponse:
    """Always the three providers, each with the company's newest connection, if it has one."""
    async with parts.database.transaction() as tx:
        known = await connections_store.of_companies(tx, [company])
        newest = {
            provider: current(tuple(c for c in known if c.provider == provider))
            for provider in get_args(Provider)
        }
        counts = await pages_store.counts(tx, [c.id for c in newest.values() if c is not None])
        health = await connections_store.token_health(tx, company)
    rows = [
        {
            "provider": provider,
            "connection_id": None if connection is None else str(connection.id),
            "status": "not_connected" if connection is None else STATUS[connection.status],
            "organisation": None if connection is None else _organisation(connection),
            "token_health": None if connection is None else health.get(connection.id),
            "settings": None if connection is None else shown_settings(connection.settings),
            "counts": {} if connection is None else counts[connection.id],
        }
        for provider, connection in newest.items()
    ]
    return JSONResponse({"data": rows})


@router.get("/integrations/{provider}/settings")
async def get_settings(company: TheCompany, provider: TheProvider, parts: TheParts) -> JSONResponse:
    async with parts.database.transaction() as tx:
        settings = (await read_current(tx, company, provider)).settings
    return JSONResponse(shown_settings(settings), headers=etag(settings.version))


@router.put("/integrations/{provider}/settings")
async def put_settings(
    caller: Writer,
    company: TheCompany,
    provider: TheProvider,
    parts: TheParts,
    if_match: IfMatch,
    body: SettingsTaken,
) -> JSONResponse:
    """Change the fields given; the new whole. What a switch held goes in this transaction."""
    given = {name: getattr(body, name) for name in body.model_fields_set}
    async with parts.database.transaction() as tx:
        settings = await settings_handler.change_settings(
            tx,
            parts.tools,
            company,
            provider,
            cast("settings_handler.Changes", given),
            caller.user,
            if_version=if_match,
        )
    return JSONResponse(shown_settings(settings), headers=etag(settings.version))


@router.get("/integrations/{provider}/settings/dry-run")
async def count_settings(
    company: TheCompany,
    provider: TheProvider,
    parts: TheParts,
    sync_customers: Annotated[bool | None, Query()] = None,
    sync_invoices: Annotated[bool | None, Query()] = None,
    start_date: Annotated[date | None, Query()] = None,
) -> JSONResponse:
    """What these settings would send, what needs attention first and who looks alike."""
    asked = {
        "sync_customers": sync_customers,
        "sync_invoices": sync_invoices,
        "start_date": start_date,
    }
    changes = {name: value for name, value in asked.items() if value is not None}
    async with parts.database.transaction() as tx:
        found = await dry_run.count(tx, parts.tools, company, provider, changes)
    return JSONResponse({name: asdict(counted) for name, counted in found.items()})


@router.get("/integrations/{provider}/accounts")
async def list_accounts(
    company: TheCompany,
    provider: TheProvider,
    parts: TheParts,
    refresh: Annotated[bool, Query()] = False,
) -> JSONResponse:
    """Income accounts from the cache at once; `refresh` has the provider asked meanwhile."""
    async with parts.database.transaction() as tx:
        connection = await read_current(tx, company, provider)
        if refresh and connection.is_open:
            await refresh_accounts(tx, parts.tools, company, connection.id)
        listed = await reference_store.accounts(tx, connection.id)
    return JSONResponse(
        {
            "data": [account.model_dump(mode="json") for account in listed.accounts],
            "as_of": None if listed.as_of is None else listed.as_of.isoformat(),
            "refreshing": listed.refreshing,
            "offered": listed.offered,
        }
    )


@router.get("/integrations/{provider}/syncs")
async def list_syncs(
    company: TheCompany,
    provider: TheProvider,
    parts: TheParts,
    asked: Annotated[SyncsAsked, Query()],
) -> JSONResponse:
    """One row an operation, the newest first; a run is one row, unless something is looked for."""
    wanted = asked.wanted()
    async with parts.database.transaction() as tx:
        connection = await read_current(tx, company, provider)
        before = None if asked.cursor is None else int(asked.cursor)
        limit = asked.limit
        rows = await pages_store.operations(tx, connection.id, before, limit + 1, wanted)
        more = len(rows) > limit
        ids = {row.run_id for row in rows[:limit] if row.run_id} if wanted.runs_as_one else ()
        runs = await running.show_all(tx, company, ids)
    return JSONResponse(
        {
            "data": [_operation(row, runs) for row in rows[:limit]],
            "next_cursor": str(rows[limit - 1].seq) if more else None,
        }
    )


@router.get("/integrations/{provider}/causes")
async def list_causes(company: TheCompany, provider: TheProvider, parts: TheParts) -> JSONResponse:
    """Open failures by cause and subject; what waits for a record counts in that record's group.

    `fixing` are groups that were fixed or tried again, until the last of their records is final.
    """
    async with parts.database.transaction() as tx:
        connection = await read_current(tx, company, provider)
        groups = await pages_store.groups(tx, connection.id, SHOWN_AS_PROBLEMS, RECORDS_OF_A_GROUP)
        ended = await companies_store.now(tx) - SHOWN_AFTER_ITS_END
        runs = await runs_store.of_connection(tx, connection.id, ended, ("fix", "retry"))
        fixing = [await running.show(tx, company, run.id) for run in runs]
    return JSONResponse(
        {
            "data": [_group(group) for group in groups],
            "fixing": [run.model_dump(mode="json") for run in fixing],
        }
    )


def shown_settings(settings: ConnectionSettings) -> dict[str, object]:
    return {
        "sync_customers": settings.sync_customers,
        "sync_invoices": settings.sync_invoices,
        "start_date": settings.start_date.isoformat(),
        "gone_there": settings.gone_there,
        "rounding_account_id": settings.rounding_account_id,
        "no_item_account_id": settings.no_item_account_id,
        "post_in_closed_period": settings.post_in_closed_period,
    }


def _organisation(connection: Connection) -> dict[str, str]:
    return {"id": connection.organisation.id, "name": connection.organisation.name}


def _operation(row: Operation, runs: Mapping[UUID, RunProgress]) -> dict[str, object]:
    run = None if row.run_id is None else runs.get(row.run_id)
    ended: Iterable[str] = {state.value for state in (*FINAL, SyncState.BLOCKED)}
    return {
        "id": str(row.sync_id),
        "entity": row.entity,
        "record_id": str(row.record_id),
        "record_name": row.name,
        "state": row.state,
        "cause": None if row.cause is None else row.cause.model_dump(mode="json"),
        "started_by": None if row.origin is None else row.origin.model_dump(mode="json"),
        "started_at": row.started_at.isoformat(),
        "finished_at": row.last_at.isoformat() if row.state in ended else None,
        "attempts": row.attempts,
        "run_id": None if row.run_id is None else str(row.run_id),
        "run": None if run is None else run.model_dump(mode="json"),
    }


def _group(group: Group) -> dict[str, object]:
    cause = group.cause if group.cause.because is None else group.cause.because
    if group.items and cause.code == "item_account_unmapped":
        params = {**cause.params, "items": json.dumps(list(group.items), ensure_ascii=False)}
        cause = cause.model_copy(update={"params": params})
    currency, amount = group.amounts[0] if group.amounts else (None, None)
    return {
        "group": group.group,
        "code": cause.code,
        "cause": cause.model_dump(mode="json"),
        "count": group.count,
        "amount": None if amount is None else str(amount),
        "currency": currency,
        "amounts": [{"currency": c, "amount": str(a)} for c, a in group.amounts],
        "since": None if group.since is None else group.since.isoformat(),
        "records": list(group.records),
    }
