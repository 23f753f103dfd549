"""Consent and tokens, through intuit-oauth unchanged."""

from __future__ import annotations

import pytest
from intuitlib.enums import Scopes
from intuitlib.exceptions import AuthClientError
from quickbooks import QuickBooks
from quickbooks.exceptions import AuthorizationException

from .sdk import Customer
from .support import (
    REDIRECT,
    Connected,
    Controls,
    agree,
    auth_client,
    build,
    connected,
    discovery,
    held,
    serving,
    web,
)

HOUR = 3600
DAY = 24 * HOUR


def test_the_sdk_finds_every_address_in_the_discovery_document(controls: Controls) -> None:
    with auth_client(controls.base) as auth:
        assert auth.auth_endpoint == f"{controls.base}/connect/oauth2"
        assert auth.token_endpoint == f"{controls.base}/oauth2/v1/tokens/bearer"
        assert auth.revoke_endpoint == f"{controls.base}/v2/oauth2/tokens/revoke"
    for path in ("openid_configuration", "openid_configuration/", "openid_sandbox_configuration"):
        found = controls.http.get(f"{controls.base}/.well-known/{path}")
        assert found.json() == controls.http.get(discovery(controls.base)).json()


def test_the_consent_page_is_one_form_that_needs_no_script(controls: Controls) -> None:
    controls.seed("Oak")
    with auth_client(controls.base) as auth:
        page = controls.http.get(
            auth.get_authorization_url([Scopes.ACCOUNTING], state_token="st<>ate")
        )
    assert page.status_code == 200
    assert page.text.count("<form") == 1
    assert "<script" not in page.text
    for name in ("username", "organisation", "decision"):
        assert f'name="{name}"' in page.text
    assert '<option value="Oak">' in page.text
    assert 'value="st&lt;&gt;ate"' in page.text


def test_the_callback_gets_code_state_and_realm(controls: Controls) -> None:
    back = agree(controls.base, "Oak", state="abc")
    assert set(back) == {"code", "state", "realmId"}
    assert back["state"] == "abc"
    assert controls.get("books") == [{"id": back["realmId"], "name": "Oak"}]
    assert agree(controls.base, "Oak")["realmId"] == back["realmId"]
    assert agree(controls.base, "Elm")["realmId"] != back["realmId"]


def test_a_refusal_comes_back_as_access_denied(controls: Controls) -> None:
    back = agree(controls.base, "Oak", decision="deny", state="abc")
    assert back == {"error": "access_denied", "state": "abc"}
    assert controls.get("books") == []


def test_an_unknown_scope_comes_back_as_invalid_scope(controls: Controls) -> None:
    back = agree(controls.base, "Oak", scope="everything")
    assert back == {"error": "invalid_scope", "state": "s"}


@pytest.mark.parametrize("left_out", ["client_id", "redirect_uri", "response_type"])
def test_a_malformed_authorisation_is_told_to_the_person(controls: Controls, left_out: str) -> None:
    query = {
        "client_id": "app",
        "redirect_uri": REDIRECT,
        "response_type": "code",
        "scope": "openid",
    }
    del query[left_out]
    page = controls.http.get(f"{controls.base}/connect/oauth2", params=query)
    assert page.status_code == 400
    assert left_out in page.text


def test_a_code_is_good_once_and_its_second_use_ends_the_first_tokens(oak: Connected) -> None:
    assert oak.client.get(f"{oak.client.api_url}/company/{oak.api.realm}/preferences")
    with pytest.raises(AuthClientError) as refused:
        oak.auth.get_bearer_token(oak.code)
    assert refused.value.status_code == 400
    assert refused.value.content == b'{"error":"invalid_grant"}'
    assert oak.api.get("preferences").status_code == 401


def test_a_code_ends_and_belongs_to_one_redirect_address(controls: Controls) -> None:
    with auth_client(controls.base) as auth:
        code = agree(controls.base, "Oak")["code"]
        auth.redirect_uri = "http://127.0.0.1:9/other"
        with pytest.raises(AuthClientError):
            auth.get_bearer_token(code)
        auth.redirect_uri = REDIRECT
        late = agree(controls.base, "Oak")["code"]
        controls.post("clock", {"advance_seconds": 601})
        with pytest.raises(AuthClientError):
            auth.get_bearer_token(late)


