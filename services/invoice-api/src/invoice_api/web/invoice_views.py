"""What the pages of invoices are given."""

from dataclasses import dataclass, field
from functools import cached_property

from markupsafe import Markup

from invoice_api.web.match_views import MatchCard
from invoice_api.web.pages import (
    BadgeView,
    Filter,
    Form,
    History,
    Option,
    Shell,
    Tab,
)


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
class Strip:
    """The most expensive open problem, over the list, with the way to its fix."""

    count: str
    amount: str
    provider_label: str
    title: str
    action: str
    url: str
    one: bool


@dataclass(frozen=True)
class ListNews:
    """What of an open list is shown anew by itself: all but its rows."""

    ids: tuple[str, ...]
    """What stands on the list's first page by now; the page says how many of it are new."""
    tabs: tuple[Tab, ...] = ()
    strip: Strip | None = None
    calm: str = ""
    """What stands in the strip's place where nothing waits."""


@dataclass(frozen=True)
class InvoicesPage:
    shell: Shell
    rows: tuple[InvoiceRow, ...]
    tabs: tuple[Tab, ...]
    tab: str
    query: str
    cause: str
    """Only what one problem keeps out, by its code or group; empty: whatever it is."""
    filters: tuple[Filter, ...]
    filter_words: str
    """What was asked for, in words; empty where nothing was."""
    here: str
    list_query: str
    """What an invoice's address carries, so that it knows its neighbours in this list."""
    next_url: str | None
    first_url: str | None
    providers: tuple[Option, ...]
    strip: Strip | None
    match: tuple[MatchCard, ...]
    first_steps: str | None
    live_url: str
    news_url: str
    calm: str = ""
    """What stands in the strip's place where nothing waits."""

    @property
    def filtered(self) -> bool:
        return bool(self.filter_words)


@dataclass(frozen=True)
class LineRow:
    item: str
    description: str
    quantity: str
    unit_price: str
    amount: str
    discount: str | None = None
    tax: str | None = None
    accounts: tuple[str | None, ...] = ()
    """The income account in each connection; None where the item has none."""


@dataclass(frozen=True)
class TotalThere:
    """A provider's total that isn't ours. `accepted`: somebody said that it may stay so."""

    provider: str
    label: str
    total: str
    accepted: bool


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
    prices_include_tax: bool
    lines: tuple[LineRow, ...]
    account_columns: tuple[Option, ...]
    subtotal: str
    tax: str
    total: str
    totals_there: tuple[TotalThere, ...]
    badges: tuple[BadgeView, ...]
    accounts: dict[str, tuple[Option, ...]]
    taxes: dict[str, tuple[Option, ...]]
    history: History
    connected: bool
    here: str
    list_url: str
    previous_url: str | None
    next_url: str | None
    live_url: str

    @property
    def has_discount(self) -> bool:
        return any(line.discount for line in self.lines)

    @property
    def has_tax(self) -> bool:
        return any(line.tax for line in self.lines)


@dataclass(frozen=True)
class InvoiceVoidPage:
    shell: Shell
    id: str
    number: str
    badges: tuple[BadgeView, ...]


_MANY_LINES = 100


@dataclass(frozen=True)
class LineOffer:
    """Of many items, those that one line's drop-down offers, and what its search came to."""

    items: frozenset[str]
    said: str


@dataclass(frozen=True)
class InvoiceFormPage:
    shell: Shell
    form: Form
    heading: str
    post_url: str
    back_url: str
    back_label: str
    customers: tuple[Option, ...]
    items: tuple[Option, ...]
    tax_rates: tuple[Option, ...]
    prices: dict[str, tuple[str, str]]
    """An item's price and description, for the line that it is chosen on."""
    lines: tuple[int, ...]
    currency: str = "USD"
    """That of the amounts shown while one writes."""
    conflict: str | None = None
    due_hint: str | None = None
    """Said where a provider that is connected needs a due date."""
    customers_said: str = ""
    """Set where there are more customers than a drop-down holds, as are the next two."""
    items_said: str = ""
    offered: dict[str, LineOffer] = field(default_factory=dict[str, LineOffer])

    def line_said(self, number: object) -> str:
        """What a line's search came to; empty where nobody searched."""
        offer = self.offered.get(str(number))
        return "" if offer is None else offer.said

    def item_options(self, chosen: str, number: object = None) -> Markup:
        """The options of a line's drop-down, in which this item is chosen.

        Made once for all lines: hundreds of items times the lines of an invoice is most of a page.
        """
        option = self._items_shown.get(chosen)
        offer = self.offered.get(str(number))
        if offer is None and (option is None or not self.is_long):
            offer = self.offered.get("")
        if offer is not None:
            return Markup("").join(
                Markup("{}{}>{}</option>").format(
                    begins, Markup(" selected") if value == chosen else "", label
                )
                for value, (begins, label) in self._items_shown.items()
                if value in offer.items or value == chosen
            )
        if option is None:
            return self._all_items
        selected = Markup("{} selected>{}").format(*option)
        if self.is_long:
            return selected + Markup("</option>")
        return self._all_items.replace(Markup("{}>{}").format(*option), selected)

    @cached_property
    def _items_shown(self) -> dict[str, tuple[Markup, str]]:
        """The beginning of each item's option, up to where "selected" goes, and its label."""
        return {
            item.value: (
                Markup('<option value="{}" data-price="{}" data-description="{}"').format(
                    item.value, *self.prices.get(item.value, ("", ""))
                ),
                item.label,
            )
            for item in self.items
        }

    @cached_property
    def _all_items(self) -> Markup:
        options = self._items_shown.values()
        return Markup("").join(Markup("{}>{}</option>").format(*option) for option in options)

    @property
    def is_long(self) -> bool:
        """Whether a line offers its own item alone, so that a long invoice's page stays light: the
        others come once it is used, and without a script with a new line."""
        return len(self.lines) > _MANY_LINES
