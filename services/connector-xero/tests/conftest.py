"""Xero, as the suite of all connectors asks for it."""

import json

import pytest
from connector_conformance.subject import ConformanceSubject, Throttling, Writes
from connector_xero.app import PACKAGE, XERO

_UNKNOWN = {
    "ErrorNumber": 10,
    "Type": "ValidationException",
    "Message": "A validation exception occurred",
    "Elements": [{"ValidationErrors": [{"Message": "Something of tomorrow"}]}],
}
_SCOPE = {"Title": "Unauthorized", "Status": 401, "Detail": "AuthorizationUnsuccessful"}


def _throttled(problem: str, **headers: str) -> dict[str, object]:
    return {"status": 429, "body": "", "headers": {"X-Rate-Limit-Problem": problem, **headers}}


@pytest.fixture(scope="session")
def subject() -> ConformanceSubject:
    return ConformanceSubject(
        provider=XERO,
        package=PACKAGE,
        simulator="xero_simulator",
        token_path="/connect/token",
        access_seconds=1_800,
        creates={
            "customer": Writes("PUT", "/Contacts"),
            "item": Writes("PUT", "/Items"),
            "invoice": Writes("PUT", "/Invoices"),
        },
        reads={"method": "GET"},
        unknown_refusal={"status": 400, "body": json.dumps(_UNKNOWN)},
        throttling={
            "minute": Throttling(_throttled("minute", **{"Retry-After": "26"})),
            "concurrent": Throttling(_throttled("concurrent")),
            "app minute": Throttling(_throttled("appminute", **{"Retry-After": "26"})),
            "day": Throttling(_throttled("day", **{"Retry-After": "43200"}), then="is_held"),
        },
        missing_scope={
            "status": 401,
            "body": json.dumps(_SCOPE),
            "headers": {"WWW-Authenticate": 'Bearer error="insufficient_scope"'},
        },
        # Who has the skus, for the first full request and for the rest; the codes of the items.
        reads_of_a_load=3,
    )
