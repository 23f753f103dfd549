"""`Idempotency-Key`: the same POST twice is done once and answered the same."""

import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from contracts.ids import CompanyId
from fastapi import Request
from messaging.database import Database, Tx

from invoice_api.http import idempotency_store as store
from invoice_api.http.answers import Answer
from invoice_api.http.problems import Problem, invalid_field


@dataclass(frozen=True)
class IdempotencyKey:
    """A key and what it was sent with."""

    key: str
    fingerprint: bytes


async def key_of(request: Request) -> IdempotencyKey | None:
    """The request's key, if it has one. Raises 422 for one that is empty or too long."""
    if "idempotency-key" not in request.headers:
        return None
    return key_with(request, await request.body())


def key_with(request: Request, content: bytes) -> IdempotencyKey | None:
    """The same for a request whose content was read already."""
    key = request.headers.get("idempotency-key")
    if key is None:
        return None
    if not 1 <= len(key) <= 255:
        raise invalid_field("Idempotency-Key", "must have 1 to 255 characters")
    sent = hashlib.sha256()
    for part in (request.method.encode(), request.url.path.encode(), content):
        sent.update(len(part).to_bytes(8, "big"))
        sent.update(part)
    return IdempotencyKey(key, sent.digest())


async def once(
    database: Database,
    company: CompanyId,
    key: IdempotencyKey | None,
    work: Callable[[Tx], Awaitable[Answer]],
) -> Answer:
    """Do `work` in one transaction with its key: both are kept, or neither."""
    async with database.transaction() as tx:
        if key is None:
            return await work(tx)
        kept = await store.claim(tx, company, key.key, key.fingerprint)
        if kept is not None:
            return _again(kept, key)
        answer = await work(tx)
        await store.keep(tx, company, key.key, key.fingerprint, answer)
        return answer


async def once_outside(
    database: Database,
    company: CompanyId,
    key: IdempotencyKey | None,
    work: Callable[[], Awaitable[Answer]],
) -> Answer:
    """The same for work at another service, which no transaction of ours covers.

    Such work must be harmless when done twice: a crash between it and keeping its answer does it
    again.
    """
    if key is None:
        return await work()
    async with database.transaction() as tx:
        kept = await store.find(tx, company, key.key)
    if kept is not None:
        return _again(kept, key)
    answer = await work()
    async with database.transaction() as tx:
        await store.keep(tx, company, key.key, key.fingerprint, answer)
    return answer


def _again(kept: store.Kept, key: IdempotencyKey) -> Answer:
    if kept.fingerprint != key.fingerprint:
        raise Problem(
            422,
            "idempotency_key_reused",
            "This key was used for something else",
            "This Idempotency-Key came with another request before. Use a new key for a new one.",
        )
    assert kept.answer is not None, "a claim and its answer are committed together"
    return kept.answer
