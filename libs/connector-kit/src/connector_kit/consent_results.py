"""What a consent leads to, and which connection goes on with it. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from contracts.connections import Organisation
from contracts.ids import ConnectionId

from connector_kit.connections_store import Connection
from connector_kit.consents_store import Consent


@dataclass(frozen=True)
class Begun:
    """Where the browser goes for consent, and the secret its cookie must bring back."""

    url: str = field(repr=False)
    cookie: str = field(repr=False)


@dataclass(frozen=True)
class Forged:
    """The state is unknown, used, too old, or another browser's. Nothing was stored or asked."""


@dataclass(frozen=True)
class NotConnected:
    """A message of the provider page, by its code; `names` fill its sentence."""

    code: str
    names: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Connected:
    connection_id: ConnectionId


@dataclass(frozen=True)
class ToChoose:
    """The consent reaches several organisations: a person chooses with this secret."""

    secret: str = field(repr=False)


ConnectResult: TypeAlias = Forged | NotConnected | Connected | ToChoose


def choose_connection(
    consent: Consent, organisation: Organisation, existing: list[Connection]
) -> Connection | NotConnected | None:
    """Which connection goes on with this consent; None for a new one; or why it can't be."""
    mine = [c for c in existing if c.company_id == consent.company_id]
    same = next((c for c in mine if c.organisation.id == organisation.id), None)
    live = next((c for c in mine if c.status != "closed"), None)
    named = next((c for c in mine if c.id == consent.connection_id), None)
    if consent.intent == "reconnect":
        live = named or live
    if live is not None and live.organisation.id != organisation.id:
        names = {"org": live.organisation.name, "org_new": organisation.name}
        return NotConnected("wrong_organisation", names)
    taken = any(
        c.status != "closed" and c.company_id != consent.company_id
        for c in existing
        if c.organisation.id == organisation.id
    )
    if taken:
        return NotConnected("organisation_taken", {"org": organisation.name})
    if consent.intent == "reconnect" and same is None:
        return NotConnected("connect_link_expired")
    return same


def local_day(at: datetime, time_zone: str) -> date:
    """The day it is there. A zone that this machine doesn't know counts as UTC."""
    try:
        return at.astimezone(ZoneInfo(time_zone)).date()
    except (ValueError, ZoneInfoNotFoundError):
        return at.date()


def holders_of(organisation: Organisation, existing: Sequence[Connection]) -> list[Connection]:
    """The connections to this organisation that aren't closed."""
    return [c for c in existing if c.organisation.id == organisation.id and c.status != "closed"]
