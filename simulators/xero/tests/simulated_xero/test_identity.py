"""Consent, tokens and connections."""

from __future__ import annotations

import base64
import hashlib
import json
from typing import cast

import httpx
import pytest

from .support import (
    REDIRECT,
    SCOPE,
    Api,
    Body,
    Controls,
    agree,
    authorize_fields,
    build,
    connected,
    exchange,
    refresh,
    serving,
    tenants,
    token_request,
)

MINUTE = 60
DAY = 24 * 60 * MINUTE
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"


def claims(token: str) -> Body:
    part = token.split(".")[1]
    return cast(Body, json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))))


def test_the_consent_page_is_one_form_that_needs_no_script(controls: Controls) -> None:
    controls.seed("Oak")
    fields = authorize_fields("", decision="", username="", state="st<>ate")
    page = httpx.get(f"{controls.base}/identity/connect/authorize", params=fields)
    assert page.status_code == 200
    assert page.text.count("<form") == 1
    assert "<script" not in page.text
    assert 'action="/identity/connect/authorize"' in page.text
    for name in ("username", "organisation", "decision"):
        assert f'name="{name}"' in page.text
    assert page.text.count('name="organisation"') == 1
    assert '<option value="Oak">' in page.text
    assert 'value="st&lt;&gt;ate"' in page.text


def test_the_page_offers_a_known_user_only_their_own_organisations(controls: Controls) -> None:
    controls.seed("Elm")
    agree(controls.base, "Oak")
    fields = authorize_fields("", decision="")
    page = httpx.get(f"{controls.base}/identity/connect/authorize", params=fields)
    assert '<option value="Oak">' in page.text
    assert "Elm" not in page.text


def test_the_callback_gets_a_code_and_the_state(controls: Controls) -> None:
    back = agree(controls.base, "Oak", state="abc")
    assert back["state"] == "abc"
    assert back["code"]
    assert [each["name"] for each in controls.get("books")] == ["Oak"]


def test_a_refusal_comes_back_as_access_denied(controls: Controls) -> None:
    back = agree(controls.base, "Oak", decision="deny", state="abc")
    assert back == {"error": "access_denied", "state": "abc"}
    assert controls.get("books") == []


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"client_id": ""}, "unauthorized_client"),
        ({"redirect_uri": "nowhere"}, "redirect_uri"),
        ({"response_type": "token"}, "response_type"),
        ({"scope": "everything"}, "invalid_scope"),
        ({"code_challenge": "x", "code_challenge_method": "plain"}, "S256"),
    ],
)
def test_what_is_wrong_with_an_authorisation_is_told_to_the_person(
    controls: Controls, changes: dict[str, str], told: str
) -> None:
    address = f"{controls.base}/identity/connect/authorize"
    page = httpx.get(address, params=authorize_fields("", **changes))
    assert page.status_code == 400
    assert told in page.text


def test_redirect_addresses_can_be_as_strict_as_the_real_ones(controls: Controls) -> None:
    controls.put("organisation", {"redirect_rule": "https_or_localhost"})
    address = f"{controls.base}/identity/connect/authorize"
    for uri, status in (
        ("http://127.0.0.1:9/x", 400),
        ("http://localhost:9/x", 200),
        ("https://app.example/x", 200),
    ):
        page = httpx.get(address, params=authorize_fields("", redirect_uri=uri))
        assert page.status_code == status


def test_apps_may_be_limited_to_granular_or_broad_scopes(controls: Controls) -> None:
    address = f"{controls.base}/identity/connect/authorize"
    for offered, fitting, unfitting in (
        ("granular", "accounting.invoices", "accounting.transactions"),
        ("broad", "accounting.transactions", "accounting.invoices"),
    ):
        controls.put("organisation", {"scopes_offered": offered})
        for scope, status in ((fitting, 200), (unfitting, 400)):
            page = httpx.get(address, params=authorize_fields("", scope=scope))
            assert page.status_code == status


