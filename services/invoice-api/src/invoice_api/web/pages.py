"""One frozen context per page: a template is given exactly these names.

Amounts and dates come as text, already in the company's locale and time zone.
"""

from dataclasses import dataclass, field

from invoice_api.web.field_words import label_of


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

    @property
    def needs_choice(self) -> bool:
        """Whether a record at the provider has to be chosen first, on a page of its own."""
        return any(name == "remote_id" and not value for name, value in self.fields)


@dataclass(frozen=True)
class LinkView:
    """A button that posts nothing: where it leads, here or outside."""

    label: str
    url: str
    outside: bool = False


@dataclass(frozen=True)
class CauseView:
    code: str
    title: str
    sentence: str
    fixes: tuple[FixView, ...]
    also: tuple[str, ...]
    details: tuple[tuple[str, str], ...]
    links: tuple[LinkView, ...] = ()
    open_url: str = ""
    """The record in the provider's own pages; where its address isn't known, where they begin."""


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
    total_there: str | None = None
    version_there: int | None = None
    date_there: str | None = None
    buttons: tuple[tuple[str, str], ...] = ()
    """Actions that no fix of the cause offers, with their labels."""
    menu: tuple[tuple[str, str], ...] = ()

    @property
    def needs_person(self) -> bool:
        return self.state in _NEED_A_PERSON

    @property
    def shows_cause(self) -> bool:
        """Whether the page says why in a card of its own."""
        return self.cause is not None and self.state in _NEED_A_PERSON | {
            "waiting",
            "held",
            "out_of_date",
        }


_NEED_A_PERSON = frozenset({"blocked", "removed_there", "synced_with_difference", "changed_there"})


@dataclass(frozen=True)
class Person:
    name: str
    company: str
    can_write: bool
    role: str = "owner"

    @property
    def operates(self) -> bool:
        return self.role == "operator"

    @property
    def owns(self) -> bool:
        return self.role in {"owner", "operator"}


@dataclass(frozen=True)
class Banner:
    """Shown on every page while a connection is held."""

    sentence: str
    action_label: str
    action_url: str


@dataclass(frozen=True)
class Undo:
    """The form that takes back what was just done."""

    path: str
    fields: tuple[tuple[str, str], ...] = ()
    label: str = "Undo"


@dataclass(frozen=True)
class Toast:
    """What was just done, said once on the next page; `cookie` carried it there."""

    text: str
    tone: str = "success"
    undo: Undo | None = None
    cookie: str = ""


@dataclass(frozen=True)
class Shell:
    """What every page has around its content."""

    title: str
    section: str
    person: Person | None
    csrf: str
    banners: tuple[Banner, ...] = ()
    toast: Toast | None = None
    now: str = ""
    open_problems: int = 0
    """Records that need a person, at any provider."""
    problems_url: str = "/integrations"
    unread: int = 0
    """Open notices that this person hasn't read."""
    as_of: int | None = None
    """A transaction: what the page shows is of before it."""


@dataclass(frozen=True)
class FieldError:
    field: str
    message: str

    @property
    def label(self) -> str:
        """The field's name on its page."""
        return label_of(self.field)


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

    @property
    def again(self) -> bool:
        """Whether a password was typed that the page doesn't give back: nobody keeps it."""
        return bool(self.form.value("password"))


@dataclass(frozen=True)
class LogInPage:
    shell: Shell
    form: Form
    next: str
    kept: str = ""
    """A form that was sent after the session had ended, packed."""


@dataclass(frozen=True)
class ResumePage:
    """Logged in again: what was typed before, to be sent once more."""

    shell: Shell
    csrf: str
    page: str
    path: str
    pairs: tuple[tuple[str, str], ...]


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
    count: int | None
    url: str
    current: bool


@dataclass(frozen=True)
class Filter:
    """A drop-down over a list; its value stands in the address."""

    name: str
    label: str
    all: str
    value: str
    options: tuple[Option, ...]


@dataclass(frozen=True)
class Chip:
    label: str
    url: str
    current: bool


@dataclass(frozen=True)
class TimelineRow:
    at: str
    who: str
    sentence: str
    details: tuple[tuple[str, str], ...]
    iso: str = ""
    tone: str = "plain"
    times: int = 1
    until: str = ""
    tried: bool = False
    """Whether `times` counts tries, and not how often the same was said."""
    provider: str = ""
    provider_label: str = ""

    @property
    def folded(self) -> str:
        """ "tried 6 times until 11:20", where this row stands for several."""
        if not self.until or not self.times:
            return ""
        many = "once" if self.times == 1 else f"{self.times} times"
        return f"tried {many} until {self.until}" if self.tried else f"{many}, until {self.until}"


@dataclass(frozen=True)
class History:
    """A record's timeline. `noun` is what the record is called."""

    noun: str
    rows: tuple[TimelineRow, ...]
    notes: tuple[str, ...]
    """What isn't there to be shown, and why."""
    left: tuple[tuple[str, str], ...]
    """Providers where somebody left the record as it is there, and nothing was decided since."""
    many: bool
    """Whether several providers are connected: each row says of which it is."""
    chips: tuple[Chip, ...] = ()


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
class ProblemPage:
    """An error a person may meet: what couldn't be shown and what to do."""

    shell: Shell
    heading: str
    sentence: str
    request_id: str
    back_url: str
