"""Signing up, logging in and out, API keys."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from contracts.ids import CompanyId, Ids, UserId
from messaging.database import Database, Tx

from invoice_api.accounts import store
from invoice_api.accounts.caller import Caller
from invoice_api.accounts.passwords import fits, hash_password
from invoice_api.accounts.schemas import (
    ApiKeyShown,
    ApiKeysShown,
    CompanyShown,
    LogIn,
    SessionShown,
    SignedUp,
    SignUp,
)
from invoice_api.http.problems import Problem, conflict, not_found

MAX_TRIES = 10

Random = Callable[[int], bytes]
"""So many random bytes, fit for secrets."""


@dataclass(frozen=True)
class OpenedSession:
    """A session just opened: the cookie's value is nowhere else."""

    token: str
    csrf_token: str


def digest(secret: str) -> bytes:
    """What is kept of a key or token: they are random enough for a plain hash."""
    return hashlib.sha256(secret.encode()).digest()


async def sign_up(
    database: Database, ids: Ids, random: Random, wanted: SignUp, *, open_to_all: bool
) -> SignedUp:
    """A new company with its owner and an API key. 409 `email_taken`; 403 where it is closed."""
    if not open_to_all:
        raise Problem(
            403,
            "signup_closed",
            "Sign-up is closed",
            "New companies are made by the operator of this installation.",
        )
    password_hash = await hash_password(wanted.password)
    async with database.transaction() as tx:
        return await make_company(tx, ids, random, wanted, password_hash)


async def make_company(
    tx: Tx, ids: Ids, random: Random, wanted: SignUp, password_hash: str
) -> SignedUp:
    """The company, its owner and a key. 409 `email_taken`."""
    company, user = CompanyId(ids.new()), UserId(ids.new())
    await store.insert_company(tx, company, wanted.company_name, wanted.time_zone, wanted.currency)
    made = await store.insert_user(
        tx,
        user,
        company,
        email=wanted.email,
        name=wanted.email.partition("@")[0],
        password_hash=password_hash,
        role="owner",
    )
    if not made:
        raise conflict(
            "email_taken",
            "E-mail already used",
            f"There is a log-in for {wanted.email} already.",
        )
    key = await _make_key(tx, ids, random, company, user, "Made at sign-up")
    assert key.api_key is not None, "a key just made is shown"
    return SignedUp(company_id=company, user_id=user, api_key=key.api_key)


async def log_in(database: Database, random: Random, wanted: LogIn) -> OpenedSession:
    """Open a session. 401 `wrong_login` (never which of the two), 429 `too_many_tries`."""
    async with database.transaction() as tx:
        tries, seconds = await store.count_try(tx, wanted.email)
        found = await store.find_log_in(tx, wanted.email)
    if tries > MAX_TRIES:
        raise too_many_tries(seconds)
    if not await fits(wanted.password, None if found is None else found.password_hash):
        raise Problem(401, "wrong_login", "That didn't work", "E-mail or password doesn't match.")
    assert found is not None, "nobody's password never fits"
    async with database.transaction() as tx:
        await store.forget_tries(tx, wanted.email)
        return await open_session(tx, random, found.user_id)


def too_many_tries(seconds: float) -> Problem:
    minutes = max(1, round(seconds / 60))
    return Problem(
        429,
        "too_many_tries",
        "Too many tries",
        f"Please try again in {minutes} {'minute' if minutes == 1 else 'minutes'}.",
        headers={"Retry-After": str(max(1, round(seconds)))},
    )


async def open_session(tx: Tx, random: Random, user: UserId) -> OpenedSession:
    """A session for someone whose identity is proven (log-in, sign-up)."""
    session = OpenedSession(random(32).hex(), random(32).hex())
    await store.insert_session(tx, digest(session.token), user, session.csrf_token)
    return session


async def log_out(tx: Tx, token: str) -> None:
    await store.delete_session(tx, digest(token))


async def find_by_key(tx: Tx, api_key: str) -> Caller | None:
    return await store.find_caller_by_key(tx, digest(api_key))


async def find_by_session(tx: Tx, token: str) -> Caller | None:
    return await store.find_caller_by_session(tx, digest(token))


async def still_holds(tx: Tx, caller: Caller) -> bool:
    """Whether the key or session they came with is good, and their role what it was."""
    find = store.find_caller_by_key if caller.via == "key" else store.find_caller_by_session
    found = await find(tx, caller.credential)
    return found is not None and found.role == caller.role


def session_shown(caller: Caller) -> SessionShown:
    company = caller.company
    return SessionShown(
        company=CompanyShown(
            id=company.id,
            name=company.name,
            time_zone=company.time_zone,
            currency=company.currency,
        ),
        user_id=caller.user_id,
        user_name=caller.user_name,
        role=caller.role,
        csrf_token=caller.csrf_token,
    )


async def make_key(tx: Tx, ids: Ids, random: Random, caller: Caller, name: str) -> ApiKeyShown:
    """A key that acts as the caller; shown this once."""
    return await _make_key(tx, ids, random, caller.company.id, caller.user_id, name)


async def list_keys(tx: Tx, caller: Caller) -> ApiKeysShown:
    """An owner sees all of the company's keys, anyone else their own."""
    rows = await store.list_api_keys(tx, caller.company.id, None if caller.owns else caller.user_id)
    return ApiKeysShown(
        data=tuple(
            ApiKeyShown(
                id=str(row["id"]),
                name=row["name"],
                shown=row["shown"],
                user_id=UserId(row["user_id"]),
                created_at=row["created_at"],
            )
            for row in rows
        )
    )


async def delete_key(tx: Tx, caller: Caller, key_id: UUID) -> None:
    """404 when it isn't one of the company's, or, for whoever isn't an owner, of their own."""
    of = None if caller.owns else caller.user_id
    if not await store.delete_api_key(tx, caller.company.id, key_id, of):
        raise not_found("API key")


async def _make_key(
    tx: Tx, ids: Ids, random: Random, company: CompanyId, user: UserId, name: str
) -> ApiKeyShown:
    key_id, key = ids.new(), f"tb_{random(24).hex()}"
    shown = f"{key[:7]}…{key[-4:]}"
    created_at = await store.insert_api_key(
        tx, key_id, company, user, name=name, key_hash=digest(key), shown=shown
    )
    return ApiKeyShown(
        id=str(key_id), name=name, shown=shown, user_id=user, created_at=created_at, api_key=key
    )
