"""Problems by its page alone: the fix stands beside the problem, and all it held goes."""

import re
from dataclasses import dataclass

import pytest
from by_pages import hidden, pages_of, undo
from money_side import bill, tax_rate, taxes_there, taxing_office
from office import WITHIN, Json, Office, connected_office
from provider_side import fault, mend
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
        assert "Fixed. 2 records are on the way" in after
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


@dataclass(frozen=True)
class Held:
    """What keeps a customer's invoices from the books, and the fix that the page offers for it."""

    group: str
    counted: str
    fields: Json
    more: int
    """How many records it holds that are no invoices."""


async def held(oak: Office, ann: Json, invoices: int) -> Held:
    """Items without an account; where a provider offers none, the customer has no e-mail."""
    if oak.there.offers_accounts:
        account = (await oak.accounts())["Services"]
        fields = {"action": "choose_account", "account_id": account}
        return Held("item_account_unmapped", f"{invoices} invoices", fields, 0)
    fields = {"action": "save_email", "email": "ann@lee.example"}
    group = f"customer_email_missing.{ann['id']}"
    return Held(group, f"{invoices + 1} records", fields, 1)


async def customer_of(oak: Office) -> Json:
    return await oak.customer(email="ann@lee.example" if oak.there.offers_accounts else None)


async def test_s64_a_group_of_thirty_is_ignored_taken_back_and_fixed_by_the_page(
    stack: Stack, provider: str
) -> None:
    here = f"/integrations/{provider}"
    async with connected_office(stack, "Thirty", provider) as oak, pages_of(oak) as web:
        await oak.switch_on()
        ann, item = await customer_of(oak), await oak.item()
        invoices = [await oak.invoice(ann, [item]) for _ in range(30)]
        for invoice in invoices:
            await oak.send(invoice)
        cause = await held(oak, ann, 30)

        async def shows(what: str, address: str = "problems") -> str:
            async def look() -> str:
                page = (await web.get(f"{here}/{address}")).text
                assert what in page
                return page

            return await eventually(look, within=LONG)

        page = await shows(f"<strong>{cause.counted}</strong>")
        assert "Notices: daily</a>" in page
        group = {"csrf": hidden(page, "csrf"), "why": "Entered by hand"}
        count = 30 + cause.more
        for again in (False, True):
            pressed = await web.post(f"{here}/problems/{cause.group}/ignore", data=group)
            said = await shows(f"{count} records ignored.")
            if not again:
                path, fields = undo(pressed.headers["set-cookie"], said)
                assert (await web.post(path, data=fields)).status_code == 303
                await shows(f"<strong>{cause.counted}</strong>")
        await shows(f"Ignored <b>{count}</b>")

        # Three are taken back together, and are problems again; the others stay ignored.
        listed = await shows("Entered by hand", "ignored")
        refs = re.findall(r'type="checkbox" form="ticked" name="records" value="([^"]+)"', listed)
        assert len(refs) == count
        refs.sort()  # What isn't an invoice first: the others need it.
        ticked = {"csrf": group["csrf"], "records": refs[:3]}
        assert (await web.post(f"{here}/ignored/stop", data=ticked)).status_code == 303
        await shows("3 records no longer ignored.", "ignored")
        await shows(f"<strong>3 {cause.counted.split()[1]}</strong>")

        # Fixed, the group says how far it is until the last of them has ended.
        fix = {"csrf": group["csrf"], **cause.fields}
        pressed = await web.post(f"{here}/problems/{cause.group}/fix", data=fix)
        assert (pressed.status_code, pressed.headers["location"]) == (303, f"{here}/problems")
        fixed = (await web.get(pressed.headers["location"])).text
        assert "Fixed. 3 records are on the way" in fixed
        assert 'aria-label="Fixed"' in fixed
        for invoice in invoices:
            known = f"invoice:{invoice['id']}"
            state = "synced" if known in refs[:3] else "ignored"
            await oak.badge_when("invoice", invoice, state, within=LONG)


