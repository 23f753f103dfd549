"""Tax, discounts and totals through the whole chain: right to the cent, or both amounts said."""

from money_side import bill, match, tax_rate, taxes_there, taxing_office, there
from provider_side import act, behave, change_there, writes
from testkit import Stack, eventually


def codes_of(cause: dict[str, object]) -> object:
    return cause["code"]


async def test_s32_a_tax_rate_without_mapping_is_blocked_before_any_call(stack: Stack) -> None:
    async with taxing_office(stack, "Tax") as oak:
        tax = await tax_rate(oak, "Sales tax", "8")
        await taxes_there(oak)
        invoice = await bill(oak, {"unit_price": "100.00", "tax_rate_id": tax})
        badge = await oak.badge_when("invoice", invoice, "blocked")
        assert badge["cause"]["code"] == "tax_rate_unmapped"
        assert "Sales tax" in badge["cause"]["sentence"]
        assert not [row for row in await writes(oak) if row["path"].endswith("/invoice")]
        preflight = await oak.web.get(
            f"/invoices/{invoice['id']}/preflight", params={"provider": "qbo"}
        )
        assert preflight.json()["ready"] is False
        assert [codes_of(one) for one in preflight.json()["problems"]] == ["tax_rate_unmapped"]

        # Choosing a tax releases what it held; a different percent is said.
        shown = await match(oak, Sales_tax="Tucson")
        [item] = shown["items"]
        assert item["warning"] == "8 % here, 9.1 % there"
        badge = await oak.badge_when("invoice", invoice, "synced")
        assert await there(oak, badge) == ("108.00", "8.00")
        old = await oak.web.put(
            "/integrations/qbo/tax-mapping",
            json={"items": [{"tax_rate_id": tax, "tax_code": "2"}]},
            headers={"If-Match": '"0"'},
        )
        assert old.status_code == 412
        bad = await oak.web.put(
            "/integrations/qbo/tax-mapping",
            json={"items": [{"tax_rate_id": tax, "tax_code": "77"}]},
        )
        assert bad.json()["errors"][0]["field"] == "items.0.tax_code"


async def test_s31_qbo_automated_tax_is_told_with_both_totals(stack: Stack) -> None:
    switches = {"tax_mode": "ast", "ast_percent": "4.12"}
    async with taxing_office(stack, "Ast", **switches) as oak:
        tax = await tax_rate(oak, "Sales tax", "8.24")
        shown = await taxes_there(oak)
        assert shown["works_tax_out"] is True
        invoice = await bill(oak, {"unit_price": "100.00", "tax_rate_id": tax})
        badge = await oak.badge_when("invoice", invoice, "synced_with_difference")
        assert badge["cause"]["code"] == "tax_recalculated_there"
        assert "$4.12" in badge["cause"]["sentence"]
        assert "$108.24" in badge["cause"]["sentence"]
        assert await there(oak, badge) == ("104.12", "4.12")
        fixes = {fix["action"] for fix in badge["cause"]["fixes"]}
        assert {"send_our_tax", "accept_difference"} <= fixes

        await act(oak, "invoice", invoice, "send_our_tax")
        badge = await oak.badge_when("invoice", invoice, "synced")
        assert await there(oak, badge) == ("108.24", "8.24")

        # Another one stays as it is there, by name.
        second = await bill(oak, {"unit_price": "50.00", "tax_rate_id": tax})
        await oak.badge_when("invoice", second, "synced_with_difference")
        await act(oak, "invoice", second, "accept_difference")
        badge = await oak.badge_when("invoice", second, "synced")
        assert await there(oak, badge) == ("52.06", "2.06")


async def test_s30_one_cent_is_said_or_equalised_by_the_rounding_line(stack: Stack) -> None:
    async with taxing_office(stack, "Vat", country="GB", currency="USD") as oak:
        tax = await tax_rate(oak, "VAT", "20")
        await match(oak, VAT="20.0% S", No_tax="No VAT")
        lines = ({"quantity": "1", "unit_price": "0.13", "tax_rate_id": tax},) * 3
        invoice = await bill(oak, *lines)
        # Here 3 × 0.03, there 20 % of 0.39.
        badge = await oak.badge_when("invoice", invoice, "synced_with_difference")
        assert badge["cause"]["code"] == "rounding_difference"
        assert badge["cause"]["title"] == "Differs by $0.01"
        assert await there(oak, badge) == ("0.47", "0.08")
        preflight = await oak.web.get(
            f"/invoices/{invoice['id']}/preflight", params={"provider": "qbo"}
        )
        assert [codes_of(one) for one in preflight.json()["notes"]] == ["rounding_difference"]

        account = (await oak.accounts())["Services"]
        await act(oak, "invoice", invoice, "add_rounding_line", account_id=account)
        badge = await oak.badge_when("invoice", invoice, "synced")
        assert await there(oak, badge) == ("0.48", "0.08")

        # Chosen once: the next one is equal at once, in one write.
        second = await bill(oak, *lines)
        badge = await oak.badge_when("invoice", second, "synced")
        assert (await there(oak, badge))[0] == "0.48"

        # Made inactive there without our knowing: the refusal names it, and one fix is for all.
        parts = (await oak.accounts())["Parts"]
        await oak.settings(rounding_account_id=parts)
        await change_there(oak, "accounts", parts, active=False)
        third = await bill(oak, *lines)
        badge = await oak.badge_when("invoice", third, "blocked")
        assert badge["cause"]["code"] == "account_gone", badge
        assert [fix["action"] for fix in badge["cause"]["fixes"]] == ["choose_account"]
        await oak.account_is_inactive(parts)
        fourth = await bill(oak, *lines)
        badge = await oak.badge_when("invoice", fourth, "blocked")
        assert '"Parts"' in badge["cause"]["sentence"], badge
        await act(oak, "invoice", third, "choose_account", account_id=account)
        for one in (third, fourth):
            badge = await oak.badge_when("invoice", one, "synced")
            assert (await there(oak, badge))[0] == "0.48"
        chosen = (await oak.web.get("/integrations/qbo/settings")).json()
        assert chosen["rounding_account_id"] == account


