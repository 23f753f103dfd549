"""Accounts, customers and the company's settings, as they are read there."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from connector_kit.provider import OrganisationRead
from connector_qbo.bodies import Unreadable
from contracts.connections import Account, RemoteCustomer, RemoteItem
from contracts.ids import RemoteId

from .examples import OPERATIONS, REALM, context, drive, ok, refused, rows

SALES = {
    "Name": "Sales of Product Income",
    "FullyQualifiedName": "Sales of Product Income",
    "Active": True,
    "AccountType": "Income",
    "AccountSubType": "SalesOfProductIncome",
    "AcctNum": "400",
    "Id": "79",
}
INSTALLATION = {
    "Name": "Installation",
    "FullyQualifiedName": "Landscaping Services:Labor:Installation",
    "Active": True,
    "AccountType": "Income",
    "AccountSubType": "ServiceFeeIncome",
    "Id": "52",
}
CLOSED = {
    "Name": "Repairs (deleted)",
    "FullyQualifiedName": "Repairs (deleted)",
    "Active": False,
    "AccountType": "Income",
    "Id": "90",
}
UNAPPLIED = {
    "Name": "Unapplied Cash Payment Income",
    "Active": True,
    "AccountSubType": "UnappliedCashPaymentIncome",
    "Id": "91",
}


def test_income_accounts_have_their_parents_names_and_inactive_ones_are_marked() -> None:
    answer = rows("Account", SALES, INSTALLATION, CLOSED, UNAPPLIED)
    read, (request,) = drive(OPERATIONS.accounts(context()), answer)
    assert request.body == (
        b"SELECT * FROM Account WHERE AccountType = 'Income' AND Active IN (true, false)"
        b" ORDERBY Id STARTPOSITION 1 MAXRESULTS 1000"
    )
    assert read.offered
    assert read.accounts == (
        Account(id="79", code="400", name="Sales of Product Income"),
        Account(id="52", name="Landscaping Services:Labor:Installation"),
        Account(id="90", name="Repairs", active=False),
    )


def test_customers_are_read_a_thousand_at_a_time() -> None:
    page = [{"Id": str(n), "DisplayName": f"Customer {n}"} for n in range(1, 1001)]
    last = {
        "Id": "2000",
        "DisplayName": "Ann Lee (deleted)",
        "Active": False,
        "PrimaryEmailAddr": {"Address": "ann@lee.example"},
        "PrimaryPhone": {"FreeFormNumber": "555"},
        "CompanyName": "Lee Ltd",
        "CurrencyRef": {"value": "USD"},
        "SyncToken": "3",
    }
    counted = ok({"QueryResponse": {"totalCount": 1001}, "time": "2026"})
    first, sent = drive(OPERATIONS.remote_customers(context()), counted, rows("Customer", *page))
    assert b"SELECT COUNT(*) FROM Customer WHERE Active IN (true, false)" in sent[0].body
    assert (len(first.customers), first.total, first.all) == (1000, 1001, True)
    read, sent = drive(
        OPERATIONS.remote_customers(context(), after=first.after), rows("Customer", last)
    )
    assert b"STARTPOSITION 1001" in sent[0].body
    assert (read.after, read.total) == (None, 1001)
    assert read.customers[-1] == RemoteCustomer(
        id=RemoteId("2000"),
        name="Ann Lee",
        email="ann@lee.example",
        phone="555",
        company_name="Lee Ltd",
        active=False,
        currency="USD",
        version="3",
        held=read.customers[-1].held,
    )
    assert read.customers[-1].held


def test_customers_changed_since_are_asked_for_by_their_time() -> None:
    since = datetime(2026, 6, 1, 12, tzinfo=UTC)
    counted = ok({"QueryResponse": {"totalCount": 0}, "time": "2026"})
    read, sent = drive(
        OPERATIONS.remote_customers(context(), changed_since=since), counted, rows("Customer")
    )
    assert b"MetaData.LastUpdatedTime >= '2026-06-01T12:00:00+00:00'" in sent[1].body
    assert (read.customers, read.after, read.all) == ((), None, False)


def test_items_that_are_sold_are_read_a_thousand_at_a_time() -> None:
    account = {"value": "79", "name": "Services"}
    page = [
        {"Id": str(n), "Name": f"Part {n}", "Type": "Service", "IncomeAccountRef": account}
        for n in range(1, 1001)
    ]
    counted = ok({"QueryResponse": {"totalCount": 1003}, "time": "2026"})
    first, sent = drive(OPERATIONS.remote_items(context()), counted, rows("Item", *page))
    assert b"Type IN ('Service', 'NonInventory', 'Inventory')" in sent[0].body
    assert (len(first.items), first.total) == (1000, 1003)
    inside = {
        "Id": "2000",
        "Name": "Boiler part",
        "FullyQualifiedName": "Parts:Boiler part",
        "Sku": "B-1",
        "UnitPrice": 12.5,
        "IncomeAccountRef": account,
    }
    only_bought = {"Id": "2001", "Name": "Van", "ExpenseAccountRef": {"value": "80"}}
    inactive = {**inside, "Id": "2002", "Active": False}
    read, sent = drive(
        OPERATIONS.remote_items(context(), after=first.after),
        rows("Item", inside, only_bought, inactive),
    )
    assert b"STARTPOSITION 1001" in sent[0].body
    assert (read.after, read.total) == (None, 1003)
    assert read.items == (
        RemoteItem(
            id=RemoteId("2000"),
            name="Parts:Boiler part",
            sku="B-1",
            unit_price=Decimal("12.5"),
            income_account="Services",
            income_account_id="79",
        ),
    )


def test_a_list_that_cannot_be_read_is_not_an_empty_one() -> None:
    for exchange in (
        OPERATIONS.accounts(context()),
        OPERATIONS.remote_customers(context()),
        OPERATIONS.remote_items(context()),
    ):
        with pytest.raises(Unreadable):
            drive(exchange, *[refused("4000")] * 2)
    with pytest.raises(Unreadable):
        drive(OPERATIONS.organisation(context()), refused("610"))


def organisation(info: object, preferences: object) -> OrganisationRead:
    read, sent = drive(
        OPERATIONS.organisation(context()),
        ok({"CompanyInfo": info, "time": "2026"}),
        ok({"Preferences": preferences, "time": "2026"}),
    )
    assert [r.path.removeprefix(f"/v3/company/{REALM}") for r in sent] == [
        f"/companyinfo/{REALM}",
        "/preferences",
    ]
    return read


def test_the_company_s_name_and_settings_are_read() -> None:
    read = organisation(
        {"CompanyName": "Oak Books", "LegalName": "Oak Ltd", "Country": "US", "Id": "1"},
        {
            "SalesFormsPrefs": {"CustomTxnNumbers": True},
            "TaxPrefs": {"UsingSalesTax": True, "PartnerTaxEnabled": False},
            "CurrencyPrefs": {"MultiCurrencyEnabled": True, "HomeCurrency": {"value": "USD"}},
            "AccountingInfoPrefs": {"BookCloseDate": "2026-03-31"},
        },
    )
    assert (read.organisation.id, read.organisation.name) == (REALM, "Oak Books")
    facts = read.facts
    assert (facts.home_currency, facts.country) == ("USD", "US")
    assert (facts.multi_currency, facts.sales_tax) == (True, True)
    assert str(facts.books_closed_up_to) == "2026-03-31"
    assert facts.keeps_customer_currency
    assert (facts.max_lines, facts.max_taxed_lines) == (10_000, 750)


def test_no_preference_is_trusted_to_refuse_doubled_numbers() -> None:
    read = organisation({"CompanyName": "Oak Books"}, {})
    assert not read.facts.refuses_duplicate_numbers
    assert read.facts.home_currency is None
