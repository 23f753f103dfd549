"""Who may come in: the bearer token, the account it is for, the scopes, the limits."""

from __future__ import annotations

from dataclasses import dataclass

from freshbooks_simulator.books import Organisation
from freshbooks_simulator.grants import Grant
from freshbooks_simulator.limits import Reading
from freshbooks_simulator.refusals import (
    LedgerRefusedError,
    Reason,
    RefusedError,
    answer,
    ledger_answer,
    missing_scope,
    unauthenticated,
)
from freshbooks_simulator.settings import Settings
from freshbooks_simulator.wire import JsonObject
from freshbooks_simulator.wire_http import HTML, Answer, Call, answer_json
from freshbooks_simulator.world import World

ACCOUNT_PREFIX = "/accounting/account/"
BUSINESS_PREFIX = "/accounting/businesses/"
LEDGER_PREFIX = "/accounting/ledger_accounts/"
ME = "/auth/api/v1/users/me"
_SCOPES = {
    "users/clients": "clients",
    "items/items": "billable_items",
    "invoices/invoices": "invoices",
    "taxes/taxes": "taxes",
    "payments/payments": "payments",
    "reports/chart_of_accounts": "reports",
}


@dataclass(frozen=True, slots=True)
class Place:
    """What a path names: the account or business, and what follows it."""

    account_id: str = ""
    business_uuid: str = ""
    rest: str = ""

    @property
    def resource(self) -> str:
        """The first two segments of the rest (`users/clients`)."""
        return "/".join(self.rest.split("/")[:2])

    @property
    def identifier(self) -> str:
        """The third segment; empty without one."""
        return "/".join(self.rest.split("/")[2:])


def place_of(path: str) -> Place | None:
    """Where a path of the API leads; None if it is no such path."""
    path = path.rstrip("/")
    for prefix in (ACCOUNT_PREFIX, BUSINESS_PREFIX):
        if path.startswith(prefix):
            owner, _, rest = path.removeprefix(prefix).partition("/")
            if prefix == ACCOUNT_PREFIX:
                return Place(account_id=owner, rest=rest)
            return Place(business_uuid=owner, rest=rest)
    if path.startswith(LEDGER_PREFIX):
        return Place(rest=path.removeprefix("/accounting/"))
    return Place() if path == ME else None


class TurnedAwayError(Exception):
    """The request isn't let in; carries the answer, and what the meter said if it was asked."""

    def __init__(self, refusal: Answer, reading: Reading | None = None) -> None:
        super().__init__(refusal.status)
        self.answer = refusal
        self.reading = reading


class Admission:
    """Asked once for each request, when it arrives."""

    def __init__(self, world: World) -> None:
        self._world = world

    def owner(self, place: Place) -> Organisation | None:
        """The organisation a path names."""
        if place.business_uuid:
            return self._world.by_uuid(place.business_uuid)
        return self._world.organisations.get(place.account_id)

    def admit(self, call: Call, place: Place) -> tuple[Grant, Reading | None]:
        """The consent a request comes with, having taken its place in a window.

        Raises TurnedAwayError (401, 403, 404, 429).
        """
        organisation = self.owner(place)
        settings = organisation.settings if organisation else self._world.defaults
        grant = self._world.grants.bearer(call.token)
        if grant is None:
            raise TurnedAwayError(unauthenticated(settings))
        reading = self._measured(call, place, grant)
        if reading is not None and reading.broke is not None:
            raise TurnedAwayError(self.throttled(reading.broke), reading)
        try:
            self._check_account(place, organisation, grant, settings, call)
        except RefusedError as refused:
            raise TurnedAwayError(answer(refused, settings), reading) from refused
        except LedgerRefusedError as refused:
            raise TurnedAwayError(ledger_answer(refused), reading) from refused
        needed = _scope(call, place, settings)
        if needed and needed not in grant.scope.split():
            raise TurnedAwayError(missing_scope(settings, grant.scope, needed), reading)
        return grant, reading

    def throttled(self, limit: str | None) -> Answer:
        """The 429, as the limits say it looks; its headers are added with the meter's."""
        form = self._world.limits.throttle_body
        message = "Too many requests. Please try again later."
        if form == "text":
            return Answer(429, message.encode(), "text/plain", broke_limit=limit)
        if form == "html":
            page = b"<html><body><h1>429 Too Many Requests</h1></body></html>"
            return Answer(429, page, HTML, broke_limit=limit)
        body: JsonObject = {"error": "rate_limit_exceeded", "error_description": message}
        if form == "errors":
            body = {"response": {"errors": [{"errno": 429, "message": message}]}}
        made = answer_json(429, body)
        made.broke_limit = limit
        return made

    def _measured(self, call: Call, place: Place, grant: Grant) -> Reading | None:
        limits = self._world.limits
        owner = self.owner(place)
        key = {
            "account": f"account {owner.account_id}" if owner else f"user {grant.user}",
            "token": f"token {grant.id}",
            "app": f"app {grant.client_id}",
            "ip": "ip",
        }[limits.key]
        posts = call.method == "POST" and bool(place.account_id)
        return self._world.meters.admit(limits, self._world.clock.seconds(), key, posts=posts)

    def _check_account(
        self,
        place: Place,
        organisation: Organisation | None,
        grant: Grant,
        settings: Settings,
        call: Call,
    ) -> None:
        named = place.account_id or place.business_uuid
        if not named:
            return
        if organisation is None or not self._world.belongs(grant.user, organisation):
            status, _, errno = settings.wrong_account.partition("-")
            message = "Account not found." if errno == "1012" else "Access denied."
            if place.business_uuid:
                raise LedgerRefusedError(int(status), (None, message))
            reason = Reason(int(errno), message, "accountid", "account", named)
            raise RefusedError(int(status), reason)
        writes = call.method in ("POST", "PUT", "DELETE")
        blocked = settings.subscription in ("cancelled", "suspended")
        if blocked and (writes or settings.inactive_blocks == "all"):
            status, _, errno = settings.inactive_account.partition("-")
            message = "The account is inactive."
            if place.business_uuid:
                raise LedgerRefusedError(int(status), (None, message))
            reason = Reason(int(errno), message, "accountid", "account", named)
            raise RefusedError(int(status), reason)


def _scope(call: Call, place: Place, settings: Settings) -> str:
    """The scope a request needs; empty for none."""
    if place == Place():
        return "user:profile:read"
    wanted = _SCOPES.get(place.resource, "")
    if place.resource.startswith("ledger_accounts/"):
        wanted = "" if settings.ledger_scope == "none" else settings.ledger_scope
    if not wanted:
        return ""
    return f"user:{wanted}:{'read' if call.method == 'GET' else 'write'}"
