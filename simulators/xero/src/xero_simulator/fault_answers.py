"""What a client sees of an injected fault."""

from __future__ import annotations

from xero_simulator.accounting.admission import Admission, forbidden
from xero_simulator.accounting.api import wants_json
from xero_simulator.books import Organisation
from xero_simulator.identity.routes import TOKEN
from xero_simulator.injection import FaultRule
from xero_simulator.refusals import NOT_FOUND_TEXT, UNAVAILABLE_TEXT, ApiError
from xero_simulator.wire import UnreadableError, as_list, as_object, dumps_escaped, parse
from xero_simulator.wire_http import HTML, JSON, NO_MEDIA, TOKEN_JSON, Answer, Call, answer_json

_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1></body></html>"
_TITLES = {502: "502 Bad Gateway", 504: "504 Gateway Time-out"}


def faulty(
    rule: FaultRule,
    done: Answer | None,
    admission: Admission,
    call: Call,
    organisation: Organisation | None,
    app: str,
) -> Answer:
    """The answer of a `status` or `garbage` fault; `done` is the real one if the work was done."""
    if rule.kind == "garbage":
        made = Answer(rule.status or 200, b"", JSON)
        if rule.form == "text":
            made = Answer(rule.status or 200, _PAGE.format("Please wait").encode(), HTML)
    else:
        made = _with_status(rule.status or 500, admission, call, organisation, app)
    if rule.body is not None:
        made.body = rule.body.encode()
        made.media = JSON if rule.body.lstrip()[:1] in ("{", "[") else HTML
    made.records = done.records if done else 0
    made.headers = made.headers | rule.headers
    return made


def missing_element(done: Answer) -> Answer:
    """The real answer without the last element of its collection."""
    try:
        body = as_object(parse(done.body))
    except UnreadableError:
        return done
    for name, value in body.items():
        if isinstance(value, list) and value:
            body[name] = as_list(value)[:-1]
    return Answer(done.status, dumps_escaped(body), done.media, done.headers, done.records)


def _with_status(
    status: int, admission: Admission, call: Call, organisation: Organisation | None, app: str
) -> Answer:
    if call.path.rstrip("/").casefold() == TOKEN:
        error = "invalid_grant" if status == 400 else "server_error"
        return answer_json(status, {"error": error}, TOKEN_JSON)
    match status:
        case 429:
            # Injected: the client broke no limit.
            return admission.throttled(organisation, app, None)
        case 401:
            return admission.unauthenticated("TokenExpired: token expired at 01/01/2001 00:00:00")
        case 403:
            return forbidden()
        case 404:
            return Answer(404, NOT_FOUND_TEXT, HTML)
        case 503:
            return Answer(503, UNAVAILABLE_TEXT, HTML)
        case 500 if wants_json(organisation, call):
            told = ApiError(500, "InternalServerError", "An error occurred in Xero.")
            return Answer(500, dumps_escaped(told.body()), JSON)
        case 204 | 304:
            return Answer(status, b"", NO_MEDIA)
        case _:
            title = _TITLES.get(status, str(status))
            return Answer(status, _PAGE.format(title).encode(), HTML)
