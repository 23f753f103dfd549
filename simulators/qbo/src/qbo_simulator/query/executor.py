"""Runs a parsed statement against one organisation and shapes the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from qbo_simulator.books import TRANSACTIONS, Organisation, Record
from qbo_simulator.entities.company import company_info, preferences
from qbo_simulator.provider_faults import query_invalid
from qbo_simulator.query.parser import Condition, Statement, parse
from qbo_simulator.query.properties import ENTITIES, Entity, Type
from qbo_simulator.wire import (
    Json,
    JsonObject,
    as_object,
    dec,
    parse_moment,
    ref_value,
    text,
)

PAGE = 100
MOST = 1000
Test = Callable[[JsonObject], bool]


def run(organisation: Organisation, statement: str, now: datetime) -> JsonObject:
    """The value of `QueryResponse`. Raises ProviderFault 4000 and 4001."""
    parsed = parse(statement)
    entity = ENTITIES.get(parsed.entity.casefold())
    if entity is None:
        raise query_invalid(f"Invalid entity {parsed.entity}")
    tests = [_test(organisation, entity, each) for each in parsed.conditions]
    order = [(_known(entity, name), descending) for name, descending in parsed.order]
    for column in parsed.columns:
        if column != "*" and not entity.knows(column):
            raise _no_property(entity, column)
    candidates = _candidates(organisation, entity, parsed.conditions)
    versions = _versions(organisation, candidates, now)
    active_said = any(each.name.casefold() == "active" for each in parsed.conditions)
    rows = [
        data
        for data in versions
        if (active_said or not entity.name_list or data.get("Active") is not False)
        and all(test(data) for test in tests)
    ]
    if parsed.count:
        return {"totalCount": len(rows)}
    _sort(entity, rows, order)
    return _page(organisation, entity, parsed, rows)


def _page(
    organisation: Organisation, entity: Entity, parsed: Statement, rows: list[JsonObject]
) -> JsonObject:
    most = PAGE if parsed.most is None else parsed.most
    if most > MOST:
        if organisation.settings.max_results_over_cap == "error":
            raise query_invalid(f"value {most} is too large. Max allowed value is {MOST}")
        most = MOST
    first = parsed.start - 1
    page = rows[first : first + most]
    if not page:
        return {}
    answer: JsonObject = {
        entity.name: [_row(organisation, entity, parsed.columns, data) for data in page],
        "startPosition": parsed.start,
        "maxResults": len(page),
    }
    if entity.name in TRANSACTIONS and first + len(page) >= len(rows):
        answer["totalCount"] = len(rows)
    return answer


def _row(
    organisation: Organisation, entity: Entity, columns: tuple[str, ...], data: JsonObject
) -> Json:
    row = dict(data)
    wanted = {column.casefold() for column in columns}
    if entity.name == "Item" and "sku" not in wanted and not organisation.settings.sku_in_star:
        row.pop("Sku", None)
    if entity.name == "Customer":
        row.pop("DefaultTaxCodeRef", None)
        row["ClientEntityId"] = "0"
        row["V4IDPseudonym"] = f"00{organisation.realm[-6:]}{text(data.get('Id')):0>8}"
    if organisation.settings.projection == "apply" and "*" not in wanted:
        kept = {each.split(".")[0] for each in wanted} | {"domain", "sparse", "id"}
        row = {name: value for name, value in row.items() if name.casefold() in kept}
    return row


def _versions(
    organisation: Organisation, records: Iterable[Record], now: datetime
) -> list[JsonObject]:
    """What queries see of the records: a little late, if the organisation is set so."""
    lag = organisation.settings.query_lag_seconds
    if not lag:
        return [record.data for record in records if record.state != "deleted"]
    before = now - timedelta(seconds=lag)
    seen: list[JsonObject] = []
    for record in records:
        if record.updated <= before:
            if record.state != "deleted":
                seen.append(record.data)
        elif record.created <= before:
            seen.append(record.previous or record.data)
    return seen


_INDEXED = {
    ("Customer", "displayname"): "name",
    ("Vendor", "displayname"): "name",
    ("Invoice", "docnumber"): "number",
}


def _candidates(
    organisation: Organisation, entity: Entity, conditions: tuple[Condition, ...]
) -> Iterable[Record]:
    """The records worth looking at: those an index names, else all."""
    if entity.name in ("CompanyInfo", "Preferences"):
        now = datetime.now().astimezone()
        make = company_info if entity.name == "CompanyInfo" else preferences
        return [Record(entity.name, "1", make(organisation), now - timedelta(days=1), now)]
    if organisation.settings.query_lag_seconds:
        return organisation.all(entity.name)
    for condition in conditions:
        if condition.operator not in ("=", "in"):
            continue
        asked = condition.name.casefold()
        if asked == "id":
            found = (organisation.get(entity.name, value) for value in set(condition.values))
            return [record for record in found if record is not None]
        space = _INDEXED.get((entity.name, asked))
        if space is not None and (space != "number" or _plain(condition.values)):
            return [
                record
                for value in dict.fromkeys(each.casefold() for each in condition.values)
                for record in organisation.holders(space, value)
                if record.kind == entity.name
            ]
    return organisation.all(entity.name)


def _plain(values: tuple[str, ...]) -> bool:
    """Digits only: no upper or lower case to tell apart."""
    return all(value.isdigit() for value in values)


def _known(entity: Entity, name: str) -> tuple[str, Type]:
    found = entity.property(name)
    if found is not None:
        return found
    if entity.knows(name):
        raise query_invalid(f"property '{name}' is not queryable")
    raise _no_property(entity, name)


def _no_property(entity: Entity, name: str) -> Exception:
    return query_invalid(f"Property {name} not found for Entity {entity.name}")


def _value(data: JsonObject, name: str, kind: Type, zone: str) -> Any:
    """A property as it compares; None if the record doesn't have it."""
    outer, _, inner = name.partition(".")
    value = data.get(outer)
    if inner:
        value = as_object(value).get(inner)
    if value is None:
        return None
    match kind:
        case "number":
            return dec(value)
        case "flag":
            return value is True
        case "ref":
            return ref_value(value)
        case "email":
            return text(as_object(value).get("Address")).casefold()
        case "moment":
            return parse_moment(text(value), zone)
        case "id" | "date":
            return text(value)
        case "text":
            return text(value).casefold()


