"""One organisation's books: its records, the names and numbers they hold, and their versions."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, cast

from qbo_simulator.journal import Sink
from qbo_simulator.settings import Settings
from qbo_simulator.wire import Json, JsonObject, as_object, dec, number, stamp, text

State = Literal["live", "voided", "deleted"]

NAMES = ("Customer", "Vendor", "Employee")
TRANSACTIONS = ("Invoice", "Payment")
# Names share one row of ids, transactions another; they begin where a used company's might, and
# overlap on purpose: an id means nothing without its kind.
_FIRST_ID = {"name": 58, "Item": 19, "Account": 79, "transaction": 145, "Term": 1}


def _id_space(kind: str) -> str:
    if kind in NAMES:
        return "name"
    return "transaction" if kind in TRANSACTIONS else kind


@dataclass(slots=True, eq=False)
class Record:
    """One record. `data` is what a read answers; it is replaced whole and never changed in place
    (except the balance of a customer, which is no new version)."""

    kind: str
    id: str
    data: JsonObject
    created: datetime
    updated: datetime
    state: State = "live"
    previous: JsonObject | None = None
    merged_into: str | None = None

    @property
    def sync_token(self) -> str:
        return text(self.data.get("SyncToken"))

    @property
    def active(self) -> bool:
        """Not inactive; transactions are always active."""
        return self.data.get("Active") is not False


class Organisation:
    """A company (`realm` is its id) with its settings and records."""

    def __init__(self, realm: str, name: str, settings: Settings, sink: Sink) -> None:
        self.realm = realm
        self.name = name
        self.settings = settings
        self.records: dict[str, dict[str, Record]] = {}
        self._sink = sink
        self._counters: dict[str, int] = dict(_FIRST_ID)
        self._address_id = 95
        self._index: dict[tuple[str, str], dict[str, Record]] = {}
        self._highest_number = 1000

    # --- reading

    def get(self, kind: str, identifier: str) -> Record | None:
        """The record, also an inactive or deleted one."""
        return self.records.get(kind, {}).get(identifier)

    def all(self, kind: str) -> Iterable[Record]:
        """Every record of a kind, the oldest first."""
        return self.records.get(kind, {}).values()

    def holders(self, space: str, key: str) -> list[Record]:
        """Who holds a name (`name`, `Item`, `Account`: upper and lower case alike) or a number
        (`number`)."""
        return list(
            self._index.get((space, key if space == "number" else key.casefold()), {}).values()
        )

    def next_number(self) -> str:
        """The invoice number the company would give by itself."""
        return str(self._highest_number + 1)

    # --- writing

    def new_address_id(self) -> str:
        self._address_id += 1
        return str(self._address_id)

    def add(self, kind: str, content: JsonObject, now: datetime, identifier: str = "") -> Record:
        """A new record with the next id of its kind (or `identifier`) and version 0."""
        space = _id_space(kind)
        if not identifier:
            identifier = str(self._counters.get(space, 1))
        if identifier.isdigit():
            self._counters[space] = max(self._counters.get(space, 1), int(identifier) + 1)
        record = Record(kind, identifier, {}, now, now)
        record.data = self._stamped(record, content, "0", now)
        self.records.setdefault(kind, {})[identifier] = record
        self._enter(record)
        self._keep(record)
        return record

    def replace(
        self, record: Record, content: JsonObject, now: datetime, state: State = "live"
    ) -> None:
        """The next version of a record."""
        token = str(int(record.sync_token or "0") + 1)
        self._leave(record)
        record.previous = record.data
        record.updated = now
        record.state = state
        record.data = self._stamped(record, content, token, now)
        self._enter(record)
        self._keep(record)

    def delete(self, record: Record, now: datetime) -> None:
        """A transaction gone for good; it stays in the books as deleted."""
        self._leave(record)
        record.state = "deleted"
        record.updated = now
        self._keep(record)

    def forget(self, kind: str) -> None:
        """Remove every record of a kind as if it had never been."""
        for record in self.records.pop(kind, {}).values():
            self._leave(record)
            self._sink.put(self._key(record), None)

    def owe(self, customer_id: str, difference: Json) -> None:
        """Change what a customer owes; that is no new version of the customer."""
        customer = self.get("Customer", customer_id)
        if customer is None or dec(difference) == 0:
            return
        for field in ("Balance", "BalanceWithJobs"):
            customer.data[field] = number(dec(customer.data.get(field)) + dec(difference))
        self._keep(customer)

    def mark_merged(self, record: Record, survivor: str) -> None:
        """Note who a merged-away record has become."""
        record.merged_into = survivor
        self._keep(record)

    def keep(self) -> None:
        """Write the organisation itself (name, settings) to memory."""
        if self._sink.keeps:
            settings = cast(Json, self.settings.model_dump(mode="json"))
            self._sink.put(f"organisation/{self.realm}", {"name": self.name, "settings": settings})

    def restore(self, kind: str, identifier: str, kept: JsonObject) -> None:
        """Put back a record as `_keep` wrote it."""
        record = Record(
            kind,
            identifier,
            as_object(kept.get("data")),
            datetime.fromisoformat(text(kept.get("created"))),
            datetime.fromisoformat(text(kept.get("updated"))),
            cast(State, text(kept.get("state"))),
            merged_into=text(kept.get("merged_into")) or None,
        )
        space = _id_space(kind)
        if identifier.isdigit():
            self._counters[space] = max(self._counters.get(space, 1), int(identifier) + 1)
        self.records.setdefault(kind, {})[identifier] = record
        self._address_id += 3
        if record.state != "deleted":
            self._enter(record)

    # --- inside

    def _stamped(
        self, record: Record, content: JsonObject, token: str, now: datetime
    ) -> JsonObject:
        zone = self.settings.time_zone
        meta: JsonObject = {
            "CreateTime": stamp(record.created, zone),
            "LastUpdatedTime": stamp(now, zone),
        }
        if record.kind in TRANSACTIONS:
            meta["LastModifiedByRef"] = {"value": "9341452"}
        return {
            **content,
            "domain": "QBO",
            "sparse": False,
            "Id": record.id,
            "SyncToken": token,
            "MetaData": meta,
        }

    def _keys(self, record: Record) -> list[tuple[str, str]]:
        data = record.data
        if record.kind in NAMES:
            return [("name", text(data.get("DisplayName")).casefold())]
        if record.kind in ("Item", "Account"):
            return [(record.kind, text(data.get("FullyQualifiedName")).casefold())]
        if record.kind == "Invoice" and (doc := text(data.get("DocNumber"))):
            return [("number", doc)]
        return []

    def _enter(self, record: Record) -> None:
        for key in self._keys(record):
            self._index.setdefault(key, {})[f"{record.kind}/{record.id}"] = record
            if key[0] == "number" and key[1].isdigit() and len(key[1]) < 10:
                self._highest_number = max(self._highest_number, int(key[1]))

    def _leave(self, record: Record) -> None:
        for key in self._keys(record):
            holders = self._index.get(key, {})
            holders.pop(f"{record.kind}/{record.id}", None)
            if not holders:
                self._index.pop(key, None)

    def _key(self, record: Record) -> str:
        return f"record/{self.realm}/{record.kind}/{record.id}"

    def _keep(self, record: Record) -> None:
        if self._sink.keeps:
            kept: JsonObject = {
                "data": record.data,
                "created": record.created.isoformat(),
                "updated": record.updated.isoformat(),
                "state": record.state,
                "merged_into": record.merged_into,
            }
            self._sink.put(self._key(record), kept)
