"""What differs between two schemas of one message type, and what that asks of a deployment.

Pure: two parsed schemas in, changes out. Written for the schemas that `contracts.schemas` makes;
whatever else differs is `unclassified`, which nobody may ship before saying here what it means.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, cast

Order = Literal["any", "readers_first", "writers_first", "never", "unclassified"]
"""In which order it may be deployed. `never`: neither order is safe, the type needs a new version.
Writers first also means to wait until messages written before are no longer kept."""

Schema = Mapping[str, object]


@dataclass(frozen=True)
class Change:
    """One difference, at a path like `cause.params`."""

    path: str
    what: str
    order: Order


_WORDS = ("title", "description", "examples", "$schema", "default")
_INSIDE = {"items": "[]", "additionalProperties": "{}", "propertyNames": "{key}"}
_UPPER_LIMITS = ("maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties")
_LOWER_LIMITS = ("minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties")
_KNOWN = frozenset(
    {
        *_WORDS,
        *_UPPER_LIMITS,
        *_LOWER_LIMITS,
        "$defs",
        "$ref",
        "additionalProperties",
        "anyOf",
        "const",
        "enum",
        "format",
        "items",
        "pattern",
        "prefixItems",
        "properties",
        "propertyNames",
        "required",
        "type",
        "x-key",
        "x-optional",
        "x-readers",
        "x-topics",
        "x-writers",
    }
)


def changes(old: Schema, new: Schema) -> list[Change]:
    """All differences, those at the top first."""
    return [*_addresses(old, new), *_Comparison(old, new).at("", old, new)]


def _addresses(old: Schema, new: Schema) -> Iterator[Change]:
    for word, what in (("x-topics", "topics"), ("x-key", "key")):
        if old.get(word) != new.get(word):
            yield Change(
                "",
                f"{what} changed from {_shown(old.get(word))} to {_shown(new.get(word))}",
                "never",
            )
    for word, what in (("x-readers", "readers"), ("x-writers", "writers")):
        if old.get(word) != new.get(word):
            yield Change("", f"{what} are now {_shown(new.get(word))}", "any")


class _Comparison:
    """Two whole schemas, for their references."""

    def __init__(self, old: Schema, new: Schema) -> None:
        self._old = old
        self._new = new
        self._open: set[tuple[str, str]] = set()

    def at(self, path: str, old: Schema, new: Schema) -> Iterator[Change]:
        if "anyOf" in old or "anyOf" in new:
            yield from _unknown_words(path, old, new)
            yield from self._variants(path, _variants(old), _variants(new))
            return
        pair = (str(old.get("$ref")), str(new.get("$ref")))
        if pair in self._open:
            return  # a type that contains itself
        if "$ref" in old or "$ref" in new:
            self._open.add(pair)
        yield from self._nodes(path, _resolved(self._old, old), _resolved(self._new, new))
        self._open.discard(pair)

    def _nodes(self, path: str, old: Schema, new: Schema) -> Iterator[Change]:
        yield from _unknown_words(path, old, new)
        if old.get("type") != new.get("type"):
            before, after = _shown(old.get("type")), _shown(new.get("type"))
            yield Change(path, f"type changed from {before} to {after}", "never")
            return
        yield from _values(path, old, new)
        yield from _form(path, old, new)
        yield from _limits(path, old, new)
        yield from self._parts(path, old, new)
        if "properties" in old or "properties" in new:
            yield from self._fields(path, old, new)

    def _variants(self, path: str, old: list[Schema], new: list[Schema]) -> Iterator[Change]:
        before = {_kind(self._old, variant): variant for variant in old}
        after = {_kind(self._new, variant): variant for variant in new}
        if old != new and (len(before) < len(old) or len(after) < len(new)):
            yield Change(path, "a union of variants that can't be told apart", "unclassified")
        for kind in sorted(after.keys() - before.keys()):
            yield Change(path, f"may now be {kind}", "readers_first")
        for kind in sorted(before.keys() - after.keys()):
            yield Change(path, f"is no longer {kind}", "writers_first")
        for kind in before:
            if kind in after:
                yield from self.at(path, before[kind], after[kind])

    def _parts(self, path: str, old: Schema, new: Schema) -> Iterator[Change]:
        for word, inside in _INSIDE.items():
            before, after = old.get(word), new.get(word)
            if isinstance(before, dict) and isinstance(after, dict):
                yield from self.at(f"{path}{inside}", _schema(old[word]), _schema(new[word]))
            elif before != after:
                yield Change(path, f"{word} added or removed", "unclassified")
        if old.get("prefixItems") != new.get("prefixItems"):
            yield Change(path, "the positions of a fixed list changed", "never")

    def _fields(self, path: str, old: Schema, new: Schema) -> Iterator[Change]:
        before, after = _properties(old), _properties(new)
        dot = f"{path}." if path else ""
        for name in before:
            if name not in after:
                yield Change(f"{dot}{name}", "field removed", "readers_first")
        for name in after:
            if name not in before:
                optional = name in _names(new, "x-optional")
                yield Change(
                    f"{dot}{name}",
                    "field added" if optional else "field added that readers can't do without",
                    "any" if optional else "writers_first",
                )
        for name in before:
            if name in after:
                yield from _presence(f"{dot}{name}", name, old, new)
                yield from self.at(f"{dot}{name}", before[name], after[name])


def _presence(path: str, name: str, old: Schema, new: Schema) -> Iterator[Change]:
    was, is_now = name in _names(old, "required"), name in _names(new, "required")
    if was and not is_now:
        yield Change(path, "no longer always written", "readers_first")
    if is_now and not was:
        yield Change(path, "now always written", "any")
    needless, needed = name in _names(old, "x-optional"), name not in _names(new, "x-optional")
    if needless and needed:
        # Writers have always written it, unless the old schema says that they have not.
        yield Change(path, "readers now need it", "any" if was else "writers_first")
    if not needless and not needed:
        yield Change(path, "readers no longer need it", "any")
    before, after = _properties(old)[name].get("default"), _properties(new)[name].get("default")
    if needless and not needed and before != after:
        yield Change(
            path,
            f"what its absence means changed from {_shown(before)} to {_shown(after)}",
            "any" if was else "never",
        )


def _values(path: str, old: Schema, new: Schema) -> Iterator[Change]:
    before, after = _allowed(old), _allowed(new)
    if before == after:
        return
    if before is None or after is None:
        what = f"only {_listed(after)}" if after else "any value"
        yield Change(path, f"may now be {what}", "writers_first" if after else "readers_first")
        return
    if not before & after:
        yield Change(path, f"values changed from {_listed(before)} to {_listed(after)}", "never")
        return
    if after - before:
        yield Change(path, f"value added: {_listed(after - before)}", "readers_first")
    if before - after:
        yield Change(path, f"value removed: {_listed(before - after)}", "writers_first")


def _form(path: str, old: Schema, new: Schema) -> Iterator[Change]:
    for word in ("pattern", "format"):
        before, after = old.get(word), new.get(word)
        if before == after:
            continue
        if before is None:
            yield Change(path, f"{word} now {_shown(after)}", "writers_first")
        elif after is None:
            yield Change(path, f"no {word} any more (was {_shown(before)})", "readers_first")
        else:
            yield Change(path, f"{word} changed from {_shown(before)} to {_shown(after)}", "never")


def _limits(path: str, old: Schema, new: Schema) -> Iterator[Change]:
    for word in (*_UPPER_LIMITS, *_LOWER_LIMITS):
        before, after = _number(old.get(word)), _number(new.get(word))
        if before == after:
            continue
        upper = word in _UPPER_LIMITS
        wider = after is None or (
            before is not None and ((after > before) if upper else (after < before))
        )
        yield Change(
            path,
            f"{word} changed from {_shown(before)} to {_shown(after)}",
            "readers_first" if wider else "writers_first",
        )


def _unknown_words(path: str, old: Schema, new: Schema) -> Iterator[Change]:
    for word in sorted({*old, *new} - _KNOWN):
        if old.get(word) != new.get(word):
            yield Change(
                path,
                f"{word} changed from {_shown(old.get(word))} to {_shown(new.get(word))}",
                "unclassified",
            )


def _resolved(whole: Schema, node: Schema) -> Schema:
    """The definition a node refers to; words beside the reference are left behind."""
    reference = node.get("$ref")
    if not isinstance(reference, str):
        return node
    definitions = _schema(whole.get("$defs", {}))
    return _schema(definitions.get(reference.removeprefix("#/$defs/"), {}))


def _kind(whole: Schema, variant: Schema) -> str:
    """What tells the variants of a union apart: their type, and an object's name."""
    found = _resolved(whole, variant)
    kind = str(found.get("type", "anything"))
    if kind == "object":
        return str(variant.get("$ref", kind)).removeprefix("#/$defs/")
    form = found.get("format")
    return f"{kind} ({form})" if form is not None else kind


def _variants(node: Schema) -> list[Schema]:
    variants = node.get("anyOf")
    if not isinstance(variants, list):
        return [node]
    return [_schema(variant) for variant in cast("list[object]", variants)]


def _schema(value: object) -> Schema:
    return cast("Schema", value) if isinstance(value, Mapping) else {}


def _properties(node: Schema) -> dict[str, Schema]:
    return {name: _schema(part) for name, part in _schema(node.get("properties", {})).items()}


def _names(node: Schema, word: str) -> frozenset[str]:
    names = node.get(word)
    return frozenset(str(n) for n in cast("list[object]", names)) if names else frozenset()


def _allowed(node: Schema) -> frozenset[str] | None:
    if "const" in node:
        return frozenset({_shown(node["const"])})
    values = node.get("enum")
    if not isinstance(values, list):
        return None
    return frozenset(_shown(value) for value in cast("list[object]", values))


def _listed(values: frozenset[str]) -> str:
    return ", ".join(sorted(values))


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(str(entry) for entry in cast("list[object]", value))
    return "nothing" if value is None else f"{value:g}" if isinstance(value, float) else str(value)
