"""Access tokens: handed out, refreshed by one at a time, forgotten when the grant is dead.

One refresher per grant, over all processes: that a refresh begins is committed first; then the row
is locked, read again, and stays locked until the new tokens are stored in it. They are stored
before anybody uses them. A refresh without an answer leaves the stored tokens as they are; only the
provider's own `invalid_grant` to the newest stored token means that a person must reconnect.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeAlias
from uuid import UUID
from weakref import WeakValueDictionary

import asyncpg
from contracts.ids import ConnectionId, Ids
from contracts.sync import CauseInstance
from messaging.clock import Clock
from messaging.database import DATABASE_AWAY, Database, Tx
from telemetry.logs import get_logger
from telemetry.metrics import counter

from connector_kit import connections_store, grants_store
from connector_kit.answers import NO_DETAILS
from connector_kit.auth import AppRefused, GrantDead, OAuthClient, TokenAnswer, Tokens, TokensAway
from connector_kit.exchange import Response
from connector_kit.expiry import expire
from connector_kit.grants_store import Grant, SealedTokens
from connector_kit.provider import Provider
from connector_kit.sealing import CannotUnseal, Sealer, WrappedKey
from connector_kit.timing import backoff
from connector_kit.transport import Transport

log = get_logger(__name__)

LOCK_SECONDS = 28.0
"""Shorter than the 30 s after which a statement is given up."""

ANSWER_SECONDS = 20.0
"""Shorter than what is waited for the lock, so that who waits gets the result."""

_BETWEEN_TRANSACTIONS = timedelta(seconds=3)
"""Whoever noted a refresh so long ago and doesn't hold the lock will not go on with it."""

_REJECTED_TOO_OFTEN = 3
"""Token sets in a row that were fresh and answered with 401: our access was removed there."""

_AFTER_APP_REFUSED = timedelta(minutes=5)
_ACCESS, _REFRESH = "access", "refresh"
_REFRESHES_AT_ONCE = 4
"""Each holds a database connection while it waits for the provider."""


@dataclass(frozen=True)
class Token:
    """An access token to send now. `version` names the token set it belongs to."""

    access: str = field(repr=False)
    grant_id: UUID
    version: int
    rejections: int


@dataclass(frozen=True)
class NoToken:
    """Nothing can be sent for this connection: for good (`expired`), or for now."""

    expired: bool
    wait: timedelta = timedelta(0)
    cause: CauseInstance | None = None


TokenOrNot: TypeAlias = Token | NoToken


