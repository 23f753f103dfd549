"""Every route of the API answers as its OpenAPI document says, over a company at work."""

from typing import Any

import httpx
from described_answers import DescribedAnswers
from office import WITHIN, Json, Office, connected_office
from testkit import Stack, eventually
from testkit.every_route import Operation, call, operations

LAST = ("disconnect", "/session", "/users/{user_id}", "/api-keys/{key_id}", "/void")
"""What ends something that others need: called after all else, in this order."""


async def test_every_route_answers_as_it_is_described(stack: Stack) -> None:
    async with connected_office(stack, "Ivy") as ivy:
        document: Json = (await ivy.web.get("/openapi.json")).json()
        described = DescribedAnswers(document)
        ivy.web.event_hooks["response"].append(described.hook)
        ids = await _a_company_at_work(ivy)
        routes = sorted(operations(document), key=_order)
        refused: list[str] = []
        for route in routes:
            if route.path.endswith("/events"):
                continue  # a stream; its events are compared where they are read
            known = {**ids, "run": ids["import"]} if "/imports/customers/" in route.path else ids
            queries = {"provider": ivy.provider} if "provider" in route.queries else {}
            answer = await call(ivy.web, document, route, known, queries)
            if not route.writes and answer.status_code >= 300:
                refused.append(f"{route.name}: {answer.status_code} {answer.text}")
        assert not refused, "\n".join(refused)
        assert not described.wrong, "\n".join(described.wrong)
        called = {name.rpartition(" ")[0] for name in described.counted}
        assert called == {one.name for one in routes if not one.path.endswith("/events")}


def _order(route: Operation) -> tuple[int, bool, str]:
    last = next((place for place, end in enumerate(LAST, 1) if route.path.endswith(end)), 0)
    return (last if route.writes else 0, route.writes, route.name)


async def _a_company_at_work(ivy: Office) -> dict[str, str]:
    """Something in every list, in several states; the ids of one of each kind."""
    seeded = {"organisation": ivy.organisation, "customers": [{"name": "Bo Poe"}]}
    assert (await ivy.books.post("/_sim/seed", json=seeded)).status_code == 200
    ann, item = await ivy.customer(), await ivy.item()
    await ivy.switch_on()
    rate = await ivy.made("/tax-rates", name="State tax", percent="8.25")
    invoice = await ivy.invoice(ann, [item])
    await ivy.send(invoice)
    await ivy.badge_when("invoice", invoice, "blocked")
    remote = f"/integrations/{ivy.provider}/remote-customers"
    loaded = await _run_over(ivy, await _started(ivy, f"{remote}/load", {}))
    assert loaded["state"] == "done", loaded
    imported = await _run_over(
        ivy, await _started(ivy, f"{remote}/import", {"matching": {"filter": "new"}})
    )
    text = "Number,Date,Customer,Item,Price\n9001,2026-06-15,Ann Lee,Call-out,1\n"
    files = {"file": ("one.csv", text, "text/csv")}
    asked = await ivy.web.post("/imports/invoices", files=files)
    assert asked.status_code == 202, asked.text
    file = await _run_over(ivy, asked.json()["run"])
    await _run_over(ivy, await _started(ivy, f"/integrations/{ivy.provider}/sync", {"items": True}))
    other = await ivy.invoice(ann, [item])
    await ivy.map_all()
    await ivy.badge_when("invoice", invoice, "synced")
    user = await ivy.made("/users", email="bea@ivy.example", role="office")
    key = await ivy.made("/api-keys", name="Bea's")
    return {
        "customer": ann["id"],
        "item": item["id"],
        "invoice": other["id"],
        "user": user["id"],
        "key": key["id"],
        "tax_rate": rate["id"],
        "run": file["id"],
        "import": imported["id"],
    }


async def _started(ivy: Office, path: str, body: Json) -> Json:
    answer: httpx.Response = await ivy.web.post(path, json=body)
    assert answer.status_code == 202, answer.text
    run: dict[str, Any] = answer.json()["run"]
    return run


async def _run_over(ivy: Office, run: Json) -> Json:
    async def over() -> Json:
        shown: Json = (await ivy.web.get(f"/runs/{run['id']}")).json()
        assert shown["finished_at"], shown
        return shown

    return await eventually(over, within=2 * WITHIN)
