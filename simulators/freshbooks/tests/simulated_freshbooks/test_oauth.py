"""Consent and tokens, through freshbooks-sdk unchanged."""

from __future__ import annotations

import base64
import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any, cast

import httpx
import pytest

from .sdk import FreshBooksError
from .support import REDIRECT, SCOPES, Connected, Controls, agree, connected, sdk_of

HOUR = 3600


def _token(http: httpx.Client, **fields: str) -> httpx.Response:
    body = {"client_id": "app", "client_secret": "secret", "redirect_uri": REDIRECT, **fields}
    return http.post("/auth/oauth/token", data=body)


def test_the_consent_page_is_one_form_that_needs_no_script(controls: Controls) -> None:
    controls.seed("Oak")
    page = controls.http.get(sdk_of().get_auth_request_url(SCOPES) + "&state=st%3C%3Eate")
    assert page.status_code == 200
    assert page.text.count("<form") == 1
    assert "<script" not in page.text
    for name in ("username", "organisation", "decision"):
        assert f'name="{name}"' in page.text
    assert '<option value="Oak">' in page.text
    assert 'value="st&lt;&gt;ate"' in page.text
    assert 'action="/oauth/authorize"' in page.text


def test_the_callback_gets_code_and_state_and_a_new_organisation_has_three_accounts(
    controls: Controls,
) -> None:
    back = agree(controls.base, "Oak", state="abc")
    assert set(back) == {"code", "state"}
    assert back["state"] == "abc"
    assert [each["name"] for each in controls.get("books")] == ["Oak"]
    accounts = [(each["code"], each["name"], each["type"]) for each in controls.books()["accounts"]]
    assert accounts == [
        ("4000", "Services", "income"),
        ("4010", "Parts", "income"),
        ("6000", "Rent", "expense"),
    ]


def test_a_refusal_and_a_bad_scope_come_back_as_errors(controls: Controls) -> None:
    denied = agree(controls.base, "Oak", decision="deny")
    assert (denied["error"], denied["state"]) == ("access_denied", "s")
    bad = agree(controls.base, "Oak", scope="user:clients:read user:nonsense:read")
    assert bad["error"] == "invalid_scope"
    assert "nonsense" not in bad["error_description"]
    assert controls.get("books") == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"client_id": ""},
        {"response_type": "token"},
        {"redirect_uri": "here"},
        {"redirect_uri": f"{REDIRECT}?of=ours"},
    ],
)
def test_a_malformed_authorisation_is_told_to_the_person(
    http: httpx.Client, wrong: dict[str, str]
) -> None:
    query = {"client_id": "app", "redirect_uri": REDIRECT, "response_type": "code", **wrong}
    page = http.get("/oauth/authorize/", params=query)
    assert page.status_code == 400
    assert "location" not in page.headers


def test_the_sdk_exchanges_refreshes_and_reads_who_it_is(controls: Controls) -> None:
    sdk = sdk_of()
    first = sdk.get_access_token(agree(controls.base, "Oak")["code"])
    left = cast(datetime, first.access_token_expires_at) - datetime.now(UTC)
    assert timedelta(hours=11, minutes=59) < left <= timedelta(hours=12)
    assert len(str(first.refresh_token)) == 64
    second = sdk.refresh_access_token()
    assert second.refresh_token != first.refresh_token
    me = sdk.current_user()
    assert me.full_name.strip() == "joe"
    business = me.business_memberships[0].business
    assert business.name == "Oak"
    assert isinstance(business.id, int)
    assert len({str(business.id), business.account_id, business.business_uuid}) == 3
    assert me.data["identity_id"] not in (business.id, me.data["business_memberships"][0]["id"])


