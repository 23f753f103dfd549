"""Topics and the feed, each with the handler that applies it."""

from collections.abc import Awaitable, Callable, Sequence

from contracts.message import Message
from contracts.topics import CONNECTIONS, INVOICING, OUTCOMES
from messaging.batch_processor import BatchProcessor, Handle
from messaging.clock import Clock
from messaging.database import Database, Tx
from messaging.feeds import FeedReader, fetch_over
from messaging.internal import InternalClient

from sync_orchestrator.handlers import connections, invoicing, matching, outcomes
from sync_orchestrator.handlers.work import Tools

Handler = Callable[[Tx, Sequence[Message], Tools], Awaitable[None]]

READER = "sync-orchestrator"
RECORDS_FEED = "/internal/v1/feed/records"


def processors(database: Database, tools: Tools, clock: Clock) -> list[BatchProcessor]:
    """One for each topic that this service reads."""
    return [
        BatchProcessor(database, topic, READER, handle, clock)
        for topic, handle in (
            (INVOICING, _with(tools, invoicing.on_events)),
            (OUTCOMES, _with(tools, outcomes.on_outcomes)),
            (CONNECTIONS, _with(tools, _on_connections)),
        )
    ]


async def _on_connections(tx: Tx, messages: Sequence[Message], tools: Tools) -> None:
    await connections.on_connection_events(tx, messages, tools)
    await matching.on_invoices_read(tx, messages, tools)


def records_feed(
    database: Database, tools: Tools, clock: Clock, invoice_api: InternalClient
) -> FeedReader:
    """invoice-api's records, applied as if they had come by the topic."""
    processor = BatchProcessor(
        database, INVOICING, READER, _with(tools, invoicing.on_events), clock
    )
    return FeedReader(
        database, fetch_over(invoice_api, RECORDS_FEED), "invoice-api.records", processor, clock
    )


def _with(tools: Tools, handler: Handler) -> Handle:
    async def handle(tx: Tx, messages: Sequence[Message]) -> None:
        await handler(tx, messages, tools)

    return handle
