"""The routes of the accounting API and of users/me."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from freshbooks_simulator.accounting.admission import Admission, Place
from freshbooks_simulator.accounting.listing import includes, listed, page_of
from freshbooks_simulator.books import (
    ACCOUNT,
    CLIENT,
    INVOICE,
    ITEM,
    PAYMENT,
    TAX,
    Organisation,
    Record,
)
from freshbooks_simulator.grants import Grant
from freshbooks_simulator.oauth.identity import me
from freshbooks_simulator.records import (
    clients,
    invoice_reads,
    invoices,
    items,
    ledger,
    payments,
    taxes,
)
from freshbooks_simulator.refusals import (
    CONFLICT,
    DENIED,
    REQUIRED,
    UNKNOWN,
    UNPARSABLE,
    LedgerRefusedError,
    Reason,
    RefusedError,
    answer,
    ledger_answer,
    not_found,
)
from freshbooks_simulator.wire import Json, JsonObject, UnreadableError, parse
from freshbooks_simulator.wire_http import JSON_UTF8, Answer, Call, answer_json
from freshbooks_simulator.world import World

_NOT_FOUND = (404, Reason(UNKNOWN, "Requested resource could not be found."))
_NOT_ALLOWED = (405, Reason(DENIED, "The method is not allowed for the requested URL."))
_CONFLICT = (
    409,
    Reason(CONFLICT, "The resource being modified is being modified by another request."),
)

Includes = frozenset[str]


@dataclass(frozen=True, slots=True)
class Resource:
    """One resource under /accounting/account/{account_id}."""

    kind: str
    single: str
    plural: str
    id_field: str
    render: Callable[[Organisation, Record, datetime, Includes], JsonObject]
    create: Callable[[Organisation, JsonObject, datetime], Record] | None = None
    update: Callable[[Organisation, Record, JsonObject, datetime], None] | None = None
    delete: Callable[[Organisation, Record, datetime], None] | None = None


def _delete_tax(organisation: Organisation, record: Record, now: datetime) -> None:
    del now
    organisation.remove(record)


RESOURCES = {
    "users/clients": Resource(
        CLIENT,
        "client",
        "clients",
        "userid",
        lambda organisation, record, now, with_: clients.render(organisation, record, with_),
        clients.create,
        clients.update,
    ),
    "items/items": Resource(
        ITEM,
        "item",
        "items",
        "itemid",
        lambda organisation, record, now, with_: items.render(organisation, record),
        items.create,
        items.update,
    ),
    "invoices/invoices": Resource(
        INVOICE,
        "invoice",
        "invoices",
        "invoiceid",
        invoice_reads.render,
        invoices.create,
        invoices.update,
        invoices.delete,
    ),
    "taxes/taxes": Resource(
        TAX,
        "tax",
        "taxes",
        "taxid",
        lambda organisation, record, now, with_: taxes.render(organisation, record),
        taxes.create,
        taxes.update,
        _delete_tax,
    ),
    "payments/payments": Resource(
        PAYMENT,
        "payment",
        "payments",
        "paymentid",
        lambda organisation, record, now, with_: payments.render(organisation, record),
    ),
}


class Api:
    """Does what a request that was let in asks for."""

    def __init__(self, world: World, admission: Admission) -> None:
        self._world = world
        self._admission = admission

    def handle(self, call: Call, place: Place, grant: Grant) -> Answer:
        """Do it and answer it."""
        organisation = self._admission.owner(place)
        settings = organisation.settings if organisation else self._world.defaults
        try:
            if place == Place():
                return self._me(call, grant)
            if organisation is None:
                return self._ledger_lists(call, place)
            if place.business_uuid:
                return self._business(organisation, call, place)
            return self._accounting(organisation, call, place)
        except RefusedError as refused:
            return answer(refused, settings)
        except LedgerRefusedError as refused:
            return ledger_answer(refused)

    def conflict(self, place: Place) -> Answer:
        """The 409 of a write that meets another."""
        organisation = self._admission.owner(place)
        settings = organisation.settings if organisation else self._world.defaults
        return answer(RefusedError(*_CONFLICT), settings)

    def _me(self, call: Call, grant: Grant) -> Answer:
        if call.method != "GET":
            raise RefusedError(*_NOT_ALLOWED)
        response = me(grant.user, self._world.organisations_of(grant.user))
        return answer_json(200, {"response": response}, media=JSON_UTF8, records=1)

    def _accounting(self, organisation: Organisation, call: Call, place: Place) -> Answer:
        resource = RESOURCES.get(place.resource)
        if resource is None:
            raise RefusedError(*_NOT_FOUND)
        now, with_ = self._world.clock.now(), includes(call)
        if call.method == "GET" and not place.identifier:
            records, numbers = page_of(organisation, resource.kind, call, now)
            rendered: list[Json] = [
                resource.render(organisation, each, now, with_) for each in records
            ]
            body = listed(resource.plural, rendered, numbers)
            return answer_json(200, body, records=len(records))
        if call.method == "POST" and not place.identifier and resource.create is not None:
            record = resource.create(organisation, _content(call, resource.single), now)
            return _single(resource, organisation, record, now, with_)
        record = organisation.get(resource.kind, place.identifier) if place.identifier else None
        if place.identifier and record is None:
            raise not_found(resource.single, resource.id_field, place.identifier)
        if record is None:
            raise RefusedError(*_NOT_ALLOWED)
        if call.method == "PUT" and resource.update is not None:
            resource.update(organisation, record, _content(call, resource.single), now)
        elif call.method == "DELETE" and resource.delete is not None:
            resource.delete(organisation, record, now)
            return answer_json(200, {"response": {}}, records=1)
        elif call.method != "GET":
            raise RefusedError(*_NOT_ALLOWED)
        return _single(resource, organisation, record, now, with_)

    def _business(self, organisation: Organisation, call: Call, place: Place) -> Answer:
        if place.resource == "reports/chart_of_accounts" and call.method == "GET":
            return _chart(organisation, call)
        if place.resource != "ledger_accounts/accounts":
            raise LedgerRefusedError(404, (None, "Not found."))
        settings = organisation.settings
        if not settings.advanced_accounting and settings.ledger_without_advanced != "ok":
            status = int(settings.ledger_without_advanced)
            message = "Not found." if status == 404 else "Advanced accounting is not enabled."
            raise LedgerRefusedError(status, (None, message))
        now = self._world.clock.now()
        if not place.identifier:
            if call.method == "GET":
                rows: list[Json] = [
                    ledger.render(organisation, each) for each in organisation.all(ACCOUNT)
                ]
                return answer_json(200, {"data": rows}, media=JSON_UTF8, records=len(rows))
            if call.method != "POST":
                raise LedgerRefusedError(405, (None, f'Method "{call.method}" not allowed.'))
            record = ledger.create(organisation, _bare(call), now)
        else:
            found = organisation.get(ACCOUNT, place.identifier)
            if found is None:
                raise LedgerRefusedError(404, (None, "Not found."))
            record = found
            if call.method == "PUT":
                ledger.update(organisation, record, _bare(call), now)
            elif call.method != "GET":
                raise LedgerRefusedError(405, (None, f'Method "{call.method}" not allowed.'))
        body: JsonObject = {"data": ledger.render(organisation, record)}
        return answer_json(200, body, media=JSON_UTF8, records=1)

    def _ledger_lists(self, call: Call, place: Place) -> Answer:
        if call.method == "GET" and place.rest == "ledger_accounts/types":
            rows: list[Json] = [{"name": each} for each in ledger.TYPES]
        elif call.method == "GET" and place.rest == "ledger_accounts/sub_types":
            rows = ledger.sub_types()
        else:
            raise LedgerRefusedError(404, (None, "Not found."))
        return answer_json(200, {"data": rows}, media=JSON_UTF8, records=len(rows))


def _single(
    resource: Resource,
    organisation: Organisation,
    record: Record,
    now: datetime,
    with_: Includes,
) -> Answer:
    rendered = resource.render(organisation, record, now, with_)
    return answer_json(200, {"response": {"result": {resource.single: rendered}}}, records=1)


def _chart(organisation: Organisation, call: Call) -> Answer:
    state, kind = call.query.get("state"), call.query.get("account_type")
    rows: list[Json] = [
        ledger.report_row(organisation, each)
        for each in organisation.all(ACCOUNT)
        if state in (None, each.data.get("state")) and kind in (None, each.data.get("type"))
    ]
    body: JsonObject = {"response": {"result": {"journal_entry_accounts": rows}}}
    return answer_json(200, body, records=len(rows))


def _content(call: Call, single: str) -> JsonObject:
    """What is in the body's one key."""
    try:
        body = parse(call.body)
    except UnreadableError as error:
        reason = Reason(UNPARSABLE, "The server was unable to parse your request.")
        raise RefusedError(400, reason) from error
    content = body.get(single) if isinstance(body, dict) else None
    if not isinstance(content, dict):
        message = f"The field '{single}' is required."
        raise RefusedError(422, Reason(REQUIRED, message, single, single, None))
    return content


def _bare(call: Call) -> JsonObject:
    try:
        body = parse(call.body)
    except UnreadableError as error:
        raise LedgerRefusedError(400, (None, "JSON parse error")) from error
    if not isinstance(body, dict):
        raise LedgerRefusedError(400, (None, "Invalid data. Expected a dictionary."))
    return body
