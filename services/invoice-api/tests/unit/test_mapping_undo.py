"""What is said after a fix has chosen an account."""

from uuid import UUID

from invoice_api.web.mapping_undo import said_of, undo_of

FIRST, SECOND = str(UUID(int=1)), str(UUID(int=2))


def test_items_with_another_account_are_counted_and_can_be_put_back() -> None:
    before, after = {FIRST: None, SECOND: "79"}, {FIRST: "81", SECOND: "79"}
    assert said_of(before, after) == "1 item mapped."
    assert undo_of("xero", before, after, "/") is not None


def test_an_account_that_is_a_setting_maps_no_item_and_can_be_put_back() -> None:
    before = {FIRST: "79", "no_item_account_id": None}
    after = {FIRST: "79", "no_item_account_id": "81"}
    assert said_of(before, after) == "Account saved."
    undo = undo_of("xero", before, after, "/")
    assert undo is not None
    assert ("was", "no_item_account_id=") in undo.fields
    assert undo_of("xero", before, before, "/") is None
