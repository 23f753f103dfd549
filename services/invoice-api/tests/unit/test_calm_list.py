"""When the list of invoices says that all is in the books."""

from invoice_api.web.invoice_list_pages import calm_of

THERE = {"all": 1_126, "draft": 0, "not_synced": 0, "progress": 0, "attention": 0, "synced": 1_126}


def test_all_is_said_to_be_there_with_how_many() -> None:
    assert calm_of(THERE, ["Xero"]) == "All 1,126 invoices are in Xero. Oldest waiting: none."


def test_what_should_not_be_there_is_not_said_to_be() -> None:
    said = calm_of(THERE | {"all": 1_130, "draft": 3}, ["Xero"])
    assert said == (
        "All invoices that should be in Xero are there: 1,126 of 1,130. Oldest waiting: none."
    )


def test_nothing_is_said_while_anything_waits_or_nothing_is_there() -> None:
    for tab in ("not_synced", "progress", "attention"):
        assert calm_of(THERE | {tab: 1}, ["Xero"]) == ""
    assert calm_of(THERE | {"synced": 0}, ["Xero"]) == ""
    assert calm_of(THERE, []) == ""


def test_of_two_providers_no_number_is_said() -> None:
    said = calm_of(THERE | {"synced": 2_252}, ["QuickBooks", "Xero"])
    assert said == (
        "All invoices that should be in QuickBooks and Xero are there. Oldest waiting: none."
    )
