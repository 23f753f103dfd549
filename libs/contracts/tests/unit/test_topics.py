"""Topics as data."""

import re
from itertools import pairwise
from typing import get_args

import pytest
from contracts import commands, connections, invoicing, sync
from contracts.ids import Provider
from contracts.message import Message
from contracts.topics import COMMANDS, TOPICS, TYPES, Topic, type_of

SERVICES = {
    "invoice-api",
    "sync-orchestrator",
    *(f"connector-{provider}" for provider in get_args(Provider)),
}


def concrete(kind: type[Message]) -> list[type[Message]]:
    """Every message class that has a type of its own."""
    found = [kind] if "type" in kind.model_fields else []
    return found + [sub for child in kind.__subclasses__() for sub in concrete(child)]


@pytest.mark.parametrize("kind", concrete(Message), ids=type_of)
def test_every_message_is_on_exactly_one_topic(kind: type[Message]) -> None:
    carriers = [topic for topic in TOPICS if kind in topic.carries]
    if issubclass(kind, commands.Command):
        assert carriers == list(COMMANDS.values())
    else:
        assert len(carriers) == 1
    assert TYPES[type_of(kind)] is kind


def test_every_module_of_messages_was_looked_at() -> None:
    kinds = {kind.__module__ for kind in concrete(Message)}
    modules = {name for name in kinds if name.startswith("contracts.")}
    assert modules == {m.__name__ for m in (commands, connections, invoicing, sync)}


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_a_topic_is_well_named_and_its_parties_exist(topic: Topic) -> None:
    assert re.fullmatch(r"[a-z]+\.[a-z]+(\.[a-z]+)?\.v[1-9]\d*", topic.name)
    assert topic.writers
    assert topic.readers
    assert {*topic.writers, *topic.readers} <= SERVICES
    assert topic.partitions > 0
    assert topic.retention_ms == 7 * 24 * 3600 * 1000
    assert topic.dead_letters("invoice-api") == f"{topic.name}.dlq.invoice-api"


def test_names_of_topics_and_of_their_dead_letters_are_all_different() -> None:
    names = [t.name for t in TOPICS] + [t.dead_letters(r) for t in TOPICS for r in t.readers]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("topic", TOPICS, ids=lambda topic: topic.name)
def test_every_message_of_a_topic_has_its_key(topic: Topic) -> None:
    for kind in topic.carries:
        assert kind.model_fields[topic.key].is_required()
        assert kind.topic_key == topic.key


@pytest.mark.parametrize("name", TYPES)
def test_a_types_name_says_its_context_and_version(name: str) -> None:
    assert re.fullmatch(r"(invoicing|sync|connections)\.[a-z_]+\.v[1-9]\d*", name)


def test_each_provider_has_its_commands_and_its_connector() -> None:
    assert set(COMMANDS) == set(get_args(Provider))
    for provider, topic in COMMANDS.items():
        assert topic.name == f"sync.commands.{provider}.v1"
        assert topic.readers == (f"connector-{provider}",)


def test_a_fold_prefers_outcomes_to_delays_to_progress() -> None:
    ranks = [
        sync.SyncStateChanged.rank,
        sync.SyncDelayed.rank,
        sync.SyncSucceeded.rank,
    ]
    assert all(lower < higher for lower, higher in pairwise(ranks))
    assert sync.SyncFailed.rank == sync.SyncSucceeded.rank
