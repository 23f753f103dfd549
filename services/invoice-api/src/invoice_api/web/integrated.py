"""What pages ask the orchestrator for, in the shapes they show."""

import asyncio
import json
from collections.abc import Awaitable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar, cast

from contracts.causes.words import NOUNS
from contracts.ids import PROVIDER_LABELS, Provider

from invoice_api.http.problems import Problem
from invoice_api.peers.orchestrator import Orchestrator, Principal, away, principal_of
from invoice_api.web.pages import Option

T = TypeVar("T")


@dataclass(frozen=True)
class Accounts:
    """A provider's active income accounts, and how fresh the list is."""

    options: tuple[Option, ...] = ()
    as_of: str | None = None
    refreshing: bool = False
    offered: bool = True
    archived: tuple[Option, ...] = ()
    """Accounts that were used and can't be any more."""


async def accounts_of(
    orchestrator: Orchestrator, principal: Principal, provider: Provider, *, refresh: bool = False
) -> Accounts:
    """The income accounts as `200 Service revenue`. Raises a Problem."""
    answer = await soon(
        orchestrator.get(
            principal,
            f"/integrations/{provider}/accounts",
            {"refresh": "true"} if refresh else None,
        )
    )
    told = cast("dict[str, Any]", json.loads(answer.text))
    rows = cast("list[dict[str, Any]]", told["data"])
    named = [(row["active"], Option(str(row["id"]), _account_name(row))) for row in rows]
    return Accounts(
        tuple(option for active, option in named if active),
        told["as_of"],
        told["refreshing"],
        told["offered"],
        tuple(option for active, option in named if not active),
    )


def _account_name(row: Mapping[str, Any]) -> str:
    return f"{row['code']} {row['name']}" if row.get("code") else str(row["name"])


async def try_accounts(
    orchestrator: Orchestrator, principal: Principal, provider: Provider
) -> Accounts:
    """The same; empty while they can't be had: the page stands without."""
    try:
        return await accounts_of(orchestrator, principal, provider)
    except Problem:
        return Accounts()


def with_those_gone(
    known: Accounts, chosen: Sequence[str], provider: Provider
) -> tuple[Option, ...]:
    """The accounts to choose from, and those chosen that can't be any more, marked so: left out,
    the page would show that none is chosen, and save that."""
    archived = [
        Option(gone.value, f"{gone.label} ({NOUNS[provider]['inactive']})")
        for gone in known.archived
        if gone.value in chosen
    ]
    listed = {option.value for option in (*known.options, *archived)}
    lost = dict.fromkeys(one for one in chosen if one and one not in listed)
    label = f"An account that is no longer in {PROVIDER_LABELS[provider]}"
    missing = [Option(account, label) for account in lost] if known.options else []
    return (*known.options, *archived, *missing)


async def account_options(
    orchestrator: Orchestrator, principal: Principal, provider: Provider
) -> tuple[Option, ...]:
    """Just those that can be chosen."""
    return (await try_accounts(orchestrator, principal, provider)).options


PATIENCE_SECONDS = 1.5
"""How long a page waits for what it can be shown without."""


async def soon(asking: Awaitable[T]) -> T:
    """The same, but a page doesn't wait for a slow orchestrator. Raises the 503 Problem."""
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await asking
    except TimeoutError:
        raise away() from None


__all__ = [
    "Accounts",
    "account_options",
    "accounts_of",
    "principal_of",
    "soon",
    "try_accounts",
]
