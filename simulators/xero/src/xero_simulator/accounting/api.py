"""The routes under `/api.xro/2.0/`, once a request is let in."""

from __future__ import annotations

from urllib.parse import unquote
from uuid import uuid4

from xero_simulator import xml_answers
from xero_simulator.accounting import reads, writes
from xero_simulator.accounting.admission import inner
from xero_simulator.accounting.kinds import KINDS, Kind
from xero_simulator.accounting.reads import NotModifiedError, PreconditionError, Reading
from xero_simulator.books import Organisation
from xero_simulator.dates import wire_short
from xero_simulator.entities import item
from xero_simulator.entities.invoice import Writing
from xero_simulator.entities.organisation import organisation as organisation_body
from xero_simulator.grants import Grant
from xero_simulator.idempotency import LONGEST, fingerprint, key_of
from xero_simulator.refusals import (
    NOT_FOUND_TEXT,
    ApiError,
    InvalidError,
    NotFoundError,
    errors,
    not_implemented,
    validation_failed,
)
from xero_simulator.wire import Json, JsonObject, dumps_escaped, flag
from xero_simulator.wire_http import HTML, JSON, NO_MEDIA, XML, Answer, Call
from xero_simulator.world import World

_NOT_MADE = ("creditnotes", "payments", "banktransactions", "purchaseorders", "quotes", "users")
_PRECONDITION = b"One of the conditions specified in the request header(s) is invalid"


