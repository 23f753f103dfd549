"""One organisation's books: its records, and the names, numbers and codes they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import cast
from uuid import uuid4

from xero_simulator.journal import Sink
from xero_simulator.settings import Settings
from xero_simulator.wire import Json, JsonObject, as_object, text

_FOLDED = ("contact_name", "contact_number", "account_number", "item_code", "account_code")


NewId = Callable[[], str]
"""Makes an id that there wasn't before."""


def random_id() -> str:
    """An id as the provider makes them."""
    return str(uuid4())


@dataclass(slots=True, eq=False)
class Record:
    """One record. `data` holds what it is in the API's own words, dates as `YYYY-MM-DD`; it is
    replaced whole and never changed in place."""

    kind: str
    id: str
    data: JsonObject
    created: datetime
    updated: datetime
    deleted: bool = False

    @property
    def status(self) -> str:
        """ContactStatus of a contact, Status of anything else."""
        return text(self.data.get("ContactStatus" if self.kind == "Contact" else "Status"))

    @property
    def active(self) -> bool:
        """In use: neither deleted nor archived."""
        return not self.deleted and self.status in ("", "ACTIVE")


class Organisation:
    """An organisation (`tenant` is its id) with its settings and records."""

    def __init__(
        self,
        tenant: str,
        name: str,
        settings: Settings,
        created: datetime,
        sink: Sink,
        new_id: NewId = random_id,
    ) -> None:
        self.tenant = tenant
        self.new_id = new_id
        self.name = name
        self.settings = settings
        self.created = created
        self.records: dict[str, dict[str, Record]] = {}
        self._sink = sink
        self._index: dict[tuple[str, str], dict[str, Record]] = {}
        self._highest_number = 0
        self._undo: list[Callable[[], None]] | None = None

    # --- reading

    def get(self, kind: str, identifier: str) -> Record | None:
        """The record, also an archived one, but not one that was deleted for good."""
        found = self.records.get(kind, {}).get(identifier.casefold())
        return None if found is None or found.deleted else found

    def buried(self, kind: str, identifier: str) -> Record | None:
        """The record, also one that was deleted for good."""
        return self.records.get(kind, {}).get(identifier.casefold())

    def all(self, kind: str, *, deleted: bool = False) -> Iterable[Record]:
        """Every record of a kind, the oldest first; with those deleted for good if asked."""
        found = self.records.get(kind, {}).values()
        return found if deleted else (each for each in found if not each.deleted)

    def holders(self, space: str, key: str) -> list[Record]:
        """Who holds a `contact_name` (in use), `contact_number`, `account_number`, `item_code`,
        `account_code` (upper and lower case alike), `invoice_number` or, as their invoices, a
        `contact`."""
        folded = key.casefold() if space in _FOLDED else key
        return list(self._index.get((space, folded), {}).values())

    def next_number(self) -> str:
        """The invoice number the organisation would give by itself."""
        return f"INV-{self._highest_number + 1:04d}"

    # --- writing

    def add(self, kind: str, identifier: str, data: JsonObject, now: datetime) -> Record:
        """A new record."""
        record = Record(kind, identifier, data, now, now)
        key = identifier.casefold()
        self.records.setdefault(kind, {})[key] = record
        self._enter(record)
        self._keep(record)
        if self._undo is not None:
            self._undo.append(lambda: self._remove(record))
        return record

    def replace(self, record: Record, data: JsonObject, now: datetime | None = None) -> None:
        """Other data for a record; without `now` it doesn't count as an update."""
        before = (record.data, record.updated, record.deleted)
        self._leave(record)
        record.data = data
        record.updated = now or record.updated
        self._enter(record)
        self._keep(record)
        if self._undo is not None:
            self._undo.append(lambda: self._put_back(record, *before))

    def delete(self, record: Record, now: datetime) -> None:
        """A record gone for good: the API knows it no longer."""
        before = (record.data, record.updated, record.deleted)
        self._leave(record)
        record.deleted = True
        record.updated = now
        self._keep(record)
        if self._undo is not None:
            self._undo.append(lambda: self._put_back(record, *before))

    def forget(self, kind: str) -> None:
        """Remove every record of a kind as if it had never been."""
        for record in list(self.records.get(kind, {}).values()):
            self._remove(record)

    def begin(self) -> None:
        """From here on changes can be taken back, until `settle`."""
        self._undo = []

    def settle(self, *, keep: bool) -> None:
        """Keep what was changed since `begin`, or take it back."""
        steps, self._undo = self._undo or [], None
        if not keep:
            for step in reversed(steps):
                step()

    def keep(self) -> None:
        """Write the organisation itself (name, settings) to memory."""
        if self._sink.keeps:
            settings = cast(Json, self.settings.model_dump(mode="json"))
            kept: JsonObject = {
                "name": self.name,
                "settings": settings,
                "created": self.created.isoformat(),
            }
            self._sink.put(f"organisation/{self.tenant}", kept)

    def restore(self, kind: str, identifier: str, kept: JsonObject) -> None:
        """Put back a record as `_keep` wrote it."""
        record = Record(
            kind,
            identifier,
            as_object(kept.get("data")),
            datetime.fromisoformat(text(kept.get("created"))),
            datetime.fromisoformat(text(kept.get("updated"))),
            kept.get("deleted") is True,
        )
        self.records.setdefault(kind, {})[identifier.casefold()] = record
        if not record.deleted:
            self._enter(record)

    # --- inside

    def _put_back(self, record: Record, data: JsonObject, updated: datetime, gone: bool) -> None:
        if not record.deleted:
            self._leave(record)
        record.data, record.updated, record.deleted = data, updated, gone
        if not gone:
            self._enter(record)
        self._keep(record)

    def _remove(self, record: Record) -> None:
        if not record.deleted:
            self._leave(record)
        self.records[record.kind].pop(record.id.casefold(), None)
        self._sink.put(self._key(record), None)

    def _keys(self, record: Record) -> list[tuple[str, str]]:
        data = record.data
        keys: list[tuple[str, str]] = []
        if record.kind == "Contact":
            if record.status == "ACTIVE":
                keys.append(("contact_name", text(data.get("Name"))))
            keys.append(("contact_number", text(data.get("ContactNumber"))))
            keys.append(("account_number", text(data.get("AccountNumber"))))
        elif record.kind == "Item":
            keys.append(("item_code", text(data.get("Code"))))
        elif record.kind == "Account":
            keys.append(("account_code", text(data.get("Code"))))
        elif record.kind == "Invoice":
            if data.get("Type") == "ACCREC":
                keys.append(("invoice_number", text(data.get("InvoiceNumber"))))
            keys.append(("contact", text(data.get("ContactID"))))
        return [(space, key.casefold() if space in _FOLDED else key) for space, key in keys if key]

    def _enter(self, record: Record) -> None:
        for key in self._keys(record):
            self._index.setdefault(key, {})[record.id] = record
            if key[0] == "invoice_number" and key[1].startswith("INV-"):
                digits = key[1][4:]
                if digits.isdigit() and len(digits) < 10:
                    self._highest_number = max(self._highest_number, int(digits))

    def _leave(self, record: Record) -> None:
        for key in self._keys(record):
            holders = self._index.get(key, {})
            holders.pop(record.id, None)
            if not holders:
                self._index.pop(key, None)

    def _key(self, record: Record) -> str:
        return f"record/{self.tenant}/{record.kind}/{record.id}"

    def _keep(self, record: Record) -> None:
        if self._sink.keeps:
            kept: JsonObject = {
                "data": record.data,
                "created": record.created.isoformat(),
                "updated": record.updated.isoformat(),
                "deleted": record.deleted,
            }
            self._sink.put(self._key(record), kept)
