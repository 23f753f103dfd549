"""Names that clash or look odd, which account an item has, and what is never pulled."""

import asyncio
import re

import pytest
from by_pages import hidden, pages_of
from office import WITHIN, Json, Office, connected_office, office
from provider_side import act, behave, fault, hits, mend, with_first_synced, writes
from testkit import Stack, eventually

from .test_customers import load, seed
from .test_numbers_taken import entered_there

LONG = 3 * WITHIN
WITH_ACCOUNTS = pytest.mark.parametrize("provider", ["qbo", "xero"])


def fixes(badge: Json) -> list[str]:
    return [fix["action"] for fix in badge["cause"]["fixes"]]


async def cause_when(oak: Office, kind: str, record: Json, state: str, code: str) -> Json:
    badge = await oak.badge_when(kind, record, state, within=LONG)
    assert badge["cause"]["code"] == code, badge
    return badge


async def test_s17_a_name_that_a_supplier_has_is_said_and_the_answer_sends_the_invoice(
    stack: Stack,
) -> None:
    async with connected_office(stack, "Vend") as oak:
        vendors = {"organisation": oak.organisation, "vendors": [{"name": "Ann Lee"}]}
        assert (await oak.books.post("/_sim/seed", json=vendors)).status_code == 200
        await oak.switch_on()
        ann, item = await oak.customer(), await oak.item()
        await oak.map_all()
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)
        badge = await cause_when(oak, "customer", ann, "blocked", "customer_name_taken")
        assert '"Ann Lee"' in badge["cause"]["sentence"], badge
        assert fixes(badge) == ["add_as_new"], "a supplier is no customer to be linked"

        async def said() -> None:
            told = (await oak.badge("customer", ann))["cause"]["sentence"]
            assert "a supplier, an employee or another customer" in told, told

        await eventually(said, within=WITHIN)
        assert await oak.numbers() == []
        await act(oak, "customer", ann, "add_as_new", name="Ann Lee (2)")
        await oak.badge_when("invoice", invoice, "synced", within=LONG)
        held = await oak.held()
        assert [row["name"] for row in held["customers"]] == ["Ann Lee (2)"]
        assert held["invoices"][0]["customer_id"] == held["customers"][0]["id"]


async def test_s17_an_inactive_customer_of_the_name_is_made_active_and_linked(
    stack: Stack,
) -> None:
    async with connected_office(stack, "Vend") as oak:
        await seed(oak, {"name": "Ann Lee", "active": False})
        await load(oak)
        await oak.switch_on()
        ann, item = await oak.customer(), await oak.item()
        await oak.map_all()
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)
        badge = await oak.badge_when("customer", ann, "blocked", within=LONG)
        assert badge["cause"]["code"] in {"customer_name_taken", "customer_lookalikes"}, badge
        [there] = (await oak.held())["customers"]
        shown = await oak.web.get(f"/customers/{ann['id']}/lookalikes", params={"provider": "qbo"})
        [alike] = shown.json()["data"]
        assert (alike["remote_id"], alike["active"]) == (there["id"], False), alike
        action = "reactivate" if "reactivate" in fixes(badge) else "link"
        await act(oak, "customer", ann, action, remote_id=there["id"])
        await oak.badge_when("invoice", invoice, "synced", within=LONG)
        held = await oak.held()
        assert [(row["id"], row["active"]) for row in held["customers"]] == [(there["id"], True)]
        assert held["invoices"][0]["customer_id"] == there["id"]


COLON = "a colon isn't allowed"
BREAK = "tabs and line breaks aren't allowed"
ODD: tuple[tuple[str, str, dict[str, tuple[str, str]]], ...] = (
    ("  Ann  Lee ", "Ann  Lee", {"xero": ("double spaces aren't allowed", "Ann Lee")}),
    (
        "Bo & Söns <Çelik> 'n' \"Co\"",
        "Bo & Söns <Çelik> 'n' \"Co\"",
        {"xero": ("< and > aren't allowed", "Bo & Söns Çelik 'n' \"Co\"")},
    ),
    ("Cy 🔧 Ray", "Cy 🔧 Ray", {}),
    ("Di: Poe", "Di: Poe", {"qbo": (COLON, "Di Poe")}),
    ("Ed\tMoe", "", dict.fromkeys(("qbo", "xero", "freshbooks"), (BREAK, "Ed Moe"))),
    ("F" * 140, "F" * 140, {}),
)
"""A name, what the books hold of it, and where that isn't taken: why, and what goes instead."""


