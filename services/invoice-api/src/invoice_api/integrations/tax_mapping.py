"""Tax rates matched to the provider's taxes: our list of rates, the orchestrator's mapping."""

import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated, Literal
from uuid import UUID

from contracts.connections import RemoteTaxRate
from contracts.ids import PROVIDER_LABELS, Provider, TaxRateId
from messaging.database import Database
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from invoice_api.accounts.caller import Caller
from invoice_api.http.fields import DecimalText, Sent, plain
from invoice_api.http.problems import FieldError, invalid
from invoice_api.peers.orchestrator import Orchestrator, PeerAnswer, principal_of
from invoice_api.sync_status.connected import check_connection
from invoice_api.tax_rates import store as tax_rates_store
from invoice_api.tax_rates.store import TaxRate

_NO_TAX = "No tax"

TaxCode = Annotated[str, StringConstraints(min_length=1, max_length=100)]
Matching = Literal["none", "taxed", "all"]


class TaxCodeShown(BaseModel):
    """A tax of the provider's that can stand on a sale; `percents` are a combined one's parts."""

    id: str
    name: str
    percent: DecimalText | None
    percents: tuple[DecimalText, ...] = ()
    active: bool


class TaxItemShown(BaseModel):
    """A rate of ours and the tax it is there; null as `tax_rate_id` are lines without tax.

    `suggested` is a tax there of the same percent. `warning` says that the percents differ.
    """

    tax_rate_id: TaxRateId | None
    name: str
    percent: DecimalText
    tax_code: str | None
    suggested: str | None = None
    warning: str | None = None


class TaxMappingShown(BaseModel):
    """`matching` says which lines need a tax there: none (the percent goes as it is, or the
    provider works the tax out: `works_tax_out`), taxed ones, or all. `set_up`: whether the
    organisation has sales tax at all."""

    items: tuple[TaxItemShown, ...]
    tax_codes: tuple[TaxCodeShown, ...]
    matching: Matching
    works_tax_out: bool
    set_up: bool
    note: str | None
    as_of: AwareDatetime | None
    refreshing: bool


class TaxChange(Sent):
    """A rate's new tax; null unmatches it. What else may be sent back isn't looked at."""

    tax_rate_id: UUID | None
    name: str | None = None
    percent: str | None = None
    suggested: str | None = None
    warning: str | None = None
    tax_code: TaxCode | None


class TaxChanges(Sent):
    items: Annotated[tuple[TaxChange, ...], Field(max_length=10_000)]


