"""Picks, orders and pages the records of a list."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from decimal import Decimal
from functools import lru_cache

from xero_simulator.books import Organisation, Record
from xero_simulator.query.parser import Both, Compare, Either, Expression, Method, Scalar, parse
from xero_simulator.query.properties import Properties
from xero_simulator.refusals import bad_query

Test = Callable[[Record], bool]
# Equality with one of these is answered from an index.
_INDEXED = {
    ("Contact", "Name"): "contact_name",
    ("Contact", "ContactNumber"): "contact_number",
    ("Contact", "AccountNumber"): "account_number",
    ("Item", "Code"): "item_code",
    ("Account", "Code"): "account_code",
    ("Invoice", "Contact.ContactID"): "contact",
}
_LONGEST_FOLDED = 4096


@lru_cache(maxsize=_LONGEST_FOLDED)
def folded(value: str) -> str:
    """For comparing text: upper and lower case and accents alike."""
    split = unicodedata.normalize("NFKD", value)
    return "".join(each for each in split if not unicodedata.combining(each)).casefold()


def matching(
    organisation: Organisation, kind: str, where: str, *, everything: bool
) -> list[Record]:
    """The records of a kind a `where` (may be empty) holds for; `everything`: archived contacts
    too. Raises ApiError 16."""
    properties = Properties(organisation, kind)
    found: Iterable[Record] = organisation.all(kind)
    if where.strip():
        expression = parse(where)
        test = _test(properties, expression)
        narrowed = _narrowed(organisation, properties, expression, everything=everything)
        found = [each for each in (found if narrowed is None else narrowed) if test(each)]
    if kind == "Contact" and not everything:
        return [each for each in found if each.status == "ACTIVE"]
    return list(found)


def ordered(
    organisation: Organisation, kind: str, records: list[Record], order: str
) -> list[Record]:
    """By `Name ASC, UpdatedDateUTC DESC`; by UpdatedDateUTC and id if it is empty. Raises
    ApiError 16."""
    properties = Properties(organisation, kind)
    if not order.strip():
        if kind in ("Contact", "Invoice"):
            return sorted(records, key=lambda each: (each.updated, each.id))
        return records
    result = records
    for part in reversed(order.split(",")):
        words = part.split()
        if len(words) not in (1, 2) or (
            len(words) == 2 and words[1].casefold() not in ("asc", "desc")
        ):
            raise bad_query("OrderBy not supported")
        name, _ = properties.named(tuple(words[0].split(".")))
        down = len(words) == 2 and words[1].casefold() == "desc"
        result = sorted(result, key=_sorting(properties, name), reverse=down)
    return result


def _sorting(properties: Properties, name: str) -> Callable[[Record], tuple[int, str, Decimal]]:
    def key(record: Record) -> tuple[int, str, Decimal]:
        value = properties.value(record, name)
        if value is None:
            return (0, "", Decimal(0))
        if isinstance(value, datetime):
            return (1, value.astimezone(UTC).isoformat(), Decimal(0))
        if isinstance(value, str):
            return (1, folded(value), Decimal(0))
        return (1, "", Decimal(value))

    return key


def _narrowed(
    organisation: Organisation, properties: Properties, expression: Expression, *, everything: bool
) -> list[Record] | None:
    """A superset of what matches, from an index; None where only looking at all will do."""
    match expression:
        case Both(parts):
            for part in parts:
                found = _narrowed(organisation, properties, part, everything=everything)
                if found is not None:
                    return found
            return None
        case Either(parts):
            together: dict[str, Record] = {}
            for part in parts:
                found = _narrowed(organisation, properties, part, everything=everything)
                if found is None:
                    return None
                together |= {each.id: each for each in found}
            return list(together.values())
        case Compare(path, "==", str(value)):
            name, _ = properties.named(path)
            space = _INDEXED.get((properties.kind, name))
            if space is None:
                return None
            held = organisation.holders(space, value)
            if space == "contact_name" and (everything or not held):
                # The index knows neither accents nor the names of archived contacts.
                return None
            return held
        case _:
            return None


def _test(properties: Properties, expression: Expression) -> Test:
    match expression:
        case Both(parts):
            tests = [_test(properties, each) for each in parts]
            return lambda record: all(test(record) for test in tests)
        case Either(parts):
            tests = [_test(properties, each) for each in parts]
            return lambda record: any(test(record) for test in tests)
        case Method():
            return _method_test(properties, expression)
        case Compare():
            return _compare_test(properties, expression)


def _method_test(properties: Properties, method: Method) -> Test:
    name, of_type = properties.named(method.path)
    if of_type != "text":
        raise bad_query(f"No applicable method '{method.name}' exists in type '{of_type}'")
    wanted = folded(method.argument)

    def test(record: Record) -> bool:
        value = properties.value(record, name)
        if not isinstance(value, str):
            raise bad_query("Object reference not set to an instance of an object.")
        held = folded(value)
        if method.name == "Contains":
            found = wanted in held
        elif method.name == "StartsWith":
            found = held.startswith(wanted)
        else:
            found = held.endswith(wanted)
        return found is method.expected

    return test


def _compare_test(properties: Properties, compare: Compare) -> Test:
    name, of_type = properties.named(compare.path)
    wanted = _comparable(compare.value, of_type, compare.operator)
    operator = compare.operator

    def test(record: Record) -> bool:
        value = properties.value(record, name)
        held = folded(value) if isinstance(value, str) else value
        if operator == "==":
            return held == wanted
        if operator == "!=":
            return held != wanted
        if held is None or wanted is None:
            return False
        return _larger(operator, held, wanted)

    return test


def _larger(operator: str, held: Scalar, wanted: Scalar) -> bool:
    order = _order(held, wanted)
    if order is None:
        return False
    return {">": order > 0, ">=": order >= 0, "<": order < 0, "<=": order <= 0}[operator]


def _order(held: Scalar, wanted: Scalar) -> int | None:
    match held, wanted:
        case str(), str():
            return (held > wanted) - (held < wanted)
        case datetime(), datetime():
            return (held > wanted) - (held < wanted)
        case Decimal(), Decimal():
            return (held > wanted) - (held < wanted)
        case _:
            return None


def _comparable(value: Scalar, of_type: str, operator: str) -> Scalar:
    if value is None:
        return None
    kinds: dict[str, type | tuple[type, ...]] = {
        "text": str,
        "number": Decimal,
        "flag": bool,
        "date": datetime,
    }
    if not isinstance(value, kinds[of_type]):
        told = f"Operator '{operator}' incompatible with operand types '{of_type}'"
        raise bad_query(f"{told} and '{type(value).__name__}'")
    return folded(value) if isinstance(value, str) else value
