"""Income accounts, as they are offered for items: ledger accounts of the type income.

https://www.freshbooks.com/api/chart-of-accounts. Only plans with Advanced Accounting have ones to
choose from; whether a read works on others is unconfirmed, so 403 and 404 mean that there are none.
"""

from connector_kit.exchange import Exchange
from connector_kit.provider import AccountsRead
from contracts.connections import Account

from connector_freshbooks.bodies import NotRead, Unreadable, read_as
from connector_freshbooks.errors import details_of
from connector_freshbooks.operations.organisation import business_of, ledger_path
from connector_freshbooks.operations.reads import get, refusal_of
from connector_freshbooks.wire import LedgerAccount, LedgerAccounts

NOT_OFFERED = AccountsRead((), offered=False)


def income_accounts(account: str, *, wanted: bool) -> Exchange[AccountsRead | NotRead]:
    """All income accounts, inactive ones marked so; `wanted`: whether items are given one."""
    if not wanted:
        return NOT_OFFERED
    business = yield from business_of(account)
    if isinstance(business, NotRead):
        return business
    path = ledger_path(business)
    if path is None or not business.advanced_accounting_enabled:
        return NOT_OFFERED
    response = yield get(path)
    if response.status in (403, 404):
        return NOT_OFFERED
    refused = refusal_of(response)
    if refused is not None:
        return refused
    try:
        rows = read_as(LedgerAccounts, response.body).data
    except Unreadable:
        return NotRead(refused=False, details=details_of(response, None))
    names = {row.uuid: row.name for row in rows}
    return AccountsRead(tuple(_account(row, names) for row in rows if row.type == "income"))


def _account(row: LedgerAccount, names: dict[str, str]) -> Account:
    parent = names.get(row.parent_account or "")
    return Account(
        id=row.uuid,
        code=row.number,
        name=f"{parent}:{row.name}" if parent else row.name,
        active=row.state == "active",
    )
