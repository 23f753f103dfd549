"""Idempotency keys: what a company's POST with a key was answered, for 24 hours."""

import json
from dataclasses import dataclass
from typing import Any, cast

from contracts.ids import CompanyId
from messaging.database import Tx

from invoice_api.http.answers import Answer


@dataclass(frozen=True)
class Kept:
    """A key seen before: for which request, and its answer."""

    fingerprint: bytes
    answer: Answer | None


async def claim(tx: Tx, company: CompanyId, key: str, fingerprint: bytes) -> Kept | None:
    """Take the key for this transaction; None when it is new.

    While another transaction holds the key, this waits for it to end: its answer is then ours.
    """
    await tx.execute(
        "DELETE FROM idempotency_keys WHERE company_id = $1 AND key = $2"
        " AND created_at < clock() - interval '24 hours'",
        company,
        key,
    )
    inserted = await tx.fetchrow(
        "INSERT INTO idempotency_keys (company_id, key, fingerprint) VALUES ($1, $2, $3)"
        " ON CONFLICT DO NOTHING RETURNING key",
        company,
        key,
        fingerprint,
    )
    return None if inserted is not None else await find(tx, company, key)


async def find(tx: Tx, company: CompanyId, key: str) -> Kept | None:
    """The key as it was kept."""
    row = await tx.fetchrow(
        "SELECT fingerprint, status, headers, body FROM idempotency_keys"
        " WHERE company_id = $1 AND key = $2 AND created_at >= clock() - interval '24 hours'",
        company,
        key,
    )
    if row is None:
        return None
    answer = None
    if row["status"] is not None:
        headers = cast("dict[str, Any]", json.loads(row["headers"]))
        answer = Answer(row["status"], row["body"], {k: str(v) for k, v in headers.items()})
    return Kept(bytes(row["fingerprint"]), answer)


async def keep(tx: Tx, company: CompanyId, key: str, fingerprint: bytes, answer: Answer) -> None:
    """Keep the answer under its key."""
    await tx.execute(
        "INSERT INTO idempotency_keys (company_id, key, fingerprint, status, headers, body)"
        " VALUES ($1, $2, $3, $4, $5::jsonb, $6)"
        " ON CONFLICT (company_id, key) DO UPDATE SET status = excluded.status,"
        " headers = excluded.headers, body = excluded.body",
        company,
        key,
        fingerprint,
        answer.status,
        json.dumps(dict(answer.headers)),
        answer.body,
    )


async def prune(tx: Tx) -> None:
    """Forget keys older than 24 hours."""
    await tx.execute(
        "DELETE FROM idempotency_keys WHERE created_at < clock() - interval '24 hours'"
    )
