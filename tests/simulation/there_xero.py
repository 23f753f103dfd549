"""Xero in memory: the simulator's own door and books.

One person stands behind all organisations, so that a consent may reach several. Its clock moves on
a little with each look: two changes never have one moment, which is the only version there is.
"""

import json
import random
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from connector_kit.exchange import Request, Response
from connector_xero.app import PACKAGE, XERO
from connector_xero.bodies import Unreadable
from connector_xero.operations.marks import marked_contact, marked_invoice, marked_item
from connector_xero.provider import SCOPES
from contracts.connections import Account, OrganisationFacts
from contracts.ids import Entity, RemoteId
from contracts.ids import Provider as ProviderName
from xero_simulator.books import Organisation, Record
from xero_simulator.clock import SimClock as ProviderClock
from xero_simulator.control.bookkeeper import Changes, change
from xero_simulator.control.seeding import sales_line
from xero_simulator.door import Door
from xero_simulator.entities import account, contact, invoice
from xero_simulator.entities.invoice import Writing
from xero_simulator.grants import Asked
from xero_simulator.limits import Limits
from xero_simulator.refusals import InvalidError
from xero_simulator.settings import Settings
from xero_simulator.wire import JsonObject, as_list, as_object, dec, objects, text
from xero_simulator.world import World

from simulation.database import SimClock
from simulation.kernel import Scheduler
from simulation.there import (
    CLIENT_ID,
    REDIRECT,
    Document,
    Habits,
    Hosts,
    How,
    Side,
    State,
    There,
)

_KINDS: Mapping[Entity, str] = {"customer": "Contact", "item": "Item", "invoice": "Invoice"}
_STATES: Mapping[str, State] = {
    "VOIDED": "voided",
    "DELETED": "deleted",
    "ARCHIVED": "inactive",
    "GDPRREQUEST": "inactive",
}
_TICK = timedelta(milliseconds=1)
_USER = "joe"


class XeroHosts(Hosts):
    def __init__(self, scheduler: Scheduler) -> None:
        clock, dice = SimClock(scheduler), random.Random(f"xero {scheduler.seed}")
        self._scheduler, self._looks = scheduler, 0
        self.world = World(
            ProviderClock(self._now, clock.elapsed),
            new_id=lambda: str(UUID(bytes=dice.randbytes(16), version=4)),
        )
        self.world.set_limits(Limits(enforced=False))
        super().__init__(Door(self.world))

    def _now(self) -> datetime:
        self._looks += 1
        return self._scheduler.now + self._looks * _TICK