def test_tokens_look_and_live_as_xeros_do(controls: Controls) -> None:
    token = exchange(controls.base, agree(controls.base, "Oak")["code"])
    assert list(token) == [
        "id_token",
        "access_token",
        "expires_in",
        "token_type",
        "refresh_token",
        "scope",
    ]
    assert (token["expires_in"], token["token_type"]) == (1800, "Bearer")
    assert token["scope"] == SCOPE
    inside = claims(token["access_token"])
    assert inside["client_id"] == "app"
    assert inside["scope"] == SCOPE.split()
    assert inside["exp"] - inside["nbf"] == 1800
    row = tenants(controls.base, token["access_token"])[0]
    assert row["authEventId"] == inside["authentication_event_id"]


def test_an_id_token_can_be_checked_with_the_published_key(controls: Controls) -> None:
    where = httpx.get(f"{controls.base}/.well-known/openid-configuration").json()
    key = httpx.get(where["jwks_uri"]).json()["keys"][0]
    token = exchange(controls.base, agree(controls.base, "Oak", nonce="n1")["code"])
    head, body, signature = token["id_token"].split(".")

    def number(value: str) -> int:
        return int.from_bytes(base64.urlsafe_b64decode(value + "=" * (-len(value) % 4)), "big")

    opened = pow(number(signature), number(key["e"]), number(key["n"]))
    assert hex(opened).startswith("0x1ffff")
    digest = hashlib.sha256(f"{head}.{body}".encode()).hexdigest()
    assert hex(opened).endswith(digest)
    inside = claims(token["id_token"])
    assert (inside["nonce"], inside["iss"], inside["aud"]) == ("n1", where["issuer"], "app")


def test_a_code_is_good_once_for_five_minutes_and_one_address(controls: Controls) -> None:
    code = agree(controls.base, "Oak")["code"]
    wrong = token_request(
        controls.base, grant_type="authorization_code", code=code, redirect_uri="http://x.y/"
    )
    assert (wrong.status_code, wrong.json()) == (400, {"error": "invalid_grant"})
    exchange(controls.base, code)
    again = token_request(
        controls.base, grant_type="authorization_code", code=code, redirect_uri=REDIRECT
    )
    assert (again.status_code, again.json()) == (400, {"error": "invalid_grant"})
    late = agree(controls.base, "Oak")["code"]
    controls.post("clock", {"advance_seconds": 5 * MINUTE + 1})
    answer = token_request(
        controls.base, grant_type="authorization_code", code=late, redirect_uri=REDIRECT
    )
    assert answer.json() == {"error": "invalid_grant"}


def test_without_offline_access_there_is_no_refresh_token(controls: Controls) -> None:
    code = agree(controls.base, "Oak", scope="accounting.contacts")["code"]
    token = exchange(controls.base, code)
    assert set(token) == {"access_token", "expires_in", "token_type", "scope"}


def test_a_pkce_app_needs_its_verifier_and_no_secret(controls: Controls) -> None:
    asked = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
    fields = {"grant_type": "authorization_code", "redirect_uri": REDIRECT, "client_id": "app"}
    address = f"{controls.base}/connect/token"
    code = agree(controls.base, "Oak", **asked)["code"]
    refused = httpx.post(address, data={**fields, "code": code, "code_verifier": "x" * 43})
    assert refused.json() == {"error": "invalid_grant"}
    given = httpx.post(address, data={**fields, "code": code, "code_verifier": VERIFIER})
    assert given.status_code == 200, given.text
    more = {"grant_type": "refresh_token", "refresh_token": given.json()["refresh_token"]}
    assert httpx.post(address, data={**more, "client_id": "app"}).status_code == 200


def test_both_ways_of_saying_who_the_client_is_are_taken() -> None:
    with serving(build(clients={"app": "right"})) as base:
        token = f"{base}/connect/token"
        body = {"grant_type": "refresh_token", "refresh_token": "x"}
        for secret, error in (("right", "invalid_grant"), ("wrong", "invalid_client")):
            basic = httpx.post(token, data=body, auth=("app", secret))
            form = httpx.post(token, data={**body, "client_id": "app", "client_secret": secret})
            for answer in (basic, form):
                assert (answer.status_code, answer.json()) == (400, {"error": error})
        switches = {"bad_client_status": 401, "bad_client_error": "unauthorized_client"}
        httpx.put(f"{base}/_sim/organisation", json=switches)
        answer = httpx.post(token, data=body)
        assert (answer.status_code, answer.json()) == (401, {"error": "unauthorized_client"})
        page = httpx.get(
            f"{base}/identity/connect/authorize", params=authorize_fields("", client_id="other")
        )
        assert page.status_code == 400


