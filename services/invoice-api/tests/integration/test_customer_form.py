"""The customer's form: every field that goes to accounting, and none that it doesn't have."""

from typing import Any

import httpx

from .test_pages import Service, browser, log_in, post

TYPED = {
    "name": "Ann Lee",
    "kind": "homeowner",
    "email": "ann@lee.example",
    "address.line1": "4581 Finch St.",
    "address.city": "Bayshore",
    "address.postal_code": "94326",
    "currency": "EUR",
}


async def shown(web: httpx.AsyncClient, service: Service, path: str) -> dict[str, Any]:
    """The customer as the API shows it."""
    answer = await web.get(f"/api/v1{path}")
    assert answer.status_code == 200, answer.text
    customer: dict[str, Any] = answer.json()
    return customer


async def test_address_and_currency_are_entered_shown_changed_and_cleared(
    service: Service,
) -> None:
    oak = await service.sign_up()
    async with browser(service) as web:
        await log_in(web, oak["email"])
        path = (await post(web, "/customers/new", **TYPED)).headers["location"]
        page = (await web.get(path)).text
        assert 'name="address.line1" type="text" value="4581 Finch St."' in page
        assert "<option selected>EUR</option>" in page
        assert '<details class="app-details" id="more" open>' in page
        made = await shown(web, service, path)
        assert (made["address"]["city"], made["currency"]) == ("Bayshore", "EUR")

        # A form from before these fields says nothing of them.
        older = {name: TYPED[name] for name in ("name", "kind", "email")}
        await post(web, path, **{**older, "phone": "(555) 555-1234"})
        kept = await shown(web, service, path)
        assert (kept["address"], kept["currency"], kept["phone"]) == (
            made["address"],
            "EUR",
            "(555) 555-1234",
        )

        emptied = {name: "" for name in TYPED if name.startswith("address.")} | {"currency": ""}
        await post(web, path, **{**TYPED, **emptied})
        cleared = await shown(web, service, path)
        assert (cleared["address"], cleared["currency"]) == (None, None)
        assert 'id="more" open' not in (await web.get(path)).text


async def test_what_is_wrong_with_an_address_or_currency_stands_beside_it(
    service: Service,
) -> None:
    oak = await service.sign_up()
    async with browser(service) as web:
        await log_in(web, oak["email"])
        wrong = {**TYPED, "address.city": "x" * 5_000, "currency": "EU"}
        answer = await post(web, "/customers/new", **wrong)
        assert answer.status_code == 422
        assert 'id="e-address.city"' in answer.text
        assert 'id="more" open' in answer.text
        assert 'id="f-currency"' in answer.text
        assert "form-select is-invalid" in answer.text
        assert 'value="4581 Finch St."' in answer.text, "what was typed stays"


async def test_a_second_customer_of_the_same_name_and_e_mail_is_asked_about_once(
    service: Service,
) -> None:
    oak = await service.sign_up()
    async with browser(service) as web:
        await log_in(web, oak["email"])
        first = (await post(web, "/customers/new", **TYPED)).headers["location"]
        again = {**TYPED, "name": "ANN LEE", "phone": "555"}
        asked = await post(web, "/customers/new", **again)
        assert asked.status_code == 409
        assert "You have Ann Lee with this e-mail already." in asked.text
        assert f'href="{first}"' in asked.text
        assert 'value="555"' in asked.text, "what was typed stays"
        made = await post(web, "/customers/new", **again, anyway="1")
        assert (made.status_code, made.headers["location"] != first) == (303, True)
        other = await post(web, "/customers/new", **{**TYPED, "email": "other@lee.example"})
        assert other.status_code == 303


async def test_a_password_that_isn_t_kept_is_asked_for_again(service: Service) -> None:
    typed = {"company_name": "Fir", "email": "nowhere", "password": "correct horse battery 9"}
    async with browser(service) as web:
        refused = await web.post("/signup", data={**typed, "currency": "EUR"})
        assert "Type the password again: it isn&#39;t kept." in refused.text or (
            "Type the password again: it isn't kept." in refused.text
        )
        assert "correct horse" not in refused.text
        assert "Type the password again" not in (await web.get("/signup")).text