async def test_s63_a_fixed_group_says_how_far_it_is_and_shows_what_comes_back_for_another_cause(
    stack: Stack, provider: str
) -> None:
    here = f"/integrations/{provider}/problems"
    async with connected_office(stack, "Progress", provider) as oak, pages_of(oak) as web:
        await oak.switch_on()
        ann, item = await customer_of(oak), await oak.item()
        good = [await oak.invoice(ann, [item]) for _ in range(2)]
        line = {"item_id": item["id"], "description": "Refund", "unit_price": "-5.00"}
        below = await oak.made(
            "/invoices", customer_id=ann["id"], issue_date="2026-06-15", lines=[line]
        )
        for invoice in (*good, below):
            await oak.send(invoice)
        cause = await held(oak, ann, 3)
        count = 3 + cause.more

        async def look() -> str:
            page = (await web.get(here)).text
            assert f"<strong>{cause.counted}</strong>" in page
            return page

        page = await eventually(look, within=LONG)
        fix = {"csrf": hidden(page, "csrf"), **cause.fields}

        # What can't be done keeps what was typed and ticked, with why at its field.
        name = "email" if cause.more else "account_id"
        wrong = {**fix, name: "ann@" if cause.more else "nonsense", "records": good[0]["id"]}
        refused = await web.post(f"{here}/{cause.group}/fix", data=wrong)
        assert refused.status_code == 422
        assert f'value="{good[0]["id"]}" form="fix-' in refused.text
        assert len(re.findall(r'name="records"[^>]* checked', refused.text)) == 1
        field = re.search(rf'<(?:input|select)[^>]*name="{name}"[^>]*>', refused.text)
        assert field is not None
        assert 'aria-invalid="true"' in field[0]
        if cause.more:
            assert 'value="ann@"' in field[0]
        assert "Not done, and nothing you typed is lost." in refused.text

        slow = await fault(oak, "delay", path=oak.there.api, delay_ms=1_500)
        pressed = await web.post(f"{here}/{cause.group}/fix", data=fix)
        assert (pressed.status_code, pressed.headers["location"]) == (303, here), pressed.text
        seen: list[tuple[int, int]] = []

        async def until_it_comes_back() -> str:
            """The card stands there with its numbers until the last record has ended."""
            now = (await web.get(here)).text
            card = re.search(
                r'aria-label="Fixed" data-run="[^"]+" data-run-state="(\w+)".*?</section>',
                now,
                re.S,
            )
            assert card is not None, "it is gone before its end was seen"
            told = re.search(r"(\d+) synced, (\d+) in line", card[0])
            if told is not None:
                seen.append((int(told[1]), int(told[2])))
            assert card[1] == "done"
            return card[0]

        card = await eventually(until_it_comes_back, within=LONG)
        await mend(oak, slow)
        assert seen[0][0] + seen[0][1] <= count
        assert seen[0][1] > 0
        assert seen == sorted(seen, key=lambda one: (one[0], -one[1]))
        # What was held for something else, too, is under that now: on the card and in its own.
        assert "1: Total is below zero" in card
        after = (await web.get(here)).text
        assert "#group-invoice_total_negative" in after
        assert 'data-group="invoice_total_negative"' in after
        for invoice in good:
            await oak.badge_when("invoice", invoice, "synced", within=LONG)


@pytest.mark.parametrize("provider", ["qbo", "xero"])
async def test_only_the_ticked_ones_are_fixed(stack: Stack, provider: str) -> None:
    here = f"/integrations/{provider}/problems"
    async with connected_office(stack, "Ticked", provider) as oak, pages_of(oak) as web:
        await oak.switch_on()
        ann = await oak.customer()
        items = [await oak.item(name) for name in ("Call-out", "Drain", "Gas check")]
        invoices = [await oak.invoice(ann, [item]) for item in items]
        for invoice in invoices:
            await oak.send(invoice)
        for invoice in invoices:
            await oak.badge_when("invoice", invoice, "blocked", within=LONG)
        page = (await web.get(here)).text
        # One form a group: a tick goes with whichever button is pressed, without JavaScript too.
        [form] = set(re.findall(r'name="records" value="[^"]+" form="([^"]+)"', page))
        assert re.search(
            rf'<form[^>]*action="{here}/item_account_unmapped/fix"[^>]*id="{form}"', page
        )
        ticked = [invoice["id"] for invoice in invoices[:2]]
        fix = {
            "csrf": hidden(page, "csrf"),
            "action": "choose_account",
            "account_id": (await oak.accounts())["Services"],
            "records": ticked,
        }
        pressed = await web.post(f"{here}/item_account_unmapped/fix", data=fix)
        assert pressed.status_code == 303, pressed.text
        assert (
            "Fixed. 2 records are on the way, unless something else stops them."
            in (await web.get(here)).text
        )
        for invoice in invoices[:2]:
            await oak.badge_when("invoice", invoice, "synced", within=LONG)
        assert (await oak.badge("invoice", invoices[2]))["state"] == "blocked"
        # What is ticked can be ignored by the same form: it asks why first.
        asked = {"csrf": fix["csrf"], "account_id": "", "records": [invoices[2]["id"]]}
        why = await web.post(f"{here}/item_account_unmapped/ignore", data=asked)
        assert why.status_code == 200
        assert "Say why" not in why.text
        assert f'name="records" value="{invoices[2]["id"]}"' in why.text
