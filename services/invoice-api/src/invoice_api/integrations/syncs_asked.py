"""Which operations of Recent Syncs are looked for: kind, result, cause, who, period, run."""

from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from contracts.ids import Entity
from contracts.sync import OperationResult, StartedBy, SyncState
from pydantic import BaseModel, ConfigDict, Field


class SyncsAsked(BaseModel):
    """The query of Recent Syncs. `from` and `to` are days of the company's, both included.

    Without any of these but the period, a run's operations are one row that carries the run;
    `run` opens it. `person` is whoever began them, by their id.
    """

    model_config = ConfigDict(extra="forbid", populate_by_name=True)

    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, pattern=r"^\d{1,18}$")
    kind: Entity | None = None
    result: OperationResult | None = None
    state: SyncState | None = None
    cause: str | None = Field(default=None, max_length=100)
    by: StartedBy | None = None
    since: date | None = Field(default=None, alias="from")
    until: date | None = Field(default=None, alias="to")
    run: UUID | None = None
    person: UUID | None = None

    @property
    def looks_for_some(self) -> bool:
        """Whether not all are asked for."""
        return bool(self.model_fields_set - {"limit", "cursor"})

    def params(self, zone: ZoneInfo) -> dict[str, str]:
        """The same as the orchestrator takes it."""
        said = self.model_dump(mode="json", exclude_none=True, exclude={"since", "until"})
        told = {name: str(value) for name, value in said.items()}
        if self.since is not None:
            told["since"] = _midnight(self.since, zone)
        if self.until is not None and self.until < date.max:
            told["until"] = _midnight(self.until + timedelta(days=1), zone)
        return told


def _midnight(day: date, zone: ZoneInfo) -> str:
    return datetime.combine(day, time.min, zone).isoformat()
