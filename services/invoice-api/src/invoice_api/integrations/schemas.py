"""What the API takes and shows of integrations, and what it reads from the orchestrator."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from contracts.connections import Account
from contracts.ids import ConnectionId, Entity, InvoiceId, ItemId, Provider, RecordId
from contracts.sync import CauseInstance, RecordState, RunProgress
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, JsonValue

from invoice_api.http.fields import Sent
from invoice_api.items.schemas import AccountId
from invoice_api.runs.schemas import RunShown
from invoice_api.sync_status.schemas import BadgeShown, CauseShown, FixShown

Status = Literal["not_connected", "connected", "reconnect", "disconnected"]


class Told(BaseModel):
    """What the orchestrator answered: fields that a newer release added are let be."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class OrganisationShown(Told):
    id: str
    name: str


class ProviderTold(Told):
    provider: Provider
    connection_id: ConnectionId | None = None
    status: Status
    organisation: OrganisationShown | None = None
    token_health: JsonValue = None
    settings: dict[str, JsonValue] | None = None
    counts: dict[str, int] = Field(default_factory=dict[str, int])


class ProvidersTold(Told):
    data: tuple[ProviderTold, ...]


class SettingsTold(Told):
    start_date: date | None = None


class SettingsChanges(Sent):
    """Just the fields that change."""

    sync_customers: bool = False
    sync_invoices: bool = False
    start_date: date = date.min
    gone_there: Literal["make_again", "ask"] = "make_again"
    rounding_account_id: AccountId | None = None
    no_item_account_id: AccountId | None = None
    post_in_closed_period: Literal["never", "first_open_day"] = "never"


class AccountsShown(Told):
    """Income accounts as of the last time the provider was asked."""

    data: tuple[Account, ...]
    as_of: AwareDatetime | None
    refreshing: bool
    offered: bool


class TimelineRow(BaseModel):
    """One line of a record's history: when, what, who, a sentence, and all else in `details`."""

    model_config = ConfigDict(frozen=True, extra="allow")

    at: AwareDatetime


class TimelineShown(Told):
    data: tuple[TimelineRow, ...]


class MappedItem(Told):
    item_id: ItemId
    item_name: str = ""
    account_id: str | None = None


class MappingTold(Told):
    items: tuple[MappedItem, ...]
    version: JsonValue = None


class SyncTold(Told):
    id: str
    entity: Entity | None = None
    record_id: RecordId | None = None
    record_name: str | None = None
    state: str
    cause: CauseInstance | None = None
    started_by: JsonValue = None
    started_at: AwareDatetime | None = None
    finished_at: AwareDatetime | None = None
    attempts: JsonValue = None
    run_id: UUID | None = None
    run: RunProgress | None = None


class SyncsTold(Told):
    data: tuple[SyncTold, ...]
    next_cursor: str | None = None


class CauseTold(Told):
    group: str
    code: str
    cause: CauseInstance
    count: int
    amount: JsonValue = None
    currency: str | None = None
    amounts: tuple[JsonValue, ...] = ()
    since: AwareDatetime | None = None
    records: tuple[JsonValue, ...] = ()


class CausesTold(Told):
    data: tuple[CauseTold, ...]
    fixing: tuple[RunProgress, ...] = ()


class StateTold(Told):
    state: RecordState


class PreflightTold(Told):
    ready: bool
    problems: tuple[CauseInstance, ...]
    notes: tuple[CauseInstance, ...] = ()


class IntegrationShown(BaseModel):
    provider: Provider
    label: str
    status: Status
    organisation: OrganisationShown | None
    token_health: JsonValue
    settings: dict[str, JsonValue] | None
    counts: dict[str, int]


class IntegrationsShown(BaseModel):
    data: tuple[IntegrationShown, ...]


class AuthorizeShown(BaseModel):
    authorize_url: str


class MappingItemShown(BaseModel):
    item_id: ItemId
    item_name: str
    account_id: str | None


class MappingShown(BaseModel):
    items: tuple[MappingItemShown, ...]


class MappingChange(Sent):
    """An item's new account; its name may be sent back and isn't looked at."""

    item_id: UUID
    item_name: str | None = None
    account_id: AccountId | None


class MappingChanges(Sent):
    items: Annotated[tuple[MappingChange, ...], Field(max_length=10_000)]


class ApplyToUnmapped(Sent):
    account_id: AccountId


class AppliedShown(BaseModel):
    mapped: int


class SyncRowShown(BaseModel):
    id: str
    entity: Entity | None
    record_id: RecordId | None
    record_name: str | None
    state: str
    cause: CauseShown | None
    started_by: JsonValue
    started_at: AwareDatetime | None
    finished_at: AwareDatetime | None
    attempts: JsonValue
    run_id: UUID | None = None
    run: RunShown | None = None
    """Where the row stands for all of a run."""


class SyncRowsShown(BaseModel):
    data: tuple[SyncRowShown, ...]
    next_cursor: str | None


class CauseGroupShown(BaseModel):
    """One row of Problems: a cause and its subject, with everything that waits for it.

    `amount` is in `currency`, the largest of `amounts`.
    """

    group: str
    code: str
    who: str
    title: str
    sentence: str
    fixes: tuple[FixShown, ...]
    cause: CauseShown
    count: int
    amount: JsonValue
    currency: str | None
    amounts: tuple[JsonValue, ...]
    since: AwareDatetime | None
    records: tuple[JsonValue, ...]


