"""One company: its office, the organisations it is or was connected to, and what its people do."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

from connector_kit.consent_results import Connected, ToChoose
from contracts.commands import Origin
from contracts.connections import (
    AccountsListed,
    ConnectionOpened,
    RemoteCustomersListed,
)
from contracts.ids import (
    CompanyId,
    ConnectionId,
    ItemId,
    LoadId,
    MessageId,
    RecordId,
    RemoteId,
    UserId,
)
from contracts.ids import Provider as ProviderName
from contracts.invoicing import CustomerSnapshot, InvoiceSnapshot, ItemSnapshot
from messaging.tickets import Ticket
from sync_orchestrator.handlers import connections, linking, people, remote_customers, running
from sync_orchestrator.handlers.actions import act
from sync_orchestrator.handlers.mapping import change_mapping
from sync_orchestrator.handlers.people import Wish
from sync_orchestrator.handlers.places import read_current
from sync_orchestrator.handlers.refusals import Refusal
from sync_orchestrator.handlers.settings import Changes, change_settings
from sync_orchestrator.store.mapping_store import MappingRow

from simulation.office import Office, Snapshot, entity_of
from simulation.there import There

if TYPE_CHECKING:
    from simulation.connectors import ConnectorSide
    from simulation.ring import Ring

_KINDS = (("invoices",), ("customers", "invoices"), ("customers", "items", "invoices"))


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
    switched: set[ConnectionId] = field(default_factory=set[ConnectionId])
    """Connections whose switches were put on once."""
    off: bool = False
    """A switch was put off last."""
    unattended: bool = False
    """Something was left to a person: at last they switch all on, undo, and press Sync Now."""
    unlinked: list[tuple[UUID, ConnectionId, RemoteId]] = field(
        default_factory=list[tuple[UUID, ConnectionId, RemoteId]]
    )
    """Customers that a person unlinked, and from what."""
    told_apart: dict[UUID, int] = field(default_factory=dict[UUID, int])
    """How often a person unlinked each customer."""
    accounts_chosen: dict[tuple[str, UUID], str] = field(
        default_factory=dict[tuple[str, UUID], str]
    )
    """The account of an item in an organisation, where it isn't the first."""
    imported: set[tuple[ConnectionId, str]] = field(default_factory=set[tuple[ConnectionId, str]])
    """Customers of a connection that were taken over."""
    runs: list[UUID] = field(default_factory=list[UUID])

    @property
    def connection(self) -> ConnectionId | None:
        """Its connection to `there`, open or not."""
        return self.connections.get(self.there.id)

    @property
    def provider(self) -> ProviderName:
        """Where `there` is."""
        return self.there.provider

    @property
    def connector(self) -> "ConnectorSide":
        """That provider's."""
        return self.ring.connectors[self.provider]

    # --- connecting

    async def connect(self) -> None:
        """A person connects, or connects again, by the provider's consent page."""
        ring, there = self.ring, self.there
        connecting = self.connector.connecting()
        ticket = Ticket(
            company=self.id,
            user=self.user,
            user_name="Joe",
            provider=self.provider,
            nonce=str(ring.ids.new()),
            intent="connect",
            connection_id=None,
        )
        begun = await connecting.begin(ticket)
        assert begun is not None, "a nonce was used twice"
        (state,) = parse_qs(urlsplit(begun.url).query)["state"]
        callback = {"state": state, **there.consent()}
        result = await connecting.finish(callback, begun.cookie)
        if isinstance(result, ToChoose):
            result = await connecting.choose(result.secret, there.id)
        ring.scheduler.story.append(f"  connected: {result}")
        if isinstance(result, Connected):
            self.connections[there.id] = result.connection_id
            office = self.office
            saved = frozenset((*office.customers, *office.items, *office.invoices))
            self.before.setdefault(result.connection_id, saved)

    async def disconnect(self) -> None:
        assert self.connection is not None
        await self.connector.connecting().disconnect(self.id, self.connection, self.user, "Joe")

    async def status(self) -> str:
        """Of its connection to `there`, as the connector has it."""
        return str(await self.connector.status(self.connection))

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
            "provider": self.provider,
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
                "organisation": {"id": self.there.id, "name": self.there.name},
                "facts": self.there.facts,
                "opened_by": self.user,
                "opened_at": ring.scheduler.now,
            }
        )
        offered = {"accounts": tuple(self.there.accounts)}
        accounts = AccountsListed.model_validate({**listed(), **offered})
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
        self.switched.add(self.connection)

    async def switch(self, switches: Mapping[str, bool]) -> None:
        """Put switches on or off."""
        ring = self.ring
        ring.scheduler.story.append(f"  switches: {dict(switches)}")
        async with ring.orchestrator.transaction() as tx:
            changes = cast(Changes, dict(switches))
            await change_settings(tx, ring.tools, self.id, self.provider, changes, self.user)
            self.unattended = True
        self.off = not all(switches.values())

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
            provider=self.provider,
            entity=entity_of(record),
            record_id=RecordId(record.id),
            record=record,
            needs=needs,
            user=self.user,
            user_name="Joe",
        )

    # --- links

    async def unlink(self, wanted: Snapshot) -> None:
        """A person takes the link of a record away."""
        ring = self.ring
        wish = await self.wish(wanted)
        async with ring.orchestrator.transaction() as tx:
            _, before = await linking.unlink(tx, ring.tools, wish)
            connection = (await read_current(tx, self.id, self.provider)).id
            self.unattended = True
        if before is not None:
            ring.scheduler.story.append(f"  unlinked: {str(wanted.id)[-4:]} from {before}")
            self.unlinked.append((wanted.id, connection, before))
            self.told_apart[wanted.id] = self.told_apart.get(wanted.id, 0) + 1

    async def undo(self) -> None:
        """They press Undo of an unlink: linked to what it was linked to before."""
        ring = self.ring
        mine = [one for one in self.unlinked if one[1] == self.connection]
        if not mine:
            return
        record, _, before = mine[0]
        saved = next(one for one in await self.office.snapshots() if one.id == record)
        wish = await self.wish(saved)
        try:
            async with ring.orchestrator.transaction() as tx:
                await linking.link(tx, ring.tools, wish, before)
        except Refusal as refusal:
            if refusal.status != 409:
                ring.sights.wrong.append(f"undo is refused: {refusal}")
            raise
        ring.scheduler.story.append(f"  linked again: {str(record)[-4:]} to {before}")
        self.unlinked.remove(mine[0])

    # --- Sync Now, lists

    async def sync_now(self, *kinds: str) -> None:
        """They press Sync Now; for some kinds by lot if none is named."""
        ring = self.ring
        chosen = kinds or ring.scheduler.rng.choice(_KINDS)
        origin = Origin(by="person", name="Joe", user_id=self.user)
        async with ring.orchestrator.transaction() as tx:
            run, _ = await running.start_sync_now(
                tx, ring.tools, self.id, self.provider, chosen, origin
            )
        self.runs.append(run.id)
        ring.scheduler.story.append(f"  Sync Now of {', '.join(chosen)}: {run.total} records")

    async def cancel(self) -> None:
        """They stop the Sync Now that they started last."""
        ring = self.ring
        if self.runs:
            async with ring.orchestrator.transaction() as tx:
                await running.cancel(tx, self.id, self.runs[-1])

    async def list_customers(self) -> None:
        """They have the customers there listed."""
        ring = self.ring
        origin = Origin(by="person", name="Joe", user_id=self.user)
        async with ring.orchestrator.transaction() as tx:
            await remote_customers.load(tx, ring.tools, self.id, self.provider, origin)

    async def put_right(self) -> None:
        """What was left to a person is done: switches on, links as they were, all synced."""
        if self.off:
            await self.switch({"sync_invoices": True, "sync_customers": True})
        while any(one[1] == self.connection for one in self.unlinked):
            await self.undo()
        await self.sync_now("customers", "items", "invoices")
        self.unattended = False
        if self.ring.lost is not None:
            await self.ring.lost.look_after(self)

    # --- accounts

    def account_of(self, item: UUID) -> str | None:
        """The one that an item is booked on; None where the provider has none to choose from."""
        accounts = self.there.accounts
        first = accounts[0].id if accounts else None
        return self.accounts_chosen.get((self.there.id, item), first)

    async def map(self, item: ItemId) -> None:
        """A person chooses the account of an item."""
        ring, account = self.ring, self.account_of(item)
        if account is None:
            return
        async with ring.orchestrator.transaction() as tx:
            row = MappingRow(item, "item", account)
            await change_mapping(tx, ring.tools, self.id, self.provider, [row], self.user)

    async def remap(self) -> None:
        """They choose another."""
        rng = self.ring.scheduler.rng
        item = rng.choice(self.office.items)
        if not self.there.accounts:
            return
        self.accounts_chosen[self.there.id, item] = rng.choice(self.there.accounts).id
        self.unattended = True
        await self.map(ItemId(item))

    async def map_all(self) -> None:
        """A person chooses the account of each item."""
        for item in self.office.items:
            await self.map(ItemId(item))
