"""What the pages of syncing are given: Sync Now, its runs, Recent Syncs, Problems."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from invoice_api.web.pages import (
    CauseView,
    Filter,
    LinkView,
    Option,
    ProviderHead,
    Shell,
    Tab,
    Tone,
)


@dataclass(frozen=True)
class KindRow:
    """One kind of record that Sync Now can take, with what that would be."""

    key: str
    label: str
    sentence: str
    left_out: str
    none: bool
    chosen: bool
    all_there: bool


@dataclass(frozen=True)
class RunCard:
    """A long piece of work: how far it is, and what came of it."""

    id: str
    title: str
    state: str
    sentence: str
    done: int
    failed: int
    left: int
    total: int
    percent: int
    running: bool
    can_cancel: bool
    groups: tuple[tuple[str, str], ...] = ()
    """Sentences about what needs a person, each with where to mend it."""
    left_out: str = ""
    links: tuple[LinkView, ...] = ()


@dataclass(frozen=True)
class SyncNowPage:
    shell: Shell
    head: ProviderHead
    kinds: tuple[KindRow, ...]
    run: RunCard | None
    away: bool
    held: str | None
    live_url: str | None
    note: str | None = None

    @property
    def nothing(self) -> bool:
        """Pressing Sync would ask for nothing that wasn't asked for already."""
        return all(kind.none for kind in self.kinds)

    @property
    def all_there(self) -> bool:
        return all(kind.all_there for kind in self.kinds)


@dataclass(frozen=True)
class RunPage:
    shell: Shell
    run: RunCard
    back: LinkView
    live_url: str


@dataclass(frozen=True)
class SyncRow:
    id: str
    at: str
    record: str
    record_url: str | None
    label: str
    tone: Tone
    sentence: str | None
    started_by: str
    took: str
    attempts: int


@dataclass(frozen=True)
class RecentSyncsPage:
    shell: Shell
    head: ProviderHead
    rows: tuple[SyncRow, ...]
    runs: tuple[RunCard, ...]
    filters: tuple[Filter, ...]
    filtered: bool
    csv_url: str
    next_url: str | None
    first_url: str | None
    live_url: str
    away: bool
    since: str = ""
    until: str = ""
    run: str = ""


@dataclass(frozen=True)
class GroupRecord:
    id: str
    name: str
    url: str
    amount: str


@dataclass(frozen=True)
class ListedRow:
    """A record with its own field in a form for many."""

    id: str
    name: str
    url: str
    facts: str
    """What waits for it: "$120.00, 3 invoices"."""
    value: str
    wrong: str


@dataclass(frozen=True)
class Unsaved:
    """What was typed for a record, and why it couldn't be saved."""

    url: str
    value: str
    why: str


@dataclass(frozen=True)
class ListedFix:
    """One form for all groups of a cause: what is filled in is saved together.

    `label` stands before a record's name. `by_days`: those left empty may be given a date so many
    days after their own.
    """

    code: str
    title: str
    field: str
    label: str
    rows: tuple[ListedRow, ...]
    count: int
    by_days: bool
    days: str
    wrong_days: str


@dataclass(frozen=True)
class ProblemGroup:
    group: str
    key: str
    """The group as a part of an element's id."""
    cause: CauseView
    icon: str
    colour: str
    count: int
    what: str
    """"37 invoices", "1 customer"."""
    amount: str | None
    since: str
    records: tuple[GroupRecord, ...]
    shown_all: bool
    ours: bool
    """A defect of ours: we have been told, nobody has to act."""
    heading: str | None = None
    """Over the first of several groups that one cause makes: what they are, and how many."""
    listed: ListedFix | None = None
    """Over the first of several: the form that mends them together; they follow it, folded."""
    folds: Literal["", "first", "last", "both"] = ""
    """Where such a fold begins and ends."""
    typed_fix: str = ""
    """The action of the one fix that takes something typed or chosen; empty where several do, or
    none. Enter in its field presses its button."""
    ticked: frozenset[str] = frozenset()
    wrong: str = ""
    """Why what was tried couldn't be done, where no field is to blame."""
    wrong_fields: Mapping[str, str] = field(default_factory=dict[str, str])
    """What is wrong with a field, by "action.field"."""


@dataclass(frozen=True)
class KeptFix:
    """A fix that couldn't be sent on: where it goes, and all that was typed."""

    url: str
    pairs: tuple[tuple[str, str], ...]
    typed: tuple[tuple[str, str], ...]
    why: str


@dataclass(frozen=True)
class ProblemsPage:
    shell: Shell
    head: ProviderHead
    groups: tuple[ProblemGroup, ...]
    fixing: tuple[RunCard, ...]
    accounts: tuple[Option, ...]
    taxes: tuple[Option, ...]
    total: str
    """"46 records, $21,930.40 not in Xero"."""
    tabs: tuple[Tab, ...]
    calm: str
    """What the page says where nothing needs anyone."""
    live_url: str
    away: bool
    notices: str = "daily"
    """How often this person is written to."""
    tried: bool = False
    """Whether the page answers what couldn't be done: then it stays as it is until it is."""
    kept: KeptFix | None = None
    unsaved: tuple[Unsaved, ...] = ()
    """What couldn't be saved of records that aren't on the page any more."""


@dataclass(frozen=True)
class IgnoredRow:
    """`ref` names the record in forms."""

    ref: str
    name: str
    url: str
    amount: str
    who: str
    why: str


@dataclass(frozen=True)
class IgnoredPage:
    shell: Shell
    head: ProviderHead
    tabs: tuple[Tab, ...]
    rows: tuple[IgnoredRow, ...]
    next_url: str | None
    away: bool
    notices: str = "daily"


@dataclass(frozen=True)
class IgnorePage:
    """Asked before a group is ignored: what that stops, and why."""

    shell: Shell
    head: ProviderHead
    group: str
    title: str
    sentence: str
    records: tuple[str, ...]
    invoices: tuple[str, ...]
    count: int
    wrong: str | None
    why: str = ""


@dataclass(frozen=True)
class NamedInvoice:
    id: str
    number: str


@dataclass(frozen=True)
class Stopped:
    """A cause, and the ticked invoices it would stop, each with the cause's sentence for it."""

    title: str
    invoices: tuple[tuple[NamedInvoice, str], ...]


@dataclass(frozen=True)
class SelectionPage:
    """What would become of the ticked invoices; `others` have nothing to send."""

    shell: Shell
    back: str
    provider: str
    provider_label: str
    count: int
    ready: tuple[NamedInvoice, ...]
    stopped: tuple[Stopped, ...]
    others: tuple[tuple[str, tuple[NamedInvoice, ...]], ...]


@dataclass(frozen=True)
class SelectionIgnorePage:
    """Asked before the ticked invoices are ignored: why."""

    shell: Shell
    back: str
    provider: str
    provider_label: str
    invoices: tuple[NamedInvoice, ...]
    there: int
    """So many of them are at the provider already, and stay there."""
    wrong: str | None
