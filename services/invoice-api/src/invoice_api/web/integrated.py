"""What pages ask the orchestrator for, in the shapes they show."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from contracts.ids import PROVIDER_LABELS, Provider

from invoice_api.http.problems import Problem
from invoice_api.peers.orchestrator import Orchestrator, Principal, principal_of
from invoice_api.web.formatters import words
from invoice_api.web.pages import Option, Timeline, TimelineRow
from invoice_api.web.views import Eyes


@dataclass(frozen=True)
class Accounts:
    """A provider's active income accounts, and how fresh the list is."""

    options: tuple[Option, ...] = ()
    as_of: str | None = None
    refreshing: bool = False
    offered: bool = True


async def accounts_of(
    orchestrator: Orchestrator, principal: Principal, provider: Provider, *, refresh: bool = False
) -> Accounts:
    """The income accounts as `200 Service revenue`. Raises a Problem."""
    answer = await orchestrator.get(
        principal,
        f"/integrations/{provider}/accounts",
        {"refresh": "true"} if refresh else None,
    )
    told = cast("dict[str, Any]", json.loads(answer.text))
    rows = cast("list[dict[str, Any]]", told["data"])
    options = tuple(
        Option(str(row["id"]), f"{row['code']} {row['name']}" if row.get("code") else row["name"])
        for row in rows
        if row["active"]
    )
    return Accounts(options, told["as_of"], told["refreshing"], told["offered"])


async def account_options(
    orchestrator: Orchestrator, principal: Principal, provider: Provider
) -> tuple[Option, ...]:
    """The same; none while they can't be had: the page stands without."""
    try:
        return (await accounts_of(orchestrator, principal, provider)).options
    except Problem:
        return ()


async def timeline_of(
    orchestrator: Orchestrator,
    principal: Principal,
    provider: Provider,
    kind: str,
    record: str,
    eyes: Eyes,
) -> Timeline:
    """What happened to a record at a provider, oldest first."""
    label = PROVIDER_LABELS[provider]
    try:
        answer = await orchestrator.get(
            principal, f"/records/{kind}/{record}/timeline", {"provider": provider}
        )
    except Problem as problem:
        return Timeline(label, (), away=problem.status != 404)
    rows = cast("list[dict[str, Any]]", json.loads(answer.text)["data"])
    return Timeline(label, tuple(_timeline_row(row, eyes) for row in rows), away=False)


_STARTED = {"event": "automatically", "sweep": "automatically", "fix": "after a fix"}
"""What started something, where it wasn't a person."""


def _timeline_row(row: dict[str, Any], eyes: Eyes) -> TimelineRow:
    details = row.get("details")
    said = (
        ", ".join(
            f"{words(name)}: {value}"
            for name, value in cast("dict[str, object]", details).items()
            if value
        )
        if isinstance(details, dict)
        else details
    )
    return TimelineRow(
        at=eyes.moment(datetime.fromisoformat(row["at"])),
        who=_STARTED.get(str(row.get("who")), str(row.get("who") or "")),
        sentence=str(row["sentence"]),
        details=str(said) if said else None,
    )


__all__ = ["Accounts", "account_options", "accounts_of", "principal_of", "timeline_of"]
