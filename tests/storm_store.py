"""What the services' tables say of one invoice: for whoever has to find out why."""

import asyncpg
from messaging.database import Row
from testkit import Stack

_ABOUT = {
    "job": """
        select state, step, generation, outstanding, sent_version, synced_version, want, cause_code,
            asked_at, until, review_at
        from sync_orchestrator.jobs where record_id = $1
        """,
    "lane": """
        select generation, step, waiting, request_id, ready_at, leased_until,
            content is null as empty
        from {connector}.lanes where record_id = $1
        """,
    "ledger": """
        select state, generation, step, remote_id, opened_at, closed_at,
            attempt ->> 'result' as result
        from {connector}.ledger where record_id = $1 order by opened_at
        """,
    "history": """
        select at, kind, step, state from sync_orchestrator.job_history
        where record_id = $1 order by seq
        """,
}


async def evidence(stack: Stack, provider: str, invoice: str) -> list[str]:
    """A line per row that any service has of it."""
    admin: asyncpg.Connection[Row] = await asyncpg.connect(stack.endpoints["database_url"])
    try:
        found: list[str] = []
        for name, sql in _ABOUT.items():
            for row in await admin.fetch(sql.format(connector=f"connector_{provider}"), invoice):
                pairs = ", ".join(f"{key} {value}" for key, value in row.items())
                found.append(f"{name}: {pairs}")
        return found
    finally:
        await admin.close()
