"""Connecting, reconnecting and disconnecting: one company's consent to one organisation.

A connection never changes its organisation. Whatever is refused forgets its tokens and revokes
nothing: they may be another connection's too.
"""

from collections.abc import Callable, Mapping
from typing import Literal
from uuid import UUID

import asyncpg
from contracts.ids import CompanyId, ConnectionId, LoadId, UserId
from messaging.database import Tx
from messaging.tickets import Ticket
from telemetry.logs import get_logger

from connector_kit import (
    budget_store,
    connections_store,
    consents_store,
    grants_store,
    guard_store,
    loads_store,
    offers,
    once_more,
    turns_store,
)
from connector_kit.auth import (
    AppRefused,
    ConnectRefused,
    GrantDead,
    OAuthClient,
    OrganisationOffered,
    Tokens,
    TokensAway,
)
from connector_kit.connections_store import Connection
from connector_kit.connector import Connector
from connector_kit.consent_results import (
    Begun,
    Connected,
    ConnectResult,
    Forged,
    NotConnected,
    ToChoose,
    choose_connection,
    holders_of,
    local_day,
)
from connector_kit.consent_secrets import code_challenge, code_verifier, hash_of, text_of
from connector_kit.consents_store import Consent
from connector_kit.exchange import Exchange, Request, Response
from connector_kit.expiry import announce
from connector_kit.limits import slots_of
from connector_kit.loads_store import Kind, NewLoad
from connector_kit.offers import Offer, Spent
from connector_kit.sealing import CannotUnseal, Sealer
from connector_kit.tokens import new_grant_key, seal_tokens

log = get_logger(__name__)

_ANSWER_SECONDS = 25.0
_REFUSED = 400
_KINDS: tuple[Kind, ...] = ("accounts", "tax_rates", "remote_customers")


