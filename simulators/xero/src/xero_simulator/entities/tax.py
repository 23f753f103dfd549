"""`/TaxRates`: the rates of a country, and custom ones.

TaxTypes: https://developer.xero.com/documentation/api/accounting/types#tax-rates.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from xero_simulator.books import Organisation, Record
from xero_simulator.refusals import InvalidError
from xero_simulator.settings import Settings
from xero_simulator.wire import ZERO, Json, JsonObject, dec, number, objects, text

# name, TaxType, ReportTaxType, percent, status, applies to
# (r: revenue, x: expenses, o: assets, equity and liabilities)
_Row = tuple[str, str, str, str, str, str]
_ROWS: dict[str, tuple[_Row, ...]] = {
    "US": (
        ("Tax on Purchases", "INPUT", "INPUT", "8.25", "ACTIVE", "xo"),
        ("Tax on Sales", "OUTPUT", "OUTPUT", "8.25", "ACTIVE", "ro"),
        ("Tax Exempt", "NONE", "NONE", "0", "ACTIVE", "rxo"),
    ),
    "NZ": (
        ("12.5% GST on Expenses", "INPUT", "INPUT", "12.5", "DELETED", "xo"),
        ("12.5% GST on Income", "OUTPUT", "OUTPUT", "12.5", "DELETED", "ro"),
        ("15% GST on Expenses", "INPUT2", "INPUT", "15", "ACTIVE", "xo"),
        ("15% GST on Income", "OUTPUT2", "OUTPUT", "15", "ACTIVE", "ro"),
        ("No GST", "NONE", "NONE", "0", "ACTIVE", "rxo"),
        ("Zero Rated", "ZERORATED", "OUTPUT", "0", "ACTIVE", "ro"),
    ),
    "AU": (
        ("BAS Excluded", "BASEXCLUDED", "BASEXCLUDED", "0", "ACTIVE", "rxo"),
        ("GST Free Exports", "EXEMPTEXPORT", "EXEMPTEXPORT", "0", "ACTIVE", "r"),
        ("GST Free Income", "EXEMPTOUTPUT", "EXEMPTOUTPUT", "0", "ACTIVE", "r"),
        ("GST on Expenses", "INPUT", "INPUT", "10", "ACTIVE", "xo"),
        ("GST on Income", "OUTPUT", "OUTPUT", "10", "ACTIVE", "ro"),
    ),
    "GB": (
        ("20% (VAT on Expenses)", "INPUT2", "INPUT", "20", "ACTIVE", "xo"),
        ("20% (VAT on Income)", "OUTPUT2", "OUTPUT", "20", "ACTIVE", "ro"),
        ("5% (VAT on Income)", "RROUTPUT", "OUTPUT", "5", "ACTIVE", "ro"),
        ("Exempt Income", "EXEMPTOUTPUT", "EXEMPTOUTPUT", "0", "ACTIVE", "ro"),
        ("No VAT", "NONE", "NONE", "0", "ACTIVE", "rxo"),
        ("Zero Rated Income", "ZERORATEDOUTPUT", "OUTPUT", "0", "ACTIVE", "ro"),
    ),
}
_STANDARD = {
    "US": ("OUTPUT", "INPUT"),
    "NZ": ("OUTPUT2", "INPUT2"),
    "AU": ("OUTPUT", "INPUT"),
    "GB": ("OUTPUT2", "INPUT2"),
}
_USUAL = {"US": "8.25", "NZ": "15", "AU": "10", "GB": "20"}
_COMPONENT = {"US": "Tax", "NZ": "GST", "AU": "GST", "GB": "VAT"}
_CLASSES = {
    "REVENUE": "CanApplyToRevenue",
    "EXPENSE": "CanApplyToExpenses",
    "ASSET": "CanApplyToAssets",
    "EQUITY": "CanApplyToEquity",
    "LIABILITY": "CanApplyToLiabilities",
}


def untaxed(settings: Settings) -> str:
    """The TaxType of no tax."""
    return "BASEXCLUDED" if settings.country == "AU" else "NONE"


def default_type(settings: Settings, account_class: str) -> str:
    """What an account of that class fills in where a line has no TaxType."""
    if settings.tax_mode == "none" or account_class not in ("REVENUE", "EXPENSE"):
        return untaxed(settings)
    output, incoming = _STANDARD[settings.country]
    return output if account_class == "REVENUE" else incoming


def furnish(organisation: Organisation, now: datetime) -> None:
    """The country's rates, in place of any there were."""
    settings = organisation.settings
    organisation.forget("TaxRate")
    usual = _USUAL[settings.country]
    for name, tax_type, report, percent, status, applies in _ROWS[settings.country]:
        rate = Decimal(percent)
        shown = name
        if settings.tax_percent is not None and percent == usual:
            rate = settings.tax_percent
            shown = name.replace(f"{usual}%", f"{rate.normalize():f}%")
        component = _COMPONENT[settings.country]
        data = _data(shown, tax_type, report, status, applies, [(component, rate)])
        organisation.add("TaxRate", tax_type, data, now)


