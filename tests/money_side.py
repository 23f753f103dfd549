"""Tax and totals as an office sees them: rates, what they are at the provider, amounts there."""

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from office import WITHIN, Json, Office, office
from provider_side import behave
from testkit import Stack, eventually


@asynccontextmanager
async def taxing_office(
    stack: Stack, name: str, provider: str = "qbo", **switches: object
) -> AsyncGenerator[Office]:
    """A connected company, both switches on, whose organisation has these settings."""
    async with office(stack, name, provider) as one:
        await one.sign_up()
        made = await one.books.post("/_sim/seed", json={"organisation": one.organisation})
        assert made.status_code == 200, made.text
        await behave(one, **switches)
        await one.connect()
        await one.switch_on()
        yield one


async def tax_rate(one: Office, name: str, percent: str) -> str:
    """A tax rate of the company's; its id."""
    return str((await one.made("/tax-rates", name=name, percent=percent))["id"])


async def taxes_there(one: Office) -> Json:
    """The tax mapping, once the provider's taxes are read."""

    async def listed() -> Json:
        answer = await one.web.get(f"/integrations/{one.provider}/tax-mapping")
        assert answer.status_code == 200, answer.text
        shown: Json = answer.json()
        assert shown["as_of"] is not None, shown
        return shown

    return await eventually(listed, within=WITHIN)


async def match(one: Office, **codes: str) -> Json:
    """Match rates by name to taxes there by name (spaces as `_`); the new whole."""
    shown = await taxes_there(one)
    ids = {code["name"]: code["id"] for code in shown["tax_codes"]}
    wanted = {name.replace("_", " "): ids[code] for name, code in codes.items()}
    items = [
        {"tax_rate_id": item["tax_rate_id"], "tax_code": wanted[item["name"]]}
        for item in shown["items"]
        if item["name"] in wanted
    ]
    answer = await one.web.put(f"/integrations/{one.provider}/tax-mapping", json={"items": items})
    assert answer.status_code == 200, answer.text
    after: Json = answer.json()
    return after


async def _customer(one: Office, name: str) -> Json:
    answer = await one.web.get("/customers")
    assert answer.status_code == 200, answer.text
    known: dict[str, Json] = {row["name"]: row for row in answer.json()["data"]}
    return known.get(name) or await one.customer(name, "ann@lee.example")


async def _mapped_item(one: Office) -> Json:
    answer = await one.web.get("/items")
    assert answer.status_code == 200, answer.text
    for item in answer.json()["data"]:
        return item
    item = await one.item()
    await one.map_all()
    return item


async def bill(one: Office, *lines: Json, **fields: object) -> Json:
    """A sent invoice of these lines, of the company's one mapped item and its one customer.

    One of each, because each is requests: sixty fill a minute in Xero. A customer in another
    currency is another one.
    """
    ann = await _customer(one, f"Ann Lee {fields.get('currency', '')}".strip())
    item = await _mapped_item(one)
    body = {
        "customer_id": ann["id"],
        "issue_date": "2026-06-15",
        "due_date": "2026-07-15",
        "lines": [{"item_id": item["id"], "description": "Work", **line} for line in lines],
        **fields,
    }
    invoice = await one.made("/invoices", **body)
    await one.send(invoice)
    return invoice


async def there(one: Office, badge: Json) -> tuple[str, str]:
    """Total and tax of the invoice with this badge, in the books."""
    rows = (await one.held())["invoices"]
    [row] = [row for row in rows if row["id"] == badge["remote_id"]]
    return row["total"], row["tax"]
