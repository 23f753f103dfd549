"""PUT and POST of one element or many: what is saved, and what is answered.

https://developer.xero.com/documentation/api/accounting/requests-and-responses: with
`summarizeErrors=false` the answer is 200 with every element and its own status, else a single bad
element makes the whole answer a 400 that lists the bad ones.
"""

from __future__ import annotations

from dataclasses import dataclass

from xero_simulator.accounting.kinds import Kind
from xero_simulator.books import Organisation
from xero_simulator.entities.fields import canonical
from xero_simulator.entities.invoice import Writing
from xero_simulator.refusals import (
    InvalidError,
    NotFoundError,
    bad_data,
    errors,
    nothing_processed,
    validation_failed,
)
from xero_simulator.wire import Json, JsonObject, UnreadableError, as_object, parse


@dataclass(frozen=True, slots=True)
class Outcome:
    """Status and content of an answer: a collection (200), or a refusal's body (400)."""

    status: int
    rows: list[Json]
    elements: int


def elements_of(kind: Kind, body: bytes, most: int | None) -> list[JsonObject]:
    """The elements of a request, with their properties' names in their own case.

    Raises ApiError (14, 17) for what can't be understood.
    """
    try:
        given = canonical(parse(body)) if body.strip() else None
    except (UnreadableError, RecursionError) as error:
        raise bad_data(f"Unexpected character encountered while parsing value: {error}") from error
    if isinstance(given, dict) and kind.collection in given:
        listed = given[kind.collection]
        given = listed if isinstance(listed, list) else [listed]
    elif isinstance(given, dict):
        given = [given] if given else []
    if not isinstance(given, list) or not given:
        raise nothing_processed(kind.name)
    found = [as_object(each) for each in given]
    if not all(found):
        raise nothing_processed(kind.name)
    limit = min(each for each in (kind.most, most, len(found)) if each is not None)
    if len(found) > limit:
        raise bad_data(f"A request can have at most {limit} {kind.collection}")
    for index, each in enumerate(found):
        kind.check_types(each, f"{kind.collection}[{index}]")
    return found


def run(
    organisation: Organisation,
    kind: Kind,
    elements: list[JsonObject],
    how: Writing,
    *,
    summarize: bool,
) -> Outcome:
    """Write each element in turn. Raises NotFoundError, with nothing saved."""
    rows: list[JsonObject] = []
    bad: list[Json] = []
    organisation.begin()
    try:
        for element in elements:
            row, fine = _one(organisation, kind, element, how, summarize=summarize)
            rows.append(row)
            if not fine:
                bad.append(row)
    except NotFoundError:
        organisation.settle(keep=False)
        raise
    refused = bool(bad) and (summarize or kind.plain)
    organisation.settle(keep=not refused or organisation.settings.summarized_partial_save)
    if refused:
        return Outcome(400, bad, len(elements))
    if organisation.settings.batch_order == "reversed":
        rows.reverse()
    return Outcome(200, list[Json](rows), len(elements))


def summed_up(outcome: Outcome) -> JsonObject:
    """The body of a 400."""
    return validation_failed(outcome.rows)


def _one(
    organisation: Organisation,
    kind: Kind,
    element: JsonObject,
    how: Writing,
    *,
    summarize: bool,
) -> tuple[JsonObject, bool]:
    try:
        saved = kind.write(organisation, element, how)
    except InvalidError as invalid:
        known = None if how.create_only else kind.known(organisation, element)
        row = kind.refused(organisation, known, element, invalid.messages)
        if not summarize and not kind.plain:
            row["StatusAttributeString"] = "ERROR"
        return row, False
    row = kind.written(organisation, saved.record, how)
    if saved.warnings:
        row["Warnings"] = errors(saved.warnings)
    if not summarize and not kind.plain:
        row["StatusAttributeString"] = "WARNING" if saved.warnings else "OK"
    return row, True
