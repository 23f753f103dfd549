"""One frozen context per page: a template is given exactly these names.

Amounts and dates come as text, already in the company's locale and time zone.
"""

from dataclasses import dataclass, field


@dataclass(frozen=True)
class Tone:
    """How a state looks: never by colour alone."""

    colour: str
    icon: str


@dataclass(frozen=True)
class FixView:
    """One thing a person can do about a cause, with the fields it takes."""

    action: str
    label: str
    fields: tuple[tuple[str, str], ...]
    """Names of fields, each with the value it starts with."""


@dataclass(frozen=True)
class CauseView:
    code: str
    title: str
    sentence: str
    fixes: tuple[FixView, ...]
    also: tuple[str, ...]
    details: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class BadgeView:
    """A record's badge in one connection. `sync_label` is set exactly when the button shows."""

    provider: str
    provider_label: str
    state: str
    label: str
    short_label: str
    tooltip: str
    tone: Tone
    sync_label: str | None
    actions: tuple[str, ...]
    cause: CauseView | None
    remote_url: str | None
    remote_number: str | None
    synced_at: str | None


@dataclass(frozen=True)
class Person:
    name: str
    company: str
    can_write: bool


@dataclass(frozen=True)
class Banner:
    """Shown on every page while a connection is held."""

    sentence: str
    action_label: str
    action_url: str


@dataclass(frozen=True)
class Shell:
    """What every page has around its content."""

    title: str
    section: str
    person: Person | None
    csrf: str
    banners: tuple[Banner, ...] = ()
    notice: str | None = None
    now: str = ""


@dataclass(frozen=True)
class FieldError:
    field: str
    message: str


@dataclass(frozen=True)
class Form:
    """What was typed, kept, with what is wrong beside it."""

    values: dict[str, str] = field(default_factory=dict[str, str])
    errors: tuple[FieldError, ...] = ()
    problem: str | None = None

    def value(self, name: str) -> str:
        return self.values.get(name, "")

    def error(self, name: str) -> str | None:
        return next((e.message for e in self.errors if e.field == name), None)


@dataclass(frozen=True)
class Option:
    value: str
    label: str


@dataclass(frozen=True)
class SignUpPage:
    shell: Shell
    form: Form
    zones: tuple[str, ...]
    currencies: tuple[str, ...]
    open: bool


@dataclass(frozen=True)
class LogInPage:
    shell: Shell
    form: Form
    next: str


@dataclass(frozen=True)
class JoinPage:
    """An invitation's link; `email` is None where it is over."""

    shell: Shell
    form: Form
    token: str
    email: str | None = None


@dataclass(frozen=True)
class Tab:
    label: str
    count: int
    url: str
    current: bool


@dataclass(frozen=True)
class InvoiceRow:
    id: str
    number: str
    customer: str
    date: str
    total: str
    status: str
    badges: tuple[BadgeView, ...]


@dataclass(frozen=True)
class InvoicesPage:
    shell: Shell
    rows: tuple[InvoiceRow, ...]
    tabs: tuple[Tab, ...]
    query: str
    next_url: str | None
    connected: bool
    live_url: str


@dataclass(frozen=True)
class LineRow:
    item: str
    description: str
    quantity: str
    unit_price: str
    amount: str


@dataclass(frozen=True)
class TimelineRow:
    at: str
    who: str
    sentence: str
    details: str | None


@dataclass(frozen=True)
class Timeline:
    provider_label: str
    rows: tuple[TimelineRow, ...]
    away: bool


@dataclass(frozen=True)
class InvoicePage:
    shell: Shell
    id: str
    number: str
    status: str
    status_label: str
    customer: str
    customer_url: str
    date: str
    due: str | None
    currency: str
    memo: str | None
    lines: tuple[LineRow, ...]
    subtotal: str
    tax: str
    total: str
    badges: tuple[BadgeView, ...]
    accounts: dict[str, tuple[Option, ...]]
    timelines: tuple[Timeline, ...]
    connected: bool
    live_url: str
    etag: str


@dataclass(frozen=True)
class InvoiceFormPage:
    shell: Shell
    form: Form
    heading: str
    post_url: str
    back_url: str
    customers: tuple[Option, ...]
    items: tuple[Option, ...]
    line_count: int


@dataclass(frozen=True)
class RecordRow:
    id: str
    url: str
    name: str
    facts: tuple[str, ...]
    badges: tuple[BadgeView, ...]


@dataclass(frozen=True)
class RecordsPage:
    """Customers and items look alike: a list with a search and a New button."""

    shell: Shell
    heading: str
    kind: str
    columns: tuple[str, ...]
    rows: tuple[RecordRow, ...]
    query: str
    new_label: str
    new_url: str
    empty: str
    next_url: str | None
    live_url: str


@dataclass(frozen=True)
class CustomerFormPage:
    shell: Shell
    form: Form
    heading: str
    post_url: str
    badges: tuple[BadgeView, ...]
    kind: str
    id: str | None
    live_url: str | None


@dataclass(frozen=True)
class ItemFormPage:
    shell: Shell
    form: Form
    heading: str
    post_url: str
    badges: tuple[BadgeView, ...]
    accounts: tuple[tuple[str, str, tuple[Option, ...]], ...]
    """Provider, its label, its income accounts."""
    id: str | None
    live_url: str | None


@dataclass(frozen=True)
class IntegrationCard:
    provider: str
    label: str
    status: str
    status_words: str
    switches: tuple[str, ...]
    attention: int
    connect_url: str | None
    connect_label: str
    available: bool


@dataclass(frozen=True)
class IntegrationsPage:
    shell: Shell
    cards: tuple[IntegrationCard, ...]


@dataclass(frozen=True)
class ProviderHead:
    provider: str
    label: str
    organisation: str | None
    status: str
    status_words: str
    tab: str
    connect_url: str | None
    connect_label: str
    problems: int


@dataclass(frozen=True)
class ProviderSettingsPage:
    shell: Shell
    head: ProviderHead
    form: Form
    message: str | None
    etag: str
    away: bool
    waiting: bool = False
    """Consent was given a moment ago; the page looks again by itself."""


@dataclass(frozen=True)
class MappingRow:
    item_id: str
    name: str
    account_id: str
    original: str


@dataclass(frozen=True)
class AccountMappingPage:
    shell: Shell
    head: ProviderHead
    rows: tuple[MappingRow, ...]
    accounts: tuple[Option, ...]
    unmapped: int
    staged: int
    as_of: str | None
    refreshing: bool
    offered: bool
    etag: str
    problem: str | None
    away: bool


@dataclass(frozen=True)
class SyncRow:
    at: str
    record: str
    record_url: str | None
    label: str
    tone: Tone
    sentence: str | None
    started_by: str
    attempts: int


@dataclass(frozen=True)
class RecentSyncsPage:
    shell: Shell
    head: ProviderHead
    rows: tuple[SyncRow, ...]
    next_url: str | None
    away: bool


@dataclass(frozen=True)
class ProblemGroup:
    group: str
    cause: CauseView
    count: int
    amount: str | None
    since: str


@dataclass(frozen=True)
class ProblemsPage:
    shell: Shell
    head: ProviderHead
    groups: tuple[ProblemGroup, ...]
    accounts: tuple[Option, ...]
    away: bool


@dataclass(frozen=True)
class PatternsPage:
    shell: Shell
    badges: tuple[BadgeView, ...]


@dataclass(frozen=True)
class ProblemPage:
    """An error a person may meet: what couldn't be shown and what to do."""

    shell: Shell
    heading: str
    sentence: str
    request_id: str
    back_url: str
