"""The facts hang together: what is sent is metered, and every record can be known again."""

from connector_xero.app import XERO
from connector_xero.provider import invoice_page


def test_every_entity_has_a_mark_or_is_unique_there() -> None:
    assert set(XERO.entities) == {"customer", "item", "invoice"}
    assert all(facts.mark or facts.unique for facts in XERO.entities.values())
    assert {facts.batch for facts in XERO.entities.values()} == {50}


def test_every_environment_has_every_host() -> None:
    names = {"api", "authorize", "oauth"}
    assert all(set(hosts) == names for hosts in XERO.hosts.values())
    assert all(url.startswith("https://") for url in XERO.hosts["production"].values())
    assert set(XERO.hosts["simulator"].values()) == {"{simulator}"}


def test_a_call_spends_a_minute_a_day_and_a_place() -> None:
    limits = {limit.name for limit in XERO.limits}
    for meters in XERO.regimes[XERO.regime].values():
        assert {meter.limit for meter in meters} == limits
        assert {meter.per for meter in meters} == {"request"}


def test_an_invoice_s_page_is_known_where_there_is_one() -> None:
    page = "/AccountsReceivable/View.aspx?InvoiceID="
    assert invoice_page("production", {}) == f"https://go.xero.com{page}"
    assert invoice_page("simulator", {"api": "http://127.0.0.1:5"}) == f"http://127.0.0.1:5{page}"
    assert invoice_page("simulator", {}) == ""