class TokenKeeper:
    """Hands out access tokens of connections."""

    def __init__(
        self,
        database: Database,
        transport: Transport,
        provider: Provider,
        client: OAuthClient,
        sealer: Sealer,
        ids: Ids,
        clock: Clock,
    ) -> None:
        self._database = database
        self._transport = transport
        self._provider = provider
        self._client = client
        self._sealer = sealer
        self._ids = ids
        self._clock = clock
        self._locks: WeakValueDictionary[UUID, asyncio.Lock] = WeakValueDictionary()
        self._at_once = asyncio.Semaphore(_REFRESHES_AT_ONCE)

    async def of(self, connection_id: ConnectionId) -> TokenOrNot:
        """A token that should be good now; refreshes first where it isn't."""
        async with self._database.transaction() as tx:
            grant = await grants_store.of_connection(tx, connection_id)
        if grant is None:
            return NoToken(expired=True)
        return self._usable(grant) or await self._refresh(grant.id, grant.version)

    async def at_hand(self, tx: Tx, connection_id: ConnectionId) -> TokenOrNot | None:
        """As `of`, read in a transaction that is open anyway; None where it must be refreshed.

        Then the transaction is to end before `of` is called.
        """
        grant = await grants_store.of_connection(tx, connection_id)
        return NoToken(expired=True) if grant is None else self._usable(grant)

    async def rejected(self, token: Token) -> None:
        """The provider answered 401 to this token: it isn't handed out again.

        After three fresh token sets in a row the grant's connections expire: the provider goes on
        giving us tokens, but no longer lets us in.
        """
        async with self._database.transaction() as tx:
            times = await grants_store.reject(tx, token.grant_id, token.version)
            if times >= _REJECTED_TOO_OFTEN:
                connections = await connections_store.of_grant(tx, token.grant_id)
                cause = CauseInstance(code="access_removed_there")
                await expire(tx, self._provider.name, self._ids, connections, cause)

    async def accepted(self, token: Token) -> None:
        """The provider took this token."""
        if token.rejections > 0:
            async with self._database.transaction() as tx:
                await grants_store.accept(tx, token.grant_id)

    def _usable(self, grant: Grant) -> TokenOrNot | None:
        """The grant's token, or why there is none; None if it must be refreshed."""
        if grant.dead_at is not None or grant.access_sealed is None:
            return NoToken(expired=True, cause=grant.dead_cause)
        early = timedelta(seconds=self._provider.oauth.refresh_early)
        if grant.rejected or grant.read_at >= grant.access_good_until - early:
            return None
        try:
            access = self._open(grant, _ACCESS, grant.access_sealed)
        except CannotUnseal as error:
            log.error("token cannot be opened", grant=str(grant.id), reason=str(error))
            return NoToken(False, _AFTER_APP_REFUSED, CauseInstance(code="app_problem"))
        return Token(access, grant.id, grant.version, grant.rejections)

    async def _refresh(self, grant_id: UUID, seen: int) -> TokenOrNot:
        lock = self._locks.setdefault(grant_id, asyncio.Lock())
        async with lock, self._at_once:
            try:
                return await self._refresh_alone(grant_id, seen)
            except asyncpg.LockNotAvailableError:
                log.warning("the grant was locked for too long", grant=str(grant_id))
                return NoToken(False, backoff(1))

    async def _refresh_alone(self, grant_id: UUID, seen: int) -> TokenOrNot:
        while True:
            begun = await self._begin(grant_id, seen)
            if begun is None:
                # Somebody noted a refresh and is about to lock the row.
                await self._clock.sleep(0.05)
            elif isinstance(begun, UUID):
                ended = await self._carry_out(grant_id, seen, begun)
                if ended is not None:
                    return ended
            else:
                return begun

    async def _begin(self, grant_id: UUID, seen: int) -> TokenOrNot | UUID | None:
        """Note that a refresh begins: its id. Or what makes it needless; None to look again."""
        async with self._database.transaction() as tx:
            grant = await grants_store.lock(tx, grant_id, timedelta(seconds=LOCK_SECONDS))
            settled = self._settled(grant, seen)
            if settled is not None:
                return settled
            if grant.refresh_not_before is not None and grant.refresh_not_before > grant.read_at:
                return NoToken(False, grant.refresh_not_before - grant.read_at)
            if (
                grant.refresh_by is not None
                and grant.refresh_started_at is not None
                and grant.read_at - grant.refresh_started_at < _BETWEEN_TRANSACTIONS
            ):
                return None
            refresher = self._ids.new()
            await grants_store.note_start(tx, grant_id, refresher)
            return refresher

    async def _carry_out(self, grant_id: UUID, seen: int, refresher: UUID) -> TokenOrNot | None:
        """Send the refresh under the row's lock and store what comes; None if it isn't ours."""
        answer: TokenAnswer | None = None
        try:
            async with self._database.transaction() as tx:
                grant = await grants_store.lock(tx, grant_id, timedelta(seconds=LOCK_SECONDS))
                settled = self._settled(grant, seen)
                if settled is not None:
                    return settled
                if grant.refresh_by != refresher or grant.refresh_sealed is None:
                    return None
                await grants_store.allow_waiting(tx, ANSWER_SECONDS + 15)
                refresh_token = self._sealer.open(
                    grant.key, _owner(grant_id), _REFRESH, grant.refresh_sealed
                )
                answer = await self._ask(refresh_token)
                return await self._store(tx, grant, answer)
        except DATABASE_AWAY:
            if not isinstance(answer, Tokens):
                raise
            return await self._rescue(grant_id, seen, answer)

    def _settled(self, grant: Grant, seen: int) -> TokenOrNot | None:
        """What there is already, once the row was read again; None if a refresh is needed."""
        if grant.version != seen or grant.dead_at is not None or grant.access_sealed is None:
            return self._usable(grant)
        return None

    async def _ask(self, refresh_token: str) -> TokenAnswer:
        request = self._provider.auth.refresh(self._client, refresh_token)
        delivery = await self._transport.send(request, answer_within=ANSWER_SECONDS)
        if isinstance(delivery, Response):
            return self._provider.auth.read_tokens(delivery)
        return TokensAway(NO_DETAILS.model_copy(update={"provider_message": delivery.reason}))

    async def _store(self, tx: Tx, grant: Grant, answer: TokenAnswer) -> TokenOrNot:
        result = type(answer).__name__
        counter("token_refreshes_total", provider=self._provider.name, result=result).inc()
        match answer:
            case Tokens():
                sealed = seal_tokens(self._sealer, grant.id, grant.key, answer)
                version = await grants_store.save_tokens(tx, grant.id, sealed)
                return Token(answer.access, grant.id, version, grant.rejections)
            case GrantDead(details):
                cause = self._provider.auth.dead_cause(details)
                await grants_store.kill(tx, grant.id, cause)
                connections = await connections_store.of_grant(tx, grant.id)
                await expire(tx, self._provider.name, self._ids, connections, cause)
                log.warning("grant is dead", grant=str(grant.id), cause=cause.code)
                return NoToken(expired=True, cause=cause)
            case AppRefused(details):
                log.error("our registration was refused", code=details.provider_code)
                await grants_store.note_unanswered(tx, grant.id, _AFTER_APP_REFUSED)
                cause = CauseInstance(code="app_problem", details=details)
                return NoToken(False, _AFTER_APP_REFUSED, cause)
            case TokensAway(details):
                wait = self._pace(grant)
                log.warning("refresh had no answer", code=details.provider_code)
                await grants_store.note_unanswered(tx, grant.id, wait)
                return NoToken(False, wait)

    def _pace(self, grant: Grant) -> timedelta:
        """How long until the next try: soon while the old token is known to work, else slower."""
        retries = self._provider.oauth.refresh_retries
        within_grace = retries is None or grant.refresh_tries <= retries
        return backoff(grant.refresh_tries if within_grace else grant.refresh_tries + 3)

    def _open(self, grant: Grant, purpose: str, sealed: bytes) -> str:
        return self._sealer.open(grant.key, _owner(grant.id), purpose, sealed)

    async def _rescue(self, grant_id: UUID, seen: int, tokens: Tokens) -> TokenOrNot:
        """The database went away with new tokens in our hands: the old ones may be dead by now."""
        for _ in range(20):
            try:
                async with self._database.transaction() as tx:
                    grant = await grants_store.lock(tx, grant_id, timedelta(seconds=LOCK_SECONDS))
                    settled = self._settled(grant, seen)
                    return settled or await self._store(tx, grant, tokens)
            except DATABASE_AWAY as error:
                log.warning("new tokens aren't stored yet", reason=type(error).__name__)
                await self._clock.sleep(0.5)
        return NoToken(False, backoff(1))


