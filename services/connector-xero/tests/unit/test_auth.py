"""Consent, tokens and organisations, as Xero does them."""

from base64 import b64decode
from urllib.parse import parse_qs, urlsplit

import pytest
from connector_kit.auth import (
    AppRefused,
    ConnectRefused,
    GrantDead,
    OAuthClient,
    Tokens,
    TokensAway,
)
from connector_kit.exchange import Response
from connector_xero.app import XERO
from connector_xero.auth import XeroAuth
from connector_xero.operations.organisation import organisation

from .examples import TENANT, drive, ok

AUTH = XeroAuth(organisation)
CLIENT = OAuthClient(id="app", secret="s:cret", redirect_uri="https://app.example/callback")
SECOND = "b46fcb6f-0000-4000-8000-000000000002"


def connection(tenant: str, identity: str, updated: str, kind: str = "ORGANISATION") -> object:
    return {
        "id": identity,
        "authEventId": "d99ecdfe-391d-43d2-b834-17636ba90e8d",
        "tenantId": tenant,
        "tenantType": kind,
        "tenantName": "Demo Company (NZ)",
        "createdDateUtc": updated,
        "updatedDateUtc": updated,
    }


def books(name: str) -> Response:
    row = {
        "Name": name,
        "BaseCurrency": "NZD",
        "CountryCode": "NZ",
        "PaysTax": True,
        "PeriodLockDate": "/Date(1254268800000+0000)/",
        "EndOfYearLockDate": "/Date(1254355200000+0000)/",
    }
    return ok({"Organisations": [row]})


def test_consent_asks_for_granular_scopes_and_a_refresh_token() -> None:
    url = AUTH.authorize_url(CLIENT, "https://login.xero.com", state="st", challenge=None)
    query = parse_qs(urlsplit(url).query)
    assert urlsplit(url).path == "/identity/connect/authorize"
    assert query["state"] == ["st"]
    assert {"offline_access", "accounting.invoices"} <= set(query["scope"][0].split())
    assert "accounting.transactions" not in query["scope"][0]


def test_the_code_is_exchanged_with_basic_and_never_without_one() -> None:
    request = AUTH.exchange_code(CLIENT, {"code": "c", "state": "st"}, verifier=None)
    assert request is not None
    basic = dict(request.headers)["authorization"].removeprefix("Basic ")
    assert b64decode(basic) == b"app:s:cret"
    assert b"s%3Acret" not in request.body
    assert "s:cret" not in repr(request)
    assert AUTH.exchange_code(CLIENT, {"error": "access_denied"}, verifier=None) is None
    assert AUTH.declined({"error": "access_denied"})


def test_every_refresh_brings_a_new_refresh_token() -> None:
    answer = {"access_token": "a", "refresh_token": "r2", "expires_in": 1800, "scope": "x y"}
    read = AUTH.read_tokens(ok(answer))
    assert isinstance(read, Tokens)
    assert (read.refresh, read.access_expires_in, read.scopes) == ("r2", 1800, ("x", "y"))
    assert (XERO.oauth.refresh_grace, XERO.oauth.refresh_retries) == (1800, None)


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, "invalid_grant", GrantDead),
        (400, "invalid_client", AppRefused),
        (401, "unauthorized_client", AppRefused),
        (400, "server_error", TokensAway),
        (500, "invalid_grant", TokensAway),
    ],
)
def test_only_invalid_grant_ends_a_grant(status: int, error: str, kind: type) -> None:
    assert isinstance(AUTH.read_tokens(ok({"error": error}, status)), kind)


def test_tokens_that_cannot_be_read_change_nothing() -> None:
    assert isinstance(AUTH.read_tokens(ok("<html>")), TokensAway)


def test_all_organisations_of_the_person_are_offered_the_latest_first_and_no_practice() -> None:
    found = [
        connection(TENANT, "c1", "2026-09-07T18:46:19.5165400"),
        connection(SECOND, "c2", "2026-09-08T18:46:19.5165400"),
        connection("p", "c3", "2026-09-09T18:46:19.5165400", "PRACTICE"),
    ]
    offered, sent = drive(
        AUTH.organisations({"code": "c"}), ok({"sub": "joe"}), ok(found), books("B"), books("A")
    )
    assert not isinstance(offered, ConnectRefused)
    assert [(o.organisation.name, o.attachment, o.subject) for o in offered] == [
        ("B", "c2", "joe"),
        ("A", "c1", "joe"),
    ]
    assert [dict(request.headers).get("xero-tenant-id") for request in sent[2:]] == [SECOND, TENANT]
    assert str(offered[0].facts.books_closed_up_to) == "2009-10-01"


def test_a_person_without_organisations_is_offered_none() -> None:
    offered, _ = drive(AUTH.organisations({"code": "c"}), ok({"sub": "joe"}), ok([]))
    assert offered == []


def test_connections_that_cannot_be_read_connect_nothing() -> None:
    offered, _ = drive(AUTH.organisations({"code": "c"}), ok({"sub": "joe"}), ok("{"))
    assert offered == ConnectRefused("provider_down")


def test_an_organisation_whose_answer_cannot_be_read_is_never_left_out_of_a_choice() -> None:
    found = [
        connection(TENANT, "c1", "2026-09-07T18:46:19.5165400"),
        connection(SECOND, "c2", "2026-09-08T18:46:19.5165400"),
    ]
    known = (ok({"sub": "joe"}), ok(found))
    again, sent = drive(
        AUTH.organisations({"code": "c"}), *known, ok('{"Organisations": ['), books("B"), books("A")
    )
    assert not isinstance(again, ConnectRefused)
    assert [one.organisation.name for one in again] == ["B", "A"]
    assert [dict(request.headers).get("xero-tenant-id") for request in sent[2:]] == [
        SECOND,
        SECOND,
        TENANT,
    ]
    never, _ = drive(AUTH.organisations({"code": "c"}), *known, ok("{"), ok("{"))
    assert never == ConnectRefused("provider_down")


def test_an_organisation_is_left_by_deleting_its_connection_and_never_by_revoking() -> None:
    request = AUTH.detach(CLIENT, "r", last=False, attachment="c/1")
    assert request is not None
    assert (request.method, request.path) == ("DELETE", "/connections/c%2F1")
    assert request.meter != "oauth"
    assert AUTH.detach(CLIENT, "r", last=True) is None
