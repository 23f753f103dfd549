"""SQL of account mapping as one person sees it: what is saved, with what they have staged.

Everything is read from this service's own tables, whatever the number of items.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal

from contracts.ids import CompanyId, ConnectionId, ItemId, UserId
from messaging.database import Tx

Show = Literal["all", "unmapped", "archived", "changed", "conflicts"]


@dataclass(frozen=True)
class Desk:
    """Whose staged changes, in which connection."""

    company: CompanyId
    user: UserId
    connection: ConnectionId

    @property
    def arguments(self) -> tuple[object, ...]:
        return (self.company, self.user, self.connection)


@dataclass(frozen=True)
class ItemRow:
    item: ItemId
    name: str
    sku: str | None
    account: str | None
    staged: bool
    chosen: str | None
    was: str | None
    invoices: int = 0

    @property
    def effective(self) -> str | None:
        return self.chosen if self.staged else self.account

    @property
    def conflict(self) -> bool:
        """Whether someone else has saved another account since this was chosen."""
        return self.staged and self.was != self.account and self.chosen != self.account


@dataclass(frozen=True)
class Counts:
    all: int
    unmapped: int
    """Without an account as saved."""
    open: int
    """Without an account even with what is staged."""
    archived: int
    changed: int
    conflicts: int


_FROM = (
    " FROM items i LEFT JOIN mappings m ON m.connection_id = $3 AND m.item_id = i.id"
    " LEFT JOIN staged_mappings g ON g.connection_id = $3 AND g.user_id = $2 AND g.item_id = i.id"
    " WHERE i.company_id = $1"
)
_CONFLICT = (
    "(g.item_id IS NOT NULL AND g.was IS DISTINCT FROM m.account_id"
    " AND g.account_id IS DISTINCT FROM m.account_id)"
)
_SHOWN: Mapping[Show, str] = {
    "all": "",
    "unmapped": " AND m.account_id IS NULL",
    "archived": " AND m.account_id = ANY($4::text[])",
    "changed": " AND g.item_id IS NOT NULL",
    "conflicts": " AND " + _CONFLICT,
}


async def count(tx: Tx, desk: Desk, archived: Sequence[str]) -> Counts:
    row = await tx.fetchrow(
        "SELECT count(*) AS n, count(*) FILTER (WHERE m.account_id IS NULL) AS unmapped,"
        " count(*) FILTER (WHERE m.account_id IS NULL AND (g.item_id IS NULL"
        "  OR g.account_id IS NULL)) AS open,"
        " count(*) FILTER (WHERE m.account_id = ANY($4::text[])) AS archived,"
        " count(g.item_id) AS changed,"
        " count(*) FILTER (WHERE " + _CONFLICT + ") AS conflicts" + _FROM,
        *desk.arguments,
        list(archived),
    )
    assert row is not None, "a count always answers"
    return Counts(
        row["n"], row["unmapped"], row["open"], row["archived"], row["changed"], row["conflicts"]
    )


async def page(
    tx: Tx,
    desk: Desk,
    show: Show,
    words: str,
    archived: Sequence[str],
    limit: int,
    offset: int,
) -> list[ItemRow]:
    """By name, with the number of invoices that hold each item."""
    pattern = "%" + words.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    rows = await tx.fetch(
        "SELECT i.id, i.name, i.sku, m.account_id, g.item_id IS NOT NULL AS staged,"
        " g.account_id AS chosen, g.was"
        + _FROM
        + " AND ($5 = '%%' OR i.name ILIKE $5 OR i.sku ILIKE $5)"
        + (" AND $4::text[] IS NOT NULL" if show != "archived" else "")
        + _SHOWN[show]
        + " ORDER BY i.name, i.id LIMIT $6 OFFSET $7",
        *desk.arguments,
        list(archived),
        pattern,
        limit,
        offset,
    )
    return [
        ItemRow(
            ItemId(row["id"]),
            row["name"],
            row["sku"],
            row["account_id"],
            row["staged"],
            row["chosen"],
            row["was"],
        )
        for row in rows
    ]


async def used_on(tx: Tx, company: CompanyId, items: Sequence[ItemId]) -> dict[ItemId, int]:
    """On how many invoices each of these items stands."""
    rows = await tx.fetch(
        "SELECT line ->> 'item_id' AS item, count(DISTINCT v.id) AS n FROM invoices v"
        " CROSS JOIN LATERAL jsonb_array_elements(v.snapshot -> 'lines') AS line"
        " WHERE v.company_id = $1 AND line ->> 'item_id' = ANY($2::text[])"
        " GROUP BY line ->> 'item_id'",
        company,
        [str(item) for item in items],
    )
    counts = {str(row["item"]): int(row["n"]) for row in rows}
    return {item: counts.get(str(item), 0) for item in items}


async def held_by_accounts(
    tx: Tx, company: CompanyId, connection: ConnectionId
) -> tuple[int, Decimal, str] | None:
    """Invoices that wait for an account, what they come to, and in which currency."""
    row = await tx.fetchrow(
        "SELECT count(*) AS n, sum(i.total) AS amount, i.currency FROM record_states s"
        " JOIN invoices i ON i.company_id = s.company_id AND i.id = s.record_id"
        " WHERE s.company_id = $1 AND s.connection_id = $2 AND s.entity = 'invoice'"
        " AND s.cause_group = 'item_account_unmapped'"
        " GROUP BY i.currency ORDER BY amount DESC LIMIT 1",
        company,
        connection,
    )
    return None if row is None else (int(row["n"]), row["amount"], row["currency"])


async def stage(tx: Tx, desk: Desk, chosen: Mapping[ItemId, str | None]) -> None:
    """Remember these choices; one that is what is saved is no change and is forgotten."""
    items = sorted(chosen)
    await tx.execute(
        "INSERT INTO staged_mappings AS g (company_id, user_id, connection_id, item_id,"
        " account_id, was)"
        " SELECT $1, $2, $3, k.item_id, k.account_id, m.account_id"
        " FROM unnest($4::uuid[], $5::text[]) AS k (item_id, account_id)"
        " JOIN items i ON i.company_id = $1 AND i.id = k.item_id"
        " LEFT JOIN mappings m ON m.connection_id = $3 AND m.item_id = k.item_id"
        " ON CONFLICT (connection_id, user_id, item_id) DO UPDATE"
        " SET account_id = excluded.account_id, was = excluded.was",
        *desk.arguments,
        items,
        [chosen[item] for item in items],
    )
    await _forget_unchanged(tx, desk)


async def stage_unmapped(tx: Tx, desk: Desk, account: str) -> None:
    """This account for every item that has none, on every page and under every filter."""
    await tx.execute(
        "INSERT INTO staged_mappings AS g (company_id, user_id, connection_id, item_id,"
        " account_id, was)"
        " SELECT $1, $2, $3, i.id, $4, NULL"
        + _FROM
        + " AND m.account_id IS NULL AND (g.item_id IS NULL OR g.account_id IS NULL)"
        " ON CONFLICT (connection_id, user_id, item_id) DO UPDATE"
        " SET account_id = excluded.account_id",
        *desk.arguments,
        account,
    )


async def staged(tx: Tx, desk: Desk) -> dict[ItemId, tuple[str | None, str | None]]:
    """What is staged: the account chosen, and what was saved then."""
    rows = await tx.fetch(
        "SELECT item_id, account_id, was FROM staged_mappings"
        " WHERE company_id = $1 AND user_id = $2 AND connection_id = $3",
        *desk.arguments,
    )
    return {ItemId(row["item_id"]): (row["account_id"], row["was"]) for row in rows}


async def forget(tx: Tx, desk: Desk, items: Sequence[ItemId] | None = None) -> None:
    """Drop these staged changes; without `items` all of them."""
    await tx.execute(
        "DELETE FROM staged_mappings WHERE company_id = $1 AND user_id = $2"
        " AND connection_id = $3 AND ($4::uuid[] IS NULL OR item_id = ANY($4))",
        *desk.arguments,
        None if items is None else list(items),
    )


async def keep_saved(
    tx: Tx, desk: Desk, saved: Mapping[ItemId, tuple[str | None, str | None]]
) -> None:
    """Remember what a save changed, as `staged` told it, instead of the save before."""
    await tx.execute(
        "DELETE FROM last_saved_mappings WHERE company_id = $1 AND user_id = $2"
        " AND connection_id = $3",
        *desk.arguments,
    )
    items = sorted(saved)
    await tx.execute(
        "INSERT INTO last_saved_mappings"
        " (company_id, user_id, connection_id, item_id, account_id, was)"
        " SELECT $1, $2, $3, k.item_id, k.account_id, k.was"
        " FROM unnest($4::uuid[], $5::text[], $6::text[]) AS k (item_id, account_id, was)",
        *desk.arguments,
        items,
        [saved[item][0] for item in items],
        [saved[item][1] for item in items],
    )


async def stage_last_saved(tx: Tx, desk: Desk) -> int:
    """Stage what the last save changed as it was before it; how many. It is remembered no longer.

    An account that somebody else saved since is a conflict as any other, and what this person has
    chosen for an item meanwhile stays.
    """
    staged = await tx.fetch(
        "WITH last AS (DELETE FROM last_saved_mappings WHERE company_id = $1 AND user_id = $2"
        "  AND connection_id = $3 RETURNING item_id, account_id, was)"
        " INSERT INTO staged_mappings"
        "  (company_id, user_id, connection_id, item_id, account_id, was)"
        " SELECT $1, $2, $3, last.item_id, last.was, last.account_id"
        " FROM last JOIN items i ON i.company_id = $1 AND i.id = last.item_id"
        " ON CONFLICT (connection_id, user_id, item_id) DO NOTHING RETURNING item_id",
        *desk.arguments,
    )
    await _forget_unchanged(tx, desk)
    return len(staged)


async def _forget_unchanged(tx: Tx, desk: Desk) -> None:
    await tx.execute(
        "DELETE FROM staged_mappings g USING items i LEFT JOIN mappings m"
        " ON m.connection_id = $3 AND m.item_id = i.id"
        " WHERE g.company_id = $1 AND g.user_id = $2 AND g.connection_id = $3"
        " AND i.company_id = $1 AND i.id = g.item_id"
        " AND g.account_id IS NOT DISTINCT FROM m.account_id",
        *desk.arguments,
    )
