"""The facts hang together: what is sent is metered, and every record can be known again."""

from connector_freshbooks.app import provider_for
from connector_freshbooks.settings import FreshbooksSettings

FRESHBOOKS = provider_for(FreshbooksSettings())


def test_every_entity_has_a_mark_or_is_unique_there() -> None:
    assert set(FRESHBOOKS.entities) == {"customer", "item", "invoice"}
    assert all(facts.mark or facts.unique for facts in FRESHBOOKS.entities.values())
    assert all(facts.batch == 1 for facts in FRESHBOOKS.entities.values())


def test_every_environment_has_every_host() -> None:
    assert all(set(hosts) == {"api", "authorize", "oauth"} for hosts in FRESHBOOKS.hosts.values())
    assert all(url.startswith("https://") for url in FRESHBOOKS.hosts["production"].values())
    assert set(FRESHBOOKS.hosts["simulator"].values()) == {"{simulator}"}


def test_the_regime_knows_every_meter_that_is_used() -> None:
    limits = {limit.name for limit in FRESHBOOKS.limits}
    regime = FRESHBOOKS.regimes[FRESHBOOKS.regime]
    assert set(regime) == {"read", "post", "put"}
    assert {meter.limit for meters in regime.values() for meter in meters} <= limits


def test_the_unconfirmed_account_of_items_is_off_unless_asked_for() -> None:
    assert not FreshbooksSettings().item_accounts
