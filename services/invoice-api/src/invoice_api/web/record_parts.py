"""What the pages of customers and items share: tabs, links, histories."""

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime
from urllib.parse import urlencode
from uuid import UUID

from contracts.causes.words import NOUNS
from contracts.ids import PROVIDER_LABELS, CompanyId, Provider
from contracts.providers import CHOOSE_THE_ACCOUNT_THEMSELVES
from contracts.sync import SyncState
from messaging.database import Tx

from invoice_api.peers.orchestrator import Orchestrator
from invoice_api.sync_status import connections_store
from invoice_api.sync_status.filters import SyncFilter
from invoice_api.sync_status.schemas import BadgeShown
from invoice_api.web import formatters
from invoice_api.web.integrated import Accounts, principal_of, try_accounts
from invoice_api.web.pages import Tab
from invoice_api.web.record_views import AccountCell, LinkCard
from invoice_api.web.sessions import Visit
from invoice_api.web.timelines import Line, ToldThere, details_of, who_began
from invoice_api.web.views import Eyes, tabs_states

NOT_THERE = tuple(
    state
    for state in SyncState
    if state
    not in {
        SyncState.SYNCED,
        SyncState.SYNCED_WITH_DIFFERENCE,
        SyncState.OUT_OF_DATE,
        SyncState.CHANGED_THERE,
    }
)
"""The states of a record that a provider doesn't have, or not any more."""


def not_in(tab: str) -> Provider | None:
    """The provider that a tab's records aren't in: "not_in_xero"."""
    word = tab.removeprefix("not_in_")
    return next((p for p in PROVIDER_LABELS if p == word and tab != word), None)


def tab_filter(tab: str, query: str) -> SyncFilter:
    """What a tab's list is asked for, as far as it goes by badges."""
    provider = not_in(tab)
    states = NOT_THERE if provider else tabs_states(tab) if tab == "attention" else ()
    return SyncFilter(states=states, provider=provider, query=query or None)


async def mapped_at(tx: Tx, company: CompanyId) -> list[Provider]:
    """The company's providers whose accounts a person chooses; nobody else is asked."""
    known = await connections_store.current_connections(tx, company)
    providers: list[Provider] = [one.facts.provider for one in known]
    return [one for one in providers if one not in CHOOSE_THE_ACCOUNT_THEMSELVES]


def tabs(
    path: str, current: str, query: str, counts: Sequence[tuple[str, str, int]]
) -> tuple[Tab, ...]:
    """Tabs as links: key, label, and how many records each has."""
    return tuple(
        Tab(label, count, f"{path}?{address(key, query)}", key == current)
        for key, label, count in counts
    )


def address(tab: str, query: str, **more: str) -> str:
    values = {"tab": "" if tab == "all" else tab, "q": query, **more}
    return urlencode({name: value for name, value in values.items() if value})


def link_cards(
    kind: str,
    record: str,
    name: str,
    sync: Mapping[Provider, BadgeShown],
    there: Sequence[ToldThere],
    eyes: Eyes,
    viewer: UUID,
) -> tuple[LinkCard, ...]:
    """Where the record's counterpart stands, per provider; `name` is the record's own."""
    told = {one.provider: one.lines for one in there}
    return tuple(
        LinkCard(
            provider=provider,
            label=PROVIDER_LABELS[provider],
            linked=(
                None
                if badge.remote_id is None
                else _linked(badge, name, told.get(provider, ()), eyes, viewer)
            ),
            remote_url=badge.remote_url,
            choose_url=f"/{kind}s/{record}/link/{provider}",
            can_unlink=badge.remote_id is not None,
        )
        for provider, badge in sync.items()
    )


def _linked(badge: BadgeShown, name: str, lines: Sequence[Line], eyes: Eyes, viewer: UUID) -> str:
    """To whom, since when and by what, as far as the history says."""
    link: Line | None = None
    for line in lines:
        match line.get("kind"):
            case "linked":
                link = line
            case "link_seen" | "synced" if link is None:
                link = line
            case "unlinked" | "removed" | "made_anew":
                link = None
            case "named":
                name = str(details_of(line).get("name") or name)
            case _:
                pass
    label = PROVIDER_LABELS[badge.provider]
    if link is None:
        return f"Linked to {badge.remote_number or 'its record'} in {label}"
    chosen = link.get("kind") == "linked" and bool(details_of(link).get("origin"))
    # Whom a person chose may be called otherwise there.
    whom = badge.remote_number or (None if chosen else name)
    day = formatters.day(datetime.fromisoformat(link["at"]).astimezone(eyes.zone).date())
    if chosen:
        how = f"by {who_began(link, viewer) or 'somebody'}"
    else:
        how = "by import" if link.get("kind") == "linked" else "when it was synced"
    return f"Linked{f' to {whom}' if whom else ''} in {label} since {day}, {how}"


async def accounts_at(
    orchestrator: Orchestrator, one: Visit, providers: Sequence[Provider]
) -> dict[Provider, Accounts]:
    """Income accounts of each provider, asked together; none where they can't be had."""
    principal = principal_of(one.caller)
    found = await asyncio.gather(*(try_accounts(orchestrator, principal, p) for p in providers))
    return dict(zip(providers, found, strict=True))


def account_cell(provider: Provider, value: str | None, accounts: Accounts) -> AccountCell:
    names = {option.value: option.label for option in accounts.archived}
    usable = {option.value for option in accounts.options}
    gone = None
    if value and value not in usable:
        gone = f"{names.get(value, 'an account')} ({NOUNS[provider]['inactive']})"
    return AccountCell(provider, PROVIDER_LABELS[provider], value or "", accounts.options, gone)