def _wanted(entity: Entity, name: str, kind: Type, value: str, zone: str) -> Any:
    match kind:
        case "number":
            try:
                return Decimal(value)
            except InvalidOperation:
                raise query_invalid(f"value {value} of property {name} isn't a number") from None
        case "flag":
            return value.casefold() == "true"
        case "moment":
            moment = parse_moment(value, zone)
            if moment is None:
                raise query_invalid(f"value {value} of property {name} isn't a date-time")
            return moment
        case "date":
            return value[:10]
        case "id" | "ref":
            return value
        case "text" | "email":
            return value.casefold()


def _test(organisation: Organisation, entity: Entity, condition: Condition) -> Test:
    name, kind = _known(entity, condition.name)
    zone = organisation.settings.time_zone
    operator = condition.operator
    if name == "Id" and operator not in ("=", "in"):
        raise query_invalid(f"operator {operator} is not supported for property Id")
    if operator == "like":
        parts = (re.escape(part) for part in condition.values[0].split("%"))
        pattern = re.compile(".*".join(parts), re.IGNORECASE | re.DOTALL)
        return lambda data: bool(
            pattern.fullmatch(text(_value(data, name, "text" if kind == "text" else kind, zone)))
        )
    values = [_wanted(entity, name, kind, each, zone) for each in condition.values]
    if operator == "in":
        among = set(values)
        return lambda data: _value(data, name, kind, zone) in among
    wanted = values[0]
    if operator == "=":
        return lambda data: _value(data, name, kind, zone) == wanted
    compare = _COMPARE[operator]

    def test(data: JsonObject) -> bool:
        value = _value(data, name, kind, zone)
        return value is not None and compare(value, wanted)

    return test


_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda left, right: left < right,
    ">": lambda left, right: left > right,
    "<=": lambda left, right: left <= right,
    ">=": lambda left, right: left >= right,
}


def _sort(
    entity: Entity, rows: list[JsonObject], order: list[tuple[tuple[str, Type], bool]]
) -> None:
    if not order:
        order = [(_known(entity, entity.default_order), entity.descending)]
        if entity.name in TRANSACTIONS:
            # The newest first, also among those of one second.
            rows.sort(key=lambda data: int(text(data.get("Id")) or 0), reverse=True)
    for each, descending in reversed(order):
        rows.sort(key=_sort_key(*each), reverse=descending)


def _id_key(data: JsonObject) -> tuple[int, int, str]:
    value = text(data.get("Id"))
    return (0, int(value), "") if value.isdigit() else (1, 0, value)


def _sort_key(name: str, kind: Type) -> Callable[[JsonObject], tuple[Any, ...]]:
    if name == "Id":
        return _id_key

    def key(data: JsonObject) -> tuple[Any, ...]:
        value = _value(data, name, kind, "UTC")
        return value is not None, value if value is not None else 0

    return key
