"""Problems: fix once, and everything that waited goes."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import groupby
from typing import Any, cast
from urllib.parse import quote

from contracts.causes import CAUSES
from contracts.ids import Provider
from fastapi import APIRouter, Response
from messaging.clock import Clock

from invoice_api.http.dependencies import TheClock
from invoice_api.http.problems import Problem
from invoice_api.integrations import history
from invoice_api.integrations.schemas import CauseGroupShown, IntegrationShown
from invoice_api.notices import service as notices
from invoice_api.sums import counted, in_words, summed
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.field_words import words_of
from invoice_api.web.integrated import account_options, principal_of, soon
from invoice_api.web.integrated_taxes import tax_options
from invoice_api.web.integration_pages import Peers, ThePeers, head_of
from invoice_api.web.listed_fixes import ListTried, listed_of
from invoice_api.web.live import live_url
from invoice_api.web.notices_views import HOW_OFTEN
from invoice_api.web.office_views import (
    GroupRecord,
    KeptFix,
    ProblemGroup,
    ProblemsPage,
)
from invoice_api.web.pages import FixView, Option, Tab
from invoice_api.web.rendering import Renderer
from invoice_api.web.runs_shown import run_card
from invoice_api.web.sessions import AVisit, Visit
from invoice_api.web.views import cause_view, told_of

router = APIRouter(prefix="/integrations/{provider}", include_in_schema=False)

_LOOKS = {
    "reconnect": ("yellow", "plug-connected-x"),
    "provider_unavailable": ("yellow", "player-pause"),
    "defect": ("orange", "alert-triangle"),
}
_FIRST, _LAST = "reconnect", "defect"


@dataclass(frozen=True)
class Tried:
    """What someone asked of a group that couldn't be done, with all that they had typed."""

    group: str
    verb: str
    action: str
    values: Mapping[str, str]
    ticked: frozenset[str]
    problem: Problem

    def wrong_fields(self) -> dict[str, str]:
        """What is wrong with what was typed."""
        return {
            f"{self.action}.{error.field}": words_of(error, str(self.values[error.field]))
            for error in self.problem.errors
            if error.field in self.values
        }

    def kept(self, provider: Provider) -> KeptFix:
        typed = tuple(
            (formatters.words(name), value)
            for name, value in self.values.items()
            if value and not name.endswith(("_id", "_code"))
        )
        pairs = (("action", self.action), *self.values.items())
        ticked = tuple(("records", record) for record in sorted(self.ticked))
        url = f"/integrations/{provider}/problems/{quote(self.group, safe='')}/{self.verb}"
        return KeptFix(url, (*pairs, *ticked), typed, self.problem.detail)


@router.get("/problems")
async def show_problems(
    provider: Provider, one: AVisit, peers: ThePeers, clock: TheClock, render: TheRenderer
) -> Response:
    return await problems_page(provider, one, peers, clock, render)


async def problems_page(
    provider: Provider,
    one: Visit,
    peers: Peers,
    clock: Clock,
    render: Renderer,
    tried: Tried | None = None,
    listed: ListTried | None = None,
) -> Response:
    """All open groups; what was `tried` in vain keeps its input, with why beside it."""
    async with peers.database.transaction() as tx:
        shell = await one.shell(tx, "Problems", "integrations")
        often = HOW_OFTEN[(await notices.choice(tx, one.caller)).email]
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
    if tried is not None and not away and all(group.group != tried.group for group in rows):
        return one.told(f"/integrations/{provider}/problems", told_of(tried.problem), tone="danger")
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
    groups = [_group(group, over, one, provider, accounts) for group, over in arranged(rows)]
    if tried is not None:
        groups = [_with_tried(group, tried) for group in groups]
    shown_groups = with_lists(groups, listed)
    kept = listed.kept(provider) if listed else tried.kept(provider) if tried else None
    page = ProblemsPage(
        shell=shell,
        head=head,
        groups=tuple(shown_groups),
        fixing=fixing,
        accounts=accounts,
        taxes=taxes,
        total=total_of(rows, head.label),
        tabs=problem_tabs(provider, "problems", len(rows), row),
        calm=f"{synced:,} records are in {head.label}; last looked {now}.",
        live_url=live_url("run", [card.id for card in fixing]) if fixing else "/live",
        away=away,
        notices=often,
        tried=tried is not None or listed is not None,
        kept=kept,
        unsaved=() if listed is None else listed.without_a_row(_rows_of(shown_groups)),
    )
    status = 422 if listed is not None else 200 if tried is None else tried.problem.status
    return render.page("problems.html", page, status)


def _rows_of(groups: Sequence[ProblemGroup]) -> frozenset[str]:
    forms = [group.listed for group in groups if group.listed is not None]
    return frozenset(row.id for form in forms for row in form.rows)


def with_lists(groups: Sequence[ProblemGroup], tried: ListTried | None) -> list[ProblemGroup]:
    """Groups in their order; before several that can be mended together stands their form."""
    found: list[ProblemGroup] = []
    for code, some in groupby(groups, key=lambda group: group.cause.code):
        together = list(some)
        form = listed_of(code, together, tried)
        if form is not None:
            if len(together) == 1:
                together[0] = replace(together[0], listed=form, folds="both")
            else:
                together[0] = replace(together[0], listed=form, folds="first")
                together[-1] = replace(together[-1], folds="last")
        found += together
    return found


def _with_tried(group: ProblemGroup, tried: Tried) -> ProblemGroup:
    if group.group != tried.group:
        return group
    wrong = tried.wrong_fields()
    fixes = tuple(
        fix
        if fix.action != tried.action
        else replace(fix, fields=tuple((n, tried.values.get(n, v)) for n, v in fix.fields))
        for fix in group.cause.fixes
    )
    return replace(
        group,
        cause=replace(group.cause, fixes=fixes),
        ticked=tried.ticked,
        wrong="" if wrong else told_of(tried.problem),
        wrong_fields=wrong,
    )


def problem_tabs(
    provider: Provider, current: str, count: int | None, row: IntegrationShown
) -> tuple[Tab, ...]:
    here = f"/integrations/{provider}"
    ignored = row.counts.get("ignored", 0)
    return (
        Tab("Open", count, f"{here}/problems", current == "problems"),
        Tab("Ignored", ignored, f"{here}/ignored", current == "ignored"),
    )


def _typed_fix(fixes: Iterable[FixView], accounts: Sequence[Option]) -> str:
    typed = [
        fix.action
        for fix in fixes
        if any(
            name != "remote_id"
            and not (name == "account_id" and fix.action == "add_rounding_line" and not accounts)
            for name, _ in fix.fields
        )
    ]
    return typed[0] if len(typed) == 1 else ""


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
    row: CauseGroupShown,
    heading: str | None,
    one: Visit,
    provider: Provider,
    accounts: Sequence[Option],
) -> ProblemGroup:
    records = tuple(_record(told) for told in row.records)
    colour, sign = _LOOKS.get(row.who, ("red", "alert-triangle"))
    kinds = {record.url.split("/")[1].removesuffix("s") for record in records} or {"record"}
    kind = next(iter(kinds)) if len(kinds) == 1 else "record"
    # Where its links lead is said of a record: of several, each has them on its own page.
    alone = (kind, records[0].id) if len(records) == 1 and row.count == 1 else None
    cause = cause_view(row.cause, provider, alone)
    return ProblemGroup(
        group=row.group,
        key=formatters.group_key(row.group),
        cause=cause,
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
        typed_fix=_typed_fix(cause.fixes, accounts),
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
