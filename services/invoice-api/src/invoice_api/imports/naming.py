"""Customers, items and tax rates that a file names: found, or made as they are needed."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation

from contracts.ids import CompanyId, CustomerId, Ids, ItemId, MessageId, TaxRateId
from contracts.invoicing import (
    CustomerCreated,
    CustomerSnapshot,
    InvoiceSnapshot,
    ItemCreated,
    ItemSnapshot,
)
from contracts.message import Message
from messaging import outbox
from messaging.database import Tx
from pydantic import ValidationError

from invoice_api.customers import store as customers_store
from invoice_api.customers.schemas import NewCustomer
from invoice_api.deeds.store import Deed
from invoice_api.http.framework_problems import problem_of
from invoice_api.imports.assembling import Assembled, WantedCustomer, WantedItem, folded
from invoice_api.items import store as items_store
from invoice_api.items.schemas import NewItem
from invoice_api.tax_rates import store as tax_rates_store
from invoice_api.tax_rates.store import TaxRate


class NamedError(Exception):
    """What a file names can't be found or made; its text says why."""


@dataclass
class Directory:
    """What a batch of invoices names: what is there, and what is made with them."""

    company: CompanyId
    ids: Ids
    now: datetime
    customers: dict[str, list[CustomerSnapshot]]
    by_sku: dict[str, ItemSnapshot]
    by_name: dict[str, ItemSnapshot]
    rates: Sequence[TaxRate]
    new_customers: list[CustomerSnapshot] = field(default_factory=list[CustomerSnapshot])
    new_items: list[ItemSnapshot] = field(default_factory=list[ItemSnapshot])

    def customer(self, wanted: WantedCustomer) -> CustomerId:
        """The customer of this name (and e-mail, where the file says one), made if need be.

        Raises NamedError where several have the name and nothing tells them apart.
        """
        made = self._new_customer(wanted)
        named = self.customers.setdefault(folded(wanted.name), [])
        if wanted.email is None:
            if len(named) > 1:
                raise NamedError(
                    f"{len(named)} customers are called “{wanted.name}”; add a column with their"
                    " e-mail addresses."
                )
            known = named[0] if named else None
        else:
            email = wanted.email.lower()
            same = [one for one in named if (one.email or "").lower() == email]
            without = [one for one in named if not one.email]
            known = same[0] if same else without[0] if len(without) == 1 == len(named) else None
        if known is not None:
            return known.id
        named.append(made)
        self.new_customers.append(made)
        return made.id

    def item(self, wanted: WantedItem, price: Decimal) -> ItemId | None:
        """The item of this SKU, else of this name, made if need be. Raises NamedError."""
        if wanted.sku:
            known = self.by_sku.get(folded(wanted.sku))
        else:
            known = self.by_name.get(folded(wanted.name))
        if known is not None:
            return known.id
        if not wanted.may_be_new:
            return None
        name = wanted.name
        if folded(name) in self.by_name:
            # Another item has this name: a provider takes each only once.
            name = f"{name[:80]} ({wanted.sku})"
        try:
            sent = NewItem(name=name, sku=wanted.sku, unit_price=abs(price))
        except ValidationError as error:
            raise NamedError(f"Its item can't be made: {problem_of(error).detail}.") from None
        made = ItemSnapshot.model_validate(
            {
                **sent.model_dump(exclude={"income_accounts"}),
                "unit_price": sent.unit_price,
                "id": self.ids.new(),
                "version": 1,
                "created_at": self.now,
            }
        )
        self.new_items.append(made)
        self.by_name.setdefault(folded(made.name), made)
        if made.sku:
            self.by_sku[folded(made.sku)] = made
        return made.id

    def tax_rate(self, text: str) -> TaxRateId | None:
        """The rate of this name or percent; None for no tax. Raises NamedError."""
        if not text:
            return None
        for rate in self.rates:
            if folded(rate.name) == folded(text):
                return rate.id
        try:
            percent = Decimal(text.removesuffix("%").strip().replace(",", "."))
        except InvalidOperation:
            percent = None
        if percent == 0:
            return None
        same = [rate for rate in self.rates if rate.percent == percent]
        if len(same) != 1:
            raise NamedError(
                f"{len(same) or 'No'} tax rates of yours are “{text}”; "
                + ("name the one you mean." if same else "add it under tax rates first.")
            )
        return same[0].id

    def forget(self, customers: int, items: int) -> None:
        """Undo what was made since there were so many: its invoice can't be."""
        for one in self.new_customers[customers:]:
            self.customers[folded(one.name)].remove(one)
        del self.new_customers[customers:]
        for item in self.new_items[items:]:
            if item.sku:
                self.by_sku.pop(folded(item.sku), None)
            if self.by_name.get(folded(item.name)) is item:
                del self.by_name[folded(item.name)]
        del self.new_items[items:]

    @property
    def names(self) -> dict[CustomerId, str]:
        """The names of all customers that are or will be there."""
        return {one.id: one.name for named in self.customers.values() for one in named}

    async def save(self, tx: Tx, used_by: Iterable[InvoiceSnapshot], deed: Deed) -> None:
        """Keep what was made and these invoices need, and tell of it; `deed` made them."""
        invoices = list(used_by)
        people = {one.customer_id for one in invoices}
        things = {line.item_id for one in invoices for line in one.lines}
        customers = [one for one in self.new_customers if one.id in people]
        items = [one for one in self.new_items if one.id in things]
        if customers:
            await customers_store.insert_customers(tx, self.company, customers, deed)
        if items:
            await items_store.insert_items(tx, self.company, items, deed)
        told: list[Message] = [self._told_customer(one) for one in customers]
        told.extend(self._told_item(one) for one in items)
        if told:
            await outbox.put(tx, told)

    def _new_customer(self, wanted: WantedCustomer) -> CustomerSnapshot:
        try:
            sent = NewCustomer(name=wanted.name, email=wanted.email)
        except ValidationError as error:
            raise NamedError(f"Its customer can't be taken: {problem_of(error).detail}.") from None
        return CustomerSnapshot.model_validate(
            {**sent.model_dump(), "id": self.ids.new(), "version": 1, "created_at": self.now}
        )

    def _told_customer(self, customer: CustomerSnapshot) -> CustomerCreated:
        told = MessageId(self.ids.new())
        return CustomerCreated(
            id=told,
            occurred_at=self.now,
            company_id=self.company,
            correlation_id=told,
            customer=customer,
        )

    def _told_item(self, item: ItemSnapshot) -> ItemCreated:
        told = MessageId(self.ids.new())
        return ItemCreated(
            id=told, occurred_at=self.now, company_id=self.company, correlation_id=told, item=item
        )


async def look_up(
    tx: Tx, company: CompanyId, ids: Ids, now: datetime, batch: Iterable[Assembled]
) -> Directory:
    """What is there of what these invoices name."""
    invoices = list(batch)
    people = {folded(one.customer.name) for one in invoices if one.customer is not None}
    things = [line.item for one in invoices for line in one.lines if line.item is not None]
    names = {folded(item.name) for item in things}
    skus = {folded(item.sku) for item in things if item.sku}
    found = await items_store.find_by_words(tx, company, sorted(names), sorted(skus))
    taxed = any(line.tax for one in invoices for line in one.lines)
    by_sku: dict[str, ItemSnapshot] = {}
    by_name: dict[str, ItemSnapshot] = {}
    for item in found:
        by_name.setdefault(folded(item.name), item)
        if item.sku:
            by_sku.setdefault(folded(item.sku), item)
    return Directory(
        company,
        ids,
        now,
        await customers_store.find_by_names(tx, company, sorted(people)),
        by_sku,
        by_name,
        await tax_rates_store.all_tax_rates(tx, company) if taxed else (),
    )
