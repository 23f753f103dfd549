"""Look-ups, what is read before a write, and reference data."""

from datetime import datetime, timedelta, timezone

import pytest
from connector_kit.answers import (
    Candidate,
    NoAnswer,
    ReferenceGone,
    Refused,
    RemovedThere,
    Seen,
    Unreadable,
)
from connector_kit.exchange import Response
from connector_kit.provider import Member, NotReady, Ready, WriteCommand
from connector_xero.bodies import Unreadable as NotAnswered
from connector_xero.operations.item import Items
from connector_xero.operations.marks import contact_number, invoice_url
from connector_xero.operations.queries import chunks
from contracts.ids import RecordId, RemoteId

from .examples import (
    CUSTOMER,
    INVOICE,
    ITEM,
    OPERATIONS,
    context,
    customer_command,
    drive,
    frozen,
    invoice_command,
    item_command,
    linked,
    ok,
    void_command,
)

CONTACT_ID = "2f79af6c-0000-4000-8000-00000000c001"
ITEM_ID = "4ddfbf93-0000-4000-8000-00000000e001"
INVOICE_ID = "60aa5d55-0000-4000-8000-00000000f001"
MISSING = Response(404, {"content-type": "text/html"}, b"The resource you're looking for")
UPDATED = "/Date(1789378193493+0000)/"


def contact(**more: object) -> dict[str, object]:
    row: dict[str, object] = {
        "ContactID": CONTACT_ID,
        "ContactStatus": "ACTIVE",
        "Name": "Acme",
        "ContactNumber": contact_number(RecordId(CUSTOMER), 1),
        "UpdatedDateUTC": UPDATED,
    }
    return {**row, **more}


def sales_invoice(**more: object) -> dict[str, object]:
    row: dict[str, object] = {
        "Type": "ACCREC",
        "InvoiceID": INVOICE_ID,
        "InvoiceNumber": "1001",
        "Status": "AUTHORISED",
        "Url": invoice_url(RecordId(INVOICE), 1),
        "CurrencyCode": "USD",
        "Total": 5,
        "UpdatedDateUTC": UPDATED,
    }
    return {**row, **more}


ITEMS = ok({"Items": [{"ItemID": ITEM_ID, "Code": "CALL", "Name": "Call-out"}]})
BOTH = ok({"Items": [{"ItemID": ITEM_ID, "Code": "A"}, {"ItemID": ITEM_ID[:-1] + "2"}]})
SECOND = ok({"Items": [{"ItemID": ITEM_ID[:-1] + "2", "Code": "PARTS", "Name": "Parts"}]})


def candidates(sighting: object) -> tuple[Candidate, ...]:
    assert isinstance(sighting, Seen), sighting
    return sighting.candidates


def test_a_created_contact_is_found_by_its_mark_archived_or_not() -> None:
    member = frozen(customer_command("Acme", email=None, phone=None))
    (one,), (sent,) = drive(
        OPERATIONS.look_up([member], context()),
        ok({"Contacts": [contact(ContactStatus="ARCHIVED")]}),
    )
    (found,) = candidates(one)
    assert (found.mark, found.removed, found.differing) == ("ours", "deleted", ())
    assert dict(sent.query)["includeArchived"] == "true"
    assert dict(sent.query)["where"] == f'ContactNumber=="{contact_number(RecordId(CUSTOMER), 1)}"'


def test_a_voided_invoice_under_the_number_counts_as_removed() -> None:
    (one,), _ = drive(
        OPERATIONS.look_up([frozen(invoice_command())], context()),
        ok({"Invoices": [sales_invoice(Status="VOIDED"), sales_invoice(Type="ACCPAY")]}),
    )
    (found,) = candidates(one)
    assert (found.mark, found.removed) == ("ours", "voided")


def test_an_invoice_renumbered_there_is_found_by_its_contact_and_date() -> None:
    """A create's answer was lost, and somebody there changed the number before we looked."""
    member = frozen(invoice_command())
    strange = sales_invoice(InvoiceID=CONTACT_ID, Url=None)
    (one,), sent = drive(
        OPERATIONS.look_up([member], context()),
        ok({"Invoices": []}),
        ok({"Invoices": [strange, sales_invoice(InvoiceNumber="900")]}),
    )
    (found,) = candidates(one)
    assert (found.mark, found.remote.id) == ("ours", INVOICE_ID)
    assert "InvoiceNumber" in found.differing
    asked = dict(sent[1].query)
    assert asked["ContactIDs"] == member.fields["Contact"]
    year, month, day = member.fields["Date"].split("-")
    assert asked["where"] == f"Date==DateTime({year},{month},{day})"