async def test_s34_odd_amounts_come_to_the_cent(stack: Stack) -> None:
    async with taxing_office(stack, "Odd") as oak:
        tax = await tax_rate(oak, "Sales tax", "8")
        await match(oak, Sales_tax="California")
        nothing = await bill(oak, {"quantity": "1", "unit_price": "0.00"})
        mixed = await bill(
            oak,
            {"quantity": "0.333", "unit_price": "19.9999", "tax_rate_id": tax},
            {"quantity": "40", "unit_price": "0.0375", "discount_percent": "12.5"},
            {"quantity": "1", "unit_price": "-1.25", "tax_rate_id": tax},
        )
        negative = await bill(oak, {"quantity": "1", "unit_price": "-5.00"})
        badge = await oak.badge_when("invoice", nothing, "synced")
        assert await there(oak, badge) == ("0.00", "0.00")
        badge = await oak.badge_when("invoice", mixed, "synced")
        assert await there(oak, badge) == (mixed["total"], mixed["tax"])
        badge = await oak.badge_when("invoice", negative, "blocked")
        assert badge["cause"]["code"] == "invoice_total_negative"


async def test_s33_an_invoice_in_another_currency_is_blocked_with_the_reason(stack: Stack) -> None:
    async with taxing_office(stack, "Euro") as oak:
        invoice = await bill(oak, {"unit_price": "10.00"}, currency="EUR")
        badge = await oak.badge_when("invoice", invoice, "blocked")
        assert badge["cause"]["code"] == "currency_not_enabled"
        assert "EUR" in badge["cause"]["sentence"]
        assert not [row for row in await writes(oak) if row["path"].endswith("/invoice")]


async def test_s33_a_customer_kept_in_another_currency_is_said_before_any_call(
    stack: Stack,
) -> None:
    async with taxing_office(stack, "Two", multicurrency=True) as oak:
        ann = await oak.customer()
        await oak.badge_when("customer", ann, "synced")
        item = await oak.item()
        await oak.map_all()
        line = {"item_id": item["id"], "unit_price": "10.00"}
        body = {"customer_id": ann["id"], "currency": "EUR", "lines": [line]}
        invoice = await oak.made("/invoices", **body)
        await oak.send(invoice)
        badge = await oak.badge_when("invoice", invoice, "blocked")
        assert badge["cause"]["code"] == "customer_currency_differs"
        assert "Ann Lee in USD" in badge["cause"]["sentence"]
        assert not [row for row in await writes(oak) if row["path"].endswith("/invoice")]

        # A second record of theirs is kept in euros, and takes this invoice and the next.
        [fix] = badge["cause"]["fixes"]
        assert (fix["action"], fix["label"]) == ("add_in_currency", 'Add "Ann Lee (EUR)"')
        await act(oak, "invoice", invoice, "add_in_currency")
        badge = await oak.badge_when("invoice", invoice, "synced")
        moved = (await oak.web.get(f"/invoices/{invoice['id']}")).json()
        assert moved["customer_name"] == "Ann Lee (EUR)"
        copy = (await oak.web.get(f"/customers/{moved['customer_id']}")).json()
        assert (copy["currency"], copy["email"]) == ("EUR", ann["email"])
        second = await oak.made("/invoices", **body)
        await oak.send(second)
        badge = await oak.badge_when("invoice", second, "blocked")
        # From Problems, for the group.
        causes = (await oak.web.get("/integrations/qbo/causes")).json()["data"]
        [group] = [row for row in causes if row["code"] == "customer_currency_differs"]
        fixed = await oak.web.post(
            f"/integrations/qbo/causes/{group['group']}/fix", json={"action": "add_in_currency"}
        )
        assert fixed.status_code == 202, fixed.text
        await oak.badge_when("invoice", second, "synced")
        books = await oak.held()
        named = {c["name"]: c["id"] for c in books["customers"]}
        assert set(named) == {"Ann Lee", "Ann Lee (EUR)"}
        assert {i["customer_id"] for i in books["invoices"]} == {named["Ann Lee (EUR)"]}
        assert {i["currency"] for i in books["invoices"]} == {"EUR"}


async def test_tax_that_is_set_up_later_lets_the_invoice_go(stack: Stack) -> None:
    async with taxing_office(stack, "Off", tax_mode="none") as oak:
        tax = await tax_rate(oak, "Sales tax", "8")
        invoice = await bill(oak, {"unit_price": "100.00", "tax_rate_id": tax})
        badge = await oak.badge_when("invoice", invoice, "blocked")
        assert badge["cause"]["code"] == "sales_tax_not_set_up"
        await behave(oak, tax_mode="manual")
        await act(oak, "invoice", invoice, "check_again")

        async def says_what_is_next() -> None:
            now = await oak.badge("invoice", invoice)
            assert now["cause"]["code"] == "tax_rate_unmapped", now

        await eventually(says_what_is_next, within=20)

        async def chosen() -> None:
            # The list of taxes is read apart from whether there is sales tax at all.
            await act(oak, "invoice", invoice, "choose_tax", tax_code="2")

        await eventually(chosen, within=20)
        badge = await oak.badge_when("invoice", invoice, "synced")
        assert await there(oak, badge) == ("108.00", "8.00")
