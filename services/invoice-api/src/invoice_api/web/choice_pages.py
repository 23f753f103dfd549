"""Customers and items as a form looks them up while someone types."""

from typing import Annotated, Literal
from uuid import UUID

from contracts.ids import CustomerId, ItemId
from contracts.invoicing import CustomerSnapshot, ItemSnapshot
from fastapi import APIRouter, Query
from pydantic import BaseModel

from invoice_api.customers import store as customers_store
from invoice_api.http.dependencies import TheDatabase
from invoice_api.items import store as items_store
from invoice_api.web import formatters
from invoice_api.web.choosing import SHOWN, offer_customers, offer_items
from invoice_api.web.sessions import AVisit

router = APIRouter(prefix="/invoices/choices", include_in_schema=False)


class Choice(BaseModel):
    """One to choose: `beside` tells it from others, an item brings its price and description."""

    value: str
    label: str
    beside: str = ""
    price: str = ""
    description: str = ""


class Choices(BaseModel):
    """`more`: there are others, too."""

    options: tuple[Choice, ...]
    more: bool


Words = Annotated[str, Query(max_length=200)]


@router.get("/{kind}")
async def choices(
    kind: Literal["customers", "items"],
    one: AVisit,
    database: TheDatabase,
    q: Words = "",
    chosen: Annotated[UUID | None, Query(alias="id")] = None,
) -> Choices:
    """Those with these words in them; without any the newest; or the one with this id."""
    company, words = one.caller.company.id, q.strip()
    async with database.transaction() as tx:
        if kind == "customers":
            if chosen is not None:
                known = await customers_store.load_customers(tx, company, [CustomerId(chosen)])
                return Choices(options=tuple(map(_customer, known.values())), more=False)
            people = await offer_customers(tx, company, [words])
            shown = tuple(map(_customer, people.of(words)))
            found = len(people.found.get(words, ()))
        else:
            if chosen is not None:
                sold = await items_store.load_items(tx, company, [ItemId(chosen)])
                return Choices(options=tuple(map(_item, sold.values())), more=False)
            things = await offer_items(tx, company, [words])
            shown = tuple(map(_item, things.of(words)))
            found = len(things.found.get(words, ()))
    return Choices(options=shown, more=found > SHOWN if words else True)


def _customer(customer: CustomerSnapshot) -> Choice:
    return Choice(value=str(customer.id), label=customer.name, beside=customer.email or "no e-mail")


def _item(item: ItemSnapshot) -> Choice:
    price = formatters.quantity(item.unit_price)
    return Choice(
        value=str(item.id),
        label=item.name,
        beside=" · ".join(filter(None, (item.sku, price))),
        price=price,
        description=item.description or item.name,
    )
