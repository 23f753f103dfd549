"""What a client sees of an injected fault."""

from __future__ import annotations

from freshbooks_simulator.accounting.admission import Admission
from freshbooks_simulator.injection import FaultRule
from freshbooks_simulator.refusals import CONFLICT, Reason, RefusedError, answer, unauthenticated
from freshbooks_simulator.settings import Settings
from freshbooks_simulator.wire import JsonObject
from freshbooks_simulator.wire_http import HTML, JSON, Answer, answer_json

_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_TITLES = {
    502: "502 Bad Gateway",
    503: "503 Service Temporarily Unavailable",
    504: "504 Gateway Time-out",
}


def faulty(
    rule: FaultRule, done: Answer | None, admission: Admission, settings: Settings, *, token: bool
) -> Answer:
    """The answer of a `status` or `garbage` fault; `done` is the real one if the work was done,
    `token` whether the token address was asked."""
    if rule.kind == "garbage":
        made = Answer(rule.status or 200, b"", JSON)
        if rule.form == "text":
            made = Answer(rule.status or 200, _PAGE.format("Please wait").encode(), HTML)
    else:
        made = _with_status(rule.status or 500, admission, settings, token=token)
    if rule.body is not None:
        made.body = rule.body.encode()
        made.media = JSON if rule.body.lstrip()[:1] in ("{", "[") else HTML
    made.records = done.records if done else 0
    made.headers = made.headers | rule.headers
    return made


def _with_status(status: int, admission: Admission, settings: Settings, *, token: bool) -> Answer:
    if token:
        # JSON also on 5xx, as the SDK expects of this address.
        body: JsonObject = {"error": "invalid_grant" if status == 400 else "server_error"}
        return answer_json(status, body)
    if status == 429:
        # Injected: the client broke no limit.
        return admission.throttled(None)
    if status == 401:
        return unauthenticated(settings)
    if status == 409:
        message = "The resource being modified is being modified by another request."
        return answer(RefusedError(409, Reason(CONFLICT, message)), settings)
    if status == 500:
        message = "The ORM encountered an unexpected error."
        return answer(RefusedError(500, Reason(500, message)), settings)
    if 400 <= status < 500:
        message = "A value was not of the right type or range."
        return answer(RefusedError(status, Reason(1004, message)), settings)
    return Answer(status, _PAGE.format(_TITLES.get(status, str(status))).encode(), HTML)