class _Told(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")


class _RowTold(_Told):
    rate: str
    tax_code: str | None


class _TaxesTold(_Told):
    items: tuple[_RowTold, ...]
    no_tax: str
    tax_codes: tuple[RemoteTaxRate, ...]
    matching: Matching
    set_up: bool
    works_tax_out: bool
    as_of: AwareDatetime | None
    refreshing: bool


async def show_taxes(
    database: Database,
    orchestrator: Orchestrator,
    caller: Caller,
    provider: Provider,
    *,
    refresh: bool = False,
) -> tuple[TaxMappingShown, PeerAnswer]:
    """Every rate of the company with its tax there, by name; `refresh` has the provider asked."""
    await check_connection(database, caller, provider)
    answer = await orchestrator.get(
        principal_of(caller),
        f"/integrations/{provider}/tax-mapping",
        {"refresh": "true"} if refresh else None,
    )
    async with database.transaction() as tx:
        rates = await tax_rates_store.all_tax_rates(tx, caller.company.id)
    told = _TaxesTold.model_validate_json(answer.text)
    return _shown(told, rates, provider), answer


async def change_taxes(
    database: Database,
    orchestrator: Orchestrator,
    caller: Caller,
    provider: Provider,
    changes: TaxChanges,
    *,
    if_match: str | None = None,
) -> tuple[TaxMappingShown, PeerAnswer]:
    """Match the rates given; the new whole. 412, 422 for what isn't a rate or a tax there."""
    before, _ = await show_taxes(database, orchestrator, caller, provider)
    async with database.transaction() as tx:
        known = {
            rate.id: rate for rate in await tax_rates_store.all_tax_rates(tx, caller.company.id)
        }
    unknown: list[FieldError] = []
    sent: list[dict[str, str | None]] = []
    for row, change in enumerate(changes.items):
        rate = None if change.tax_rate_id is None else known.get(TaxRateId(change.tax_rate_id))
        if change.tax_rate_id is not None and rate is None:
            unknown.append(FieldError(f"items.{row}.tax_rate_id", "isn't one of your tax rates"))
        if change.tax_rate_id is None and before.matching != "all":
            message = f"lines without tax need no tax in {PROVIDER_LABELS[provider]}"
            unknown.append(FieldError(f"items.{row}.tax_rate_id", message))
        sent.append(
            {
                "rate": "none" if rate is None else str(rate.id),
                "name": _NO_TAX if rate is None else rate.name,
                "percent": "0" if rate is None else plain(rate.percent),
                "tax_code": change.tax_code,
            }
        )
    if unknown:
        raise invalid(*unknown)
    put = await orchestrator.put(
        principal_of(caller),
        f"/integrations/{provider}/tax-mapping",
        json.dumps({"items": sent}),
        if_match,
    )
    told = _TaxesTold.model_validate_json(put.text)
    return _shown(told, list(known.values()), provider), put


def _shown(told: _TaxesTold, rates: Sequence[TaxRate], provider: Provider) -> TaxMappingShown:
    codes = {row.rate: row.tax_code for row in told.items}
    there = {code.id: code for code in told.tax_codes}
    items = [
        _item(rate.id, rate.name, rate.percent, codes.get(str(rate.id)), told, there)
        for rate in rates
    ]
    if told.matching == "all":
        items.append(_item(None, _NO_TAX, Decimal(0), codes.get(told.no_tax), told, there))
    return TaxMappingShown(
        items=tuple(items),
        tax_codes=tuple(
            TaxCodeShown(
                id=code.id,
                name=code.name,
                percent=code.percent,
                percents=code.percents if len(code.percents) > 1 else (),
                active=code.active,
            )
            for code in told.tax_codes
        ),
        matching=told.matching,
        works_tax_out=told.works_tax_out,
        set_up=told.set_up,
        note=_note(told, PROVIDER_LABELS[provider]),
        as_of=told.as_of,
        refreshing=told.refreshing,
    )


def _item(
    rate: TaxRateId | None,
    name: str,
    percent: Decimal,
    code: str | None,
    told: _TaxesTold,
    there: dict[str, RemoteTaxRate],
) -> TaxItemShown:
    matched = None if code is None else there.get(code)
    theirs = None if matched is None else matched.percent
    suggested = next(
        (tax.id for tax in told.tax_codes if tax.active and tax.percent == percent), None
    )
    warning = None
    if told.matching != "none" and theirs is not None and theirs != percent:
        warning = f"{_short(percent)} % here, {_short(theirs)} % there"
    if told.matching != "none" and code is not None and (matched is None or not matched.active):
        warning = "isn't there any more: choose another"
    return TaxItemShown(
        tax_rate_id=rate,
        name=name,
        percent=percent,
        tax_code=code,
        suggested=suggested if told.matching != "none" else None,
        warning=warning,
    )


def _note(told: _TaxesTold, label: str) -> str | None:
    if not told.set_up:
        return f"Sales tax is off in {label}: invoices with tax can't go until it is set up there."
    if told.works_tax_out:
        return (
            f"{label} works the tax out by itself. Where it comes to something else, the invoice "
            "says so with both totals, and you choose which one stays."
        )
    if told.matching == "none":
        return f"{label} takes the percent of each line as it is: nothing needs to be matched."
    return None


def _short(percent: Decimal) -> str:
    return format(percent.normalize(), "f")