async def test_s19_odd_names_are_taken_or_the_field_is_named(stack: Stack, provider: str) -> None:
    async with connected_office(stack, "Odd", provider) as oak:
        await oak.settings(sync_customers=True)
        made: list[Json] = []
        for n, (name, _, _) in enumerate(ODD):
            body = {"name": name, "kind": "business", "email": f"odd{n}@mail.example"}
            made.append(await oak.made("/customers", **body))

        badges: list[Json] = []

        async def settled() -> None:
            badges[:] = [await oak.badge("customer", one) for one in made]
            assert {badge["state"] for badge in badges} <= {"synced", "blocked"}, badges

        await eventually(settled, within=LONG)
        names: list[str] = []
        for one, badge, (name, there, refused) in zip(made, badges, ODD, strict=True):
            if provider not in refused:
                assert badge["state"] == "synced", (name, badge)
                names.append(there)
                continue
            why, instead = refused[provider]
            assert (badge["state"], badge["cause"]["code"]) == ("blocked", "name_not_allowed"), name
            assert badge["cause"]["sentence"].endswith(f"{why}."), badge
            [use] = [fix for fix in badge["cause"]["fixes"] if fix["action"] == "use_name"]
            assert (use["fields"], use["values"]) == (["name"], {"name": instead})
            await act(oak, "customer", one, "use_name", name=instead)
            await oak.badge_when("customer", one, "synced", within=LONG)
            names.append(instead)
        held = (await oak.held())["customers"]
        assert sorted(row["name"] for row in held) == sorted(names)
        for one, (name, _, _) in zip(made, ODD, strict=True):
            kept = (await oak.web.get(f"/customers/{one['id']}")).json()["name"]
            assert kept == name, "our own name stays"
        not_taken = [row for row in await writes(oak) if row["status"] == 400]
        assert not_taken == [], "what can't be taken is said before it is sent"


@WITH_ACCOUNTS
async def test_z4_exactly_the_unmapped_items_are_assigned_and_one_by_its_own_page(
    stack: Stack, provider: str
) -> None:
    async with (
        connected_office(stack, "Map", provider) as oak,
        pages_of(oak) as web,
    ):
        accounts = await oak.accounts()
        mine, *others = [await oak.item(name) for name in ("Valve", "Call-out", "Filter")]
        # The item's own page shows the drop-down, and saves what is chosen there.
        own = f"/items/{mine['id']}"
        page = (await web.get(own)).text
        assert f'name="account_{provider}"' in page
        fields = {"csrf": hidden(page, "csrf"), "name": "Valve", "unit_price": "128.19"}
        chosen = {**fields, f"account_{provider}": accounts["Parts"]}
        assert (await web.post(own, data=chosen)).status_code == 303
        assert f'<option value="{accounts["Parts"]}" selected>' in (await web.get(own)).text

        assert await oak.map_all() == len(others)
        shown = (await oak.web.get(f"/integrations/{provider}/account-mapping")).json()["items"]
        by_item = {row["item_id"]: row["account_id"] for row in shown}
        assert by_item == {
            mine["id"]: accounts["Parts"],
            **{one["id"]: accounts["Services"] for one in others},
        }
        await oak.switch_on()
        ann = await oak.customer()
        invoice = await oak.invoice(ann, [mine, *others])
        await oak.send(invoice)
        await oak.badge_when("invoice", invoice, "synced", within=LONG)
        there = {row["name"]: row["account_id"] for row in (await oak.held())["items"]}
        assert there["Valve"] != there["Filter"] == there["Call-out"], there


async def test_z12_an_invoice_made_there_is_not_pulled(stack: Stack, provider: str) -> None:
    async with connected_office(stack, "Own", provider) as oak:
        ann, item = await with_first_synced(oak)
        await entered_there(oak, "B-77", "Ann Lee", "50.00")
        # Another round trip, a load and a check of the month bring it here neither.
        second = await oak.invoice(ann, [item])
        await oak.send(second)
        await oak.badge_when("invoice", second, "synced", within=LONG)
        await load(oak)
        here = (await oak.web.get("/invoices")).json()["data"]
        assert sorted(row["number"] for row in here) == ["1001", "1002"]
        assert await oak.numbers() == ["1001", "1002", "B-77"]


