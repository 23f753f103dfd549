"""Problems by its page alone: the fix stands beside the problem, and all it held goes."""

import re

import pytest
from by_pages import hidden, pages_of, undo
from money_side import bill, tax_rate, taxes_there, taxing_office
from office import WITHIN, connected_office
from testkit import Stack, eventually

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
        path, back = undo(pressed.headers["set-cookie"], after)
        for invoice in invoices:
            await oak.badge_when("invoice", invoice, "synced", within=LONG)

        async def accounts() -> dict[str, str | None]:
            mapped = (await oak.web.get("/integrations/qbo/account-mapping")).json()["items"]
            return {row["item_id"]: row["account_id"] for row in mapped}

        assert await accounts() == {item["id"]: fields["account_id"], spare["id"]: None}
        assert (await web.post(path, data=back)).status_code == 303
        assert "1 item mapped as before." in (await web.get(PAGE)).text
        assert await accounts() == {item["id"]: None, spare["id"]: None}


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


@pytest.mark.parametrize("provider", ["qbo", "xero"])
async def test_s64_a_group_of_thirty_is_ignored_taken_back_and_fixed_by_the_page(
    stack: Stack, provider: str
) -> None:
    here = f"/integrations/{provider}"
    async with connected_office(stack, "Thirty", provider) as oak, pages_of(oak) as web:
        await oak.switch_on()
        ann, item = await oak.customer(), await oak.item()
        invoices = [await oak.invoice(ann, [item]) for _ in range(30)]
        for invoice in invoices:
            await oak.send(invoice)

        async def shows(what: str, address: str = "problems") -> str:
            async def look() -> str:
                page = (await web.get(f"{here}/{address}")).text
                assert what in page
                return page

            return await eventually(look, within=LONG)

        page = await shows("<strong>30 invoices</strong>")
        group = {"csrf": hidden(page, "csrf"), "why": "Entered by hand"}
        for again in (False, True):
            pressed = await web.post(f"{here}/problems/item_account_unmapped/ignore", data=group)
            said = await shows("30 records ignored.")
            if not again:
                path, fields = undo(pressed.headers["set-cookie"], said)
                assert (await web.post(path, data=fields)).status_code == 303
                await shows("<strong>30 invoices</strong>")

        # Three are taken back together, and are problems again; the others stay ignored.
        listed = await shows("Entered by hand", "ignored")
        refs = re.findall(r'type="checkbox" form="ticked" name="records" value="([^"]+)"', listed)
        assert len(refs) == 30
        ticked = {"csrf": group["csrf"], "records": refs[:3]}
        assert (await web.post(f"{here}/ignored/stop", data=ticked)).status_code == 303
        await shows("3 records no longer ignored.", "ignored")
        await shows("<strong>3 invoices</strong>")

        # Fixed, the group says how far it is until the last of them has ended.
        account = (await oak.accounts())["Services"]
        fix = {"csrf": group["csrf"], "action": "choose_account", "account_id": account}
        pressed = await web.post(f"{here}/problems/item_account_unmapped/fix", data=fix)
        assert (pressed.status_code, pressed.headers["location"]) == (303, f"{here}/problems")
        fixed = (await web.get(pressed.headers["location"])).text
        assert "Fixed. 3 records are on the way." in fixed
        assert 'aria-label="Fixed"' in fixed
        for invoice in invoices:
            known = f"invoice:{invoice['id']}"
            state = "synced" if known in refs[:3] else "ignored"
            await oak.badge_when("invoice", invoice, state, within=LONG)
