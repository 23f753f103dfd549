"""Three providers side by side, several organisations behind one sign-in, and limits that hold."""

import re
from datetime import datetime

import httpx
from office import WITHIN, Json, Office, connected_office, consent, office
from provider_side import disconnect, invoices_by_state, sent_many, with_first_synced
from providers import ALL, AT
from testkit import Stack, eventually

from .conftest import SCALE

LONG = 3 * WITHIN


async def test_z1_connected_with_the_organisation_s_name(stack: Stack, provider: str) -> None:
    async with office(stack, "Bay", provider) as bay:
        await bay.sign_up()
        assert (await bay.integration())["status"] == "not_connected"
        await bay.connect()
        row = await bay.integration()
        assert (row["status"], row["organisation"]["name"]) == ("connected", bay.organisation)
        assert (row["settings"]["sync_customers"], row["settings"]["sync_invoices"]) == (
            False,
            False,
        )


async def test_s70_an_invoice_reaches_all_three_and_each_badge_turns_green(stack: Stack) -> None:
    """One company connects all three; nothing is entered twice and each has its own badge."""
    async with (
        office(stack, "Elm", "qbo") as qbo,
        qbo.at("xero") as xero,
        qbo.at("freshbooks") as freshbooks,
    ):
        await qbo.sign_up()
        three = (qbo, xero, freshbooks)
        for each in three:
            await each.connect()
            await each.switch_on()
        ann, item = await qbo.customer(), await qbo.item()
        for each in three:
            await each.map_all()
        invoice = await qbo.invoice(ann, [item])
        await qbo.send(invoice)
        badges = {
            each.provider: await each.badge_when("invoice", invoice, "synced") for each in three
        }
        assert tuple(badges) == ALL
        for each in three:
            assert badges[each.provider]["label"] == f"Synced to {AT[each.provider].label}"
            held = await each.held()
            [there] = held["invoices"]
            assert (there["id"], there["total"]) == (badges[each.provider]["remote_id"], "256.38")
            assert (len(held["customers"]), len(held["items"])) == (1, 1)
        shown = {row["provider"]: row["status"] for row in await rows(qbo)}
        assert shown == dict.fromkeys(ALL, "connected")


async def rows(of: Office) -> list[Json]:
    found: list[Json] = (await of.web.get("/integrations")).json()["data"]
    return found


async def chosen(of: Office, callback: str, organisation: str) -> httpx.Response:
    """Goes on after consent and presses this organisation's button."""
    back = await of.browser.get(callback)
    assert back.status_code == 303, back.text
    address = back.headers["location"]
    page = await of.browser.get(address)
    token = re.search(r'name="token" value="(\w+)"', page.text)
    assert token is not None, page.text
    held = await of.books.get("/_sim/books", params={"organisation": organisation})
    identifier = held.json()["organisation"]["id"]
    form = {"token": token[1], "organisation": identifier}
    return await of.browser.post(address, data=form)


async def test_s4_of_two_organisations_one_is_picked_and_the_other_not_left_attached(
    stack: Stack,
) -> None:
    async with office(stack, "Ash", "xero") as ash:
        await ash.sign_up()
        second = f"{ash.organisation} Two"
        await ash.books.post("/_sim/seed", json={"organisation": second})
        callback = await ash.agree(await ash.start_connecting(), also=second)
        done = await chosen(ash, callback, ash.organisation)
        assert done.headers["location"] == ash.settings_page
        await ash.until_connected()
        log: list[Json] = (await ash.books.get("/_sim/requests")).json()
        since = [row for row in log if row["path"].startswith("/connections/")]
        assert [row["status"] for row in since if row["method"] == "DELETE"][-1] == 204
        # It works, and another company may take the one that was left.
        await with_first_synced(ash)
        async with office(stack, "Fir", "xero") as fir:
            await fir.sign_up()
            again = await fir.agree(await fir.start_connecting(), second)
            assert (await fir.browser.get(again)).headers["location"] == fir.settings_page


async def test_s82_one_sign_in_behind_two_companies_and_one_leaves(stack: Stack) -> None:
    async with office(stack, "Ivy", "xero") as ivy, office(stack, "Oak", "xero") as oak:
        for each in (ivy, oak):
            await each.sign_up()
        username = ivy.username
        callback = await ivy.agree(await ivy.start_connecting())
        assert (await ivy.browser.get(callback)).headers["location"] == ivy.settings_page
        await ivy.until_connected()
        callback = await consent(
            oak.browser, await oak.start_connecting(), oak.organisation, username=username
        )
        done = await chosen(oak, callback, oak.organisation)
        assert done.headers["location"] == oak.settings_page
        await oak.until_connected()
        ann, item = await with_first_synced(oak)
        await with_first_synced(ivy)

        await disconnect(ivy)

        async def left() -> None:
            log: list[Json] = (await ivy.books.get("/_sim/requests")).json()
            assert [r for r in log if r["method"] == "DELETE" and r["status"] == 204]

        await eventually(left, within=LONG)
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)
        await oak.badge_when("invoice", invoice, "synced")
        assert await oak.numbers() == ["1001", "1002"]
        assert (await oak.integration())["status"] == "connected"
        assert await ivy.numbers() == ["1001"]


async def test_s57_a_backlog_into_xero_breaks_no_limit_and_a_click_is_not_behind_it(
    quick: Stack,
) -> None:
    """Windows are a fiftieth of their time: 60 calls in 1.2 s, never more than 5 at once."""
    async with connected_office(quick, "Oak", "xero") as oak:
        ann, item = await with_first_synced(oak)
        await oak.settings(sync_invoices=False)
        clicked = await oak.invoice(ann, [item])
        await oak.send(clicked)
        await oak.settings(sync_invoices=True)
        await sent_many(oak, ann, item, 1_000)
        assert (await oak.sync("invoice", clicked)).status_code == 202
        # A minute of theirs is a fiftieth here, the rest of us is as slow as ever.
        await oak.badge_when("invoice", clicked, "synced", within=60)

        async def all_there() -> None:
            assert (await invoices_by_state(oak)).get("synced") == 1_002

        await eventually(all_there, within=180, every=1)
        asked = [row for row in await oak.requests() if row["path"].startswith("/api.xro/")]
        assert [row for row in asked if row["broke_limit"] or row["status"] == 429] == []
        times = sorted(datetime.fromisoformat(str(row["at"])) for row in asked)
        spans = [(b - a).total_seconds() for a, b in zip(times, times[60:], strict=False)]
        assert all(span >= 60 * SCALE * 0.9 for span in spans), min(spans)
        writes = [row for row in asked if row["method"] == "PUT" and "Invoices" in row["path"]]
        assert len(writes) <= 40, len(writes)
        assert len(await oak.numbers()) == len(set(await oak.numbers())) == 1_002


async def test_s45_31_march_at_half_past_eleven_stays_31_march(stack: Stack, provider: str) -> None:
    async with connected_office(stack, "Elm", provider) as elm:
        ann, item = await with_first_synced(elm)
        lines = [
            {
                "item_id": item["id"],
                "description": "Late call",
                "quantity": "1",
                "unit_price": "9.00",
            }
        ]
        invoice = await elm.made(
            "/invoices",
            customer_id=ann["id"],
            issue_date="2026-03-31",
            due_date="2026-04-30",
            currency="USD",
            lines=lines,
        )
        await elm.send(invoice)
        await elm.badge_when("invoice", invoice, "synced")
        [there] = [r for r in (await elm.held())["invoices"] if r["number"] == invoice["number"]]
        assert (there["date"], there["due_date"]) == ("2026-03-31", "2026-04-30")
