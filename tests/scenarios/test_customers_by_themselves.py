"""Customers that go by themselves, and invoices that bring or wait for theirs, at each provider."""

from typing import Any

import pytest
from office import WITHIN, Office, connected_office
from provider_side import fault
from providers import ALL
from testkit import Stack, eventually

from .test_customers import load, seed

EACH = pytest.mark.parametrize("provider", ALL)
LONG = 2 * WITHIN


async def names_there(oak: Office) -> list[str]:
    return sorted(row["name"] for row in (await oak.held())["customers"])


@EACH
async def test_z3_a_customer_goes_by_itself_and_one_without_an_email_once_it_has_one(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await oak.settings(sync_customers=True)
        ann = await oak.customer()
        await oak.badge_when("customer", ann, "synced")
        assert await names_there(oak) == ["Ann Lee"]

        bea = await oak.customer("Bea Poe", None)
        badge = await oak.badge_when("customer", bea, "blocked")
        assert badge["cause"]["code"] == "customer_email_missing"
        assert "e-mail" in badge["cause"]["sentence"]
        assert await names_there(oak) == ["Ann Lee"]
        added = await oak.web.patch(f"/customers/{bea['id']}", json={"email": "bea@poe.example"})
        assert added.status_code == 200, added.text
        await oak.badge_when("customer", bea, "synced")
        assert await names_there(oak) == ["Ann Lee", "Bea Poe"]


@EACH
@pytest.mark.parametrize("choice", ["send_customer", "link"])
async def test_z3b_an_invoice_waits_for_one_click_about_its_customer_and_goes_by_itself(
    stack: Stack, provider: str, choice: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await oak.settings(sync_invoices=True, start_date="2020-01-01")
        there: dict[str, Any] = {}
        if choice == "link":
            await seed(oak, {"name": "Lee, Ann"})
            await load(oak)
            [there] = (await oak.held())["customers"]
        ann, item = await oak.customer(), await oak.item()
        await oak.map_all()
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)
        badge = await oak.badge_when("invoice", invoice, "blocked")
        assert badge["cause"]["code"] == "customer_not_in_books"
        offered = {fix["action"] for fix in badge["cause"]["fixes"]}
        assert {"send_customer", "link"} <= offered
        assert await oak.numbers() == []

        fields = {"provider": provider}
        if choice == "link":
            fields["remote_id"] = there["id"]
        clicked = await oak.web.post(f"/invoices/{invoice['id']}/actions/{choice}", json=fields)
        assert clicked.status_code == 202, clicked.text
        await oak.badge_when("invoice", invoice, "synced", within=LONG)
        held = await oak.held()
        [customer] = held["customers"]
        assert held["invoices"][0]["customer_id"] == customer["id"]
        assert customer["id"] == there.get("id", customer["id"]), "linked, not doubled"


@EACH
async def test_s53_a_second_press_joins_the_run_and_says_so(stack: Stack, provider: str) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await oak.settings(start_date="2020-01-01")
        ann, item = await oak.customer(), await oak.item()
        await oak.map_all()
        for _ in range(3):
            await oak.send(await oak.invoice(ann, [item]))

        async def known() -> None:
            counts = (await oak.web.get(f"/integrations/{provider}/sync/dry-run")).json()
            assert counts["invoices"]["to_send"] == 3, counts

        await eventually(known, within=WITHIN)
        await fault(oak, "delay", method=oak.there.creates, delay_ms=2000, times=1)
        press = f"/integrations/{provider}/sync"
        first = (await oak.web.post(press, json={"customers": True})).json()
        second = (await oak.web.post(press, json={"invoices": True})).json()
        assert (first["joined"], second["joined"]) == (False, True), (first, second)
        assert second["run"]["id"] == first["run"]["id"]
        assert second["run"]["started_by"]["name"], "whose run it is"

        async def done() -> None:
            run = (await oak.web.get(f"/runs/{first['run']['id']}")).json()
            assert run["state"] == "done", run
            assert run["kinds"]["invoices"] == {"total": 3, "done": 3, "failed": 0}, run

        await eventually(done, within=LONG)
        assert len(await oak.numbers()) == 3
