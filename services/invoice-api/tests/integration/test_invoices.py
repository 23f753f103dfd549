"""Invoices through the API: numbers, moves, edits, bulk, what is told of them."""

import asyncio
import csv
import io
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

Service = Any
Json = dict[str, Any]


class Office:
    """One company at work."""

    def __init__(self, service: Service, signed_up: Json) -> None:
        self.service = service
        self.company_id = signed_up["company_id"]
        self.web: httpx.AsyncClient = service.client(signed_up["api_key"])

    async def customer(self, **fields: Any) -> str:
        answer = await self.web.post("/customers", json={"name": "Ann Lee", **fields})
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def item(self, **fields: Any) -> str:
        body = {"name": "Call-out", "unit_price": "100.00", **fields}
        answer = await self.web.post("/items", json=body)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def body(self, **fields: Any) -> Json:
        return {
            "customer_id": await self.customer(),
            "lines": [{"item_id": await self.item(), "quantity": "1"}],
            **fields,
        }

    async def invoice(self, **fields: Any) -> Json:
        answer = await self.web.post("/invoices", json=await self.body(**fields))
        assert answer.status_code == 201, answer.text
        return answer.json()

    async def told(self) -> list[tuple[str, int | None]]:
        """What stands in the outbox of this company: type and version, in order."""
        async with self.service.parts.database.transaction() as tx:
            rows = await tx.fetch(
                "SELECT headers, value FROM outbox WHERE key = $1 ORDER BY seq",
                self.company_id.encode(),
            )
        found: list[tuple[str, int | None]] = []
        for row in rows:
            kind = json.loads(row["headers"])["type"]
            if kind.startswith("invoicing.invoice"):
                found.append((kind.split(".")[1], json.loads(row["value"])["invoice"]["version"]))
        return found


@pytest.fixture
async def office(service: Service) -> Office:
    return Office(service, await service.sign_up())


async def test_numbers_go_on_from_1001_and_pass_over_given_ones(office: Office) -> None:
    assert (await office.invoice())["number"] == "1001"
    assert (await office.invoice(number="1002"))["number"] == "1002"
    assert (await office.invoice(number="A-7"))["number"] == "A-7"
    assert (await office.invoice())["number"] == "1003"


async def test_a_number_is_given_once_per_company(service: Service, office: Office) -> None:
    await office.invoice(number="7")
    again = await office.web.post("/invoices", json=await office.body(number="7"))
    assert (again.status_code, again.json()["code"]) == (409, "number_taken")
    assert again.json()["errors"][0]["field"] == "number"
    other = Office(service, await service.sign_up())
    assert (await other.invoice(number="7"))["number"] == "7"


async def test_a_change_to_a_taken_number_is_refused_and_changes_nothing(office: Office) -> None:
    await office.invoice(number="7")
    second = await office.invoice()
    path = f"/invoices/{second['id']}"
    refused = await office.web.patch(path, json={"number": "7", "memo": "x"})
    assert (refused.status_code, refused.json()["code"]) == (409, "number_taken")
    assert (await office.web.get(path)).json()["memo"] is None


async def test_numbers_of_parallel_drafts_differ(office: Office) -> None:
    body = await office.body()
    made = await asyncio.gather(*(office.web.post("/invoices", json=body) for _ in range(8)))
    numbers = sorted(answer.json()["number"] for answer in made)
    assert numbers == [str(number) for number in range(1001, 1009)]


async def test_a_draft_is_finalized_sent_and_paid_and_told_from_sending_on(
    office: Office,
) -> None:
    path = f"/invoices/{(await office.invoice())['id']}"
    statuses: list[str] = []
    for move in ("finalize", "finalize", "send", "send", "mark-paid", "mark-paid"):
        answer = await office.web.post(f"{path}/{move}")
        assert answer.status_code == 200, answer.text
        statuses.append(answer.json()["status"])
    assert statuses == ["pending", "pending", "sent", "sent", "paid", "paid"]
    assert await office.told() == [("invoice_sent", 3), ("invoice_changed", 4)]


async def test_send_finalizes_a_draft_first(office: Office) -> None:
    path = f"/invoices/{(await office.invoice())['id']}"
    sent = await office.web.post(f"{path}/send", json={})
    assert (sent.status_code, sent.json()["status"]) == (200, "sent")
    assert sent.json()["sent_at"] is not None
    assert await office.told() == [("invoice_sent", 2)]


