"""The catalogue: all causes, in the order in which they are shown."""

from collections.abc import Mapping
from types import MappingProxyType

from contracts.causes.connection_rows import CONNECTIONS, OURS, PROVIDERS
from contracts.causes.customer_rows import CUSTOMERS, NOT_ON_ITS_WAY
from contracts.causes.invoice_rows import INVOICES
from contracts.causes.item_rows import AMOUNTS, ITEMS
from contracts.causes.model import Cause

ROWS: tuple[Cause, ...] = (
    *NOT_ON_ITS_WAY,
    *CUSTOMERS,
    *ITEMS,
    *AMOUNTS,
    *INVOICES,
    *CONNECTIONS,
    *PROVIDERS,
    *OURS,
)

CAUSES: Mapping[str, Cause] = MappingProxyType({str(row.code): row for row in ROWS})
"""Every cause by its code."""
