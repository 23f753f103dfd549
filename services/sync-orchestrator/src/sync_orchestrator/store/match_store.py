"""A month's invoices, with what is known of each at the provider."""

from datetime import date
from uuid import UUID

from contracts.commands import RemoteRef
from contracts.ids import ConnectionId, RecordId, RemoteId
from contracts.sync import CauseInstance, SyncState
from messaging.database import Tx

from sync_orchestrator.domain.connection import Connection
from sync_orchestrator.domain.matching import Entry

_MONTH = """
select r.id, r.name, r.dated, r.status, r.total, r.currency, l.remote_id is not null as linked,
    j.state, j.cause, (j.totals ->> 'total')::numeric as total_there
from records r
left join jobs j on j.connection_id = $2 and j.entity = 'invoice' and j.record_id = r.id
left join links l on l.connection_id = $2 and l.entity = 'invoice' and l.record_id = r.id
where r.company_id = $1 and r.entity = 'invoice' and r.dated >= $3 and r.dated < $4
    and r.status <> 'draft'
order by r.dated, r.name, r.id
"""

_LINKED = """
select r.id, l.remote_id, l.version, l.number, l.url, l.generation, j.answered_step
from records r
join links l on l.connection_id = $2 and l.entity = 'invoice' and l.record_id = r.id
join jobs j on j.connection_id = $2 and j.entity = 'invoice' and j.record_id = r.id
where r.company_id = $1 and r.entity = 'invoice' and r.dated >= $3 and r.dated < $4
    and j.state <> 'voided'
order by r.id
"""

_VERIFIED = """
select finished_at from runs
where connection_id = $1 and kind = 'verify' and about = $2 and finished_at is not null
    and cancelled_at is null
order by finished_at desc limit 1
"""

_VERIFYING = """
select id from runs
where connection_id = $1 and kind = 'verify' and about = $2 and finished_at is null
order by started_at desc limit 1
"""


async def month(tx: Tx, connection: Connection, first: date, until: date) -> list[Entry]:
    """Invoices dated from `first` on and before `until`, drafts left out, in order of date."""
    rows = await tx.fetch(_MONTH, connection.company_id, connection.id, first, until)
    return [
        Entry(
            record_id=RecordId(row["id"]),
            number=row["name"],
            dated=row["dated"],
            status=row["status"],
            total=row["total"],
            currency=row["currency"],
            linked=row["linked"],
            state=None if row["state"] is None else SyncState(row["state"]),
            cause=None if row["cause"] is None else CauseInstance.model_validate_json(row["cause"]),
            total_there=row["total_there"],
        )
        for row in rows
    ]


async def linked(
    tx: Tx, connection: Connection, first: date, until: date
) -> list[tuple[RecordId, int, int, RemoteRef]]:
    """The month's invoices that are there: generation, last answered step and link of each."""
    rows = await tx.fetch(_LINKED, connection.company_id, connection.id, first, until)
    return [
        (
            RecordId(row["id"]),
            row["generation"],
            row["answered_step"],
            RemoteRef(
                id=RemoteId(row["remote_id"]),
                version=row["version"],
                number=row["number"],
                url=row["url"],
            ),
        )
        for row in rows
    ]


async def verified_at(tx: Tx, connection: ConnectionId, about: str) -> str | None:
    """When the month was last read there to its end."""
    found = await tx.fetchval(_VERIFIED, connection, about)
    return None if found is None else found.isoformat()


async def verifying(tx: Tx, connection: ConnectionId, about: str) -> UUID | None:
    """The run that reads the month there now."""
    found = await tx.fetchval(_VERIFYING, connection, about)
    return None if found is None else UUID(str(found))
