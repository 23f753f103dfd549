"""What pages ask the orchestrator for, in the shapes they show."""

import asyncio
import json
from collections.abc import Awaitable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, TypeVar, cast

from contracts.causes.words import NOUNS
from contracts.ids import PROVIDER_LABELS, Provider

from invoice_api.http.problems import Problem
from invoice_api.peers.orchestrator import Orchestrator, Principal, away, principal_of
from invoice_api.web.formatters import words
from invoice_api.web.pages import Option, Timeline, TimelineRow
from invoice_api.web.views import Eyes

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


async def timeline_of(
    orchestrator: Orchestrator,
    principal: Principal,
    provider: Provider,
    kind: str,
    record: str,
    eyes: Eyes,
    *,
    only_changes: bool = False,
) -> Timeline:
    """What happened to a record at a provider, oldest first; repeated waiting is one row."""
    label = PROVIDER_LABELS[provider]
    try:
        answer = await soon(
            orchestrator.get(
                principal, f"/records/{kind}/{record}/timeline", {"provider": provider}
            )
        )
    except Problem as problem:
        return Timeline(provider, label, (), away=problem.status != 404)
    told = cast("list[dict[str, Any]]", json.loads(answer.text)["data"])
    rows = [_timeline_row(row, eyes) for row in told if not only_changes or _is_change(row)]
    decided = [row for row in told if _is_change(row) and row.get("kind") != "link_seen"]
    left = bool(decided) and decided[-1].get("kind") == "left_as_it_is"
    return Timeline(provider, label, tuple(folded(rows)), away=False, left=left)


_TONES = {
    "stopped": "red",
    "refused": "red",
    "took_too_long": "red",
    "held_back": "yellow",
    "delayed": "yellow",
    "out_of_date": "yellow",
    "removed": "orange",
    "synced": "green",
    "unchanged": "green",
    "voided_there": "green",
}
_STEPS = frozenset({"reissued", "freed", "outcome", "delayed", "unchanged", "replaced"})
"""What happened on the way, without a change that a person would name."""


def _is_change(row: Mapping[str, Any]) -> bool:
    return row.get("kind") not in _STEPS


def folded(rows: Iterable[TimelineRow]) -> list[TimelineRow]:
    """Rows that say the same one after another become one, with how often and until when."""
    kept: list[TimelineRow] = []
    for row in rows:
        last = kept[-1] if kept else None
        if last is not None and (last.sentence, last.who) == (row.sentence, row.who):
            kept[-1] = replace(last, times=last.times + 1, until=row.at, details=row.details)
        else:
            kept.append(row)
    return kept


_STARTED = {"event": "automatically", "sweep": "automatically", "fix": "after a fix"}
"""What started something, where it wasn't a person."""

_DETAILS: Mapping[str, str] = {
    "version": "Version",
    "step": "Step",
    "generation": "Made there",
    "sync_id": "Sync id",
    "remote_id": "Record there",
    "totals": "Totals there",
    "attempts": "Attempts",
    "used": "Records used",
    "said": "Answer",
}


def _timeline_row(row: Mapping[str, Any], eyes: Eyes) -> TimelineRow:
    details = row.get("details")
    named = cast("dict[str, object]", details) if isinstance(details, dict) else {}
    said = tuple(
        (_DETAILS[name], _plainly(value))
        for name, value in named.items()
        if name in _DETAILS and value
    )
    at = datetime.fromisoformat(row["at"])
    return TimelineRow(
        at=eyes.second(at),
        who=_STARTED.get(str(row.get("who")), str(row.get("who") or "")),
        sentence=str(row["sentence"]),
        details=said,
        iso=at.isoformat(),
        tone=_TONES.get(str(row.get("kind")), "plain"),
    )


def _plainly(value: object) -> str:
    match value:
        case list():
            parts = cast("list[object]", value)
            return "; ".join(_plainly(part) for part in parts)
        case dict():
            named = cast("dict[str, object]", value)
            return ", ".join(
                f"{words(name)}: {_plainly(one)}" for name, one in named.items() if one
            )
        case _:
            return str(value)


__all__ = [
    "Accounts",
    "account_options",
    "accounts_of",
    "folded",
    "principal_of",
    "soon",
    "timeline_of",
    "try_accounts",
]
