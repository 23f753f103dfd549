"""Customers at a provider: loads, the review before an import, what an import asks."""

import base64
import json
from dataclasses import asdict
from typing import Annotated

from contracts.commands import Origin
from contracts.ids import RecordId, RemoteId
from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from sync_orchestrator.handlers import remote_customers, reviewing_customers
from sync_orchestrator.handlers.places import read_current
from sync_orchestrator.handlers.refusals import FieldProblem, invalid
from sync_orchestrator.http.callers import TheCompany, TheParts, TheProvider, Writer
from sync_orchestrator.http.schemas import (
    ChoicesTaken,
    LearnTaken,
    LoadTaken,
    MatchingTaken,
    RemoteIdsTaken,
)
from sync_orchestrator.store import (
    customer_loads_store,
    remote_customers_store,
    review_store,
)
from sync_orchestrator.store.remote_customers_store import Choice
from sync_orchestrator.store.review_store import FILTERS, Reviewed, Wanted

router = APIRouter(prefix="/integrations/{provider}/remote-customers")

MOST = 100_000
"""Remote ids of one import: as many as are ever listed for one."""


@router.post("/load", status_code=202)
async def load(
    caller: Writer,
    company: TheCompany,
    provider: TheProvider,
    parts: TheParts,
    body: LoadTaken,
) -> JSONResponse:
    """Have the customers there read; a load under way is joined."""
    origin = Origin(by="person", name=body.user_name, user_id=caller.user)
    async with parts.database.transaction() as tx:
        begun, joined = await remote_customers.load(tx, parts.tools, company, provider, origin)
    run = remote_customers.progress_of(begun).model_dump(mode="json")
    return JSONResponse({"run": run, "joined": joined}, status_code=202)


@router.get("")
async def review(
    company: TheCompany,
    provider: TheProvider,
    parts: TheParts,
    q: Annotated[str | None, Query(max_length=200)] = None,
    filter: Annotated[str, Query()] = "all",  # noqa: A002  (its name in the address)
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=3000)] = None,
    before: Annotated[str | None, Query(max_length=3000)] = None,
) -> JSONResponse:
    """A page by name: what each is, what kind it seems and why, whom of ours it could be.

    After `cursor`, or the one that ends before `before`; and how much is selected of all.
    """
    if filter not in FILTERS:
        raise invalid(FieldProblem("filter", f"must be one of {', '.join(FILTERS)}"))
    wanted = Wanted((q or "").strip() or None, filter)
    place, to = _after(cursor), _after(before, "before")
    async with parts.database.transaction() as tx:
        connection = await read_current(tx, company, provider)
        if to is None:
            rows = await review_store.page(tx, connection.id, company, wanted, place, limit + 1)
        else:
            rows = await review_store.page_before(tx, connection.id, company, wanted, to, limit + 1)
        selection = await review_store.selection(tx, connection.id, company)
        counts = await review_store.counts(tx, connection.id, company, wanted.text)
        latest = await customer_loads_store.latest_load(tx, connection.id)
    more = len(rows) > limit
    shown = rows[:limit] if to is None else rows[-limit:]
    # Where one came from is there, on whichever side.
    forth, back = (more, place is not None) if to is None else (True, more)
    return JSONResponse(
        {
            "data": [shown_row(row) for row in shown],
            "next_cursor": _cursor(shown[-1]) if forth and shown else None,
            "prev_cursor": _cursor(shown[0]) if back and shown else None,
            "counts": counts,
            "selection": asdict(selection),
            "as_of": None
            if connection.customers_as_of is None
            else connection.customers_as_of.isoformat(),
            "load": None
            if latest is None
            else remote_customers.progress_of(latest).model_dump(mode="json"),
        }
    )


@router.put("/choices")
async def choose(
    caller: Writer,
    company: TheCompany,
    provider: TheProvider,
    parts: TheParts,
    body: ChoicesTaken,
) -> JSONResponse:
    """Remember choices of the review, one by one or for all that a filter shows."""
    if body.matching is not None and body.kind is None and body.picked is None:
        raise invalid(FieldProblem("kind", "or `picked` is required with `matching`"))
    choices = [
        Choice(
            RemoteId(one.remote_id),
            one.kind,
            one.as_new or "link_to" in one.model_fields_set,
            None if one.link_to is None else RecordId(one.link_to),
            one.as_new,
            one.picked,
        )
        for one in body.customers
    ]
    async with parts.database.transaction() as tx:
        connection = await read_current(tx, company, provider)
        await remote_customers_store.choose(tx, connection.id, choices)
        changed = len(choices)
        if body.matching is not None:
            changed += await reviewing_customers.choose_for_all(
                tx, company, connection.id, _wanted(body.matching), body.kind, body.picked
            )
        selection = await review_store.selection(tx, connection.id, company)
    return JSONResponse({"changed": changed, "selection": asdict(selection)})


