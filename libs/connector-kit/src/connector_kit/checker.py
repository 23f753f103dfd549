"""A checker's steps: look up what had no answer, judge it, write it down.

At once after an answer was lost, and again after `quiet_until`. The clock is read before the
look-up is sent: what was seen earlier proves no absence.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from contracts.ids import RemoteId
from contracts.sync import CauseInstance
from messaging.database import Tx

from connector_kit import checks_store, connections_store, guard_store, ledger_store
from connector_kit.answers import Seen, Sighting
from connector_kit.asking import Halted
from connector_kit.closing import TAKEN, End, end_of_verdict
from connector_kit.connections_store import Connection
from connector_kit.connector import Connector
from connector_kit.guarding import counted
from connector_kit.judging import SentWindow, judge
from connector_kit.ledger_store import LedgerRow, OpenRequest
from connector_kit.recording import close, tell_checking
from connector_kit.setbacks import apply_setback
from connector_kit.timing import LEASE, backoff

_SERVER_ERROR = 500
_MARGIN = timedelta(milliseconds=50)
"""The next look-up begins after `quiet_until`, not at it."""


@dataclass(frozen=True)
class Check:
    """An open request in a checker's hands, with what is open of it, held under `lease`."""

    lease: UUID
    request: OpenRequest
    connection: Connection
    rows: tuple[LedgerRow, ...]


@dataclass(frozen=True)
class Looked:
    """What a look-up saw, and when the clock was read before it was sent."""

    at: datetime
    sightings: tuple[tuple[LedgerRow, Sighting], ...]
    halted: Halted | None = None


class Checker:
    """Looks up members of requests without an answer."""

    def __init__(self, connector: Connector) -> None:
        self._connector = connector

    async def claim(self) -> Check | None:
        """One request that is due for a look-up; its members are said to be checking."""
        connector = self._connector
        lease = connector.ids.new()
        async with connector.database.transaction() as tx:
            request = await checks_store.claim_check(tx, lease, LEASE)
            if request is None:
                return None
            rows = await ledger_store.open_rows(tx, request.id)
            found = await connections_store.find(tx, [request.connection_id])
            connection = found[request.connection_id]
            if not rows:
                await ledger_store.settle_request(tx, request.id, status=None, answered=False)
                return None
            await tell_checking(tx, connector, connection, request, rows)
        return Check(lease, request, connection, tuple(rows))

    async def look(self, check: Check) -> Looked:
        """Ask the provider for all open members, by what was frozen.

        Somebody waits for the answer: it may use what is kept for clicks.
        """
        connector = self._connector
        async with connector.database.transaction() as tx:
            at = await connections_store.now(tx)
        context = connector.context_of(check.connection)
        seen: list[tuple[LedgerRow, Sighting]] = []
        size = connector.provider.lookup_batch
        for start in range(0, len(check.rows), size):
            rows = check.rows[start : start + size]
            asked = await connector.asker.ask(
                connector.provider.operations.look_up([row.member for row in rows], context),
                check.connection,
                click=True,
            )
            if isinstance(asked, Halted):
                return Looked(at, tuple(seen), asked)
            seen += zip(rows, asked.value, strict=True)
        return Looked(at, tuple(seen))

    async def record(self, check: Check, looked: Looked) -> None:
        """Close what the look-up proves; the rest is looked up after `quiet_until`."""
        connector = self._connector
        async with connector.database.transaction() as tx:
            request = await ledger_store.load_open_request(tx, check.request.id)
            if request is None:
                return
            still_open = {row.id for row in await ledger_store.open_rows(tx, request.id)}
            ends = await self._ends(tx, check, looked)
            await close(tx, connector, check.connection, [e for e in ends if e[0].id in still_open])
            closed = await ledger_store.settle_request(tx, request.id, status=None, answered=False)
            if not closed:
                quiet = looked.at >= request.quiet_until
                wait = backoff(request.checks) if quiet or looked.halted else _MARGIN
                await checks_store.check_again(tx, request.id, wait, soon=looked.halted is not None)
            if looked.halted is not None:
                await apply_setback(
                    tx,
                    connector.provider,
                    connector.timing,
                    connector.ids,
                    check.connection.id,
                    looked.halted.why,
                )
            mine = [end for end in ends if end[0].id in still_open]
            await guard_store.count(tx, request.connection_id, counted(mine))

    async def _ends(self, tx: Tx, check: Check, looked: Looked) -> list[tuple[LedgerRow, End]]:
        request = check.request
        ids: set[RemoteId] = {
            candidate.remote.id
            for _, sighting in looked.sightings
            if isinstance(sighting, Seen)
            for candidate in sighting.candidates
        }
        linked = await ledger_store.linked(tx, check.connection.id, request.entity, list(ids))
        window = SentWindow(request.frozen_at, request.quiet_until)
        failed_together = request.members > 1 and (request.status or 0) >= _SERVER_ERROR
        ends: list[tuple[LedgerRow, End]] = []
        for row, sighting in looked.sightings:
            verdict = judge(row.member, sighting, window=window, looked_at=looked.at, linked=linked)
            end = end_of_verdict(
                verdict,
                row.member,
                alone=failed_together,
                taken=CauseInstance(code=TAKEN[request.entity]),
                holders=linked,
            )
            if end is not None:
                ends.append((row, end))
        return ends
