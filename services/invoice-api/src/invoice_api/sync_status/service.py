"""Badges of records, ready to show."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from contracts.ids import ConnectionId, ItemId, Provider, RecordId
from contracts.sync import RecordState
from messaging.clock import Clock
from messaging.database import Tx

from invoice_api.accounts.caller import Caller
from invoice_api.sync_status import connections_store, store
from invoice_api.sync_status.badge import badge_of
from invoice_api.sync_status.facts import ConnectionFacts, RecordFacts, Viewer
from invoice_api.sync_status.schemas import BadgeShown, LinkShown


@dataclass(frozen=True)
class Board:
    """What is known of some records at every provider the company has a connection to."""

    connections: tuple[ConnectionFacts, ...]
    states: dict[tuple[ConnectionId, RecordId], RecordState]
    accounts: dict[ItemId, dict[Provider, str]]
    viewer: Viewer

    def badge(self, record: RecordFacts, connection: ConnectionFacts) -> BadgeShown:
        state = self.states.get((connection.id, record.id))
        return badge_of(state, record, connection, self.viewer)

    def sync_of(self, record: RecordFacts) -> dict[Provider, BadgeShown]:
        """A badge per provider with a connection, and nothing for the others."""
        return {c.provider: self.badge(record, c) for c in self.connections}

    def links_of(self, record: RecordId) -> tuple[LinkShown, ...]:
        """The record's counterparts."""
        found: list[LinkShown] = []
        for connection in self.connections:
            state = self.states.get((connection.id, record))
            if state is not None and state.remote is not None:
                found.append(
                    LinkShown(
                        provider=connection.provider,
                        remote_id=state.remote.id,
                        remote_url=state.remote.url,
                        remote_number=state.remote.number,
                    )
                )
        return tuple(found)


def viewer_of(caller: Caller, clock: Clock) -> Viewer:
    zone = caller.company.zone
    return Viewer(zone, clock.now().astimezone(zone).date(), caller.may_act)


async def board_of(
    tx: Tx,
    caller: Caller,
    clock: Clock,
    records: Sequence[RecordId],
    *,
    items: Sequence[ItemId] = (),
) -> Board:
    """Everything needed to show these records' badges; for `items` their income accounts too."""
    known = await connections_store.current_connections(tx, caller.company.id)
    connections = tuple(one.facts for one in known)
    ids = [one.id for one in connections]
    states: dict[tuple[ConnectionId, RecordId], RecordState] = {}
    accounts: dict[ItemId, dict[Provider, str]] = defaultdict(dict)
    if ids and records:
        states = await store.load_states(tx, caller.company.id, ids, records)
    if ids and items:
        for item, provider, account in await store.load_mappings(tx, caller.company.id, ids, items):
            accounts[item][provider] = account
    return Board(connections, states, dict(accounts), viewer_of(caller, clock))
