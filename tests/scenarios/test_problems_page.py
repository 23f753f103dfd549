"""Problems by its page alone: the fix stands beside the problem, and all it held goes."""

import re

from by_pages import hidden, pages_of
from money_side import bill, tax_rate, taxes_there, taxing_office
from office import WITHIN, connected_office
from testkit import Stack

PAGE = "/integrations/qbo/problems"
LONG = 3 * WITHIN


async def test_s63_one_press_on_the_page_sends_the_whole_group(stack: Stack) -> None:
    async with connected_office(stack) as oak, pages_of(oak) as web:
        await oak.switch_on()
        ann, item, spare = await oak.customer(), await oak.item(), await oak.item(name="Spare")
        invoices = [await oak.invoice(ann, [item]) for _ in range(2)]
        for invoice in invoices:
            await oak.send(invoice)
        for invoice in invoices:
            await oak.badge_when("invoice", invoice, "blocked", within=LONG)
        page = (await web.get(PAGE)).text
        assert "2 invoices" in page
        fields = {
            "csrf": hidden(page, "csrf"),
            "action": "choose_account",
            "account_id": (await oak.accounts())["Services"],
        }
        pressed = await web.post(f"{PAGE}/item_account_unmapped/fix", data=fields)
        assert (pressed.status_code, pressed.headers["location"]) == (303, PAGE), pressed.text
        after = (await web.get(PAGE)).text
        assert "Fixed. 2 records are on the way." in after
        for invoice in invoices:
            await oak.badge_when("invoice", invoice, "synced", within=LONG)
        mapped = (await oak.web.get("/integrations/qbo/account-mapping")).json()["items"]
        assert {row["item_id"]: row["account_id"] for row in mapped}[spare["id"]] is None


async def test_s32_the_tax_is_chosen_beside_the_problem(stack: Stack) -> None:
    async with taxing_office(stack, "Taxproblem") as oak, pages_of(oak) as web:
        rate = await tax_rate(oak, "Sales tax", "8")
        codes = {code["name"]: code["id"] for code in (await taxes_there(oak))["tax_codes"]}
        invoice = await bill(oak, {"unit_price": "100.00", "tax_rate_id": rate})
        await oak.badge_when("invoice", invoice, "blocked", within=LONG)
        one = (await web.get(f"/invoices/{invoice['id']}")).text
        page = (await web.get(PAGE)).text
        for shown in (one, page):
            assert re.search(rf'name="tax_code" required>.*value="{codes["Tucson"]}"', shown)
        fields = {
            "csrf": hidden(page, "csrf"),
            "action": "choose_tax",
            "tax_code": codes["Tucson"],
        }
        pressed = await web.post(f"{PAGE}/tax_rate_unmapped.{rate}/fix", data=fields)
        assert (pressed.status_code, pressed.headers["location"]) == (303, PAGE), pressed.text
        await oak.badge_when("invoice", invoice, "synced", within=LONG)
