"""QuickBooks Online in memory: the simulator's own door and books."""

import json
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import ClassVar
from urllib.parse import urlsplit

from connector_kit.exchange import Request, Response
from connector_qbo.app import PACKAGE, QBO
from connector_qbo.bodies import Unreadable
from connector_qbo.operations.marks import marks_in
from connector_qbo.provider import SCOPES
from contracts.connections import Account, OrganisationFacts
from contracts.ids import Entity, RemoteId
from contracts.ids import Provider as ProviderName
from qbo_simulator.books import Organisation, Record
from qbo_simulator.clock import SimClock as ProviderClock
from qbo_simulator.company.operations import remove
from qbo_simulator.control.bookkeeper import Changes, change
from qbo_simulator.door import Door
from qbo_simulator.limits import Limits
from qbo_simulator.settings import Settings
from qbo_simulator.wire import JsonObject, as_object, dec, objects, ref_value, text
from qbo_simulator.world import World

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

_KINDS: Mapping[Entity, str] = {"customer": "Customer", "item": "Item", "invoice": "Invoice"}
_ENTITIES: Mapping[str, Entity] = {kind: entity for entity, kind in _KINDS.items()}


class QboHosts(Hosts):
    def __init__(self, scheduler: Scheduler) -> None:
        clock = SimClock(scheduler)
        self.world = World(ProviderClock(clock.now, clock.elapsed))
        self.world.set_limits(Limits(enforced=False))
        super().__init__(Door(self.world))


class QboBooks(There):
    provider: ClassVar[ProviderName] = "qbo"

    def __init__(
        self, scheduler: Scheduler, hosts: QboHosts, name: str, settings: Settings
    ) -> None:
        super().__init__(scheduler, name)
        self._hosts = hosts
        self._books: Organisation = hosts.world.open(name, settings)
        for account in self._books.all("Account"):
            # As old as the company is: no list is too late for them.
            account.created = account.updated = scheduler.now - timedelta(days=1)

    @property
    def id(self) -> str:
        return self._books.realm

    @property
    def facts(self) -> OrganisationFacts:
        return OrganisationFacts(
            home_currency="USD",
            country="US",
            refuses_duplicate_numbers=self._books.settings.refuse_duplicate_numbers,
        )

    @property
    def accounts(self) -> list[Account]:
        return [
            Account(id=one.id, code=one.id, name=f"Income {one.id}")
            for one in self._books.all("Account")
            if one.data.get("AccountType") == "Income"
        ]

    def consent(self) -> Mapping[str, str]:
        grants = self._hosts.world.grants
        code = grants.consent(CLIENT_ID, self.id, SCOPES[0], "joe", REDIRECT, 600)
        return {"code": code, "realmId": self.id}

    def all(self, entity: Entity) -> Iterable[Document]:
        return map(_document, self._books.all(_KINDS[entity]))

    def get(self, entity: Entity, identifier: str) -> Document | None:
        record = self._books.get(_KINDS[entity], identifier)
        return None if record is None else _document(record)

    def _remove(self, one: Document, how: How) -> None:
        record, now = self._record(one), self.scheduler.now
        if how == "void":
            change(self._books, record, Changes(status="void"), now)
        else:
            remove(self._books, record, now)

    def _renumber(self, invoice: Document, number: str) -> None:
        change(self._books, self._record(invoice), Changes(number=number), self.scheduler.now)

    def _inactivate(self, customer: Document) -> None:
        change(self._books, self._record(customer), Changes(active=False), self.scheduler.now)

    def _enter(self, name: str) -> str:
        content: JsonObject = {"DisplayName": name, "Active": True, "Balance": 0}
        return self._books.add("Customer", content, self.scheduler.now).id

    def _key_in(self, number: str, total: int, customer: Document, item: Document) -> str | None:
        content: JsonObject = {
            "DocNumber": number,
            "CustomerRef": {"value": customer.id},
            "TxnDate": "2026-06-15",
            "Line": [
                {
                    "Amount": total,
                    "DetailType": "SalesItemLineDetail",
                    "SalesItemLineDetail": {"ItemRef": {"value": item.id}},
                }
            ],
            "TotalAmt": total,
            "Balance": total,
            "CurrencyRef": {"value": "USD"},
        }
        return self._books.add("Invoice", content, self.scheduler.now).id

    def _record(self, one: Document) -> Record:
        record = self._books.get(_KINDS[one.entity], one.id)
        assert record is not None
        return record


class Qbo(Side):
    schema = PACKAGE
    provider = QBO
    unreadable = Unreadable
    meters = ("single", "batch")
    create_invoice = "POST invoice"
    batch_invoices = "POST batch"

    def hosts(self, scheduler: Scheduler) -> Hosts:
        return QboHosts(scheduler)

    def organisation(self, scheduler: Scheduler, hosts: Hosts, name: str, habits: Habits) -> There:
        assert isinstance(hosts, QboHosts)
        settings = Settings(
            refuse_duplicate_numbers=habits.refuses_numbers,
            requestid_honoured=habits.replays,
            rotate_every_refresh=habits.tokens_end,
            refresh_grace=86_400 if habits.grace else 0,
        )
        return QboBooks(scheduler, hosts, name, settings.changed(dict(habits.drawn)))

    def writes(self, request: Request) -> bool:
        """Queries are posted too."""
        path = urlsplit(request.path).path
        return request.method == "POST" and not path.endswith("/query")

    def mixed(self, response: Response) -> bool:
        """Batches answer for each of their items."""
        answers = json.loads(response.body).get("BatchItemResponse", [])
        refused = sum("Fault" in one for one in answers)
        return 0 < refused < len(answers)


def _document(record: Record) -> Document:
    data, entity = record.data, _ENTITIES[record.kind]
    note = text(data.get("PrivateNote" if entity == "invoice" else "Notes"))
    lines = [x for x in objects(data.get("Line")) if x.get("SalesItemLineDetail")]
    detail = as_object(lines[0].get("SalesItemLineDetail")) if lines else {}
    return Document(
        entity=entity,
        id=RemoteId(record.id),
        state=_state(record),
        ours=frozenset(ours for ours, _ in marks_in(note)),
        note=note,
        name=text(data.get("DisplayName" if entity == "customer" else "Name")),
        number=text(data.get("DocNumber")),
        total=dec(data.get("TotalAmt")),
        customer=ref_value(data.get("CustomerRef")) or None,
        item=ref_value(detail.get("ItemRef")) or None,
        account=ref_value(data.get("IncomeAccountRef")) or None,
    )


def _state(record: Record) -> State:
    if record.state == "live":
        return "live" if record.active else "inactive"
    return "voided" if record.state == "voided" else "deleted"
