"""Income accounts, as they are offered for items.

https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/account
Only the type Income: "Other Income" isn't meant for what a company sells.
"""

from connector_kit.exchange import Exchange
from contracts.connections import Account

from connector_qbo import wire
from connector_qbo.bodies import NotRead
from connector_qbo.operations.names import without_deleted
from connector_qbo.operations.statements import ANY_ACTIVITY, rows

_INCOME = "AccountType = 'Income'"
_NOT_FOR_SALES = "UnappliedCashPaymentIncome"
"""QuickBooks posts to it by itself; nobody books a sale there."""


def income_accounts(realm: str) -> Exchange[tuple[Account, ...] | NotRead]:
    """All income accounts, inactive ones marked so; or why a page couldn't be read."""
    pages = yield from rows(realm, "Account", _INCOME, ANY_ACTIVITY)
    if isinstance(pages, NotRead):
        return pages
    return tuple(
        _account(row)
        for page in pages
        for row in page.account
        if row.account_sub_type != _NOT_FOR_SALES
    )


def _account(row: wire.Account) -> Account:
    name = row.fully_qualified_name or row.name
    return Account(
        id=row.id,
        code=row.acct_num,
        name=name if row.active else without_deleted(name),
        active=row.active,
    )
