"""What pages ask the orchestrator for, in the shapes they show."""

import json
from datetime import datetime
from typing import Any, cast

from contracts.ids import PROVIDER_LABELS, Provider
from contracts.invoicing import ItemSnapshot

from invoice_api.accounts.caller import Caller
from invoice_api.http.problems import Problem
from invoice_api.peers.orchestrator import Orchestrator, Principal
from invoice_api.web.formatters import words
from invoice_api.web.pages import Option, Timeline, TimelineRow
from invoice_api.web.views import Eyes


def principal_of(caller: Caller) -> Principal:
    return Principal(caller.company.id, caller.user_id, caller.role)


def options_of(accounts: dict[str, Any]) -> tuple[Option, ...]:
    """Active income accounts as `200 Service revenue`."""
    rows = cast("list[dict[str, Any]]", accounts["data"])
    return tuple(
        Option(str(row["id"]), f"{row['code']} {row['name']}" if row.get("code") else row["name"])
        for row in rows
        if row["active"]
    )


async def account_options(
    orchestrator: Orchestrator, principal: Principal, provider: Provider
) -> tuple[Option, ...]:
    """The provider's income accounts; none while they can't be had: the page stands without."""
    try:
        answer = await orchestrator.get(principal, f"/integrations/{provider}/accounts")
    except Problem:
        return ()
    return options_of(answer.json())


async def map_item(
    orchestrator: Orchestrator,
    caller: Caller,
    provider: Provider,
    item: ItemSnapshot,
    account: str | None,
) -> None:
    """One item's income account. Raises a Problem with the field the page has."""
    row = {"item_id": str(item.id), "item_name": item.name, "account_id": account}
    await orchestrator.put(
        principal_of(caller),
        f"/integrations/{provider}/account-mapping",
        json.dumps({"items": [row]}),
    )


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
    rows = cast("list[dict[str, Any]]", answer.json()["data"])
    return Timeline(label, tuple(_timeline_row(row, eyes) for row in rows), away=False)


def _timeline_row(row: dict[str, Any], eyes: Eyes) -> TimelineRow:
    details = row.get("details")
    said = (
        ", ".join(f"{words(name)}: {value}" for name, value in details.items() if value)
        if isinstance(details, dict)
        else details
    )
    return TimelineRow(
        at=eyes.moment(datetime.fromisoformat(row["at"])),
        who=str(row.get("who") or ""),
        sentence=str(row["sentence"]),
        details=str(said) if said else None,
    )
