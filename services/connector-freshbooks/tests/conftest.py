"""FreshBooks, as the suite of all connectors asks for it."""

import json

import pytest
from connector_conformance.subject import ConformanceSubject, Said, Throttling, Writes
from connector_freshbooks.app import PACKAGE, provider_for
from connector_freshbooks.settings import FreshbooksSettings


def _refused(status: int, errno: int, message: str) -> Said:
    errors = [{"errno": errno, "field": "field", "message": message, "object": "client"}]
    return {"status": status, "body": json.dumps({"response": {"errors": errors}})}


@pytest.fixture(scope="session")
def subject() -> ConformanceSubject:
    return ConformanceSubject(
        provider=provider_for(FreshbooksSettings(item_accounts=False)),
        package=PACKAGE,
        simulator="freshbooks_simulator",
        token_path="/auth/oauth/token",
        access_seconds=43_200,
        creates={
            "customer": Writes("POST", "/users/clients"),
            "item": Writes("POST", "/items/items"),
            "invoice": Writes("POST", "/invoices/invoices"),
        },
        reads={"method": "GET"},
        unknown_refusal=_refused(422, 98765, "Something of tomorrow"),
        throttling={
            "by the minute": Throttling({"status": 429, "headers": {"Retry-After": "60"}}),
            "without a word": Throttling({"status": 429}),
        },
        missing_scope={
            "status": 403,
            "body": json.dumps(
                {"error": "insufficient_scope", "error_description": "user:clients:write"}
            ),
        },
        offers_accounts=False,
        gone_items_refuse=False,
        unique_names=False,
        merges=False,
        # The names of all items: those that are kept and those that were deleted.
        reads_of_a_load=2,
    )
