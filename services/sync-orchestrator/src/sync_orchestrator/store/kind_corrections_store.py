"""What people chose against suggested kinds, and suggestions made anew by it."""

from collections.abc import Collection, Mapping, Sequence
from uuid import UUID

from contracts.ids import CompanyId, ConnectionId, RemoteId
from messaging.database import Row, Tx

from sync_orchestrator.domain.customer_kinds import Corrections, Suggestion

_CORRECTIONS = "select feature, business, homeowner from kind_corrections where company_id = $1"

_CORRECT = """
insert into kind_corrections as k (company_id, feature, business, homeowner)
select $1, n.* from unnest($2::text[], $3::int[], $4::int[]) as n (feature, business, homeowner)
on conflict (company_id, feature) do update set
    business = k.business + excluded.business, homeowner = k.homeowner + excluded.homeowner
"""

_LEARNS_ONCE = """
insert into learnt_imports (run_id, company_id) values ($1, $2) on conflict do nothing
returning true
"""

_WITH_FEATURES = """
select remote_id, connection_id, name, company_name, email from remote_customers
where company_id = $1 and features && $2::text[]
"""

_SUGGEST = """
update remote_customers r set suggested_kind = n.kind, reason = n.reason
from unnest($1::uuid[], $2::text[], $3::text[], $4::text[])
    as n (connection_id, remote_id, kind, reason)
where r.connection_id = n.connection_id and r.remote_id = n.remote_id
"""


async def corrections(tx: Tx, company: CompanyId) -> Corrections:
    """What the company's people chose against suggestions so far."""
    rows = await tx.fetch(_CORRECTIONS, company)
    return Corrections({row["feature"]: (row["business"], row["homeowner"]) for row in rows})


async def correct(tx: Tx, company: CompanyId, counts: Mapping[str, tuple[int, int]]) -> None:
    """Add to them."""
    await tx.execute(
        _CORRECT,
        company,
        list(counts),
        [business for business, _ in counts.values()],
        [homeowner for _, homeowner in counts.values()],
    )


async def learns_once(tx: Tx, company: CompanyId, run_id: UUID) -> bool:
    """Whether this import's corrections are told of for the first time."""
    first: bool | None = await tx.fetchval(_LEARNS_ONCE, run_id, company)
    return first is True


async def with_features(tx: Tx, company: CompanyId, features: Collection[str]) -> list[Row]:
    """The company's customers there that a correction of one of these features is about."""
    return await tx.fetch(_WITH_FEATURES, company, list(features))


async def suggest_anew(tx: Tx, rows: Sequence[tuple[ConnectionId, RemoteId, Suggestion]]) -> None:
    await tx.execute(
        _SUGGEST,
        [connection for connection, _, _ in rows],
        [remote for _, remote, _ in rows],
        [suggestion.kind for _, _, suggestion in rows],
        [suggestion.reason for _, _, suggestion in rows],
    )
