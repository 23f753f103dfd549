"""What people did to a record, kept in its row beside what its snapshot tells others.

The key is no field of a snapshot, so no other service hears of it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from contracts.ids import CompanyId, Entity, UserId
from contracts.message import Part
from messaging.database import Tx

from invoice_api.accounts.caller import Caller

What = Literal["created", "imported", "edited", "finalized", "sent", "paid", "voided"]

KEPT = 200
"""How many of a record are kept: its newest."""


@dataclass(frozen=True)
class Deed:
    """What somebody does now. `about`: the fields that an edit changes."""

    what: What
    by: UserId
    name: str
    about: tuple[str, ...] = ()


@dataclass(frozen=True)
class DeedDone:
    """What somebody did. `by` and `name` are None where nobody wrote down who."""

    what: What
    at: datetime
    by: UUID | None
    name: str | None
    about: tuple[str, ...] = ()


def deed(caller: Caller, what: What, about: Sequence[str] = ()) -> Deed:
    """The caller's."""
    return Deed(what, caller.user_id, caller.user_name, tuple(about))


_FOLLOWS = frozenset({"version", "subtotal", "tax", "total"})
"""Fields that change with others, or with every change."""


def differing(before: Part, after: Part) -> tuple[str, ...]:
    """The fields that somebody changed."""
    fields = type(before).model_fields
    return tuple(
        name
        for name in fields
        if name not in _FOLLOWS and getattr(before, name) != getattr(after, name)
    )


def as_json(deeds: Sequence[Deed]) -> str:
    """As the statements below take them."""
    return json.dumps(
        [{"what": d.what, "by": str(d.by), "name": d.name, "about": list(d.about)} for d in deeds]
    )


def begun_with(snapshot: str, deeds: str) -> str:
    """SQL: a new record's snapshot with these deeds, done now; both are expressions."""
    return f"{snapshot} || jsonb_build_object('deeds', {_now(deeds)})"


def gone_on_with(snapshot: str, deeds: str) -> str:
    """SQL: the snapshot that replaces the row's own, with its deeds and these."""
    all_deeds = f"coalesce(snapshot -> 'deeds', '[]'::jsonb) || {_now(deeds)}"
    newest = f"jsonb_path_query_array({all_deeds}, '$[last - {KEPT - 1} to last]')"
    return f"{snapshot} || jsonb_build_object('deeds', {newest})"


def _now(deeds: str) -> str:
    return (
        "(SELECT coalesce(jsonb_agg(d || jsonb_build_object('at', clock())), '[]'::jsonb)"  # noqa: S608  (expressions of ours)
        f" FROM jsonb_array_elements({deeds}::jsonb) AS d)"
    )


_OF: dict[Entity, str] = {
    "customer": "SELECT snapshot -> 'deeds' FROM customers WHERE company_id = $1 AND id = $2",
    "item": "SELECT snapshot -> 'deeds' FROM items WHERE company_id = $1 AND id = $2",
    "invoice": "SELECT snapshot -> 'deeds' FROM invoices WHERE company_id = $1 AND id = $2",
}


async def deeds_of(tx: Tx, company: CompanyId, entity: Entity, record: UUID) -> list[DeedDone]:
    """What was written down of a record, the oldest first."""
    told = await tx.fetchval(_OF[entity], company, record)
    found: list[dict[str, Any]] = [] if told is None else json.loads(told)
    return [
        DeedDone(
            one["what"],
            datetime.fromisoformat(one["at"]),
            UUID(one["by"]),
            one["name"],
            tuple(one["about"]),
        )
        for one in found
    ]


async def names_of(tx: Tx, company: CompanyId, people: Sequence[UUID]) -> dict[UUID, str]:
    """The names of these people of the company."""
    rows = await tx.fetch(
        "SELECT id, name FROM users WHERE company_id = $1 AND id = ANY($2::uuid[])",
        company,
        list(people),
    )
    return {row["id"]: row["name"] for row in rows}