class AccountingApi:
    """Answers requests of one organisation's books; commits before it returns."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handle(self, organisation: Organisation, grant: Grant, call: Call) -> Answer:
        """Do what is asked, or answer again what was answered to the same key."""
        key = key_of(call)
        settings = organisation.settings
        if len(key) > LONGEST:
            told = f"Idempotency Key: {key} has {len(key)} characters; at most {LONGEST} may be"
            return self._refused_key(organisation, call, f"{told} used.")
        if not key:
            return self._work(organisation, grant, call)
        earlier = self._world.idempotency.recall(grant.client_id, key, settings.idempotency_seconds)
        if earlier is None:
            answer = self._work(organisation, grant, call)
            self._world.idempotency.remember(grant.client_id, key, call, answer)
            return answer
        if earlier.request != fingerprint(call):
            told = f"Idempotency Key: {key} is used with a different request."
            return self._refused_key(organisation, call, told)
        kept = earlier.answer
        headers = {settings.idempotency_marker: "true"} if settings.idempotency_marker else {}
        return Answer(kept.status, kept.body, kept.media, headers, kept.records)

    def _refused_key(self, organisation: Organisation, call: Call, told: str) -> Answer:
        if organisation.settings.idempotency_envelope == "message":
            body = ApiError(10, "ValidationException", told).body()
        else:
            body = validation_failed([{"ValidationErrors": errors([told])}])
        return _shown(organisation, call, 400, body, 0)

    def _work(self, organisation: Organisation, grant: Grant, call: Call) -> Answer:
        try:
            return self._route(organisation, grant, call)
        except NotFoundError:
            return Answer(404, NOT_FOUND_TEXT, HTML)
        except NotModifiedError:
            return Answer(304, b"", NO_MEDIA)
        except PreconditionError:
            return Answer(412, _PRECONDITION, HTML)
        except ApiError as refused:
            status = 501 if refused.number == 20 else 400
            return _shown(organisation, call, status, refused.body(), 0)

    def _route(self, organisation: Organisation, grant: Grant, call: Call) -> Answer:
        # Split as it was sent: a number in the address may hold an escaped slash.
        sent = inner(call.target.partition("?")[0])
        parts = [unquote(each) for each in sent.strip("/").split("/")]
        name = parts[0].casefold()
        if name == "organisations" or name == "organisation":
            if call.method != "GET" or len(parts) > 1:
                raise NotFoundError
            return self._collection(
                organisation, grant, call, "Organisations", [organisation_body(organisation)], 1
            )
        if name in _NOT_MADE:
            raise not_implemented()
        kind = KINDS.get(name)
        if kind is None or len(parts) > 2:
            raise NotFoundError
        key = parts[1] if len(parts) == 2 else ""
        match call.method:
            case "GET":
                return self._read(organisation, grant, call, kind, key)
            case "PUT" if not key:
                return self._write(organisation, grant, call, kind, "")
            case "POST" if key or kind.name != "Account":
                return self._write(organisation, grant, call, kind, key)
            case "DELETE" if key:
                return self._delete(organisation, grant, call, kind, key)
            case _:
                raise NotFoundError

    def _read(
        self, organisation: Organisation, grant: Grant, call: Call, kind: Kind, key: str
    ) -> Answer:
        how = Reading(call, self._world.clock.now(), grant.client_id, _places(call))
        if key:
            row = reads.one(organisation, kind.name, key, how)
            return self._collection(organisation, grant, call, kind.collection, [row], 1)
        found = reads.many(organisation, kind.name, how)
        return self._collection(
            organisation,
            grant,
            call,
            kind.collection,
            found.rows,
            len(found.rows),
            found.pagination,
        )

    def _write(
        self, organisation: Organisation, grant: Grant, call: Call, kind: Kind, key: str
    ) -> Answer:
        elements = writes.elements_of(kind, call.body, self._world.limits.max_elements)
        if key:
            # The path says which one; an unknown one is a 404 whatever the body says.
            elements = [elements[0] | {kind.identifier: self._named(organisation, kind, key)}]
        how = Writing(self._world.clock.now(), grant.client_id, _places(call), call.method == "PUT")
        summarize = flag(call.asked("summarizeErrors"), default=True)
        outcome = writes.run(organisation, kind, elements, how, summarize=summarize)
        if outcome.status == 400:
            body = writes.summed_up(outcome)
            return _shown(organisation, call, 400, body, outcome.elements)
        return self._collection(
            organisation, grant, call, kind.collection, outcome.rows, outcome.elements
        )

    def _named(self, organisation: Organisation, kind: Kind, key: str) -> str:
        found = organisation.get(kind.name, key)
        if found is None:
            body: JsonObject = {"InvoiceNumber": key, "ContactNumber": key, "Code": key}
            found = kind.known(organisation, body)
        if found is None:
            raise NotFoundError
        return found.id

    def _delete(
        self, organisation: Organisation, grant: Grant, call: Call, kind: Kind, key: str
    ) -> Answer:
        now = self._world.clock.now()
        if kind.name == "Item":
            record = item.find(organisation, key)
            if record is None:
                raise NotFoundError
            try:
                item.delete(organisation, record, now)
            except InvalidError as invalid:
                row = item.refused(record, {}, invalid.messages)
                return _shown(organisation, call, 400, validation_failed([row]), 1)
            return Answer(204, b"", NO_MEDIA, records=1)
        record = organisation.get("Account", key) if kind.name == "Account" else None
        if record is None:
            raise NotFoundError
        organisation.delete(record, now)
        how = Writing(now, grant.client_id, 2, create_only=False)
        row = kind.written(organisation, record, how) | {"Status": "DELETED"}
        return self._collection(organisation, grant, call, kind.collection, [row], 1)

    def _collection(
        self,
        organisation: Organisation,
        grant: Grant,
        call: Call,
        collection: str,
        rows: list[Json],
        records: int,
        pagination: JsonObject | None = None,
    ) -> Answer:
        body: JsonObject = {
            "Id": str(uuid4()),
            "Status": "OK",
            "ProviderName": grant.client_id,
            "DateTimeUTC": wire_short(self._world.clock.now()),
        }
        if pagination is not None:
            body["pagination"] = pagination
        body[collection] = rows
        return _shown(organisation, call, 200, body, records)


def wants_json(organisation: Organisation | None, call: Call) -> bool:
    """By the Accept header; without one that says, by the organisation's switch."""
    accept = call.headers.get("accept", "").casefold()
    if "json" in accept:
        return True
    if "xml" in accept or organisation is None:
        return False
    return organisation.settings.without_accept == "json"


def _shown(
    organisation: Organisation, call: Call, status: int, body: JsonObject, records: int
) -> Answer:
    if wants_json(organisation, call):
        return Answer(status, dumps_escaped(body), JSON, records=records)
    shown = xml_answers.answer(body) if status == 200 else xml_answers.refusal(body)
    return Answer(status, shown, XML, records=records)


def _places(call: Call) -> int:
    return 4 if call.asked("unitdp") == "4" else 2
