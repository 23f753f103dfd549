"""Which accounts the settings offer: one that was chosen never vanishes from the page unseen."""

from invoice_api.web.integrated import Accounts, with_those_gone
from invoice_api.web.pages import Option

LISTED = Accounts(options=(Option("79", "200 Services"),), archived=(Option("81", "210 Parts"),))


def test_an_account_that_was_chosen_and_archived_there_is_shown_as_that() -> None:
    shown = with_those_gone(LISTED, ["81", "79"], "xero")
    assert shown == (Option("79", "200 Services"), Option("81", "210 Parts (archived)"))
    assert with_those_gone(LISTED, ["", "79"], "xero") == LISTED.options


def test_one_that_is_in_no_list_any_more_is_shown_too() -> None:
    shown = with_those_gone(LISTED, ["99", "99"], "qbo")
    assert shown[1:] == (Option("99", "An account that is no longer in QuickBooks"),)


def test_while_the_list_cannot_be_had_nothing_is_said_to_be_gone() -> None:
    assert with_those_gone(Accounts(), ["99"], "qbo") == ()
