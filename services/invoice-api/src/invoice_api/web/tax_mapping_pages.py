"""Tax Mapping: each local tax rate on the provider's tax, seen with both percents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated
from uuid import UUID

from contracts.ids import Provider, TaxRateId
from fastapi import APIRouter, Query, Response

from invoice_api.http.problems import Problem
from invoice_api.integrations import staging, tax_mapping
from invoice_api.integrations.tax_mapping import (
    TaxChange,
    TaxChanges,
    TaxCodeShown,
    TaxItemShown,
    TaxMappingShown,
)
from invoice_api.tax_rates import store as tax_rates_store
from invoice_api.tax_rates.store import Held
from invoice_api.web import formatters
from invoice_api.web.dependencies import TheRenderer
from invoice_api.web.integrated import soon
from invoice_api.web.integrated_taxes import options_of, tax_label
from invoice_api.web.integration_pages import Peers, ThePeers, head_of
from invoice_api.web.mapping_views import TaxMappingPage, TaxRow
from invoice_api.web.pages import Option, Undo
from invoice_api.web.sessions import AForm, AVisit, AWrite, FormValues, Visit

router = APIRouter(prefix="/integrations/{provider}/tax-mapping", include_in_schema=False)

_NO_RATE = "none"
"""Stands for lines without tax in the form's fields."""


@dataclass(frozen=True)
class Choices:
    """What the form says: each row's tax, and what it was when the page was made."""

    now: Mapping[str, str]
    was: Mapping[str, str]

    @classmethod
    def of(cls, form: FormValues) -> "Choices":
        return cls(_under(form, "tax."), _under(form, "was."))

    def changed(self) -> dict[str, str]:
        return {key: code for key, code in self.now.items() if code != self.was.get(key, code)}

    def without(self, key: str) -> "Choices":
        """The same, with this row as it was."""
        return Choices({k: code for k, code in self.now.items() if k != key}, self.was)


def _under(form: FormValues, prefix: str) -> dict[str, str]:
    return {n.removeprefix(prefix): v for n, v in form.items() if n.startswith(prefix)}


@router.get("")
async def show_tax_mapping(
    provider: Provider,
    one: AVisit,
    peers: ThePeers,
    render: TheRenderer,
    refresh: str = "",
    since: Annotated[str, Query(max_length=40)] = "",
) -> Response:
    page = await _page(one, provider, peers, refresh=bool(refresh), since=since)
    return render.page("tax_mapping.html", page)


async def _page(
    one: Visit,
    provider: Provider,
    peers: Peers,
    *,
    refresh: bool = False,
    since: str = "",
    typed: Choices | None = None,
    problem: str | None = None,
    wrong: Mapping[str, str] | None = None,
) -> TaxMappingPage:
    """The mapping as it is now; what was `typed` and isn't saved stands in its drop-downs."""
    head = head_of(await peers.integration(one, provider), "tax-mapping", peers.connectors)
    shown: TaxMappingShown | None = None
    version = ""
    if head.status != "not_connected":
        try:
            shown, answer = await soon(
                tax_mapping.show_taxes(
                    peers.database, peers.orchestrator, one.caller, provider, refresh=refresh
                )
            )
            version = answer.etag or ""
        except Problem:
            pass
    used: dict[TaxRateId, int] = {}
    held: list[Held] = []
    async with peers.database.transaction() as tx:
        shell = await one.shell(tx, f"{head.label} tax mapping", "integrations")
        if shown is not None:
            rates = [item.tax_rate_id for item in shown.items if item.tax_rate_id is not None]
            used = await tax_rates_store.used_on(tx, one.caller.company.id, rates)
            desk = await staging.desk_of(tx, one.caller, provider)
            held = await tax_rates_store.held_by_taxes(tx, one.caller.company.id, desk.connection)
    # What has no tax yet comes first; among the rest the order stays by name.
    items = sorted(() if shown is None else shown.items, key=lambda item: item.tax_code is not None)
    as_of = None if shown is None else shown.as_of
    stamp = "" if as_of is None else f"{as_of:%Y%m%dT%H%M%S%f}"
    codes = () if shown is None else shown.tax_codes
    rows = tuple(_row(item, codes, used, held, typed, wrong or {}) for item in items)
    return TaxMappingPage(
        shell=shell,
        head=head,
        rows=rows,
        unmatched=sum(1 for item in items if item.tax_code is None),
        waiting=_waiting(held),
        matched_here=shown is not None and shown.matching != "none",
        taxes=any(code.active for code in codes),
        note=None if shown is None else shown.note,
        set_up=shown is None or shown.set_up,
        version=version,
        as_of=None if as_of is None else one.eyes.moment(as_of),
        refreshing=shown is not None and shown.refreshing,
        since=stamp,
        read_again=bool(since) and since != stamp,
        away=shown is None and head.status != "not_connected",
        problem=problem,
    )


def _waiting(held: Sequence[Held]) -> str | None:
    """ "3 invoices, $128.19 and 80.00 SEK"; None where nothing waits."""
    count = sum(one.count for one in held)
    if not count:
        return None
    sums: dict[str, Decimal] = {}
    for one in held:
        sums[one.currency] = sums.get(one.currency, Decimal(0)) + one.amount
    money = " and ".join(formatters.money(amount, currency) for currency, amount in sums.items())
    return f"{count:,} {'invoice' if count == 1 else 'invoices'}, {money}"


