"""The facts hang together: what is sent is metered, and every record can be known again."""

from connector_kit.limits import slots_of
from connector_qbo.app import QBO
from connector_qbo.provider import invoice_page
from contracts.causes import CAUSES, CONNECT_MESSAGES

from .examples import (
    customer_command,
    invoice_command,
    item_command,
    linked,
    member,
    packed,
    void_command,
)


def test_every_entity_has_a_mark_or_is_unique_there() -> None:
    assert set(QBO.entities) == {"customer", "item", "invoice"}
    assert all(facts.mark or facts.unique for facts in QBO.entities.values())


def test_every_environment_has_every_host() -> None:
    names = {"api", "authorize", "oauth", "revoke"}
    assert all(set(hosts) == names for hosts in QBO.hosts.values())
    assert all(url.startswith("https://") for url in QBO.hosts["production"].values())
    assert set(QBO.hosts["simulator"].values()) == {"{simulator}"}


def test_every_regime_knows_every_meter_that_is_used() -> None:
    limits = {limit.name for limit in QBO.limits}
    for regime in QBO.regimes.values():
        assert {"single", "batch", "read"} == set(regime)
        assert {meter.limit for meters in regime.values() for meter in meters} <= limits
    assert QBO.regime in QBO.regimes


def test_what_is_packed_costs_what_the_facts_say() -> None:
    members = [
        member(customer_command()),
        member(item_command()),
        member(invoice_command()),
        member(void_command(), linked("155")),
    ]
    for one in members:
        request, _ = packed(one)
        assert request.meter == QBO.entities[one.command.entity].single_meter


def test_the_stricter_regime_counts_every_item_of_a_batch() -> None:
    strict = {slot.limit.name: slot.units for slot in slots_of(QBO, "batch", 30, 1.0)}
    assert (strict["requests"], strict["batches"]) == (30, 1)


def test_a_batch_takes_thirty_of_everything() -> None:
    assert {facts.batch for facts in QBO.entities.values()} == {30}


def test_refusals_at_connecting_have_their_words() -> None:
    assert "no_organisation" in CONNECT_MESSAGES
    assert "permission_missing" in CAUSES


def test_an_invoice_s_page_is_known_where_there_is_one() -> None:
    assert invoice_page("production", {}) == "https://app.qbo.intuit.com/app/invoice?txnId="
    assert invoice_page("sandbox", {}) == "https://sandbox.qbo.intuit.com/app/invoice?txnId="
    assert invoice_page("simulator", {"api": "http://127.0.0.1:5"}) == (
        "http://127.0.0.1:5/app/invoice?txnId="
    )
    assert invoice_page("simulator", {}) == ""
