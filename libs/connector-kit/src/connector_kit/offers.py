"""A consent that reaches several organisations: what is kept until a person has chosen one."""

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias
from uuid import UUID

from contracts.ids import RemoteId
from messaging.database import Tx
from pydantic import TypeAdapter

from connector_kit import offers_store
from connector_kit.auth import OrganisationOffered, Tokens
from connector_kit.consents_store import Consent
from connector_kit.offers_store import SealedOffer
from connector_kit.sealing import Sealer

Spent: TypeAlias = tuple[tuple[str, int], ...]
"""Meter and units of each request made before there was a connection."""

_PURPOSE = "offer"


@dataclass(frozen=True)
class Offer:
    """Who asked, what the consent reaches, and the tokens to go on with."""

    consent: Consent
    offered: tuple[OrganisationOffered, ...]
    spent: Spent
    tokens: Tokens = field(repr=False)

    def named(self, organisation_id: str) -> OrganisationOffered | None:
        return next((o for o in self.offered if o.organisation.id == organisation_id), None)


_OFFER = TypeAdapter(Offer)


async def keep(tx: Tx, sealer: Sealer, offer_id: UUID, offer: Offer, secret: str) -> None:
    """Store the offer, sealed, for whoever brings back the secret."""
    owner = _owner(offer_id)
    key = sealer.new_key(owner)
    sealed = sealer.seal(key, owner, _PURPOSE, _OFFER.dump_json(offer).decode())
    await offers_store.insert(tx, _hash(secret), SealedOffer(offer_id, key, sealed))


async def find(tx: Tx, sealer: Sealer, secret: str) -> Offer | None:
    """The offer, to be shown.

    Raises:
        CannotUnseal: its master key is gone.
    """
    return _opened(sealer, await offers_store.find(tx, _hash(secret)))


async def use(tx: Tx, sealer: Sealer, secret: str) -> Offer | None:
    """The offer, used up. Lifetimes of its tokens count from now.

    Raises:
        CannotUnseal: see `find`.
    """
    return _opened(sealer, await offers_store.use(tx, _hash(secret)))


def form_token(secret: str) -> str:
    """What the page's form must bring back beside the cookie, so that no other page can send it."""
    return hmac.digest(secret.encode(), b"choose", "sha256").hex()


def others_of(
    offered: Sequence[OrganisationOffered],
    chosen: OrganisationOffered,
    in_use: set[RemoteId],
) -> list[OrganisationOffered]:
    """Those that must not be left attached: not chosen, and no connection's of anybody."""
    kept = in_use | {chosen.organisation.id}
    return [other for other in offered if other.organisation.id not in kept]


def _opened(sealer: Sealer, stored: SealedOffer | None) -> Offer | None:
    if stored is None:
        return None
    offer = _OFFER.validate_json(
        sealer.open(stored.key, _owner(stored.id), _PURPOSE, stored.sealed)
    )
    tokens, age = offer.tokens, stored.age
    refresh = tokens.refresh_expires_in
    aged = replace(
        tokens,
        access_expires_in=max(tokens.access_expires_in - age, 0.0),
        refresh_expires_in=None if refresh is None else max(refresh - age, 0.0),
    )
    return replace(offer, tokens=aged)


def _owner(offer_id: UUID) -> str:
    return f"offer:{offer_id}"


def _hash(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()
