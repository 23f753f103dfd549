"""Problems: fix once, and everything that waited goes."""

from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Any, cast

from contracts.causes import CAUSES
from contracts.ids import Provider
from fastapi import APIRouter, Response

from invoice_api.http.dependencies import TheClock
from invoice_api.http.problems import Problem
from invoice_api.integrations import history
from invoice_api.integrations.schemas import CauseGroupShown
from invoice_api.sums import counted, in_words, summed
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.integrated import account_options, principal_of, soon
from invoice_api.web.integrated_taxes import tax_options
from invoice_api.web.integration_pages import ThePeers, head_of
from invoice_api.web.live import live_url
from invoice_api.web.office_views import (
    GroupRecord,
    ProblemGroup,
    ProblemsPage,
)
from invoice_api.web.pages import Tab
from invoice_api.web.runs_shown import run_card
from invoice_api.web.sessions import AVisit, Visit
from invoice_api.web.views import cause_view

router = APIRouter(prefix="/integrations/{provider}", include_in_schema=False)

_LOOKS = {
    "reconnect": ("yellow", "plug-connected-x"),
    "provider_unavailable": ("yellow", "player-pause"),
    "defect": ("orange", "alert-triangle"),
}
_FIRST, _LAST = "reconnect", "defect"


@router.get("/problems")
async def show_problems(
    provider: Provider, one: AVisit, peers: ThePeers, clock: TheClock, render: TheRenderer
) -> Response:
    async with peers.database.transaction() as tx:
        shell = await one.shell(tx, "Problems", "integrations")
    row = await peers.integration(one, provider)
    head = head_of(row, "problems", peers.connectors)
    shown, away = None, False
    if head.status != "not_connected":
        try:
            shown = await soon(
                history.problems(peers.database, peers.orchestrator, clock, one.caller, provider)
            )
        except Problem as problem:
            away = problem.status >= 500
    rows = () if shown is None else shown.data
    accounts = (
        await account_options(peers.orchestrator, principal_of(one.caller), provider)
        if any("account_id" in fix.fields for group in rows for fix in group.fixes)
        else ()
    )
    taxes = (
        await tax_options(peers.database, peers.orchestrator, one.caller, provider)
        if any(fix.action == "choose_tax" for group in rows for fix in group.fixes)
        else ()
    )
    fixing = () if shown is None else tuple(run_card(run, one.eyes) for run in shown.fixing)
    synced = row.counts.get("synced", 0)
    now = one.eyes.moment(one.eyes.now)
    page = ProblemsPage(
        shell=shell,
        head=head,
        groups=tuple(_group(row, over, one, provider) for row, over in arranged(rows)),
        fixing=fixing,
        accounts=accounts,
        taxes=taxes,
        total=total_of(rows, head.label),
        tabs=problem_tabs(provider, "problems", len(rows)),
        calm=f"{synced:,} records are in {head.label}; last looked {now}.",
        live_url=live_url("run", [card.id for card in fixing]) if fixing else "/live",
        away=away,
    )
    return render.page("problems.html", page)


def problem_tabs(provider: Provider, current: str, count: int | None) -> tuple[Tab, ...]:
    here = f"/integrations/{provider}"
    return (
        Tab("Open", count, f"{here}/problems", current == "problems"),
        Tab("Ignored", None, f"{here}/ignored", current == "ignored"),
    )


def arranged(rows: Sequence[CauseGroupShown]) -> list[tuple[CauseGroupShown, str | None]]:
    """In their order; several groups of a cause that is listed as one stand together, the first
    with what to write over them."""
    listed: dict[str, list[CauseGroupShown]] = {}
    for row in sorted(rows, key=_rank):
        listed.setdefault(row.group if _list_title(row) is None else row.code, []).append(row)
    found: list[tuple[CauseGroupShown, str | None]] = []
    for together in sorted(listed.values(), key=_rank_of_all):
        title = _list_title(together[0])
        over = f"{title}: {len(together):,}" if title and len(together) > 1 else None
        found += [(row, None if place else over) for place, row in enumerate(together)]
    return found


def _list_title(row: CauseGroupShown) -> str | None:
    cause = CAUSES.get(row.code)
    return None if cause is None else cause.list_title


def _rank_of_all(rows: Sequence[CauseGroupShown]) -> tuple[int, Decimal, int]:
    place, _, _ = _rank(rows[0])
    return (place, -sum(map(_amount, rows), Decimal(0)), -sum(row.count for row in rows))


def _rank(group: CauseGroupShown) -> tuple[int, Decimal, int]:
    """Reconnect first, defects last, between them by money."""
    place = 0 if group.who == _FIRST else 2 if group.who == _LAST else 1
    return (place, -_amount(group), -group.count)


def _amount(group: CauseGroupShown) -> Decimal:
    return Decimal(0) if group.amount is None else Decimal(str(group.amount))


def total_of(rows: Sequence[CauseGroupShown], label: str) -> str:
    """How many records in how much money, each currency by itself."""
    money = in_words(summed(one for row in rows for one in _amounts(row)))
    many = counted(sum(row.count for row in rows), ())
    return f"{many}{f', {money},' if money else ''} not as they should be in {label}"


def _amounts(row: CauseGroupShown) -> Iterable[tuple[str, Decimal]]:
    for told in row.amounts:
        one = cast("dict[str, Any]", told) if isinstance(told, dict) else {}
        if one.get("currency") and one.get("amount"):
            yield str(one["currency"]), Decimal(str(one["amount"]))


def _group(
    row: CauseGroupShown, heading: str | None, one: Visit, provider: Provider
) -> ProblemGroup:
    records = tuple(_record(told) for told in row.records)
    colour, sign = _LOOKS.get(row.who, ("red", "alert-triangle"))
    kinds = {record.url.split("/")[1].removesuffix("s") for record in records} or {"record"}
    kind = next(iter(kinds)) if len(kinds) == 1 else "record"
    # Where its links lead is said of a record: of several, each has them on its own page.
    alone = (kind, records[0].id) if len(records) == 1 and row.count == 1 else None
    return ProblemGroup(
        group=row.group,
        key=formatters.group_key(row.group),
        cause=cause_view(row.cause, provider, alone),
        icon=sign,
        colour=colour,
        count=row.count,
        what=counted(row.count, kinds),
        amount=in_words(summed(_amounts(row))) or None,
        since="" if row.since is None else one.eyes.moment(row.since),
        records=records,
        shown_all=len(records) >= row.count,
        ours=row.who == _LAST,
        heading=heading,
    )


def record_named(told: object) -> tuple[str, str]:
    """The kind and id of a record of a group."""
    row = cast("dict[str, Any]", told) if isinstance(told, dict) else {}
    return str(row.get("entity") or "invoice"), str(row.get("id") or "")


def _record(told: object) -> GroupRecord:
    """A record of a group as the orchestrator names it."""
    entity, known = record_named(told)
    row = cast("dict[str, Any]", told) if isinstance(told, dict) else {}
    name = str(row.get("name") or row.get("record_name") or "")
    total, currency = row.get("total"), row.get("currency")
    return GroupRecord(
        id=known,
        name=f"Invoice {name}" if entity == "invoice" else name,
        url=f"/{entity}s/{known}",
        amount=formatters.money(str(total), str(currency)) if total and currency else "",
    )
