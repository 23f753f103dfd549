"""SQL of companies, users, API keys and sessions."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from contracts.ids import CompanyId, UserId
from messaging.database import Row, Tx

from invoice_api.accounts.caller import Caller, Company

SESSION_LIFE = timedelta(days=30)
TRIES_WINDOW = timedelta(minutes=15)


@dataclass(frozen=True)
class LogInFacts:
    """What a log-in is checked against."""

    user_id: UserId
    password_hash: str


async def insert_company(
    tx: Tx, company: CompanyId, name: str, time_zone: str, currency: str
) -> None:
    await tx.execute(
        "INSERT INTO companies (id, name, time_zone, currency) VALUES ($1, $2, $3, $4)",
        company,
        name,
        time_zone,
        currency,
    )
    await tx.execute("INSERT INTO invoice_numbers (company_id) VALUES ($1)", company)


async def insert_user(
    tx: Tx,
    user: UserId,
    company: CompanyId,
    *,
    email: str,
    name: str,
    password_hash: str,
    role: str,
) -> bool:
    """False when someone has this e-mail already, in whatever company."""
    row = await tx.fetchrow(
        "INSERT INTO users (id, company_id, email, name, password_hash, role)"
        " VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (lower(email)) DO NOTHING RETURNING id",
        user,
        company,
        email,
        name,
        password_hash,
        role,
    )
    return row is not None


async def find_user(tx: Tx, email: str) -> UserId | None:
    row = await tx.fetchrow("SELECT id FROM users WHERE lower(email) = lower($1)", email)
    return None if row is None else UserId(row["id"])


async def set_password(tx: Tx, user: UserId, password_hash: str) -> None:
    await tx.execute("UPDATE users SET password_hash = $2 WHERE id = $1", user, password_hash)


async def insert_api_key(
    tx: Tx, key: UUID, company: CompanyId, user: UserId, *, name: str, key_hash: bytes, shown: str
) -> datetime:
    """When it was made."""
    row = await tx.fetchrow(
        "INSERT INTO api_keys (id, company_id, user_id, name, key_hash, shown)"
        " VALUES ($1, $2, $3, $4, $5, $6) RETURNING created_at",
        key,
        company,
        user,
        name,
        key_hash,
        shown,
    )
    assert row is not None, "an insert returns its row"
    return cast("datetime", row["created_at"])


async def list_api_keys(tx: Tx, company: CompanyId, user: UserId | None) -> Sequence[Row]:
    """The company's keys, or one person's."""
    return await tx.fetch(
        "SELECT id, name, shown, user_id, created_at FROM api_keys"
        " WHERE company_id = $1 AND ($2::uuid IS NULL OR user_id = $2)"
        " ORDER BY id DESC LIMIT 1000",
        company,
        user,
    )


async def delete_api_key(tx: Tx, company: CompanyId, key: UUID, user: UserId | None) -> bool:
    row = await tx.fetchrow(
        "DELETE FROM api_keys WHERE company_id = $1 AND id = $2"
        " AND ($3::uuid IS NULL OR user_id = $3) RETURNING id",
        company,
        key,
        user,
    )
    return row is not None


async def find_caller_by_key(tx: Tx, key_hash: bytes) -> Caller | None:
    row = await tx.fetchrow(
        "SELECT u.id AS user_id, u.name AS user_name, u.role, c.id AS company_id,"
        " c.name AS company_name, c.time_zone, c.currency"
        " FROM api_keys k JOIN users u ON u.id = k.user_id JOIN companies c ON c.id = k.company_id"
        " WHERE k.key_hash = $1 AND u.active",
        key_hash,
    )
    if row is None:
        return None
    return Caller(
        _company(row),
        UserId(row["user_id"]),
        row["user_name"],
        row["role"],
        "key",
        credential=key_hash,
    )


async def find_caller_by_session(tx: Tx, token_hash: bytes) -> Caller | None:
    row = await tx.fetchrow(
        "SELECT u.id AS user_id, u.name AS user_name, u.role, s.csrf_token, c.id AS company_id,"
        " c.name AS company_name, c.time_zone, c.currency"
        " FROM sessions s JOIN users u ON u.id = s.user_id JOIN companies c ON c.id = u.company_id"
        " WHERE s.token_hash = $1 AND s.expires_at > clock() AND u.active",
        token_hash,
    )
    if row is None:
        return None
    return Caller(
        _company(row),
        UserId(row["user_id"]),
        row["user_name"],
        row["role"],
        "session",
        row["csrf_token"],
        credential=token_hash,
    )


async def find_caller_by_user(tx: Tx, user: UserId) -> Caller | None:
    """Someone known by their id alone, as if they called with a key of theirs."""
    row = await tx.fetchrow(
        "SELECT u.id AS user_id, u.name AS user_name, u.role, c.id AS company_id,"
        " c.name AS company_name, c.time_zone, c.currency"
        " FROM users u JOIN companies c ON c.id = u.company_id WHERE u.id = $1",
        user,
    )
    if row is None:
        return None
    return Caller(_company(row), UserId(row["user_id"]), row["user_name"], row["role"], "key")


async def count_try(tx: Tx, email: str) -> tuple[int, float]:
    """Count one try to log in; how many in this window, and seconds until it ends."""
    row = await tx.fetchrow(
        "INSERT INTO login_tries AS t (email, tries, began_at) VALUES (lower($1), 1, clock())"
        " ON CONFLICT (email) DO UPDATE SET"
        " tries = CASE WHEN t.began_at < clock() - $2::interval THEN 1 ELSE t.tries + 1 END,"
        " began_at = CASE WHEN t.began_at < clock() - $2::interval THEN clock()"
        " ELSE t.began_at END"
        " RETURNING tries, extract(epoch FROM began_at + $2::interval - clock()) AS seconds",
        email,
        TRIES_WINDOW,
    )
    assert row is not None, "an upsert returns its row"
    return int(row["tries"]), float(row["seconds"])


async def forget_tries(tx: Tx, email: str) -> None:
    await tx.execute("DELETE FROM login_tries WHERE email = lower($1)", email)


async def find_log_in(tx: Tx, email: str) -> LogInFacts | None:
    row = await tx.fetchrow(
        "SELECT id, password_hash FROM users WHERE lower(email) = lower($1)"
        " AND active AND password_hash IS NOT NULL",
        email,
    )
    return None if row is None else LogInFacts(UserId(row["id"]), row["password_hash"])


async def insert_session(tx: Tx, token_hash: bytes, user: UserId, csrf_token: str) -> None:
    await tx.execute(
        "INSERT INTO sessions (token_hash, user_id, csrf_token, expires_at)"
        " VALUES ($1, $2, $3, clock() + $4::interval)",
        token_hash,
        user,
        csrf_token,
        SESSION_LIFE,
    )


async def delete_session(tx: Tx, token_hash: bytes) -> None:
    await tx.execute("DELETE FROM sessions WHERE token_hash = $1", token_hash)


async def prune(tx: Tx) -> None:
    """Forget sessions, invitations and counted tries that are over."""
    await tx.execute("DELETE FROM invitations WHERE expires_at <= clock()")
    await tx.execute("DELETE FROM sessions WHERE expires_at <= clock()")
    await tx.execute(
        "DELETE FROM login_tries WHERE began_at < clock() - $1::interval", TRIES_WINDOW
    )


def _company(row: Row) -> Company:
    return Company(
        CompanyId(row["company_id"]), row["company_name"], row["time_zone"], row["currency"]
    )
