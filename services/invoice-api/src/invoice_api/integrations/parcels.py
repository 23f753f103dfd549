"""A record with all it needs, as a person's command carries it to the orchestrator."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from contracts.ids import CustomerId, Entity, InvoiceId, ItemId
from contracts.invoicing import CustomerSnapshot, InvoiceSnapshot, ItemSnapshot
from messaging.database import Tx
from pydantic import JsonValue

from invoice_api.accounts.caller import Caller
from invoice_api.customers import store as customers_store
from invoice_api.http.problems import not_found
from invoice_api.invoices import store as invoices_store
from invoice_api.items import store as items_store
from invoice_api.sync_status.facts import RecordFacts, facts_of


@dataclass(frozen=True)
class Parcel:
    """The saved record and what goes to the books before it."""

    record: CustomerSnapshot | ItemSnapshot | InvoiceSnapshot
    customer: CustomerSnapshot | None = None
    items: tuple[ItemSnapshot, ...] = ()

    @property
    def facts(self) -> RecordFacts:
        return facts_of(self.record)

    def body(self, **fields: JsonValue) -> dict[str, Any]:
        return {
            **fields,
            "record": self.record.model_dump(mode="json"),
            "needs": {
                "customer": None
                if self.customer is None
                else self.customer.model_dump(mode="json"),
                "items": [item.model_dump(mode="json") for item in self.items],
            },
        }

    def with_fields(
        self, caller: Caller, provider: str, fields: Mapping[str, JsonValue]
    ) -> dict[str, Any]:
        """The body of a command; a fix's fields can't pass for the record or the person."""
        return {**fields, **self.body(provider=provider, user_name=caller.user_name)}


async def load_parcel(tx: Tx, caller: Caller, entity: Entity, record_id: UUID) -> Parcel:
    """The company's record. Raises 404."""
    company = caller.company.id
    match entity:
        case "customer":
            customer = await customers_store.find_customer(tx, company, CustomerId(record_id))
            if customer is not None:
                return Parcel(customer)
        case "item":
            item = await items_store.find_item(tx, company, ItemId(record_id))
            if item is not None:
                return Parcel(item)
        case "invoice":
            invoice = await invoices_store.find_invoice(tx, company, InvoiceId(record_id))
            if invoice is not None:
                return await invoice_parcel(tx, caller, invoice.snapshot)
    raise not_found(entity)


async def invoice_parcel(tx: Tx, caller: Caller, invoice: InvoiceSnapshot) -> Parcel:
    """An invoice with its customer and its lines' items."""
    company = caller.company.id
    sold = list({line.item_id for line in invoice.lines if line.item_id is not None})
    items = await items_store.load_items(tx, company, sold) if sold else {}
    return Parcel(
        invoice,
        await customers_store.find_customer(tx, company, invoice.customer_id),
        tuple(items[item] for item in sorted(items)),
    )