def test_after_a_restore_one_of_another_number_is_found_by_its_day_alone() -> None:
    """It was renumbered here, and its contact may have been made once more."""
    for one in (frozen(invoice_command()), frozen(void_command())):
        (seen,), sent = drive(
            OPERATIONS.look_up([one.model_copy(update={"forgotten": True})], context()),
            ok({"Invoices": []}),
            ok({"Invoices": [sales_invoice(InvoiceNumber="900")]}),
        )
        (found,) = candidates(seen)
        assert (found.mark, found.remote.id) == ("ours", INVOICE_ID)
        year, month, day = one.extra["date"].split("-")
        assert dict(sent[1].query)["where"] == f"Date==DateTime({year},{month},{day})"
        assert "ContactIDs" not in dict(sent[1].query)


def test_that_it_is_under_no_other_number_counts_only_where_it_could_be_read() -> None:
    (one,), _ = drive(
        OPERATIONS.look_up([frozen(invoice_command())], context()),
        ok({"Invoices": []}),
        ok("oops"),
    )
    assert isinstance(one, Unreadable)


def test_an_item_with_a_sku_is_ours_by_its_fields_and_its_last_change() -> None:
    row = {
        "ItemID": ITEM_ID,
        "Code": "call",
        "Name": "Call-out",
        "SalesDetails": {"UnitPrice": 5.0, "AccountCode": "200"},
        "UpdatedDateUTC": UPDATED,
    }
    member = frozen(item_command("Call-out", sku="CALL", unit_price="5"))
    (one,), _ = drive(OPERATIONS.look_up([member], context()), ok({"Items": [row]}))
    (found,) = candidates(one)
    assert (found.mark, found.differing, member.mark) == ("none", ("Code",), None)
    assert found.created_at is not None


def test_a_read_that_fails_removes_nothing() -> None:
    (one,), _ = drive(OPERATIONS.look_up([frozen(customer_command())], context()), ok("oops"))
    assert isinstance(one, Unreadable)


def test_a_record_is_gone_only_if_its_own_address_says_so() -> None:
    member = frozen(customer_command("Acme"), linked(CONTACT_ID))
    (one,), sent = drive(OPERATIONS.look_up([member], context()), ok({"Contacts": []}), MISSING)
    assert candidates(one)[0].removed == "deleted"
    assert sent[1].path.endswith(f"/Contacts/{CONTACT_ID}")


def second_try(command: WriteCommand) -> Member:
    """One whose first request didn't get it there."""
    return Member(command, None, look_first=True)


def test_a_first_try_asks_only_what_xero_s_refusal_would_not_say() -> None:
    """A sku may be anybody's; a name or number in use is refused, and our own id is nobody's."""
    for command in (customer_command("Acme"), item_command("Call-out", sku=None)):
        (one,), sent = drive(OPERATIONS.prepare([Member(command, None)], context()))
        assert (isinstance(one, Ready), sent) == (True, [])
    _, (sku,) = drive(
        OPERATIONS.prepare([Member(item_command("Call-out", sku="CALL"), None)], context()),
        ok({"Items": []}),
    )
    assert dict(sku.query)["where"] == 'Code=="CALL"'


def test_after_a_refusal_it_is_known_who_has_the_name() -> None:
    other = contact(ContactNumber="theirs", Name="ACME")
    (one,), _ = drive(
        OPERATIONS.prepare([second_try(customer_command("Acme"))], context()),
        ok({"Contacts": [other]}),
        ok({"Contacts": []}),
    )
    assert isinstance(one, NotReady)
    assert isinstance(one.answer, Refused)
    assert (one.answer.cause.code, one.answer.holder) == ("customer_name_taken", CONTACT_ID)


def test_a_name_with_a_quotation_mark_is_left_to_xero() -> None:
    (one,), (sent,) = drive(
        OPERATIONS.prepare([second_try(customer_command('The "Oak"'))], context()),
        ok({"Contacts": []}),
    )
    assert isinstance(one, Ready)
    assert dict(sent.query)["where"].startswith("ContactNumber==")


def test_an_archived_holder_of_the_name_is_in_nobody_s_way() -> None:
    other = contact(ContactNumber="theirs", ContactStatus="ARCHIVED")
    (one,), _ = drive(
        OPERATIONS.prepare([second_try(customer_command("Acme"))], context()),
        ok({"Contacts": [other]}),
        ok({"Contacts": []}),
    )
    assert isinstance(one, Ready)


def test_one_that_carries_our_mark_is_updated_and_not_doubled() -> None:
    (one,), _ = drive(
        OPERATIONS.prepare([second_try(customer_command("New name"))], context()),
        ok({"Contacts": []}),
        ok({"Contacts": [contact()]}),
    )
    assert isinstance(one, Ready)
    assert one.member.intent == "update"


