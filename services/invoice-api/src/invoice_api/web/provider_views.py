"""What the pages of a provider are given."""

from dataclasses import dataclass, field

from contracts.providers import CHOOSE_THE_ACCOUNT_THEMSELVES, LINES_CARRY_NO_ITEM

from invoice_api.web.pages import Form, Option, ProviderHead, Shell


@dataclass(frozen=True)
class IntegrationCard:
    provider: str
    label: str
    status: str
    status_words: str
    organisation: str | None
    facts: tuple[str, ...]
    switches: tuple[tuple[str, bool], ...]
    attention: int
    synced: int
    moving: int
    connect_url: str | None
    connect_label: str
    available: bool
    since: str | None = None
    last_sync: str | None = None
    why: str | None = None
    """Why it needs to be reconnected."""

    @property
    def what_goes(self) -> str:
        """What would go there, for whoever hasn't connected it yet."""
        if self.provider in CHOOSE_THE_ACCOUNT_THEMSELVES:
            return (
                f"Invoices with their customers, items and tax go to {self.label}, which chooses"
                " their income accounts itself; edits and voids follow."
            )
        return (
            f"Invoices with their customers, items, income accounts and tax go to {self.label};"
            " edits and voids follow."
        )


@dataclass(frozen=True)
class IntegrationsPage:
    shell: Shell
    cards: tuple[IntegrationCard, ...]


@dataclass(frozen=True)
class SecondPage:
    """Asked once before a second provider is connected."""

    shell: Shell
    provider: str
    label: str
    other: str


@dataclass(frozen=True)
class DisconnectPage:
    shell: Shell
    head: ProviderHead
    waiting: int


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
    accounts: tuple[Option, ...] = ()
    facts: tuple[str, ...] = ()
    dry_run: str | None = None
    """What switching on would send, in words."""
    changed: bool = False
    """Other settings were saved since the page was made that asks."""
    theirs: dict[str, str] = field(default_factory=dict[str, str])
    """What is saved now, in words, of each field in which it isn't what was typed."""

    @property
    def lines_carry_no_item(self) -> bool:
        """Whether a line without an item goes there as it is."""
        return self.head.provider in LINES_CARRY_NO_ITEM
