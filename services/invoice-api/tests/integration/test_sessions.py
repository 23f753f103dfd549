"""Browsers log in with a cookie; scripts with keys."""

from typing import Any

from invoice_api.accounts.authentication import CSRF_HEADER

Service = Any

PASSWORD = "correct horse battery 9"


async def test_a_browser_logs_in_writes_with_its_token_and_logs_out(service: Service) -> None:
    email = (await service.sign_up())["email"]
    async with service.client() as web:
        entered = await web.post("/session", json={"email": email.upper(), "password": PASSWORD})
        assert entered.status_code == 200, entered.text
        cookie = entered.headers["set-cookie"]
        assert cookie.startswith("tb_session_8000=")
        assert "HttpOnly" in cookie
        assert "SameSite=lax" in cookie
        token = entered.json()["csrf_token"]
        without = await web.post("/customers", json={"name": "Ann Lee"})
        assert (without.status_code, without.json()["code"]) == (403, "csrf")
        web.headers[CSRF_HEADER] = token
        assert (await web.post("/customers", json={"name": "Ann Lee"})).status_code == 201
        assert (await web.get("/session")).json()["user_name"] == email.partition("@")[0]
        assert (await web.delete("/session")).status_code == 204
        web.cookies.clear()
        assert (await web.get("/session")).status_code == 401


async def test_a_session_that_was_ended_is_not_good_any_more(service: Service) -> None:
    email = (await service.sign_up())["email"]
    async with service.client() as web, service.client() as thief:
        entered = await web.post("/session", json={"email": email, "password": PASSWORD})
        thief.cookies = web.cookies
        assert (await thief.get("/customers")).status_code == 200
        await web.delete("/session", headers={CSRF_HEADER: entered.json()["csrf_token"]})
        assert (await thief.get("/customers")).status_code == 401


async def test_a_wrong_password_and_nobody_look_the_same(service: Service) -> None:
    email = (await service.sign_up())["email"]
    async with service.client() as web:
        wrong = await web.post("/session", json={"email": email, "password": "not it at all"})
        nobody = await web.post("/session", json={"email": "x@y.example", "password": "not it"})
    assert wrong.status_code == nobody.status_code == 401
    assert wrong.json() == nobody.json()
    assert wrong.json()["code"] == "wrong_login"


async def test_guessing_is_stopped_for_a_while(service: Service) -> None:
    email = (await service.sign_up())["email"]
    async with service.client() as web:
        for _ in range(10):
            await web.post("/session", json={"email": email, "password": "a guess"})
        stopped = await web.post("/session", json={"email": email, "password": PASSWORD})
    assert (stopped.status_code, stopped.json()["code"]) == (429, "too_many_tries")
    assert 0 < int(stopped.headers["retry-after"]) <= 900


async def test_keys_are_made_shown_once_and_taken_back(service: Service) -> None:
    async with await service.company() as web:
        made = (await web.post("/api-keys", json={"name": "Till"})).json()
        assert made["api_key"].startswith("tb_")
        rows = (await web.get("/api-keys")).json()["data"]
        assert [row["name"] for row in rows] == ["Till", "Made at sign-up"]
        assert all(row["api_key"] is None for row in rows)
        async with service.client(made["api_key"]) as till:
            assert (await till.get("/customers")).status_code == 200
            assert (await web.delete(f"/api-keys/{made['id']}")).status_code == 204
            assert (await till.get("/customers")).status_code == 401


async def test_no_secret_is_kept_as_it_is(service: Service) -> None:
    signed_up = await service.sign_up()
    async with service.parts.database.transaction() as tx:
        rows = await tx.fetch("SELECT u::text AS a, k::text AS b FROM users u, api_keys k")
    text = " ".join(row["a"] + row["b"] for row in rows)
    assert signed_up["api_key"] not in text
    assert PASSWORD not in text
    assert "$argon2id$" in text
