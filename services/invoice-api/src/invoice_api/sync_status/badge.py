"""A record's badge in one connection: a pure function of its state and of facts.

Labels and actions are the catalogue's (state by state); a state without a row of its own can't
exist, the match is exhaustive.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta

from contracts.causes import CAUSES, Reader, cause_of, record_name, render
from contracts.causes.words import in_words
from contracts.ids import PROVIDER_LABELS, Provider, RecordId
from contracts.sync import CauseInstance, ProviderDetails, RecordState, SyncState

from invoice_api.sync_status.facts import ConnectionFacts, RecordFacts, Viewer
from invoice_api.sync_status.schemas import (
    BadgeShown,
    CauseShown,
    DetailsShown,
    FixShown,
    LinkButtonShown,
)

_SOON = timedelta(seconds=5)
"""An ETA within this of the decision still reads "Syncing…"."""

_NEED_A_CONNECTION = frozenset(
    {"sync", "update", "retry", "create_again", "send_first", "keep_ours", "accept_difference"}
)


def badge_of(
    state: RecordState | None, record: RecordFacts, connection: ConnectionFacts, viewer: Viewer
) -> BadgeShown:
    """What the page shows of `record` in `connection`; `state` is None where nothing was said."""
    shown = effective(state, record, connection)
    known = _known(record, connection)
    remote = shown.remote
    return BadgeShown(
        state=shown.state,
        label=_label(shown, connection.provider, viewer, known),
        provider=connection.provider,
        remote_id=None if remote is None else remote.id,
        remote_url=None if remote is None else remote.url,
        remote_number=None if remote is None else remote.number,
        synced_at=shown.synced_at,
        cause=_cause(shown, connection.provider, record.id, viewer.reader, known),
        actions=_actions(shown, record, connection) if viewer.may_act else (),
        total_there=None if shown.totals is None else format(shown.totals.total, "f"),
        date_there=shown.post_on,
        version_there=shown.record_version,
    )


def effective(
    state: RecordState | None, record: RecordFacts, connection: ConnectionFacts
) -> RecordState:
    """The state that is shown: what was said, unless the record itself knows better."""
    if record.status == "draft":
        return _here(record, connection, SyncState.NOT_ELIGIBLE, cause_of("invoice_draft"))
    if record.status == "void" and (
        state is None or state.state in {SyncState.NOT_SYNCED, SyncState.NOT_ELIGIBLE}
    ):
        return _here(record, connection, SyncState.VOIDED, None)
    if state is not None:
        return state
    day, start = record.issue_date, connection.start_date
    if day is not None and start is not None and day < start:
        cause = cause_of("before_start_date", date=day, start_date=start)
        return _here(record, connection, SyncState.NOT_ELIGIBLE, cause)
    return _here(record, connection, SyncState.NOT_SYNCED, _why_not(record, connection))


def cause_shown(
    cause: CauseInstance,
    provider: Provider,
    *,
    record_id: RecordId | None,
    reader: Reader,
    known: Mapping[str, str],
    sync_id: str | None = None,
) -> CauseShown:
    """A cause in words; `known` fills what its finder didn't know."""
    words = render(cause, provider, record_id=record_id, known=known, reader=reader)
    return CauseShown(
        code=words.code,
        group=words.group,
        who=words.who,
        title=words.title,
        sentence=words.sentence,
        fixes=tuple(
            FixShown(action=f.action, label=f.label, fields=f.fields, values=dict(f.values))
            for f in words.fixes
        ),
        links=tuple(LinkButtonShown(target=x.target, label=x.label) for x in words.links),
        details=_details(cause.details, sync_id),
    )


def _details(details: ProviderDetails, sync_id: str | None) -> DetailsShown:
    return DetailsShown(
        provider_code=details.provider_code,
        provider_message=details.provider_message,
        trace_id=details.trace_id,
        attempt=details.attempt,
        sync_id=sync_id,
    )


def _here(
    record: RecordFacts,
    connection: ConnectionFacts,
    state: SyncState,
    cause: CauseInstance | None,
) -> RecordState:
    """A state that nobody said: it follows from the record and the connection."""
    return RecordState(
        provider=connection.provider,
        connection_id=connection.id,
        entity=record.entity,
        record_id=record.id,
        generation=0,
        step=0,
        state=state,
        cause=cause,
        changed_at=_NEVER,
    )


_NEVER = datetime.fromisoformat("1970-01-01T00:00:00+00:00")


def _why_not(record: RecordFacts, connection: ConnectionFacts) -> CauseInstance:
    automatic = (
        connection.automatic_invoices
        if record.entity == "invoice"
        else connection.automatic_customers
    )
    if record.entity == "item" or not automatic:
        return cause_of("not_synced_yet", why=None if automatic else "automatic_off")
    return cause_of("not_synced_yet", why="goes_when_sent" if record.status == "pending" else None)


def _known(record: RecordFacts, connection: ConnectionFacts) -> dict[str, str]:
    known = {record.entity: record.name, "record": record_name(record.entity, record.name)}
    if connection.organisation:
        known["org"] = connection.organisation
    if record.issue_date is not None:
        known["date"] = record.issue_date.isoformat()
    return known


