"""SQL over open problems as this service knows them: no other service is asked.

What is counted is what the orchestrator counts for Problems: every record with the cause, and
those that wait for one of them, whatever state they are in.
"""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from typing import cast

from contracts.causes import CAUSES, SHOWN_AS_PROBLEMS
from contracts.ids import CompanyId, ConnectionId, Provider
from contracts.sync import CauseInstance, SyncState
from messaging.database import Row, Tx

from invoice_api.sums import Amounts, summed

_ROWS = """
SELECT s.company_id, s.provider, s.cause_group, i.currency, count(*) AS n, sum(i.total) AS amount,
    array_agg(DISTINCT s.entity) AS kinds,
    bool_or(s.state NOT IN ('removed_there', 'changed_there', 'synced_with_difference'))
        AS stopped,
    min(k.organisation_name) AS organisation,
    min((s.folded -> 'state' ->> 'changed_at')::timestamptz) AS since,
    (array_agg(s.folded -> 'state' -> 'cause' ORDER BY s.cause_code = 'prerequisite_blocked',
        (s.folded -> 'state' ->> 'changed_at')::timestamptz, s.record_id))[1]::text AS cause,
    bool_and(s.cause_code = 'prerequisite_blocked') AS only_waits,
    array_agg(DISTINCT s.folded -> 'state' -> 'cause' -> 'params' ->> 'items')
        FILTER (WHERE s.cause_code = 'item_account_unmapped') AS item_lists
FROM record_states s
JOIN connections k ON k.id = s.connection_id AND k.current
LEFT JOIN invoices i ON s.entity = 'invoice' AND i.company_id = s.company_id
    AND i.id = s.record_id
WHERE s.cause_group IS NOT NULL AND s.cause_code = ANY($1::text[]) WHOSE
GROUP BY s.company_id, s.provider, s.cause_group, i.currency
ORDER BY s.company_id, s.provider, s.cause_group
"""
_OF_ALL = _ROWS.replace("WHOSE", "")
_OF_ONE = _ROWS.replace("WHOSE", "AND s.company_id = $2 AND s.connection_id = ANY($3::uuid[])")

_STAND_STILL_TOGETHER = frozenset(
    code
    for code, row in CAUSES.items()
    if row.state is SyncState.HELD and row.who in {"reconnect", "provider_unavailable", "defect"}
)
"""What holds everything at once and isn't mended record by record: it has its own place to be said,
or is nobody's to mend."""


@dataclass(frozen=True)
class OpenGroup:
    """Records that stand still for one cause, with those that wait for them."""

    company: CompanyId
    provider: Provider
    group: str
    cause: CauseInstance
    count: int
    kinds: frozenset[str]
    amounts: Amounts
    since: datetime
    stopped: bool
    """Whether any of it is kept out of the books, not merely different there."""
    organisation: str | None = None


async def open_groups(tx: Tx) -> list[OpenGroup]:
    """Every company's open groups, over their current connections."""
    return _groups(await tx.fetch(_OF_ALL, list(SHOWN_AS_PROBLEMS)))


async def largest_group(
    tx: Tx, company: CompanyId, connections: Sequence[ConnectionId]
) -> OpenGroup | None:
    """The open group of invoices with the most money in one currency, over these connections."""
    rows = await tx.fetch(_OF_ONE, list(SHOWN_AS_PROBLEMS), company, list(connections))
    found = [
        group
        for group in _groups(rows)
        if group.amounts and group.cause.code not in _STAND_STILL_TOGETHER
    ]
    return max(found, key=lambda group: (group.amounts[0][1], group.count), default=None)


def _groups(rows: Sequence[Row]) -> list[OpenGroup]:
    """A row is a group's part in one currency; what is no invoice has none."""
    return [
        _group(list(parts))
        for _, parts in groupby(
            rows, lambda row: (row["company_id"], row["provider"], row["cause_group"])
        )
    ]


def _group(parts: list[Row]) -> OpenGroup:
    telling = min(parts, key=lambda row: (row["only_waits"], row["since"]))
    cause = CauseInstance.model_validate_json(telling["cause"])
    return OpenGroup(
        company=CompanyId(telling["company_id"]),
        provider=telling["provider"],
        group=telling["cause_group"],
        cause=_with_all_items(cause.because or cause, parts),
        count=sum(int(row["n"]) for row in parts),
        kinds=frozenset[str]().union(*(row["kinds"] for row in parts)),
        amounts=summed(_money(parts)),
        since=min(row["since"] for row in parts),
        stopped=any(row["stopped"] for row in parts),
        organisation=telling["organisation"],
    )


def _money(parts: Iterable[Row]) -> Iterable[tuple[str, Decimal]]:
    for row in parts:
        if row["currency"] is not None:
            yield row["currency"], row["amount"]


def _with_all_items(cause: CauseInstance, parts: Iterable[Row]) -> CauseInstance:
    """The items that any of the group's records lacks an account for, not one record's alone."""
    items: dict[str, None] = {}
    for row in parts:
        for names in row["item_lists"] or ():
            if names is not None:
                items.update(dict.fromkeys(cast("list[str]", json.loads(names))))
    if not items or cause.code != "item_account_unmapped":
        return cause
    listed = json.dumps(list(items), ensure_ascii=False)
    return cause.model_copy(update={"params": {**cause.params, "items": listed}})