class Connecting:
    """The use cases of the OAuth routes and of disconnecting.

    Args:
        random: gives so many random bytes, unguessable.
    """

    def __init__(
        self,
        connector: Connector,
        client: OAuthClient,
        sealer: Sealer,
        random: Callable[[int], bytes],
    ) -> None:
        self._connector = connector
        self._client = client
        self._sealer = sealer
        self._random = random
        self._pkce = connector.provider.oauth.pkce

    async def begin(self, ticket: Ticket) -> Begun | None:
        """Start a consent for a ticket that was read; None if the ticket was used before."""
        connector = self._connector
        state, cookie = self._secret(), self._secret()
        consent = Consent(
            company_id=ticket.company,
            user_id=ticket.user,
            user_name=ticket.user_name,
            intent=ticket.intent,
            connection_id=ticket.connection_id,
            time_zone=ticket.time_zone,
        )
        async with connector.database.transaction() as tx:
            if not await consents_store.begin(
                tx,
                consent,
                state_hash=hash_of(state),
                cookie_hash=hash_of(cookie),
                nonce=ticket.nonce,
            ):
                return None
        url = connector.provider.auth.authorize_url(
            self._client,
            connector.base_urls["authorize"],
            state=state,
            challenge=code_challenge(code_verifier(state, cookie)) if self._pkce else None,
        )
        return Begun(url, cookie)

    async def finish(self, callback: Mapping[str, str], cookie: str | None) -> ConnectResult:
        """What a callback of the provider leads to. Nothing is stored unless it is `Connected`."""
        connector = self._connector
        state = callback.get("state", "")
        async with connector.database.transaction() as tx:
            consent = await consents_store.use(
                tx, state_hash=hash_of(state), cookie_hash=hash_of(cookie or "")
            )
        if consent is None:
            return Forged()
        auth = connector.provider.auth
        if auth.declined(callback):
            return NotConnected("consent_declined")
        verifier = code_verifier(state, cookie or "") if self._pkce else None
        tokens = await self._exchange(callback, verifier)
        if isinstance(tokens, NotConnected):
            return tokens
        if connector.provider.oauth.lack(tokens.scopes):
            return NotConnected("permission_missing")
        spent: list[Request] = []
        offered = await self._ask(auth.organisations(callback), tokens, spent)
        if isinstance(offered, NotConnected):
            return offered
        if isinstance(offered, ConnectRefused):
            return NotConnected(offered.code)
        if not offered:
            return NotConnected("no_organisation")
        cost = tuple((request.meter, request.units) for request in spent)
        offer = Offer(consent, tuple(offered), cost, tokens)
        chosen = await self._needs_no_choice(offer)
        if chosen is not None:
            return await self._accept(offer, chosen)
        secret = self._secret()
        async with connector.database.transaction() as tx:
            await offers.keep(tx, self._sealer, connector.ids.new(), offer, secret)
        return ToChoose(secret)

    async def offered(self, secret: str | None) -> Offer | None:
        """What the browser with this secret may choose from; None if it is used or too old."""
        try:
            async with self._connector.database.transaction() as tx:
                return await offers.find(tx, self._sealer, secret or "")
        except CannotUnseal as error:
            log.error("an offer cannot be opened", reason=str(error))
            return None

    async def choose(self, secret: str | None, organisation_id: str) -> ConnectResult:
        """Connect the chosen one of an offer. An offer is used once, whatever comes of it."""
        shown = await self.offered(secret)
        if shown is None or shown.named(organisation_id) is None:
            return Forged()
        async with self._connector.database.transaction() as tx:
            offer = await offers.use(tx, self._sealer, secret or "")
        chosen = None if offer is None else offer.named(organisation_id)
        if offer is None or chosen is None:
            return Forged()
        return await self._accept(offer, chosen)

    async def disconnect(
        self,
        company: CompanyId | Literal["*"],
        connection_id: ConnectionId,
        user_id: UserId | None,
        user_name: str,
    ) -> Connection | None:
        """Close the connection; None if the company has no such one. Closing twice is closing once.

        Nothing is sent any more; nothing is deleted there. The grant's tokens are revoked and
        forgotten afterwards, by `Housekeeping`, if no other connection uses them.
        """
        connector = self._connector
        async with connector.database.transaction() as tx:
            connection = await connections_store.load_for_update(tx, connection_id)
            if connection is None or company not in ("*", connection.company_id):
                return None
            if connection.status != "closed":
                by = user_id or connection.opened_by
                await connections_store.close(tx, connection_id, by, user_name)
                await announce(tx, connector.provider.name, connector.ids, [connection_id])
            return (await connections_store.find(tx, [connection_id]))[connection_id]

    async def pause(self, connection_id: ConnectionId | None, paused: bool) -> bool:
        """Hold or let go one connection's work, or the provider's (None); whether there is one."""
        async with self._connector.database.transaction() as tx:
            if connection_id is None:
                if paused:
                    await turns_store.pause_provider(tx)
                else:
                    await turns_store.resume_provider(tx)
                return True
            if await connections_store.load_for_update(tx, connection_id) is None:
                return False
            await connections_store.set_paused(tx, connection_id, paused)
            if not paused:
                await guard_store.forget(tx, connection_id)
                await turns_store.release(tx, [connection_id])
            return True

    async def _exchange(
        self, callback: Mapping[str, str], verifier: str | None
    ) -> Tokens | NotConnected:
        auth = self._connector.provider.auth
        request = auth.exchange_code(self._client, callback, verifier=verifier)
        if request is None:
            return NotConnected("connect_link_expired")
        delivery = await once_more.send(
            self._connector.transport, request, answer_within=_ANSWER_SECONDS
        )
        if not isinstance(delivery, Response):
            return NotConnected("provider_down")
        match auth.read_tokens(delivery):
            case Tokens() as tokens:
                return tokens
            case GrantDead():
                return NotConnected("connect_link_expired")
            case AppRefused(details):
                log.error("our registration was refused", code=details.provider_code)
                return NotConnected("app_problem")
            case TokensAway():
                return NotConnected("provider_down")

    async def _ask(
        self,
        exchange: "Exchange[list[OrganisationOffered] | ConnectRefused]",
        tokens: Tokens,
        spent: list[Request],
    ) -> "list[OrganisationOffered] | ConnectRefused | NotConnected":
        """Drive reads with tokens that belong to no connection yet; what they cost is `spent`."""
        connector = self._connector
        try:
            request = next(exchange)
            while True:
                answer = await once_more.read(
                    connector.transport,
                    connector.provider.operations,
                    connector.clock,
                    request,
                    extra=connector.provider.auth.bearer(tokens.access),
                    answer_within=_ANSWER_SECONDS,
                    spent=spent,
                )
                if answer is None:
                    exchange.close()
                    return NotConnected("provider_down")
                request = exchange.send(answer)
        except StopIteration as end:
            found: list[OrganisationOffered] | ConnectRefused = end.value
            return found

    async def _needs_no_choice(self, offer: Offer) -> OrganisationOffered | None:
        """The only organisation there is; of a reconnect, the one it is about."""
        if len(offer.offered) == 1:
            return offer.offered[0]
        named = offer.consent.connection_id
        if named is None or offer.consent.intent != "reconnect":
            return None
        async with self._connector.database.transaction() as tx:
            connection = (await connections_store.find(tx, [named])).get(named)
        if connection is None or connection.company_id != offer.consent.company_id:
            return None
        return offer.named(connection.organisation.id)

    async def _accept(self, offer: Offer, offered: OrganisationOffered) -> NotConnected | Connected:
        result = await self._store(offer, offered)
        if isinstance(result, Connected):
            await self._detach_others(offer, offered)
        return result

    async def _detach_others(self, offer: Offer, chosen: OrganisationOffered) -> None:
        """Leave nothing attached that nobody chose. Tried once: the person waits."""
        connector = self._connector
        if len(offer.offered) == 1:
            return
        async with connector.database.transaction() as tx:
            named = [one.organisation.id for one in offer.offered]
            in_use = await connections_store.organisations_in_use(tx, named)
        auth = connector.provider.auth
        for other in offers.others_of(offer.offered, chosen, in_use):
            request = auth.detach(
                self._client, offer.tokens.refresh, last=False, attachment=other.attachment
            )
            if request is None:
                continue
            bearer = () if request.meter == "oauth" else auth.bearer(offer.tokens.access)
            delivery = await connector.transport.send(
                request, extra=bearer, answer_within=_ANSWER_SECONDS
            )
            if not isinstance(delivery, Response) or delivery.status >= _REFUSED:
                log.warning("an organisation is left attached", organisation=other.organisation.id)

    async def _store(self, offer: Offer, offered: OrganisationOffered) -> NotConnected | Connected:
        connector = self._connector
        consent, tokens = offer.consent, offer.tokens
        try:
            async with connector.database.transaction() as tx:
                # The grant first: whoever refreshes holds it and then locks its connections.
                grant = await grants_store.find_by_subject(tx, offered.subject)
                existing = await connections_store.of_company_or_organisation(
                    tx, consent.company_id, offered.organisation.id
                )
                choice = choose_connection(consent, offered.organisation, existing)
                if isinstance(choice, NotConnected):
                    for holder in holders_of(offered.organisation, existing):
                        await self._charge(tx, holder.id, offer.spent)
                    return choice
                if grant is None:
                    grant_id = connector.ids.new()
                    key = new_grant_key(self._sealer, grant_id)
                    sealed = seal_tokens(self._sealer, grant_id, key, tokens)
                    await grants_store.insert(tx, grant_id, offered.subject, key, sealed)
                else:
                    grant_id = grant.id
                    sealed = seal_tokens(self._sealer, grant_id, grant.key, tokens)
                    await grants_store.save_tokens(tx, grant_id, sealed)
                    await grants_store.accept(tx, grant_id)
                opened = await self._open(tx, consent, offered, grant_id, choice)
                await self._charge(tx, opened, offer.spent)
                return Connected(opened)
        except asyncpg.UniqueViolationError:
            return NotConnected("organisation_taken", {"org": offered.organisation.name})

    async def _open(
        self,
        tx: Tx,
        consent: Consent,
        offered: OrganisationOffered,
        grant_id: UUID,
        goes_on: Connection | None,
    ) -> ConnectionId:
        connector = self._connector
        who = (grant_id, consent.user_id, consent.user_name)
        opened_on = local_day(await connections_store.now(tx), consent.time_zone)
        if goes_on is None:
            connection_id = ConnectionId(connector.ids.new())
            await connections_store.insert_open(
                tx,
                connection_id,
                consent.company_id,
                offered.organisation,
                offered.facts,
                *who,
                opened_on=opened_on,
                attachment=offered.attachment,
            )
        else:
            connection_id = goes_on.id
            await connections_store.reopen(
                tx,
                connection_id,
                offered.organisation,
                offered.facts,
                *who,
                opened_on=opened_on,
                attachment=offered.attachment,
            )
            await turns_store.release(tx, [connection_id])
        correlation = connector.ids.new()
        await announce(
            tx,
            connector.provider.name,
            connector.ids,
            [connection_id],
            correlation_id=correlation,
        )
        load_id = LoadId(connector.ids.new())
        await loads_store.insert(
            tx, [NewLoad(load_id, kind, connection_id, correlation, None) for kind in _KINDS]
        )
        return connection_id

    async def _charge(self, tx: Tx, connection_id: ConnectionId, spent: Spent) -> None:
        """Count the reads of a connect, refused or not: the provider counts them too."""
        connector = self._connector
        await budget_store.lock_room(tx, connection_id)
        for meter, units in spent:
            slots = slots_of(connector.provider, meter, units, connector.timing.scale)
            if slots:
                spender = connector.ids.new()
                within = connector.timing.answer_timeout
                await budget_store.take(tx, connection_id, spender, slots, within)
                await budget_store.answered(tx, spender)

    def _secret(self) -> str:
        return text_of(self._random(32))
