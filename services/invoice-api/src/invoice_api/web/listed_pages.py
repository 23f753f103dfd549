"""Several problems of one cause mended at once: what is filled in is saved, each by itself."""

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta
from uuid import UUID

from contracts.ids import InvoiceId, Provider
from fastapi import APIRouter, Response

from invoice_api.http.dependencies import TheClock
from invoice_api.http.problems import Problem, not_found
from invoice_api.integrations.commands import AT_ONCE, Desk
from invoice_api.integrations.record_routes import TheDesk
from invoice_api.invoices import store as invoices_store
from invoice_api.sums import counted
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.field_words import words_of
from invoice_api.web.integration_pages import ThePeers
from invoice_api.web.listed_fixes import AT_MOST, FIELD, KINDS, Kind, ListTried
from invoice_api.web.problems_pages import problems_page
from invoice_api.web.sessions import AVisit, AWrite, FormLists, Typed, Visit
from invoice_api.web.views import told_of

router = APIRouter(prefix="/integrations/{provider}", include_in_schema=False)

_LONGEST_TERM = 365
_TERM = re.compile(r"[0-9]{1,3}")


@router.get("/problems-listed/{code}")
async def back_to_them(provider: Provider, code: str, one: AVisit) -> Response:
    """Where a page that said what couldn't be saved is opened by its address."""
    return one.see(f"/integrations/{provider}/problems")


@router.post("/problems-listed/{code}")
async def save_listed(
    provider: Provider,
    code: str,
    one: AWrite,
    typed: FormLists,
    peers: ThePeers,
    desk: TheDesk,
    clock: TheClock,
    render: TheRenderer,
) -> Response:
    """Save what is filled in. What can't be saved is said beside its field, and the rest is."""
    kind = KINDS.get(code)
    if kind is None:
        raise not_found("problem")
    values, days = _typed(typed), typed.one("days").strip()
    wrong_days = "" if _is_term(days) else f"Write days from 0 to {_LONGEST_TERM}, such as 30."
    wanted = {record: value for record, value in values.items() if value}
    if days and not wrong_days:
        wanted |= await _by_terms(one, desk, [r for r in values if not values[r]], int(days))
    here = f"/integrations/{provider}/problems"
    if not wanted and not wrong_days:
        return one.told(here, "Nothing was filled in, so nothing was saved.", tone="info")
    wrong = {} if wrong_days else await _save(one, desk, provider, kind, wanted)
    saved: set[str] = set() if wrong_days else wanted.keys() - wrong.keys()
    if wrong or wrong_days:
        left = {record: value for record, value in values.items() if record not in saved}
        tried = ListTried(code, left, days, wrong, wrong_days)
        return await problems_page(provider, one, peers, clock, render, listed=tried)
    many = counted(len(wanted), {kind.entity})
    return one.told(here, f"{many} saved. What waited for that is on its way.")


def _typed(typed: Typed) -> dict[str, str]:
    """By record; what names none is left out."""
    found: dict[str, str] = {}
    for name, value in typed.pairs:
        if name.startswith(FIELD) and len(found) < AT_MOST:
            try:
                found[str(UUID(name.removeprefix(FIELD)))] = value.strip()
            except ValueError:
                continue
    return found


def _is_term(days: str) -> bool:
    return not days or (bool(_TERM.fullmatch(days)) and int(days) <= _LONGEST_TERM)


async def _by_terms(one: Visit, desk: Desk, empty: list[str], days: int) -> Mapping[str, str]:
    """So many days after each invoice's own date, of those that have no due date or one before it:
    what somebody has set meanwhile stays."""
    async with desk.database.transaction() as tx:
        found = await invoices_store.load_invoices(
            tx, one.caller.company.id, [InvoiceId(UUID(record)) for record in empty]
        )
    return {
        str(known.snapshot.id): (known.snapshot.issue_date + timedelta(days)).isoformat()
        for known in found.values()
        if known.snapshot.due_date is None or known.snapshot.due_date < known.snapshot.issue_date
    }


async def _save(
    one: Visit, desk: Desk, provider: Provider, kind: Kind, wanted: Mapping[str, str]
) -> dict[str, str]:
    """What is wrong, by record, of what couldn't be saved."""
    gate = asyncio.Semaphore(AT_ONCE)
    wrong: dict[str, str] = {}

    async def save(record: str, value: str) -> None:
        async with gate:
            try:
                await desk.act(
                    one.caller,
                    provider,
                    kind.entity,
                    UUID(record),
                    kind.action,
                    {kind.field: value},
                )
            except Problem as problem:
                said = [words_of(error, value) for error in problem.errors]
                wrong[record] = " ".join(said) or told_of(problem)

    await asyncio.gather(*(save(record, value) for record, value in wanted.items()))
    return wrong
