"""Names as they are compared, and statements that no name can break out of."""

import re

import pytest
from connector_kit.exchange import Response
from connector_qbo.bodies import NotRead
from connector_qbo.operations.names import (
    NameProblem,
    name_problem,
    normal,
    when_deleted,
    without_deleted,
)
from connector_qbo.operations.statements import among, chunks, quoted, rows, select
from hypothesis import given
from hypothesis import strategies as st

from .examples import REALM, drive, ok, refused
from .examples import rows as page

LITERAL = re.compile(r"'((?:[^'\\]|\\.)*)'", re.DOTALL)


def unquoted(literal: str) -> str:
    return re.sub(r"\\(.)", r"\1", literal, flags=re.DOTALL)


@given(st.text())
def test_a_quoted_value_is_one_literal_that_reads_back_as_it_was(value: str) -> None:
    found = LITERAL.fullmatch(quoted(value))
    assert found is not None
    assert unquoted(found[1]) == value


@given(st.lists(st.text(), min_size=1, max_size=5))
def test_a_condition_names_just_the_values_it_was_given(values: list[str]) -> None:
    condition = among("DisplayName", values)
    assert condition.startswith("DisplayName IN (")
    assert [unquoted(found) for found in LITERAL.findall(condition)] == values
    assert LITERAL.sub("", condition) == f"DisplayName IN ({', ' * (len(values) - 1)})"


def test_an_apostrophe_and_a_backslash_are_escaped() -> None:
    assert quoted("Amy's \\ Bird") == r"'Amy\'s \\ Bird'"


def test_pages_are_ordered_by_id_and_items_bring_their_sku() -> None:
    assert select("Customer", "Active IN (true, false)", position=1001) == (
        "SELECT * FROM Customer WHERE Active IN (true, false)"
        " ORDERBY Id STARTPOSITION 1001 MAXRESULTS 1000"
    )
    assert select("Item", position=1).startswith("SELECT *, Sku FROM Item ORDERBY Id")


@given(st.lists(st.text(max_size=60), max_size=50))
def test_chunks_hold_every_value_once(values: list[str]) -> None:
    assert [value for part in chunks(values) for value in part] == list(dict.fromkeys(values))


def test_chunks_fit_a_statement() -> None:
    parts = list(chunks([str(n) for n in range(2500)]))
    assert [len(part) for part in parts] == [1000, 1000, 500]
    assert len(list(chunks(["x" * 30_000, "y" * 30_000]))) == 2


def test_pages_are_read_until_one_is_short() -> None:
    full = [{"Id": str(n), "DisplayName": f"C{n}"} for n in range(1000)]
    pages, sent = drive(rows(REALM, "Customer"), page("Customer", *full), page("Customer"))
    assert not isinstance(pages, NotRead)
    assert [len(each.customer) for each in pages] == [1000, 0]
    assert [r.method for r in sent] == ["POST", "POST"]
    assert b"STARTPOSITION 1 " in sent[0].body
    assert b"STARTPOSITION 1001 " in sent[1].body
    assert dict(sent[0].headers)["content-type"] == "application/text"


@pytest.mark.parametrize("response", [refused("4000"), ok(b"", 200), ok({"time": "x"})])
def test_a_page_that_is_refused_is_no_empty_list(response: Response) -> None:
    pages, _ = drive(rows(REALM, "Customer"), response)
    assert isinstance(pages, NotRead)
    assert pages.refused == (response.status == 400)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("Ann Lee", None),
        ("  Ann Lee ", None),
        ("x" * 100, None),
        ("Ann Lee: Parts", NameProblem("colon", "Ann Lee Parts")),
        ("Ann\tLee", NameProblem("line_break", "Ann Lee")),
        ("Ann\nLee", NameProblem("line_break", "Ann Lee")),
        ("x" * 101, NameProblem("too_long", "x" * 100)),
        (":", NameProblem("colon", None)),
        ("  ", NameProblem("empty", None)),
    ],
)
def test_a_name_that_cannot_go_says_why_and_what_would(
    name: str, problem: NameProblem | None
) -> None:
    assert name_problem(name, limit=100) == problem


@given(st.text(max_size=150))
def test_what_is_offered_instead_can_go(name: str) -> None:
    problem = name_problem(name, limit=100)
    if problem is not None and problem.cleaned is not None:
        assert name_problem(problem.cleaned, limit=100) is None


def test_names_are_compared_without_case_and_spaces() -> None:
    assert normal(" Ann  LEE ") == normal("ann lee")


def test_the_deleted_suffix_is_put_on_and_taken_off() -> None:
    assert without_deleted(when_deleted("Ann Lee")) == "Ann Lee"
    assert without_deleted("Ann Lee (deleted-2)") == "Ann Lee"
    assert without_deleted("Ann (deleted) Lee") == "Ann (deleted) Lee"
