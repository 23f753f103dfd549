"""Connect tickets: invoice-api sends a browser to a connector, which starts the provider's consent.

The ticket is in a URL that a person's browser carries, so it says only who asks for what, is good
for five minutes, and its nonce is used up by the connector.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast, get_args
from uuid import UUID

from contracts.ids import CompanyId, ConnectionId, Provider, UserId

from messaging.signing import NotSigned, seal, unseal

VALID_SECONDS = 300

_PURPOSE = "connect-ticket"

Intent = Literal["connect", "reconnect"]


@dataclass(frozen=True)
class Ticket:
    """Who wants to connect what. The connector must accept each `nonce` once only.

    `time_zone` is the company's: the day of connecting is a day of theirs.
    """

    company: CompanyId
    user: UserId
    user_name: str
    provider: Provider
    nonce: str
    intent: Intent
    connection_id: ConnectionId | None
    time_zone: str = "UTC"


def make_ticket(
    key: bytes,
    *,
    company: CompanyId,
    user: UserId,
    user_name: str,
    provider: Provider,
    nonce: str,
    now: datetime,
    intent: Intent = "connect",
    connection_id: ConnectionId | None = None,
    time_zone: str = "UTC",
) -> str:
    """A ticket for `/connect?ticket=…`, safe in a URL as it is.

    Raises:
        ValueError: a reconnect that doesn't name its connection.
    """
    if intent == "reconnect" and connection_id is None:
        raise ValueError("connection_id: a reconnect must name the connection it renews")
    claims = {
        "company": str(company),
        "user": str(user),
        "user_name": user_name,
        "provider": provider,
        "nonce": nonce,
        "intent": intent,
        "connection_id": None if connection_id is None else str(connection_id),
        "time_zone": time_zone,
    }
    return seal(key, _PURPOSE, claims, now)


def read_ticket(
    key: bytes, ticket: str | None, now: datetime, *, provider: Provider | None = None
) -> Ticket:
    """What the ticket says.

    Raises:
        NotSigned: forged, changed, older than five minutes, or for another provider than
            `provider`.
    """
    claims = unseal(key, _PURPOSE, ticket, now, valid_seconds=VALID_SECONDS)
    try:
        named = claims["connection_id"]
        read = Ticket(
            company=CompanyId(UUID(claims["company"])),
            user=UserId(UUID(claims["user"])),
            user_name=claims["user_name"] or "",
            provider=cast("Provider", _one_of(claims["provider"], get_args(Provider))),
            nonce=claims["nonce"] or "",
            intent=cast("Intent", _one_of(claims["intent"], get_args(Intent))),
            connection_id=None if named is None else ConnectionId(UUID(named)),
            time_zone=claims.get("time_zone") or "UTC",
        )
    except (KeyError, TypeError, ValueError) as error:
        raise NotSigned(f"not a ticket of this release: {error}") from None
    if not read.nonce:
        raise NotSigned("not a ticket of this release: no nonce")
    if provider is not None and read.provider != provider:
        raise NotSigned(f"a ticket for {read.provider}, not for {provider}")
    return read


def _one_of(value: str | None, known: tuple[str, ...]) -> str:
    if value not in known:
        raise ValueError(f"{value!r} is none of {', '.join(known)}")
    return value
