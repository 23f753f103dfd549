"""Ids of a process sort in the order they were made."""

import time

import pytest
from messaging.clock import SystemIds


def test_ids_of_one_millisecond_sort_as_they_were_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time, "time_ns", lambda: 1_781_524_800_123_000_000)
    ids = SystemIds()
    made = [ids.new() for _ in range(20_000)]
    assert made == sorted(made)
    assert len(set(made)) == len(made)
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}
    assert {one.int >> 80 for one in made} <= {1_781_524_800_123, 1_781_524_800_124}


def test_a_clock_that_is_set_back_changes_no_order(monkeypatch: pytest.MonkeyPatch) -> None:
    at = [1_781_524_800_123]
    monkeypatch.setattr(time, "time_ns", lambda: at[0] * 1_000_000)
    ids = SystemIds()
    before = ids.new()
    at[0] -= 60_000
    assert ids.new() > before
    at[0] += 120_000
    assert ids.new().int >> 80 == at[0]
