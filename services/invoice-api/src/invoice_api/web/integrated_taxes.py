"""The provider's taxes, for the fixes that choose one."""

from collections.abc import Sequence

from contracts.ids import Provider
from messaging.database import Database

from invoice_api.accounts.caller import Caller
from invoice_api.http.problems import Problem
from invoice_api.integrations import tax_mapping
from invoice_api.integrations.tax_mapping import TaxCodeShown
from invoice_api.peers.orchestrator import Orchestrator
from invoice_api.web import formatters
from invoice_api.web.integrated import soon
from invoice_api.web.pages import Option


async def tax_options(
    database: Database, orchestrator: Orchestrator, caller: Caller, provider: Provider
) -> tuple[Option, ...]:
    """Taxes that can stand on a sale; none while they can't be had: the page stands without."""
    try:
        shown, _ = await soon(tax_mapping.show_taxes(database, orchestrator, caller, provider))
    except Problem:
        return ()
    return options_of(shown.tax_codes)


def options_of(codes: Sequence[TaxCodeShown]) -> tuple[Option, ...]:
    """Those that can be chosen, by name, percent and a combined one's parts."""
    return tuple(Option(code.id, tax_label(code)) for code in codes if code.active)


def tax_label(code: TaxCodeShown) -> str:
    """`GST · 15 %`; without a percent where the provider works it out."""
    if code.percent is None:
        return code.name
    parts = " + ".join(f"{formatters.quantity(part)} %" for part in code.percents)
    return f"{code.name} · {formatters.quantity(code.percent)} %" + (f" ({parts})" if parts else "")
