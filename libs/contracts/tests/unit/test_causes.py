"""The catalogue, whole; and causes in words."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import product
from typing import get_args
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from contracts.causes import (
    CAUSES,
    PARAMS,
    Action,
    Cause,
    CauseCode,
    Reader,
    RenderedFix,
    cause_of,
    first_blocker,
    group_of,
    in_order,
    record_name,
    render,
    state_of,
)
from contracts.causes.words import NOUNS, slots_of
from contracts.ids import PROVIDER_LABELS, Provider
from contracts.money import Money
from contracts.sync import CauseInstance, ProviderDetails, Subject, SyncState

PROVIDERS: tuple[Provider, ...] = get_args(Provider)
RECORD = UUID("01920000-0000-7000-8000-000000000001")
PARAM_OF_A_BUTTON = {"our_tax_allowed": ("yes",), "kept_for_people": ("yes",), "same": ("yes",)}


def templates_of(cause: Cause) -> list[str]:
    labels = [text for fix in cause.fixes for text in (fix.label, fix.plain) if text]
    labels += [text for link in cause.links for text in (link.label, link.plain) if text]
    fields = [template for fix in cause.fixes for _, template in fix.prefill]
    chosen = [text for choice in cause.choices for _, text in choice.options]
    return [*cause.titles, *cause.sentences, *labels, *fields, *chosen]


def choice_params(cause: Cause) -> dict[str, tuple[str, ...]]:
    found = {choice.param: tuple(v for v, _ in choice.options) for choice in cause.choices}
    for fix in cause.fixes:
        if fix.when is not None and fix.when.param not in found:
            found[fix.when.param] = fix.when.values
    return found


def full_instances(cause: Cause) -> list[CauseInstance]:
    """The cause with every param, once for each combination of its choices."""
    plain = {name: param.example for name, param in PARAMS.items()}
    options = choice_params(cause)
    because = cause_of("customer_email_missing", customer="Ann Lee")
    return [
        CauseInstance(
            code=cause.code,
            params={**plain, **dict(zip(options, values, strict=True))},
            because=because if cause.code == "prerequisite_blocked" else None,
        )
        for values in product(*options.values())
    ]


ALL_FULL = [
    pytest.param(provider, instance, id=f"{instance.code}-{provider}-{number}")
    for cause in CAUSES.values()
    for number, instance in enumerate(full_instances(cause))
    for provider in PROVIDERS
]


def test_there_are_sixty_causes_numbered_in_order() -> None:
    assert [cause.number for cause in CAUSES.values()] == list(range(1, 61))
    assert tuple(CAUSES) == get_args(CauseCode)


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda cause: str(cause.code))
def test_every_slot_is_a_param_a_noun_or_a_choice(cause: Cause) -> None:
    choices = {choice.slot for choice in cause.choices}
    for template in templates_of(cause):
        for slot in slots_of(template):
            assert slot in PARAMS or slot in NOUNS["qbo"] or slot in choices or slot == "because"


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda cause: str(cause.code))
def test_the_plainest_words_need_nothing_that_may_be_missing(cause: Cause) -> None:
    nouns = set(NOUNS["qbo"])
    assert slots_of(cause.titles[-1]) <= nouns
    assert slots_of(cause.sentences[-1]) <= nouns
    for button in (*cause.fixes, *cause.links):
        assert slots_of(button.plain or button.label) <= nouns


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda cause: str(cause.code))
def test_a_held_cause_says_what_holds_it_and_no_other_does(cause: Cause) -> None:
    assert (cause.held_by is not None) == (cause.state is SyncState.HELD)


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda cause: str(cause.code))
def test_someone_who_must_act_is_given_a_button(cause: Cause) -> None:
    if cause.who in ("fix_record", "reconnect") and cause.code != "prerequisite_blocked":
        assert cause.fixes or cause.links


def test_every_action_word_of_a_fix_is_known() -> None:
    used = {fix.action for cause in CAUSES.values() for fix in cause.fixes}
    assert used <= set(get_args(Action))


@pytest.mark.parametrize(("provider", "instance"), ALL_FULL)
def test_with_all_its_params_a_cause_leaves_no_brace_and_misses_nothing(
    provider: Provider, instance: CauseInstance
) -> None:
    shown = render(instance, provider, record_id=RECORD)
    texts = [shown.title, shown.sentence, *(fix.label for fix in shown.fixes)]
    texts += [link.label for link in shown.links]
    texts += [value for fix in shown.fixes for value in fix.values.values()]
    assert shown.missing == ()
    for text in texts:
        assert text
        assert not re.search(r"[{}]|  |\|", text), text
    assert shown.sentence[-1] in '.?"'
    assert not re.search(r"\bHTTP\b|\bid\b|_", shown.sentence)
    assert re.fullmatch(r"[A-Za-z0-9._~-]+", shown.group)


@pytest.mark.parametrize("cause", CAUSES.values(), ids=lambda cause: str(cause.code))
@pytest.mark.parametrize("provider", PROVIDERS)
def test_without_its_params_a_cause_still_says_something_true(
    cause: Cause, provider: Provider
) -> None:
    shown = render(CauseInstance(code=cause.code), provider)
    texts = [shown.title, shown.sentence, *(fix.label for fix in shown.fixes)]
    assert all(text and not re.search(r"[{}]|  |\|", text) for text in texts), texts
    if slots_of(cause.sentences[0]) - set(NOUNS["qbo"]):
        assert shown.missing


def test_an_unmapped_item_reads_as_agreed() -> None:
    shown = render(cause_of("item_account_unmapped", items=["Call-out"], invoice="1001"), "qbo")
    assert shown.title == "Items need an income account"
    assert shown.group == "item_account_unmapped"
    assert shown.who == "fix_record"
    assert shown.sentence == (
        '"Call-out" has no income account for QuickBooks, so invoice 1001 can\'t be posted.'
    )
    assert shown.fixes == (RenderedFix("choose_account", "Choose account", ("account_id",), {}),)


@pytest.mark.parametrize(
    ("items", "begins"),
    [
        (["Call-out", "Parts"], '"Call-out" and "Parts" have no'),
        (["A", "B", "C"], '"A", "B" and "C" have no'),
        (["A", "B", "C", "D", "E"], '"A", "B" and 3 more have no'),
        ('"quoted" [x]', '""quoted" [x]" has no'),
    ],
)
def test_several_items_are_listed_and_have(items: list[str] | str, begins: str) -> None:
    shown = render(cause_of("item_account_unmapped", items=items, invoice="1001"), "xero")
    assert shown.sentence.startswith(f"{begins} income account for Xero, so invoice 1001")


def test_a_draft_reads_as_agreed() -> None:
    shown = render(cause_of("invoice_draft", invoice="1001"), "qbo")
    assert shown.title == "Still a draft"
    assert shown.sentence == ("Invoice 1001 is a draft. Finalize it and it can go to QuickBooks.")


@pytest.mark.parametrize(
    ("count", "words"), [(1, "1 invoice waits."), (2, "2 invoices wait."), (1234, "1,234 invoices")]
)
def test_one_waits_and_more_wait(count: int, words: str) -> None:
    shown = render(cause_of("customer_not_in_books", customer="Ann Lee", count=count), "qbo")
    assert words in shown.sentence


def test_what_the_caller_knows_fills_in_and_the_instance_wins() -> None:
    instance = cause_of("connection_expired", org="Oak Books")
    shown = render(instance, "xero", known={"org": "Another", "count": "3"})
    assert shown.sentence == (
        "Xero no longer accepts our sign-in to Oak Books. Nothing is lost: 3 records wait."
    )


def test_each_provider_is_spoken_of_in_its_own_nouns() -> None:
    instance = cause_of("customer_inactive_there", customer="Ann Lee")
    assert [render(instance, provider).sentence for provider in PROVIDERS] == [
        "Ann Lee was made inactive in QuickBooks, so it takes no new invoices for them.",
        "Ann Lee was archived in Xero, so it takes no new invoices for them.",
        "Ann Lee was deleted in FreshBooks, so it takes no new invoices for them.",
    ]


def test_times_are_told_in_the_readers_zone_and_day() -> None:
    instance = cause_of(
        "daily_limit_reached", org="Oak", time=datetime(2026, 6, 16, 3, 30, tzinfo=UTC)
    )
    new_york = ZoneInfo("America/New_York")
    same_day = render(instance, "xero", reader=Reader(new_york, date(2026, 6, 15)))
    next_day = render(instance, "xero", reader=Reader(UTC, date(2026, 6, 15)))
    no_day = render(instance, "xero")
    assert same_day.sentence.endswith("We continue at 23:30.")
    assert next_day.sentence.endswith("We continue at 03:30 on 16 June.")
    assert no_day.sentence.endswith("We continue at 03:30 on 16 June 2026.")


def test_a_closed_period_names_the_month_and_the_days() -> None:
    instance = cause_of(
        "period_closed",
        org="Oak Books",
        invoice="1001",
        date=date(2026, 3, 15),
        lock_date=date(2026, 3, 31),
        first_open_day=date(2026, 4, 1),
    )
    shown = render(instance, "xero", reader=Reader(today=date(2026, 6, 1)))
    assert shown.title == "The books are closed for March 2026"
    assert shown.sentence == (
        "Oak Books is closed up to 31 March, and invoice 1001 is dated 15 March."
    )
    assert [fix.label for fix in shown.fixes][1] == "Post on 1 April"
    assert shown.group == "period_closed.2026-03-31"


@pytest.mark.parametrize(
    ("money", "words"),
    [
        (Money(amount=Decimal("-1256.5"), currency="USD"), "comes to -$1,256.50."),
        (Money(amount=Decimal("-1256"), currency="JPY"), "comes to -1,256 JPY."),
        (Money(amount=Decimal("-0.125"), currency="KWD"), "comes to -0.125 KWD."),
        ("about minus ten", "comes to about minus ten."),
    ],
)
def test_money_has_its_currency_and_digits(money: Money | str, words: str) -> None:
    shown = render(cause_of("invoice_total_negative", invoice="7", total=money), "qbo")
    assert words in shown.sentence


def test_a_record_begins_a_sentence_with_a_capital_and_a_name_stays_as_it_is() -> None:
    invoice = cause_of("not_synced_yet", record=record_name("invoice", "1001"), why="automatic_off")
    item = cause_of("not_synced_yet", record=record_name("item", "eBay kit"))
    busy = cause_of("record_busy_there", record=record_name("invoice", "1001"))
    assert render(invoice, "xero").sentence == (
        "Invoice 1001 isn't in Xero yet. Automatic sync is off."
    )
    assert render(item, "xero").sentence == "eBay kit isn't in Xero yet."
    assert "working on invoice 1001 in" in render(busy, "qbo").sentence


def test_a_prerequisites_cause_lends_its_sentence_its_buttons_and_its_group() -> None:
    customer = Subject(id=str(RECORD), name="Ann Lee")
    instance = cause_of(
        "prerequisite_blocked",
        subject=customer,
        because=cause_of("customer_email_missing"),
        invoice="1001",
    )
    shown = render(instance, "xero", known={"record": "invoice 1001"})
    assert shown.title == "Ann Lee needs attention first"
    assert shown.sentence == (
        "Invoice 1001 waits for Ann Lee: The customer needs an e-mail address before "
        "we add them to Xero."
    )
    assert [fix.action for fix in shown.fixes] == ["save_email", "add_without_email"]
    assert shown.group == f"customer_email_missing.{RECORD}"


def test_a_supplier_of_that_name_can_not_be_linked() -> None:
    def actions(kind: str | None, provider: Provider = "qbo") -> list[str]:
        instance = cause_of("customer_name_taken", customer="Ann", name="Ann", kind=kind)
        return [fix.action for fix in render(instance, provider).fixes]

    assert actions("customer") == ["link", "add_as_new"]
    assert actions(None) == ["add_as_new"], "it may be a supplier's"
    assert actions(None, "xero") == ["link", "add_as_new"]
    assert actions("supplier") == ["add_as_new"]
    assert actions("other") == ["add_as_new"]
    assert actions("inactive_customer") == ["reactivate", "add_as_new"]


def test_a_fix_brings_the_first_value_of_its_field() -> None:
    instance = cause_of("customer_email_invalid", customer="Ann Lee", email="ann@lee")
    assert render(instance, "qbo").fixes[0].values == {"email": "ann@lee"}


def test_dates_reach_a_field_as_machines_write_them() -> None:
    instance = cause_of("due_date_invalid", invoice="1", due_date=date(2026, 3, 1))
    assert render(instance, "xero").fixes[0].values == {"due_date": "2026-03-01"}


def test_a_missing_due_date_is_said_so() -> None:
    instance = cause_of("due_date_invalid", invoice="1001", why="missing")
    assert render(instance, "xero").sentence == "Invoice 1001 has no due date."


def test_a_value_with_braces_is_shown_and_never_read_as_a_slot() -> None:
    instance = cause_of("customer_email_missing", customer="{email} {count:a|b}")
    assert render(instance, "qbo").sentence.startswith("{email} {count:a|b} needs an e-mail")


def test_the_providers_words_come_from_the_details() -> None:
    details = ProviderDetails(provider_code="6999", provider_message="No ducks allowed")
    instance = cause_of("refused_unknown", details=details, record="invoice 7")
    assert render(instance, "qbo").sentence.endswith('QuickBooks wrote: "No ducks allowed"')


def test_a_code_of_a_newer_release_is_shown_counted_and_blocks() -> None:
    shown = render(CauseInstance(code="moon_phase_wrong"), "xero")
    assert shown.who == "defect"
    assert shown.missing == ("code",)
    assert "Xero" in shown.sentence
    assert state_of("moon_phase_wrong") is SyncState.BLOCKED


def test_groups_are_by_code_and_what_it_is_about() -> None:
    def group(code: CauseCode, subject: str | None = None, **params: str) -> str:
        about = None if subject is None else Subject(id=subject, name="x")
        return group_of(CauseInstance(code=code, subject=about, params=params), RECORD)

    assert group("item_account_unmapped", "ignored") == "item_account_unmapped"
    assert group("account_gone", "") == "account_gone"
    assert group("account_gone", "79") == "account_gone.79"
    assert group("customer_email_missing") == f"customer_email_missing.{RECORD}"
    assert group("invoice_number_taken") == f"invoice_number_taken.{RECORD}"
    assert group("currency_not_enabled", currency="EUR") == "currency_not_enabled.EUR"
    assert group("customer_currency_differs", "c1", currency="EUR").endswith(".c1.EUR")
    assert group("invoice_draft") == "invoice_draft"
    assert group("app_problem") == "app_problem"
    assert group("taking_too_long", doing="waiting") == "taking_too_long.waiting"


def test_a_group_is_safe_in_a_path_and_two_subjects_never_share_one() -> None:
    groups = {
        group_of(cause_of("tax_code_gone", subject=Subject(id=odd, name="x")))
        for odd in ("a/b", "a?b", "a b", "ä", "ö", "../..", "%2e", "a" * 500)
    }
    assert len(groups) == 8
    assert all(re.fullmatch(r"[A-Za-z0-9._~-]{1,160}", group) for group in groups)


def test_refusals_of_one_pattern_are_one_group() -> None:
    def group(code: str | None, message: str) -> str:
        details = ProviderDetails(provider_code=code, provider_message=message)
        return group_of(cause_of("refused_unknown", details=details))

    assert group("10", 'Line 3 of "Ann" is odd') == group("10", 'Line 14 of "Bob Ray" is odd')
    assert group("10", "Line 3 is odd") != group("10", "Line 3 is even")
    assert group("10", "x") != group("11", "x")
    assert group(None, "") == "refused_unknown"


def test_the_first_blocker_is_the_first_in_the_catalogue_that_stops_it() -> None:
    note = cause_of("accounts_not_offered")
    unmapped = cause_of("item_account_unmapped")
    no_email = cause_of("customer_email_missing")
    expired = cause_of("connection_expired")
    found = (note, expired, unmapped, no_email)
    assert first_blocker(found) == no_email
    assert in_order(found) == (no_email, unmapped, expired, note)
    assert first_blocker((note,)) is None
    assert first_blocker(()) is None


def test_states_are_those_of_the_catalogue() -> None:
    assert state_of("item_account_unmapped") is SyncState.BLOCKED
    assert state_of("connection_expired") is SyncState.HELD
    assert state_of("rounding_difference") is SyncState.SYNCED_WITH_DIFFERENCE
    assert state_of("taking_too_long") is None


def test_every_providers_nouns_are_the_same_words() -> None:
    assert len({frozenset(nouns) for nouns in NOUNS.values()}) == 1
    assert {p: nouns["provider"] for p, nouns in NOUNS.items()} == PROVIDER_LABELS
