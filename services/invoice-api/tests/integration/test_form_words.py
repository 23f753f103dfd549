"""What forms say of what can't be taken: in the words of the page, never in those of the API."""

import html
import re

import pytest

from .test_pages import PASSWORD, Service, browser, log_in, post

PROGRAMMERS = re.compile(r"id, such as|in quotes|decimal in|YYYY|must be|null|object", re.I)
LINE = "lines.0."
BAD = {
    "customer_id": ("", "x"),
    "number": ("n" * 60, "a\x01b"),
    "issue_date": ("", "tomorrow", "2026-02-30"),
    "due_date": ("soon", "2026-02-30", "2026-01-01"),
    "memo": ("m" * 5_000,),
    f"{LINE}item_id": ("x",),
    f"{LINE}description": ("d" * 1_001, "a\x01b"),
    f"{LINE}quantity": ("two", "1.1234567", "1.2.3"),
    f"{LINE}unit_price": ("", "free", "1234567890123"),
    f"{LINE}discount_percent": ("half", "101", "-1"),
    f"{LINE}tax_rate_id": ("x",),
}
FORMS: dict[str, tuple[dict[str, str], dict[str, tuple[str, ...]]]] = {
    "/invoices/new": (
        {"issue_date": "2026-08-15", f"{LINE}quantity": "1", f"{LINE}unit_price": "9"},
        BAD,
    ),
    "/customers/new": (
        {"name": "Ann Lee", "kind": "homeowner"},
        {
            "name": ("", "n" * 300, "a\x01b"),
            "kind": ("", "cat"),
            "email": ("nowhere", "a b@c"),
            "phone": ("p" * 300,),
            "company_name": ("c" * 300,),
            "address.city": ("c" * 300,),
            "currency": ("EU", "ZZZ"),
        },
    ),
    "/items/new": (
        {"name": "Pump", "unit_price": "9"},
        {
            "name": ("", "n" * 300),
            "sku": ("s" * 300,),
            "unit_price": ("", "free", "0x1", "1.1234567"),
            "description": ("d" * 5_000,),
        },
    ),
    "/tax-rates": (
        {"name": "City", "percent": "8"},
        {"name": ("", "n" * 120), "percent": ("", "eight", "101", "-1", "8.12345")},
    ),
    "/settings/people": (
        {"email": "new@oak.example", "role": "office"},
        {"email": ("", "nowhere"), "name": ("n" * 300,), "role": ("", "king")},
    ),
    "/settings/api-keys": ({"name": "Reports"}, {"name": ("", "n" * 300)}),
    "/signup": (
        {
            "company_name": "Fir Plumbing",
            "email": "joe@fir.example",
            "password": PASSWORD,
            "time_zone": "Europe/Oslo",
            "currency": "EUR",
        },
        {
            "company_name": ("", "c" * 300),
            "email": ("", "nowhere"),
            "password": ("", "short"),
            "time_zone": ("", "Oslo"),
            "currency": ("", "Euros"),
        },
    ),
}


def errors(page: str) -> list[tuple[str, str, str]]:
    """The summary's lines: field, its name, what is said."""
    found = re.findall(r'<li><a href="#f-([^"]+)">([^<:]+): ([^<]+)</a></li>', page)
    return [(field, html.unescape(label), html.unescape(said)) for field, label, said in found]


def label_of(page: str, field: str) -> str:
    found = re.search(rf'<label[^>]* for="f-{re.escape(field)}">([^<]+)</label>', page)
    return "Type" if field == "kind" else html.unescape(found[1]) if found else "?"


