"""What is sent, when, and once: on real processes, counted in the provider's books."""

from office import all_of, connected_office
from testkit import Stack


async def test_z5_a_sent_invoice_is_there_with_every_line_and_amount(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await oak.switch_on()
        ann = await oak.customer()
        items = [await oak.item("Call-out", "128.19"), await oak.item("Filter", "19.90")]
        assert await oak.map_all() == (2 if oak.there.offers_accounts else 0)
        invoice = await oak.invoice(ann, items, quantity="3")
        await oak.send(invoice)
        badge = await oak.badge_when("invoice", invoice, "synced")
        assert badge["label"] == f"Synced to {oak.there.label}"
        held = await oak.held()
        [there] = held["invoices"]
        [customer] = held["customers"]
        assert (there["id"], there["customer_id"]) == (badge["remote_id"], customer["id"])
        assert (there["total"], there["status"]) == ("444.27", "open")
        names = {row["id"]: row["name"] for row in held["items"]}
        assert [(names[line["item_id"]], line["amount"]) for line in there["lines"]] == [
            ("Call-out", "384.57"),
            ("Filter", "59.70"),
        ]


async def test_z6_switched_off_a_click_syncs(stack: Stack, provider: str) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await oak.settings(start_date="2020-01-01")
        ann, item = await oak.customer(), await oak.item()
        await oak.map_all()
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)
        badge = await oak.badge("invoice", invoice)
        assert (badge["state"], badge["label"]) == ("not_synced", "Not synced")
        assert "sync" in badge["actions"]
        assert (await oak.held())["invoices"] == []
        clicked = await oak.sync("invoice", invoice)
        assert clicked.status_code == 202, clicked.text
        assert clicked.json()["sync"]["provider"] == provider
        await oak.badge_when("invoice", invoice, "synced")
        assert await oak.numbers() == ["1001"]
        assert [row["name"] for row in (await oak.held())["customers"]] == ["Ann Lee"]


async def test_z7_a_draft_is_refused_and_goes_once_finalized(stack: Stack, provider: str) -> None:
    async with connected_office(stack, provider=provider) as oak:
        ann, item = await oak.customer(), await oak.item()
        await oak.map_all()
        invoice = await oak.invoice(ann, [item])
        badge = await oak.badge("invoice", invoice)
        assert (badge["state"], badge["actions"]) == ("not_eligible", ["finalize"])
        refused = await oak.sync("invoice", invoice)
        assert (refused.status_code, refused.json()["code"]) == (409, "invoice_draft")
        finalized = await oak.web.post(f"/invoices/{invoice['id']}/finalize")
        assert (finalized.status_code, finalized.json()["status"]) == (200, "pending")
        assert (await oak.sync("invoice", invoice)).status_code == 202
        await oak.badge_when("invoice", invoice, "synced")
        assert await oak.numbers() == ["1001"]


async def test_s52_two_clicks_and_auto_sync_at_once_make_one_write(stack: Stack) -> None:
    async with connected_office(stack) as oak:
        await oak.switch_on()
        ann, item = await oak.customer(), await oak.item()
        await oak.map_all()
        for _ in range(5):
            invoice = await oak.invoice(ann, [item])
            await oak.web.post(f"/invoices/{invoice['id']}/finalize")
            _, first, second = await all_of(
                oak.send(invoice), oak.sync("invoice", invoice), oak.sync("invoice", invoice)
            )
            assert (first.status_code, second.status_code) == (202, 202), (first.text, second.text)
            badge = await oak.badge_when("invoice", invoice, "synced")
            [there] = [
                r for r in (await oak.held())["invoices"] if r["number"] == invoice["number"]
            ]
            assert there["id"] == badge["remote_id"]
        assert await oak.numbers() == ["1001", "1002", "1003", "1004", "1005"]
        writes = [
            row
            for row in await oak.requests()
            if row["method"] == "POST" and row["path"].endswith(("/invoice", "/batch"))
        ]
        assert sum(int(row["records"]) for row in writes) == 5, writes
