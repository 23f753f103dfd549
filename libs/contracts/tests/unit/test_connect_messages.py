"""What is said while connecting."""

from typing import get_args

import pytest
from contracts.causes import CONNECT_MESSAGES, ConnectCode, connect_message


def test_a_declined_consent_reads_as_agreed() -> None:
    assert connect_message("consent_declined", "qbo") == (
        "You chose not to connect. Nothing was stored.",
        None,
    )


def test_another_organisation_names_both_and_the_way_back() -> None:
    params = {"org_new": "Elm Books", "org": "Oak Books"}
    assert connect_message("wrong_organisation", "xero", params) == (
        "You signed in to Elm Books, but your links and accounts belong to Oak Books. "
        "Nothing changed.",
        "Try again with Oak Books",
    )


@pytest.mark.parametrize("code", get_args(ConnectCode))
def test_no_message_shows_a_brace(code: ConnectCode) -> None:
    given = {"org": "Oak", "org_new": "Elm", "date": "2026-06-15"}
    for params in (given, {}):
        sentence, button = connect_message(code, "xero", params)
        assert "{" not in sentence
        assert button is None or "{" not in button


def test_every_code_has_a_message() -> None:
    assert tuple(CONNECT_MESSAGES) == get_args(ConnectCode)
