"""Answers that are cut, garbled, about others or said twice are never taken for success.

What is in the books decides, looked up by what was frozen; each invoice is there once and linked to
its own document.
"""

import json

import pytest
from office import WITHIN, Json, Office, connected_office
from provider_side import fault, hits, invoices_by_state, sent_many, with_first_synced
from testkit import Stack, eventually

LONG = 4 * WITHIN
_STRANGER = {"Id": "999999", "SyncToken": "0", "DocNumber": "X-1", "TotalAmt": 1.0}
_BODIES: dict[str, str] = {
    "no object": "[1, 2]",
    "nothing known": '{"time": "2026-06-15T10:00:00-07:00"}',
    "another record": json.dumps({"Invoice": _STRANGER}),
    "another kind": '{"Customer": {"Id": "1", "SyncToken": "0", "DisplayName": "Ann Lee"}}',
    "not our text": "\ufffd\ufffd{{{",
}
_BATCH_BODIES: dict[str, str] = {
    "other members": json.dumps(
        {"BatchItemResponse": [{"bId": "77", "Invoice": _STRANGER} for _ in range(3)]}
    ),
    "one record for all": json.dumps(
        {"BatchItemResponse": [{"bId": str(n), "Invoice": _STRANGER} for n in range(10)]}
    ),
    "the same member twice": json.dumps(
        {"BatchItemResponse": [{"bId": "0", "Invoice": _STRANGER}] * 2}
    ),
}


async def each_linked_to_its_own(oak: Office, count: int) -> None:
    async def synced() -> None:
        assert await invoices_by_state(oak) == {"synced": count}

    await eventually(synced, within=LONG)
    there = {row["number"]: row["id"] for row in (await oak.held())["invoices"]}
    assert len(there) == len((await oak.held())["invoices"]) == count
    rows: list[Json] = (await oak.web.get("/invoices", params={"limit": "200"})).json()["data"]
    assert {row["number"]: row["sync"]["qbo"]["remote_id"] for row in rows} == there


@pytest.mark.parametrize("form", ["text", "truncated", "empty", *_BODIES])
async def test_a_garbled_answer_to_one_invoice_is_looked_up(quick: Stack, form: str) -> None:
    async with connected_office(quick) as oak:
        ann, item = await with_first_synced(oak)
        how = {"body": _BODIES[form]} if form in _BODIES else {"form": form}
        garbled = await fault(oak, "garbage", path="/invoice", method="POST", times=1, **how)
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)
        await each_linked_to_its_own(oak, 2)
        assert await hits(oak, garbled) == 1


@pytest.mark.parametrize("form", ["text", "truncated", "empty", "missing_bid", *_BATCH_BODIES])
async def test_a_garbled_answer_to_a_batch_is_looked_up(quick: Stack, form: str) -> None:
    async with connected_office(quick) as oak:
        ann, item = await with_first_synced(oak)
        how = {"body": _BATCH_BODIES[form]} if form in _BATCH_BODIES else {"form": form}
        garbled = await fault(oak, "garbage", path="/batch", times=1, **how)
        await sent_many(oak, ann, item, 10)
        await each_linked_to_its_own(oak, 11)
        assert await hits(oak, garbled) == 1
