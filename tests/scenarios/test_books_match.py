"""What was altered at the provider is found; what failed together is fixed together."""

from office import WITHIN, Json, Office, connected_office
from provider_side import change_there
from testkit import Stack, eventually

MONTH = {"month": "2026-06"}
LONG = 3 * WITHIN


async def run_over(oak: Office, run: Json) -> Json:
    """The run, once it is over."""

    async def over() -> Json:
        shown: Json = (await oak.web.get(f"/runs/{run['id']}")).json()
        assert shown["state"] == "done", shown
        return shown

    return await eventually(over, within=LONG)


async def match(oak: Office) -> Json:
    """The month's match, as shown."""
    answer = await oak.web.get(f"/integrations/{oak.provider}/match", params=MONTH)
    assert answer.status_code == 200, answer.text
    shown: Json = answer.json()
    return shown


async def test_s63_one_fix_sends_the_whole_group(stack: Stack) -> None:
    async with connected_office(stack) as oak:
        await oak.switch_on()
        ann, item = await oak.customer(), await oak.item()
        invoices = [await oak.invoice(ann, [item]) for _ in range(3)]
        for invoice in invoices:
            await oak.send(invoice)
        for invoice in invoices:
            await oak.badge_when("invoice", invoice, "blocked", within=LONG)
        [group] = (await oak.web.get("/integrations/qbo/causes")).json()["data"]
        assert (group["group"], group["count"]) == ("item_account_unmapped", 3)
        fixed = await oak.web.post(
            "/integrations/qbo/causes/item_account_unmapped/fix",
            json={"action": "choose_account", "account_id": (await oak.accounts())["Services"]},
        )
        assert fixed.status_code == 202, fixed.text
        shown = await run_over(oak, fixed.json()["run"])
        assert (shown["total"], shown["done"], shown["failed"]) == (3, 3, 0)
        assert await oak.numbers() == ["1001", "1002", "1003"]


async def test_s68_only_the_invoice_altered_there_is_listed_with_both_amounts(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await oak.switch_on()
        ann, item = await oak.customer(), await oak.item()
        await oak.map_all()
        invoices = [await oak.invoice(ann, [item]) for _ in range(3)]
        for invoice in invoices:
            await oak.send(invoice)
        badges = [
            await oak.badge_when("invoice", invoice, "synced", within=LONG) for invoice in invoices
        ]
        before = await match(oak)
        assert (before["expected"], before["there"], before["matched"]) == (3, 3, True), before

        altered = next(
            row
            for row in (await oak.held())["invoices"]
            if row["id"] == str(badges[1]["remote_id"])
        )
        [line] = altered["lines"]
        kept = {name: line[name] for name in ("item_id", "description", "quantity")}
        await change_there(oak, "invoices", altered["id"], lines=[{**kept, "unit_price": "130.00"}])
        pressed = await oak.web.post(f"/integrations/{provider}/match/verify", params=MONTH)
        assert pressed.status_code == 202, pressed.text
        await run_over(oak, pressed.json()["run"])
        after = await match(oak)
        [one] = after["data"]
        assert (one["number"], one["reason"]) == (altered["number"], "changed_there"), one
        assert (one["total"], one["total_there"]) == ("256.38", "260.00")
        assert not after["matched"]
