"""What can be done with tax rates."""

from contracts.ids import Ids, TaxRateId
from messaging.database import Tx

from invoice_api.accounts.caller import Caller
from invoice_api.http.paging import PageRequest, page_of
from invoice_api.http.problems import FieldError, Problem, not_found
from invoice_api.tax_rates import store
from invoice_api.tax_rates.schemas import NewTaxRate, TaxRateShown, TaxRatesShown
from invoice_api.tax_rates.store import TaxRate


async def create(tx: Tx, caller: Caller, ids: Ids, wanted: NewTaxRate) -> TaxRate:
    """A new rate of the caller's company. 409 `name_taken`."""
    made = await store.insert_tax_rate(
        tx, caller.company.id, TaxRateId(ids.new()), wanted.name, wanted.percent
    )
    if made is None:
        raise Problem(
            409,
            "name_taken",
            "Name already used",
            f'You already have a tax rate "{wanted.name}". Choose another name.',
            errors=[FieldError("name", "is the name of another tax rate of yours")],
        )
    return made


async def load(tx: Tx, caller: Caller, rate: TaxRateId) -> TaxRate:
    """The rate; 404 when it isn't the company's."""
    found = (await store.load_tax_rates(tx, caller.company.id, [rate])).get(rate)
    if found is None:
        raise not_found("tax rate")
    return found


async def choices(tx: Tx, caller: Caller) -> list[TaxRate]:
    """Every rate of the company by name, for a drop-down."""
    return await store.all_tax_rates(tx, caller.company.id)


async def list_page(tx: Tx, caller: Caller, page: PageRequest) -> TaxRatesShown:
    """A page of rates, newest first."""
    found = await store.list_tax_rates(tx, caller.company.id, page)
    cut = page_of(found, page, [rate.id for rate in found])
    return TaxRatesShown(data=tuple(map(show, cut.data)), next_cursor=cut.next_cursor)


def show(rate: TaxRate) -> TaxRateShown:
    return TaxRateShown(
        id=rate.id, name=rate.name, percent=rate.percent, created_at=rate.created_at
    )