@pytest.mark.parametrize("path", FORMS)
async def test_no_field_of_a_page_is_refused_in_a_programmer_s_words(
    service: Service, path: str
) -> None:
    oak = await service.sign_up()
    fine, bad = FORMS[path]
    wrong: list[str] = []
    async with browser(service) as web:
        if path != "/signup":
            await log_in(web, oak["email"])
            await post(web, "/tax-rates", name="GST", percent="15")
            made = await post(web, "/customers/new", name="Ann", kind="homeowner")
            fine = {"customer_id": made.headers["location"].rsplit("/", 1)[1], **fine}
        for field, values in bad.items():
            for value in values:
                typed = {**fine, field: value}
                if path == "/invoices/new" and field == f"{LINE}unit_price":
                    typed[f"{LINE}description"] = "Visit"
                answer = (
                    await web.post(path, data=typed)
                    if path == "/signup"
                    else await post(web, path, **typed)
                )
                said = [one for one in errors(answer.text) if one[0] == field]
                if answer.status_code != 422 or not said:
                    wrong.append(f"{field}={value[:20]!r}: {answer.status_code}")
                for _, label, words in said:
                    here = label_of(answer.text, field)
                    if not here.lower().startswith(label.removeprefix("Line 1, ").lower()):
                        wrong.append(f"{field}: {label!r} is called {here!r} on the page")
                    if PROGRAMMERS.search(words) or not re.fullmatch(r"[A-Z“].*\.", words):
                        wrong.append(f"{field}={value[:20]!r}: {words}")
    assert not wrong, "\n".join(wrong)


async def test_money_and_percentages_are_taken_as_people_write_them(service: Service) -> None:
    oak = await service.sign_up()
    async with browser(service) as web, service.client(oak["api_key"]) as api:
        await log_in(web, oak["email"])
        for typed, price in {
            "1,980.00": "1980.00",
            "$40": "40",
            "$1,250.00": "1250.00",
            "1 980,00": "1980.00",
            "1.980,00": "1980.00",
            "1,250": "1250",
            "12,5": "12.5",
            "0,125": "0.125",
            " 7.25 USD": "7.25",
            "(5.00)": "-5.00",
        }.items():
            made = await post(web, "/items/new", name=f"Part {typed}", unit_price=typed)
            assert made.status_code == 303, (typed, made.text[:200])
            shown = (await api.get(made.headers["location"])).json()
            assert shown["unit_price"] == price, typed
        assert (await post(web, "/tax-rates", name="City", percent="8 %")).status_code == 303
        assert "8%" in (await web.get("/tax-rates")).text
        ann = (await api.post("/customers", json={"name": "Ann Lee"})).json()["id"]
        line = {
            f"{LINE}description": "Visit",
            f"{LINE}quantity": "1,5",
            f"{LINE}unit_price": "$1,000.00",
            f"{LINE}discount_percent": "10%",
        }
        made = await post(web, "/invoices/new", customer_id=ann, issue_date="2026-08-15", **line)
        assert "$1,350.00" in (await web.get(made.headers["location"])).text


async def test_what_is_left_out_is_asked_for_by_name(service: Service) -> None:
    oak = await service.sign_up()
    async with browser(service) as web:
        await log_in(web, oak["email"])
        typed = {"issue_date": "", f"{LINE}description": "Visit", f"{LINE}unit_price": "9"}
        said = errors((await post(web, "/invoices/new", **typed)).text)
        assert ("customer_id", "Customer", "Choose a customer.") in said
        assert ("issue_date", "Date", "Choose the date.") in said
        item = await post(web, "/items/new", name="Pump", unit_price="")
        told = "Write the price as a number, such as 128.19."
        assert errors(item.text) == [("unit_price", "Price", told)]


async def test_an_invoice_isnt_due_before_its_date(service: Service) -> None:
    oak = await service.sign_up()
    told = "The due date can't be before the invoice's date, 15 Aug 2026."
    async with browser(service) as web, service.client(oak["api_key"]) as api:
        await log_in(web, oak["email"])
        ann = (await api.post("/customers", json={"name": "Ann Lee"})).json()["id"]
        dated = {"customer_id": ann, "issue_date": "2026-08-15", "due_date": "2026-01-01"}
        refused = await post(web, "/invoices/new", **dated)
        assert errors(refused.text) == [("due_date", "Due", told)]
        by_api = await api.post("/invoices", json=dated)
        assert by_api.status_code == 422
        [error] = by_api.json()["errors"]
        assert error == {
            "field": "due_date",
            "message": "must not be before the invoice's date, 15 Aug 2026",
        }
        made = await api.post("/invoices", json={**dated, "due_date": "2026-08-15"})
        at = f"/invoices/{made.json()['id']}"
        for change in ({"due_date": "2026-08-14"}, {"issue_date": "2026-08-16"}):
            assert (await api.patch(at, json=change)).status_code == 422, change
        assert (await api.patch(at, json={"memo": "Side door"})).status_code == 200
        both = {"issue_date": "2026-09-01", "due_date": "2026-09-01"}
        assert (await api.patch(at, json=both)).status_code == 200
