"""Sales tax: the codes a country's company has, and what an invoice's tax comes to.

Four ways (`Settings.tax_mode`): `none`, `manual` (US without automated sales tax: lines are TAX or
NON, one code a transaction), `ast` (US, automated: a flat percent stands in for the engine) and
`codes` (elsewhere: a code each line). A given TotalTax is honoured everywhere:
https://blogs.intuit.com/2017/12/11/using-quickbooks-online-api-automated-sales-tax/
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from qbo_simulator.books import Organisation, Record
from qbo_simulator.provider_faults import (
    ProviderFault,
    business,
    inactive_reference,
    invalid_line_tax_code,
    unknown_reference,
)
from qbo_simulator.settings import Settings
from qbo_simulator.wire import (
    ZERO,
    Json,
    JsonObject,
    as_object,
    cents,
    dec,
    number,
    objects,
    ref_value,
    text,
)

_LINE_CODE = "Line.SalesItemLineDetail.TaxCodeRef"
_TAX_WORD = {"GB": "VAT", "CA": "GST/HST", "AU": "GST", "US": "sales tax"}

# rate id: (name, percent); code id: (name, description, rate ids)
_Rates = dict[str, tuple[str, str]]
_Codes = dict[str, tuple[str, str, tuple[str, ...]]]
_TABLES: dict[str, tuple[_Rates, _Codes]] = {
    "US": (
        {"1": ("AZ State tax", "7.1"), "2": ("Tucson City", "2"), "3": ("California", "8")},
        {
            "TAX": ("TAX", "Taxable", ()),
            "NON": ("NON", "Non-Taxable", ()),
            "2": ("California", "California", ("3",)),
            "3": ("Tucson", "Tucson", ("1", "2")),
        },
    ),
    "GB": (
        {"3": ("VAT 20", "20"), "5": ("VAT 5", "5"), "7": ("VAT 0", "0"), "9": ("Exempt", "0")},
        {
            "3": ("20.0% S", "Standard", ("3",)),
            "4": ("5.0% R", "Reduced", ("5",)),
            "5": ("0.0% Z", "Zero rated", ("7",)),
            "6": ("Exempt", "Exempt", ("9",)),
            "10": ("No VAT", "No VAT", ()),
        },
    ),
    "CA": (
        {
            "3": ("GST", "5"),
            "5": ("HST ON", "13"),
            "7": ("PST BC", "7"),
            "9": ("Zero-rated", "0"),
        },
        {
            "3": ("Exempt", "Exempt", ()),
            "4": ("Zero-rated", "Zero-rated", ("9",)),
            "5": ("GST", "GST", ("3",)),
            "6": ("HST ON", "HST ON", ("5",)),
            "7": ("GST/PST BC", "GST and PST, British Columbia", ("3", "7")),
        },
    ),
    "AU": (
        {"3": ("GST", "10"), "5": ("GST free", "0")},
        {
            "3": ("GST", "GST", ("3",)),
            "4": ("GST free", "GST free", ("5",)),
            "5": ("Out of Scope", "Out of Scope", ()),
        },
    ),
}


def rate_rows(settings: Settings) -> dict[str, JsonObject]:
    """The TaxRate records a company of this country begins with, by id."""
    if settings.tax_mode == "none":
        return {}
    return {
        key: {
            "Name": name,
            "Description": name,
            "Active": True,
            "RateValue": number(Decimal(percent)),
            "AgencyRef": {"value": "1"},
            "SpecialTaxType": "NONE",
            "DisplayType": "ReadOnly",
        }
        for key, (name, percent) in _TABLES[settings.country][0].items()
    }


def code_rows(settings: Settings) -> dict[str, JsonObject]:
    """The TaxCode records a company of this country begins with, by id."""
    if settings.tax_mode == "none":
        return {}
    rates, codes = _TABLES[settings.country]
    return {
        key: {
            "Name": name,
            "Description": description,
            "Active": True,
            "Hidden": False,
            "Taxable": key != "NON",
            "TaxGroup": key not in ("TAX", "NON"),
            "SalesTaxRateList": {
                "TaxRateDetail": [
                    {
                        "TaxRateRef": {"value": rate, "name": rates[rate][0]},
                        "TaxTypeApplicable": "TaxOnAmount",
                        "TaxOrder": 0,
                    }
                    for rate in rate_ids
                ]
            },
            "PurchaseTaxRateList": {"TaxRateDetail": []},
        }
        for key, (name, description, rate_ids) in codes.items()
    }


@dataclass(frozen=True, slots=True)
class TaxedLine:
    """What a line adds to the tax base, after discounts, and its tax code."""

    amount: Decimal
    code: str
    tax: Decimal | None = None
    """Its tax where that is known already, being part of a price that includes it."""


@dataclass(frozen=True, slots=True)
class Tax:
    """An invoice's tax and the TxnTaxDetail that shows it."""

    total: Decimal
    detail: JsonObject


def line_code(organisation: Organisation, ref: Json, item: Record | None, customer: Record) -> str:
    """The tax code of a sales line, filled in where the company does so by itself.

    Raises ProviderFault: 6100 (an id in the US), 6000 (none elsewhere), 2500 (unknown or inactive).
    """
    settings = organisation.settings
    said = ref_value(ref)
    if settings.tax_mode == "codes":
        code = organisation.get("TaxCode", said)
        if not said:
            word = _TAX_WORD[settings.country]
            raise business(f"Make sure all your transactions have a {word} rate before you save.")
        if code is None:
            raise unknown_reference(_LINE_CODE)
        if not code.active:
            raise inactive_reference(settings.inactive_reference)
        return said
    if said not in ("", "TAX", "NON"):
        raise invalid_line_tax_code()
    if settings.tax_mode == "none":
        if said == "TAX" and settings.tax_not_set_up != "ignore":
            raise _not_set_up(settings)
        return "NON"
    if said:
        return said
    taxable = item is not None and item.data.get("Taxable") is True
    return "TAX" if taxable and customer.data.get("Taxable") is True else "NON"


