"""The way back from accounts that a fix chose: items and settings have again those they had."""

import json
from collections.abc import Mapping
from typing import cast
from uuid import UUID

from contracts.ids import PROVIDER_LABELS, Provider
from fastapi import APIRouter, Response

from invoice_api.accounts.caller import Caller
from invoice_api.http.problems import Problem
from invoice_api.integrations import mapping, service
from invoice_api.integrations.commands import Desk
from invoice_api.integrations.record_routes import TheDesk
from invoice_api.integrations.schemas import MappingChange, MappingChanges
from invoice_api.web.pages import Undo
from invoice_api.web.sessions import AForm, AWrite, inside

router = APIRouter(prefix="/integrations/{provider}/account-mapping", include_in_schema=False)

Accounts = Mapping[str, str | None]
"""By the item's id as text, and by the name of a setting."""

_SETTINGS = ("no_item_account_id", "rounding_account_id")

_LONGEST = 1_600
"""The way back travels in a cookie. Of more items, it is on the page of the mapping."""


async def accounts_now(desk: Desk, caller: Caller, provider: Provider) -> Accounts:
    """Each item's and each setting's account; nothing where that can't be had."""
    try:
        shown, _ = await mapping.show_mapping(desk.database, desk.orchestrator, caller, provider)
        told = await service.settings(desk.database, desk.orchestrator, caller, provider)
    except Problem:
        return {}
    settings = cast("dict[str, str | None]", json.loads(told.text))
    return {str(row.item_id): row.account_id for row in shown.items} | {
        name: settings.get(name) for name in _SETTINGS
    }


def undo_of(provider: Provider, before: Accounts, after: Accounts, back: str) -> Undo | None:
    """Puts back what differs; None where nothing does, or too much."""
    changed = [one for one in before if one in after and before[one] != after[one]]
    named = " ".join(f"{one}={before[one] or ''}" for one in changed)
    if not named or len(named) > _LONGEST:
        return None
    return Undo(f"/integrations/{provider}/account-mapping/undo", (("was", named), ("back", back)))


def said_of(before: Accounts, after: Accounts) -> str:
    """How many items have another account now; one that is a setting is no item's."""
    items = (one for one in before if one in after and one not in _SETTINGS)
    many = sum(before[one] != after[one] for one in items)
    if not many:
        return "Account saved."
    return f"{many:,} {'item' if many == 1 else 'items'} mapped."


@router.post("/undo")
async def put_back(provider: Provider, one: AWrite, form: AForm, desk: TheDesk) -> Response:
    """As the items were mapped, and the settings were, before; what was posted meanwhile stays."""
    back = inside(form.get("back") or f"/integrations/{provider}/account-mapping")
    changes, settings = _what_was(form.get("was", ""))
    if not changes and not settings:
        return one.told(back, "There is nothing to take back.", tone="info")
    here = (desk.database, desk.orchestrator, one.caller, provider)
    try:
        if settings:
            await service.save_settings(*here, json.dumps(settings))
        if changes:
            await mapping.change_mapping(*here, MappingChanges(items=tuple(changes)))
    except Problem as problem:
        said = "; ".join(error.message for error in problem.errors) or problem.detail
        return one.told(back, said, tone="danger")
    many = f"{len(changes):,} {'item' if len(changes) == 1 else 'items'} mapped as before."
    label = PROVIDER_LABELS[provider]
    said = many if changes else "The account is chosen as before."
    return one.told(back, f"{said} What is in {label} already stays as it is.")


def _what_was(told: str) -> tuple[list[MappingChange], dict[str, str | None]]:
    changes: list[MappingChange] = []
    settings: dict[str, str | None] = {}
    for word in told.split():
        whose, _, account = word.partition("=")
        if whose in _SETTINGS:
            settings[whose] = account or None
            continue
        try:
            changes.append(MappingChange(item_id=UUID(whose), account_id=account or None))
        except ValueError:
            continue
    return changes, settings
