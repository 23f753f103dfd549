"""The connectors are tried on both sides of whatever no source confirms.

Each switch of a simulator is drawn by the simulation, or each of its values is named by the
connector's own tests, by those of money or by a scenario.
"""

import ast
import importlib
from functools import cache
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest
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
def named_in_tests(provider: str) -> tuple[frozenset[str], frozenset[object]]:
    """Names of keywords, and all constants, of the tests that a connector is tried by."""
    names: set[str] = set()
    constants: set[object] = set()
    places = (*EVERYBODY_S, f"services/connector-{provider}/tests")
    files = [ROOT / f"tests/simulation/there_{provider}.py"]
    for place in map(ROOT.joinpath, places):
        files += [place] if place.is_file() else sorted(place.rglob("*.py"))
    for file in files:
        for node in ast.walk(ast.parse(file.read_text())):
            if isinstance(node, ast.keyword) and node.arg is not None:
                names.add(node.arg)
            elif isinstance(node, ast.Constant):
                constants.add(node.value)
    return frozenset(names), frozenset(constants)


SWITCHES = [
    (provider, name)
    for provider in SIDES
    for name in settings_of(provider).model_fields
    if name not in FACTS and values_of(provider, name) is not None
]


@pytest.mark.parametrize("provider", SIDES)
def test_what_is_drawn_is_all_that_a_switch_can_be(provider: str) -> None:
    drawn = next(found for name, found in DRAWN.items() if name == provider)
    for name, values in drawn.items():
        known = values_of(provider, name)
        assert known is None or known == values, name
        assert values[0] == settings_of(provider).model_fields[name].default, name


@pytest.mark.parametrize(("provider", "name"), SWITCHES)
def test_a_connector_is_tried_on_either_side(provider: str, name: str) -> None:
    drawn = next(found for one, found in DRAWN.items() if one == provider)
    if name in drawn:
        return
    names, constants = named_in_tests(provider)
    assert name in names | constants, f"{name} of {provider}'s simulator is in no test"
    others = (values_of(provider, name) or ())[1:]
    missing = [value for value in others if value not in constants]
    assert not missing, f"{name} of {provider}'s simulator is never {missing}"