def net_of(organisation: Organisation, code: str, gross: Decimal) -> Decimal:
    """What is left of an amount that includes the tax of that code."""
    percent = sum((rate.percent for rate in _rates(organisation, code)), ZERO)
    return cents(gross * 100 / (100 + percent))


def total(organisation: Organisation, lines: Iterable[TaxedLine], given: JsonObject) -> Tax:
    """The tax of an invoice's lines; a TotalTax in `given` is honoured. Raises ProviderFault."""
    settings = organisation.settings
    told = dec(given.get("TotalTax")) if given.get("TotalTax") is not None else None
    if settings.tax_mode == "none":
        if told and settings.tax_not_set_up != "ignore":
            raise _not_set_up(settings)
        return Tax(ZERO, {"TotalTax": 0})
    bases = _bases(organisation, lines, given)
    parts = [(rate, base, _tax_of(settings, rate, base)) for rate, base in bases]
    computed = sum((amount for _, _, amount in parts), ZERO)
    if told is None:
        return Tax(computed, _detail(given, computed, [(r, _sum(b), a) for r, b, a in parts]))
    shown = [
        (rate, _sum(base), cents(told * amount / computed) if computed else told)
        for rate, base, amount in parts[: 1 if not computed else None]
    ]
    return Tax(cents(told), _detail(given, cents(told), shown))


@dataclass(frozen=True, slots=True)
class _Rate:
    id: str
    percent: Decimal


@dataclass(frozen=True, slots=True)
class _Base:
    amount: Decimal
    tax: Decimal | None


def _sum(bases: list[_Base]) -> Decimal:
    return sum((each.amount for each in bases), ZERO)


def _bases(
    organisation: Organisation, lines: Iterable[TaxedLine], given: JsonObject
) -> list[tuple[_Rate, list[_Base]]]:
    """Each rate that applies with what it applies to."""
    settings = organisation.settings
    whole = ref_value(given.get("TxnTaxCodeRef"))
    found: dict[str, tuple[_Rate, list[_Base]]] = {}
    if settings.tax_mode == "manual" and whole and organisation.get("TaxCode", whole) is None:
        raise unknown_reference("TxnTaxDetail.TxnTaxCodeRef")
    for line in lines:
        if settings.tax_mode == "codes":
            rates = _rates(organisation, line.code)
        elif line.code != "TAX":
            rates = []
        elif settings.tax_mode == "ast":
            rates = [_Rate("4", settings.ast_percent)]
        else:
            rates = _rates(organisation, whole)
        for rate, known in zip(rates, _split(line.tax, rates), strict=True):
            found.setdefault(rate.id, (rate, []))[1].append(_Base(line.amount, known))
    return list(found.values())


def _split(tax: Decimal | None, rates: list[_Rate]) -> Sequence[Decimal | None]:
    """An included tax among its rates; the last takes what rounding leaves, so it stays whole."""
    if tax is None:
        return [None] * len(rates)
    together = sum((rate.percent for rate in rates), ZERO)
    parts = [cents(tax * rate.percent / together) if together else ZERO for rate in rates[:-1]]
    return [*parts, tax - sum(parts, ZERO)][: len(rates)]


def _rates(organisation: Organisation, code: str) -> list[_Rate]:
    record = organisation.get("TaxCode", code)
    if record is None:
        return []
    entries = objects(as_object(record.data.get("SalesTaxRateList")).get("TaxRateDetail"))
    found: list[_Rate] = []
    for entry in entries:
        rate = organisation.get("TaxRate", ref_value(entry.get("TaxRateRef")))
        if rate is not None:
            found.append(_Rate(rate.id, dec(rate.data.get("RateValue"))))
    return found


def _tax_of(settings: Settings, rate: _Rate, bases: list[_Base]) -> Decimal:
    known = sum((each.tax for each in bases if each.tax is not None), ZERO)
    left = [each.amount for each in bases if each.tax is None]
    if settings.tax_rounding == "line":
        return known + sum((cents(amount * rate.percent / 100) for amount in left), ZERO)
    return known + cents(sum(left, ZERO) * rate.percent / 100)


def _detail(
    given: JsonObject, tax: Decimal, parts: list[tuple[_Rate, Decimal, Decimal]]
) -> JsonObject:
    detail: JsonObject = {}
    if whole := text(as_object(given.get("TxnTaxCodeRef")).get("value")):
        detail["TxnTaxCodeRef"] = {"value": whole}
    detail["TotalTax"] = number(tax)
    if parts:
        detail["TaxLine"] = [
            {
                "Amount": number(amount),
                "DetailType": "TaxLineDetail",
                "TaxLineDetail": {
                    "TaxRateRef": {"value": rate.id},
                    "PercentBased": True,
                    "TaxPercent": number(rate.percent),
                    "NetAmountTaxable": number(base),
                },
            }
            for rate, base, amount in parts
        ]
    return detail


def _not_set_up(settings: Settings) -> ProviderFault:
    if settings.tax_not_set_up == "6100":
        return invalid_line_tax_code()
    return business("Sales tax is not set up for this company.")
