"""One company: its office, the organisations it is or was connected to, and what its people do."""

from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from connector_kit.consent_results import Connected
from contracts.connections import (
    Account,
    AccountsListed,
    ConnectionOpened,
    OrganisationFacts,
    RemoteCustomersListed,
)
from contracts.ids import CompanyId, ConnectionId, ItemId, LoadId, MessageId, RecordId, UserId
from contracts.invoicing import CustomerSnapshot, InvoiceSnapshot, ItemSnapshot
from messaging.tickets import Ticket
from sync_orchestrator.handlers import connections, people
from sync_orchestrator.handlers.actions import act
from sync_orchestrator.handlers.mapping import change_mapping
from sync_orchestrator.handlers.people import Wish
from sync_orchestrator.store.mapping_store import MappingRow

from simulation.office import Office, Snapshot, entity_of
from simulation.there import There

if TYPE_CHECKING:
    from simulation.ring import Ring


@dataclass(eq=False)
class Company:
    """`there` is the organisation that its people connect to next, or are connected to."""

    ring: "Ring"
    id: CompanyId
    user: UserId
    office: Office
    there: There
    connections: dict[str, ConnectionId] = field(default_factory=dict[str, ConnectionId])
    """By the organisation's id there: each it ever was connected to."""
    before: dict[ConnectionId, frozenset[UUID]] = field(
        default_factory=dict[ConnectionId, frozenset[UUID]]
    )
    """What had been saved when each was opened first: it goes there by a click only."""

    @property
    def connection(self) -> ConnectionId | None:
        """Its connection to `there`, open or not."""
        return self.connections.get(self.there.books.realm)

    # --- connecting

    async def connect(self) -> None:
        """A person connects, or connects again, by the provider's consent page."""
        ring, there = self.ring, self.there
        connecting = ring.connecting()
        ticket = Ticket(
            company=self.id,
            user=self.user,
            user_name="Joe",
            provider="qbo",
            nonce=str(ring.ids.new()),
            intent="connect",
            connection_id=None,
        )
        begun = await connecting.begin(ticket)
        assert begun is not None, "a nonce was used twice"
        (state,) = parse_qs(urlsplit(begun.url).query)["state"]
        callback = {"state": state, "code": there.consent(), "realmId": there.books.realm}
        result = await connecting.finish(callback, begun.cookie)
        ring.scheduler.story.append(f"  connected: {result}")
        if isinstance(result, Connected):
            self.connections[there.books.realm] = result.connection_id
            office = self.office
            saved = frozenset((*office.customers, *office.items, *office.invoices))
            self.before.setdefault(result.connection_id, saved)

    async def disconnect(self) -> None:
        assert self.connection is not None
        await self.ring.connecting().disconnect(self.id, self.connection, self.user, "Joe")

    async def status(self) -> str:
        """Of its connection to `there`, as the connector has it."""
        return str(await self.ring.connection_status(self.connection))

    async def open(self) -> None:
        """Connected, accounts known, both switches on."""
        await self.connect()
        await self.switch_on()

    async def switch_on(self) -> None:
        """The orchestrator knows of the connection and the accounts there; both switches go on."""
        ring = self.ring
        assert self.connection is not None
        common: dict[str, object] = {
            "occurred_at": ring.scheduler.now,
            "company_id": self.id,
            "provider": "qbo",
            "connection_id": self.connection,
            "epoch": 1,
        }

        def envelope() -> dict[str, object]:
            ids = {"id": MessageId(ring.ids.new()), "correlation_id": ring.ids.new()}
            return {**common, **ids}

        def listed() -> dict[str, object]:
            load = {"load_id": LoadId(ring.ids.new()), "as_of": ring.scheduler.now}
            return {**envelope(), **load, "page": 0, "pages": 1}

        opened = ConnectionOpened.model_validate(
            {
                **envelope(),
                "organisation": {"id": self.there.books.realm, "name": self.there.books.name},
                "facts": self.facts,
                "opened_by": self.user,
                "opened_at": ring.scheduler.now,
            }
        )
        account = Account(id=self.account, code="4000", name="Services")
        accounts = AccountsListed.model_validate({**listed(), "accounts": (account,)})
        nobody = RemoteCustomersListed.model_validate({**listed(), "customers": ()})
        async with ring.orchestrator.transaction() as tx:
            await connections.on_connection_events(tx, [opened, accounts, nobody], ring.tools)
            await tx.execute(
                "update connection_settings set sync_customers = true, sync_invoices = true,"
                " start_date = $1, customers_since = $2, invoices_since = $2"
                " where connection_id = $3",
                date(2026, 1, 1),
                ring.scheduler.now,
                self.connection,
            )

    @property
    def facts(self) -> OrganisationFacts:
        settings = self.there.books.settings
        return OrganisationFacts(
            home_currency="USD",
            country="US",
            refuses_duplicate_numbers=settings.refuse_duplicate_numbers,
        )

    # --- records

    async def click(self, action: str, wanted: Snapshot, fields: dict[str, object]) -> None:
        """A person presses a button of a record: invoice-api passes it on with what it has."""
        ring = self.ring
        wish = await self.wish(wanted)
        await ring.sights.clicked(wish.record)
        async with ring.orchestrator.transaction() as tx:
            if action == "sync":
                await people.sync(tx, ring.tools, wish)
            else:
                await act(tx, ring.tools, wish, action, fields)

    async def wish(self, wanted: Snapshot) -> Wish:
        """A record as it is saved now, with what it needs."""
        saved = {one.id: one for one in await self.office.snapshots()}
        record = saved[wanted.id]
        needs: tuple[Snapshot, ...] = ()
        if isinstance(record, InvoiceSnapshot):
            needed = {record.customer_id, *(line.item_id for line in record.lines)}
            needs = tuple(
                one
                for one in saved.values()
                if one.id in needed and isinstance(one, CustomerSnapshot | ItemSnapshot)
            )
        return Wish(
            company=self.id,
            provider="qbo",
            entity=entity_of(record),
            record_id=RecordId(record.id),
            record=record,
            needs=needs,
            user=self.user,
            user_name="Joe",
        )

    @property
    def account(self) -> str:
        """The income account that items are booked on."""
        accounts = self.there.books.all("Account")
        return next(a.id for a in accounts if a.data.get("AccountType") == "Income")

    async def map(self, item: ItemId) -> None:
        """A person chooses the account of an item."""
        ring = self.ring
        async with ring.orchestrator.transaction() as tx:
            row = MappingRow(item, "item", self.account)
            await change_mapping(tx, ring.tools, self.id, "qbo", [row], self.user)

    async def map_all(self) -> None:
        """A person chooses the account of each item."""
        for item in self.office.items:
            await self.map(ItemId(item))
