"""Books Match by its page alone, as a browser without JavaScript uses it."""

import re

from by_pages import hidden, pages_of
from office import WITHIN, connected_office
from provider_side import change_there
from testkit import Stack, eventually

PAGE = "/integrations/qbo/match"
JUNE = {"month": "2026-06"}
LONG = 3 * WITHIN


async def test_s68_the_page_says_what_was_altered_there_with_both_amounts(stack: Stack) -> None:
    async with connected_office(stack) as oak, pages_of(oak) as web:
        await oak.switch_on()
        ann, item = await oak.customer(), await oak.item()
        await oak.map_all()
        invoices = [await oak.invoice(ann, [item]) for _ in range(2)]
        for invoice in invoices:
            await oak.send(invoice)
        for invoice in invoices:
            await oak.badge_when("invoice", invoice, "synced", within=LONG)
        listed = (await web.get("/invoices")).text
        [asked] = set(re.findall(rf'hx-get="({PAGE}/card[^"]*)"', listed))
        card = await web.get(asked)
        assert "June: 2 of 2 in QuickBooks, totals equal" in card.text.replace(" 2026", "")
        before = (await web.get(PAGE, params=JUNE)).text
        assert "June 2026: 2 of 2 in QuickBooks, totals equal" in before
        assert "Not checked against QuickBooks yet" in before

        altered = (await oak.held())["invoices"][0]
        [line] = altered["lines"]
        kept = {name: line[name] for name in ("item_id", "description", "quantity")}
        await change_there(oak, "invoices", altered["id"], lines=[{**kept, "unit_price": "130.00"}])
        pressed = await web.post(f"{PAGE}/verify", data={**JUNE, "csrf": hidden(before, "csrf")})
        assert pressed.status_code == 303, pressed.text
        watching = pressed.headers["location"]
        assert "Comparing with the books" in (await web.get(watching)).text

        async def over() -> str:
            shown = (await web.get(watching)).text
            assert "Last checked against QuickBooks" in shown
            return shown

        after = await eventually(over, within=LONG)
        assert "2 of 2 in QuickBooks, 1 to look at" in after
        assert "$256.38" in after
        assert "$260.00" in after
        file = await web.get(f"{PAGE}.csv", params=JUNE)
        assert file.headers["content-type"].startswith("text/csv")
        header, row = file.text.splitlines()
        assert header == "Invoice,Date,Why,Currency,Total here,Total in QuickBooks"
        assert row.startswith(altered["number"])
        assert row.endswith("USD,256.38,260.00")
