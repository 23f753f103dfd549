"""Who may come in: the bearer token, the tenant, the scope, the limits, in this order."""

from __future__ import annotations

from xero_simulator.books import Organisation
from xero_simulator.grants import Grant
from xero_simulator.identity.scopes import sufficient
from xero_simulator.limits import Broken, retry_after
from xero_simulator.refusals import OFFLINE_TEXT, problem
from xero_simulator.wire_http import HTML, NO_MEDIA, Answer, Call, answer_json
from xero_simulator.world import World

PREFIX = "/api.xro/2.0"


def inner(path: str) -> str:
    """What follows `/api.xro/2.0`, with its slash; the path itself for any other."""
    return path[len(PREFIX) :] if is_accounting(path) else path


def is_accounting(path: str) -> bool:
    """Whether the path is the Accounting API's."""
    return path.casefold().startswith(f"{PREFIX}/")


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

    def tenant_of(self, call: Call) -> Organisation | None:
        """The organisation a request names, whether it may or not."""
        return self._world.organisations.get(call.headers.get("xero-tenant-id", "").casefold())

    def admit(self, call: Call) -> tuple[Organisation, Grant]:
        """The organisation and the consent a request may work with.

        Takes a place in the rate windows. Raises RefusedError (401, 403, 429, 503).
        """
        world = self._world
        bearer = world.grants.bearer(_token(call))
        grant = bearer.grant
        if grant is None:
            raise RefusedError(self.unauthenticated(bearer.detail))
        organisation = self.tenant_of(call)
        if organisation is None or not world.connections.reaches(
            grant.client_id, grant.user, organisation.tenant
        ):
            raise RefusedError(forbidden())
        needed = sufficient(
            inner(call.path).strip("/").split("/")[0].casefold(),
            writes=call.method not in ("GET", "HEAD"),
            settings=organisation.settings,
        )
        if not needed.intersection(grant.scopes):
            raise RefusedError(_insufficient(organisation))
        broken = world.meters.admit(
            world.limits, world.clock.seconds(), organisation.tenant, grant.client_id
        )
        if broken is not None:
            raise RefusedError(self.throttled(organisation, grant.client_id, broken))
        if organisation.settings.organisation_status == "offline":
            raise RefusedError(Answer(503, OFFLINE_TEXT, HTML))
        return organisation, grant

    def remaining(self, organisation: Organisation, app: str) -> dict[str, str]:
        """The headers that say how much of the limits is left."""
        world = self._world
        return world.meters.remaining(world.limits, world.clock.seconds(), organisation.tenant, app)

    def throttled(
        self, organisation: Organisation | None, app: str, broken: Broken | None
    ) -> Answer:
        """The 429: no body, no Content-Type; injected if no limit is `broken`."""
        headers = {"X-Rate-Limit-Problem": broken.problem if broken else "minute"}
        wait = retry_after(self._world.limits, broken)
        if wait is not None:
            headers["Retry-After"] = wait
        if organisation is not None:
            headers |= self.remaining(organisation, app)
        if broken is None:
            headers["X-MinLimit-Remaining"] = "0"
        return Answer(429, b"", NO_MEDIA, headers, broke_limit=broken.limit if broken else None)

    def unauthenticated(self, detail: str) -> Answer:
        """The 401 of an access token that is no good."""
        return answer_json(401, problem("Unauthorized", 401, detail))


def forbidden() -> Answer:
    """The 403 of a tenant that isn't connected."""
    return answer_json(403, problem("Forbidden", 403, "AuthenticationUnsuccessful"))


def _insufficient(organisation: Organisation) -> Answer:
    answer = answer_json(401, problem("Unauthorized", 401, "AuthorizationUnsuccessful"))
    word = organisation.settings.insufficient_scope_word
    answer.headers["WWW-Authenticate"] = f'Bearer error="{word}"'
    return answer


def _token(call: Call) -> str:
    scheme, _, token = call.headers.get("authorization", "").partition(" ")
    return token.strip() if scheme.casefold() == "bearer" else ""
