"""Runs as the API shows them."""

from uuid import UUID

from contracts.ids import Provider
from contracts.sync import RunCounts, RunProgress
from pydantic import AwareDatetime, BaseModel, ConfigDict

from invoice_api.sync_status.schemas import CauseShown


class Told(BaseModel):
    """What the orchestrator answered: fields that a newer release added are let be."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class RunTold(Told):
    run: RunProgress
    joined: bool = False


class RunsTold(Told):
    data: tuple[RunProgress, ...]


class StartedBy(BaseModel):
    """Who or what started it."""

    by: str
    name: str | None


class RunGroupShown(BaseModel):
    """Records of the run that need attention for one cause."""

    group: str
    count: int
    title: str
    sentence: str
    cause: CauseShown


class RunShown(BaseModel):
    """A long piece of work. `left` is what is neither done nor failed."""

    id: UUID
    kind: str
    state: str
    provider: Provider | None
    about: str | None
    started_by: StartedBy
    started_at: AwareDatetime
    finished_at: AwareDatetime | None
    total: int
    done: int
    failed: int
    left: int
    eta: AwareDatetime | None
    by_state: dict[str, int]
    kinds: dict[str, RunCounts]
    not_included: dict[str, int]
    groups: tuple[RunGroupShown, ...]
    can_cancel: bool


class RunAnswer(BaseModel):
    """A run; `joined` where a press joined one that was under way already."""

    run: RunShown
    joined: bool | None = None


class RunsShown(BaseModel):
    data: tuple[RunShown, ...]
    next_cursor: str | None = None
