"""Items at the provider that a person chooses from, read when somebody looks at them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from contracts.commands import ListRemoteItems
from contracts.connections import RemoteItemsListed
from contracts.ids import CompanyId, LoadId, MessageId, Provider
from messaging.database import Tx

from sync_orchestrator.domain.connection import Connection
from sync_orchestrator.domain.item_list import ItemList, is_stuck, what_to_ask
from sync_orchestrator.handlers.places import read_current
from sync_orchestrator.handlers.work import Tools, Work, begin
from sync_orchestrator.store import remote_items_store


@dataclass(frozen=True, slots=True)
class Looked:
    """A connection's list as it is known. `is_slow`: nothing of a load has come for a while."""

    connection: Connection
    known: ItemList | None
    now: datetime

    @property
    def is_loading(self) -> bool:
        return self.known is not None and self.known.running and self.connection.is_open

    @property
    def is_slow(self) -> bool:
        return self.is_loading and self.known is not None and is_stuck(self.known, self.now)


async def look(
    tx: Tx, tools: Tools, company: CompanyId, provider: Provider, *, refresh: bool = False
) -> Looked:
    """The list as it is known; where it isn't, or is old, the provider is asked meanwhile.

    `refresh`: it is asked though the list is fresh. A connection that isn't open is asked nothing.

    Raises:
        Refusal: 409 never connected.
    """
    connection = await read_current(tx, company, provider)
    known, now = await remote_items_store.find(tx, connection.id)
    if not connection.is_open or what_to_ask(known, now, refresh=refresh) == "nothing":
        return Looked(connection, known, now)
    work = await begin(tx, [company], tools)
    # Whoever else looked at the same moment may have asked.
    known, now = await remote_items_store.find(tx, connection.id)
    connection = work.books.connections[connection.id]
    ask = what_to_ask(known, now, refresh=refresh)
    if ask == "nothing" or not connection.is_open:
        return Looked(connection, known, now)
    if ask == "anew" or known is None:
        load = LoadId(tools.ids.new())
        await remote_items_store.begin(tx, connection.id, company, load, work.books.now)
    else:
        load = known.load_id
        await remote_items_store.asked_again(tx, connection.id, work.books.now)
    work.messages.append(
        ListRemoteItems(
            id=MessageId(tools.ids.new()),
            occurred_at=work.books.now,
            company_id=company,
            correlation_id=load,
            provider=connection.provider,
            connection_id=connection.id,
            epoch=connection.epoch,
            load_id=load,
        )
    )
    await work.save()
    known, now = await remote_items_store.find(tx, connection.id)
    return Looked(connection, known, now)


async def take_pages(work: Work, pages: Sequence[RemoteItemsListed]) -> None:
    """Keep what was listed."""
    for page in pages:
        known = work.books.connections.get(page.connection_id)
        if known is not None and known.company_id == page.company_id:
            await remote_items_store.take_page(work.tx, page, work.books.now)
