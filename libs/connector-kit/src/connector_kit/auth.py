"""The one difference between providers' authentication, as pure functions.

Everything stateful (states, cookies, encryption, who refreshes when) is the kit's.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol, TypeAlias

from contracts.connections import Organisation, OrganisationFacts
from contracts.sync import CauseInstance, ProviderDetails

from connector_kit.answers import NO_DETAILS
from connector_kit.exchange import Exchange, Request, Response


@dataclass(frozen=True)
class OAuthClient:
    """Our registration with the provider."""

    id: str
    secret: str = field(repr=False)
    redirect_uri: str


@dataclass(frozen=True)
class Tokens:
    """What a token endpoint gave. Lifetimes are in seconds from the response.

    `refresh_expires_in` is None where the provider doesn't say. `scopes` is None where the
    provider doesn't say which were granted.
    """

    access: str = field(repr=False)
    refresh: str = field(repr=False)
    access_expires_in: float
    refresh_expires_in: float | None = None
    scopes: tuple[str, ...] | None = None


@dataclass(frozen=True)
class GrantDead:
    """The provider says this code or refresh token is no longer good (`invalid_grant`)."""

    details: ProviderDetails = NO_DETAILS


@dataclass(frozen=True)
class AppRefused:
    """The provider refuses our own registration (`invalid_client`): our defect, not a reconnect."""

    details: ProviderDetails = NO_DETAILS


@dataclass(frozen=True)
class TokensAway:
    """No usable answer (5xx, unreadable): nothing is known to have changed."""

    details: ProviderDetails = NO_DETAILS


TokenAnswer: TypeAlias = Tokens | GrantDead | AppRefused | TokensAway


@dataclass(frozen=True)
class OrganisationOffered:
    """An organisation this consent reaches. `subject` names the grant's owner there.

    QBO: the realm; Xero: the user; FreshBooks: the identity. Two consents with the same subject
    are one grant. `attachment` is the provider's own id of our access to this organisation, where
    it can be removed by itself.
    """

    organisation: Organisation
    facts: OrganisationFacts
    subject: str
    attachment: str | None = None


@dataclass(frozen=True)
class ConnectRefused:
    """Nothing can be connected with this consent; `code` is a connect-time message or a cause."""

    code: str


class Auth(Protocol):
    """What one provider does its own way while connecting and refreshing."""

    def authorize_url(
        self, client: OAuthClient, authorize_base: str, *, state: str, challenge: str | None
    ) -> str:
        """Where the browser goes for consent. `authorize_base` is the host "authorize".

        `challenge` is the S256 code challenge where `OAuthFacts.pkce`, else None.
        """
        ...

    def declined(self, callback: Mapping[str, str]) -> bool:
        """Whether the callback says that the person chose not to connect."""
        ...

    def exchange_code(
        self, client: OAuthClient, callback: Mapping[str, str], *, verifier: str | None
    ) -> Request | None:
        """The request that turns the callback's code into tokens; None if it carries none."""
        ...

    def refresh(self, client: OAuthClient, refresh_token: str) -> Request:
        """The request for new tokens. Sent by one refresher per grant at a time."""
        ...

    def read_tokens(self, response: Response) -> TokenAnswer:
        """What the token endpoint said, to `exchange_code` and to `refresh`."""
        ...

    def bearer(self, access_token: str) -> tuple[tuple[str, str], ...]:
        """The headers that carry the access token on an API request."""
        ...

    def organisations(
        self, callback: Mapping[str, str]
    ) -> Exchange[list[OrganisationOffered] | ConnectRefused]:
        """Which organisations the fresh consent reaches, with what decisions need of each.

        Requests to the API get the fresh access token from the kit.
        """
        ...

    def detach(
        self,
        client: OAuthClient,
        refresh_token: str,
        last: bool,
        attachment: str | None = None,
    ) -> Request | None:
        """The request that removes this organisation's attachment, or None if there is none.

        `last` says that no other connection uses the grant, so it may be revoked as a whole.
        `attachment` is `OrganisationOffered.attachment` of an organisation that the consent
        reached and nobody chose. A request whose meter isn't `oauth` gets the access token.
        """
        ...

    def dead_cause(self, details: ProviderDetails) -> CauseInstance:
        """The cause to show when the grant is dead: connection_expired, access_removed_there…"""
        ...