def test_a_refresh_token_is_good_once(controls: Controls) -> None:
    sdk = sdk_of()
    sdk.get_access_token(agree(controls.base, "Oak")["code"])
    used = sdk.refresh_token
    sdk.refresh_access_token()
    with pytest.raises(FreshBooksError, match="authorization grant is invalid") as error:
        sdk_of().refresh_access_token(used)
    assert error.value.status_code == 400
    assert '"invalid_grant"' in str(error.value.raw_response)
    sdk.refresh_access_token()


def test_grace_old_access_tokens_and_reuse_have_switches(
    controls: Controls, oak: Connected
) -> None:
    old_access, used = oak.sdk.access_token, oak.sdk.refresh_token
    oak.sdk.refresh_access_token()
    assert oak.api.get("users/clients").status_code == 200
    controls.set(refresh_grace=60, old_access_dies_on_refresh=True)
    again = sdk_of()
    with pytest.raises(FreshBooksError):
        again.refresh_access_token(used)
    used = oak.sdk.refresh_token
    oak.sdk.refresh_access_token()
    again.refresh_access_token(used)
    assert oak.api.token == old_access
    assert oak.api.get("users/clients").status_code == 401
    controls.set(refresh_grace=0, reuse_revokes_grant=True)
    with pytest.raises(FreshBooksError):
        sdk_of().refresh_access_token(used)
    with pytest.raises(FreshBooksError):
        again.refresh_access_token()


def test_a_second_consent_leaves_the_first_alone_unless_switched(controls: Controls) -> None:
    with connected(controls.base) as first, connected(controls.base) as second:
        first.sdk.refresh_access_token()
        controls.set(second_consent_kills_first=True)
        with connected(controls.base):
            for earlier in (first, second):
                with pytest.raises(FreshBooksError):
                    earlier.sdk.refresh_access_token()


def test_created_at_may_stay_at_a_refresh(controls: Controls, http: httpx.Client) -> None:
    controls.seed("Oak")
    controls.set(refresh_reuses_created_at=True)
    code = agree(controls.base, "Oak")["code"]
    first = _token(http, grant_type="authorization_code", code=code).json()
    controls.post("clock", {"advance_seconds": HOUR})
    token = first["refresh_token"]
    second = _token(http, grant_type="refresh_token", refresh_token=token).json()
    assert second["created_at"] == first["created_at"]
    assert second["created_at"] + second["expires_in"] == first["created_at"] + 12 * HOUR


def test_the_token_address_takes_forms_json_and_multipart(
    controls: Controls, http: httpx.Client
) -> None:
    fields = {
        "client_id": "app",
        "client_secret": "secret",
        "grant_type": "authorization_code",
        "redirect_uri": REDIRECT,
    }
    forms: list[dict[str, Any]] = [
        {"data": fields},
        {"json": fields},
        {"files": {name: (None, value) for name, value in fields.items()}},
    ]
    for form in forms:
        kind, body = next(iter(form.items()))
        code: Any = agree(controls.base, "Oak")["code"]
        whole = body | {"code": (None, code) if kind == "files" else code}
        answer = http.post("/service/auth/oauth/token", **{kind: whole})
        assert answer.status_code == 200, answer.text
        assert set(answer.json()) == {
            "access_token",
            "token_type",
            "expires_in",
            "refresh_token",
            "scope",
            "created_at",
            "direct_buy_tokens",
        }


def test_a_code_is_good_once_for_five_minutes_and_its_address(
    controls: Controls, http: httpx.Client
) -> None:
    for spoil in ("used", "late", "elsewhere", "other app"):
        code = agree(controls.base, "Oak")["code"]
        fields = {"grant_type": "authorization_code", "code": code}
        if spoil == "used":
            assert _token(http, **fields).status_code == 200
        elif spoil == "late":
            controls.post("clock", {"advance_seconds": 301})
        elif spoil == "elsewhere":
            fields["redirect_uri"] = "http://127.0.0.1:9/other"
        else:
            fields["client_id"] = "other"
        answer = _token(http, **fields)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")


