"""Offers: consents that reach several organisations, until a person has chosen one."""

from dataclasses import dataclass, field
from datetime import timedelta
from uuid import UUID

from messaging.database import Row, Tx

from connector_kit.consents_store import GOOD_FOR
from connector_kit.sealing import WrappedKey


@dataclass(frozen=True)
class SealedOffer:
    """An offer as it is stored, and for how many seconds it has been."""

    id: UUID
    key: WrappedKey
    sealed: bytes = field(repr=False)
    age: float = 0.0


async def insert(tx: Tx, secret_hash: bytes, offer: SealedOffer) -> None:
    await tx.execute(
        """
        INSERT INTO offers (secret_hash, id, key_id, wrapped_key, sealed, begun_at)
        VALUES ($1, $2, $3, $4, $5, clock())
        """,
        secret_hash,
        offer.id,
        offer.key.key_id,
        offer.key.wrapped,
        offer.sealed,
    )


async def find(tx: Tx, secret_hash: bytes) -> SealedOffer | None:
    """The offer, unless it was used or is too old."""
    row = await tx.fetchrow(
        """
        SELECT offers.*, extract(epoch FROM clock() - begun_at)::float8 AS age FROM offers
        WHERE secret_hash = $1 AND begun_at > clock() - $2::interval
        """,
        secret_hash,
        GOOD_FOR,
    )
    return None if row is None else _offer(row)


async def use(tx: Tx, secret_hash: bytes) -> SealedOffer | None:
    """The same, used up: nobody finds it again."""
    row = await tx.fetchrow(
        """
        DELETE FROM offers WHERE secret_hash = $1 AND begun_at > clock() - $2::interval
        RETURNING *, extract(epoch FROM clock() - begun_at)::float8 AS age
        """,
        secret_hash,
        GOOD_FOR,
    )
    return None if row is None else _offer(row)


async def prune(tx: Tx, older_than: timedelta) -> None:
    """Forget offers, and the tokens in them, that nobody chose from in time."""
    await tx.execute("DELETE FROM offers WHERE begun_at <= clock() - $1::interval", older_than)


def _offer(row: Row) -> SealedOffer:
    key = WrappedKey(row["key_id"], row["wrapped_key"])
    return SealedOffer(row["id"], key, row["sealed"], row["age"])
