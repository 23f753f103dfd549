"""What an import of customers takes, shows, and reads from the orchestrator."""

from typing import Annotated, Literal
from uuid import UUID

from contracts.ids import ConnectionId, CustomerId, Provider
from contracts.invoicing import Address, CustomerKind
from pydantic import BaseModel, ConfigDict, Field, JsonValue

from invoice_api.http.fields import Sent
from invoice_api.runs.schemas import RunShown
from invoice_api.sync_status.schemas import BadgeShown, LinkShown

RemoteText = Annotated[str, Field(min_length=1, max_length=100)]
Filter = Literal[
    "all", "new", "linked", "look_alike", "no_email", "business", "homeowner", "selected"
]
Result = Literal["created", "linked", "skipped", "failed", "undone"]
MOST = 10_000


class ChosenCustomer(Sent):
    """One customer there. Without `link_to` one with its e-mail is linked, unless `as_new`."""

    remote_id: RemoteText
    kind: CustomerKind | None = None
    link_to: Annotated[UUID | None, Field(strict=False)] = None
    as_new: bool = False


class Matching(Sent):
    """All that a search and a filter show."""

    q: Annotated[str, Field(max_length=200)] | None = None
    filter: Filter = "all"


class WantedImport(Sent):
    """Customers one by one, or all that a filter shows but some: `selected` are those chosen.

    Each is imported as it is chosen when the import begins.
    """

    customers: Annotated[list[ChosenCustomer], Field(max_length=MOST)] = Field(
        default_factory=list[ChosenCustomer]
    )
    matching: Matching | None = None
    but: Annotated[list[RemoteText], Field(max_length=MOST)] = Field(default_factory=list[str])


class Told(BaseModel):
    """What the orchestrator answered: fields that a newer release added are let be."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class LocalTold(Told):
    customer_id: CustomerId
    name: str | None = None
    why: str | None = None


class CustomerThere(Told):
    """A customer at the provider, with what was chosen for it."""

    remote_id: str
    name: str
    email: str | None = None
    phone: str | None = None
    company_name: str | None = None
    address: Address | None = None
    version: str | None = None
    suggested_kind: CustomerKind | None = None
    kind: CustomerKind
    chosen_link: UUID | None = None
    chosen_new: bool = False
    linked_to: LocalTold | None = None
    match: LocalTold | None = None


class ChosenTold(Told):
    connection_id: ConnectionId
    customers: tuple[CustomerThere, ...]


class SelectedTold(Told):
    """What is chosen for one of them."""

    remote_id: str
    suggested_kind: CustomerKind | None = None
    kind: CustomerKind | None = None
    chosen_link: UUID | None = None
    chosen_new: bool = False


class SelectedAllTold(Told):
    connection_id: ConnectionId
    remote_ids: tuple[str, ...]
    customers: tuple[SelectedTold, ...] = ()


class SelectionTold(Told):
    """What Import Selected would take. `asks` are ticked, and nobody said yet who they are."""

    new: int = 0
    links: int = 0
    asks: int = 0

    @property
    def all(self) -> int:
        return self.new + self.links


class ChoicesTold(Told):
    changed: int
    selection: SelectionTold = SelectionTold()


class ImportAnswer(BaseModel):
    run: RunShown


class RowShown(BaseModel):
    """What became of one customer of an import."""

    remote_id: str
    name: str | None
    result: Result | None
    why: str | None
    customer_id: CustomerId | None


class RowsShown(BaseModel):
    """An import's customers, with how many ended how; `can_undo` while any may be taken back."""

    data: tuple[RowShown, ...]
    counts: dict[str, int]
    can_undo: bool
    next_cursor: str | None


class UndoneShown(BaseModel):
    """`undone` customers are gone and `unlinked` links; the `kept` of both are relied on by now."""

    undone: int
    unlinked: int
    kept: int


class KeptTold(Told):
    customer_id: UUID
    provider: Provider
    linked: bool


class ForgottenTold(Told):
    kept: tuple[KeptTold, ...] = ()


class WantedLink(Sent):
    remote_id: RemoteText


class LinkAnswer(BaseModel):
    """`undo` is what takes the change back: link to what it was linked to, or unlink."""

    links: tuple[LinkShown, ...]
    sync: dict[str, BadgeShown]
    undo: dict[str, JsonValue]


class LinkTold(Told):
    state: dict[str, JsonValue]
    before: str | None = None
