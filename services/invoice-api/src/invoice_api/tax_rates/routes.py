"""`/tax-rates`. A rate never changes, so its ETag doesn't either."""

from typing import Annotated
from uuid import UUID

from contracts.ids import TaxRateId
from fastapi import APIRouter, Depends, Request, Response
from messaging.database import Tx

from invoice_api.accounts.authentication import Reader, Writer
from invoice_api.http.answers import Answer, answer
from invoice_api.http.bodies import JsonBody
from invoice_api.http.csv_answers import list_answer
from invoice_api.http.dependencies import TheDatabase, TheIds
from invoice_api.http.etags import etag
from invoice_api.http.idempotency import key_of, once
from invoice_api.http.paging import Paging
from invoice_api.tax_rates import service
from invoice_api.tax_rates.schemas import NewTaxRate, TaxRateShown, TaxRatesShown

router = APIRouter(tags=["tax rates"])

_VERSION = 1


@router.get("/tax-rates", response_model=TaxRatesShown)
async def list_tax_rates(
    request: Request, caller: Reader, database: TheDatabase, page: Paging
) -> Response:
    """The company's tax rates, newest first."""
    async with database.transaction() as tx:
        found = await service.list_page(tx, caller, page)
    return list_answer(request, found)


@router.post("/tax-rates", status_code=201, response_model=TaxRateShown)
async def create_tax_rate(
    request: Request,
    caller: Writer,
    body: Annotated[NewTaxRate, Depends(JsonBody(NewTaxRate))],
    database: TheDatabase,
    ids: TheIds,
) -> Response:
    """A new tax rate. Another percentage is another rate: what was charged stays as it was."""

    async def work(tx: Tx) -> Answer:
        made = await service.create(tx, caller, ids, body)
        return answer(201, service.show(made), {"ETag": etag(_VERSION)})

    return (await once(database, caller.company.id, await key_of(request), work)).response()


@router.get("/tax-rates/{tax_rate_id}", response_model=TaxRateShown)
async def get_tax_rate(caller: Reader, tax_rate_id: UUID, database: TheDatabase) -> Response:
    """One tax rate."""
    async with database.transaction() as tx:
        found = await service.load(tx, caller, TaxRateId(tax_rate_id))
    return answer(200, service.show(found), {"ETag": etag(_VERSION)}).response()
