"""`/invoices`."""

from collections.abc import Awaitable, Callable
from datetime import date
from typing import Annotated
from uuid import UUID

from contracts.ids import CustomerId, Ids, InvoiceId
from contracts.invoicing import InvoiceStatus
from fastapi import APIRouter, Depends, Query, Request, Response
from messaging.database import Tx

from invoice_api.accounts.authentication import Reader, Writer
from invoice_api.accounts.caller import Caller
from invoice_api.http.answers import Answer, answer
from invoice_api.http.bodies import JsonBody
from invoice_api.http.csv_answers import list_or_all
from invoice_api.http.dependencies import TheClock, TheDatabase, TheIds
from invoice_api.http.etags import etag
from invoice_api.http.fields import Sent
from invoice_api.http.idempotency import key_of, once
from invoice_api.http.paging import PageRequest, Paging
from invoice_api.invoices import service
from invoice_api.invoices.schemas import (
    BulkShown,
    InvoiceChanges,
    InvoiceShown,
    InvoicesShown,
    NewInvoice,
    NewInvoices,
)
from invoice_api.invoices.store import InvoiceFilter, StoredInvoice
from invoice_api.sync_status.filters import Filtering

router = APIRouter(tags=["invoices"])


class Nothing(Sent):
    """No body, or `{}`."""


async def invoice_filter(
    status: Annotated[list[InvoiceStatus] | None, Query()] = None,
    customer_id: UUID | None = None,
    month: Annotated[str | None, Query(pattern=r"^\d{4}-(0[1-9]|1[0-2])$")] = None,
) -> InvoiceFilter:
    """Only invoices of these statuses, of this customer, dated in this month (`2026-06`)."""
    return InvoiceFilter(
        tuple(status or ()),
        None if customer_id is None else CustomerId(customer_id),
        None if month is None else date.fromisoformat(f"{month}-01"),
    )


@router.get("/invoices", response_model=InvoicesShown)
async def list_invoices(
    request: Request,
    caller: Reader,
    database: TheDatabase,
    clock: TheClock,
    page: Paging,
    wanted: Filtering,
    of: Annotated[InvoiceFilter, Depends(invoice_filter)],
) -> Response:
    """The company's invoices, newest first."""

    async def read(part: PageRequest) -> InvoicesShown:
        async with database.transaction() as tx:
            return await service.list_page(tx, caller, clock, part, wanted, of)

    return await list_or_all(request, page, read)


@router.post("/invoices", status_code=201, response_model=InvoiceShown)
async def create_invoice(
    request: Request,
    caller: Writer,
    body: Annotated[NewInvoice, Depends(JsonBody(NewInvoice))],
    database: TheDatabase,
    clock: TheClock,
    ids: TheIds,
) -> Response:
    """A draft, with the next number unless one is given."""

    async def work(tx: Tx) -> Answer:
        made = await service.create(tx, caller, clock, ids, body)
        [shown] = await service.shown(tx, caller, clock, [made])
        return answer(201, shown, {"ETag": etag(shown.version)})

    return (await once(database, caller.company.id, await key_of(request), work)).response()


@router.post("/invoices/bulk", status_code=201, response_model=BulkShown)
async def create_invoices(
    request: Request,
    caller: Writer,
    body: Annotated[NewInvoices, Depends(JsonBody(NewInvoices))],
    database: TheDatabase,
    clock: TheClock,
    ids: TheIds,
) -> Response:
    """Up to 1,000 invoices, all or none; with `send` they are sent at once."""

    async def work(tx: Tx) -> Answer:
        made = await service.create_many(tx, caller, clock, ids, body.invoices, send=body.send)
        shown = await service.shown(tx, caller, clock, made)
        return answer(201, BulkShown(data=tuple(shown)))

    return (await once(database, caller.company.id, await key_of(request), work)).response()


@router.get("/invoices/{invoice_id}", response_model=InvoiceShown)
async def get_invoice(
    caller: Reader, invoice_id: UUID, database: TheDatabase, clock: TheClock
) -> Response:
    """One invoice with its lines, links and badges."""
    async with database.transaction() as tx:
        found = await service.load(tx, caller, InvoiceId(invoice_id))
        [shown] = await service.shown(tx, caller, clock, [found])
    return answer(200, shown, {"ETag": etag(shown.version)}).response()


@router.patch("/invoices/{invoice_id}", response_model=InvoiceShown)
async def change_invoice(
    request: Request,
    caller: Writer,
    invoice_id: UUID,
    body: Annotated[InvoiceChanges, Depends(JsonBody(InvoiceChanges))],
    database: TheDatabase,
    clock: TheClock,
    ids: TheIds,
) -> Response:
    """Change just the fields given; lines are replaced whole."""
    async with database.transaction() as tx:
        after = await service.change(
            tx,
            caller,
            clock,
            ids,
            InvoiceId(invoice_id),
            body,
            if_match=request.headers.get("if-match"),
        )
        [shown] = await service.shown(tx, caller, clock, [after])
    return answer(200, shown, {"ETag": etag(shown.version)}).response()


Move = Callable[[Tx, Caller, Ids, InvoiceId], Awaitable[StoredInvoice]]


def _add_move(path: str, move: Move, summary: str) -> None:
    @router.post(
        f"/invoices/{{invoice_id}}/{path}",
        summary=summary,
        name=path,
        response_model=InvoiceShown,
    )
    async def endpoint(
        request: Request,
        caller: Writer,
        invoice_id: UUID,
        _body: Annotated[Nothing, Depends(JsonBody(Nothing, or_nothing=True))],
        database: TheDatabase,
        clock: TheClock,
        ids: TheIds,
    ) -> Response:
        async def work(tx: Tx) -> Answer:
            after = await move(tx, caller, ids, InvoiceId(invoice_id))
            [shown] = await service.shown(tx, caller, clock, [after])
            return answer(200, shown, {"ETag": etag(shown.version)})

        return (await once(database, caller.company.id, await key_of(request), work)).response()


_add_move("finalize", service.finalize, "Draft to pending: it can go to the books now")
_add_move("send", service.send, "Send it; a draft is finalized first")
_add_move("void", service.void, "Void it here, and at the provider if it is there")
_add_move("mark-paid", service.mark_paid, "Paid, here only: payments aren't synced")
