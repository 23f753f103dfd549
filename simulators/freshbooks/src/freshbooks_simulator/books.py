"""One organisation's books: its records, and the names and numbers they hold."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import cast

from freshbooks_simulator.journal import Sink
from freshbooks_simulator.settings import Settings
from freshbooks_simulator.wire import Json, JsonObject, as_object, text

ACTIVE, DELETED, ARCHIVED = 0, 1, 2
CLIENT, ITEM, INVOICE, TAX, PAYMENT = "client", "item", "invoice", "tax", "payment"
ACCOUNT, VENDOR = "account", "vendor"

# Ids of one kind grow in steps of two, as recorded live (567521, 567523).
_FIRST_ID = {CLIENT: 567521, ITEM: 40001, INVOICE: 453877, TAX: 7841, PAYMENT: 235435, VENDOR: 1563}
_STEP = 2


@dataclass(slots=True, eq=False)
class Record:
    """One record. `data` is what a read is made from; it is replaced whole, never changed in
    place. `id` is digits, an account's a UUID."""

    kind: str
    id: str
    data: JsonObject
    created: datetime
    updated: datetime

    @property
    def vis_state(self) -> int:
        """0 active, 1 deleted, 2 archived."""
        found = self.data.get("vis_state")
        return found if isinstance(found, int) else ACTIVE

    @property
    def active(self) -> bool:
        """Neither deleted nor archived."""
        if self.kind == ACCOUNT:
            return self.data.get("state") == "active"
        return self.vis_state == ACTIVE

    @property
    def number(self) -> int:
        """The id as the wire has it."""
        return int(self.id)


@dataclass(frozen=True, slots=True)
class Ids:
    """The three ids of a business."""

    account_id: str
    business_id: int
    business_uuid: str


class Organisation:
    """A business with its settings and records."""

    def __init__(self, ids: Ids, name: str, settings: Settings, sink: Sink) -> None:
        self.ids = ids
        self.name = name
        self.settings = settings
        self.records: dict[str, dict[str, Record]] = {}
        self.last_number = ""
        """The invoice number used last."""
        self.name_counts: dict[str, int] = {}
        """How often a client's generated user name was given."""
        self._sink = sink
        self._next = dict(_FIRST_ID)
        self._index: dict[tuple[str, str], dict[str, Record]] = {}
        self._of_client: dict[str, dict[str, Record]] = {}

    @property
    def account_id(self) -> str:
        return self.ids.account_id

    # --- reading

    def get(self, kind: str, identifier: str) -> Record | None:
        """The record, also a deleted one."""
        return self.records.get(kind, {}).get(identifier)

    def all(self, kind: str) -> Iterable[Record]:
        """Every record of a kind, the oldest first, deleted ones too."""
        return self.records.get(kind, {}).values()

    def holders(self, kind: str, key: str) -> list[Record]:
        """Who holds an item's name or an invoice's number, upper and lower case alike, deleted
        ones too."""
        return list(self._index.get((kind, key.strip().casefold()), {}).values())

    def invoices_of(self, client_id: str) -> Iterable[Record]:
        """A client's invoices, deleted ones too."""
        return self._of_client.get(client_id, {}).values()

    def payments_of(self, invoice_id: str) -> list[Record]:
        """The payments of an invoice that weren't deleted."""
        return [
            each
            for each in self.all(PAYMENT)
            if text(each.data.get("invoiceid")) == invoice_id and each.vis_state != DELETED
        ]

    # --- writing

    def new_id(self, kind: str) -> str:
        """The next id of a kind."""
        found = self._next[kind]
        self._next[kind] = found + _STEP
        return str(found)

    def add(self, kind: str, identifier: str, data: JsonObject, now: datetime) -> Record:
        """A new record."""
        record = Record(kind, identifier, data, now, now)
        self.records.setdefault(kind, {})[identifier] = record
        self._enter(record)
        self._keep(record)
        return record

    def replace(self, record: Record, data: JsonObject, now: datetime) -> None:
        """What a record has become; its `updated` always moves."""
        self._leave(record)
        record.updated = max(now, record.updated + timedelta(microseconds=1))
        record.data = data
        self._enter(record)
        self._keep(record)

    def touch(self, record: Record, now: datetime) -> None:
        """Only its `updated` moves."""
        record.updated = max(now, record.updated + timedelta(microseconds=1))
        self._keep(record)

    def remove(self, record: Record) -> None:
        """Gone without a trace (taxes; everything at a reset)."""
        self._leave(record)
        self.records.get(record.kind, {}).pop(record.id, None)
        self._sink.put(self._key(record), None)

    def forget(self) -> None:
        """Remove every record as if it had never been; ids and numbers go on."""
        for kind in list(self.records):
            for record in list(self.records[kind].values()):
                self.remove(record)
        self.last_number = ""
        self.name_counts.clear()
        self.keep()

    def keep(self) -> None:
        """Write the organisation itself (name, settings) to memory."""
        if not self._sink.keeps:
            return
        kept: JsonObject = {
            "name": self.name,
            "business_id": self.ids.business_id,
            "business_uuid": self.ids.business_uuid,
            "settings": cast(Json, self.settings.model_dump(mode="json")),
        }
        self._sink.put(f"organisation/{self.account_id}", kept)

    def restore(self, kind: str, identifier: str, kept: JsonObject) -> None:
        """Put back a record as `_keep` wrote it."""
        record = Record(
            kind,
            identifier,
            as_object(kept.get("data")),
            datetime.fromisoformat(text(kept.get("created"))),
            datetime.fromisoformat(text(kept.get("updated"))),
        )
        if identifier.isdigit():
            self._next[kind] = max(self._next[kind], int(identifier) + _STEP)
        self.records.setdefault(kind, {})[identifier] = record
        self._enter(record)
        if kind == CLIENT:
            given = text(record.data.get("username")).rstrip("0123456789")
            self.name_counts[given] = self.name_counts.get(given, 0) + 1
        elif kind == INVOICE:
            self.last_number = text(record.data.get("invoice_number"))

    # --- inside

    def _keys(self, record: Record) -> list[tuple[str, str]]:
        field = {ITEM: "name", INVOICE: "invoice_number"}.get(record.kind)
        value = text(record.data.get(field)).strip().casefold() if field else ""
        return [(record.kind, value)] if value else []

    def _enter(self, record: Record) -> None:
        for key in self._keys(record):
            self._index.setdefault(key, {})[record.id] = record
        if record.kind == INVOICE:
            client = text(record.data.get("customerid"))
            self._of_client.setdefault(client, {})[record.id] = record

    def _leave(self, record: Record) -> None:
        for key in self._keys(record):
            holders = self._index.get(key, {})
            holders.pop(record.id, None)
            if not holders:
                self._index.pop(key, None)
        if record.kind == INVOICE:
            self._of_client.get(text(record.data.get("customerid")), {}).pop(record.id, None)

    def _key(self, record: Record) -> str:
        return f"record/{self.account_id}/{record.kind}/{record.id}"

    def _keep(self, record: Record) -> None:
        if self._sink.keeps:
            kept: JsonObject = {
                "data": record.data,
                "created": record.created.isoformat(),
                "updated": record.updated.isoformat(),
            }
            self._sink.put(self._key(record), kept)


def new_uuid() -> str:
    """A UUID for what carries one on the wire."""
    return str(uuid.uuid4())
