"""Who comes in, as what, and that a company never loses its last owner."""

from typing import Any

import httpx
import pytest

Service = Any
Json = dict[str, Any]

ROOT = "http://127.0.0.1:8000"
PASSWORD = "correct horse battery 9"


@pytest.fixture
async def owner(service: Service) -> httpx.AsyncClient:
    return await service.company()


async def invited(owner: httpx.AsyncClient, email: str, role: str = "office") -> Json:
    answer = await owner.post("/users", json={"email": email, "role": role})
    assert answer.status_code == 201, answer.text
    shown: Json = answer.json()
    return shown


async def come_in(service: Service, shown: Json) -> tuple[httpx.AsyncClient, Json]:
    """Someone who followed their link: their browser and session."""
    browser = service.client()
    token = shown["invitation"]["url"].rpartition("/")[2]
    answer = await browser.post(
        "/session/invitation", json={"token": token, "password": PASSWORD, "name": "Pat"}
    )
    assert answer.status_code == 200, answer.text
    session: Json = answer.json()
    browser.headers["X-CSRF-Token"] = session["csrf_token"]
    return browser, session


def unique(service: Service, name: str) -> str:
    service.numbers += 1
    return f"{name}{service.numbers}@oak.example"


async def test_someone_invited_chooses_a_password_and_is_in(
    service: Service, owner: httpx.AsyncClient
) -> None:
    email = unique(service, "pat")
    shown = await invited(owner, email)
    assert (shown["status"], shown["role"]) == ("invited", "office")
    assert shown["invitation"]["url"].startswith("http://127.0.0.1:8000/join/")
    listed = (await owner.get("/users")).json()["data"]
    assert [one["status"] for one in listed] == ["active", "invited"]
    assert all(one["invitation"] is None for one in listed), "the link is shown once"
    async with service.client() as web:
        too_early = await web.post("/session", json={"email": email, "password": PASSWORD})
        assert too_early.status_code == 401
    browser, session = await come_in(service, shown)
    assert (session["role"], session["user_name"]) == ("office", "Pat")
    made = await browser.post("/customers", json={"name": "Ann Lee"})
    assert made.status_code == 201
    again = await browser.post(
        "/session/invitation",
        json={"token": shown["invitation"]["url"].rpartition("/")[2], "password": PASSWORD},
    )
    assert (again.status_code, again.json()["code"]) == (404, "invitation_over")


async def test_a_link_s_page_takes_the_password(service: Service, owner: httpx.AsyncClient) -> None:
    email = unique(service, "pia")
    url = (await invited(owner, email))["invitation"]["url"]
    async with service.client() as browser:
        page = await browser.get(url)
        assert page.status_code == 200
        assert email in page.text
        short = await browser.post(url, data={"password": "short"})
        assert (short.status_code, "at least 8 characters" in short.text) == (422, True)
        done = await browser.post(url, data={"password": PASSWORD})
        assert (done.status_code, done.headers["location"]) == (303, "/invoices")
        assert (await browser.get(f"{ROOT}/invoices")).status_code == 200
        over = await browser.get(url)
        assert (over.status_code, "older than 7 days" in over.text) == (404, True)


async def test_only_a_digest_of_the_link_is_kept(
    service: Service, owner: httpx.AsyncClient
) -> None:
    shown = await invited(owner, unique(service, "pam"))
    token = shown["invitation"]["url"].rpartition("/")[2]
    async with service.parts.database.transaction() as tx:
        rows = await tx.fetch("SELECT token_hash::text AS kept FROM invitations")
    assert rows
    assert all(token not in row["kept"] for row in rows)


async def test_the_last_owner_can_not_be_lost(service: Service, owner: httpx.AsyncClient) -> None:
    [me] = (await owner.get("/users")).json()["data"]
    for change in ({"role": "office"}, {"active": False}):
        answer = await owner.patch(f"/users/{me['id']}", json=change)
        assert (answer.status_code, answer.json()["code"]) == (409, "last_owner")
    other = await invited(owner, unique(service, "olga"), "owner")
    answer = await owner.patch(f"/users/{me['id']}", json={"role": "office"})
    assert answer.json()["code"] == "last_owner", "someone only invited can't log in yet"
    await come_in(service, other)
    answer = await owner.patch(f"/users/{me['id']}", json={"role": "office"})
    assert (answer.status_code, answer.json()["role"]) == (200, "office")


