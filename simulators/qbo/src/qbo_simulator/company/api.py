"""The routes under `/v3/company/{realmId}/`, once a request is let in."""

from __future__ import annotations

import hashlib
from datetime import datetime

from qbo_simulator import xml_answers
from qbo_simulator.books import Organisation
from qbo_simulator.company import batch
from qbo_simulator.company.admission import split
from qbo_simulator.company.cdc import changes
from qbo_simulator.company.operations import (
    READABLE,
    READABLE_TAXES,
    Options,
    read_one,
    send,
    write,
)
from qbo_simulator.entities.company import company_info, preferences
from qbo_simulator.provider_faults import (
    ProviderFault,
    business,
    request_id_exists,
    request_id_format,
    unsupported_operation,
    unsupported_property,
)
from qbo_simulator.query.executor import run
from qbo_simulator.replays import LONGEST, LONGEST_WITH_BATCH
from qbo_simulator.wire import (
    Json,
    JsonObject,
    UnreadableError,
    as_list,
    as_object,
    dumps,
    parse,
    stamp_ms,
    text,
)
from qbo_simulator.wire_http import HTML, JSON, XML, Answer, Call
from qbo_simulator.world import World

_KINDS = {kind.casefold(): kind for kind in (*READABLE, *READABLE_TAXES)}
_PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


class _NoSuchRouteError(Exception):
    pass


