"""FreshBooks in memory: the simulator's own door and books.

Its invoices have no room for our mark: which are ours is known by the requests that made them. Its
clock moves on a little with each look, as two changes never have one moment.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

from connector_freshbooks.app import PACKAGE, provider_for
from connector_freshbooks.bodies import Unreadable
from connector_freshbooks.operations.marks import marks_in
from connector_freshbooks.provider import SCOPES
from connector_freshbooks.settings import FreshbooksSettings
from connector_kit.exchange import Request, Response
from contracts.connections import Account, OrganisationFacts
from contracts.ids import Entity, RemoteId
from contracts.ids import Provider as ProviderName
from freshbooks_simulator.books import CLIENT, DELETED, INVOICE, ITEM, Organisation, Record
from freshbooks_simulator.clock import SimClock as ProviderClock
from freshbooks_simulator.control.bookkeeper import Changes, change, delete
from freshbooks_simulator.control.seeding import line_of
from freshbooks_simulator.door import Door
from freshbooks_simulator.grants import Code
from freshbooks_simulator.limits import Limits
from freshbooks_simulator.records import clients, invoices
from freshbooks_simulator.refusals import RefusedError
from freshbooks_simulator.settings import Settings
from freshbooks_simulator.wire import JsonObject, amount_of, as_object, dec, objects, text
from freshbooks_simulator.world import World

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

_KINDS: Mapping[Entity, str] = {"customer": CLIENT, "item": ITEM, "invoice": INVOICE}
_MARKED: Mapping[Entity, str] = {"customer": "note", "item": "sku"}
_TICK = timedelta(milliseconds=1)


class FreshbooksHosts(Hosts):
    def __init__(self, scheduler: Scheduler) -> None:
        clock = SimClock(scheduler)
        self._scheduler, self._looks = scheduler, 0
        self.world = World(ProviderClock(self._now, clock.elapsed))
        self.world.limits = Limits(enforced=False)
        super().__init__(Door(self.world))

    def _now(self) -> datetime:
        self._looks += 1
        return self._scheduler.now + self._looks * _TICK


class FreshbooksBooks(There):
    """There is no void: an invoice is deleted. Each organisation has a person of its own."""

    provider: ClassVar[ProviderName] = "freshbooks"
    ways = ("delete",)
    deleted_keep_numbers = True

    def __init__(
        self, scheduler: Scheduler, hosts: FreshbooksHosts, name: str, settings: Settings
    ) -> None:
        super().__init__(scheduler, name)
        self._hosts = hosts
        hosts.world.defaults = settings
        self._books: Organisation = hosts.world.open(name)
        self._user = f"owner of {name}"
        self._ours: dict[str, str] = {}
        """The record of ours that each invoice is."""

    @property
    def id(self) -> str:
        return self._books.account_id

    @property
    def facts(self) -> OrganisationFacts:
        return OrganisationFacts(
            country="US",
            multi_currency=True,
            refuses_duplicate_numbers=True,
            due_date="not_before",
            offers_accounts=False,
        )

    @property
    def accounts(self) -> list[Account]:
        """None: as it is shipped, items are given no account."""
        return []

    def consent(self) -> Mapping[str, str]:
        world = self._hosts.world
        world.join(self._user, self._books)
        code = Code(
            client_id=CLIENT_ID,
            user=self._user,
            account_id=self.id,
            scope=" ".join(SCOPES),
            redirect_uri=REDIRECT,
            challenge="",
            until=world.clock.now() + timedelta(seconds=600),
        )
        return {"code": world.grants.consent(code)}

    def all(self, entity: Entity) -> Iterable[Document]:
        return (self._document(entity, one) for one in self._books.all(_KINDS[entity]))

    def get(self, entity: Entity, identifier: str) -> Document | None:
        record = self._books.get(_KINDS[entity], identifier)
        return None if record is None else self._document(entity, record)

    def created(self, request: Request, response: Response, ours: Sequence[UUID]) -> None:
        if request.method != "POST" or not request.path.endswith("/invoices/invoices"):
            return
        answer = as_object(as_object(json.loads(response.body)).get("response"))
        made = as_object(as_object(answer.get("result")).get("invoice"))
        if made:
            (record,) = ours
            self._ours[text(made.get("id"))] = str(record)

    def _remove(self, one: Document, how: How) -> None:
        delete(self._books, self._record(one), self._hosts.world.clock.now())

    def _renumber(self, invoice: Document, number: str) -> None:
        self._change(invoice, Changes(number=number))

    def _inactivate(self, customer: Document) -> None:
        self._change(customer, Changes(vis_state=DELETED))

    def _enter(self, name: str) -> str:
        body: JsonObject = {"organization": name}
        return clients.create(self._books, body, self._hosts.world.clock.now()).id

    def _key_in(self, number: str, total: int, customer: Document, item: Document) -> str | None:
        body: JsonObject = {
            "customerid": int(customer.id),
            "create_date": "2026-06-15",
            "due_offset_days": 30,
            "status": 2,
            "invoice_number": number,
            "lines": [line_of(item.name, dec("1"), dec(str(total)))],
        }
        try:
            return invoices.create(self._books, body, self._hosts.world.clock.now()).id
        except RefusedError:
            return None

    def _change(self, one: Document, changes: Changes) -> None:
        change(self._books, self._record(one), changes, self._hosts.world.clock.now())

    def _record(self, one: Document) -> Record:
        record = self._books.get(_KINDS[one.entity], one.id)
        assert record is not None
        return record

    def _document(self, entity: Entity, record: Record) -> Document:
        data = record.data
        note = text(data.get(_MARKED[entity])) if entity in _MARKED else ""
        marked = {ours for ours, _ in marks_in(note)}
        if entity == "invoice" and record.id in self._ours:
            marked = {self._ours[record.id]}
        lines = objects(data.get("lines"))
        name = clients.name_of(data) if entity == "customer" else text(data.get("name"))
        return Document(
            entity=entity,
            id=RemoteId(record.id),
            state=_state(record),
            ours=frozenset(marked),
            note=note,
            name=name,
            number=text(data.get("invoice_number")),
            total=amount_of(data.get("amount")),
            customer=text(data.get("customerid")) or None,
            item=self._item_named(text(lines[0].get("name"))) if lines else None,
        )

    def _item_named(self, name: str) -> str | None:
        """A line names its item and nothing else."""
        held = self._books.holders(ITEM, name)
        return held[0].id if held else None


class Freshbooks(Side):
    schema = PACKAGE
    provider = provider_for(FreshbooksSettings(item_accounts=False))
    unreadable = Unreadable
    meters = ("post", "put")
    create_invoice = "POST invoices"
    fates: ClassVar[Mapping[str, int]] = {"truncated": 3}

    def hosts(self, scheduler: Scheduler) -> Hosts:
        return FreshbooksHosts(scheduler)

    def organisation(self, scheduler: Scheduler, hosts: Hosts, name: str, habits: Habits) -> There:
        """A refresh token is good once, and an answer that is lost with it ends the consent."""
        assert isinstance(hosts, FreshbooksHosts)
        settings = Settings(
            number_search="exact" if habits.refuses_numbers else "prefix",
            refresh_reuses_created_at=habits.grace,
        )
        return FreshbooksBooks(scheduler, hosts, name, settings.changed(dict(habits.drawn)))

    def writes(self, request: Request) -> bool:
        return request.method in ("POST", "PUT") and request.path.startswith("/accounting/")


def _state(record: Record) -> State:
    if record.vis_state == DELETED:
        return "deleted" if record.kind == INVOICE else "inactive"
    return "live"
