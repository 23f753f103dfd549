"""The catalogue: all causes, in the order in which they are shown."""

from collections.abc import Mapping
from types import MappingProxyType

from contracts.causes.connection_rows import CONNECTIONS, OURS, PROVIDERS
from contracts.causes.customer_rows import CUSTOMERS, NOT_ON_ITS_WAY
from contracts.causes.invoice_rows import INVOICES
from contracts.causes.item_rows import AMOUNTS, ITEMS
from contracts.causes.model import Cause
from contracts.sync import SyncState

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

SHOWN_AS_PROBLEMS: tuple[str, ...] = tuple(
    code
    for code, row in CAUSES.items()
    if row.subject != "none"
    and row.state is not SyncState.NOT_ELIGIBLE
    and (row.who != "info" or row.state is SyncState.SYNCED_WITH_DIFFERENCE)
)
"""Which causes are open problems, whatever state their record is in: what waits for a record counts
with it. Whoever counts or sums problems counts these."""
