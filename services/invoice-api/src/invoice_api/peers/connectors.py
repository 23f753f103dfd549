"""Connectors: where a browser goes to connect, and what a person's Disconnect tells them."""

import json
from collections.abc import Mapping
from typing import Annotated, cast
from urllib.parse import quote

import httpx
from contracts.ids import PROVIDER_LABELS, ConnectionId, Ids, Provider
from fastapi import Depends, Request
from messaging.clock import Clock
from messaging.internal import InternalClient, PeerAway, make_ticket
from telemetry.logs import get_logger

from invoice_api.http.problems import Problem
from invoice_api.peers.orchestrator import Principal

_LOG = get_logger(__name__)


class Connectors:
    """One connector per provider, each at its own address."""

    def __init__(
        self,
        urls: Mapping[Provider, str],
        key: bytes,
        clock: Clock,
        ids: Ids,
        http: httpx.AsyncClient,
    ) -> None:
        self._urls = {provider: url.rstrip("/") for provider, url in urls.items()}
        self._clients = {
            provider: InternalClient(url, key, clock, http) for provider, url in urls.items()
        }
        self._key = key
        self._clock = clock
        self._ids = ids

    def offers(self, provider: Provider) -> bool:
        """Whether this installation has a connector for the provider."""
        return provider in self._urls

    def authorize_url(
        self,
        principal: Principal,
        user_name: str,
        provider: Provider,
        time_zone: str,
        reconnect: ConnectionId | None = None,
    ) -> str:
        """Where the browser goes to connect: good for five minutes and once.

        Raises a 501 Problem where this installation has no connector for the provider.
        """
        base = self._url(provider)
        assert principal.user is not None, "a person connects"
        ticket = make_ticket(
            self._key,
            company=principal.company,
            user=principal.user,
            user_name=user_name,
            provider=provider,
            nonce=self._ids.new().hex,
            intent="connect" if reconnect is None else "reconnect",
            connection_id=reconnect,
            time_zone=time_zone,
            now=self._clock.now(),
        )
        return f"{base}/connect?ticket={quote(ticket)}"

    async def disconnect(
        self, principal: Principal, user_name: str, provider: Provider, connection: ConnectionId
    ) -> None:
        """Nothing is sent for this connection any more. Raises a 503 Problem when it can't be."""
        self._url(provider)
        try:
            answer = await self._clients[provider].post(
                "/internal/v1/disconnect",
                json.dumps({"connection_id": str(connection), "user_name": user_name}),
                company=principal.company,
                user=principal.user,
                role=principal.role,
            )
        except PeerAway as error:
            _LOG.warning("connector_away", provider=provider, error=str(error))
            raise _away(provider) from error
        if not answer.ok:
            _LOG.warning("connector_refused", provider=provider, status=answer.status)
            raise _away(provider)

    def _url(self, provider: Provider) -> str:
        url = self._urls.get(provider)
        if url is None:
            raise Problem(
                501,
                "not_yet",
                "Not possible yet",
                f"{PROVIDER_LABELS[provider]} can't be connected on this installation yet.",
            )
        return url


def _away(provider: Provider) -> Problem:
    return Problem(
        503,
        "connector_away",
        "Can't be done right now",
        f"The part of us that talks to {PROVIDER_LABELS[provider]} isn't answering."
        " Nothing was changed; please try again in a moment.",
        headers={"Retry-After": "5"},
    )


async def connectors_of(request: Request) -> Connectors:
    return cast("Connectors", request.app.state.connectors)


TheConnectors = Annotated[Connectors, Depends(connectors_of)]
