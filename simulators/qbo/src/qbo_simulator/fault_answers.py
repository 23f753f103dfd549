"""What a client sees of an injected fault."""

from __future__ import annotations

from qbo_simulator import xml_answers
from qbo_simulator.company.admission import Admission
from qbo_simulator.injection import FaultRule
from qbo_simulator.oauth.routes import TOKEN
from qbo_simulator.provider_faults import system_failure
from qbo_simulator.wire import JsonObject, as_object, dumps, objects, parse
from qbo_simulator.wire_http import HTML, JSON, XML, Answer, Call, answer_json

_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_TITLES = {
    502: "502 Bad Gateway",
    503: "503 Service Temporarily Unavailable",
    504: "504 Gateway Time-out",
}


def faulty(rule: FaultRule, done: Answer | None, admission: Admission, call: Call) -> Answer:
    """The answer of a `status` or `garbage` fault; `done` is the real one if the work was done."""
    records = done.records if done else 0
    if rule.kind == "garbage":
        made = Answer(rule.status or 200, b"", JSON)
        if rule.form == "text":
            made = Answer(rule.status or 200, _PAGE.format("Please wait").encode(), HTML)
    else:
        made = _with_status(rule.status or 500, admission, call)
    if rule.body is not None:
        made.body = rule.body.encode()
        made.media = _guess(rule.body)
    made.records = records
    made.headers = made.headers | rule.headers
    return made


def missing_bid(done: Answer) -> Answer:
    """The real answer of a batch, without the bId of its last item."""
    body = as_object(parse(done.body))
    items = objects(body.get("BatchItemResponse"))
    if items:
        items[-1].pop("bId", None)
    return Answer(done.status, dumps(body), done.media, done.headers, done.records)


def _with_status(status: int, admission: Admission, call: Call) -> Answer:
    if call.path == TOKEN:
        body: JsonObject = {"error": "invalid_grant" if status == 400 else "server_error"}
        return answer_json(status, body)
    if status == 429:
        # Injected: the client broke no limit.
        return admission.throttled(None)
    if status == 401:
        return admission.unauthenticated("Token expired: eyJl...")
    if status == 500:
        fault = system_failure("Could not find resource for relative : some more info here")
        time = "2026-01-01T00:00:00.000-08:00"
        if "json" in call.headers.get("accept", ""):
            return answer_json(500, {"Fault": fault.fault(), "time": time})
        return Answer(500, xml_answers.fault(fault.errors, fault.fault_type, time), XML)
    title = _TITLES.get(status, str(status))
    return Answer(status, _PAGE.format(title).encode(), HTML)


def _guess(body: str) -> str:
    start = body.lstrip()[:1]
    if start in ("{", "["):
        return JSON
    return XML if start == "<" and "IntuitResponse" in body else HTML