class XeroBooks(There):
    provider: ClassVar[ProviderName] = "xero"
    ways = ("void",)

    def __init__(
        self, scheduler: Scheduler, hosts: XeroHosts, name: str, settings: Settings
    ) -> None:
        super().__init__(scheduler, name)
        self._hosts = hosts
        hosts.world.defaults = settings
        self._books: Organisation = hosts.world.open(name)

    @property
    def id(self) -> str:
        return self._books.tenant

    @property
    def facts(self) -> OrganisationFacts:
        return OrganisationFacts(
            home_currency="USD",
            country="US",
            multi_currency=True,
            refuses_duplicate_numbers=True,
            due_date="required",
        )

    @property
    def accounts(self) -> list[Account]:
        return [
            Account(id=one.id, code=text(one.data.get("Code")), name=text(one.data.get("Name")))
            for one in self._books.all("Account")
            if one.data.get("Class") == "REVENUE"
        ]

    def consent(self) -> Mapping[str, str]:
        world = self._hosts.world
        asked = Asked(CLIENT_ID, " ".join(SCOPES), REDIRECT)
        code, grant = world.grants.consent(asked, _USER, 600)
        again = self._books.settings.connection_id_on_reconnect
        world.connections.attach(
            CLIENT_ID, _USER, self.id, grant.id, world.clock.now(), same=again == "same"
        )
        return {"code": code}

    def all(self, entity: Entity) -> Iterable[Document]:
        records = self._books.all(_KINDS[entity], deleted=True)
        return (self._document(entity, record) for record in records)

    def get(self, entity: Entity, identifier: str) -> Document | None:
        record = self._books.buried(_KINDS[entity], identifier)
        return None if record is None else self._document(entity, record)

    def _remove(self, one: Document, how: How) -> None:
        self._change(one, Changes(status="void"))

    def _renumber(self, invoice: Document, number: str) -> None:
        self._change(invoice, Changes(number=number))

    def _inactivate(self, customer: Document) -> None:
        self._change(customer, Changes(active=False))

    def _enter(self, name: str) -> str:
        return contact.create(self._books, {"Name": name}, self._hosts.world.clock.now()).id

    def _key_in(self, number: str, total: int, customer: Document, item: Document) -> str | None:
        code = text(self._record(item).data.get("Code"))
        body: JsonObject = {
            "Type": "ACCREC",
            "Status": "AUTHORISED",
            "InvoiceNumber": number,
            "Contact": {"ContactID": customer.id},
            "Date": "2026-06-15",
            "DueDate": "2026-07-15",
            "LineItems": [sales_line(code, dec(1), dec(total), "A visit")],
        }
        how = Writing(self._hosts.world.clock.now(), "", 4, create_only=True)
        try:
            return invoice.write(self._books, body, how).record.id
        except InvalidError:
            return None

    def _change(self, one: Document, changes: Changes) -> None:
        change(self._books, self._record(one), changes, self._hosts.world.clock.now())

    def _record(self, one: Document) -> Record:
        record = self._books.get(_KINDS[one.entity], one.id)
        assert record is not None
        return record

    def _document(self, entity: Entity, record: Record) -> Document:
        data = record.data
        match entity:
            case "customer":
                note = text(data.get("ContactNumber"))
                marked = marked_contact(note)
            case "item":
                note = text(data.get("Code"))
                marked = marked_item(note)
            case "invoice":
                note = text(data.get("Url"))
                marked = marked_invoice(note)
        lines = objects(data.get("LineItems"))
        return Document(
            entity=entity,
            id=RemoteId(record.id),
            state="deleted" if record.deleted else _STATES.get(record.status, "live"),
            ours=frozenset() if marked is None else frozenset({str(marked[0])}),
            note=note,
            name=text(data.get("Name")),
            number=text(data.get("InvoiceNumber")),
            total=dec(data.get("Total")),
            customer=text(data.get("ContactID")) or None,
            item=self._item_of(lines[0]) if lines else None,
            account=self._account_of(data),
        )

    def _item_of(self, line: JsonObject) -> str | None:
        held = self._books.holders("item_code", text(line.get("ItemCode")))
        return held[0].id if held else None

    def _account_of(self, data: JsonObject) -> str | None:
        code = text(as_object(data.get("SalesDetails")).get("AccountCode"))
        found = account.by_code(self._books, code) if code else None
        return None if found is None else found.id


class Xero(Side):
    schema = PACKAGE
    provider = XERO
    unreadable = Unreadable
    meters = ("write",)
    create_invoice = "PUT Invoices"
    batch_invoices = "PUT Invoices"
    fates: ClassVar[Mapping[str, int]] = {"truncated": 3}

    def hosts(self, scheduler: Scheduler) -> Hosts:
        return XeroHosts(scheduler)

    def organisation(self, scheduler: Scheduler, hosts: Hosts, name: str, habits: Habits) -> There:
        """Its numbers are unique always; whether that of a dead one is free again nobody says."""
        assert isinstance(hosts, XeroHosts)
        settings = Settings(
            reuse_dead_number="refuse" if habits.refuses_numbers else "allow",
            idempotency_seconds=360 if habits.replays else 0,
            grace_answer="new" if habits.grace else "same",
            connection_id_on_reconnect="new" if habits.grace else "same",
        )
        return XeroBooks(scheduler, hosts, name, settings.changed(dict(habits.drawn)))

    def writes(self, request: Request) -> bool:
        return request.method in ("PUT", "POST")

    def mixed(self, response: Response) -> bool:
        """Elements answer for themselves."""
        try:
            answer = as_object(json.loads(response.body))
        except ValueError:
            return False
        elements = [
            as_object(one)
            for kind in ("Contacts", "Items", "Invoices")
            for one in as_list(answer.get(kind))
        ]
        refused = sum(bool(one.get("ValidationErrors")) for one in elements)
        return 0 < refused < len(elements)
