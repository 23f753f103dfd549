"""Everything the simulator holds: organisations, consents, limits, faults, requests."""

from __future__ import annotations

import hashlib
import random
from collections import Counter
from collections.abc import Mapping

from qbo_simulator.books import Organisation
from qbo_simulator.clock import SimClock
from qbo_simulator.entities import account, tax
from qbo_simulator.grants import Grants
from qbo_simulator.injection import Injection
from qbo_simulator.journal import Forgetful, JournalFile, Sink
from qbo_simulator.limits import Limits, Meters
from qbo_simulator.replays import Replays
from qbo_simulator.request_log import RequestLog
from qbo_simulator.settings import Settings
from qbo_simulator.wire import Json, JsonObject, as_object, text

_TERMS = (("Due on receipt", 0), ("Net 15", 15), ("Net 30", 30), ("Net 60", 60))
_ACCOUNTS = (
    ("4000", "Services", "Income", "ServiceFeeIncome"),
    ("4010", "Parts", "Income", "SalesOfProductIncome"),
    ("6000", "Rent", "Expense", "RentOrLeaseOfBuildings"),
)


class World:
    """The whole state. One event loop works on it; nothing here waits."""

    def __init__(
        self,
        clock: SimClock,
        sink: Sink | None = None,
        clients: Mapping[str, str] | None = None,
    ) -> None:
        self.clock = clock
        self.sink: Sink = sink or Forgetful()
        self.clients = dict(clients or {})
        self.organisations: dict[str, Organisation] = {}
        self.defaults = Settings()
        self.limits = Limits()
        self.meters = Meters()
        self.injection = Injection()
        self.log = RequestLog()
        self.grants = Grants(clock, self.sink)
        self.replays = Replays(clock, self.sink)
        self.dice = random.Random(0)  # noqa: S311 -- shuffles answers, protects nothing
        self._by_name: dict[str, Organisation] = {}
        self._reads: Counter[tuple[str, str]] = Counter()
        self._generation = 0
        if isinstance(sink, JournalFile):
            self._restore(sink.entries)

    def find(self, name_or_realm: str) -> Organisation | None:
        """An organisation by its id or, upper and lower case alike, its name."""
        found = self.organisations.get(name_or_realm)
        return found or self._by_name.get(name_or_realm.strip().casefold())

    def open(self, name: str, settings: Settings | None = None) -> Organisation:
        """The organisation of that name; a new one with its first accounts if there is none."""
        found = self.find(name)
        if found is not None:
            return found
        organisation = Organisation(
            self._realm(name.strip()), name.strip(), settings or self.defaults, self.sink
        )
        self._know(organisation)
        organisation.keep()
        self.furnish(organisation)
        return organisation

    def furnish(self, organisation: Organisation) -> None:
        """What a company has before anybody writes to it."""
        now = self.clock.now()
        for number, name, kind, subtype in _ACCOUNTS:
            body: JsonObject = {
                "Name": name,
                "AcctNum": number,
                "AccountType": kind,
                "AccountSubType": subtype,
            }
            organisation.add("Account", account.created(organisation, body), now)
        for name, days in _TERMS:
            term: JsonObject = {
                "Name": name,
                "Active": True,
                "Type": "STANDARD",
                "DiscountPercent": 0,
                "DueDays": days,
            }
            organisation.add("Term", term, now)
        self.set_taxes(organisation)

    def set_taxes(self, organisation: Organisation) -> None:
        """The tax codes of its country, in place of any it had."""
        now = self.clock.now()
        rows = {
            "TaxRate": tax.rate_rows(organisation.settings),
            "TaxCode": tax.code_rows(organisation.settings),
        }
        for kind, of_kind in rows.items():
            organisation.forget(kind)
            for identifier, row in of_kind.items():
                organisation.add(kind, row, now, identifier)

    def empty(self, organisation: Organisation) -> None:
        """Take every record away; consents and settings stay."""
        for kind in list(organisation.records):
            organisation.forget(kind)
        self.replays.clear(organisation.realm)
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
        self.replays.clear()
        self._reads.clear()
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

    def count_read(self, realm: str) -> int:
        """One more data-out call; how many it is this calendar month."""
        month = self.clock.now().strftime("%Y-%m")
        self._reads[realm, month] += 1
        return self._reads[realm, month]

    def _realm(self, name: str) -> str:
        """An id that looks like one, the same for a name until a reset."""
        seed = f"{self._generation}/{name.casefold()}"
        drawn = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:6], "big")
        realm = 9_341_000_000_000_000 + drawn % 1_000_000_000_000
        while str(realm) in self.organisations:
            realm += 1
        return str(realm)

    def _know(self, organisation: Organisation) -> None:
        self.organisations[organisation.realm] = organisation
        self._by_name[organisation.name.casefold()] = organisation

    def _restore(self, entries: dict[str, Json]) -> None:
        for key, value in entries.items():
            kept = as_object(value)
            match key.split("/", 3):
                case ["organisation", realm]:
                    settings = Settings.model_validate(as_object(kept.get("settings")))
                    name = text(kept.get("name"))
                    self._know(Organisation(realm, name, settings, self.sink))
                case ["generation"] if isinstance(value, int):
                    self._generation = value
                case ["clock"] if isinstance(value, (int, float)):
                    self.clock.advance(float(value))
                case _:
                    continue
        for key, value in entries.items():
            kept = as_object(value)
            match key.split("/", 3):
                case ["record", realm, kind, identifier] if realm in self.organisations:
                    self.organisations[realm].restore(kind, identifier, kept)
                case ["grant", _]:
                    self.grants.restore(kept)
                case ["replay", realm, identity]:
                    self.replays.restore(realm, identity, kept)
                case _:
                    continue