def _row(
    item: TaxItemShown,
    codes: Sequence[TaxCodeShown],
    used: Mapping[TaxRateId, int],
    held: Sequence[Held],
    typed: Choices | None,
    wrong: Mapping[str, str],
) -> TaxRow:
    key = _NO_RATE if item.tax_rate_id is None else str(item.tax_rate_id)
    saved = item.tax_code or ""
    changed = {} if typed is None else typed.changed()
    chosen = changed.get(key, saved)
    conflict = None
    if typed is not None and key in changed and typed.was.get(key, saved) != saved != chosen:
        conflict = f"Someone else has chosen {_named(saved, codes)} meanwhile."
    count = 0 if item.tax_rate_id is None else used.get(item.tax_rate_id, 0)
    suggested = item.suggested if not chosen else None
    groups = {f"tax_rate_unmapped.{key}", f"tax_code_gone.{saved}"}
    return TaxRow(
        key=key,
        name=item.name,
        percent=f"{formatters.quantity(item.percent)} %",
        used_on=f"{count:,} {'invoice' if count == 1 else 'invoices'}" if count else "—",
        waiting=_waiting([one for one in held if one.group in groups]),
        tax_code=chosen,
        saved=saved,
        options=_options(codes, item.percent, chosen),
        suggested=None if suggested is None else _named(suggested, codes),
        warning=_warning(item, chosen, codes),
        conflict=conflict,
        wrong=wrong.get(key),
    )


def _warning(item: TaxItemShown, chosen: str, codes: Sequence[TaxCodeShown]) -> str | None:
    """What is odd about the tax that stands in the drop-down, saved or not."""
    if chosen == (item.tax_code or ""):
        return item.warning
    theirs = next((code.percent for code in codes if code.id == chosen), None)
    if theirs is None or theirs == item.percent:
        return None
    ours = formatters.quantity(item.percent)
    return f"{ours} % here, {formatters.quantity(theirs)} % there"


def _options(codes: Sequence[TaxCodeShown], percent: Decimal, chosen: str) -> tuple[Option, ...]:
    """Those that can be chosen, the same percent first; one that is gone only where it is set."""
    usable = sorted(
        (code for code in codes if code.active), key=lambda code: code.percent != percent
    )
    options = list(options_of(usable))
    if chosen and chosen not in {option.value for option in options}:
        gone = next((code for code in codes if code.id == chosen), None)
        label = "No longer there" if gone is None else f"{tax_label(gone)} (no longer used there)"
        options.append(Option(chosen, label))
    return tuple(options)


def _named(code: str, codes: Sequence[TaxCodeShown]) -> str:
    if not code:
        return "no tax"
    return next((tax_label(one) for one in codes if one.id == code), "another tax")


@router.post("")
async def save_tax_mapping(
    provider: Provider, one: AWrite, form: AForm, peers: ThePeers, render: TheRenderer
) -> Response:
    """Save Changes. Where someone was first, theirs stands beside what was chosen here."""
    typed = Choices.of(form)
    here = f"/integrations/{provider}/tax-mapping"
    if (do := form.get("do", "")).startswith("theirs."):
        theirs = typed.without(do.removeprefix("theirs."))
        return render.page("tax_mapping.html", await _page(one, provider, peers, typed=theirs))
    changed = typed.changed()
    if not changed:
        return one.told(here, "Nothing was changed.", tone="info")
    try:
        _, answer = await tax_mapping.change_taxes(
            peers.database,
            peers.orchestrator,
            one.caller,
            provider,
            TaxChanges(items=tuple(_change(key, code) for key, code in changed.items())),
            if_match=form.get("version") or None,
        )
    except Problem as problem:
        keys = list(changed)
        wrong = {
            keys[int(place)]: error.message
            for error in problem.errors
            if (place := error.field.split(".")[1] if "." in error.field else "").isdigit()
            and int(place) < len(keys)
        }
        said = f"Not saved, and nothing you chose is lost: {problem.detail}"
        if problem.status == 412:
            said = (
                "Someone else saved tax rates meanwhile. Yours are below, not saved yet:"
                " look at them and save again."
            )
        elif wrong:
            said = "Not saved, and nothing you chose is lost: see the rows marked below."
        page = await _page(one, provider, peers, typed=typed, problem=said, wrong=wrong)
        return render.page("tax_mapping.html", page, problem.status)
    many = "1 tax rate" if len(changed) == 1 else f"{len(changed):,} tax rates"
    if form.get("undo"):
        return one.told(here, f"Undone: {many} as before.")
    said = f"{many} saved. Invoices that waited for it are being looked at again."
    return one.told(here, said, undo=_undo(here, typed, changed, answer.etag))


_UNDONE_AT_MOST = 15
"""How many rates' former taxes fit into what a browser keeps for the next page."""


def _undo(here: str, typed: Choices, changed: Mapping[str, str], etag: str | None) -> Undo | None:
    """The way back, which fails where somebody saved in between."""
    if len(changed) > _UNDONE_AT_MOST or not etag:
        return None
    fields = [("undo", "1"), ("version", etag)]
    for key, code in changed.items():
        fields += [(f"tax.{key}", typed.was[key]), (f"was.{key}", code)]
    return Undo(here, tuple(fields), "Undo")


def _change(key: str, code: str) -> TaxChange:
    """Raises a 422 for what isn't a rate's id by way of the rates that are known."""
    if key == _NO_RATE:
        return TaxChange(tax_rate_id=None, tax_code=code or None)
    try:
        rate = UUID(key)
    except ValueError:
        rate = UUID(int=0)
    return TaxChange(tax_rate_id=rate, tax_code=code or None)
