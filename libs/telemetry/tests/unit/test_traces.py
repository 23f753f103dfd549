"""One chain, one trace id."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st
from telemetry.traces import (
    TraceContext,
    child_of,
    make_traceparent,
    new_trace,
    next_traceparent,
    parse_traceparent,
)

TRACE = "0af7651916cd43dd8448eb211c80319c"
SPAN = "b7ad6b7169203331"


def test_the_example_of_the_recommendation_is_read() -> None:
    assert parse_traceparent(f"00-{TRACE}-{SPAN}-01") == TraceContext(TRACE, SPAN, True)
    assert parse_traceparent(f"00-{TRACE}-{SPAN}-00") == TraceContext(TRACE, SPAN, False)


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "hello",
        f"ff-{TRACE}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-01-more",
        f"00-{'0' * 32}-{SPAN}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-{SPAN}-01",
        f"00-{TRACE[:-1]}-{SPAN}-01",
        f"00-{TRACE}-{SPAN}-1",
    ],
)
def test_what_is_no_header_is_none(header: str | None) -> None:
    assert parse_traceparent(header) is None


def test_a_newer_version_is_read_by_what_we_know_of_it() -> None:
    assert parse_traceparent(f"01-{TRACE}-{SPAN}-03-more") == TraceContext(TRACE, SPAN, True)


@given(st.text(max_size=80))
def test_no_text_breaks_the_reader(header: str) -> None:
    parse_traceparent(header)


def test_a_child_keeps_the_trace_and_has_its_own_place() -> None:
    parent = new_trace(os.urandom, sampled=False)
    child = child_of(parent, os.urandom)
    assert child.trace_id == parent.trace_id
    assert child.span_id != parent.span_id
    assert child.sampled is False
    assert parse_traceparent(make_traceparent(child)) == child


def test_the_next_header_goes_on_or_begins() -> None:
    went_on = parse_traceparent(next_traceparent(f"00-{TRACE}-{SPAN}-01", os.urandom))
    began = parse_traceparent(next_traceparent("nonsense", os.urandom))
    assert went_on is not None
    assert went_on.trace_id == TRACE
    assert began is not None
    assert began.trace_id != TRACE


def test_randomness_that_gives_zeros_still_makes_valid_ids() -> None:
    assert parse_traceparent(make_traceparent(new_trace(bytes))) is not None
