"""How what happened is written into the history."""

import json
from datetime import datetime
from functools import cache

from contracts.commands import Origin
from contracts.sync import Attempt, CauseInstance, SyncDelayed, SyncFailed, SyncSucceeded
from pydantic import TypeAdapter

from sync_orchestrator.domain.events import Event
from sync_orchestrator.domain.round import Happened
from sync_orchestrator.store.history_store import Line

_ATTEMPTS = TypeAdapter(tuple[Attempt, ...])


@cache
def _adapter(kind: type[Event]) -> TypeAdapter[Event]:
    return TypeAdapter(kind)


def kind_of(event: Event) -> str:
    """The event's name in the history: `LinkSeen` is `link_seen`."""
    name = type(event).__name__
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def line_of(happened: Happened, now: datetime) -> Line:
    """The history's line of an event. The origin stands on the first line of an operation."""
    job, event = happened.job, happened.event
    said = _adapter(type(event)).dump_json(event, exclude_none=True).decode()
    return Line(
        company_id=job.company_id,
        key=happened.key,
        sync_id=happened.sync_id,
        at=now,
        kind=kind_of(event),
        begins=happened.begins,
        generation=job.generation,
        step=job.step,
        state=job.state.value,
        data=_with_origin(said, happened.began),
    )


def _with_origin(said: str, origin: Origin | None) -> str:
    if origin is None:
        return said
    began = f'"began":{origin.model_dump_json(exclude_none=True)}'
    return f"{{{began}}}" if said == "{}" else f"{said[:-1]},{began}}}"


def outcome_line(outcome: SyncSucceeded | SyncFailed | SyncDelayed) -> str:
    """An outcome as the history keeps it: what it said and the attempts it took."""
    cause: CauseInstance | None = getattr(outcome, "cause", None)
    body: dict[str, object] = {
        "said": outcome.type.split(".")[1],
        "step": outcome.step,
        "generation": outcome.generation,
        "attempts": json.loads(_ATTEMPTS.dump_json(outcome.attempts)),
        "used": {local: str(remote) for local, remote in outcome.used.items()},
    }
    if isinstance(outcome, SyncSucceeded):
        body |= {
            "version": outcome.record_version,
            "remote_id": outcome.remote.id,
            "notes": list(outcome.notes),
            "totals": None if outcome.totals is None else outcome.totals.model_dump(mode="json"),
        }
    if cause is not None:
        body["cause"] = cause.model_dump(mode="json", exclude_none=True)
    return json.dumps(body)
