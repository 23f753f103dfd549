"""What a form offers of customers and items: all of them where they are few, else the newest and
whatever is looked for."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from contracts.ids import CompanyId
from contracts.invoicing import CustomerSnapshot, ItemSnapshot
from messaging.database import Tx

from invoice_api.customers import store as customers_store
from invoice_api.http.paging import PageRequest
from invoice_api.items import store as items_store
from invoice_api.sync_status.filters import SyncFilter
from invoice_api.web.pages import Option

FEW = 200
"""A drop-down holds so many; beyond them there is a search beside it."""
SHOWN = 50
"""How many of those found are offered: for more of them the words are too few."""
_NEWEST = 20
_LOOKED_FOR = 20
_EVERYTHING = SyncFilter()


T = TypeVar("T")


@dataclass(frozen=True)
class Offer(Generic[T]):
    """Either all there is, or the newest of many and what was found by each of the words."""

    usual: tuple[T, ...]
    many: bool
    found: Mapping[str, tuple[T, ...]]

    def of(self, words: str) -> tuple[T, ...]:
        """What is offered where these words are in the search."""
        return self.found.get(words.strip(), self.usual)[:SHOWN]

    def said(self, words: str, noun: str, by: str) -> str:
        """What stands under the search: how many were found, or what to do."""
        found = self.found.get(words.strip())
        match None if found is None else len(found):
            case None:
                return f"These are the newest. Find any other by its {by}."
            case 0:
                return f"No {noun} has “{words.strip()}” in its {by}."
            case count if count > SHOWN:
                return f"The first {SHOWN} of those found. Write more of the {by} to find fewer."
            case count:
                return f"{count} found: choose one." if count > 1 else "1 found."


async def offer_customers(
    tx: Tx, company: CompanyId, words: Sequence[str]
) -> Offer[CustomerSnapshot]:
    """Customers to choose from, and those with these words in name, e-mail or company."""
    few = await customers_store.list_customers(tx, company, PageRequest(limit=FEW), _EVERYTHING)
    if len(few) <= FEW:
        return Offer(tuple(few), many=False, found={})
    found = {
        one: tuple(await customers_store.find_customers(tx, company, one, SHOWN + 1))
        for one in _asked(words)
    }
    return Offer(tuple(few[:_NEWEST]), many=True, found=found)


async def offer_items(tx: Tx, company: CompanyId, words: Sequence[str]) -> Offer[ItemSnapshot]:
    """Items to choose from, and those with these words in name or SKU."""
    few = await items_store.list_items(tx, company, PageRequest(limit=FEW), _EVERYTHING)
    if len(few) <= FEW:
        return Offer(tuple(few), many=False, found={})
    found = {
        one: tuple(await items_store.find_items(tx, company, one, SHOWN + 1))
        for one in _asked(words)
    }
    return Offer(tuple(few[:_NEWEST]), many=True, found=found)


def _asked(words: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(one.strip() for one in words if one.strip()))[:_LOOKED_FOR]


def customer_options(
    customers: Sequence[CustomerSnapshot], *, many: bool = False
) -> tuple[Option, ...]:
    """By name; those that share theirs are told apart by their e-mail, of `many` each one is."""
    names = Counter(one.name.casefold() for one in customers)
    return tuple(
        Option(
            str(one.id),
            f"{one.name} · {one.email or 'no e-mail'}"
            if many or names[one.name.casefold()] > 1
            else one.name,
        )
        for one in sorted(customers, key=lambda one: (one.name.casefold(), one.email or "\uffff"))
    )
