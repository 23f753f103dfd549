"""SQL of runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal
from uuid import UUID

from contracts.ids import CompanyId
from contracts.sync import RunProgress
from messaging.database import Row, Tx

Owner = Literal["invoice-api", "sync-orchestrator"]


@dataclass(frozen=True)
class StoredRun:
    """A run as last said; `cancel_asked` tells whoever runs it to stop."""

    owner: Owner
    progress: RunProgress
    cancel_asked: bool = False


async def save_runs(tx: Tx, owner: Owner, runs: Sequence[tuple[CompanyId, RunProgress]]) -> bool:
    """Keep what is newer than what we have of each; whether any was. Give each run once."""
    ordered = sorted(runs, key=lambda one: one[1].id)
    rows = await tx.fetch(
        "INSERT INTO runs AS r (id, company_id, owner, version, state, progress, started_at)"
        " SELECT k.id, k.company_id, $1, k.version, k.state, k.progress::jsonb, k.started_at"
        " FROM unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::text[], $6::text[],"
        " $7::timestamptz[]) AS k (id, company_id, version, state, progress, started_at)"
        " ON CONFLICT (id) DO UPDATE SET version = excluded.version, state = excluded.state,"
        " progress = excluded.progress, changed_xid = pg_current_xact_id()"
        " WHERE r.version < excluded.version AND r.company_id = excluded.company_id"
        " RETURNING id",
        owner,
        [run.id for _, run in ordered],
        [company for company, _ in ordered],
        [run.version for _, run in ordered],
        [run.state for _, run in ordered],
        [run.model_dump_json() for _, run in ordered],
        [run.started_at for _, run in ordered],
    )
    return bool(rows)


async def find_run(tx: Tx, company: CompanyId, run_id: UUID) -> StoredRun | None:
    row = await tx.fetchrow(
        "SELECT owner, progress, cancel_asked_at FROM runs WHERE company_id = $1 AND id = $2",
        company,
        run_id,
    )
    return None if row is None else _run(row)


async def load_runs(tx: Tx, company: CompanyId, ids: Sequence[UUID]) -> list[StoredRun]:
    """Those of these runs that are the company's."""
    rows = await tx.fetch(
        "SELECT owner, progress, cancel_asked_at FROM runs"
        " WHERE company_id = $1 AND id = ANY($2::uuid[]) ORDER BY started_at, id",
        company,
        list(ids),
    )
    return [_run(row) for row in rows]


async def recent_runs(tx: Tx, company: CompanyId, limit: int) -> list[StoredRun]:
    """The newest runs, those under way first."""
    rows = await tx.fetch(
        "SELECT owner, progress, cancel_asked_at FROM runs WHERE company_id = $1"
        " ORDER BY state IN ('running', 'stopping') DESC, started_at DESC, id LIMIT $2",
        company,
        limit,
    )
    return [_run(row) for row in rows]


async def ask_to_cancel(tx: Tx, company: CompanyId, run_id: UUID) -> None:
    """Whoever runs it sees this with its next batch."""
    await tx.execute(
        "UPDATE runs SET cancel_asked_at = clock() WHERE company_id = $1 AND id = $2"
        " AND cancel_asked_at IS NULL AND state = 'running'",
        company,
        run_id,
    )


async def forget_old(tx: Tx) -> None:
    """Runs are shown for 400 days."""
    await tx.execute("DELETE FROM runs WHERE started_at < clock() - interval '400 days'")


def _run(row: Row) -> StoredRun:
    return StoredRun(
        row["owner"],
        RunProgress.model_validate_json(row["progress"]),
        row["cancel_asked_at"] is not None,
    )
