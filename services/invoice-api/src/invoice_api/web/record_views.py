"""What the pages of customers and items are given."""

from dataclasses import dataclass

from contracts.money import CURRENCIES

from invoice_api.web.pages import BadgeView, Form, History, Option, Shell, Tab


@dataclass(frozen=True)
class AccountCell:
    """An item's income account at one provider, chosen where it stands."""

    provider: str
    label: str
    value: str
    options: tuple[Option, ...]
    gone: str | None
    """The account's name where it can't be used any more."""


@dataclass(frozen=True)
class RecordRow:
    id: str
    url: str
    name: str
    facts: tuple[str, ...]
    badges: tuple[BadgeView, ...]
    accounts: tuple[AccountCell, ...] = ()


@dataclass(frozen=True)
class RecordsPage:
    """Customers and items look alike: a list with tabs, a search and a New button."""

    shell: Shell
    heading: str
    kind: str
    columns: tuple[str, ...]
    rows: tuple[RecordRow, ...]
    tabs: tuple[Tab, ...]
    tab: str
    query: str
    new_label: str
    new_url: str
    also: tuple[tuple[str, str], ...]
    """Other buttons: label and address."""
    empty: str
    empty_sentence: str
    connected: bool
    next_url: str | None
    first_url: str | None
    here: str
    live_url: str
    news_url: str


@dataclass(frozen=True)
class LinkCard:
    """A record's counterpart at a provider, or that it has none."""

    provider: str
    label: str
    linked: str | None
    """"Linked to Maria Gomez"; None where it isn't."""
    remote_url: str | None
    choose_url: str
    can_unlink: bool


@dataclass(frozen=True)
class InvoiceLine:
    number: str
    date: str
    total: str
    url: str


@dataclass(frozen=True)
class SameCustomer:
    """One with the name and the e-mail of the one that is being added."""

    name: str
    url: str
    has_email: bool


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
    needs_email: str | None = None
    """Where an e-mail is still needed before this customer can go there."""
    links: tuple[LinkCard, ...] = ()
    invoices: tuple[InvoiceLine, ...] = ()
    history: History | None = None
    taxes: tuple[Option, ...] = ()
    currencies: tuple[str, ...] = tuple(sorted(CURRENCIES))
    same: SameCustomer | None = None

    @property
    def says_more(self) -> bool:
        """Whether anything of the address or currency is filled in, or wrong."""
        named = [name for name, value in self.form.values.items() if value]
        named += [error.field for error in self.form.errors]
        return any(name.partition(".")[0] in ("address", "currency") for name in named)


@dataclass(frozen=True)
class ItemFormPage:
    shell: Shell
    form: Form
    heading: str
    post_url: str
    badges: tuple[BadgeView, ...]
    accounts: tuple[AccountCell, ...]
    id: str | None
    live_url: str | None
    links: tuple[LinkCard, ...] = ()
    history: History | None = None
    choices: dict[str, tuple[Option, ...]] | None = None

    def options(self, provider: str) -> tuple[Option, ...]:
        return (self.choices or {}).get(provider, ())