def test_tokens_look_and_live_as_intuits_do(controls: Controls, oak: Connected) -> None:
    assert held(oak.auth, "access_token").startswith("eyJ")
    assert ".." in held(oak.auth, "access_token")
    assert held(oak.auth, "refresh_token").startswith("AB11")
    assert oak.auth.expires_in == HOUR
    assert oak.auth.x_refresh_token_expires_in == 8_726_400
    controls.post("clock", {"advance_seconds": HOUR})
    with pytest.raises(AuthorizationException) as expired:
        Customer.all(qb=oak.client)
    assert '"code":"3200"' in expired.value.detail
    assert "Token expired: eyJl..." in expired.value.detail


def test_access_can_be_ended_at_once_without_moving_the_clock(
    controls: Controls, oak: Connected
) -> None:
    before = controls.get("clock")["offset_seconds"]
    assert controls.post("expire-access", {}) == {"ended": 1}
    with pytest.raises(AuthorizationException):
        Customer.all(qb=oak.client)
    assert controls.get("clock")["offset_seconds"] == before
    oak.auth.refresh()
    fresh = QuickBooks(auth_client=oak.auth, company_id=oak.api.realm, minorversion=75)
    assert Customer.all(qb=fresh) == []


def test_a_refresh_keeps_its_value_for_a_day_and_then_changes_it(
    controls: Controls, oak: Connected
) -> None:
    first = held(oak.auth, "refresh_token")
    oak.auth.refresh()
    assert held(oak.auth, "refresh_token") == first
    controls.post("clock", {"advance_seconds": 23 * HOUR})
    oak.auth.refresh()
    assert held(oak.auth, "refresh_token") == first
    controls.post("clock", {"advance_seconds": 3 * HOUR})
    oak.auth.refresh()
    assert held(oak.auth, "refresh_token") != first
    with pytest.raises(AuthClientError) as refused:
        oak.auth.refresh(refresh_token=first)
    assert refused.value.content == (
        b'{"error_description":"Incorrect or invalid refresh token","error":"invalid_grant"}'
    )
    assert refused.value.intuit_tid
    oak.auth.refresh()


def test_the_previous_value_works_for_as_long_as_the_switch_says(
    controls: Controls, oak: Connected
) -> None:
    controls.set(refresh_grace=DAY, rotate_every_refresh=True)
    first = held(oak.auth, "refresh_token")
    oak.auth.refresh()
    second = held(oak.auth, "refresh_token")
    assert second != first
    oak.auth.refresh(refresh_token=first)
    assert held(oak.auth, "refresh_token") == second
    controls.post("clock", {"advance_seconds": DAY})
    with pytest.raises(AuthClientError):
        oak.auth.refresh(refresh_token=first)
    oak.auth.refresh(refresh_token=second)


def test_reuse_of_a_dead_value_can_end_the_consent(controls: Controls, oak: Connected) -> None:
    controls.set(rotate_every_refresh=True, reuse_revokes_grant=True, invalid_grant_body="bare")
    first = held(oak.auth, "refresh_token")
    oak.auth.refresh()
    second = held(oak.auth, "refresh_token")
    for dead in (first, second):
        with pytest.raises(AuthClientError) as refused:
            oak.auth.refresh(refresh_token=dead)
        assert refused.value.content == b'{"error":"invalid_grant"}'


def test_a_refresh_token_dies_after_a_hundred_and_one_days_unused(
    controls: Controls, oak: Connected
) -> None:
    controls.post("clock", {"advance_seconds": 100 * DAY})
    oak.auth.refresh()
    controls.post("clock", {"advance_seconds": 101 * DAY})
    with pytest.raises(AuthClientError):
        oak.auth.refresh()


def test_the_hard_end_of_life_is_told_to_who_asks(controls: Controls, oak: Connected) -> None:
    answer = controls.http.post(
        f"{controls.base}/oauth2/v1/tokens/bearer",
        data={"grant_type": "refresh_token", "refresh_token": held(oak.auth, "refresh_token")},
        auth=("app", "secret"),
        headers={"x-include-refresh-token-hard-expires-in": "true"},
    )
    assert 1824 * DAY < answer.json()["x_refresh_token_hard_expires_in"] <= 1825 * DAY


