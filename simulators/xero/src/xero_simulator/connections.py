"""Which organisations a user has connected to an app.

https://developer.xero.com/documentation/guides/oauth2/tenants: a connection is between an app, a
user and a tenant; it goes when the user disconnects, the app deletes it or the consent is revoked.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from xero_simulator.books import NewId, random_id
from xero_simulator.journal import Sink
from xero_simulator.wire import JsonObject, text


@dataclass(slots=True)
class Connection:
    """One organisation attached to one app by one user."""

    id: str
    client_id: str
    user: str
    tenant: str
    auth_event: str
    created: datetime
    updated: datetime
    attached: bool = True


class Connections:
    """Every connection, those that were there once included."""

    def __init__(self, sink: Sink, new_id: NewId = random_id) -> None:
        self._sink = sink
        self._new_id = new_id
        self._all: dict[tuple[str, str, str], Connection] = {}

    def attach(
        self, client_id: str, user: str, tenant: str, auth_event: str, now: datetime, *, same: bool
    ) -> Connection:
        """Connect; an earlier connection keeps its first date, and its id if it still stood or
        `same`."""
        found = self._all.get((client_id, user, tenant))
        if found is None:
            found = Connection(self._new_id(), client_id, user, tenant, auth_event, now, now)
            self._all[client_id, user, tenant] = found
        else:
            if not found.attached and not same:
                found.id = self._new_id()
            found.auth_event, found.updated, found.attached = auth_event, now, True
        self._keep(found)
        return found

    def of(self, client_id: str, user: str) -> list[Connection]:
        """What the user has connected to the app, the oldest first."""
        return [
            each
            for each in self._all.values()
            if each.attached and (each.client_id, each.user) == (client_id, user)
        ]

    def reaches(self, client_id: str, user: str, tenant: str) -> bool:
        """Whether that app may work with that organisation for that user."""
        found = self._all.get((client_id, user, tenant))
        return found is not None and found.attached

    def known_to(self, user: str) -> set[str]:
        """The tenants a user ever connected, to whatever app."""
        return {each.tenant for each in self._all.values() if each.user == user}

    def detach(self, connection: Connection) -> None:
        """Disconnect."""
        connection.attached = False
        self._keep(connection)

    def detach_user(self, client_id: str, user: str) -> int:
        """Disconnect all a user has connected to an app; how many that were."""
        ended = self.of(client_id, user)
        for each in ended:
            self.detach(each)
        return len(ended)

    def of_tenant(self, tenant: str) -> list[Connection]:
        """What is attached to an organisation."""
        return [each for each in self._all.values() if each.attached and each.tenant == tenant]

    def clear(self) -> None:
        """Nothing has ever been connected."""
        self._all.clear()

    def restore(self, kept: JsonObject) -> None:
        """Put back a connection as `_keep` wrote it."""
        found = Connection(
            id=text(kept.get("id")),
            client_id=text(kept.get("client_id")),
            user=text(kept.get("user")),
            tenant=text(kept.get("tenant")),
            auth_event=text(kept.get("auth_event")),
            created=datetime.fromisoformat(text(kept.get("created"))),
            updated=datetime.fromisoformat(text(kept.get("updated"))),
            attached=kept.get("attached") is True,
        )
        self._all[found.client_id, found.user, found.tenant] = found

    def _keep(self, each: Connection) -> None:
        if self._sink.keeps:
            kept: JsonObject = {
                "id": each.id,
                "client_id": each.client_id,
                "user": each.user,
                "tenant": each.tenant,
                "auth_event": each.auth_event,
                "created": each.created.isoformat(),
                "updated": each.updated.isoformat(),
                "attached": each.attached,
            }
            self._sink.put(f"connection/{each.client_id}\n{each.user}\n{each.tenant}", kept)
