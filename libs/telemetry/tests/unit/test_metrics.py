"""Every metric listed, and what a scrape gets."""

from typing import get_args

import pytest
from telemetry.metrics import (
    METRICS,
    CounterName,
    GaugeName,
    HistogramName,
    counter,
    gauge,
    histogram,
    render,
)


def test_every_name_has_a_meaning_and_no_meaning_is_without_a_name() -> None:
    names = (*get_args(CounterName), *get_args(GaugeName), *get_args(HistogramName))
    assert set(METRICS) == set(names)
    assert len(names) == len(set(names))


def test_names_say_their_kind_and_unit() -> None:
    for name in get_args(CounterName):
        assert name.endswith("_total")
    for name in get_args(HistogramName):
        assert name.endswith("_seconds")
    for name in get_args(GaugeName):
        assert not name.endswith("_total")


@pytest.mark.parametrize("name", METRICS)
def test_every_metric_can_be_made_and_is_scraped(name: str) -> None:
    for kind, make in (
        (get_args(CounterName), counter),
        (get_args(GaugeName), gauge),
        (get_args(HistogramName), histogram),
    ):
        if name in kind:
            make(name, **dict.fromkeys(METRICS[name].labels, "x"))  # pyright: ignore[reportArgumentType]  # names from their own list
    assert f"tallybridge_{name}".encode() in render()


def test_counters_gauges_and_histograms_say_what_they_were_told() -> None:
    counter("messages_consumed_total", topic="t", reader="r").inc(3)
    gauge("outbox_waiting", service="s").set(7)
    histogram("budget_wait_seconds", provider="xero", limit="minute").observe(0.2)
    scraped = render().decode()
    assert 'tallybridge_messages_consumed_total{reader="r",topic="t"} 3.0' in scraped
    assert 'tallybridge_outbox_waiting{service="s"} 7.0' in scraped
    assert 'tallybridge_budget_wait_seconds_count{limit="minute",provider="xero"} 1.0' in scraped


def test_other_labels_are_refused_and_the_right_ones_named() -> None:
    with pytest.raises(ValueError, match="labels are topic, reader, given topic"):
        counter("messages_consumed_total", topic="t")
    with pytest.raises(ValueError, match="labels are none, given x"):
        counter("badge_events_sent_total", x="y")
