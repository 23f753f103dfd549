"""Sync Now, and what its page shows."""

import pytest
from office import WITHIN, Json, Office, connected_office
from providers import ALL
from testkit import Stack, eventually


async def run_when(oak: Office, run: Json, state: str) -> Json:
    """The run, once it is in this state."""

    async def there() -> Json:
        shown: Json = (await oak.web.get(f"/runs/{run['id']}")).json()
        assert shown["state"] == state, shown
        return shown

    return await eventually(there, within=2 * WITHIN)


async def press(oak: Office, **kinds: bool) -> Json:
    answer = await oak.web.post(f"/integrations/{oak.provider}/sync", json=kinds)
    assert answer.status_code == 202, answer.text
    pressed: Json = answer.json()
    return pressed


@pytest.mark.parametrize("provider", ALL)
async def test_z8_sync_now_takes_the_chosen_kinds_with_progress(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await oak.settings(start_date="2026-06-01")
        ann, item = await oak.customer(), await oak.item()
        bea = await oak.customer("Bea Lee", "bea@lee.example")
        await oak.map_all()
        sent = [await oak.invoice(ann, [item]) for _ in range(3)]
        for invoice in sent:
            await oak.send(invoice)
        finalized = await oak.invoice(ann, [item])
        assert (await oak.web.post(f"/invoices/{finalized['id']}/finalize")).status_code == 200
        await oak.invoice(ann, [item])

        async def counted() -> None:
            counts = (await oak.web.get(f"/integrations/{provider}/sync/dry-run")).json()
            assert counts["customers"]["to_send"] == 2, counts
            assert counts["items"]["to_send"] == 1, counts
            assert counts["invoices"]["to_send"] == 4, counts
            assert counts["invoices"]["not_included"] == {"drafts": 1}, counts

        await eventually(counted, within=WITHIN)
        assert await oak.numbers() == []

        run = (await press(oak, customers=True))["run"]
        shown = await run_when(oak, run, "done")
        assert (shown["total"], shown["done"], shown["failed"]) == (2, 2, 0)
        await oak.badge_when("customer", bea, "synced")
        assert await oak.numbers() == []

        run = (await press(oak, customers=True, items=True, invoices=True))["run"]
        shown = await run_when(oak, run, "done")
        assert (shown["done"], shown["failed"], shown["total"]) == (5, 0, 5), shown
        assert shown["kinds"]["invoices"] == {"total": 4, "done": 4, "failed": 0}
        assert await oak.numbers() == ["1001", "1002", "1003", "1004"]
        run = (await press(oak, invoices=True))["run"]
        assert (await run_when(oak, run, "done"))["total"] == 0
