"""Tax rates that can stand on a sale. Filtered here: the list holds deleted ones too.

https://developer.xero.com/documentation/api/accounting/taxrates
"""

from connector_kit.exchange import Exchange
from contracts.connections import RemoteTaxRate
from contracts.ids import RemoteId

from connector_xero.bodies import NotRead, details_of
from connector_xero.operations.queries import answered, get


def sales_tax_rates(organisation: RemoteId) -> Exchange[list[RemoteTaxRate] | NotRead]:
    """All of them, those no longer in use marked so. A rate's id is its TaxType, not its name."""
    response = yield get(organisation, "TaxRates")
    answer = answered(response)
    if isinstance(answer, NotRead):
        return answer
    if answer.tax_rates is None:
        return NotRead(refused=False, details=details_of(response))
    return [
        RemoteTaxRate(
            id=row.tax_type,
            name=row.name,
            percent=row.effective_rate,
            percents=() if row.effective_rate is None else (row.effective_rate,),
            active=row.status in (None, "ACTIVE"),
        )
        for row in answer.tax_rates
        if row.tax_type and row.can_apply_to_revenue
    ]