def test_each_refresh_rotates_and_the_token_before_works_for_thirty_minutes(
    controls: Controls,
) -> None:
    first = exchange(controls.base, agree(controls.base, "Oak")["code"])["refresh_token"]
    second = refresh(controls.base, first).json()["refresh_token"]
    assert second != first
    controls.post("clock", {"advance_seconds": 30 * MINUTE - 5})
    third = refresh(controls.base, first).json()["refresh_token"]
    assert third not in (first, second)
    controls.post("clock", {"advance_seconds": 10})
    late = refresh(controls.base, first)
    assert (late.status_code, late.json()) == (400, {"error": "invalid_grant"})
    assert refresh(controls.base, second).status_code == 200
    assert refresh(controls.base, third).status_code == 200


def test_the_grace_can_bring_the_same_token_again_or_not_be_there(controls: Controls) -> None:
    first = exchange(controls.base, agree(controls.base, "Oak")["code"])["refresh_token"]
    controls.set(grace_answer="same")
    second = refresh(controls.base, first).json()["refresh_token"]
    assert refresh(controls.base, first).json()["refresh_token"] == second
    controls.set(refresh_grace=0)
    assert refresh(controls.base, first).json() == {"error": "invalid_grant"}


def test_a_refresh_token_dies_after_sixty_days_unused(controls: Controls) -> None:
    token = exchange(controls.base, agree(controls.base, "Oak")["code"])["refresh_token"]
    controls.post("clock", {"advance_seconds": 59 * DAY})
    token = refresh(controls.base, token).json()["refresh_token"]
    controls.post("clock", {"advance_seconds": 60 * DAY})
    assert refresh(controls.base, token).json() == {"error": "invalid_grant"}


def test_one_token_reaches_every_organisation_its_user_connected(controls: Controls) -> None:
    first = exchange(controls.base, agree(controls.base, "Oak")["code"])
    second = exchange(controls.base, agree(controls.base, "Elm")["code"])
    names = ["Oak", "Elm"]
    for token in (first, second):
        rows = tenants(controls.base, token["access_token"])
        assert [each["tenantName"] for each in rows] == names
    event = claims(second["access_token"])["authentication_event_id"]
    headers = {"Authorization": f"Bearer {second['access_token']}"}
    only = httpx.get(f"{controls.base}/Connections?authEventId={event}", headers=headers).json()
    assert [each["tenantName"] for each in only] == ["Elm"]
    other = exchange(controls.base, agree(controls.base, "Elm", username="ann")["code"])
    rows = tenants(controls.base, other["access_token"])
    assert [each["tenantName"] for each in rows] == ["Elm"]


def test_one_consent_can_connect_several_organisations(controls: Controls) -> None:
    controls.seed("Elm")
    fields = {**authorize_fields("Oak"), "also": ["Elm", "Ash"]}
    answer = httpx.post(f"{controls.base}/identity/connect/authorize", data=fields)
    code = answer.headers["location"].split("code=")[1].split("&")[0]
    rows = tenants(controls.base, exchange(controls.base, code)["access_token"])
    assert [each["tenantName"] for each in rows] == ["Oak", "Elm", "Ash"]
    assert len({each["authEventId"] for each in rows}) == 1


def test_a_deleted_connection_forbids_calls_while_refreshing_goes_on(controls: Controls) -> None:
    token = exchange(controls.base, agree(controls.base, "Oak")["code"])
    row = tenants(controls.base, token["access_token"])[0]
    assert len(row["createdDateUtc"]) == len("2019-12-07T18:46:19.5165400")
    headers = {"Authorization": f"Bearer {token['access_token']}"}
    for path, status in (("Connections", 204), ("connections", 404)):
        address = f"{controls.base}/{path}/{row['id']}"
        assert httpx.delete(address, headers=headers).status_code == status
    headers["xero-tenant-id"] = row["tenantId"]
    refused = httpx.get(f"{controls.base}/api.xro/2.0/Organisation", headers=headers)
    assert refused.status_code == 403
    assert refused.json()["Detail"] == "AuthenticationUnsuccessful"
    assert refresh(controls.base, token["refresh_token"]).status_code == 200
    again = exchange(controls.base, agree(controls.base, "Oak")["code"])
    new = tenants(controls.base, again["access_token"])[0]
    assert new["id"] != row["id"]
    assert new["createdDateUtc"] == row["createdDateUtc"] < new["updatedDateUtc"]
    assert new["tenantId"] == row["tenantId"]


