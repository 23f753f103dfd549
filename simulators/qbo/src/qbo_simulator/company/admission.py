"""Who may come in: the bearer token, the organisation it is for, the limits."""

from __future__ import annotations

from qbo_simulator import xml_answers
from qbo_simulator.books import Organisation
from qbo_simulator.grants import Grant
from qbo_simulator.provider_faults import (
    FaultError,
    GatewayFault,
    authentication_failed,
    authorization_failed,
    throttled_json,
)
from qbo_simulator.settings import Settings
from qbo_simulator.wire import UnreadableError, as_list, as_object, dumps, parse, stamp_ms
from qbo_simulator.wire_http import JSON, XML, Answer, Call
from qbo_simulator.world import World

SCOPE = "com.intuit.quickbooks.accounting"
PREFIX = "/v3/company/"
_WRONG_CLUSTER = FaultError(
    "100",
    "General Authentication Error",
    "AuthenticationErrorGeneral: SRV-110-Authentication Failure , statusCode: 401",
)


def split(path: str) -> tuple[str, str]:
    """The realm id and what follows it, with its slash."""
    realm, slash, rest = path.removeprefix(PREFIX).partition("/")
    return realm, slash + rest


class RefusedError(Exception):
    """The request isn't let in; carries the answer."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.status)
        self.answer = answer


class Admission:
    """Asked once for each request, when it arrives."""

    def __init__(self, world: World) -> None:
        self._world = world

    def grant_of(self, call: Call) -> Grant | None:
        """The consent a request comes with, good or not."""
        return self._world.grants.holder(_token(call))

    def admit(self, call: Call) -> tuple[Organisation, Grant]:
        """The organisation and the consent a request may work with.

        Takes a place in the rate windows. Raises RefusedError (401, 403, 429).
        """
        grant, why = self._world.grants.bearer(_token(call))
        if grant is None:
            raise RefusedError(self._gateway(authentication_failed(why)))
        realm, rest = split(call.path)
        organisation = self._world.organisations.get(realm)
        settings = organisation.settings if organisation else self._world.defaults
        if organisation is None or grant.realm != realm:
            raise RefusedError(self._wrong_realm(settings))
        if SCOPE not in grant.scope.split():
            raise RefusedError(self._gateway(authorization_failed()))
        broken = self._over_plan(organisation, call, rest) or self._world.meters.admit(
            self._world.limits,
            self._world.clock.seconds(),
            realm,
            grant.client_id,
            _batch_items(call, rest),
        )
        if broken is not None:
            raise RefusedError(self.throttled(broken))
        return organisation, grant

    def throttled(self, limit: str | None) -> Answer:
        """The 429, as the limits say it looks."""
        limits = self._world.limits
        time = stamp_ms(self._world.clock.now(), self._world.defaults.time_zone)
        headers: dict[str, str] = {}
        if limits.retry_after_seconds is not None:
            headers["Retry-After"] = f"{limits.retry_after_seconds * limits.window_scale:g}"
        if limits.throttle_body == "json":
            return Answer(429, dumps(throttled_json(time)), JSON, headers, broke_limit=limit)
        return Answer(429, xml_answers.throttled(time), XML, headers, broke_limit=limit)

    def unauthenticated(self, why: str) -> Answer:
        """The 401 of an access token that is no good."""
        return self._gateway(authentication_failed(why))

    def _over_plan(self, organisation: Organisation, call: Call, rest: str) -> str | None:
        limit = organisation.settings.plan_limit
        reads = call.method == "GET" or rest.startswith("/query")
        if limit is None or not reads:
            return None
        used = self._world.count_read(organisation.realm)
        return "plan_limit" if used > limit else None

    def _wrong_realm(self, settings: Settings) -> Answer:
        if settings.wrong_realm_status == 403:
            return self._gateway(authorization_failed())
        time = stamp_ms(self._world.clock.now(), settings.time_zone)
        return Answer(401, xml_answers.fault((_WRONG_CLUSTER,), "AUTHENTICATION", time), XML)

    def _gateway(self, fault: GatewayFault) -> Answer:
        body = fault.body(int(self._world.clock.now().timestamp() * 1000))
        headers: dict[str, str] = {}
        if fault.status == 401:
            headers["www-authenticate"] = 'Bearer realm="Intuit", error="invalid_token"'
        return Answer(fault.status, dumps(body), JSON, headers)


def _token(call: Call) -> str:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.casefold() == "bearer" else ""


def _batch_items(call: Call, rest: str) -> int | None:
    if call.method != "POST" or not rest.startswith("/batch"):
        return None
    try:
        return max(1, len(as_list(as_object(parse(call.body)).get("BatchItemRequest"))))
    except UnreadableError:
        return 1