def seal_tokens(sealer: Sealer, grant_id: UUID, key: WrappedKey, tokens: Tokens) -> SealedTokens:
    """The tokens, sealed for this grant alone."""
    return SealedTokens(
        access=sealer.seal(key, _owner(grant_id), _ACCESS, tokens.access),
        refresh=sealer.seal(key, _owner(grant_id), _REFRESH, tokens.refresh),
        access_seconds=tokens.access_expires_in,
        refresh_seconds=tokens.refresh_expires_in,
        scopes=tokens.scopes,
    )


def new_grant_key(sealer: Sealer, grant_id: UUID) -> WrappedKey:
    """A key for a grant that is stored for the first time."""
    return sealer.new_key(_owner(grant_id))


def open_refresh_token(sealer: Sealer, grant: Grant) -> str | None:
    """The grant's refresh token, to revoke it.

    Raises:
        CannotUnseal: see there.
    """
    if grant.refresh_sealed is None:
        return None
    return sealer.open(grant.key, _owner(grant.id), _REFRESH, grant.refresh_sealed)


def rewrap(sealer: Sealer, grant_id: UUID, key: WrappedKey) -> WrappedKey:
    """The grant's key under the newest master key.

    Raises:
        CannotUnseal: the master key that wraps it is missing.
    """
    return sealer.rewrap(key, _owner(grant_id))


def _owner(grant_id: UUID) -> str:
    return f"grant:{grant_id}"
