"""Which operations of Recent Syncs are asked for, by the query's words."""

from uuid import UUID

from contracts.ids import Entity
from contracts.sync import OperationResult, StartedBy, SyncState
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from sync_orchestrator.store.pages_store import Wanted

RESULTS: dict[OperationResult, tuple[SyncState, ...]] = {
    "synced": (SyncState.SYNCED, SyncState.SYNCED_WITH_DIFFERENCE, SyncState.VOIDED),
    "failed": (
        SyncState.BLOCKED,
        SyncState.HELD,
        SyncState.CHANGED_THERE,
        SyncState.REMOVED_THERE,
        SyncState.NOT_ELIGIBLE,
    ),
    "under_way": (SyncState.WAITING, SyncState.QUEUED, SyncState.CHECKING),
    "ignored": (SyncState.IGNORED,),
}
"""The states in which an operation may end or stand, by the word a person looks for."""

_BY: dict[StartedBy, list[str]] = {
    "person": ["person", "fix"],
    "automatic": ["event", "sweep"],
    "run": ["run"],
}


class SyncsAsked(BaseModel):
    """`since` and `until` are when it began, the second not included."""

    model_config = ConfigDict(extra="forbid")

    limit: int = Field(default=50, ge=1, le=200)
    cursor: str | None = Field(default=None, pattern=r"^\d{1,18}$")
    kind: Entity | None = None
    result: OperationResult | None = None
    state: SyncState | None = None
    cause: str | None = Field(default=None, max_length=100)
    by: StartedBy | None = None
    since: AwareDatetime | None = None
    until: AwareDatetime | None = None
    run: UUID | None = None
    person: UUID | None = None

    def wanted(self) -> Wanted:
        """The same for the store."""
        states: list[str] | None = None
        if self.state is not None:
            states = [self.state.value]
        elif self.result is not None:
            states = [state.value for state in RESULTS[self.result]]
        return Wanted(
            kind=self.kind,
            states=states,
            cause=self.cause,
            by=None if self.by is None else _BY[self.by],
            since=self.since,
            until=self.until,
            run=self.run,
            person=self.person,
        )
