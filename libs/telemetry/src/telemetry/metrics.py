"""Every metric: its name, what it means, its labels. A name not listed here is a type error.

Labels never hold a company, a record or anything else without bound.
"""

from dataclasses import dataclass
from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    PlatformCollector,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST
"""What `/metrics` answers as."""

CounterName = Literal[
    "messages_consumed_total",
    "messages_skipped_unknown_total",
    "messages_set_apart_total",
    "relay_published_total",
    "http_requests_total",
    "causes_without_params_total",
    "provider_requests_total",
    "token_refreshes_total",
    "badge_events_sent_total",
    "role_failures_total",
    "consumer_restarts_total",
]
GaugeName = Literal[
    "outbox_waiting",
    "feed_position_age_seconds",
    "consumer_progress_age_seconds",
    "jobs",
    "lanes_waiting",
    "ledger_rows_open",
    "connections",
]
HistogramName = Literal[
    "relay_batch_seconds",
    "budget_wait_seconds",
    "http_request_seconds",
    "provider_request_seconds",
]
MetricName = CounterName | GaugeName | HistogramName


@dataclass(frozen=True)
class Meaning:
    """What a metric tells, and by what it is told apart."""

    text: str
    labels: tuple[str, ...] = ()


METRICS: dict[MetricName, Meaning] = {
    "messages_consumed_total": Meaning("Messages whose effect is committed.", ("topic", "reader")),
    "messages_skipped_unknown_total": Meaning(
        "Messages of a type this release doesn't know: a newer writer is about.",
        ("topic", "reader"),
    ),
    "messages_set_apart_total": Meaning(
        "Messages that could not be read, applied or published: look at the dead letters.",
        ("topic", "reader"),
    ),
    "relay_published_total": Meaning("Outbox messages the broker has taken.", ("topic",)),
    "http_requests_total": Meaning(
        "HTTP requests answered.", ("service", "method", "route", "status")
    ),
    "causes_without_params_total": Meaning(
        "Causes shown by their plain sentence, as a param was missing: a defect of their finder.",
        ("code",),
    ),
    "provider_requests_total": Meaning(
        "Requests to a provider by how they ended.", ("provider", "result")
    ),
    "token_refreshes_total": Meaning("Refreshes of a grant.", ("provider", "result")),
    "badge_events_sent_total": Meaning("Badge events sent to open pages."),
    "role_failures_total": Meaning(
        "Roles of this process that failed and were restarted.", ("role",)
    ),
    "consumer_restarts_total": Meaning(
        "Consumers built anew as they made no progress.", ("reader",)
    ),
    "outbox_waiting": Meaning("Outbox messages not yet published.", ("service",)),
    "feed_position_age_seconds": Meaning(
        "How long a feed's reader has not moved on: a writer's transaction may be stuck.",
        ("feed", "reader"),
    ),
    "consumer_progress_age_seconds": Meaning(
        "How long a consumer with work has finished nothing: it may hang.", ("topic", "reader")
    ),
    "jobs": Meaning("Records of connections by state.", ("provider", "state")),
    "lanes_waiting": Meaning("Commands accepted and not yet sent.", ("provider",)),
    "ledger_rows_open": Meaning("Records whose sending has no outcome yet.", ("provider",)),
    "connections": Meaning("Connections by state.", ("provider", "state")),
    "relay_batch_seconds": Meaning("How long it takes to publish one batch of the outbox."),
    "budget_wait_seconds": Meaning(
        "How long a request waited for a slot of a provider's limit.", ("provider", "limit")
    ),
    "http_request_seconds": Meaning("How long HTTP requests take.", ("service", "method", "route")),
    "provider_request_seconds": Meaning("How long a provider takes to answer.", ("provider",)),
}

PREFIX = "tallybridge_"
"""Stands before each name in what is scraped."""

_BUCKETS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)

_REGISTRY = CollectorRegistry()
ProcessCollector(registry=_REGISTRY)
PlatformCollector(registry=_REGISTRY)
_COUNTERS: dict[CounterName, Counter] = {}
_GAUGES: dict[GaugeName, Gauge] = {}
_HISTOGRAMS: dict[HistogramName, Histogram] = {}


def counter(name: CounterName, **labels: str) -> Counter:
    """The counter with these labels, which must be exactly the ones of `METRICS`.

    Raises:
        ValueError: other labels.
    """
    if name not in _COUNTERS:
        meaning = METRICS[name]
        _COUNTERS[name] = Counter(PREFIX + name, meaning.text, meaning.labels, registry=_REGISTRY)
    metric = _COUNTERS[name]
    return metric.labels(**labels) if _checked(name, labels) else metric


def gauge(name: GaugeName, **labels: str) -> Gauge:
    """The gauge with these labels; see `counter`."""
    if name not in _GAUGES:
        meaning = METRICS[name]
        _GAUGES[name] = Gauge(PREFIX + name, meaning.text, meaning.labels, registry=_REGISTRY)
    metric = _GAUGES[name]
    return metric.labels(**labels) if _checked(name, labels) else metric


def histogram(name: HistogramName, **labels: str) -> Histogram:
    """The histogram with these labels, in seconds; see `counter`."""
    if name not in _HISTOGRAMS:
        meaning = METRICS[name]
        _HISTOGRAMS[name] = Histogram(
            PREFIX + name, meaning.text, meaning.labels, buckets=_BUCKETS, registry=_REGISTRY
        )
    metric = _HISTOGRAMS[name]
    return metric.labels(**labels) if _checked(name, labels) else metric


def render() -> bytes:
    """All metrics of this process in Prometheus' text format."""
    return generate_latest(_REGISTRY)


def _checked(name: MetricName, labels: dict[str, str]) -> bool:
    wanted = METRICS[name].labels
    if set(labels) != set(wanted):
        given = ", ".join(sorted(labels)) or "none"
        raise ValueError(f"{name}: labels are {', '.join(wanted) or 'none'}, given {given}")
    return bool(wanted)