async def test_a_void_invoice_stays_void(office: Office) -> None:
    path = f"/invoices/{(await office.invoice())['id']}"
    await office.web.post(f"{path}/send")
    assert (await office.web.post(f"{path}/void")).json()["status"] == "void"
    assert (await office.web.post(f"{path}/void")).json()["status"] == "void"
    for answer in (
        await office.web.post(f"{path}/send"),
        await office.web.post(f"{path}/finalize"),
        await office.web.post(f"{path}/mark-paid"),
        await office.web.patch(path, json={"memo": "x"}),
    ):
        assert (answer.status_code, answer.json()["code"]) == (409, "invoice_void")
    assert await office.told() == [("invoice_sent", 2), ("invoice_voided", 3)]


async def test_nobody_hears_of_a_draft(office: Office) -> None:
    path = f"/invoices/{(await office.invoice())['id']}"
    await office.web.patch(path, json={"memo": "Side door"})
    paid = await office.web.post(f"{path}/mark-paid")
    assert (paid.status_code, paid.json()["code"]) == (409, "invoice_draft")
    await office.web.post(f"{path}/void")
    assert await office.told() == []


async def test_an_edit_changes_just_its_fields_and_counts_up(office: Office) -> None:
    made = await office.invoice(memo="Side door", issue_date="2026-06-15", due_date="2026-07-15")
    path = f"/invoices/{made['id']}"
    await office.web.post(f"{path}/send")
    item = await office.item(name="Parts", unit_price="0.335")
    changed = await office.web.patch(
        path,
        json={"due_date": None, "lines": [{"item_id": item, "quantity": "3"}]},
    )
    assert changed.status_code == 200, changed.text
    after = changed.json()
    assert (after["memo"], after["due_date"], after["version"]) == ("Side door", None, 3)
    assert (after["total"], after["lines"][0]["unit_price"]) == ("1.01", "0.335")
    same = await office.web.patch(path, json={"memo": "Side door"})
    assert same.json()["version"] == 3
    assert await office.told() == [("invoice_sent", 2), ("invoice_changed", 3)]


async def test_the_second_writer_is_told_who_was_first(office: Office) -> None:
    made = await office.web.post("/invoices", json=await office.body())
    path, seen = f"/invoices/{made.json()['id']}", made.headers["etag"]
    first = await office.web.patch(path, json={"memo": "1"}, headers={"If-Match": seen})
    assert first.status_code == 200
    second = await office.web.patch(path, json={"memo": "2"}, headers={"If-Match": seen})
    assert (second.status_code, second.json()["code"]) == (412, "changed_meanwhile")
    assert (await office.web.get(path)).headers["etag"] == first.headers["etag"]
    assert (await office.web.patch(path, json={"memo": "3"})).status_code == 200


async def test_an_empty_invoice_cannot_be_sent(office: Office) -> None:
    path = f"/invoices/{(await office.invoice(lines=[]))['id']}"
    for move in ("finalize", "send"):
        refused = await office.web.post(f"{path}/{move}")
        assert (refused.status_code, refused.json()["errors"][0]["field"]) == (422, "lines")


async def test_a_line_without_a_price_has_its_item_s(office: Office) -> None:
    made = await office.invoice()
    assert (made["lines"][0]["unit_price"], made["total"]) == ("100.00", "100.00")


async def test_negative_lines_and_fractions_add_up_to_the_cent(office: Office) -> None:
    item = await office.item()
    made = await office.invoice(
        lines=[
            {"item_id": item, "quantity": "0.333", "unit_price": "10.0001"},
            {"item_id": item, "quantity": "1", "unit_price": "-3.33"},
        ]
    )
    assert [line["amount"] for line in made["lines"]] == ["3.33", "-3.33"]
    assert made["total"] == "0.00"


async def test_bulk_makes_and_sends_all(office: Office) -> None:
    body = await office.body()
    answer = await office.web.post(
        "/invoices/bulk", json={"invoices": [{**body, "number": "1001"}, body, body], "send": True}
    )
    assert answer.status_code == 201, answer.text
    made = answer.json()["data"]
    assert [row["number"] for row in made] == ["1001", "1002", "1003"]
    assert {row["status"] for row in made} == {"sent"}
    assert await office.told() == [("invoice_sent", 1)] * 3


