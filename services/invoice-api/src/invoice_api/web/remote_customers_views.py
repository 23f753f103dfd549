"""What the pages of Import Customers are given, and what they read of the orchestrator's review."""

from dataclasses import dataclass
from datetime import datetime

from contracts.invoicing import CustomerKind
from contracts.sync import RunProgress
from pydantic import BaseModel, ConfigDict

from invoice_api.customer_imports.schemas import SelectionTold
from invoice_api.web.office_views import RunCard
from invoice_api.web.pages import ProviderHead, Shell, Tab


class _Told(BaseModel):
    """Fields that a newer release added are let be."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class OursTold(_Told):
    """A customer of ours that one there is, or could be."""

    customer_id: str
    name: str | None = None
    email: str | None = None
    why: str | None = None


class ThereTold(_Told):
    """One customer at the provider, as the review has it."""

    remote_id: str
    name: str
    email: str | None = None
    company_name: str | None = None
    active: bool = True
    reason: str | None = None
    kind: CustomerKind
    chosen_link: str | None = None
    chosen_new: bool = False
    picked: bool | None = None
    selected: bool = False
    linked_to: OursTold | None = None
    match: OursTold | None = None
    candidates: tuple[OursTold, ...] = ()
    status: str


class ReviewTold(_Told):
    data: tuple[ThereTold, ...]
    next_cursor: str | None = None
    prev_cursor: str | None = None
    selection: SelectionTold = SelectionTold()
    counts: dict[str, int]
    as_of: datetime | None = None
    load: RunProgress | None = None


@dataclass(frozen=True)
class Becoming:
    """What a row can become; `value` is empty for "ask me", `new`, or a customer's id."""

    value: str
    label: str
    chosen: bool


@dataclass(frozen=True)
class ReviewRow:
    remote_id: str
    name: str
    email: str
    kind: CustomerKind
    reason: str
    linked: str | None
    """Whom it is linked to already: such a row can't be ticked."""
    linked_url: str
    becomes: tuple[Becoming, ...]
    """More than one where somebody has to look; else what it becomes."""
    ticked: bool
    inactive: bool


@dataclass(frozen=True)
class KeptRow:
    """What is kept of a row: what the form says differs from it is a choice. `link` is None of one
    that nobody is asked about."""

    remote_id: str
    kind: str
    link: str | None
    ticked: bool


@dataclass(frozen=True)
class SelectionView:
    """What Import Selected takes, of all pages; `asks` says what has to be chosen first."""

    sentence: str = "None selected"
    asks: str = ""
    asks_url: str = ""


@dataclass(frozen=True)
class CutShort:
    """A load that ended before it had read all; `goes_on` where it is continued from there."""

    sentence: str
    goes_on: bool


@dataclass(frozen=True)
class ImportCustomersPage:
    """Load and review."""

    shell: Shell
    head: ProviderHead
    away: bool = False
    loaded: bool = False
    load: RunCard | None = None
    running: RunCard | None = None
    as_of: str | None = None
    sentence: str = ""
    tabs: tuple[Tab, ...] = ()
    rows: tuple[ReviewRow, ...] = ()
    kept: tuple[KeptRow, ...] = ()
    selection: SelectionView = SelectionView()
    cut_short: CutShort | None = None
    matching: int = 0
    filter: str = "all"
    query: str = ""
    cursor: str = ""
    before: str = ""
    prev_cursor: str | None = None
    next_cursor: str | None = None
    live_url: str | None = None


@dataclass(frozen=True)
class BecameRow:
    name: str
    url: str | None
    result: str
    why: str


@dataclass(frozen=True)
class ImportDonePage:
    shell: Shell
    head: ProviderHead
    run: RunCard
    sentence: str
    tabs: tuple[Tab, ...]
    rows: tuple[BecameRow, ...]
    next_url: str | None
    can_undo: bool
    live_url: str
    here: str