def _cause(
    state: RecordState,
    provider: Provider,
    record_id: RecordId,
    reader: Reader,
    known: Mapping[str, str],
) -> CauseShown | None:
    if state.cause is None:
        return None
    sync_id = f"{record_id}.{state.generation}.{state.step}" if state.step else None
    shown = cause_shown(
        state.cause, provider, record_id=record_id, reader=reader, known=known, sync_id=sync_id
    )
    also = tuple(
        cause_shown(other, provider, record_id=record_id, reader=reader, known=known)
        for other in state.also
    )
    return shown.model_copy(update={"also": also})


def _label(state: RecordState, provider: Provider, viewer: Viewer, known: Mapping[str, str]) -> str:
    name = PROVIDER_LABELS[provider]
    match state.state:
        case SyncState.NOT_ELIGIBLE:
            if state.cause is None:
                return "Not synced"
            title = render(state.cause, provider, known=known, reader=viewer.reader).title
            return f"Not synced: {title}"
        case SyncState.NOT_SYNCED:
            return "Not synced"
        case SyncState.WAITING:
            waits = state.waiting_on
            return "Waiting" if waits is None else f"Waiting for {waits.entity} {waits.name}"
        case SyncState.BLOCKED:
            return "Needs attention"
        case SyncState.HELD:
            if state.cause is not None and _who(state.cause) == "reconnect":
                return f"Paused: reconnect {name}"
            return "Paused" if state.until is None else f"Paused until {_time(state.until, viewer)}"
        case SyncState.QUEUED:
            if state.until is None or state.until - state.changed_at <= _SOON:
                return "Syncing…"
            return f"In line, about {_time(state.until, viewer)}"
        case SyncState.CHECKING:
            return f"Checking with {name}"
        case SyncState.SYNCED:
            return f"Synced to {name}"
        case SyncState.SYNCED_WITH_DIFFERENCE:
            difference = None if state.cause is None else state.cause.params.get("difference")
            if difference is None:
                return "Synced, differs"
            return f"Synced, differs by {in_words('money', difference, viewer.reader)}"
        case SyncState.OUT_OF_DATE:
            return "Changed since sync"
        case SyncState.CHANGED_THERE:
            return f"Changed in {name}"
        case SyncState.IGNORED:
            return "Ignored"
        case SyncState.REMOVED_THERE:
            voided = state.cause is not None and state.cause.params.get("how") == "voided"
            return f"{'Voided' if voided else 'Deleted'} in {name}"
        case SyncState.VOIDED:
            return "Voided"


def _actions(
    state: RecordState, record: RecordFacts, connection: ConnectionFacts
) -> tuple[str, ...]:
    offered = _offered(state, record, connection)
    if state.remote is not None and state.remote.url is not None and state.state in _IN_THE_BOOKS:
        offered = (*offered, "open_there")
    if connection.status == "connected":
        return offered
    kept = tuple(action for action in offered if action not in _NEED_A_CONNECTION)
    if len(kept) < len(offered) and "reconnect" not in kept:
        return ("reconnect", *kept)
    return kept


_IN_THE_BOOKS = frozenset(
    {
        SyncState.SYNCED,
        SyncState.SYNCED_WITH_DIFFERENCE,
        SyncState.OUT_OF_DATE,
        SyncState.CHANGED_THERE,
        SyncState.VOIDED,
    }
)


def _offered(
    state: RecordState, record: RecordFacts, connection: ConnectionFacts
) -> tuple[str, ...]:
    match state.state:
        case SyncState.NOT_ELIGIBLE:
            code = None if state.cause is None else state.cause.code
            if code == "invoice_draft":
                return ("finalize",)
            # Older invoices don't go by themselves; a click still sends one.
            return ("change_start_date", "sync") if code == "before_start_date" else ()
        case SyncState.NOT_SYNCED:
            return ("sync",)
        case SyncState.BLOCKED:
            return ("retry", "ignore")
        case SyncState.HELD:
            return _offered_while_held(state)
        case SyncState.QUEUED:
            in_line = state.until is not None and state.until - state.changed_at > _SOON
            return ("send_first",) if in_line else ()
        case SyncState.SYNCED_WITH_DIFFERENCE:
            return ("accept_difference",)
        case SyncState.OUT_OF_DATE:
            automatic = (
                connection.automatic_invoices
                if record.entity == "invoice"
                else connection.automatic_customers
            )
            return () if automatic else ("update",)
        case SyncState.CHANGED_THERE:
            return ("keep_ours", "leave_theirs")
        case SyncState.IGNORED:
            return ("stop_ignoring",)
        case SyncState.REMOVED_THERE:
            return ("create_again",)
        case SyncState.WAITING | SyncState.CHECKING | SyncState.SYNCED | SyncState.VOIDED:
            return ()


def _offered_while_held(state: RecordState) -> tuple[str, ...]:
    cause = state.cause
    if cause is None:
        return ()
    if _who(cause) == "reconnect":
        return ("reconnect",)
    if cause.code == "daily_limit_reached":
        return ("send_first",)
    return ("retry",) if _who(cause) == "fix_record" else ()


def _who(cause: CauseInstance) -> str | None:
    row = CAUSES.get(cause.code)
    return None if row is None else row.who


def _time(moment: datetime, viewer: Viewer) -> str:
    return in_words("time", moment.isoformat(), viewer.reader)
