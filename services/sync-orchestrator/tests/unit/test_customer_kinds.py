"""The suggested kind of a customer there, and its reason."""

import pytest
from sync_orchestrator.domain.customer_kinds import (
    Corrections,
    CustomerThere,
    features_of,
    suggest,
)


@pytest.mark.parametrize(
    ("name", "kind", "reason"),
    [
        ("Acme Heating LLC", "business", '"LLC" in the name'),
        ("Acme Heating, L.L.C.", "business", '"L.L.C" in the name'),
        ("Maria Gomez", "homeowner", "first and last name"),
        ("Church, Karen", "homeowner", "last name, first name"),
        ("Hope Church", "business", '"Church" in the name'),
        ("Dan and Lilly Poe", "homeowner", "two first names and a last name"),
        ("Cullman & Kravis", "business", "names joined as a firm's"),
        ("Mr. & Mrs. En Su Lin", "homeowner", "a title before the name"),
        ("Dentistry 2000", "business", '"Dentistry" in the name'),
        ("Visium", "business", "one word, no first and last name"),
        ("John Smith Jr", "homeowner", "letters after a person's name"),
        ("Friends of the Valley", "business", '"Friends" in the name'),
    ],
)
def test_s24_each_suggestion_has_its_reason(name: str, kind: str, reason: str) -> None:
    found = suggest(CustomerThere(name))
    assert (found.kind, found.reason) == (kind, reason)


def test_s24_company_and_email_count_where_the_name_leaves_doubt() -> None:
    assert suggest(CustomerThere("Ann Lee", company_name="Lee Roofing")).kind == "business"
    assert suggest(CustomerThere("Ann Lee", company_name="Ann Lee")).kind == "homeowner"
    billed = suggest(CustomerThere("Saban Reed", email="billing@saban.example"))
    assert (billed.kind, billed.reason) == ("business", "e-mail goes to billing@")
    named = suggest(CustomerThere("Saban Reed", email="pat@sabanreed.example"))
    assert (named.kind, named.reason) == ("business", "e-mail is at sabanreed.example")


@pytest.mark.parametrize("name", ["", "   ", "🔥", "!!!", "-", "a" * 500, "Ann\nLee"])
def test_every_name_has_a_suggestion_and_the_same_each_time(name: str) -> None:
    there = CustomerThere(name)
    assert suggest(there) == suggest(there)
    assert suggest(there).reason


def test_s24_a_word_needs_two_corrections_and_none_against_it() -> None:
    there = CustomerThere("Poe Trust")
    (feature,) = [f for f in features_of(there) if f.startswith("word:")]
    assert suggest(there, Corrections({feature: (0, 1)})).kind == "business"
    learnt = suggest(there, Corrections({feature: (0, 2)}))
    assert (learnt.kind, learnt.reason) == (
        "homeowner",
        'you chose this for others with "Trust" in the name',
    )
    assert suggest(there, Corrections({feature: (1, 2)})).kind == "business"


def test_s24_a_domain_of_homeowners_makes_none_of_a_company_that_says_what_it_is() -> None:
    learnt = Corrections({"domain:oakvillage.example": (0, 3)})
    tenant = suggest(CustomerThere("Visium", email="v@oakvillage.example"), learnt)
    assert (tenant.kind, tenant.reason) == (
        "homeowner",
        "you chose this for others at oakvillage.example",
    )
    for name in ("Acme Heating LLC", "Acme Heating, Inc."):
        firm = suggest(CustomerThere(name, email="a@oakvillage.example"), learnt)
        assert firm.kind == "business"