class CompanyApi:
    """Answers requests of one company's books; commits before it returns."""

    def __init__(self, world: World) -> None:
        self._world = world

    def handle(self, organisation: Organisation, call: Call) -> Answer:
        """Do what is asked and answer it."""
        now = self._world.clock.now()
        time = stamp_ms(now, organisation.settings.time_zone)
        try:
            body, records = self._route(organisation, call, now, time)
        except _NoSuchRouteError:
            return Answer(404, b"<html><body><h1>404 Not Found</h1></body></html>", HTML)
        except ProviderFault as fault:
            if _wants_json(organisation, call):
                refusal: JsonObject = {"Fault": fault.fault(), "time": time}
                return Answer(fault.status, dumps(refusal))
            xml = xml_answers.fault(fault.errors, fault.fault_type, time)
            return Answer(fault.status, xml, XML)
        if isinstance(body, bytes):
            return Answer(200, body, "application/pdf", records=records)
        if _wants_json(organisation, call):
            return Answer(_status(body), dumps(body), JSON, records=records)
        return Answer(_status(body), xml_answers.answer(body, time), XML, records=records)

    def _route(
        self, organisation: Organisation, call: Call, now: datetime, time: str
    ) -> tuple[JsonObject | bytes, int]:
        _, rest = split(call.path)
        match [call.method, *rest.strip("/").split("/")]:
            case ["GET", "companyinfo", _]:
                return {"CompanyInfo": company_info(organisation), "time": time}, 1
            case ["GET", "preferences"]:
                return {"Preferences": preferences(organisation), "time": time}, 1
            case ["GET" | "POST", "query"]:
                found = run(organisation, _statement(call), now)
                rows = sum(len(as_list(each)) for each in found.values())
                return {"QueryResponse": found, "time": time}, rows
            case ["GET", "cdc"]:
                asked = (call.query.get("entities", ""), call.query.get("changedSince", ""))
                found, rows = changes(organisation, *asked, now)
                return {**found, "time": time}, rows
            case ["POST", "batch"]:
                return self._batch(organisation, call, now, time)
            case ["GET", entity, identifier] if entity in _KINDS:
                kind = _KINDS[entity]
                return {kind: read_one(organisation, kind, identifier), "time": time}, 1
            case ["GET", "invoice", identifier, "pdf"]:
                read_one(organisation, "Invoice", identifier)
                return _PDF, 1
            case ["POST", "invoice", identifier, "send"]:
                sent = send(organisation, identifier, call.query.get("sendTo", ""), now)
                return {"Invoice": sent, "time": time}, 1
            case ["POST", entity] if entity in _KINDS:
                return self._write(organisation, _KINDS[entity], call, now, time), 1
            case [_, entity] if entity in _KINDS:
                raise unsupported_operation(call.method)
            case [_, ""]:
                raise business("Unexpected Internal Error. (-30000)")
            case _:
                raise _NoSuchRouteError

    def _write(
        self, organisation: Organisation, kind: str, call: Call, now: datetime, time: str
    ) -> JsonObject:
        request_id = _request_id(call, LONGEST)
        options = Options(call.query.get("operation", ""), call.query.get("include", ""))
        earlier = self._earlier(organisation, request_id, call)
        if earlier is not None:
            return earlier
        try:
            done = write(organisation, kind, _body(call), options, now)
        except ProviderFault as fault:
            if organisation.settings.requestid_replays_faults:
                refusal: JsonObject = {"Fault": fault.fault(), "time": time}
                self._remember(organisation, request_id, call, refusal, refused=True)
            raise
        answer: JsonObject = {kind: dict(done), "time": time}
        self._remember(organisation, request_id, call, answer, refused=False)
        return answer

    def _batch(
        self, organisation: Organisation, call: Call, now: datetime, time: str
    ) -> tuple[JsonObject, int]:
        request_id = _request_id(call, LONGEST_WITH_BATCH)
        items = batch.items_of(_body(call), with_request_id=bool(request_id))
        settings = organisation.settings
        identity = ""
        earlier: dict[str, JsonObject] = {}
        if request_id:
            identity = f"{request_id} {' '.join(text(item['bId']) for item in items)}"
            kept = self._earlier(organisation, identity, call)
            for each in as_list(kept.get("BatchItemResponse") if kept else None):
                known = as_object(each)
                if "Fault" not in known or settings.requestid_replays_faults:
                    earlier[text(known.get("bId"))] = known
        answers = batch.run_items(
            organisation, items, now, self._world.dice, lambda item: earlier.get(text(item["bId"]))
        )
        listed: list[Json] = [_copied(each) for each in answers] if identity else list(answers)
        body: JsonObject = {"BatchItemResponse": listed, "time": time}
        if len(earlier) < len(items):
            self._remember(organisation, identity, call, body, refused=False)
        return body, len(items)

    def _earlier(self, organisation: Organisation, identity: str, call: Call) -> JsonObject | None:
        settings = organisation.settings
        if not identity or not settings.requestid_honoured:
            return None
        found = self._world.replays.recall(
            organisation.realm, identity, settings.requestid_retention_seconds
        )
        if found is None or (found.refused and not settings.requestid_replays_faults):
            return None
        if settings.requestid_other_payload == "refuse" and found.payload != _digest(call):
            raise request_id_exists()
        return found.body

    def _remember(
        self,
        organisation: Organisation,
        identity: str,
        call: Call,
        body: JsonObject,
        *,
        refused: bool,
    ) -> None:
        if identity:
            self._world.replays.remember(
                organisation.realm, identity, _digest(call), body, refused=refused
            )


def _status(body: JsonObject) -> int:
    return 400 if "Fault" in body else 200


def _copied(answer: JsonObject) -> JsonObject:
    """A customer's balance changes in place; a remembered answer must not."""
    return {
        name: dict(value) if isinstance(value, dict) else value for name, value in answer.items()
    }


def _digest(call: Call) -> str:
    return hashlib.blake2b(call.body, digest_size=12).hexdigest()


def _request_id(call: Call, longest: int) -> str:
    request_id = call.query.get("requestid", "")
    if len(request_id) > longest:
        raise request_id_format()
    return request_id


def _body(call: Call) -> JsonObject:
    try:
        body = parse(call.body)
    except UnreadableError as error:
        raise unsupported_property(str(error)) from error
    if not isinstance(body, dict):
        raise unsupported_property("Can not deserialize instance of an object out of the body")
    return body


def _statement(call: Call) -> str:
    if "query" in call.query:
        return call.query["query"]
    return call.body.decode("utf-8", "replace")


def _wants_json(organisation: Organisation, call: Call) -> bool:
    accept = call.headers.get("accept", "").casefold()
    if "json" in accept or call.query.get("format") == "json":
        return True
    return "xml" not in accept and organisation.settings.without_accept == "json"