class CauseGroupsShown(BaseModel):
    """`fixing` are groups that were fixed or tried again, until their last record is final."""

    data: tuple[CauseGroupShown, ...]
    fixing: tuple[RunShown, ...] = ()
    next_cursor: str | None = None


class PreflightShown(BaseModel):
    """`notes` is what will be different there though it can go: a total rounded otherwise."""

    ready: bool
    problems: tuple[CauseShown, ...]
    notes: tuple[CauseShown, ...] = ()


class WantedSync(Sent):
    provider: Provider


class WantedAction(BaseModel):
    """An action's provider, and the fields of its fix, whichever it takes."""

    model_config = ConfigDict(frozen=True, strict=True, extra="allow")

    provider: Provider

    @property
    def fields(self) -> dict[str, JsonValue]:
        return dict(self.model_extra or {})


class WantedSyncs(Sent):
    provider: Provider
    ids: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=200)]


class StartedShown(BaseModel):
    """One of a selection: its badge, or why it wasn't started."""

    id: InvoiceId
    started: bool
    sync: BadgeShown | None = None
    code: str | None = None
    detail: str | None = None


class StartsShown(BaseModel):
    data: tuple[StartedShown, ...]


class WantedSyncNow(Sent):
    """Which kinds a Sync Now takes."""

    customers: bool = False
    items: bool = False
    invoices: bool = False


class KindCounts(Told):
    """What a Sync Now would take of one kind; `need_attention` stay until someone mends them."""

    to_send: int = 0
    changed: int = 0
    under_way: int = 0
    need_attention: int = 0
    there: int = 0
    not_included: dict[str, int] = Field(default_factory=dict[str, int])


class SyncCountsShown(Told):
    customers: KindCounts = KindCounts()
    items: KindCounts = KindCounts()
    invoices: KindCounts = KindCounts()


class WantedGroup(BaseModel):
    """What is done with a group: `action` of a fix, and its fields whichever it takes.

    `records` are ids, where it is for some of the group only.
    """

    model_config = ConfigDict(frozen=True, strict=True, extra="allow")

    action: str | None = None
    records: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=10_000)] | None = None
    why: Annotated[str, Field(max_length=1_000)] | None = None
    preview: bool = False

    @property
    def fields(self) -> dict[str, JsonValue]:
        given: dict[str, JsonValue] = dict(self.model_extra or {})
        return given if self.why is None else {**given, "why": self.why}


class StoppedInvoice(Told):
    id: InvoiceId
    number: str
    total: str | None = None
    currency: str | None = None


class StopsShown(Told):
    """Invoices that ignoring something stops: how many, and the newest of them.

    `records` is how many would be ignored.
    """

    records: int | None = None
    count: int
    invoices: tuple[StoppedInvoice, ...]


class IgnoredRow(Told):
    entity: Entity
    record_id: RecordId
    record_name: str | None
    total: str | None
    currency: str | None
    by: str
    why: str | None
    at: AwareDatetime
    group: str | None


class IgnoredShown(Told):
    data: tuple[IgnoredRow, ...]
    next_cursor: str | None = None


class MatchTotals(Told):
    currency: str
    here: str
    there: str


class MismatchTold(Told):
    record_id: RecordId
    number: str
    date: date
    reason: str
    cause: CauseInstance | None = None
    currency: str
    total: str
    total_there: str | None = None


class UnreadInvoice(Told):
    """An invoice that the last check couldn't read there."""

    record_id: RecordId
    number: str
    date: date


class MatchCheck(Told):
    """The last check that is over: of `asked` invoices `read` were read there."""

    at: AwareDatetime
    asked: int
    read: int
    unread: tuple[UnreadInvoice, ...] = ()


class MatchFacts(Told):
    """A month: `expected` should be there, `there` are; `matched` if all agrees, or is accepted.

    `verified_at` is when it was last read there; a check that could read nothing doesn't count.
    """

    month: str
    expected: int
    there: int
    matched: bool
    totals: tuple[MatchTotals, ...]
    not_expected: dict[str, int] = Field(default_factory=dict[str, int])
    verified_at: AwareDatetime | None = None
    last_check: MatchCheck | None = None
    verifying: UUID | None = None


class MatchTold(MatchFacts):
    data: tuple[MismatchTold, ...]


class MatchRowShown(BaseModel):
    """An invoice that isn't there as it should be, and why."""

    record_id: RecordId
    number: str
    date: date
    reason: str
    sentence: str
    currency: str
    total: str
    total_there: str | None
    cause: CauseShown | None


class MatchShown(MatchFacts):
    data: tuple[MatchRowShown, ...]
    next_cursor: str | None = None


class KindForecast(Told):
    """`will_go` by themselves once saved, `older` only by Sync Now.

    `need_attention` and `look_alike` are among both; `stopped`, `under_way` and `there` are
    neither: they were asked for before.
    """

    will_go: int = 0
    older: int = 0
    looked_at: int = 0
    need_attention: int = 0
    look_alike: int = 0
    before_start_date: int = 0
    stopped: int = 0
    under_way: int = 0
    there: int = 0


class SettingsCounts(Told):
    customers: KindForecast = KindForecast()
    invoices: KindForecast = KindForecast()
