"""Customers and items of an invoice where a drop-down can't hold them all: found by words."""

import html
import re

import httpx

from .test_pages import Service, browser, log_in, post

MANY = 203


async def stock(service: Service, **fields: str) -> tuple[str, dict[str, str], dict[str, str]]:
    """A company with more customers and items than a drop-down holds; its log-in, ids by name."""
    oak = await service.sign_up(**fields)
    customers: dict[str, str] = {}
    items: dict[str, str] = {}
    async with service.client(oak["api_key"]) as api:
        for n in range(MANY):
            email = f"c{n}@client.example"
            made = await api.post("/customers", json={"name": f"Client {n:03}", "email": email})
            customers[f"Client {n:03}"] = made.json()["id"]
            price = {"name": f"Part {n:03}", "sku": f"P-{n:03}", "unit_price": f"{n}.50"}
            items[f"Part {n:03}"] = (await api.post("/items", json=price)).json()["id"]
    return oak["email"], customers, items


def options(page: str, name: str) -> list[str]:
    """The labels of a drop-down's choices."""
    [select] = re.findall(rf'<select[^>]* name="{re.escape(name)}".*?</select>', page, re.DOTALL)
    return [
        html.unescape(label) for label in re.findall(r'<option value="[^"]+".*?>([^<]*)<', select)
    ]


def selected(page: str, name: str) -> str | None:
    [select] = re.findall(rf'<select[^>]* name="{re.escape(name)}".*?</select>', page, re.DOTALL)
    found = re.search(r'<option value="([^"]+)"[^>]* selected', select)
    return None if found is None else found[1]


async def test_any_of_many_customers_and_items_is_found_by_words_without_a_script(
    service: Service,
) -> None:
    email, customers, items = await stock(service)
    async with browser(service) as web:
        await log_in(web, email)
        start = (await web.get("/invoices/new")).text
        assert "Client 202 · c202@client.example" in options(start, "customer_id")
        assert "Client 000" not in str(options(start, "customer_id"))
        assert "These are the newest. Find any other by its name or e-mail." in start

        typed = {
            "issue_date": "2026-06-15",
            "memo": "Side door",
            "lines.0.description": "Kept",
            "customer_find": "client 00",
            "lines.1.find": "P-001",
        }
        several = await post(web, "/invoices/new", **typed, find="customer_id")
        assert several.status_code == 200
        assert options(several.text, "customer_id") == [
            f"Client {n:03} · c{n}@client.example" for n in range(10)
        ]
        assert "10 found" in several.text
        assert 'value="Side door"' in several.text
        assert 'value="Kept"' in several.text
        assert 'name="customer_find" type="text" value="client 00"' in several.text
        assert "Part 001" in options(several.text, "lines.1.item_id")

        one = await post(web, "/invoices/new", **(typed | {"customer_find": "c7@"}), enter="1")
        assert selected(one.text, "customer_id") == customers["Client 007"]
        assert selected(one.text, "lines.1.item_id") == items["Part 001"]
        none = await post(web, "/invoices/new", **(typed | {"customer_find": "zebra"}), find="1")
        assert "No customer has “zebra” in its name or e-mail." in none.text

        lost = {**typed, "customer_id": customers["Client 007"], "customer_find": ""}
        unfound = await post(web, "/invoices/new", **lost, **{"lines.1.found": "P-001"})
        assert unfound.status_code == 422
        assert "Choose an item, or clear what you looked for." in unfound.text

        chosen = {**lost, "lines.0.unit_price": "10", "lines.1.item_id": items["Part 001"]}
        made = await post(web, "/invoices/new", **chosen, **{"lines.1.found": "P-001"})
        assert made.status_code == 303, made.text
        page = (await web.get(made.headers["location"])).text
        assert "Client 007" in page
        assert "$1.50" in page
        edit = (await web.get(f"{made.headers['location']}/edit")).text
        assert selected(edit, "customer_id") == customers["Client 007"]
        assert selected(edit, "lines.1.item_id") == items["Part 001"]


async def test_what_a_script_shows_while_one_types_is_the_company_s_own(
    service: Service,
) -> None:
    email, customers, items = await stock(service)
    async with browser(service) as web:
        await log_in(web, email)

        async def found(path: str) -> httpx.Response:
            return await web.get(f"/invoices/choices/{path}")

        some = (await found("customers?q=client 01")).json()
        labels = [one["label"] for one in some["options"]]
        assert labels == [f"Client {n:03}" for n in range(10, 20)]
        assert some["options"][0]["beside"] == "c10@client.example"
        assert (await found("customers")).json()["more"] is True
        [part] = (await found("items?q=p-042")).json()["options"]
        assert (part["value"], part["price"]) == (items["Part 042"], "42.5")
        [known] = (await found(f"customers?id={customers['Client 003']}")).json()["options"]
        assert known["label"] == "Client 003"
        assert (await found("customers?q=100%25")).json()["options"] == []
        assert (await found("vendors")).status_code == 404
    fir = await service.sign_up()
    async with browser(service) as web:
        await log_in(web, fir["email"])
        nobody = await web.get(f"/invoices/choices/customers?id={customers['Client 003']}")
        assert nobody.json()["options"] == []
        few = (await web.get("/invoices/new")).text
        assert "customer_find" not in few


async def test_customers_of_one_name_are_told_apart_by_their_e_mail(service: Service) -> None:
    oak = await service.sign_up()
    async with service.client(oak["api_key"]) as api, browser(service) as web:
        for email in ("a@lee.example", "b@lee.example", None):
            await api.post("/customers", json={"name": "Ann Lee", "email": email})
        await api.post("/customers", json={"name": "Maria Gomez", "email": "m@gomez.example"})
        await log_in(web, oak["email"])
        assert options((await web.get("/invoices/new")).text, "customer_id") == [
            "Ann Lee · a@lee.example",
            "Ann Lee · b@lee.example",
            "Ann Lee · no e-mail",
            "Maria Gomez",
        ]