def test_an_access_token_or_another_apps_token_is_no_refresh_token(
    controls: Controls, oak: Connected
) -> None:
    wrong = b'{"error_description":"Incorrect Token type or clientID","error":"invalid_grant"}'
    with pytest.raises(AuthClientError) as refused:
        oak.auth.refresh(refresh_token=held(oak.auth, "access_token"))
    assert refused.value.content == wrong
    with auth_client(controls.base, "another") as another:
        with pytest.raises(AuthClientError) as refused:
            another.refresh(refresh_token=held(oak.auth, "refresh_token"))
        assert refused.value.content == wrong


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"grant_type": "password"}, "unsupported_grant_type"),
        ({}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
    ],
)
def test_malformed_token_requests_say_so(
    controls: Controls, fields: dict[str, str], error: str
) -> None:
    address = f"{controls.base}/oauth2/v1/tokens/bearer"
    answer = controls.http.post(address, data=fields, auth=("app", "secret"))
    assert (answer.status_code, answer.json()) == (400, {"error": error})


def test_only_named_clients_get_in_where_some_are_named() -> None:
    with serving(build(clients={"app": "right"})) as base, web() as http:
        for pair, status in ((("app", "right"), 400), (("app", "wrong"), 401), (("", ""), 401)):
            address = f"{base}/oauth2/v1/tokens/bearer"
            body = {"grant_type": "refresh_token", "refresh_token": "AB11"}
            answer = http.post(address, data=body, auth=pair)
            assert answer.status_code == status
            if status == 401:
                assert answer.json() == {"error": "invalid_client"}


def test_a_revoked_consent_is_dead_at_once(oak: Connected) -> None:
    assert oak.auth.revoke() is True
    with pytest.raises(AuthorizationException):
        Customer.all(qb=oak.client)
    with pytest.raises(AuthClientError):
        oak.auth.refresh()


def test_revoking_an_unknown_token_answers_as_the_switch_says(controls: Controls) -> None:
    with auth_client(controls.base) as auth:
        with pytest.raises(AuthClientError) as refused:
            auth.revoke(token="AB11nobodys")
        assert refused.value.status_code == 400
        controls.put("organisation", {"revoke_unknown_status": 200})
        assert auth.revoke(token="AB11nobodys") is True


def test_an_owner_can_disconnect_the_app(controls: Controls, oak: Connected) -> None:
    assert controls.post("disconnect", {"organisation": "Oak"}) == {"revoked": 1}
    assert oak.api.get("preferences").status_code == 401


def test_a_new_consent_ends_the_earlier_one_only_where_set_so(
    controls: Controls, oak: Connected
) -> None:
    with connected(controls.base, "Oak"):
        assert oak.api.get("preferences").status_code == 200
    controls.set(reauthorize_invalidates=True)
    with connected(controls.base, "Oak") as second:
        assert oak.api.get("preferences").status_code == 401
        assert second.api.get("preferences").status_code == 200


def test_the_sdk_accepts_our_id_token_and_reads_who_logged_in(controls: Controls) -> None:
    with auth_client(controls.base) as auth:
        scope = "com.intuit.quickbooks.accounting openid profile email"
        auth.get_bearer_token(agree(controls.base, "Oak", scope=scope)["code"])
        assert held(auth, "id_token").count(".") == 2
        told = auth.get_user_info().json()
        assert told["givenName"] == "joe"
        assert set(told) >= {"sub", "email", "emailVerified", "familyName"}


def test_a_consent_reaches_its_own_organisation_only(controls: Controls, oak: Connected) -> None:
    other = agree(controls.base, "Elm")["realmId"]
    stranger = f"/v3/company/{other}/preferences"
    refused = oak.api.http.get(stranger, headers=oak.api.headers())
    assert refused.status_code == 403
    fault = refused.json()["fault"]
    assert (fault["type"], fault["error"][0]["code"]) == ("SERVICE", "3100")
    controls.set("Elm", wrong_realm_status=401)
    refused = oak.api.http.get(stranger, headers=oak.api.headers())
    assert refused.status_code == 401
    assert "SRV-110-Authentication Failure" in refused.text
    nowhere = oak.api.http.get("/v3/company/1/preferences", headers=oak.api.headers())
    assert nowhere.status_code == 403


def test_a_consent_without_the_accounting_scope_is_refused(controls: Controls) -> None:
    with auth_client(controls.base) as auth:
        back = agree(controls.base, "Oak", scope="openid")
        auth.get_bearer_token(back["code"])
        path = f"{controls.base}/v3/company/{back['realmId']}/preferences"
        refused = controls.http.get(
            path, headers={"Authorization": f"Bearer {held(auth, 'access_token')}"}
        )
        assert refused.status_code == 403
