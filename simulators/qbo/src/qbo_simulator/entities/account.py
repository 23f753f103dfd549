"""Accounts. Rules:
https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/account
"""

from __future__ import annotations

from qbo_simulator.books import Organisation, Record
from qbo_simulator.entities.checks import (
    free_deleted_name,
    given,
    lengths,
    merged,
    name_taken,
    without_deleted,
)
from qbo_simulator.provider_faults import (
    ProviderFault,
    business,
    enumeration,
    not_found,
    required,
    unknown_account,
)
from qbo_simulator.settings import CURRENCY_NAMES
from qbo_simulator.wire import JsonObject, ref_value, text, words

WRITABLE = words(
    "Name SubAccount ParentRef Description Active AccountType AccountSubType AcctNum "
    "TaxCodeRef CurrencyRef CustomField"
)
# AccountType: (Classification, the subtype it gets unless one is said)
TYPES: dict[str, tuple[str, str]] = {
    "Bank": ("Asset", "CashOnHand"),
    "Accounts Receivable": ("Asset", "AccountsReceivable"),
    "Other Current Asset": ("Asset", "EmployeeCashAdvances"),
    "Fixed Asset": ("Asset", "FurnitureAndFixtures"),
    "Other Asset": ("Asset", "Licenses"),
    "Accounts Payable": ("Liability", "AccountsPayable"),
    "Credit Card": ("Liability", "CreditCard"),
    "Other Current Liability": ("Liability", "OtherCurrentLiabilities"),
    "Long Term Liability": ("Liability", "NotesPayable"),
    "Equity": ("Equity", "OpeningBalanceEquity"),
    "Income": ("Revenue", "OtherPrimaryIncome"),
    "Cost of Goods Sold": ("Expense", "SuppliesMaterialsCogs"),
    "Expense": ("Expense", "OtherMiscellaneousServiceCost"),
    "Other Income": ("Revenue", "OtherMiscellaneousIncome"),
    "Other Expense": ("Expense", "OtherMiscellaneousExpense"),
}
_INCOME_SUBTYPES = (
    "NonProfitIncome OtherPrimaryIncome SalesOfProductIncome ServiceFeeIncome "
    "DiscountsRefundsGiven UnappliedCashPaymentIncome SalesRetail SalesWholesale RevenueGeneral"
)
_SUBTYPES: dict[str, str] = {
    **{subtype: kind for kind, (_, subtype) in TYPES.items()},
    **dict.fromkeys(_INCOME_SUBTYPES.split(), "Income"),
    **dict.fromkeys(("InterestEarned", "OtherInvestmentIncome", "DividendIncome"), "Other Income"),
    **dict.fromkeys(("RentOrLeaseOfBuildings", "Insurance", "Auto", "Travel"), "Expense"),
    **dict.fromkeys(("Checking", "Savings", "MoneyMarket"), "Bank"),
    "Inventory": "Other Current Asset",
    "UndepositedFunds": "Other Current Asset",
}


def created(organisation: Organisation, body: JsonObject) -> JsonObject:
    """The content of a new account. Raises ProviderFault."""
    content = given(body, WRITABLE)
    content["Active"] = True
    return _completed(organisation, content, None)


def updated(
    organisation: Organisation, record: Record, body: JsonObject, *, sparse: bool
) -> JsonObject:
    """The content of the account's next version. Raises ProviderFault."""
    content = merged(record.data, body, WRITABLE) if sparse else given(body, WRITABLE)
    content.setdefault("Active", record.data.get("Active", True))
    for name in ("AccountType", "AccountSubType"):
        content.setdefault(name, record.data.get(name))
    if not record.active and content["Active"] is False:
        if organisation.settings.edit_inactive == "refuse":
            raise not_found()
    elif content["Active"] is False:
        content["Name"] = free_deleted_name(organisation, "Account", text(content.get("Name")))
    elif not record.active and organisation.settings.reactivate_strips_suffix:
        content["Name"] = without_deleted(text(content.get("Name")))
    return _completed(organisation, content, record)


def is_income(record: Record) -> bool:
    """Whether an item's sales may be booked to it."""
    return record.data.get("AccountType") == "Income"


def _completed(
    organisation: Organisation, content: JsonObject, record: Record | None
) -> JsonObject:
    name = text(content.get("Name")).strip()
    if not name:
        raise required("Name", "Name")
    number_limit = 7 if organisation.settings.country == "US" else 20
    if errors := lengths(content, {"AcctNum": number_limit} | ({} if record else {"Name": 100})):
        raise ProviderFault(*errors)
    if '"' in name or ":" in name:
        raise business("Account names cannot include double quotes or colons.")
    kind, subtype = _type(content)
    parent = organisation.get("Account", ref_value(content.get("ParentRef")))
    if parent is None and content.get("ParentRef") is not None:
        raise unknown_account(ref_value(content.get("ParentRef")))
    full = f"{text(parent.data.get('FullyQualifiedName'))}:{name}" if parent else name
    for holder in organisation.holders("Account", full):
        if holder is not record:
            raise name_taken(holder, organisation.settings, "account")
    currency = organisation.settings.currency
    return {
        **content,
        "Name": name,
        "SubAccount": parent is not None,
        "FullyQualifiedName": full,
        "Classification": TYPES[kind][0],
        "AccountType": kind,
        "AccountSubType": subtype,
        "CurrentBalance": 0,
        "CurrentBalanceWithSubAccounts": 0,
        "CurrencyRef": {"value": currency, "name": CURRENCY_NAMES.get(currency, currency)},
    }


def _type(content: JsonObject) -> tuple[str, str]:
    kind, subtype = text(content.get("AccountType")), text(content.get("AccountSubType"))
    if not kind and not subtype:
        raise required("AccountType or AccountSubType", "AccountType")
    if not kind:
        if subtype not in _SUBTYPES:
            raise enumeration("AccountSubType", subtype)
        kind = _SUBTYPES[subtype]
    if kind not in TYPES:
        raise enumeration("AccountType", kind)
    return kind, subtype or TYPES[kind][1]
