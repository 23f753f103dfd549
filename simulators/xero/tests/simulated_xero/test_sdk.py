"""xero-python, unchanged but for its addresses: every operation in use, errors included."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pytest
from xero_python.accounting import (
    Contact,
    Contacts,
    Invoice,
    Invoices,
    Item,
    Items,
    LineAmountTypes,
    LineItem,
    Phone,
    Purchase,
)
from xero_python.exceptions import (
    AccountingBadRequestException,
    HTTPStatusException,
    NotFoundException,
    RateLimitException,
)

from .support import Controls, Sdk, sdk_for


@pytest.fixture
def sdk(controls: Controls) -> Sdk:
    controls.put("organisation", {"country": "NZ"})
    return sdk_for(controls.base)


def make_contact(sdk: Sdk, name: str, **more: Any) -> Any:
    wanted = Contacts(contacts=[Contact(name=name, **more)])
    made = sdk.accounting.create_contacts(sdk.tenant, wanted)
    return made.contacts[0]


def make_item(sdk: Sdk, code: str) -> Any:
    details = Purchase(unit_price=Decimal("10.5"), account_code="4000")
    wanted = Items(items=[Item(code=code, name="Call-out", sales_details=details)])
    made = sdk.accounting.create_items(sdk.tenant, wanted)
    return made.items[0]


def new_invoice(contact_id: str, **more: Any) -> Invoice:
    line = LineItem(item_code="CALLOUT", description="Work", quantity=2, unit_amount=10.5)
    facts: dict[str, Any] = {
        "type": "ACCREC",
        "contact": Contact(contact_id=contact_id),
        "date": date(2026, 9, 14),
        "due_date": date(2026, 9, 28),
        "status": "AUTHORISED",
        "line_amount_types": LineAmountTypes.EXCLUSIVE,
        "line_items": [line],
    }
    return Invoice(**(facts | more))


def test_connections_are_listed_and_deleted(sdk: Sdk) -> None:
    rows = sdk.identity.get_connections()
    assert [each.tenant_name for each in rows] == ["Oak"]
    assert isinstance(rows[0].created_date_utc, datetime)
    sdk.identity.delete_connection(str(rows[0].id))
    with pytest.raises(HTTPStatusException) as forbidden:
        sdk.accounting.get_organisations(sdk.tenant)
    assert forbidden.value.status == 403


def test_it_refreshes_by_itself_and_revokes(controls: Controls, sdk: Sdk) -> None:
    before = sdk.token["token"]["refresh_token"]
    sdk.token["token"]["expires_at"] = 1.0
    sdk.accounting.get_organisations(sdk.tenant)
    assert sdk.token["token"]["refresh_token"] != before
    assert sdk.token["token"]["scope"][0] == "openid"
    sdk.client.revoke_oauth2_token()
    assert sdk.token["token"]["refresh_token"] is None
    assert controls.get("books") == [{"id": sdk.tenant, "name": "Oak"}]


def test_a_dead_refresh_token_says_invalid_grant(controls: Controls, sdk: Sdk) -> None:
    controls.post("clock", {"advance_seconds": 61 * 86400})
    sdk.token["token"]["expires_at"] = 1.0
    with pytest.raises(HTTPStatusException) as refused:
        sdk.accounting.get_organisations(sdk.tenant)
    assert refused.value.status == 400
    assert b"invalid_grant" in (refused.value.body or b"")


def test_organisation_accounts_and_rates_are_read(sdk: Sdk) -> None:
    found = sdk.accounting.get_organisations(sdk.tenant).organisations[0]
    assert (found.name, str(found.organisation_id)) == ("Oak", sdk.tenant)
    assert found.base_currency.value == "NZD"
    where = 'Class=="REVENUE" AND Status=="ACTIVE"'
    accounts = sdk.accounting.get_accounts(sdk.tenant, where=where).accounts
    assert [each.code for each in accounts] == ["4000", "4010"]
    one = sdk.accounting.get_account(sdk.tenant, accounts[0].account_id)
    assert one.accounts[0].tax_type == "OUTPUT2"
    rates = sdk.accounting.get_tax_rates(sdk.tenant).tax_rates
    assert {each.status for each in rates} == {"ACTIVE", "DELETED"}
    rate = sdk.accounting.get_tax_rate_by_tax_type(sdk.tenant, "OUTPUT2")
    assert rate.tax_rates[0].effective_rate == Decimal("15.0")


def test_contacts_are_made_changed_found_and_archived(sdk: Sdk) -> None:
    phone = Phone(phone_type="MOBILE", phone_number="021")
    made = make_contact(sdk, "Ann Lee", contact_number="c1", phones=[phone])
    same = sdk.accounting.get_contact(sdk.tenant, made.contact_id).contacts[0]
    assert (same.name, same.updated_date_utc) == ("Ann Lee", made.updated_date_utc)
    by_number = sdk.accounting.get_contact_by_contact_number(sdk.tenant, "c1")
    assert by_number.contacts[0].contact_id == made.contact_id
    change = Contacts(contacts=[Contact(email_address="ann@lee.example")])
    sdk.accounting.update_contact(sdk.tenant, made.contact_id, change)
    listed = sdk.accounting.get_contacts(sdk.tenant, page=1, page_size=10, search_term="ANN@")
    assert [each.contact_id for each in listed.contacts] == [made.contact_id]
    assert listed.pagination.item_count == 1
    away = Contact(contact_id=made.contact_id, contact_status="ARCHIVED")
    for expected in ("OK", "ERROR"):
        answer = sdk.accounting.update_or_create_contacts(
            sdk.tenant, Contacts(contacts=[away]), summarize_errors=False
        )
        assert answer.contacts[0].status_attribute_string == expected
    assert sdk.accounting.get_contacts(sdk.tenant).contacts == []
    since = datetime(2026, 1, 1)  # noqa: DTZ001 -- the SDK's users send naive ones too
    listed = sdk.accounting.get_contacts(sdk.tenant, if_modified_since=since, include_archived=True)
    assert len(listed.contacts) == 1


def test_a_taken_name_is_a_bad_request_with_its_reason(sdk: Sdk) -> None:
    make_contact(sdk, "Ann Lee")
    with pytest.raises(AccountingBadRequestException) as refused:
        make_contact(sdk, "ANN LEE")
    assert refused.value.reason == (
        "The contact name Ann Lee is already assigned to another contact. The contact name must "
        "be unique across all active contacts."
    )


def test_items_are_made_changed_found_and_deleted(sdk: Sdk) -> None:
    made = make_item(sdk, "CALLOUT")
    assert made.sales_details.tax_type == "OUTPUT2"
    change = Items(items=[Item(code="CALLOUT", name="Call")])
    sdk.accounting.update_item(sdk.tenant, made.item_id, change)
    upserted = sdk.accounting.update_or_create_items(sdk.tenant, change)
    assert upserted.items[0].item_id == made.item_id
    rows = sdk.accounting.get_items(sdk.tenant, unitdp=4).items
    assert [(each.code, each.name) for each in rows] == [("CALLOUT", "Call")]
    with pytest.raises(AccountingBadRequestException) as refused:
        make_item(sdk, "CALLOUT")
    assert refused.value.reason == "Price List Item with Code 'CALLOUT' already exists"
    sdk.accounting.delete_item(sdk.tenant, made.item_id)
    with pytest.raises(NotFoundException):
        sdk.accounting.get_item(sdk.tenant, made.item_id)


def test_invoices_are_made_read_changed_and_voided(sdk: Sdk) -> None:
    contact = make_contact(sdk, "Ann Lee").contact_id
    make_item(sdk, "CALLOUT")
    wanted = Invoices(invoices=[new_invoice(contact, invoice_number="A-1", reference="Job")])
    keyed: dict[str, Any] = {"unitdp": 4, "idempotency_key": "k1"}
    made = sdk.accounting.create_invoices(sdk.tenant, wanted, **keyed).invoices[0]
    assert (made.sub_total, made.total_tax, made.total) == (
        Decimal("21.0"),
        Decimal("3.15"),
        Decimal("24.15"),
    )
    assert made.contact.is_customer is True
    assert (made.date, made.due_date) == (date(2026, 9, 14), date(2026, 9, 28))
    again = sdk.accounting.create_invoices(sdk.tenant, wanted, **keyed)
    assert again.invoices[0].invoice_id == made.invoice_id
    one = sdk.accounting.get_invoice(sdk.tenant, made.invoice_id).invoices[0]
    assert one.line_items[0].item.code == "CALLOUT"
    listed = sdk.accounting.get_invoices(
        sdk.tenant, invoice_numbers=["A-1"], statuses=["AUTHORISED"], page=1, page_size=50
    )
    assert [each.invoice_id for each in listed.invoices] == [made.invoice_id]
    change = Invoices(invoices=[Invoice(reference="Job 2")])
    sdk.accounting.update_invoice(sdk.tenant, made.invoice_id, change)
    for status, expected in (("DELETED", "ERROR"), ("VOIDED", "OK"), ("VOIDED", "ERROR")):
        gone = Invoices(invoices=[Invoice(invoice_id=made.invoice_id, status=status)])
        answer = sdk.accounting.update_or_create_invoices(sdk.tenant, gone, summarize_errors=False)
        row = answer.invoices[0]
        assert row.status_attribute_string == expected
        if expected == "ERROR":
            told = row.validation_errors[0].message
            assert told == "Invoice not of valid status for modification"


def test_a_mixed_batch_says_of_each_element_what_became_of_it(sdk: Sdk) -> None:
    contact = make_contact(sdk, "Ann Lee").contact_id
    make_item(sdk, "CALLOUT")
    batch = [new_invoice(contact, invoice_number=each) for each in ("A", "A", "B")]
    answer = sdk.accounting.create_invoices(
        sdk.tenant, Invoices(invoices=batch), summarize_errors=False
    )
    rows = answer.invoices
    assert [each.status_attribute_string for each in rows] == ["OK", "ERROR", "OK"]
    assert rows[1].validation_errors[0].message == "Invoice # must be unique."
    assert str(rows[1].invoice_id) == "00000000-0000-0000-0000-000000000000"


def test_limits_and_unknown_records_have_their_own_exceptions(controls: Controls, sdk: Sdk) -> None:
    with pytest.raises(NotFoundException):
        sdk.accounting.get_invoice(sdk.tenant, "00000000-0000-0000-0000-000000000001")
    controls.put("limits", {"enforced": True, "requests_per_minute": 0, "retry_after_seconds": 0})
    wanted = Contacts(contacts=[Contact(name="x")])
    with pytest.raises(RateLimitException) as limited:
        sdk.accounting.update_or_create_contacts(sdk.tenant, wanted)
    assert limited.value.rate_limit == "minute"


def test_a_dropped_answer_makes_the_sdk_create_again(controls: Controls, sdk: Sdk) -> None:
    """What its retries do to who sends neither a key nor a name that is unique."""
    contact = make_contact(sdk, "Ann Lee").contact_id
    make_item(sdk, "CALLOUT")
    controls.fault(kind="drop_after_commit", match={"path": "/Invoices"}, times=1)
    sdk.accounting.create_invoices(sdk.tenant, Invoices(invoices=[new_invoice(contact)]))
    assert len(controls.books()["invoices"]) == 2
    controls.fault(kind="drop_after_commit", match={"path": "/Invoices"}, times=1)
    wanted = Invoices(invoices=[new_invoice(contact)])
    sdk.accounting.create_invoices(sdk.tenant, wanted, idempotency_key="once")
    assert len(controls.books()["invoices"]) == 3
