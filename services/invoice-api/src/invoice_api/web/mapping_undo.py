"""The way back from a mapping that a fix made: its items have again the accounts that they had."""

from collections.abc import Mapping
from uuid import UUID

from contracts.ids import PROVIDER_LABELS, ItemId, Provider
from fastapi import APIRouter, Response

from invoice_api.accounts.caller import Caller
from invoice_api.http.problems import Problem
from invoice_api.integrations import mapping
from invoice_api.integrations.commands import Desk
from invoice_api.integrations.record_routes import TheDesk
from invoice_api.integrations.schemas import MappingChange, MappingChanges
from invoice_api.web.pages import Undo
from invoice_api.web.sessions import AForm, AWrite, inside

router = APIRouter(prefix="/integrations/{provider}/account-mapping", include_in_schema=False)

Accounts = Mapping[ItemId, str | None]

_LONGEST = 1_600
"""The way back travels in a cookie. Of more items, it is on the page of the mapping."""


async def accounts_now(desk: Desk, caller: Caller, provider: Provider) -> Accounts:
    """Each item's account; nothing where that can't be had."""
    try:
        shown, _ = await mapping.show_mapping(desk.database, desk.orchestrator, caller, provider)
    except Problem:
        return {}
    return {ItemId(row.item_id): row.account_id for row in shown.items}


def undo_of(provider: Provider, before: Accounts, after: Accounts, back: str) -> Undo | None:
    """Puts back what differs; None where nothing does, or too much."""
    changed = [one for one in before if one in after and before[one] != after[one]]
    named = " ".join(f"{one}={before[one] or ''}" for one in changed)
    if not named or len(named) > _LONGEST:
        return None
    return Undo(f"/integrations/{provider}/account-mapping/undo", (("was", named), ("back", back)))


def said_of(before: Accounts, after: Accounts) -> str:
    """How many items have another account now; an account for lines without items is no item's."""
    many = sum(before[one] != after[one] for one in before if one in after)
    if not many:
        return "Account saved."
    return f"{many:,} {'item' if many == 1 else 'items'} mapped."


@router.post("/undo")
async def put_back(provider: Provider, one: AWrite, form: AForm, desk: TheDesk) -> Response:
    """As the items were mapped before; what was posted meanwhile stays as it is."""
    back = inside(form.get("back") or f"/integrations/{provider}/account-mapping")
    changes: list[MappingChange] = []
    for word in form.get("was", "").split():
        item, _, account = word.partition("=")
        try:
            changes.append(MappingChange(item_id=UUID(item), account_id=account or None))
        except ValueError:
            continue
    if not changes:
        return one.told(back, "There is nothing to take back.", tone="info")
    try:
        await mapping.change_mapping(
            desk.database,
            desk.orchestrator,
            one.caller,
            provider,
            MappingChanges(items=tuple(changes)),
        )
    except Problem as problem:
        said = "; ".join(error.message for error in problem.errors) or problem.detail
        return one.told(back, said, tone="danger")
    many = f"{len(changes):,} {'item' if len(changes) == 1 else 'items'}"
    label = PROVIDER_LABELS[provider]
    return one.told(back, f"{many} mapped as before. What is in {label} already stays as it is.")