async def test_bulk_is_all_or_nothing_and_names_the_rows(office: Office) -> None:
    body = await office.body()
    rows = [
        body,
        {**body, "customer_id": str(uuid4())},
        {**body, "lines": [{"item_id": str(uuid4()), "quantity": "1"}]},
    ]
    refused = await office.web.post("/invoices/bulk", json={"invoices": rows})
    assert refused.status_code == 422
    fields = [error["field"] for error in refused.json()["errors"]]
    assert fields == ["invoices.1.customer_id", "invoices.2.lines.0.item_id"] + (
        ["invoices.2.lines.0.unit_price"] if len(fields) > 2 else []
    )
    assert (await office.web.get("/invoices")).json()["data"] == []


async def test_bulk_names_the_row_whose_number_is_taken(office: Office) -> None:
    await office.invoice(number="7")
    body = await office.body()
    refused = await office.web.post(
        "/invoices/bulk", json={"invoices": [body, {**body, "number": "7"}]}
    )
    assert (refused.status_code, refused.json()["code"]) == (409, "number_taken")
    assert refused.json()["errors"][0]["field"] == "invoices.1.number"
    assert len((await office.web.get("/invoices")).json()["data"]) == 1


async def test_lists_page_newest_first_and_filter(office: Office) -> None:
    ann, bob = await office.customer(), await office.customer(name="Bob Ray")
    item = await office.item()
    lines = [{"item_id": item, "quantity": "1"}]
    for person in (ann, ann, bob, ann, bob):
        made = await office.invoice(customer_id=person, lines=lines)
    await office.web.post(f"/invoices/{made['id']}/send")
    numbers: list[str] = []
    cursor: str | None = None
    while True:
        params = {"limit": "2", **({"cursor": cursor} if cursor else {})}
        page = (await office.web.get("/invoices", params=params)).json()
        numbers += [row["number"] for row in page["data"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert numbers == ["1005", "1004", "1003", "1002", "1001"]

    async def found(**params: str) -> list[str]:
        rows = (await office.web.get("/invoices", params=params)).json()["data"]
        return [row["number"] for row in rows]

    assert await found(q="bob") == ["1005", "1003"]
    assert await found(q="100_") == []
    assert await found(customer_id=ann) == ["1004", "1002", "1001"]
    assert await found(status="sent") == ["1005"]
    assert await found(sync_state="not_synced") == []


async def test_the_same_key_makes_one_invoice(office: Office) -> None:
    body = await office.body()
    key = {"Idempotency-Key": "today-1"}
    answers = await asyncio.gather(
        *(office.web.post("/invoices", json=body, headers=key) for _ in range(4))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.text for answer in answers}) == 1
    assert len({answer.headers["etag"] for answer in answers}) == 1
    other = await office.web.post("/invoices", json={**body, "memo": "x"}, headers=key)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert len((await office.web.get("/invoices")).json()["data"]) == 1


async def test_a_refused_request_does_not_use_up_its_key(office: Office) -> None:
    key = {"Idempotency-Key": "today-2"}
    bad = await office.web.post(
        "/invoices", json={"customer_id": str(uuid4()), "lines": []}, headers=key
    )
    assert bad.status_code == 422
    good = await office.web.post("/invoices", json=await office.body(), headers=key)
    assert good.status_code == 201


async def test_a_list_comes_as_csv_that_no_spreadsheet_runs(office: Office) -> None:
    evil = await office.customer(name="=HYPERLINK(1)")
    line = {"unit_price": "-3.00", "description": "Refund"}
    for _ in range(2):
        await office.invoice(customer_id=evil, lines=[line])
    answer = await office.web.get("/invoices", params={"limit": 1}, headers={"Accept": "text/csv"})
    assert answer.headers["content-type"] == "text/csv; charset=utf-8"
    [head, row] = list(csv.reader(io.StringIO(answer.text)))
    shown = dict(zip(head, row, strict=True))
    assert (shown["number"], shown["customer_name"]) == ("1002", "'=HYPERLINK(1)")
    assert shown["total"] == "-3.00"
    following = answer.headers["link"].removeprefix("<").partition(">")[0]
    url = f"http://127.0.0.1:8000{following}"
    second = await office.web.get(url, headers={"Accept": "text/csv"})
    assert "1001" in second.text
    assert "link" not in second.headers
    people = await office.web.get("/customers", headers={"Accept": "text/csv"})
    assert people.text.startswith("id,version,name,kind,email")
