"""SQL of the people in a company and their invitations."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast
from uuid import UUID

from contracts.ids import CompanyId, UserId
from messaging.database import Row, Tx

from invoice_api.accounts.schemas import Role

INVITATION_LIFE = timedelta(days=7)


@dataclass(frozen=True)
class StoredUser:
    """Someone of a company as they are kept."""

    id: UserId
    email: str
    name: str
    role: Role
    active: bool
    has_password: bool
    created_at: datetime


_SELECT = (
    "SELECT id, email, name, role, active, password_hash IS NOT NULL AS has_password, created_at"
    " FROM users"
)


async def company_exists(tx: Tx, company: UUID) -> bool:
    return await tx.fetchval("SELECT 1 FROM companies WHERE id = $1", company) is not None


async def lock_company(tx: Tx, company: CompanyId) -> None:
    """Changes of a company's people go one after another: none can miss the last owner."""
    await tx.execute("SELECT FROM companies WHERE id = $1 FOR NO KEY UPDATE", company)


async def insert_invited(
    tx: Tx,
    user: UserId,
    company: CompanyId,
    *,
    email: str,
    name: str,
    role: Role,
    password_hash: str | None,
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


async def list_users(tx: Tx, company: CompanyId) -> Sequence[StoredUser]:
    """Those who are in, then those who have left; in order of coming."""
    rows = await tx.fetch(
        _SELECT + " WHERE company_id = $1 ORDER BY NOT active, id LIMIT 1000", company
    )
    return [_user(row) for row in rows]


async def find_user(tx: Tx, company: CompanyId, user: UserId) -> StoredUser | None:
    row = await tx.fetchrow(_SELECT + " WHERE company_id = $1 AND id = $2", company, user)
    return None if row is None else _user(row)


async def save_user(tx: Tx, company: CompanyId, user: StoredUser) -> None:
    await tx.execute(
        "UPDATE users SET name = $3, role = $4, active = $5 WHERE company_id = $1 AND id = $2",
        company,
        user.id,
        user.name,
        user.role,
        user.active,
    )


async def count_owners(tx: Tx, company: CompanyId) -> int:
    """Owners who can come in: with a password, and not gone."""
    return int(
        await tx.fetchval(
            "SELECT count(*) FROM users WHERE company_id = $1 AND role = 'owner' AND active"
            " AND password_hash IS NOT NULL",
            company,
        )
    )


async def save_invitation(tx: Tx, user: UserId, token_hash: bytes) -> datetime:
    """Make the person's one open invitation; when it ends."""
    ends = await tx.fetchval(
        "INSERT INTO invitations (user_id, token_hash, expires_at)"
        " VALUES ($1, $2, clock() + $3::interval)"
        " ON CONFLICT (user_id) DO UPDATE SET token_hash = excluded.token_hash,"
        " created_at = clock(), expires_at = excluded.expires_at RETURNING expires_at",
        user,
        token_hash,
        INVITATION_LIFE,
    )
    return cast("datetime", ends)


async def delete_invitation(tx: Tx, user: UserId) -> None:
    await tx.execute("DELETE FROM invitations WHERE user_id = $1", user)


async def find_invited(tx: Tx, token_hash: bytes) -> tuple[UserId, str] | None:
    """Who is invited by this token, and their e-mail; None when it is over or never was."""
    row = await tx.fetchrow(
        "SELECT u.id, u.email FROM invitations i JOIN users u ON u.id = i.user_id"
        " WHERE i.token_hash = $1 AND i.expires_at > clock() AND u.active",
        token_hash,
    )
    return None if row is None else (UserId(row["id"]), row["email"])


async def take_invitation(tx: Tx, token_hash: bytes) -> UserId | None:
    """Use the invitation up; of two at once one gets it."""
    row = await tx.fetchrow(
        "DELETE FROM invitations i USING users u WHERE u.id = i.user_id AND i.token_hash = $1"
        " AND i.expires_at > clock() AND u.active RETURNING u.id",
        token_hash,
    )
    return None if row is None else UserId(row["id"])


async def rename(tx: Tx, user: UserId, name: str) -> None:
    await tx.execute("UPDATE users SET name = $2 WHERE id = $1", user, name)


async def password_hash_of(tx: Tx, user: UserId) -> str | None:
    return cast(
        "str | None", await tx.fetchval("SELECT password_hash FROM users WHERE id = $1", user)
    )


async def end_sessions(tx: Tx, user: UserId, *, but: bytes = b"") -> None:
    """Log the person out everywhere (but from one session)."""
    await tx.execute("DELETE FROM sessions WHERE user_id = $1 AND token_hash <> $2", user, but)


async def set_role_by_email(tx: Tx, email: str, role: Role) -> UserId | None:
    row = await tx.fetchrow(
        "UPDATE users SET role = $2 WHERE lower(email) = lower($1) RETURNING id", email, role
    )
    return None if row is None else UserId(row["id"])


def _user(row: Row) -> StoredUser:
    return StoredUser(
        UserId(row["id"]),
        row["email"],
        row["name"],
        row["role"],
        row["active"],
        row["has_password"],
        row["created_at"],
    )
