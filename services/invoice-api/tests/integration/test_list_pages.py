"""The lists' filters are links, and what a list shows is a file as well."""

import csv
import io
from typing import Any

import httpx

from .test_pages import browser, log_in

Service = Any


async def make(api: httpx.AsyncClient, path: str, **fields: Any) -> dict[str, Any]:
    made = await api.post(path, json=fields)
    assert made.status_code == 201, made.text
    return made.json()


async def rows_of(web: httpx.AsyncClient, address: str) -> list[dict[str, str]]:
    answer = await web.get(address)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


async def test_a_month_and_a_status_filter_the_list_and_its_file_is_all_of_it(
    service: Service,
) -> None:
    oak = await service.sign_up()
    api = service.client(oak["api_key"])
    ann = await make(api, "/customers", name="=Ann Lee", email="ann@lee.example")
    await make(api, "/items", name="Call-out", sku="CALL", unit_price="128.19")
    line = {"description": "Visit", "quantity": "1", "unit_price": "50.00"}
    for n in range(203):
        day = "2026-06-15" if n % 2 else "2026-05-03"
        fields = {"customer_id": ann["id"], "issue_date": day, "lines": [line]}
        made = await make(api, "/invoices", **fields)
        if n < 2:
            assert (await api.post(f"/invoices/{made['id']}/send")).status_code == 200
    async with browser(service) as web:
        await log_in(web, oak["email"])
        page = (await web.get("/invoices?month=2026-06&status=sent")).text
        assert page.count("data-row") == 1
        assert '<option value="2026-06" selected>June 2026</option>' in page
        assert 'href="/invoices.csv?status=sent&amp;month=2026-06"' in page
        # The next page and the tabs keep the filter.
        june = (await web.get("/invoices?month=2026-06")).text
        assert "month=2026-06&amp;cursor=" in june
        assert "/invoices?tab=draft&amp;month=2026-06" in june
        none = (await web.get("/invoices?month=2026-04")).text
        assert "Nothing matches April 2026" in none
        # What is no month asks for nothing.
        assert (await web.get("/invoices?month=2026-13")).text.count("data-row") == 50

        every = await rows_of(web, "/invoices.csv")
        assert len(every) == 203
        assert len({row["Number"] for row in every}) == 203
        assert every[0]["Customer"] == "'=Ann Lee", "a name is no formula"
        assert every[0] | {"Number": ""} == {
            "Number": "",
            "Customer": "'=Ann Lee",
            "Date": "2026-05-03",
            "Due": "",
            "Status": "Draft",
            "Currency": "USD",
            "Subtotal": "50.00",
            "Tax": "0.00",
            "Total": "50.00",
        }
        sent = await rows_of(web, "/invoices.csv?month=2026-06&status=sent")
        assert [row["Status"] for row in sent] == ["Sent"]
        assert [row["Name"] for row in await rows_of(web, "/customers.csv?tab=all&q=ann")] == [
            "'=Ann Lee"
        ]
        assert await rows_of(web, "/items.csv?q=nobody") == []
        [item] = await rows_of(web, "/items.csv")
        assert item == {"Name": "Call-out", "SKU": "CALL", "Price": "128.19"}
