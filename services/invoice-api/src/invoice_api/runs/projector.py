"""What the orchestrator tells of its runs, kept as last told."""

from collections.abc import Sequence

from contracts.message import Message
from contracts.sync import RunChanged
from messaging.database import Tx

from invoice_api.runs import store
from invoice_api.sync_status import projector
from invoice_api.sync_status.projector import CHANNEL


async def on_runs(tx: Tx, messages: Sequence[Message]) -> None:
    """Keep the newest of each; an older one changes nothing."""
    told = [message for message in messages if isinstance(message, RunChanged)]
    newest = {m.run.id: m for m in sorted(told, key=lambda m: m.run.version)}
    runs = [(message.company_id, message.run) for message in newest.values()]
    if runs and await store.save_runs(tx, "sync-orchestrator", runs):
        tx.wake(CHANNEL)


async def on_progress(tx: Tx, messages: Sequence[Message]) -> None:
    """`sync.progress.v1`: states and mapping of records, and runs."""
    await projector.on_progress(tx, messages)
    await on_runs(tx, messages)