def test_a_merged_contact_names_the_one_it_was_merged_into() -> None:
    survivor = CONTACT_ID[:-1] + "9"
    row = contact(ContactStatus="ARCHIVED", MergedToContactID=survivor)
    (one,), _ = drive(
        OPERATIONS.prepare([Member(customer_command("Acme"), linked(CONTACT_ID))], context()),
        ok({"Contacts": [row]}),
    )
    assert isinstance(one, NotReady)
    assert isinstance(one.answer, Refused)
    assert (one.answer.cause.code, one.answer.holder) == ("customer_merged_there", survivor)


def test_an_invoice_learns_the_codes_of_its_items_and_who_has_its_number() -> None:
    taken = sales_invoice(Url=None, Contact={"Name": "Bob Ray"})
    (one,), _ = drive(
        OPERATIONS.prepare([second_try(invoice_command())], context()),
        ok({"Invoices": [taken]}),
        BOTH,
        ok({"Invoices": []}),
    )
    assert isinstance(one, NotReady)
    assert isinstance(one.answer, Refused)
    assert one.answer.cause.code == "invoice_number_taken"
    assert one.answer.cause.params["suggested_number"].endswith("-A")
    assert "same" not in one.answer.cause.params
    assert one.answer.cause.params["customer_there"] == "Bob Ray"


def test_an_item_that_is_gone_is_known_before_the_invoice_is_sent() -> None:
    (one,), _ = drive(
        OPERATIONS.prepare([Member(invoice_command(), None)], context()),
        SECOND,
        MISSING,
    )
    assert isinstance(one, NotReady)
    assert isinstance(one.answer, ReferenceGone)
    assert one.answer.local_ids == (str(ITEM),)


def test_an_edit_there_is_a_question_and_a_payment_is_none() -> None:
    command = customer_command("Acme", email=None, phone=None)
    last = frozen(command, linked(CONTACT_ID))
    member = Member(command, linked(CONTACT_ID, "2026-01-01T00:00:00.000+00:00"), last)
    (one,), _ = drive(
        OPERATIONS.prepare([member], context()), ok({"Contacts": [contact(Name="Acme Ltd")]})
    )
    assert isinstance(one, NotReady)
    assert isinstance(one.answer, Refused)
    assert one.answer.cause.code == "changed_on_both_sides"
    (same,), _ = drive(OPERATIONS.prepare([member], context()), ok({"Contacts": [contact()]}))
    assert isinstance(same, Ready)


def test_a_void_of_a_removed_or_paid_invoice_is_not_sent() -> None:
    member = Member(void_command(), linked(INVOICE_ID))
    (one,), _ = drive(
        OPERATIONS.prepare([member], context()), ok({"Invoices": [sales_invoice(Status="DELETED")]})
    )
    assert isinstance(one, NotReady)
    assert isinstance(one.answer, RemovedThere)
    (paid,), _ = drive(
        OPERATIONS.prepare([member], context()), ok({"Invoices": [sales_invoice(AmountPaid=5)]})
    )
    assert isinstance(paid, NotReady)
    assert isinstance(paid.answer, Refused)


def test_our_own_invoice_that_was_voided_is_named_and_not_made_again() -> None:
    (one,), _ = drive(
        OPERATIONS.prepare([second_try(invoice_command())], context()),
        ok({"Invoices": [sales_invoice(Status="VOIDED")]}),
        BOTH,
        ok({"Invoices": []}),
    )
    assert isinstance(one, NotReady)
    assert isinstance(one.answer, RemovedThere)
    assert one.found is not None
    assert (one.answer.removed, one.found.id) == ("voided", INVOICE_ID)


def test_what_could_not_be_read_is_asked_again() -> None:
    (one,), _ = drive(
        OPERATIONS.prepare([second_try(customer_command("Acme"))], context()), ok("<html>")
    )
    assert isinstance(one, NotReady)
    assert isinstance(one.answer, NoAnswer)


def test_accounts_are_filtered_here() -> None:
    rows: list[dict[str, object]] = [
        {"AccountID": "1", "Code": "200", "Name": "Sales", "Status": "ACTIVE", "Type": "REVENUE"},
        {"AccountID": "2", "Code": "260", "Name": "Old", "Status": "ARCHIVED", "Type": "SALES"},
        {"AccountID": "3", "Name": "No code", "Status": "ACTIVE", "Type": "REVENUE"},
        {"AccountID": "4", "Code": "090", "Name": "Bank", "Status": "ACTIVE", "Type": "BANK"},
        {"AccountID": "5", "Code": "261", "Name": "Other", "Status": "ACTIVE", "Class": "REVENUE"},
    ]
    read, _ = drive(OPERATIONS.accounts(context()), ok({"Accounts": rows}))
    found = [(account.id, account.active) for account in read.accounts]
    assert found == [("1", True), ("2", False), ("5", True)]


