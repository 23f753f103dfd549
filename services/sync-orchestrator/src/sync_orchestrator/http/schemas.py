"""What the internal interface takes."""

from datetime import date
from typing import Annotated, Literal
from uuid import UUID

from contracts.ids import Entity, Provider
from contracts.invoicing import CustomerSnapshot, ItemSnapshot
from pydantic import BaseModel, ConfigDict, Field, JsonValue, StrictBool

AccountId = Annotated[str, Field(min_length=1, max_length=100)]
MAX_ROWS = 10_000


class Taken(BaseModel):
    """A body whose unknown fields are refused."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class SettingsTaken(Taken):
    """The fields to change; None is only for those that may be empty."""

    sync_customers: StrictBool = False
    sync_invoices: StrictBool = False
    start_date: date = date.min
    gone_there: Literal["make_again", "ask"] = "make_again"
    rounding_account_id: AccountId | None = None
    no_item_account_id: AccountId | None = None
    post_in_closed_period: Literal["never", "first_open_day"] = "never"


class MappingRowTaken(Taken):
    item_id: UUID
    item_name: Annotated[str, Field(max_length=500)]
    account_id: AccountId | None


class MappingTaken(Taken):
    items: Annotated[tuple[MappingRowTaken, ...], Field(max_length=MAX_ROWS)]


class ItemTaken(Taken):
    item_id: UUID
    item_name: Annotated[str, Field(max_length=500)]


class ApplyTaken(Taken):
    account_id: AccountId
    items: tuple[ItemTaken, ...] = ()


class SyncNowTaken(Taken):
    """Which kinds a Sync Now takes. `told` are invoices whose first event is on its way."""

    customers: StrictBool = False
    items: StrictBool = False
    invoices: StrictBool = False
    user_name: Annotated[str, Field(max_length=200)] | None = None
    told: Annotated[tuple[UUID, ...], Field(max_length=100_000)] = ()

    @property
    def kinds(self) -> tuple[str, ...]:
        chosen = (("customers", self.customers), ("items", self.items), ("invoices", self.invoices))
        return tuple(kind for kind, wanted in chosen if wanted)


class VerifyTaken(Taken):
    user_name: Annotated[str, Field(max_length=200)] | None = None


class MendedTaken(Taken):
    entity: Entity
    id: UUID


class GroupTaken(BaseModel):
    """What is done with a group: `action` of a fix; what else is in the body are its fields.

    `mended` are records of the group whose fix was made at invoice-api, and that were asked for
    with it: they may have left the group by now.
    """

    model_config = ConfigDict(frozen=True, extra="allow")

    action: Annotated[str, Field(max_length=100)] | None = None
    records: Annotated[tuple[UUID, ...], Field(min_length=1, max_length=10_000)] | None = None
    mended: Annotated[tuple[MendedTaken, ...], Field(max_length=1_000)] = ()
    preview: StrictBool = False
    user_name: Annotated[str, Field(max_length=200)] | None = None

    @property
    def fields(self) -> dict[str, JsonValue]:
        return dict(self.model_extra or {})


class NeedsTaken(Taken):
    customer: CustomerSnapshot | None = None
    items: tuple[ItemSnapshot, ...] = ()


class RecordTaken(BaseModel):
    """A record as it is saved at invoice-api. `record` is parsed by the path's kind."""

    model_config = ConfigDict(frozen=True, extra="allow")

    record: dict[str, JsonValue]
    needs: NeedsTaken = NeedsTaken()
    user_name: Annotated[str, Field(max_length=200)] | None = None


class WishTaken(RecordTaken):
    """A command for one record; what else is in the body are its action's fields."""

    provider: Provider

    @property
    def fields(self) -> dict[str, JsonValue]:
        return dict(self.model_extra or {})


class ChoiceTaken(Taken):
    """What a person chose for one customer there; a field that isn't given stays as it was.

    `link_to` null: nothing is chosen, unless `as_new`.
    """

    remote_id: Annotated[str, Field(min_length=1, max_length=100)]
    kind: Literal["business", "homeowner"] | None = None
    link_to: UUID | None = None
    as_new: bool = False
    picked: bool | None = None


class MatchingTaken(Taken):
    """All that a search and a filter show."""

    q: Annotated[str, Field(max_length=200)] | None = None
    filter: Literal[
        "all", "new", "linked", "look_alike", "no_email", "business", "homeowner", "selected"
    ] = "all"


class ChoicesTaken(Taken):
    """Choices one by one, or one kind or tick for all that a filter shows."""

    customers: Annotated[tuple[ChoiceTaken, ...], Field(max_length=MAX_ROWS)] = ()
    matching: MatchingTaken | None = None
    kind: Literal["business", "homeowner"] | None = None
    picked: bool | None = None


class RemoteIdsTaken(Taken):
    remote_ids: Annotated[tuple[str, ...], Field(max_length=1_000)]


class LearnTaken(Taken):
    """What was imported as which kind.

    With `run_id` they are the corrections of that import, as the review stood when it was begun.
    """

    kinds: Annotated[dict[str, Literal["business", "homeowner"]], Field(max_length=100_000)]
    run_id: UUID | None = None


class LoadTaken(Taken):
    user_name: Annotated[str, Field(max_length=200)] | None = None


class ForgetTaken(Taken):
    customers: Annotated[tuple[UUID, ...], Field(max_length=1_000)]
