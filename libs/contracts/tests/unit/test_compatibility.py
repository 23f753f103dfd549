"""The gate between releases: it lets through what is harmless and bites what isn't."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

import pytest
from contracts.compatibility import compare, main, verdict
from contracts.schema_changes import Order, changes
from contracts.schemas import SCHEMAS, schema_of
from contracts.sync import SyncSucceeded
from contracts.topics import TYPES, type_of
from pydantic import Field, create_model

Schema = dict[str, Any]
Edit = Callable[[Schema], None]

SUCCEEDED = "sync.succeeded.v1"
OLD: Schema = schema_of(TYPES[SUCCEEDED])


def edited(edit: Edit) -> Schema:
    new = copy.deepcopy(OLD)
    edit(new)
    return new


def field(schema: Schema, *path: str) -> Schema:
    """`field(s, "remote", "id")`: through references, as a reader of the schema would."""
    node = schema
    for name in path:
        if "$ref" in node:
            node = schema["$defs"][node["$ref"].removeprefix("#/$defs/")]
        node = node["properties"][name]
    return node


def add(name: str, *, optional: bool) -> Edit:
    def edit(schema: Schema) -> None:
        schema["properties"][name] = {"type": "string"}
        schema["required"].append(name)
        if optional:
            schema["x-optional"].append(name)

    return edit


def remove(name: str) -> Edit:
    def edit(schema: Schema) -> None:
        del schema["properties"][name]
        schema["required"].remove(name)

    return edit


def put(value: object, word: str, *path: str) -> Edit:
    def edit(schema: Schema) -> None:
        field(schema, *path)[word] = value

    return edit


def put_at_top(word: str, value: object) -> Edit:
    def edit(schema: Schema) -> None:
        schema[word] = value

    return edit


def no_longer_optional(schema: Schema) -> None:
    schema["x-optional"].remove("voided")


def not_always_written(schema: Schema) -> None:
    schema["required"].remove("voided")


def cannot_be_null(schema: Schema) -> None:
    schema["properties"]["totals"] = {"$ref": "#/$defs/Totals"}


def can_be_null(schema: Schema) -> None:
    schema["properties"]["remote"] = {"anyOf": [{"$ref": "#/$defs/RemoteRef"}, {"type": "null"}]}


def without_form(schema: Schema) -> None:
    del field(schema, "occurred_at")["format"]


def no_list_of_texts(schema: Schema) -> None:
    field(schema, "notes")["items"]["type"] = "integer"


def value_gone_deep_inside(schema: Schema) -> None:
    schema["$defs"]["Attempt"]["properties"]["result"]["enum"].remove("absent")


def value_came_deep_inside(schema: Schema) -> None:
    schema["$defs"]["Attempt"]["properties"]["result"]["enum"].append("throttled")


CASES: dict[str, tuple[Edit, Order, str]] = {
    "words": (put("Other", "title", "step"), "any", ""),
    "optional field added": (add("mood", optional=True), "any", "field added"),
    "needed field added": (add("mood", optional=False), "writers_first", "can't do without"),
    "field removed": (remove("voided"), "readers_first", "field removed"),
    "needed field removed": (remove("remote"), "readers_first", "field removed"),
    "readers need it now": (no_longer_optional, "any", "readers now need it"),
    "not always written": (not_always_written, "readers_first", "no longer always written"),
    "type changed": (put("string", "type", "step"), "never", "type changed from integer"),
    "inside of a list changed": (no_list_of_texts, "never", "type changed from string"),
    "type changed deep inside": (put("integer", "type", "remote", "id"), "never", "type changed"),
    "value added": (value_came_deep_inside, "readers_first", "value added: throttled"),
    "value removed": (value_gone_deep_inside, "writers_first", "value removed: absent"),
    "any value": (
        lambda s: field(s, "entity").pop("enum"),
        "readers_first",
        "may now be any value",
    ),
    "another constant": (put("other", "const", "type"), "never", "values changed"),
    "null no longer": (cannot_be_null, "writers_first", "is no longer null"),
    "null now": (can_be_null, "readers_first", "may now be null"),
    "form gone": (without_form, "readers_first", "no format any more"),
    "form came": (put("uuid", "format", "notes"), "writers_first", "format now uuid"),
    "other form": (put("date", "format", "occurred_at"), "never", "format changed"),
    "limit came": (put(9, "maxLength", "remote", "id"), "writers_first", "maxLength changed"),
    "least came": (put(0, "minimum", "step"), "writers_first", "minimum changed"),
    "other default": (put(True, "default", "voided"), "any", "what its absence means"),
    "other topic": (put_at_top("x-topics", ["x.v1"]), "never", "topics changed"),
    "other key": (put_at_top("x-key", "record_id"), "never", "key changed"),
    "other reader": (put_at_top("x-readers", ["x"]), "any", "readers are now x"),
    "word nobody knows": (put(2, "multipleOf", "step"), "unclassified", "multipleOf changed"),
    "closed to more": (put_at_top("additionalProperties", False), "unclassified", "additional"),
}


@pytest.mark.parametrize("name", CASES)
def test_a_change_is_named_and_put_into_order(name: str) -> None:
    edit, order, what = CASES[name]
    found = changes(OLD, edited(edit))
    if not what:
        assert found == []
    else:
        (change,) = found
        assert change.order == order
        assert what in change.what


@pytest.mark.parametrize(("name", "reverse"), [("value added", "value removed")])
def test_a_change_undone_asks_for_the_opposite_order(name: str, reverse: str) -> None:
    edit, order, _ = CASES[name]
    (back,) = changes(edited(edit), OLD)
    assert order == "readers_first"
    assert back.order == "writers_first"
    assert reverse in back.what


def test_a_tightened_and_a_loosened_limit_are_opposite() -> None:
    short = edited(put(9, "maxLength", "remote", "id"))
    long = edited(put(99, "maxLength", "remote", "id"))
    assert [c.order for c in changes(short, long)] == ["readers_first"]
    assert [c.order for c in changes(long, short)] == ["writers_first"]


def test_paths_lead_to_the_change() -> None:
    (change,) = changes(OLD, edited(value_came_deep_inside))
    assert change.path == "attempts[].result"


def test_nothing_changed_is_no_change() -> None:
    committed = {path.stem: json.loads(path.read_text()) for path in SCHEMAS.iterdir()}
    assert compare(committed, {name: schema_of(kind) for name, kind in TYPES.items()}) == []


def test_a_type_that_contains_itself_is_compared_to_its_end() -> None:
    old = schema_of(TYPES["sync.failed.v1"])
    new = copy.deepcopy(old)
    new["$defs"]["CauseInstance"]["properties"]["code"]["type"] = "integer"
    assert {change.path for change in changes(old, new)} == {"cause.code"}


def test_a_field_really_added_to_a_model_is_seen_as_it_is() -> None:
    optional = create_model("SyncSucceeded", __base__=SyncSucceeded, colour=(str | None, None))
    needed = create_model("SyncSucceeded", __base__=SyncSucceeded, colour=(str, Field()))
    wider = create_model(
        "SyncSucceeded",
        __base__=SyncSucceeded,
        removed=(Literal["voided", "deleted", "purged"] | None, None),
    )

    def orders(model: type[SyncSucceeded]) -> list[str]:
        new = {**model.model_json_schema(mode="serialization")}
        accepted = model.model_json_schema(mode="validation")
        new["x-optional"] = [n for n in new["properties"] if n not in accepted["required"]]
        new["x-optional"].remove("type")
        for part in ("x-topics", "x-key", "x-writers", "x-readers"):
            new[part] = OLD[part]
        for name, definition in OLD["$defs"].items():
            new["$defs"][name] = definition
        return [change.order for change in changes(OLD, new)]

    assert type_of(optional) == SUCCEEDED
    assert orders(optional) == ["any"]
    assert orders(needed) == ["writers_first"]
    assert orders(wider) == ["readers_first"]


def test_the_advice_names_whom_to_deploy_first() -> None:
    (finding,) = compare({SUCCEEDED: OLD}, {SUCCEEDED: edited(value_came_deep_inside)})
    assert str(finding) == (
        "breaking: sync.succeeded.v1 attempts[].result: value added: throttled. "
        "Deploy the readers first (invoice-api, sync-orchestrator), then the writers "
        "(connector-freshbooks, connector-qbo, connector-xero)."
    )


def test_a_new_type_wants_readers_first_and_a_removed_one_writers_first() -> None:
    (came,) = compare({}, {SUCCEEDED: OLD})
    (went,) = compare({SUCCEEDED: OLD}, {})
    assert "new type of message. Deploy the readers first (invoice-api" in str(came)
    assert "type of message removed. Deploy the writers first (connector" in str(went)


@pytest.mark.parametrize(
    ("name", "plain", "ordered"),
    [
        ("optional field added", 0, 0),
        ("value added", 1, 0),
        ("value removed", 1, 0),
        ("type changed", 1, 1),
        ("word nobody knows", 2, 2),
    ],
)
def test_the_exit_code_says_whether_to_stop(name: str, plain: int, ordered: int) -> None:
    edit, _, _ = CASES[name]
    findings = compare({SUCCEEDED: OLD}, {SUCCEEDED: edited(edit)})
    assert verdict(findings) == plain
    assert verdict(findings, ordered=True) == ordered


def saved(folder: Path, schema: Schema) -> str:
    folder.mkdir()
    (folder / f"{SUCCEEDED}.json").write_text(json.dumps(schema))
    return str(folder)


def test_the_command_prints_the_findings_and_stops(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = saved(tmp_path / "old", OLD)
    new = saved(tmp_path / "new", edited(value_came_deep_inside))
    assert main([old, old]) == 0
    assert capsys.readouterr().out == "no changes\n"
    assert main([old, new]) == 1
    assert main([old, new, "--ordered"]) == 0
    assert capsys.readouterr().out.count("value added: throttled") == 2


def test_the_command_says_what_it_could_not_read(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    old = saved(tmp_path / "old", OLD)
    assert main([old]) == 2
    assert "usage: python -m contracts.compatibility" in capsys.readouterr().err
    assert main([old, str(tmp_path / "none")]) == 2
    assert "no schemas there" in capsys.readouterr().err
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "a.json").write_text("{")
    assert main([old, str(tmp_path / "broken")]) == 2
    assert "a.json" in capsys.readouterr().err
    (tmp_path / "broken" / "a.json").write_text("[]")
    assert main([old, str(tmp_path / "broken")]) == 2
    assert "not a JSON object" in capsys.readouterr().err