def test_tax_rates_are_filtered_here() -> None:
    rows: list[dict[str, object]] = [
        {
            "Name": "15% GST",
            "TaxType": "OUTPUT2",
            "EffectiveRate": 15.0,
            "Status": "ACTIVE",
            "CanApplyToRevenue": True,
        },
        {"Name": "Old", "TaxType": "OUTPUT", "Status": "DELETED", "CanApplyToRevenue": True},
        {"Name": "In", "TaxType": "INPUT2", "Status": "ACTIVE", "CanApplyToRevenue": False},
    ]
    read, _ = drive(OPERATIONS.tax_rates(context()), ok({"TaxRates": rows}))
    assert [(rate.id, rate.active) for rate in read] == [("OUTPUT2", True), ("OUTPUT", False)]


def test_contacts_are_read_by_pages_without_suppliers_and_merged_ones_name_their_survivor() -> None:
    first = [contact(), contact(ContactID="s", IsSupplier=True, IsCustomer=False)]
    second = [
        contact(ContactID="m", MergedToContactID="x", ContactStatus="ARCHIVED"),
        contact(ContactID="a", Name="Old", ContactStatus="ARCHIVED"),
        contact(ContactID="g", ContactStatus="GDPRREQUEST"),
    ]
    pages = {"page": 1, "pageSize": 1000, "pageCount": 2, "itemCount": 5}
    one, sent = drive(
        OPERATIONS.remote_customers(context()), ok({"pagination": pages, "Contacts": first})
    )
    two, more = drive(
        OPERATIONS.remote_customers(context(), after=one.after),
        ok({"pagination": {**pages, "page": 2}, "Contacts": second}),
    )
    assert [(c.name, c.active) for c in one.customers] == [("Acme", True)]
    assert (one.total, two.after) == (5, None)
    assert [(c.name, c.active, c.merged_into) for c in two.customers] == [
        ("Acme", False, "x"),
        ("Old", False, None),
    ]
    assert [dict(request.query)["page"] for request in (*sent, *more)] == ["1", "2"]


def test_contacts_changed_since_are_asked_for_to_the_second_and_a_304_is_none() -> None:
    since = datetime(2026, 6, 1, 14, 0, 9, 500, tzinfo=timezone(timedelta(hours=2)))
    read, sent = drive(
        OPERATIONS.remote_customers(context(), changed_since=since), Response(304, {}, b"")
    )
    assert ("if-modified-since", "2026-06-01T12:00:09") in sent[0].headers
    assert (read.customers, read.after, read.all) == ((), None, False)


def test_items_that_are_sold_are_listed_from_one_answer() -> None:
    rows: list[dict[str, object]] = [
        {
            "ItemID": "a",
            "Code": "CALL",
            "Name": "Call-out",
            "IsSold": True,
            "SalesDetails": {"UnitPrice": 128.19, "AccountCode": "200"},
        },
        {"ItemID": "b", "Code": "VAN", "Name": "Van", "IsSold": False},
        {"ItemID": "c", "Code": "PART-7", "IsSold": True, "SalesDetails": {}},
    ]
    read, (sent,) = drive(OPERATIONS.remote_items(context()), ok({"Items": rows}))
    assert (sent.path.rpartition("/")[2], dict(sent.query)) == ("Items", {"unitdp": "4"})
    assert (read.after, read.total) == (None, 2)
    assert [
        (i.id, i.name, i.sku, str(i.unit_price), i.income_account_code) for i in read.items
    ] == [
        ("a", "Call-out", "CALL", "128.19", "200"),
        ("c", "PART-7", "PART-7", "None", None),
    ]
    with pytest.raises(NotAnswered):
        drive(OPERATIONS.remote_items(context()), Response(400, {}, b"{}"))


def test_many_items_are_read_in_one_request() -> None:
    """The list isn't paged; in parts that fit an address they would fill a minute."""
    ids = [RemoteId(f"4ddfbf93-0000-4000-8000-{n:012}") for n in range(500)]
    rows = [{"ItemID": each.upper(), "Code": f"C-{n}"} for n, each in enumerate([*ids, "other"])]
    found, (sent,) = drive(Items().by_ids(RemoteId("oak"), ids), ok({"Items": rows}))
    assert "where" not in dict(sent.query)
    assert isinstance(found, list)
    assert [one.number for one in found] == [f"C-{n}" for n in range(500)]
    few, (sent,) = drive(Items().by_ids(RemoteId("oak"), ids[:2]), ok({"Items": rows[:2]}))
    assert "where" in dict(sent.query)
    assert isinstance(few, list)
    assert len(few) == 2


def test_filters_fit_an_address() -> None:
    parts = list(chunks([f"name {n}" for n in range(500)], around=20))
    assert sum(map(len, parts)) == 500
    assert max(map(len, parts)) < 200
