"""Consents under way: what a state stands for, used once, for ten minutes."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Literal

from contracts.ids import CompanyId, ConnectionId, UserId
from messaging.database import Tx

GOOD_FOR = timedelta(minutes=10)


@dataclass(frozen=True)
class Consent:
    """Who asked for the consent, and what for."""

    company_id: CompanyId
    user_id: UserId
    user_name: str
    intent: Literal["connect", "reconnect"]
    connection_id: ConnectionId | None
    time_zone: str = "UTC"
    """The company's, for the day of connecting."""


async def begin(
    tx: Tx, consent: Consent, *, state_hash: bytes, cookie_hash: bytes, nonce: str
) -> bool:
    """Remember the consent; False if the ticket's nonce was used before."""
    begun: bool | None = await tx.fetchval(
        """
        INSERT INTO consents (
            state_hash, cookie_hash, nonce, company_id, user_id, user_name, intent, connection_id,
            time_zone, begun_at
        )
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, clock())
        ON CONFLICT (nonce) DO NOTHING
        RETURNING true
        """,
        state_hash,
        cookie_hash,
        nonce,
        consent.company_id,
        consent.user_id,
        consent.user_name,
        consent.intent,
        consent.connection_id,
        consent.time_zone,
    )
    return begun is True


async def use(tx: Tx, *, state_hash: bytes, cookie_hash: bytes) -> Consent | None:
    """Use the consent up. None if the state is unknown, used, too old or another browser's."""
    row = await tx.fetchrow(
        """
        UPDATE consents SET used_at = clock()
        WHERE state_hash = $1 AND cookie_hash = $2 AND used_at IS NULL
            AND begun_at > clock() - $3::interval
        RETURNING company_id, user_id, user_name, intent, connection_id, time_zone
        """,
        state_hash,
        cookie_hash,
        GOOD_FOR,
    )
    return None if row is None else Consent(**dict(row))


async def prune(tx: Tx, older_than: timedelta) -> None:
    """Forget consents begun so long ago; longer than a ticket is good, so no nonce comes again."""
    await tx.execute("DELETE FROM consents WHERE begun_at < clock() - $1::interval", older_than)
