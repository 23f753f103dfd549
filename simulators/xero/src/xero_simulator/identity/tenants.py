"""`/connections`: which organisations a token reaches, and letting go of one."""

from __future__ import annotations

from datetime import UTC, datetime

from xero_simulator.connections import Connection
from xero_simulator.grants import Grant
from xero_simulator.refusals import problem
from xero_simulator.wire import Json
from xero_simulator.wire_http import HTML, NO_MEDIA, PLAIN_JSON, Answer, Call, answer_json
from xero_simulator.world import World

PATH = "/connections"


class Tenants:
    """Answers `/connections`; the address is found in upper and lower case alike."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handle(self, call: Call) -> Answer:
        """Do what is asked and answer it."""
        scheme, _, token = call.headers.get("authorization", "").partition(" ")
        bearer = self._world.grants.bearer(token.strip())
        if scheme.casefold() != "bearer" or bearer.grant is None:
            detail = bearer.detail or "AuthenticationUnsuccessful"
            return answer_json(401, problem("Unauthorized", 401, detail))
        grant = bearer.grant
        match call.method, call.path.strip("/").split("/")[1:]:
            case "GET", []:
                return self._listed(call, grant)
            case "DELETE", [identifier]:
                return self._deleted(identifier, grant)
            case _:
                return Answer(404, b"", HTML)

    def _listed(self, call: Call, grant: Grant) -> Answer:
        event = call.asked("authEventId")
        rows: list[Json] = []
        for each in self._world.connections.of(grant.client_id, grant.user):
            organisation = self._world.organisations.get(each.tenant)
            if organisation is None or (event and each.auth_event != event):
                continue
            rows.append(_row(each, organisation.name))
        answer = answer_json(200, rows, PLAIN_JSON)
        answer.records = len(rows)
        return answer

    def _deleted(self, identifier: str, grant: Grant) -> Answer:
        for each in self._world.connections.of(grant.client_id, grant.user):
            if each.id == identifier.casefold():
                self._world.connections.detach(each)
                return Answer(204, b"", NO_MEDIA, records=1)
        return Answer(404, b"", HTML)


def _row(connection: Connection, name: str) -> Json:
    return {
        "id": connection.id,
        "authEventId": connection.auth_event,
        "tenantId": connection.tenant,
        "tenantType": "ORGANISATION",
        "tenantName": name,
        "createdDateUtc": _moment(connection.created),
        "updatedDateUtc": _moment(connection.updated),
    }


def _moment(moment: datetime) -> str:
    """Seven decimals, no zone."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f") + "0"
