"""Income accounts, as they are offered for items. Filtered here: one call returns them all.

https://developer.xero.com/documentation/api/accounting/accounts
An item names its account by the code, which people may change, so a command carries both. An
account without a code can't be offered.
"""

from connector_kit.exchange import Exchange
from contracts.connections import Account
from contracts.ids import RemoteId

from connector_xero import wire
from connector_xero.bodies import NotRead, details_of
from connector_xero.operations.queries import answered, get

_INCOME = ("REVENUE", "SALES", "OTHERINCOME")


def income_accounts(organisation: RemoteId) -> Exchange[tuple[Account, ...] | NotRead]:
    """All income accounts, archived ones marked so; or why they couldn't be read."""
    response = yield get(organisation, "Accounts")
    answer = answered(response)
    if isinstance(answer, NotRead):
        return answer
    if answer.accounts is None:
        return NotRead(refused=False, details=details_of(response))
    return tuple(
        Account(id=row.account_id, code=row.code, name=row.name, active=row.status == "ACTIVE")
        for row in answer.accounts
        if row.code and _income(row) and row.status != "DELETED" and not row.system_account
    )


def _income(row: wire.Account) -> bool:
    return row.type in _INCOME or row.class_ == "REVENUE"
