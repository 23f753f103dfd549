"""A month's invoices, with what is known of each at the provider."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from contracts.commands import RemoteRef
from contracts.ids import ConnectionId, LoadId, RecordId, RemoteId
from contracts.sync import CauseInstance, SyncState
from messaging.database import Row, Tx

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

_UNTAKEN = """
select r.id, l.remote_id, l.version, l.number, l.url, l.generation, j.answered_step, rr.load_id
from run_records rr
join records r on r.id = rr.record_id and r.entity = 'invoice'
join links l on l.connection_id = $2 and l.entity = 'invoice' and l.record_id = r.id
join jobs j on j.connection_id = $2 and j.entity = 'invoice' and j.record_id = r.id
where rr.run_id = $1 and rr.taken_at is null
order by r.id
"""

_LOADS = """
update run_records rr set load_id = given.load_id
from unnest($2::uuid[], $3::uuid[]) as given (record_id, load_id)
where rr.run_id = $1 and rr.entity = 'invoice' and rr.record_id = given.record_id
"""

_ASKED = "update runs set asked_at = $2, asks = asks + 1 where id = $1"

_ASK_AGAIN = """
update runs set asked_at = $2, asks = asks + 1
where id = $1 and coalesce(asked_at, started_at)
    <= $2::timestamptz
        - least($4::interval, $3::interval * power(2, least(greatest(asks - 1, 0), 10)))
returning true
"""

_NOT_THERE_ANY_MORE = """
update run_records rr set taken_at = $2
where rr.run_id = $1 and rr.taken_at is null and rr.record_id <> all ($3::uuid[])
"""

_GIVE_UP = """
update run_records set taken_at = $2, refused = 'unread' where run_id = $1 and taken_at is null
"""

_LAST = """
select id, finished_at, (select count(*) from run_records rr where rr.run_id = runs.id) as asked
from runs
where connection_id = $1 and kind = 'verify' and about = $2 and finished_at is not null
    and cancelled_at is null
order by finished_at desc limit 1
"""

_UNREAD = """
select rr.record_id, r.name, r.dated from run_records rr
join records r on r.id = rr.record_id and r.entity = rr.entity
where rr.run_id = $1 and rr.refused is not null
order by r.dated, r.name, r.id
"""

_VERIFIED = """
select finished_at from runs
where connection_id = $1 and kind = 'verify' and about = $2 and finished_at is not null
    and cancelled_at is null
    and (exists (select from run_records rr where rr.run_id = runs.id and rr.refused is null)
        or not exists (select from run_records rr where rr.run_id = runs.id))
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


@dataclass(frozen=True, slots=True)
class ToRead:
    """An invoice that is there: its link, the link's generation and the last answered step.

    `load` is the one it was asked for under before, if any.
    """

    record_id: RecordId
    generation: int
    step: int
    remote: RemoteRef
    load: LoadId | None = None


@dataclass(frozen=True, slots=True)
class Unread:
    """An invoice that couldn't be read there."""

    record_id: RecordId
    number: str
    dated: date


@dataclass(frozen=True, slots=True)
class Check:
    """A reading of a month that is over: how many invoices were to be read, and which weren't."""

    at: str
    asked: int
    unread: tuple[Unread, ...]

    @property
    def read(self) -> int:
        return self.asked - len(self.unread)


async def linked(tx: Tx, connection: Connection, first: date, until: date) -> list[ToRead]:
    """The month's invoices that are there."""
    rows = await tx.fetch(_LINKED, connection.company_id, connection.id, first, until)
    return [_to_read(row) for row in rows]


async def untaken(tx: Tx, connection: ConnectionId, run: UUID) -> list[ToRead]:
    """Those of a run that nothing was said of yet and that are there still."""
    rows = await tx.fetch(_UNTAKEN, run, connection)
    return [_to_read(row, row["load_id"]) for row in rows]


def _to_read(row: Row, load: UUID | None = None) -> ToRead:
    return ToRead(
        record_id=RecordId(row["id"]),
        generation=row["generation"],
        step=row["answered_step"],
        remote=RemoteRef(
            id=RemoteId(row["remote_id"]),
            version=row["version"],
            number=row["number"],
            url=row["url"],
        ),
        load=None if load is None else LoadId(load),
    )


async def asked(
    tx: Tx, run: UUID, loads: Mapping[RecordId, LoadId], now: datetime | None = None
) -> None:
    """Under which loads these were asked for; `now`: for the first time."""
    await tx.execute(_LOADS, run, list(loads), list(loads.values()))
    if now is not None:
        await tx.execute(_ASKED, run, now)


async def may_ask_again(
    tx: Tx, run: UUID, now: datetime, after: timedelta, longest: timedelta
) -> bool:
    """Whether it is time: `after` the first asking, then after twice as long each time."""
    return await tx.fetchval(_ASK_AGAIN, run, now, after, longest) is True


async def none_but(tx: Tx, run: UUID, records: Collection[RecordId], now: datetime) -> None:
    """Of the rest of a run nothing is there any more: nobody waits for it."""
    await tx.execute(_NOT_THERE_ANY_MORE, run, now, list(records))


async def give_up(tx: Tx, run: UUID, now: datetime) -> None:
    """What nothing was said of yet can't be read."""
    await tx.execute(_GIVE_UP, run, now)


async def last_check(tx: Tx, connection: ConnectionId, about: str) -> Check | None:
    """The last reading of the month that wasn't stopped."""
    row = await tx.fetchrow(_LAST, connection, about)
    if row is None:
        return None
    unread = [
        Unread(RecordId(one["record_id"]), one["name"], one["dated"])
        for one in await tx.fetch(_UNREAD, row["id"])
    ]
    return Check(row["finished_at"].isoformat(), row["asked"], tuple(unread))


async def verified_at(tx: Tx, connection: ConnectionId, about: str) -> str | None:
    """When the month was last read there; not when nothing of it could be."""
    found = await tx.fetchval(_VERIFIED, connection, about)
    return None if found is None else found.isoformat()


async def verifying(tx: Tx, connection: ConnectionId, about: str) -> UUID | None:
    """The run that reads the month there now."""
    found = await tx.fetchval(_VERIFYING, connection, about)
    return None if found is None else UUID(str(found))