@pytest.mark.parametrize("change", [{"role": "viewer"}, {"active": False}])
async def test_a_change_of_what_one_may_do_ends_sessions(
    service: Service, owner: httpx.AsyncClient, change: Json
) -> None:
    shown = await invited(owner, unique(service, "sid"))
    browser, _ = await come_in(service, shown)
    key = (await browser.post("/api-keys", json={"name": "mine"})).json()["api_key"]
    assert (await owner.patch(f"/users/{shown['id']}", json=change)).status_code == 200
    assert (await browser.get("/customers")).status_code == 401
    async with service.client(key) as program:
        looks = await program.get("/customers")
        writes = await program.post("/customers", json={"name": "Ann"})
    left = "active" in change
    assert (looks.status_code, writes.status_code) == ((401, 401) if left else (200, 403))


async def test_another_password_ends_the_other_sessions(
    service: Service, owner: httpx.AsyncClient
) -> None:
    email = unique(service, "sue")
    here, _ = await come_in(service, await invited(owner, email))
    async with service.client() as elsewhere:
        login = {"email": email, "password": PASSWORD}
        assert (await elsewhere.post("/session", json=login)).status_code == 200
        wrong = {"current_password": "not this one", "password": "another battery 9"}
        refused = await here.put("/session/password", json=wrong)
        assert refused.json()["errors"][0]["field"] == "current_password"
        right = {"current_password": PASSWORD, "password": "another battery 9"}
        assert (await here.put("/session/password", json=right)).status_code == 204
        assert (await here.get("/customers")).status_code == 200
        assert (await elsewhere.get("/customers")).status_code == 401


async def test_guessing_one_s_own_password_is_counted_too(
    service: Service, owner: httpx.AsyncClient
) -> None:
    here, _ = await come_in(service, await invited(owner, unique(service, "gus")))
    body = {"current_password": "wrong", "password": "another battery 9"}
    answers = [await here.put("/session/password", json=body) for _ in range(11)]
    assert [a.status_code for a in answers] == [422] * 10 + [429]
    assert int(answers[-1].headers["Retry-After"]) > 0


async def test_office_can_not_change_who_comes_in(
    service: Service, owner: httpx.AsyncClient
) -> None:
    shown = await invited(owner, unique(service, "otto"))
    browser, _ = await come_in(service, shown)
    for method, path, body in (
        ("POST", "/users", {"email": unique(service, "x"), "role": "viewer"}),
        ("PATCH", f"/users/{shown['id']}", {"role": "owner"}),
    ):
        answer = await browser.request(method, path, json=body)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")


async def test_an_operator_is_made_by_an_operator_and_sees_every_company(
    service: Service, owner: httpx.AsyncClient
) -> None:
    answer = await owner.post("/users", json={"email": unique(service, "op"), "role": "operator"})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_allowed")
    theirs = await service.sign_up()
    here = await owner.get("/users", params={"company_id": theirs["company_id"]})
    assert here.status_code == 404
    ops = await service.sign_up()
    async with service.parts.database.transaction() as tx:
        await tx.execute("UPDATE users SET role = 'operator' WHERE id = $1::uuid", ops["user_id"])
    async with service.client(ops["api_key"]) as operator:
        params = {"company_id": theirs["company_id"]}
        listed = await operator.get("/users", params=params)
        assert [one["email"] for one in listed.json()["data"]] == [theirs["email"]]
        email = unique(service, "new")
        made = await operator.post("/users", params=params, json={"email": email, "role": "owner"})
        assert made.status_code == 201
        nobody = await operator.get(
            "/users", params={"company_id": "01920000-0000-7000-8000-000000000000"}
        )
        assert nobody.status_code == 404


async def test_an_email_is_one_person_s(service: Service, owner: httpx.AsyncClient) -> None:
    email = unique(service, "one")
    await invited(owner, email)
    answer = await owner.post("/users", json={"email": email.upper(), "role": "viewer"})
    assert (answer.status_code, answer.json()["code"]) == (409, "email_taken")


async def test_a_key_is_seen_and_ended_by_its_maker_and_by_owners(
    service: Service, owner: httpx.AsyncClient
) -> None:
    browser, _ = await come_in(service, await invited(owner, unique(service, "kim")))
    key = (await browser.post("/api-keys", json={"name": "kim's"})).json()
    [owners] = [k for k in (await owner.get("/api-keys")).json()["data"] if k["name"] != "kim's"]
    assert [k["id"] for k in (await browser.get("/api-keys")).json()["data"]] == [key["id"]]
    assert (await browser.delete(f"/api-keys/{owners['id']}")).status_code == 404
    assert (await owner.delete(f"/api-keys/{key['id']}")).status_code == 204
    async with service.client(key["api_key"]) as program:
        assert (await program.get("/customers")).status_code == 401