async def test_s28_a_mapping_changed_during_a_send_is_for_the_next_one(stack: Stack) -> None:
    """In Xero each line names its account, so that two mappings could show in one invoice."""
    async with connected_office(stack, "Twice", "xero") as oak:
        ann, item = await with_first_synced(oak)
        other = await oak.item("Filter")
        accounts = await oak.accounts()
        await oak.map_all()
        invoice = await oak.invoice(ann, [item, other])
        slow = await fault(oak, "delay", path="/api.xro/2.0/Invoices", method="PUT", delay_ms=2_500)
        await oak.send(invoice)

        async def under_way() -> None:
            assert await hits(oak, slow) > 0

        await eventually(under_way, within=WITHIN)
        rows = [
            {"item_id": one["id"], "item_name": one["name"], "account_id": accounts["Parts"]}
            for one in (item, other)
        ]
        mapped = await oak.web.put("/integrations/xero/account-mapping", json={"items": rows})
        assert mapped.status_code == 200, mapped.text
        badge = await oak.badge_when("invoice", invoice, "synced", within=LONG)
        await mend(oak, slow)
        assert await line_accounts(oak, badge) == {"4000"}, "the mapping it was sent with, whole"
        lines = await oak.web.get(
            f"/invoices/{invoice['id']}/timeline", params={"provider": "xero"}
        )
        [issued] = [line for line in lines.json()["data"] if line["kind"] == "issued"]
        assert {account for _, account in issued["details"]["accounts"]} == {accounts["Services"]}
        after = await oak.invoice(ann, [item, other])
        await oak.send(after)
        badge = await oak.badge_when("invoice", after, "synced", within=LONG)
        assert await line_accounts(oak, badge) == {"4010"}


async def line_accounts(oak: Office, badge: Json) -> set[str]:
    answer = await oak.books.get(
        f"/_sim/records/invoice/{badge['remote_id']}", params={"organisation": oak.organisation}
    )
    return {line["AccountCode"] for line in answer.json()["wire"]["LineItems"]}


async def test_s67_every_failed_row_names_the_record_the_problem_and_the_next_step(
    stack: Stack,
) -> None:
    async with connected_office(stack, "Words") as oak, pages_of(oak) as web:
        ann, item = await with_first_synced(oak)
        await oak.customer("Bo Poe", None)
        unmapped = await oak.item("Unmapped part")
        failing = [await oak.invoice(ann, [unmapped])]
        line = {"item_id": item["id"], "description": "Back", "quantity": "1"}
        for body in (
            {"lines": [{**line, "unit_price": "-5.00"}]},
            {"lines": [{**line, "unit_price": "5.00"}], "currency": "EUR"},
        ):
            failing.append(await oak.made("/invoices", customer_id=ann["id"], **body))
        await entered_there(oak, "1005", "Ann Lee", "9.00")
        failing.append(await oak.invoice(ann, [item]))
        for invoice in failing:
            await oak.send(invoice)
        await asyncio.gather(
            *(oak.badge_when("invoice", one, "blocked", within=LONG) for one in failing)
        )
        answer = await oak.web.get("/integrations/qbo/syncs")
        failed = [row for row in answer.json()["data"] if row["state"] == "blocked"]
        assert {row["record_name"] for row in failed} >= {one["number"] for one in failing}
        for row in failed:
            cause = row["cause"]
            told = f"{cause['title']} {cause['sentence']}"
            named = {row["record_name"], "Unmapped part", "EUR"}
            assert any(name in told for name in named), row
            steps = [fix["label"] for fix in cause["fixes"]]
            steps += [link["label"] for link in cause["links"]]
            assert all(step and step[0].isupper() for step in steps), row
            assert steps, row
            assert not re.search(r"[0-9a-f]{8}-[0-9a-f]{4}|_|\b(6\d{3}|2\d{3})\b", told), row
        problems = (await web.get("/integrations/qbo/problems")).text
        for row in failed:
            sentence = row["cause"]["title"]
            assert sentence.replace("'", "&#39;") in problems, sentence


async def test_s12_a_consent_that_ends_soon_is_said_with_the_way_to_reconnect(
    quick: Stack,
) -> None:
    async with office(quick, "Soon") as oak:
        await oak.sign_up()
        seeded = await oak.books.post("/_sim/seed", json={"organisation": oak.organisation})
        assert seeded.status_code == 200, seeded.text
        await behave(oak, consent_days=13)
        await oak.connect()

        async def said() -> Json:
            rows = (await oak.web.get("/notices")).json()["data"]
            assert [row["kind"] for row in rows] == ["ending"], rows
            one: Json = rows[0]
            return one

        notice = await eventually(said, within=2 * LONG)
        assert f"asks you to reconnect {oak.organisation} by" in notice["sentence"]
        assert "/integrations/qbo" in notice["url"]
        assert (await oak.integration())["status"] == "connected", "it works until then"
        # Reconnecting in time ends the matter.
        await behave(oak, consent_days=1825)
        again = await oak.web.post("/integrations/qbo/reconnect", json={})
        back = await oak.browser.get(await oak.agree(again.json()["authorize_url"]))
        assert back.status_code == 303, back.text

        async def over() -> None:
            rows = (await oak.web.get("/notices")).json()["data"]
            assert [row["state"] for row in rows] == ["over"], rows

        await eventually(over, within=2 * LONG)
