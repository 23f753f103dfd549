"""Books match finds whatever was altered there at the same total, and nothing else."""

from money_side import bill, match, tax_rate, taxing_office, there
from office import WITHIN, Json, Office, connected_office
from provider_side import act, change_there, pay_there
from testkit import Stack, eventually

MONTH = {"month": "2026-06"}
LONG = 3 * WITHIN
ITEMS_NAME_ACCOUNTS = {"qbo", "freshbooks"}


async def verified(oak: Office) -> dict[str, str]:
    """The month's exceptions after it was read there: the sentence of each, by its number."""
    address = f"/integrations/{oak.provider}/match"
    pressed = await oak.web.post(f"{address}/verify", params=MONTH)
    assert pressed.status_code == 202, pressed.text
    run = pressed.json()["run"]["id"]

    async def over() -> None:
        shown = (await oak.web.get(f"/runs/{run}")).json()
        assert shown["state"] == "done", shown

    await eventually(over, within=LONG)
    found: Json = (await oak.web.get(address, params=MONTH)).json()
    return {row["number"]: row["sentence"] for row in found["data"]}


async def rebooked(oak: Office, invoice: Json, other: Json) -> None:
    """Its one line goes to another account there, or to another item where that names it."""
    [line] = invoice["lines"]
    kept = {name: line[name] for name in ("description", "quantity", "unit_price")}
    if oak.provider in ITEMS_NAME_ACCOUNTS:
        await change_there(oak, "invoices", invoice["id"], lines=[{**kept, "item_id": other["id"]}])
        return
    accounts = {row["name"]: row["id"] for row in (await oak.held())["accounts"]}
    recoded = {**kept, "item_id": line["item_id"], "account_id": accounts["Parts"]}
    await change_there(oak, "invoices", invoice["id"], lines=[recoded])


async def test_s68_whatever_was_altered_at_the_same_total_is_named(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        seeded = {"organisation": oak.organisation, "customers": [{"name": "Bea Lee"}]}
        items = [{"name": "Gas check", "sku": "GAS", "unit_price": "128.19"}]
        made = await oak.books.post("/_sim/seed", json={**seeded, "items": items})
        assert made.status_code == 200, made.text
        await oak.switch_on()
        ann, item = await oak.customer(), await oak.item()
        await oak.map_all()
        invoices = [await oak.invoice(ann, [item]) for _ in range(7)]
        for invoice in invoices:
            await oak.send(invoice)
        for invoice in invoices:
            await oak.badge_when("invoice", invoice, "synced", within=LONG)
        books = await oak.held()
        rows = {row["number"]: row for row in books["invoices"]}
        [bea] = [row for row in books["customers"] if row["name"] == "Bea Lee"]
        [other] = [row for row in books["items"] if row["name"] == "Gas check"]

        await pay_there(oak, rows["1002"]["id"])
        await pay_there(oak, rows["1003"]["id"], "10.00")
        assert await verified(oak) == {}

        await change_there(oak, "invoices", rows["1003"]["id"], memo="asked for twice")
        assert await verified(oak) == {}

        await change_there(oak, "invoices", rows["1004"]["id"], customer_id=bea["id"])
        await change_there(
            oak, "invoices", rows["1005"]["id"], date="2026-07-02", due_date="2026-08-01"
        )
        await change_there(oak, "invoices", rows["1006"]["id"], number="9006")
        await rebooked(oak, rows["1007"], other)
        found = await verified(oak)
        assert set(found) == {"1004", "1005", "1006", "1007"}, found
        assert "the customer" in found["1004"]
        assert "the date (15 Jun 2026 → 2 Jul 2026)" in found["1005"]
        assert "the due date (15 Jul 2026 → 1 Aug 2026)" in found["1005"]
        assert "the number (1006 → 9006)" in found["1006"]
        another = {"qbo": "product", "xero": "income account", "freshbooks": "lines"}[provider]
        assert f"the {another}" in found["1007"], found

        badge = await oak.badge_when("invoice", invoices[4], "changed_there")
        assert {"keep_ours", "leave_theirs"} <= {fix["action"] for fix in badge["cause"]["fixes"]}
        await act(oak, "invoice", invoices[3], "leave_theirs")
        await oak.badge_when("invoice", invoices[3], "synced")
        await act(oak, "invoice", invoices[4], "keep_ours")
        await oak.badge_when("invoice", invoices[4], "synced", within=LONG)
        written = {row["id"]: row for row in (await oak.held())["invoices"]}
        assert written[rows["1005"]["id"]]["date"] == "2026-06-15"
        assert set(await verified(oak)) == {"1006", "1007"}


async def test_s68_tax_that_became_net_at_the_same_total_is_named(
    stack: Stack, provider: str
) -> None:
    switches = {"country": "NZ", "currency": "USD"} if provider == "xero" else {}
    async with taxing_office(stack, "Swap", provider, **switches) as oak:
        tax = await tax_rate(oak, "Sales tax", "15" if provider == "xero" else "8")
        if provider == "xero":
            await match(oak, Sales_tax="15% GST on Income")
        if provider == "qbo":
            await match(oak, Sales_tax="California")
        invoice = await bill(oak, {"unit_price": "100.00", "tax_rate_id": tax})
        badge = await oak.badge_when("invoice", invoice, "synced", within=LONG)
        total, before = await there(oak, badge)
        assert await verified(oak) == {}
        [row] = (await oak.held())["invoices"]
        [line] = row["lines"]
        kept = {name: line[name] for name in ("item_id", "description", "quantity")}
        changes: dict[str, Json] = {
            "qbo": {
                "lines": [{**kept, "unit_price": "104.00"}],
                "fields": {"TxnTaxDetail": {"TotalTax": 4}},
            },
            "xero": {
                "fields": {
                    "LineItems": [
                        {
                            "Description": line["description"],
                            "Quantity": 1,
                            "UnitAmount": 115,
                            "AccountID": line["account_id"],
                            "TaxType": "NONE",
                        }
                    ]
                }
            },
            "freshbooks": {"lines": [{**kept, "unit_price": total}]},
        }
        await change_there(oak, "invoices", row["id"], **changes[provider])
        after = await there(oak, badge)
        assert after[0] == total, after
        assert after[1] != before
        [sentence] = (await verified(oak)).values()
        assert "the tax" in sentence, sentence
