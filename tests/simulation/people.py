"""What persons do, by lot: in the office, in the books at the provider, and with the connection."""

from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from contracts.ids import RecordId, RemoteId
from contracts.invoicing import CameFrom, CustomerSnapshot, InvoiceSnapshot
from sync_orchestrator.handlers.refusals import Refusal

from simulation.company import Company
from simulation.kernel import Scheduler
from simulation.ring import Ring

Deed = Callable[[], Coroutine[Any, Any, object]]


@dataclass
class People:
    """`sends` counts the invoices that were sent by lot."""

    ring: Ring
    sends: int = 0
    entered: int = 0

    @property
    def scheduler(self) -> Scheduler:
        return self.ring.scheduler

    def _any_company(self) -> Company:
        companies = self.ring.companies
        return companies[0] if len(companies) == 1 else self.scheduler.rng.choice(companies)

    async def here(self) -> None:
        """Something in an office."""
        ring, rng = self.ring, self.scheduler.rng
        company, people = self._any_company(), ring.mix.people
        office = company.office
        (done,) = rng.choices(list(people), list(people.values()))
        work: dict[str, Deed] = {
            "edit": office.edit,
            "renumber": lambda: self._renumber(company),
            "swap": lambda: self._swap(company),
            "void": office.void,
            "rename": office.rename,
            "click": lambda: self._click(company),
            "link": lambda: self._link(company),
            "map": company.map_all,
            "send": office.send,
            "sync_now": company.sync_now,
            "cancel": company.cancel,
            "switch": lambda: self._switch(company),
            "remap": company.remap,
            "unlink": lambda: self._unlink(company),
            "undo": company.undo,
            "list": company.list_customers,
            "take_over": lambda: self._take_over(company),
        }
        if done == "send":
            if self.sends >= (6 if people["send"] > 3 else 3):
                return
            self.sends += 1
        ring.start(f"office/{done}", work[done])

    async def _renumber(self, company: Company) -> None:
        """A new number for an invoice, and perhaps its old one for another."""
        ring = self.ring
        in_flight = await ring.sights.open_numbers()
        given = await company.office.renumber()
        if given is not None and given in in_flight:
            ring.sights.saw("92")

    async def _swap(self, company: Company) -> None:
        ring = self.ring
        states = await ring.sights.states("invoice", company.connection)
        swapped = await company.office.swap()
        if swapped and all(states.get(RecordId(one)) == "synced" for one in swapped):
            ring.sights.saw("96")

    async def _link(self, company: Company) -> None:
        """A person links an invoice by hand, whatever its state is."""
        ring, rng = self.ring, self.scheduler.rng
        foreign = [r for r in company.there.foreign() if r.id not in company.there.linked_by_person]
        invoices = [
            one for one in await company.office.snapshots() if isinstance(one, InvoiceSnapshot)
        ]
        if not invoices:
            return
        wanted = rng.choice(invoices)
        badge = company.office.badge(company.connection, "invoice", wanted.id)
        state = "" if badge is None else badge.state.value
        if state not in ("queued", "checking") or not foreign:
            return
        holder = rng.choice(foreign).id
        try:
            await company.click("link", wanted, {"remote_id": holder})
        except Refusal as refusal:
            ring.sights.refused(refusal.code)
            return
        company.there.linked_by_person.add(holder)

    async def _switch(self, company: Company) -> None:
        """Off, or on again."""
        both = ("sync_invoices", "sync_customers")
        if not company.off:
            both = self.scheduler.rng.choice((both, both[:1], both[1:]))
        await company.switch(dict.fromkeys(both, company.off))

    async def _take_over(self, company: Company) -> None:
        """Import a customer that somebody entered there."""
        connection, known = company.connection, company.imported
        new = [r for r in company.there.foreign("customer") if (connection, r.id) not in known]
        if connection is None or not new:
            return
        one = self.scheduler.rng.choice(new)
        known.add((connection, one.id))
        came_from = CameFrom(connection_id=connection, remote_id=RemoteId(one.id))
        await company.office.take_over(came_from, one.name)

    async def _unlink(self, company: Company) -> None:
        """Take a customer's link away, whatever its state is."""
        customers = [
            one for one in await company.office.snapshots() if isinstance(one, CustomerSnapshot)
        ]
        await company.unlink(self.scheduler.rng.choice(customers))

    async def _click(self, company: Company) -> None:
        ring, rng = self.ring, self.scheduler.rng
        invoices = [
            one for one in await company.office.snapshots() if isinstance(one, InvoiceSnapshot)
        ]
        if not invoices:
            return
        wanted = rng.choice(invoices)
        badge = company.office.badge(company.connection, "invoice", wanted.id)
        state = "" if badge is None else badge.state.value
        action = {"removed_there": "create_again", "blocked": "retry"}.get(state, "sync")
        fields: dict[str, object] = {}
        cause = None if badge is None else badge.cause
        if cause is not None and cause.code == "invoice_number_taken" and rng.random() < 0.6:
            holder = cause.params.get("holder_remote_id") or cause.params.get("remote_id")
            if holder is not None and rng.random() < 0.5:
                action, fields["remote_id"] = "link", holder
                company.there.linked_by_person.add(holder)
            else:
                office = company.office
                office.numbers += 1
                action, fields["number"] = "use_number", str(office.numbers)
        if action == "retry" and cause is not None and cause.code == "invoice_number_taken":
            holder = cause.params.get("holder_remote_id") or cause.params.get("remote_id")
            if holder in company.there.removed:
                ring.sights.saw("78")
        self.scheduler.story.append(f"click {action} on {str(wanted.id)[-4:]}")
        await company.click(action, wanted, fields)

    async def there(self) -> None:
        """Something in the books."""
        ring, rng = self.ring, self.scheduler.rng
        company, weights = self._any_company(), ring.mix.there
        there = company.there
        (done,) = rng.choices(list(weights), list(weights.values()))
        if done == "type_in":
            await self._type_in(company)
        elif done == "enter":
            self.entered += 1
            there.type_in_customer(f"Eve {self.entered}")
        elif done == "tidy" and there.foreign():
            there.remove(rng.choice(there.foreign()), rng.choice(there.ways))
        elif done == "inactivate" and there.live("customer"):
            states = await ring.sights.states("invoice", company.connection)
            unsent = sum(state in ("waiting", "queued", "checking") for state in states.values())
            there.inactivate(rng.choice(there.live("customer")))
            if unsent > 1:
                ring.sights.saw("80")
        elif done == "remove" and there.live("invoice"):
            one, how = rng.choice(there.live("invoice")), rng.choice(there.ways)
            if how == "void" and one.ours and not await ring.sights.is_known(one.id):
                ring.sights.saw("91")
            there.remove(one, how)

    async def _type_in(self, company: Company) -> None:
        """Somebody keys in an invoice; perhaps with a number that is just under way."""
        ring, rng = self.ring, self.scheduler.rng
        in_flight = await ring.sights.open_numbers()
        number = str(rng.randint(1, company.office.numbers + 1))
        if in_flight and rng.random() < 0.5:
            number = rng.choice(in_flight)
        if company.there.type_in(number) and number in in_flight:
            ring.sights.saw("93")

    async def connection(self) -> None:
        """A company disconnects, or connects again; or two exchange their books."""
        company = self._any_company()
        status = await company.status()
        if self.scheduler.alive("office/connection"):
            return
        work: Deed = company.disconnect if status == "open" else company.connect
        if len(self.ring.companies) > 1 and self.scheduler.rng.random() < self.ring.mix.exchanges:
            work = self._exchange_books
        self.ring.start("office/connection", work)

    async def _exchange_books(self) -> None:
        """Two companies leave their books, and each connects to the other's."""
        one, two = self.ring.companies[:2]
        for company in (one, two):
            company.unattended = True
            if await company.status() == "open":
                await company.disconnect()
        one.there, two.there = two.there, one.there
        self.ring.sights.saw("books exchanged")
        for company in (one, two):
            await company.connect()
            if company.connection is not None and company.connection not in company.switched:
                await company.switch_on()