def test_pkce_is_checked_unless_switched_off(controls: Controls, http: httpx.Client) -> None:
    verifier = "a" * 50
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    more = {"code_challenge": challenge, "code_challenge_method": "S256"}

    def exchanged(code_verifier: str) -> int:
        code = agree(controls.base, "Oak", **more)["code"]
        fields = {"grant_type": "authorization_code", "code": code, "code_verifier": code_verifier}
        return _token(http, **fields).status_code

    assert exchanged(verifier) == 200
    assert exchanged("b" * 50) == 400
    controls.set(pkce_checked=False)
    assert exchanged("b" * 50) == 200


def test_an_unknown_client_and_a_wrong_grant_type_are_refused(http: httpx.Client) -> None:
    answer = _token(http, grant_type="refresh_token", refresh_token="x", client_secret="")
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    answer = _token(http, grant_type="password")
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")
    answer = _token(http, grant_type="refresh_token")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_request")


def test_revoking_ends_the_access_token_at_once(oak: Connected, http: httpx.Client) -> None:
    fields = {"client_id": "app", "client_secret": "secret", "token": oak.api.token}
    answer = http.post("/auth/oauth/revoke", data=fields)
    assert (answer.status_code, answer.json()) == (200, {})
    with pytest.raises(FreshBooksError) as error:
        oak.sdk.current_user()
    assert error.value.status_code == 401
    assert str(error.value.error_code) == "unauthenticated"
    with pytest.raises(FreshBooksError):
        oak.sdk.refresh_access_token()


def test_access_can_be_ended_at_once_without_moving_the_clock(
    controls: Controls, oak: Connected
) -> None:
    assert controls.post("expire-access", {}) == {"ended": 1}
    with pytest.raises(FreshBooksError) as error:
        oak.sdk.clients.list(oak.account)
    assert error.value.status_code == 401
    assert controls.get("clock")["offset_seconds"] == 0
    oak.sdk.refresh_access_token()
    assert len(oak.sdk.clients.list(oak.account)) == 0


def test_an_access_token_ends_after_twelve_hours(controls: Controls, oak: Connected) -> None:
    controls.post("clock", {"advance_seconds": 12 * HOUR + 1})
    with pytest.raises(FreshBooksError) as error:
        oak.sdk.clients.list(oak.account)
    assert error.value.status_code == 401
    oak.sdk.refresh_access_token()
    assert len(oak.sdk.clients.list(oak.account)) == 0


@pytest.mark.parametrize(
    ("form", "body"),
    [
        ("unauthenticated", {"error": "unauthenticated"}),
        ("invalid_token", {"error": "invalid_token", "state": "unauthorized"}),
        ("errno1003", {"response": {"errors": [{"errno": 1003}]}}),
    ],
)
def test_the_forms_of_401_have_a_switch(
    controls: Controls, oak: Connected, form: str, body: dict[str, Any]
) -> None:
    controls.set(unauthenticated_body=form)
    oak.api.token = "no"
    answer = oak.api.get("users/clients")
    assert answer.status_code == 401
    found = answer.json()
    if "response" in body:
        assert found["response"]["errors"][0]["errno"] == 1003
    else:
        assert body.items() <= found.items()


def test_a_missing_scope_is_403_and_says_which(controls: Controls) -> None:
    with connected(controls.base, scope="user:clients:read") as oak:
        assert oak.api.get("users/clients").status_code == 200
        with pytest.raises(FreshBooksError, match="user:clients:write") as error:
            oak.client()
        assert (error.value.status_code, error.value.error_code) == (403, 1003)
        assert "user:profile:read user:clients:read" in str(error.value)
        for form, key in (("insufficient_scope", "error"), ("message", "message")):
            controls.set(missing_scope_body=form)
            answer = oak.api.get("invoices/invoices")
            assert answer.status_code == 403
            assert key in answer.json()


