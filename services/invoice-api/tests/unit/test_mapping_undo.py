"""What is said after a fix has chosen an account."""

from uuid import UUID

from contracts.ids import ItemId
from invoice_api.web.mapping_undo import said_of, undo_of

FIRST, SECOND = ItemId(UUID(int=1)), ItemId(UUID(int=2))


def test_items_with_another_account_are_counted_and_can_be_put_back() -> None:
    before, after = {FIRST: None, SECOND: "79"}, {FIRST: "81", SECOND: "79"}
    assert said_of(before, after) == "1 item mapped."
    assert undo_of("xero", before, after, "/") is not None


def test_an_account_for_lines_without_items_maps_none() -> None:
    before = {FIRST: "79"}
    assert said_of(before, before) == "Account saved."
    assert undo_of("xero", before, before, "/") is None
