"""How a job stands in its row: one list of columns for writing, one function for reading."""

from collections.abc import Callable
from dataclasses import dataclass

from contracts.causes import group_of
from contracts.commands import Origin, RemoteRef
from contracts.ids import CompanyId, ConnectionId, RecordId, RemoteId
from contracts.sync import CauseInstance, SyncState, Totals, WaitingOn
from messaging.database import Row
from pydantic import TypeAdapter

from sync_orchestrator.domain.job import Ignored, Job

_CAUSES = TypeAdapter(tuple[CauseInstance, ...])
_IGNORED = TypeAdapter(Ignored)


@dataclass(frozen=True, slots=True)
class _Column:
    name: str
    type: str
    value: Callable[[Job], object]


def _json(model: CauseInstance | Origin | RemoteRef | Totals | WaitingOn | None) -> str | None:
    return None if model is None else model.model_dump_json()


COLUMNS = (
    _Column("connection_id", "uuid", lambda j: j.connection_id),
    _Column("entity", "text", lambda j: j.entity),
    _Column("record_id", "uuid", lambda j: j.record_id),
    _Column("company_id", "uuid", lambda j: j.company_id),
    _Column("provider", "text", lambda j: j.provider),
    _Column("generation", "int", lambda j: j.generation),
    _Column("step", "bigint", lambda j: j.step),
    _Column("state", "text", lambda j: j.state.value),
    _Column("cause", "jsonb", lambda j: _json(j.cause)),
    _Column("cause_code", "text", lambda j: None if j.cause is None else j.cause.code),
    _Column(
        "cause_group",
        "text",
        lambda j: None if j.cause is None else group_of(j.cause, j.record_id),
    ),
    _Column("also", "jsonb", lambda j: _CAUSES.dump_json(j.also).decode() if j.also else None),
    _Column("waiting_on", "jsonb", lambda j: _json(j.waiting_on)),
    _Column(
        "waiting_entity", "text", lambda j: None if j.waiting_on is None else j.waiting_on.entity
    ),
    _Column(
        "waiting_id", "uuid", lambda j: None if j.waiting_on is None else j.waiting_on.record_id
    ),
    _Column("held_by", "text", lambda j: j.held_by),
    _Column("until", "timestamptz", lambda j: j.until),
    _Column("want", "text", lambda j: j.want),
    _Column("wanted_version", "bigint", lambda j: j.wanted_version),
    _Column("origin", "jsonb", lambda j: _json(j.origin)),
    _Column("priority", "text", lambda j: j.priority),
    _Column("outstanding", "bigint", lambda j: j.outstanding),
    _Column("outstanding_want", "text", lambda j: j.outstanding_want),
    _Column("sent_version", "bigint", lambda j: j.sent_version),
    _Column("sent_mark", "text", lambda j: j.sent_mark),
    _Column("sent_account", "text", lambda j: j.sent_account),
    _Column("refused", "boolean", lambda j: j.refused),
    _Column("dirty", "boolean", lambda j: j.dirty),
    _Column("gone_link", "jsonb", lambda j: _json(j.gone_link)),
    _Column("answered_step", "bigint", lambda j: j.answered_step),
    _Column("synced_version", "bigint", lambda j: j.synced_version),
    _Column("synced_mark", "text", lambda j: j.synced_mark),
    _Column("account_there", "text", lambda j: j.account_there),
    _Column("totals", "jsonb", lambda j: _json(j.totals)),
    _Column("synced_at", "timestamptz", lambda j: j.synced_at),
    _Column("named_there", "text", lambda j: j.named_there),
    _Column("without_email", "boolean", lambda j: j.without_email),
    _Column("none_of_those", "boolean", lambda j: j.none_of_those),
    _Column("our_tax", "boolean", lambda j: j.our_tax),
    _Column("rounding", "numeric", lambda j: j.rounding),
    _Column("rounding_for", "text", lambda j: j.rounding_for),
    _Column("currency", "text", lambda j: j.currency),
    _Column("post_on", "date", lambda j: j.post_on),
    _Column("post_on_for", "date", lambda j: j.post_on_for),
    _Column(
        "ignored",
        "jsonb",
        lambda j: None if j.ignored is None else _IGNORED.dump_json(j.ignored).decode(),
    ),
    _Column("restored", "boolean", lambda j: j.restored),
    _Column("again_for", "text", lambda j: j.again_for),
    _Column("remade", "int", lambda j: j.remade),
    _Column("remade_at", "timestamptz", lambda j: j.remade_at),
    _Column("asked_at", "timestamptz", lambda j: j.asked_at),
    _Column("state_since", "timestamptz", lambda j: j.state_since),
    _Column("changed_at", "timestamptz", lambda j: j.changed_at),
    _Column("sync_id", "uuid", lambda j: j.sync_id),
)
_KEY = ("connection_id", "entity", "record_id")


