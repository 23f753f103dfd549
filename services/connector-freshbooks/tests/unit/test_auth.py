"""Signing in: requests, what the token endpoint says, which organisations there are."""

from functools import partial
from urllib.parse import parse_qs, parse_qsl, urlsplit

import pytest
from connector_freshbooks.auth import FreshbooksAuth
from connector_freshbooks.operations.organisation import organisations
from connector_freshbooks.provider import OAUTH, SCOPES
from connector_kit.auth import (
    AppRefused,
    ConnectRefused,
    GrantDead,
    OAuthClient,
    Tokens,
    TokensAway,
)

from .examples import drive, ok

AUTH = FreshbooksAuth(partial(organisations, accounts=True))
CLIENT = OAuthClient(id="app", secret="s3cret", redirect_uri="https://c.example/callback")
ISSUED = {
    "access_token": "a",
    "refresh_token": "r",
    "expires_in": 43_200,
    "created_at": 1_756_000_000,
    "scope": "user:profile:read user:clients:read",
    "token_type": "Bearer",
}


def business(account: str | None = "ZyQ04o", **fields: object) -> dict[str, object]:
    return {
        "id": 4321,
        "business_uuid": "0d1f9a50-aaaa-bbbb-cccc-000000000001",
        "account_id": account,
        "name": "Oak Books",
        "advanced_accounting_enabled": True,
        "billing_country_code": "US",
        **fields,
    }


def me(*memberships: tuple[str, dict[str, object]]) -> object:
    listed = [{"id": 99, "role": role, "business": each} for role, each in memberships]
    return {"response": {"id": 7, "identity_id": 7, "business_memberships": listed}}


def test_consent_asks_for_all_scopes_with_state_and_challenge() -> None:
    url = AUTH.authorize_url(CLIENT, "https://auth.example", state="st", challenge="ch")
    asked = dict(parse_qsl(urlsplit(url).query))
    assert asked["scope"].split() == list(SCOPES)
    assert (asked["state"], asked["code_challenge"]) == ("st", "ch")
    assert asked["code_challenge_method"] == "S256"


def test_a_refresh_token_is_good_once_and_never_retried() -> None:
    assert (OAUTH.refresh_grace, OAUTH.refresh_retries) == (0.0, 0)


def test_the_secret_goes_in_the_body() -> None:
    request = AUTH.exchange_code(CLIENT, {"code": "c"}, verifier="v")
    assert request is not None
    sent = parse_qs(request.body.decode())
    assert sent["client_secret"] == ["s3cret"]
    assert sent["code_verifier"] == ["v"]
    assert "s3cret" not in repr(request)
    assert AUTH.exchange_code(CLIENT, {}, verifier="v") is None


def test_a_token_ends_when_it_was_made_plus_its_time() -> None:
    on_time = AUTH.read_tokens(ok(ISSUED, date="Sun, 24 Aug 2025 01:46:40 GMT"))
    assert isinstance(on_time, Tokens)
    assert on_time.access_expires_in == 43_200
    old = AUTH.read_tokens(ok(ISSUED, date="Sun, 24 Aug 2025 02:46:40 GMT"))
    assert isinstance(old, Tokens)
    assert old.access_expires_in == 39_600
    undated = AUTH.read_tokens(ok(ISSUED))
    assert isinstance(undated, Tokens)
    assert undated.access_expires_in == 43_200


@pytest.mark.parametrize(
    ("status", "error", "kind"),
    [
        (400, "invalid_grant", GrantDead),
        (401, "invalid_client", AppRefused),
        (403, "unauthorized_client", AppRefused),
        (400, "invalid_request", TokensAway),
        (500, "invalid_grant", TokensAway),
    ],
)
def test_only_invalid_grant_ends_a_grant(status: int, error: str, kind: type) -> None:
    assert isinstance(AUTH.read_tokens(ok({"error": error}, status)), kind)


def test_an_unreadable_token_answer_changes_nothing() -> None:
    for status in (200, 400, 502):
        assert isinstance(AUTH.read_tokens(ok(b"<html>", status)), TokensAway)


def test_the_account_id_is_the_organisation_and_the_identity_the_grant() -> None:
    answer = ok(me(("owner", business()), ("business_partner", business("Bb2"))))
    offered, (request,) = drive(AUTH.organisations({}), answer)
    assert request.path == "/auth/api/v1/users/me"
    assert not isinstance(offered, ConnectRefused)
    assert [(o.organisation.id, o.subject) for o in offered] == [("ZyQ04o", "7"), ("Bb2", "7")]
    assert offered[0].facts.offers_accounts


def test_a_business_without_account_or_rights_is_not_offered() -> None:
    answer = ok(me(("owner", business(None)), ("client", business()), ("owner", business("../x"))))
    offered, _ = drive(AUTH.organisations({}), answer)
    assert offered == ConnectRefused("no_organisation")


def test_only_the_last_connection_of_a_consent_revokes_it() -> None:
    assert AUTH.detach(CLIENT, "r", last=False) is None
    request = AUTH.detach(CLIENT, "r", last=True)
    assert request is not None
    assert parse_qs(request.body.decode())["token"] == ["r"]
