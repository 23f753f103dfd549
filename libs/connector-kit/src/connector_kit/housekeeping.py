"""What a connector does beside sending: announce, forget, rotate, prune."""

from datetime import timedelta
from uuid import UUID

from contracts.ids import ConnectionId
from contracts.message import Message
from contracts.sync import CauseInstance
from messaging import inbox, outbox
from telemetry.logs import get_logger
from telemetry.metrics import gauge

from connector_kit import (
    connections_store,
    consents_store,
    counts_store,
    grants_store,
    guard_store,
    lanes_store,
    loads_store,
    offers_store,
)
from connector_kit.auth import OAuthClient
from connector_kit.connection_events import state_of
from connector_kit.connector import Connector
from connector_kit.exchange import Response
from connector_kit.expiry import expire
from connector_kit.sealing import CannotUnseal, Sealer, WrappedKey
from connector_kit.tokens import NoToken, open_refresh_token, rewrap
from connector_kit.transport import NotSent

log = get_logger(__name__)

_AT_ONCE = 200
_REVOKE_SECONDS = 20.0
_LEAVE_AGAIN = timedelta(minutes=5)
_UNAUTHORIZED, _TOO_MANY, _AWAY = 401, 429, 500
KEEP_LANES = timedelta(days=14)
"""Twice what a topic keeps a command; after that the ledger alone is the fence."""

KEEP_CONSENTS = timedelta(hours=1)
KEEP_LOADS = timedelta(days=14)


class Housekeeping:
    """Steps that are done again and again; each is one small piece of work."""

    def __init__(self, connector: Connector, client: OAuthClient, sealer: Sealer) -> None:
        self._connector = connector
        self._client = client
        self._sealer = sealer

    async def announce(self, every: timedelta) -> int:
        """Say the whole state of connections that weren't announced for so long; how many."""
        connector = self._connector
        async with connector.database.transaction() as tx:
            due = await connections_store.due_for_announcement(tx, every, _AT_ONCE)
            if due:
                at = await connections_store.now(tx)
                messages: list[Message] = [
                    state_of(
                        connection,
                        connector.provider.name,
                        message_id=connector.ids.new(),
                        at=at,
                        correlation_id=connector.ids.new(),
                    )
                    for connection in due
                ]
                await outbox.put(tx, messages)
        return len(due)

    async def forget_one_grant(self) -> bool:
        """Revoke and forget the tokens of a grant that no connection uses; whether there was one.

        The revocation is tried once: whether or not the provider takes it, the tokens are gone
        here. It is sent under the grant's lock, so a connect in between waits and stores new ones.
        """
        connector = self._connector
        async with connector.database.transaction() as tx:
            grant = await grants_store.orphan(tx)
            if grant is None:
                return False
            await grants_store.allow_waiting(tx, _REVOKE_SECONDS + 15)
            try:
                token = open_refresh_token(self._sealer, grant)
            except CannotUnseal as error:
                log.error("tokens forgotten without a revocation", reason=str(error))
                token = None
            request = (
                None if token is None else connector.provider.auth.detach(self._client, token, True)
            )
            if request is not None:
                delivery = await connector.transport.send(request, answer_within=_REVOKE_SECONDS)
                if isinstance(delivery, NotSent):
                    log.warning("a revocation could not be sent", reason=delivery.reason)
            await grants_store.forget_tokens(tx, grant.id)
        return True

    async def leave_one(self) -> bool:
        """Give up our access to the organisation of a closed connection; whether there was one.

        That organisation's access alone: others of the same sign-in go on. Without an answer it is
        tried again later; a grant that is dead has no access to give up.
        """
        connector = self._connector
        async with connector.database.transaction() as tx:
            taken = await connections_store.take_one_to_leave(tx, _LEAVE_AGAIN)
        if taken is None:
            return False
        connection_id, attachment = taken
        if await self._left(connection_id, attachment):
            async with connector.database.transaction() as tx:
                await connections_store.forget_attachment(tx, connection_id, attachment)
        return True

    async def _left(self, connection_id: ConnectionId, attachment: str) -> bool:
        """Whether nothing is left to give up."""
        connector = self._connector
        auth = connector.provider.auth
        token = await connector.tokens.of(connection_id)
        if isinstance(token, NoToken):
            return token.expired
        async with connector.database.transaction() as tx:
            grant = await grants_store.of_connection(tx, connection_id)
        refresh = None if grant is None else open_refresh_token(self._sealer, grant)
        if refresh is None:
            return True
        request = auth.detach(self._client, refresh, last=False, attachment=attachment)
        if request is None:
            return True
        bearer = () if request.meter == "oauth" else auth.bearer(token.access)
        delivery = await connector.transport.send(
            request, extra=bearer, answer_within=_REVOKE_SECONDS
        )
        if not isinstance(delivery, Response):
            log.warning("an organisation isn't left yet", reason=delivery.reason)
            return False
        if delivery.status == _UNAUTHORIZED:
            await connector.tokens.rejected(token)
            return False
        # Gone already, or no longer ours to give up: there is nothing to try again.
        return delivery.status < _AWAY and delivery.status != _TOO_MANY

    async def check_scopes(self) -> int:
        """Connections with fewer permissions than this release needs expire; how many.

        So that a person hears of it before the first record is refused.
        """
        connector = self._connector
        required = connector.provider.oauth.required
        if not required:
            return 0
        async with connector.database.transaction() as tx:
            lacking = await connections_store.lacking_scopes(tx, required)
            await expire(
                tx,
                connector.provider.name,
                connector.ids,
                lacking,
                CauseInstance(code="permission_missing"),
            )
        return len(lacking)

    async def rotate_keys(self) -> int:
        """Wrap grants' keys anew by the newest master key, 200 at a time; how many."""
        async with self._connector.database.transaction() as tx:
            older = await grants_store.wrapped_by_older(tx, self._sealer.newest, _AT_ONCE)
            anew: list[tuple[UUID, WrappedKey]] = []
            for grant_id, key in older:
                try:
                    anew.append((grant_id, rewrap(self._sealer, grant_id, key)))
                except CannotUnseal as error:
                    log.error("a key stays as it is", grant=str(grant_id), reason=str(error))
            if anew:
                await grants_store.save_wrapped(tx, anew)
        return len(anew)

    async def prune(self) -> None:
        """Forget what nobody can need any more."""
        async with self._connector.database.transaction() as tx:
            await lanes_store.prune(tx, KEEP_LANES)
            await consents_store.prune(tx, KEEP_CONSENTS)
            await guard_store.prune(tx)
            await offers_store.prune(tx, consents_store.GOOD_FOR)
            await loads_store.prune(tx, KEEP_LOADS)
            await inbox.prune(tx)

    async def measure(self) -> None:
        """Set the gauges that come from the database."""
        name = self._connector.provider.name
        async with self._connector.database.transaction() as tx:
            counts = await counts_store.load(tx)
        gauge("lanes_waiting", provider=name).set(counts.lanes_waiting)
        gauge("ledger_rows_open", provider=name).set(counts.rows_open)
        for state in ("open", "expired", "closed"):
            count = counts.connections.get(state, 0)
            gauge("connections", provider=name, state=state).set(count)
