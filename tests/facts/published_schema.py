"""QuickBooks' published schema (XSD), and whether JSON is as it says.

JSON spells a type as Intuit's API does: attributes are keys, a reference's text is `value`, an
element that may occur more than once is a list.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast
from xml.etree import ElementTree

_XS = "{http://www.w3.org/2001/XMLSchema}"
_DATE = re.compile(r"\d{4}-\d\d-\d\d(Z|[+-]\d\d:\d\d)?")
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")

Problem = tuple[str, str]
"""Where and what: a path of types and keys, and a sentence."""


@dataclass(frozen=True)
class Element:
    type: str
    many: bool


@dataclass
class Type:
    """A type of the schema: what it holds, or the values it may have."""

    base: str = ""
    elements: dict[str, Element] = field(default_factory=dict[str, Element])
    attributes: dict[str, str] = field(default_factory=dict[str, str])
    values: set[str] = field(default_factory=set[str])
    plain: bool = False
    """Text, with attributes or without."""


def _number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_BUILT_IN: Mapping[str, tuple[str, Callable[[object], bool]]] = {
    "boolean": ("true or false", lambda value: isinstance(value, bool)),
    "decimal": ("a number", _number),
    "double": ("a number", _number),
    "float": ("a number", _number),
    "int": ("a whole number", lambda value: _number(value) and float(str(value)).is_integer()),
    "integer": ("a whole number", lambda value: _number(value) and float(str(value)).is_integer()),
    "positiveInteger": ("a whole number", lambda value: _number(value) and float(str(value)) > 0),
    "date": ("a date", lambda value: isinstance(value, str) and bool(_DATE.fullmatch(value))),
    "dateTime": (
        "a moment",
        lambda value: isinstance(value, str) and bool(_MOMENT.fullmatch(value)),
    ),
}


class PublishedSchema:
    """All the XSD files of a folder as one."""

    def __init__(self, folder: Path) -> None:
        self.types: dict[str, Type] = {}
        self.roots: dict[str, str] = {}
        self.objects: set[str] = set()
        """Names of what may stand where the schema says IntuitObject."""
        for file in sorted(folder.glob("*.xsd")):
            for each in ElementTree.parse(file).getroot():
                self._read(each)

    def _read(self, node: ElementTree.Element) -> None:
        name = node.get("name", "")
        if node.tag in (f"{_XS}complexType", f"{_XS}simpleType"):
            self.types[name] = self._type(node, name)
        elif node.tag == f"{_XS}element":
            self.roots[name] = self._type_of(node, name)
            if "IntuitObject" in node.get("substitutionGroup", ""):
                self.objects.add(name)

    def _type_of(self, node: ElementTree.Element, owner: str) -> str:
        if named := node.get("type"):
            return named.split(":")[-1]
        inner = node.find(f"{_XS}complexType")
        inner = inner if inner is not None else node.find(f"{_XS}simpleType")
        if inner is None:
            return "string"
        anonymous = f"{owner}.{node.get('name')}"
        self.types[anonymous] = self._type(inner, anonymous)
        return anonymous

    def _type(self, node: ElementTree.Element, name: str) -> Type:
        found = Type(plain=node.tag == f"{_XS}simpleType")
        self._fill(found, node, name, many=False)
        return found

    def _fill(self, found: Type, node: ElementTree.Element, name: str, *, many: bool) -> None:
        for each in node:
            kind = each.tag.removeprefix(_XS)
            if kind == "element":
                repeated = many or each.get("maxOccurs", "1") != "1"
                if named := each.get("ref"):
                    named = named.split(":")[-1]
                    found.elements[named] = Element(named, repeated)
                else:
                    found.elements[each.get("name", "")] = Element(
                        self._type_of(each, name), repeated
                    )
            elif kind == "attribute":
                found.attributes[each.get("name", "")] = self._type_of(each, name)
            elif kind == "enumeration":
                found.values.add(each.get("value", ""))
            elif kind in ("extension", "restriction"):
                found.base = each.get("base", "").split(":")[-1]
                self._fill(found, each, name, many=many)
            elif kind in ("sequence", "choice", "all", "complexContent", "simpleContent"):
                found.plain |= kind == "simpleContent"
                self._fill(found, each, name, many=many or each.get("maxOccurs", "1") != "1")

    def differences(self, value: object, name: str, where: str) -> list[Problem]:
        """Where a value isn't as its type says."""
        if name in self.roots and name not in self.types:
            name = self.roots[name]
        found = self.types.get(name)
        if found is None:
            return self._built_in(value, name, where)
        if self._is_plain(found):
            return self._plain(value, found, where)
        if not isinstance(value, dict):
            return [(where, f"isn't an object ({name})")]
        problems: list[Problem] = []
        for key, each in cast("dict[str, object]", value).items():
            problems += self._key(key, each, found, f"{where}.{key}")
        return problems

    def element(self, found: Type, key: str) -> Element | None:
        """An element of a type or of what it extends."""
        here = found.elements.get(key)
        above = self.types.get(found.base)
        if here is None and "IntuitObject" in found.elements and key in self.objects:
            return Element(key, found.elements["IntuitObject"].many)
        return here if here or above is None else self.element(above, key)

    def has(self, entity: str, path: str) -> bool:
        """Whether an entity has this property (`PrimaryEmailAddr.Address`)."""
        name = entity
        for step in path.split("."):
            name = self.roots.get(name, name)
            found = self.types.get(name)
            element = self.element(found, step) if found else None
            if element is None:
                return False
            name = element.type
        return True

    def _key(self, key: str, value: object, found: Type, where: str) -> list[Problem]:
        if named := self._attribute(found, key):
            return self.differences(value, named, where)
        element = self.element(found, key)
        if element is None:
            return [(where, "the schema knows no such key")]
        name = element.type
        if element.many and isinstance(value, list):
            return [
                problem
                for each in cast("list[object]", value)
                for problem in self.differences(each, name, f"{where}[]")
            ]
        if element.many != isinstance(value, list):
            return [(where, "isn't a list" if element.many else "is a list")]
        return self.differences(value, name, where)

    def _attribute(self, found: Type, key: str) -> str | None:
        above = self.types.get(found.base)
        here = found.attributes.get(key)
        return here if here or above is None else self._attribute(above, key)

    def _is_plain(self, found: Type) -> bool:
        above = self.types.get(found.base)
        return found.plain or (above is not None and self._is_plain(above))

    def _plain(self, value: object, found: Type, where: str) -> list[Problem]:
        if isinstance(value, dict):
            known = {"value", *found.attributes}
            keys = cast("dict[str, object]", value)
            problems = [
                (f"{where}.{key}", "the schema knows no such key")
                for key in keys
                if key not in known
            ]
            return problems + [
                (f"{where}.{key}", "isn't text")
                for key, each in keys.items()
                if key in known and not isinstance(each, str)
            ]
        if found.attributes:
            return [(where, "isn't an object with `value`")]
        if found.values:
            if value in found.values or str(value) in found.values:
                return []
            return [(where, f"{value!r} isn't one of the schema's values")]
        if found.base in self.types:
            return self._plain(value, self.types[found.base], where)
        return self._built_in(value, found.base, where)

    @staticmethod
    def _built_in(value: object, name: str, where: str) -> list[Problem]:
        words, fits = _BUILT_IN.get(name, ("text", lambda value: isinstance(value, str)))
        return [] if fits(value) else [(where, f"isn't {words}")]