@router.post("/ids")
async def ids(
    company: TheCompany, provider: TheProvider, parts: TheParts, body: MatchingTaken
) -> JSONResponse:
    """What a search and a filter show, with what is chosen for each."""
    async with parts.database.transaction() as tx:
        connection = await read_current(tx, company, provider)
        found = await review_store.ids(tx, connection.id, company, _wanted(body), MOST)
    return JSONResponse(
        {
            "connection_id": str(connection.id),
            "remote_ids": [one.id for one in found],
            "customers": [
                {
                    "remote_id": one.id,
                    "suggested_kind": one.suggested_kind,
                    "kind": one.kind,
                    "chosen_link": None if one.link is None else str(one.link),
                    "chosen_new": one.as_new,
                }
                for one in found
            ],
        }
    )


@router.post("/chosen")
async def chosen(
    company: TheCompany, provider: TheProvider, parts: TheParts, body: RemoteIdsTaken
) -> JSONResponse:
    """These customers there, whole, with what was chosen for each."""
    async with parts.database.transaction() as tx:
        connection = await read_current(tx, company, provider)
        found = await review_store.chosen(tx, connection.id, company, body.remote_ids)
    return JSONResponse(
        {
            "connection_id": str(connection.id),
            "customers": [
                {
                    **shown_row(one),
                    "currency": one.known.customer.currency,
                    "version": one.known.customer.version,
                    "address": None
                    if one.known.customer.address is None
                    else one.known.customer.address.model_dump(mode="json"),
                }
                for one in found.values()
            ],
        }
    )


@router.post("/learn")
async def learn(
    caller: Writer,
    company: TheCompany,
    provider: TheProvider,
    parts: TheParts,
    body: LearnTaken,
) -> JSONResponse:
    """What an import took as another kind than was suggested; how many were. Once per import."""
    kinds = {RemoteId(remote): kind for remote, kind in body.kinds.items()}
    async with parts.database.transaction() as tx:
        connection = await read_current(tx, company, provider)
        corrected = await reviewing_customers.learn(
            tx, company, connection.id, dict(kinds), body.run_id
        )
    return JSONResponse({"corrected": corrected})


def shown_row(row: Reviewed) -> dict[str, object]:
    there = row.known.customer
    match = reviewing_customers.match_of(row)
    candidates = [
        {
            "customer_id": str(one.id),
            "name": one.name,
            "email": one.email,
            "why": reviewing_customers.why(one),
        }
        for one in row.candidates
    ]
    linked = row.known.linked_to
    return {
        "remote_id": there.id,
        "name": there.name,
        "email": there.email,
        "phone": there.phone,
        "company_name": there.company_name,
        "active": there.active,
        "suggested_kind": row.known.suggested_kind,
        "reason": row.known.reason,
        "kind": row.chosen_kind or row.known.suggested_kind,
        "chosen_kind": row.chosen_kind,
        "chosen_link": None if row.chosen_link is None else str(row.chosen_link),
        "chosen_new": row.chosen_new,
        "picked": row.picked,
        "selected": row.selected,
        "linked_to": None
        if linked is None
        else {"customer_id": str(linked), "name": row.linked_name},
        "match": None
        if match is None
        else {
            "customer_id": str(match.id),
            "name": match.name,
            "email": match.email,
            "why": reviewing_customers.why(match),
        },
        "candidates": candidates,
        "status": "linked" if linked is not None else "look_alike" if candidates else "new",
    }


def _wanted(matching: MatchingTaken) -> Wanted:
    return Wanted((matching.q or "").strip() or None, matching.filter)


def _cursor(row: Reviewed) -> str:
    place = json.dumps([row.name_key, row.known.customer.id])
    return base64.urlsafe_b64encode(place.encode()).decode().rstrip("=")


def _after(cursor: str | None, field: str = "cursor") -> tuple[str, str] | None:
    if cursor is None:
        return None
    try:
        place: object = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except ValueError:
        place = None
    match place:
        case [str(key), str(remote)]:
            return key, remote
        case _:
            raise invalid(FieldProblem(field, "isn't a cursor of this list"))
