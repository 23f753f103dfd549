"""The connectors are tried on both sides of whatever no source confirms.

Each switch of a simulator is drawn by the simulation, or each of its values is named by the
connector's own tests, by those of money or by a scenario.
"""

import ast
import importlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest
from contracts.ids import Provider
from pydantic import BaseModel
from simulation.sides import SIDES
from simulation.switches import DRAWN

ROOT = Path(__file__).parents[2]
EVERYBODY_S = ("tests/money", "tests/scenarios", "tests/providers.py")


FACTS = ("country", "tax_mode")
"""What an organisation is, which is known of each."""


def settings_of(provider: str) -> type[BaseModel]:
    found: type[BaseModel] = importlib.import_module(f"{provider}_simulator.settings").Settings
    return found


def values_of(provider: str, name: str) -> tuple[object, ...] | None:
    """What a switch may be set to, its default first; None of what is no switch."""
    field = settings_of(provider).model_fields[name]
    if field.annotation is bool:
        return (field.default, not field.default)
    if get_origin(field.annotation) is Literal:
        values = get_args(field.annotation)
        return values if len(values) > 1 else None
    return None


@cache
def pieces(provider: str) -> tuple[tuple[frozenset[str], frozenset[object]], ...]:
    """Of each function and each table of the tests that a connector is tried by: the names of
    keywords and texts, and all constants."""
    places = (*EVERYBODY_S, f"services/connector-{provider}/tests")
    files = [ROOT / f"tests/simulation/there_{provider}.py"]
    for place in map(ROOT.joinpath, places):
        files += [place] if place.is_file() else sorted(place.rglob("*.py"))
    found: list[tuple[frozenset[str], frozenset[object]]] = []
    for file in files:
        for piece in _whole_pieces(ast.parse(file.read_text()).body):
            constants = {node.value for node in ast.walk(piece) if isinstance(node, ast.Constant)}
            keywords = {node.arg for node in ast.walk(piece) if isinstance(node, ast.keyword)}
            texts = {value for value in constants if isinstance(value, str)}
            names = texts | {name for name in keywords if name is not None}
            found.append((frozenset(names), frozenset(constants)))
    return tuple(found)


def _whole_pieces(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    for statement in body:
        if isinstance(statement, ast.ClassDef):
            yield from _whole_pieces(statement.body)
        else:
            yield statement


SWITCHES = [
    (provider, name)
    for provider in SIDES
    for name in settings_of(provider).model_fields
    if name not in FACTS and values_of(provider, name) is not None
]


@pytest.mark.parametrize("provider", SIDES)
def test_what_is_drawn_is_all_that_a_switch_can_be(provider: Provider) -> None:
    for name, values in DRAWN[provider].items():
        known = values_of(provider, name)
        assert known is None or known == values, name
        assert values[0] == settings_of(provider).model_fields[name].default, name


@pytest.mark.parametrize(("provider", "name"), SWITCHES)
def test_a_connector_is_tried_on_either_side(provider: Provider, name: str) -> None:
    if name in DRAWN[provider]:
        return
    about = [constants for names, constants in pieces(provider) if name in names]
    assert about, f"{name} of {provider}'s simulator is in no test"
    others = (values_of(provider, name) or ())[1:]
    # By type as well: True is 1, and another test's number is no switch.
    missing = [v for v in others if not any(_holds(constants, v) for constants in about)]
    assert not missing, f"{name} of {provider}'s simulator is never {missing}"


def _holds(constants: frozenset[object], value: object) -> bool:
    return any(one == value and type(one) is type(value) for one in constants)
