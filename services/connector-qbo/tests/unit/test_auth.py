"""Signing in: what goes to Intuit, and what each of its answers means."""

import json
from base64 import b64decode
from urllib.parse import parse_qs, urlsplit

import pytest
from connector_kit.auth import (
    AppRefused,
    ConnectRefused,
    GrantDead,
    OAuthClient,
    OrganisationOffered,
    Tokens,
    TokensAway,
)
from connector_kit.exchange import Request
from connector_qbo.auth import QboAuth
from connector_qbo.operations.organisation import organisation
from contracts.sync import ProviderDetails

from .examples import REALM, drive, ok, refused

CLIENT = OAuthClient(id="ABClient", secret="s3:cret", redirect_uri="http://127.0.0.1:8002/callback")
AUTH = QboAuth(organisation)
CALLBACK = {"code": "Q0111", "state": "abc", "realmId": REALM}


def fields(request: Request) -> dict[str, str]:
    return {name: values[0] for name, values in parse_qs(request.body.decode()).items()}


def basic(request: Request) -> str:
    scheme, _, value = dict(request.headers)["authorization"].partition(" ")
    assert scheme == "Basic"
    return b64decode(value).decode()


def test_consent_is_asked_for_accounting_only() -> None:
    url = AUTH.authorize_url(CLIENT, "https://appcenter.intuit.com", state="a b", challenge=None)
    parts = urlsplit(url)
    assert (parts.netloc, parts.path) == ("appcenter.intuit.com", "/connect/oauth2")
    assert {name: values[0] for name, values in parse_qs(parts.query).items()} == {
        "client_id": "ABClient",
        "response_type": "code",
        "scope": "com.intuit.quickbooks.accounting",
        "redirect_uri": "http://127.0.0.1:8002/callback",
        "state": "a b",
    }


def test_a_code_is_exchanged_with_basic_and_the_same_redirect() -> None:
    request = AUTH.exchange_code(CLIENT, CALLBACK, verifier=None)
    assert request is not None
    assert (request.host, request.path) == ("oauth", "/oauth2/v1/tokens/bearer")
    assert basic(request) == "ABClient:s3:cret"
    assert fields(request) == {
        "grant_type": "authorization_code",
        "code": "Q0111",
        "redirect_uri": CLIENT.redirect_uri,
    }


@pytest.mark.parametrize(
    "callback",
    [
        {"state": "abc", "realmId": REALM},
        {"code": "Q0111", "state": "abc"},
        {"code": "Q0111", "state": "abc", "realmId": "../oauth"},
        {"code": "Q0111", "state": "abc", "realmId": ""},
        {"error": "invalid_scope", "state": "abc"},
    ],
)
def test_a_callback_without_code_or_company_is_not_exchanged(callback: dict[str, str]) -> None:
    assert AUTH.exchange_code(CLIENT, callback, verifier=None) is None


def test_only_access_denied_is_a_person_s_no() -> None:
    assert AUTH.declined({"error": "access_denied", "state": "abc"})
    assert not AUTH.declined({"error": "invalid_scope", "state": "abc"})
    assert not AUTH.declined(CALLBACK)


def test_a_refresh_carries_the_last_refresh_token() -> None:
    request = AUTH.refresh(CLIENT, "AB11old")
    assert fields(request) == {"grant_type": "refresh_token", "refresh_token": "AB11old"}
    assert basic(request) == "ABClient:s3:cret"


def test_tokens_are_read_with_their_lifetimes() -> None:
    answer = AUTH.read_tokens(
        ok(
            {
                "token_type": "bearer",
                "access_token": "eyJ..x",
                "refresh_token": "AB11new",
                "expires_in": 3600,
                "x_refresh_token_expires_in": 8726400,
            }
        )
    )
    assert answer == Tokens(
        access="eyJ..x",
        refresh="AB11new",
        access_expires_in=3600,
        refresh_expires_in=8726400,
    )
    assert "AB11new" not in repr(answer)


@pytest.mark.parametrize(
    "body",
    [
        {"error": "invalid_grant"},
        {"error": "invalid_grant", "error_description": "Incorrect or invalid refresh token"},
        {"error": "invalid_grant", "error_description": "Incorrect Token type or clientID"},
    ],
)
def test_invalid_grant_is_the_end_of_a_grant(body: dict[str, str]) -> None:
    answer = AUTH.read_tokens(ok(body, 400))
    assert isinstance(answer, GrantDead)
    assert answer.details.provider_code == "invalid_grant"
    assert answer.details.trace_id == "1-5f"


def test_invalid_client_is_our_own_problem() -> None:
    assert isinstance(AUTH.read_tokens(ok({"error": "invalid_client"}, 401)), AppRefused)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, {"error": "invalid_grant"}),
        (503, "<html>"),
        (400, {"error": "invalid_request"}),
        (400, ""),
        (200, ""),
        (200, {"access_token": "eyJ"}),
        (429, "<html>"),
    ],
)
def test_nothing_else_ends_a_grant(status: int, body: object) -> None:
    assert isinstance(AUTH.read_tokens(ok(body, status)), TokensAway)


def test_the_company_is_the_one_in_the_callback() -> None:
    offered, sent = drive(
        AUTH.organisations(CALLBACK),
        ok({"CompanyInfo": {"CompanyName": "Oak Books", "Country": "US"}}),
        ok({"Preferences": {"CurrencyPrefs": {"HomeCurrency": {"value": "USD"}}}}),
    )
    assert isinstance(offered, list)
    (one,) = offered
    assert isinstance(one, OrganisationOffered)
    assert (one.organisation.id, one.organisation.name, one.subject) == (REALM, "Oak Books", REALM)
    assert one.facts.home_currency == "USD"
    assert all(r.host == "api" for r in sent)


def test_a_company_that_cannot_be_read_is_not_connected() -> None:
    refusal, _ = drive(AUTH.organisations(CALLBACK), refused("610"))
    assert refusal == ConnectRefused("permission_missing")
    assert drive(AUTH.organisations({"code": "Q0111"}))[0] == ConnectRefused("no_organisation")


def test_a_grant_is_revoked_only_once_nothing_uses_it() -> None:
    assert AUTH.detach(CLIENT, "AB11", last=False) is None
    request = AUTH.detach(CLIENT, "AB11", last=True)
    assert request is not None
    assert (request.host, request.path) == ("revoke", "/v2/oauth2/tokens/revoke")
    assert json.loads(request.body) == {"token": "AB11"}
    assert basic(request) == "ABClient:s3:cret"
    assert "AB11" not in repr(request)


def test_a_dead_grant_asks_for_a_new_sign_in() -> None:
    assert AUTH.dead_cause(ProviderDetails()).code == "connection_expired"
    assert AUTH.bearer("eyJ") == (("authorization", "Bearer eyJ"),)
