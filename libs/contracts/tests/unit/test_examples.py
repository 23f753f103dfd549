"""The golden examples: what is on the wire today, as files."""

import json
from pathlib import Path
from typing import Any, cast

import pytest
from contracts.codec import Decoded, decode, encode
from contracts.schemas import SCHEMAS, documents, main, schema_of, write
from contracts.topics import TOPICS, TYPES, topic_of
from jsonschema import Draft202012Validator

EXAMPLES = Path(__file__).parents[2] / "examples"
FILES = sorted(EXAMPLES.rglob("*"))
ALL = [pytest.param(path, id=f"{path.parent.name}/{path.stem}") for path in FILES if path.is_file()]


def read(path: Path) -> dict[str, Any]:
    return cast("dict[str, Any]", json.loads(path.read_text()))


@pytest.mark.parametrize("name", TYPES)
def test_every_type_has_at_least_two_examples(name: str) -> None:
    assert len(list((EXAMPLES / name).glob("*.json"))) >= 2


def test_no_file_lies_about_that_is_no_example() -> None:
    for path in FILES:
        depth = len(path.relative_to(EXAMPLES).parts)
        assert path.is_dir() if depth == 1 else (depth == 2 and path.suffix == ".json"), path
        assert (path if depth == 1 else path.parent).name in TYPES, path


@pytest.mark.parametrize("path", ALL)
def test_an_example_is_read_by_its_topic_and_written_again_the_same(path: Path) -> None:
    example = read(path)
    kind = TYPES[path.parent.name]
    topics = [topic for topic in TOPICS if kind in topic.carries]
    if "provider" in example and len(topics) > 1:
        topics = [t for t in topics if t.name == f"sync.commands.{example['provider']}.v1"]
    (topic,) = topics
    decoded = decode(topic, path.read_bytes())
    assert isinstance(decoded, Decoded)
    assert type(decoded.message) is kind
    assert topic_of(decoded.message) is topic
    encoded = encode(decoded.message)
    assert json.loads(encoded.value) == example
    assert encoded.topic == topic.name
    assert encoded.key.decode() == example[topic.key]
    assert dict(encoded.headers) == {
        "type": path.parent.name.encode(),
        "id": example["id"].encode(),
    }


@pytest.mark.parametrize("path", ALL)
def test_an_example_keeps_the_schemas_promise(path: Path) -> None:
    validator = Draft202012Validator(
        schema_of(TYPES[path.parent.name]),
        format_checker=Draft202012Validator.FORMAT_CHECKER,
    )
    validator.validate(read(path))


def test_examples_are_told_apart_by_more_than_their_name() -> None:
    texts = [path.read_text() for path in FILES if path.is_file()]
    assert len(set(texts)) == len(texts)


def test_the_committed_schemas_are_current() -> None:
    committed = {path.name: path.read_text() for path in SCHEMAS.iterdir()}
    assert committed == documents(), "run: python -m contracts.schemas"


def test_a_schema_refuses_what_it_should() -> None:
    (path, *_) = sorted((EXAMPLES / "sync.succeeded.v1").glob("*.json"))
    validator = Draft202012Validator(schema_of(TYPES["sync.succeeded.v1"]))
    good = read(path)
    for broken in (
        {**good, "step": "3"},
        {**good, "entity": "payment"},
        {name: value for name, value in good.items() if name != "remote"},
        {name: value for name, value in good.items() if name != "voided"},
    ):
        assert not validator.is_valid(broken)


def test_writing_schemas_mends_what_is_old_and_removes_what_is_gone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "sync.gone.v1.json").write_text("{}")
    assert "sync.gone.v1.json" in write(tmp_path)
    (tmp_path / "sync.failed.v1.json").write_text("{}")
    assert write(tmp_path) == ["sync.failed.v1.json"]
    assert main([str(tmp_path)]) == 0
    assert capsys.readouterr().out == "all current\n"
    assert {path.name for path in tmp_path.iterdir()} == set(documents())