def _save_sql() -> str:
    names = [column.name for column in COLUMNS]
    arrays = [
        f"${n}::{'text' if column.type == 'jsonb' else column.type}[]"
        for n, column in enumerate(COLUMNS, 1)
    ]
    shown = [f"n.{c.name}::jsonb" if c.type == "jsonb" else f"n.{c.name}" for c in COLUMNS]
    changes = [f"{name} = excluded.{name}" for name in names if name not in _KEY]
    return (
        f"insert into jobs as old ({', '.join(names)}, review_at)\n"
        f"select {', '.join(shown)}, n.review_at\n"
        f"from unnest({', '.join(arrays)}, ${len(COLUMNS) + 1}::timestamptz[])\n"
        f"    as n ({', '.join(names)}, review_at)\n"
        f"on conflict ({', '.join(_KEY)}) do update set {', '.join(changes)},\n"
        f"    review_at = case when old.review_at <= ${len(COLUMNS) + 2} then old.review_at\n"
        "        else excluded.review_at end, changed_xid = pg_current_xact_id()"
    )


SAVE_JOBS = _save_sql()
"""Takes one array per column of `COLUMNS`, one of `review_at`, and the time.

A job that is due stays due, whatever is saved of it: only a review ends that (`looked_at`). The
mark may be all that is left of a connection that opened again."""


def job_of(row: Row) -> Job:
    """The job of a row of `jobs`, joined with its link as `link_*`."""

    def parsed(name: str, model: type[CauseInstance] | type[Origin] | type[Totals]) -> object:
        return None if row[name] is None else model.model_validate_json(row[name])

    cause, origin, totals = (
        parsed("cause", CauseInstance),
        parsed("origin", Origin),
        parsed("totals", Totals),
    )
    assert cause is None or isinstance(cause, CauseInstance)
    assert origin is None or isinstance(origin, Origin)
    assert totals is None or isinstance(totals, Totals)
    waiting_on, ignored, link = row["waiting_on"], row["ignored"], row["link_id"]
    gone = row["gone_link"]
    return Job(
        company_id=CompanyId(row["company_id"]),
        provider=row["provider"],
        connection_id=ConnectionId(row["connection_id"]),
        entity=row["entity"],
        record_id=RecordId(row["record_id"]),
        generation=row["generation"],
        step=row["step"],
        state=SyncState(row["state"]),
        cause=cause,
        also=() if row["also"] is None else _CAUSES.validate_json(row["also"]),
        waiting_on=None if waiting_on is None else WaitingOn.model_validate_json(waiting_on),
        held_by=row["held_by"],
        until=row["until"],
        want=row["want"],
        wanted_version=row["wanted_version"],
        origin=origin,
        priority=row["priority"],
        outstanding=row["outstanding"],
        outstanding_want=row["outstanding_want"],
        sent_version=row["sent_version"],
        sent_mark=row["sent_mark"],
        sent_account=row["sent_account"],
        refused=row["refused"],
        dirty=row["dirty"],
        link=None
        if link is None
        else RemoteRef(
            id=RemoteId(link),
            version=row["link_version"],
            number=row["link_number"],
            url=row["link_url"],
            currency=row["link_currency"],
            held=row["link_held"],
        ),
        gone_link=None if gone is None else RemoteRef.model_validate_json(gone),
        answered_step=row["answered_step"],
        synced_version=row["synced_version"],
        synced_mark=row["synced_mark"],
        account_there=row["account_there"],
        totals=totals,
        synced_at=row["synced_at"],
        named_there=row["named_there"],
        without_email=row["without_email"],
        none_of_those=row["none_of_those"],
        our_tax=row["our_tax"],
        rounding=row["rounding"],
        rounding_for=row["rounding_for"],
        currency=row["currency"],
        post_on=row["post_on"],
        post_on_for=row["post_on_for"],
        ignored=None if ignored is None else _IGNORED.validate_json(ignored),
        restored=row["restored"],
        again_for=row["again_for"],
        remade=row["remade"],
        remade_at=row["remade_at"],
        asked_at=row["asked_at"],
        state_since=row["state_since"],
        changed_at=row["changed_at"],
        sync_id=row["sync_id"],
    )
