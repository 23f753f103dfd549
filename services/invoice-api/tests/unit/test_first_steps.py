"""The first steps are ticked by what is so."""

from datetime import date
from uuid import uuid4

from contracts.ids import ConnectionId, Provider
from invoice_api.integrations.schemas import KindForecast, SettingsCounts
from invoice_api.sync_status.connections_store import KnownConnection
from invoice_api.sync_status.facts import ConnectionFacts
from invoice_api.sync_status.first_steps_store import StepFacts
from invoice_api.web.first_steps import Steps, forecast, steps_of


def connection(provider: Provider = "qbo", *, on: bool = False) -> KnownConnection:
    facts = ConnectionFacts(
        provider=provider,
        id=ConnectionId(uuid4()),
        status="connected",
        organisation="Oak Books",
        start_date=date(2026, 6, 1),
        automatic_customers=on,
        automatic_invoices=on,
    )
    return KnownConnection(facts, "1", None, None, None)


def facts(
    *, items: int = 0, customers: bool = False, synced: bool = False, skipped: str = ""
) -> StepFacts:
    return StepFacts(frozenset(skipped.split()), False, items, customers, synced)


def done(steps: Steps) -> list[str]:
    return [step.key for step in steps.steps if step.done]


def test_a_new_company_begins_with_connecting_and_nothing_is_ticked() -> None:
    steps = steps_of([], facts(), 0)
    assert done(steps) == []
    assert steps.now is not None
    assert (steps.now.key, steps.now.can_skip) == ("connect", False)


def test_no_items_is_not_the_same_as_all_items_mapped() -> None:
    assert done(steps_of([connection()], facts(), 0)) == ["connect"]
    assert done(steps_of([connection()], facts(items=2), 1)) == ["connect"]
    assert done(steps_of([connection()], facts(items=2), 0)) == ["connect", "accounts"]


def test_freshbooks_has_no_accounts_to_map_and_its_steps_can_all_be_done() -> None:
    steps = steps_of(
        [connection("freshbooks", on=True)], facts(items=2, customers=True, synced=True), 2
    )
    assert [step.key for step in steps.steps] == ["connect", "customers", "switch", "invoice"]
    assert steps.now is None


def test_a_skipped_step_isn_t_next_and_a_done_one_isn_t_skipped() -> None:
    steps = steps_of([connection()], facts(items=1, skipped="customers accounts connect"), 0)
    assert [step.key for step in steps.steps if step.skipped] == ["customers"]
    assert steps.now is not None
    assert (steps.now.key, steps.done) == ("switch", 3)


def test_taxes_are_a_step_only_while_one_has_none() -> None:
    assert "taxes" not in [step.key for step in steps_of([connection()], facts(), 0).steps]
    steps = steps_of([connection("xero")], facts(), 0, taxes_open=1)
    [taxes] = [step for step in steps.steps if step.key == "taxes"]
    assert taxes.sentence == "1 of your tax rates has no tax in Xero yet."
    assert taxes.url == "/integrations/xero/tax-mapping"


def test_the_forecast_says_what_goes_what_waits_and_what_stays_out() -> None:
    counts = SettingsCounts(
        invoices=KindForecast(older=214, need_attention=3, before_start_date=1),
        customers=KindForecast(look_alike=2),
    )
    assert forecast("Xero", counts) == (
        "214 invoices from the start date on aren’t in Xero yet, and were here before the switch:"
        " Sync Now sends them. 3 of them need attention first."
        " 1 older one stays out. 2 customers look like one in Xero: you are asked."
    )
    both = SettingsCounts(invoices=KindForecast(will_go=20, older=1, stopped=2, under_way=1))
    assert forecast("Xero", both) == (
        "21 invoices from the start date on aren’t in Xero yet: 20 will go by themselves;"
        " 1 was here before the switch, and Sync Now sends it."
        " 2 more invoices were asked for already and need attention first. 1 invoice on the way."
    )


def test_the_forecast_says_that_all_is_there_only_if_it_is() -> None:
    def said(**invoices: int) -> str:
        return forecast("QuickBooks", SettingsCounts(invoices=KindForecast(**invoices)))

    assert said() == "There is no invoice from the start date on yet."
    assert said(there=2) == "Every invoice from the start date on is in QuickBooks."
    stopped = said(there=2, stopped=33)
    assert stopped == "33 invoices were asked for already and need attention first."
    one = said(there=2, stopped=1)
    assert one == "1 invoice was asked for already and needs attention first."
