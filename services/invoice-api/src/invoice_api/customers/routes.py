"""`/customers`."""

from typing import Annotated
from uuid import UUID

from contracts.ids import CustomerId
from fastapi import APIRouter, Depends, Request, Response
from messaging.database import Tx

from invoice_api.accounts.authentication import Reader, Writer
from invoice_api.customers import service
from invoice_api.customers.schemas import (
    CustomerChanges,
    CustomerShown,
    CustomersShown,
    NewCustomer,
)
from invoice_api.http.answers import Answer, answer
from invoice_api.http.bodies import JsonBody
from invoice_api.http.csv_answers import list_or_all
from invoice_api.http.dependencies import TheClock, TheDatabase, TheIds
from invoice_api.http.etags import etag
from invoice_api.http.idempotency import key_of, once
from invoice_api.http.paging import PageRequest, Paging
from invoice_api.sync_status.filters import Filtering

router = APIRouter(tags=["customers"])


@router.get("/customers", response_model=CustomersShown)
async def list_customers(
    request: Request,
    caller: Reader,
    database: TheDatabase,
    clock: TheClock,
    page: Paging,
    wanted: Filtering,
) -> Response:
    """The company's customers, newest first."""

    async def read(part: PageRequest) -> CustomersShown:
        async with database.transaction() as tx:
            return await service.list_page(tx, caller, clock, part, wanted)

    return await list_or_all(request, page, read)


@router.post("/customers", status_code=201, response_model=CustomerShown)
async def create_customer(
    request: Request,
    caller: Writer,
    body: Annotated[NewCustomer, Depends(JsonBody(NewCustomer))],
    database: TheDatabase,
    clock: TheClock,
    ids: TheIds,
) -> Response:
    """A new customer. With Sync Customers on it goes to the books by itself."""

    async def work(tx: Tx) -> Answer:
        made = await service.create(tx, caller, ids, body)
        shown = await service.shown(tx, caller, clock, made)
        return answer(201, shown, {"ETag": etag(made.version)})

    return (await once(database, caller.company.id, await key_of(request), work)).response()


@router.get("/customers/{customer_id}", response_model=CustomerShown)
async def get_customer(
    caller: Reader, customer_id: UUID, database: TheDatabase, clock: TheClock
) -> Response:
    """One customer with its links and badges."""
    async with database.transaction() as tx:
        found = await service.load(tx, caller, CustomerId(customer_id))
        shown = await service.shown(tx, caller, clock, found)
    return answer(200, shown, {"ETag": etag(found.version)}).response()


@router.patch("/customers/{customer_id}", response_model=CustomerShown)
async def change_customer(
    request: Request,
    caller: Writer,
    customer_id: UUID,
    body: Annotated[CustomerChanges, Depends(JsonBody(CustomerChanges))],
    database: TheDatabase,
    clock: TheClock,
    ids: TheIds,
) -> Response:
    """Change just the fields given; null clears one."""
    async with database.transaction() as tx:
        after = await service.change(
            tx,
            caller,
            ids,
            CustomerId(customer_id),
            body,
            if_match=request.headers.get("if-match"),
        )
        shown = await service.shown(tx, caller, clock, after)
    return answer(200, shown, {"ETag": etag(after.version)}).response()