def test_revoking_ends_every_connection_of_that_user_and_nobody_elses(controls: Controls) -> None:
    mine = exchange(controls.base, agree(controls.base, "Oak")["code"])
    elm = exchange(controls.base, agree(controls.base, "Elm")["code"])
    with connected(controls.base, "Oak", username="ann") as other:
        answer = httpx.post(
            f"{controls.base}/connect/revocation",
            data={"token": mine["refresh_token"]},
            auth=("app", "secret"),
        )
        assert (answer.status_code, answer.content) == (200, b"")
        for token in (mine, elm):
            assert refresh(controls.base, token["refresh_token"]).status_code == 400
            headers = {"Authorization": f"Bearer {token['access_token']}"}
            refused = httpx.get(f"{controls.base}/connections", headers=headers)
            assert refused.status_code == 401
            assert refused.json()["Detail"] == "AuthenticationUnsuccessful"
        assert other.get("Organisation").status_code == 200


def test_an_owner_can_disconnect_the_app(controls: Controls, api: Api) -> None:
    assert controls.post("disconnect", {"organisation": "Oak"}) == {"revoked": 1}
    assert api.get("Organisation").status_code == 403


def test_expired_wrong_and_missing_tokens_are_told_apart(controls: Controls, api: Api) -> None:
    controls.post("clock", {"advance_seconds": 1801})
    expired = api.get("Organisation")
    assert expired.status_code == 401
    assert list(expired.json()) == ["Type", "Title", "Status", "Detail", "Instance", "Extensions"]
    assert expired.json()["Detail"].startswith("TokenExpired: token expired at ")
    api.token = "garbage"
    assert api.get("Organisation").json()["Detail"] == "AuthenticationUnsuccessful"


def test_access_can_be_ended_at_once_without_moving_the_clock(controls: Controls, api: Api) -> None:
    assert controls.post("expire-access", {}) == {"ended": 1}
    ended = api.get("Organisation")
    assert (ended.status_code, ended.json()["Title"]) == (401, "Unauthorized")
    assert controls.get("clock")["offset_seconds"] == 0


def test_a_tenant_that_is_not_connected_or_not_named_is_forbidden(
    controls: Controls, api: Api
) -> None:
    api.tenant = controls.seed("Elm")["organisation"]["id"]
    for tenant in (api.tenant, "", "nobody"):
        api.tenant = tenant
        refused = api.get("Organisation")
        assert refused.status_code == 403
        assert refused.json()["Title"] == "Forbidden"


def test_a_missing_scope_is_told_apart_from_an_expired_token(controls: Controls) -> None:
    scope = "offline_access accounting.contacts.read accounting.invoices"
    with connected(controls.base, "Oak", scope=scope) as api:
        assert api.get("Contacts").status_code == 200
        assert api.get("Items").status_code == 200
        for method, path in (("PUT", "Contacts"), ("GET", "Accounts"), ("PUT", "Items")):
            refused = api.send(method, path, {"x": 1})
            assert refused.status_code == 401
            assert "insufficient_scope" in refused.headers["www-authenticate"]
            assert refused.json()["Detail"] == "AuthorizationUnsuccessful"
        controls.set(items_write_scope="either", insufficient_scope_word="insufficent_scope")
        assert api.put("Items", {"Code": "A"})
        assert "insufficent_scope" in api.get("Accounts").headers["www-authenticate"]
    with connected(controls.base, "Oak", scope="accounting.transactions") as api:
        assert api.get("Invoices").status_code == 200
        # What was given before stays given.
        assert api.get("Contacts").status_code == 200
