"""`POST /batch`: up to thirty writes and queries, each with its own outcome.

https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/batch
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime

from qbo_simulator.books import Organisation
from qbo_simulator.company.operations import SHAPES, Options, write
from qbo_simulator.provider_faults import (
    ProviderFault,
    batch_too_large,
    request_id_format,
    required,
    unsupported_operation,
    unsupported_property,
)
from qbo_simulator.query.executor import run
from qbo_simulator.replays import LONGEST_BID
from qbo_simulator.wire import JsonObject, as_list, text

LARGEST = 30
_OPERATIONS = ("create", "update", "delete", "void")


def items_of(body: JsonObject, *, with_request_id: bool) -> list[JsonObject]:
    """The batch's items. Raises ProviderFault if the batch as a whole is no batch."""
    unknown = set(body) - {"BatchItemRequest"}
    if unknown:
        raise unsupported_property(min(unknown))
    listed = as_list(body.get("BatchItemRequest"))
    if not listed:
        raise required("BatchItemRequest", "BatchItemRequest")
    if len(listed) > LARGEST:
        raise batch_too_large(LARGEST)
    items = [each for each in listed if isinstance(each, dict)]
    if len(items) < len(listed):
        raise unsupported_property("BatchItemRequest")
    for item in items:
        if not text(item.get("bId")):
            raise required("bId", "bId")
        if with_request_id and len(text(item["bId"])) > LONGEST_BID:
            raise request_id_format()
    return items


def run_items(
    organisation: Organisation,
    items: list[JsonObject],
    now: datetime,
    dice: random.Random,
    done: Callable[[JsonObject], JsonObject | None],
) -> list[JsonObject]:
    """Each item's answer, in the order they were worked on; `done` knows earlier answers."""
    order = list(items)
    if organisation.settings.batch_order == "reversed":
        order.reverse()
    elif organisation.settings.batch_order == "shuffled":
        dice.shuffle(order)
    return [done(item) or _run(organisation, item, now) for item in order]


def _run(organisation: Organisation, item: JsonObject, now: datetime) -> JsonObject:
    identifier = item["bId"]
    try:
        return {"bId": identifier, **_work(organisation, item, now)}
    except ProviderFault as fault:
        return {"bId": identifier, "Fault": fault.fault()}


def _work(organisation: Organisation, item: JsonObject, now: datetime) -> JsonObject:
    if "Query" in item:
        return {"QueryResponse": run(organisation, text(item["Query"]), now)}
    operation = text(item.get("operation"))
    kinds = [name for name in item if name not in ("bId", "operation", "optionsData")]
    if len(kinds) != 1:
        raise required("BatchItemRequest entity")
    kind, body = kinds[0], item[kinds[0]]
    if kind not in SHAPES or not isinstance(body, dict):
        raise unsupported_property(kind)
    options = text(item.get("optionsData"))
    if not operation:
        raise required("operation", "operation")
    if operation not in _OPERATIONS:
        raise unsupported_operation(operation)
    if operation == "update" and options == "void":
        operation = "void"
    return {kind: write(organisation, kind, body, Options(operation, options), now)}
