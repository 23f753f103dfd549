"""QuickBooks Online, as the suite of all connectors asks for it."""

import json

import pytest
from connector_conformance.subject import ConformanceSubject, Said, Throttling, Writes
from connector_qbo.app import PACKAGE, QBO


def _fault(status: int, code: str, message: str, kind: str = "ValidationFault") -> Said:
    error = {"Message": message, "Detail": message, "code": code}
    body = {"Fault": {"Error": [error], "type": kind}, "time": "2026-06-15T07:00:00.000-07:00"}
    return {"status": status, "body": json.dumps(body)}


@pytest.fixture(scope="session")
def subject() -> ConformanceSubject:
    return ConformanceSubject(
        provider=QBO,
        package=PACKAGE,
        simulator="qbo_simulator",
        token_path="/oauth2/v1/tokens/bearer",
        access_seconds=3_600,
        creates={
            "customer": Writes("POST", "/customer"),
            "item": Writes("POST", "/item"),
            "invoice": Writes("POST", "/invoice"),
        },
        reads={"path": "/query"},
        unknown_refusal=_fault(400, "7777", "Something of tomorrow"),
        throttling={
            "by the minute": Throttling({"status": 429, "headers": {"Retry-After": "60"}}),
            "without a word": Throttling({"status": 429}),
            "for half a day": Throttling(
                {"status": 429, "headers": {"Retry-After": "43200"}}, then="is_held"
            ),
        },
        missing_scope=_fault(403, "3100", "ApplicationAuthorizationFailed", "AuthorizationFault"),
        missing_scope_means="access_removed_there",
        # Whether the numbers are free, in one query: the company doesn't refuse doubled ones.
        reads_of_a_load=1,
    )