def test_one_user_may_have_several_businesses_and_no_other_gets_in(controls: Controls) -> None:
    with (
        connected(controls.base, "Oak") as oak,
        connected(controls.base, "Elm") as elm,
        connected(controls.base, "Ash", username="ann") as ash,
    ):
        me = elm.sdk.current_user().data
        assert [each["business"]["name"] for each in me["business_memberships"]] == ["Oak", "Elm"]
        assert oak.sdk.clients.list(elm.account).data["total"] == 0
        with pytest.raises(FreshBooksError, match="Account not found") as error:
            ash.sdk.clients.list(oak.account)
        assert (error.value.status_code, error.value.error_code) == (404, 1012)
        with pytest.raises(FreshBooksError) as wrong_kind:
            oak.sdk.clients.list(str(oak.business))
        assert wrong_kind.value.status_code == 404


def test_the_metadata_names_the_second_set_of_addresses(http: httpx.Client) -> None:
    found = http.get("/.well-known/oauth-authorization-server").json()
    assert found["token_endpoint"].endswith("/service/auth/oauth/token")
    assert found["code_challenge_methods_supported"] == ["S256"]


def test_scopes_of_the_app_and_how_a_bad_one_is_told_have_switches(controls: Controls) -> None:
    controls.put("organisation", {"enabled_scopes": ["user:clients:read"]})
    with connected(controls.base, scope="") as oak:
        assert oak.api.get("users/clients").status_code == 200
        assert oak.api.get("invoices/invoices").status_code == 403
    assert agree(controls.base, "Oak", scope="user:invoices:read")["error"] == "invalid_scope"
    controls.set(scope_refusal="page")
    with pytest.raises(AssertionError, match="unknown, or malformed"):
        agree(controls.base, "Oak", scope="user:invoices:read")


def test_redirect_addresses_may_have_to_be_https(controls: Controls) -> None:
    address = sdk_of().get_auth_request_url(SCOPES)
    assert controls.http.get(address).status_code == 200
    controls.put("organisation", {"https_redirects": True})
    assert controls.http.get(address).status_code == 400


def test_which_scope_opens_the_ledger_has_a_switch(controls: Controls) -> None:
    with connected(controls.base, scope="user:clients:read") as oak:
        path = f"/accounting/businesses/{oak.uuid}/ledger_accounts/accounts"
        for scope, status in (("journal_entries", 403), ("account", 403), ("none", 200)):
            controls.set(ledger_scope=scope)
            answer = oak.api.get(path)
            assert answer.status_code == status
            assert scope in answer.text or status == 200


@pytest.mark.parametrize("switch", ["404-1012", "403-1003", "401-1003"])
def test_somebody_elses_account_has_a_switch(controls: Controls, switch: str) -> None:
    with (
        connected(controls.base, "Oak") as oak,
        connected(controls.base, "Ash", username="ann") as ash,
    ):
        controls.set(wrong_account=switch)
        answer = ash.api.get(f"/accounting/account/{oak.account}/users/clients")
        assert answer.status_code == int(switch[:3])
        assert answer.json()["response"]["errors"][0]["errno"] == int(switch[4:])
        ledger = ash.api.get(f"/accounting/businesses/{oak.uuid}/ledger_accounts/accounts")
        assert ledger.status_code == int(switch[:3])


def test_how_long_a_code_lives_has_a_switch(controls: Controls, http: httpx.Client) -> None:
    controls.put("organisation", {"code_lifetime_seconds": 10})
    code = agree(controls.base, "Oak")["code"]
    controls.post("clock", {"advance_seconds": 11})
    assert _token(http, grant_type="authorization_code", code=code).status_code == 400


def test_introspection_tells_good_tokens_from_bad(oak: Connected, http: httpx.Client) -> None:
    fields = {"client_id": "app", "client_secret": "secret", "token": oak.api.token}
    found = http.post("/service/auth/oauth/introspect", data=fields).json()
    assert (found["active"], found["client_id"]) == (True, "app")
    found = http.post("/service/auth/oauth/introspect", data=fields | {"token": "x"}).json()
    assert found == {"active": False}
