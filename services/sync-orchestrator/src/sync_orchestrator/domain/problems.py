"""Which causes are shown as problems: open failures that somebody may act on."""

from contracts.causes import CAUSES
from contracts.sync import SyncState

SHOWN_AS_PROBLEMS: tuple[str, ...] = tuple(
    code
    for code, row in CAUSES.items()
    if row.subject != "none"
    and row.state is not SyncState.NOT_ELIGIBLE
    and (row.who != "info" or row.state is SyncState.SYNCED_WITH_DIFFERENCE)
)
