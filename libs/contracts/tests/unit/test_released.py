"""Two releases beside each other: each reads what the other writes."""

import copy
import json
from pathlib import Path
from typing import Any, cast

import pytest
from contracts.codec import Decoded, decode
from contracts.compatibility import compare, load, verdict
from contracts.released import EXAMPLES, RELEASED_EXAMPLES, RELEASED_SCHEMAS, release
from contracts.schema_changes import Schema
from contracts.schemas import SCHEMAS
from contracts.topics import TOPICS, TYPES
from jsonschema import Draft202012Validator

FINDINGS = compare(load(RELEASED_SCHEMAS), load(SCHEMAS))
OLD = [
    pytest.param(path, id=f"{path.parent.name}/{path.stem}")
    for path in sorted(RELEASED_EXAMPLES.glob("*/*.json"))
]
NEW = [
    pytest.param(path, id=f"{path.parent.name}/{path.stem}")
    for path in sorted(EXAMPLES.glob("*/*.json"))
]


def as_reader(schema: Schema) -> dict[str, Any]:
    """The schema as its reader applies it: what it can do without need not be there."""
    read: dict[str, Any] = copy.deepcopy(dict(schema))
    for node in (read, *cast("dict[str, Any]", read.get("$defs", {})).values()):
        optional = set(node.get("x-optional", []))
        node["required"] = [name for name in node.get("required", []) if name not in optional]
    return read


def readers_must_be_first(name: str) -> bool:
    return any(f.type == name and f.change.order == "readers_first" for f in FINDINGS)


def test_the_next_release_can_be_deployed_in_the_order_that_is_printed() -> None:
    stops = [str(f) for f in FINDINGS if f.change.order in {"never", "unclassified"}]
    assert stops == []
    assert verdict(FINDINGS, ordered=True) == 0


@pytest.mark.parametrize("path", OLD)
def test_what_the_last_release_wrote_is_read_today(path: Path) -> None:
    kind = TYPES.get(path.parent.name)
    if kind is None:
        assert any(f.type == path.parent.name for f in FINDINGS), "a type gone unnoticed"
        return
    topics = [topic for topic in TOPICS if kind in topic.carries]
    read = [decode(topic, path.read_bytes()) for topic in topics]
    assert any(isinstance(one, Decoded) and type(one.message) is kind for one in read), read


@pytest.mark.parametrize("path", NEW)
def test_what_is_written_today_is_read_by_the_last_release(path: Path) -> None:
    """Unless the check asks for readers first: then the last release's readers are gone by then."""
    schema = load(RELEASED_SCHEMAS).get(path.parent.name)
    if schema is None or readers_must_be_first(path.parent.name):
        assert readers_must_be_first(path.parent.name)
        return
    validator = Draft202012Validator(
        as_reader(schema), format_checker=Draft202012Validator.FORMAT_CHECKER
    )
    validator.validate(json.loads(path.read_text()))


def test_a_last_releases_reader_misses_what_it_needs_and_nothing_else() -> None:
    (path, *_) = sorted((EXAMPLES / "sync.succeeded.v1").glob("*.json"))
    reader = Draft202012Validator(as_reader(load(RELEASED_SCHEMAS)["sync.succeeded.v1"]))
    today = json.loads(path.read_text())
    assert reader.is_valid({**today, "mood": "sunny"})
    assert reader.is_valid({name: value for name, value in today.items() if name != "voided"})
    assert not reader.is_valid({name: value for name, value in today.items() if name != "remote"})


def test_releasing_keeps_exactly_what_is_there(tmp_path: Path) -> None:
    to = tmp_path / "released"
    (to / "schemas").mkdir(parents=True)
    (to / "schemas" / "gone.v1.json").write_text("{}")
    release(SCHEMAS, EXAMPLES, to)
    assert load(to / "schemas") == load(SCHEMAS)
    assert len(list((to / "examples").glob("*/*.json"))) == len(NEW)
