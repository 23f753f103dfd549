"""Everything the simulator holds: organisations, consents, limits, faults, requests."""

from __future__ import annotations

import random
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID, uuid5

from xero_simulator.books import NewId, Organisation, random_id
from xero_simulator.clock import SimClock
from xero_simulator.connections import Connections
from xero_simulator.entities import account, item, tax
from xero_simulator.grants import Grants
from xero_simulator.idempotency import Idempotency
from xero_simulator.injection import Injection
from xero_simulator.journal import Forgetful, JournalFile, Sink
from xero_simulator.limits import Limits, Meters
from xero_simulator.request_log import RequestLog
from xero_simulator.settings import Settings
from xero_simulator.wire import Json, as_object, text

_TENANTS = UUID("5b3c2a0e-9a41-4f6b-8f0c-7d1f3c2b1a90")


class World:
    """The whole state. One event loop works on it; nothing here waits."""

    def __init__(
        self,
        clock: SimClock,
        sink: Sink | None = None,
        clients: Mapping[str, str] | None = None,
        new_id: NewId = random_id,
    ) -> None:
        """`new_id` makes the ids of records and connections; where they are drawn, a run of the
        same requests gives the same answers."""
        self.clock = clock
        self._new_id = new_id
        self.sink: Sink = sink or Forgetful()
        self.clients = dict(clients or {})
        self.organisations: dict[str, Organisation] = {}
        self.defaults = Settings()
        self.limits = Limits()
        self.meters = Meters()
        self.injection = Injection()
        self.log = RequestLog()
        self.grants = Grants(clock, self.sink)
        self.connections = Connections(self.sink, new_id)
        self.idempotency = Idempotency(clock, self.sink)
        self.dice = random.Random(0)  # noqa: S311 -- draws faults, protects nothing
        self._by_name: dict[str, Organisation] = {}
        self._generation = 0
        if isinstance(sink, JournalFile):
            self._restore(sink.entries)

    def find(self, name_or_tenant: str) -> Organisation | None:
        """An organisation by its id or, upper and lower case alike, its name."""
        found = self.organisations.get(name_or_tenant.strip().casefold())
        return found or self._by_name.get(name_or_tenant.strip().casefold())

    def open(self, name: str) -> Organisation:
        """The organisation of that name; a new one with its first accounts if there is none."""
        found = self.find(name)
        if found is not None:
            return found
        now = self.clock.now()
        organisation = Organisation(
            self._tenant(name.strip()),
            name.strip(),
            self.defaults,
            now,
            self.sink,
            self._new_id,
        )
        self._know(organisation)
        organisation.keep()
        self.furnish(organisation)
        return organisation

    def furnish(self, organisation: Organisation) -> None:
        """What an organisation has before anybody writes to it."""
        now = self.clock.now()
        self.set_taxes(organisation)
        account.furnish(organisation, now)

    def set_taxes(self, organisation: Organisation) -> None:
        """The tax rates of its country in place of any it had; accounts fill them in, and items
        follow their accounts."""
        now = self.clock.now()
        tax.furnish(organisation, now)
        account.set_taxes(organisation, now)
        item.follow_accounts(organisation, now)

    def empty(self, organisation: Organisation) -> None:
        """Take every record away; consents and settings stay."""
        for kind in list(organisation.records):
            organisation.forget(kind)
        self.furnish(organisation)

    def reset(self) -> None:
        """As when the process started: no organisation, no consent, no fault; later ids differ."""
        self._generation += 1
        self.organisations.clear()
        self._by_name.clear()
        self.defaults = Settings()
        self.limits = Limits()
        self.meters.clear()
        self.injection.clear()
        self.log.clear()
        self.grants.clear()
        self.connections.clear()
        self.idempotency.clear()
        self.dice.seed(0)
        self.clock.reset()
        self.sink.clear()
        self.sink.put("generation", self._generation)

    def set_limits(self, limits: Limits) -> None:
        """Other limits; the dice begin anew where their seed changed."""
        if limits.seed != self.limits.seed:
            self.dice.seed(limits.seed)
        self.limits = limits

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self.clock.advance(seconds)
        self.sink.put("clock", self.clock.offset_seconds)

    def _tenant(self, name: str) -> str:
        """The same id for a name until a reset."""
        return str(uuid5(_TENANTS, f"{self._generation}/{name.casefold()}"))

    def _know(self, organisation: Organisation) -> None:
        self.organisations[organisation.tenant] = organisation
        self._by_name[organisation.name.casefold()] = organisation

    def _restore(self, entries: dict[str, Json]) -> None:
        for key, value in entries.items():
            kept = as_object(value)
            match key.split("/", 1):
                case ["organisation", tenant]:
                    settings = Settings.model_validate(as_object(kept.get("settings")))
                    created = datetime.fromisoformat(text(kept.get("created")))
                    name = text(kept.get("name"))
                    self._know(
                        Organisation(tenant, name, settings, created, self.sink, self._new_id)
                    )
                case ["generation"] if isinstance(value, int):
                    self._generation = value
                case ["clock"] if isinstance(value, (int, float)):
                    self.clock.advance(float(value))
                case _:
                    continue
        for key, value in entries.items():
            kept = as_object(value)
            match key.split("/", 3):
                case ["record", tenant, kind, identifier] if tenant in self.organisations:
                    self.organisations[tenant].restore(kind, identifier, kept)
                case ["grant", _]:
                    self.grants.restore(kept)
                case ["connection", *_]:
                    self.connections.restore(kept)
                case ["answer", *_]:
                    self.idempotency.restore(kept)
                case _:
                    continue