def rate_of(organisation: Organisation, tax_type: str) -> Decimal | None:
    """Its percentage; None for a type that isn't there or was deleted."""
    record = organisation.get("TaxRate", tax_type)
    if record is None or record.status != "ACTIVE":
        return None
    return dec(record.data.get("EffectiveRate"))


def applies(organisation: Organisation, tax_type: str, account_class: str) -> bool:
    """Whether a type may be used with accounts of that class."""
    record = organisation.get("TaxRate", tax_type)
    field = _CLASSES.get(account_class, "CanApplyToRevenue")
    return record is not None and record.data.get(field) is True


def shape(record: Record) -> JsonObject:
    """A rate as answers show it."""
    return dict(record.data)


def write(organisation: Organisation, body: JsonObject, now: datetime, *, create: bool) -> Record:
    """A custom rate made (TAX001, TAX002, ...) or changed. Raises InvalidError."""
    name = text(body.get("Name")).strip()
    if not name:
        raise InvalidError("The TaxRate Name must be specified")
    wanted = text(body.get("TaxType"))
    found = organisation.get("TaxRate", wanted) if wanted else None
    named = next((each for each in organisation.all("TaxRate") if each.data["Name"] == name), None)
    if create:
        if named is not None:
            raise InvalidError("A tax rate with this name already exists.")
    else:
        found = found or named
        if found is None:
            raise InvalidError("The TaxRate does not exist.")
    components = [
        (text(each.get("Name")) or "Tax", dec(each.get("Rate")))
        for each in objects(body.get("TaxComponents"))
    ]
    if any(not 0 <= percent <= 100 for _, percent in components):
        raise InvalidError("A tax component's rate must be between 0 and 100")
    if not components and found is None:
        raise InvalidError("A tax rate needs at least one component")
    if found is not None and not create:
        data = dict(found.data)
        if components:
            data = _data(
                name,
                found.id,
                text(data.get("ReportTaxType")),
                found.status,
                "".join(k for k, f in _LETTERS if data.get(f) is True),
                components,
            )
        data["Name"] = name
        if text(body.get("Status")):
            data["Status"] = text(body.get("Status"))
        organisation.replace(found, data, now)
        return found
    taken = {each.id for each in organisation.all("TaxRate", deleted=True)}
    new = next(code for n in range(1, 1000) if (code := f"TAX{n:03d}") not in taken)
    report = text(body.get("ReportTaxType")) or "OUTPUT"
    data = _data(name, new, report, "ACTIVE", "rxo", components)
    return organisation.add("TaxRate", new, data, now)


_LETTERS = (("r", "CanApplyToRevenue"), ("x", "CanApplyToExpenses"), ("o", "CanApplyToAssets"))


def _data(
    name: str,
    tax_type: str,
    report: str,
    status: str,
    applies_to: str,
    components: list[tuple[str, Decimal]],
) -> JsonObject:
    rate = number(sum((percent for _, percent in components), ZERO))
    parts: list[Json] = [
        {"Name": part, "Rate": number(percent), "IsCompound": False, "IsNonRecoverable": False}
        for part, percent in components
    ]
    other = "o" in applies_to
    return {
        "Name": name,
        "TaxType": tax_type,
        "ReportTaxType": report,
        "CanApplyToAssets": other,
        "CanApplyToEquity": other,
        "CanApplyToExpenses": "x" in applies_to,
        "CanApplyToLiabilities": other,
        "CanApplyToRevenue": "r" in applies_to,
        "DisplayTaxRate": rate,
        "EffectiveRate": rate,
        "Status": status,
        "TaxComponents": parts,
    }
