"""Everything the simulator holds: organisations, people, consents, limits, faults, requests."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable, Mapping

from freshbooks_simulator.books import ACCOUNT, Ids, Organisation
from freshbooks_simulator.clock import SimClock
from freshbooks_simulator.grants import Grants
from freshbooks_simulator.injection import Injection
from freshbooks_simulator.journal import Forgetful, JournalFile, Sink
from freshbooks_simulator.limits import Limits, Meters
from freshbooks_simulator.records import ledger
from freshbooks_simulator.request_log import RequestLog
from freshbooks_simulator.settings import Settings
from freshbooks_simulator.wire import Json, JsonObject, as_list, as_object, text

_ACCOUNTS = (
    ("4000", "Services", "Income"),
    ("4010", "Parts", "Income"),
    ("6000", "Rent", "Operating Expense"),
)
_LETTERS = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0123456789"


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
        self.members: dict[str, list[str]] = {}
        """User name to the account ids of the organisations that user belongs to."""
        self._by_name: dict[str, Organisation] = {}
        self._by_uuid: dict[str, Organisation] = {}
        self._generation = 0
        if isinstance(sink, JournalFile):
            self._restore(sink.entries)

    # --- organisations

    def find(self, name_or_id: str) -> Organisation | None:
        """An organisation by its name (upper and lower case alike) or its account id."""
        found = self.organisations.get(name_or_id)
        return found or self._by_name.get(name_or_id.strip().casefold())

    def by_uuid(self, business_uuid: str) -> Organisation | None:
        """An organisation by its business_uuid."""
        return self._by_uuid.get(business_uuid)

    def open(self, name: str) -> Organisation:
        """The organisation of that name; a new one with its first accounts if there is none."""
        found = self.find(name)
        if found is not None:
            return found
        organisation = Organisation(self._ids(name.strip()), name.strip(), self.defaults, self.sink)
        self._know(organisation)
        organisation.keep()
        self.furnish(organisation)
        return organisation

    def furnish(self, organisation: Organisation) -> None:
        """What a business has before anybody writes to it."""
        for number, name, sub_type in _ACCOUNTS:
            body: JsonObject = {
                "name": name,
                "number": number,
                "sub_type": sub_type,
                "parent_account": None,
            }
            identifier = str(uuid.uuid5(uuid.UUID(organisation.ids.business_uuid), name))
            data = ledger.created(organisation, body) | {"auto_created": True}
            organisation.add(ACCOUNT, identifier, data, self.clock.now())

    def empty(self, organisation: Organisation) -> None:
        """Take every record away; consents and settings stay."""
        organisation.forget()
        self.furnish(organisation)

    # --- people

    def join(self, user: str, organisation: Organisation) -> None:
        """Give a user access to an organisation."""
        accounts = self.members.setdefault(user, [])
        if organisation.account_id not in accounts:
            accounts.append(organisation.account_id)
            kept: list[Json] = list(accounts)
            self.sink.put(f"member/{user}", kept)

    def organisations_of(self, user: str) -> list[Organisation]:
        """In the order the user joined them."""
        return [self.organisations[each] for each in self.members.get(user, [])]

    def belongs(self, user: str, organisation: Organisation) -> bool:
        """Whether a user has access."""
        return organisation.account_id in self.members.get(user, [])

    def revoke(self, organisation: Organisation) -> int:
        """End every consent of everybody who has access to an organisation; how many."""
        users = [user for user in self.members if self.belongs(user, organisation)]
        return self.grants.revoke_users(users)

    # --- everything

    def reset(self) -> None:
        """As when the process started: no organisation, no consent, no fault; later ids differ."""
        self._generation += 1
        self.organisations.clear()
        self._by_name.clear()
        self._by_uuid.clear()
        self.members.clear()
        self.defaults = Settings()
        self.limits = Limits()
        self.meters.clear()
        self.injection.clear()
        self.log.clear()
        self.grants.clear()
        self.clock.reset()
        self.sink.clear()
        self.sink.put("generation", self._generation)

    def advance(self, seconds: float) -> None:
        """Move the clock forward."""
        self.clock.advance(seconds)
        self.sink.put("clock", self.clock.offset_seconds)

    def _drawn(self, name: str) -> bytes:
        return hashlib.sha256(f"{self._generation}/{name.casefold()}".encode()).digest()

    def _ids(self, name: str) -> Ids:
        """Ids that look like one, the same for a name until a reset."""
        drawn = self._drawn(name)
        while True:
            account_id = "".join(_LETTERS[each % len(_LETTERS)] for each in drawn[:6])
            if account_id not in self.organisations:
                break
            drawn = hashlib.sha256(drawn).digest()
        business_id = 9_000_000 + int.from_bytes(drawn[6:9], "big")
        return Ids(account_id, business_id, str(uuid.UUID(bytes=drawn[:16], version=4)))

    def _know(self, organisation: Organisation) -> None:
        self.organisations[organisation.account_id] = organisation
        self._by_name[organisation.name.casefold()] = organisation
        self._by_uuid[organisation.ids.business_uuid] = organisation

    def _restore(self, entries: Mapping[str, Json]) -> None:
        for key, value in entries.items():
            kept = as_object(value)
            match key.split("/", 1):
                case ["organisation", account_id]:
                    self._restore_organisation(account_id, kept)
                case ["generation"] if isinstance(value, int):
                    self._generation = value
                case ["clock"] if isinstance(value, (int, float)):
                    self.clock.advance(float(value))
                case _:
                    continue
        for key, value in entries.items():
            kept = as_object(value)
            match key.split("/", 3):
                case ["record", account_id, kind, identifier] if account_id in self.organisations:
                    self.organisations[account_id].restore(kind, identifier, kept)
                case ["grant", _]:
                    self.grants.restore(kept)
                case ["member", *rest]:
                    self.members["/".join(rest)] = _known(as_list(value), self.organisations)
                case _:
                    continue

    def _restore_organisation(self, account_id: str, kept: JsonObject) -> None:
        business = kept.get("business_id")
        ids = Ids(
            account_id,
            business if isinstance(business, int) else 0,
            text(kept.get("business_uuid")),
        )
        settings = Settings.model_validate(as_object(kept.get("settings")))
        organisation = Organisation(ids, text(kept.get("name")), settings, self.sink)
        self._know(organisation)


def _known(accounts: Iterable[Json], organisations: Mapping[str, Organisation]) -> list[str]:
    return [text(each) for each in accounts if text(each) in organisations]
