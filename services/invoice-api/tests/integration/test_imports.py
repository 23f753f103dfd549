"""A CSV file becomes invoices, and every line of it is accounted for."""

import csv
import io
from typing import Any

import httpx
import pytest
from invoice_api.imports import working
from invoice_api.imports.working import Worker

Service = Any
Json = dict[str, Any]

HEADER = "Number,Date,Customer,Email,Item,SKU,Qty,Price"


@pytest.fixture
async def web(service: Service) -> httpx.AsyncClient:
    return await service.company()


def worker(service: Service) -> Worker:
    return Worker(service.parts.database, service.parts.clock, service.parts.ids)


async def upload(web: httpx.AsyncClient, text: str | bytes, **options: str) -> httpx.Response:
    raw = text if isinstance(text, bytes) else text.encode()
    return await web.post(
        "/imports/invoices", files={"file": ("march.csv", raw, "text/csv")}, data=options
    )


async def imported(
    service: Service, web: httpx.AsyncClient, text: str | bytes, **options: str
) -> Json:
    """The import when it is over."""
    answer = await upload(web, text, **options)
    assert answer.status_code == 202, answer.text
    run = answer.json()["run"]
    assert (run["kind"], run["state"], run["about"]) == ("import_invoices", "running", "march.csv")
    while await worker(service).step():
        pass
    shown: Json = (await web.get(f"/imports/{run['id']}")).json()
    assert shown["run"]["state"] == "done"
    return shown


async def report(web: httpx.AsyncClient, shown: Json) -> list[Json]:
    answer = await web.get(shown["report_url"].removeprefix("/api/v1"))
    assert answer.headers["content-type"].startswith("text/csv")
    return list(csv.DictReader(io.StringIO(answer.text)))


def results(shown: Json) -> dict[str, tuple[int, int]]:
    return {result: (sums["invoices"], sums["lines"]) for result, sums in shown["results"].items()}


async def test_a_file_becomes_invoices_with_their_customers_and_items(
    service: Service, web: httpx.AsyncClient
) -> None:
    text = "\n".join(
        [
            HEADER,
            "A-1,2026-03-31,Ann Lee,ann@lee.example,Call-out,CALL,1,128.19",
            "A-1,2026-03-31,Ann Lee,ann@lee.example,Pipe,PIPE,2.5,6.75",
            "A-2,2026-03-30,ann  LEE,,Pipe,pipe,1,6.75",
        ]
    )
    shown = await imported(service, web, text)
    assert results(shown) == {"imported": (2, 3)}
    assert shown["results"]["imported"]["amount"] == "151.82"
    assert shown["read_as"]["encoding"] == "UTF-8"
    customers = (await web.get("/customers")).json()["data"]
    assert [(c["name"], c["email"]) for c in customers] == [("Ann Lee", "ann@lee.example")]
    items = (await web.get("/items")).json()["data"]
    assert sorted((i["name"], i["sku"], i["unit_price"]) for i in items) == [
        ("Call-out", "CALL", "128.19"),
        ("Pipe", "PIPE", "6.75"),
    ]
    one, two = sorted((await web.get("/invoices")).json()["data"], key=lambda i: i["number"])
    assert (one["number"], one["total"], one["status"]) == ("A-1", "145.07", "draft")
    assert [line["amount"] for line in one["lines"]] == ["128.19", "16.88"]
    assert (two["number"], two["issue_date"]) == ("A-2", "2026-03-30")
    lines = await report(web, shown)
    assert [(row["line"], row["result"]) for row in lines] == [
        ("2", "imported"),
        ("3", "imported"),
        ("4", "imported"),
    ]
    assert lines[0]["invoice_id"] == one["id"]


async def test_what_is_wrong_is_said_line_by_line_and_nothing_else_is_lost(
    service: Service, web: httpx.AsyncClient
) -> None:
    text = "\n".join(
        [
            HEADER,
            "1,2026-03-31,Ann Lee,,Pipe,,1,6.75",
            "2,31 March,Ann Lee,,Pipe,,1,6.75",
            "3,2026-03-31,Ann Lee,,Pipe,,one,6.75",
            "3,2026-03-31,Ann Lee,,Cap,,1,2.00",
            "4,2026-03-31,,,Pipe,,1,6.75",
            ",2026-03-31,Ann Lee,,Pipe,,1,6.75",
            "5,2026-03-31,Ann Lee,,Pipe,,1,6.75,stray",
            "C6,2026-03-31,Ann Lee,,Pipe,,-1,6.75",
            '7,2026-03-31,Ann Lee,,"Pipe,,1,6.75',
            "8,2026-03-31,Ann Lee,no mail,Pipe,,1,6.75",
            "9,2026-03-31,Ann Lee,,Pipe,,1,",
            "10,2026-03-31,Ann Lee,,Pipe,,1,6.75",
            "10,2026-03-30,Bob Hill,,Pipe,,1,6.75",
            "11,2026-03-31,Ann Lee,,Pipe,,1,6.75",
        ]
    )
    shown = await imported(service, web, text)
    assert results(shown) == {"imported": (2, 2), "rejected": (9, 12)}
    assert shown["lines"] == 14
    numbers = [one["number"] for one in (await web.get("/invoices")).json()["data"]]
    assert sorted(numbers) == ["1", "11"]
    said = {int(row["line"]): row for row in await report(web, shown)}
    assert "no date we can read" in said[3]["reason"]
    assert said[4]["reason"] == "“one” is no quantity we can read."
    assert "Another line of the same invoice" in said[5]["reason"]
    assert said[6]["reason"] == "It has no customer."
    assert said[7]["reason"] == "This line says no invoice number."
    assert "9 cells and the header 8" in said[8]["reason"]
    assert "a cancellation or a credit" in said[9]["reason"]
    assert "never closed" in said[10]["reason"]
    assert "must be an e-mail address" in said[11]["reason"]
    assert said[12]["reason"] == "It has no unit price."
    assert "says customer “Ann Lee”, this one “Bob Hill”" in said[14]["reason"]
    assert {row["result"] for row in said.values()} == {"imported", "rejected"}
    codes = {one["code"]: one["lines"] for one in shown["reasons"]}
    assert codes["below_zero"] == 1
    assert codes["no_number"] == 1


async def test_the_same_file_again_changes_nothing_and_another_content_is_told(
    service: Service, web: httpx.AsyncClient
) -> None:
    text = f"{HEADER}\n1,2026-03-31,Ann Lee,,Pipe,P,1,6.75\n2,2026-03-31,Bob Hill,,Cap,C,1,2\n"
    await imported(service, web, text)
    again = await imported(service, web, text)
    assert results(again) == {"skipped": (2, 2)}
    other = await imported(service, web, text.replace("6.75", "7.75").replace("Ann Lee", "Zoe"))
    assert results(other) == {"rejected": (1, 1), "skipped": (1, 1)}
    [row] = [row for row in await report(web, other) if row["result"] == "rejected"]
    assert (
        "another invoice 1, of 2026-03-31 for 6.75; the file's is of 2026-03-31 for 7.75"
        in (row["reason"])
    )
    assert len((await web.get("/invoices")).json()["data"]) == 2
    customers = {c["name"] for c in (await web.get("/customers")).json()["data"]}
    assert customers == {"Ann Lee", "Bob Hill"}, "nobody is made for an invoice that isn't taken"


async def test_sent_invoices_are_told_and_drafts_are_nobody_s_business(
    service: Service, web: httpx.AsyncClient
) -> None:
    line = "2026-03-31,Ann Lee,,Pipe,P,1,6.75"
    await imported(service, web, f"{HEADER}\nD1,{line}\n")
    await imported(service, web, f"{HEADER}\nP1,{line}\n", status="pending")
    await imported(service, web, f"{HEADER}\nS1,{line}\n", status="sent")
    shown = {i["number"]: i for i in (await web.get("/invoices")).json()["data"]}
    assert {n: i["status"] for n, i in shown.items()} == {
        "D1": "draft",
        "P1": "pending",
        "S1": "sent",
    }
    assert shown["S1"]["sent_at"] is not None
    async with service.parts.database.transaction() as tx:
        rows = await tx.fetch("SELECT convert_from(value, 'UTF8') AS value FROM outbox")
    told = [row for row in rows if shown["S1"]["id"] in row["value"]]
    drafts = [row for row in rows if shown["D1"]["id"] in row["value"]]
    assert (len(told), len(drafts)) == (1, 0)


async def test_a_crash_in_the_middle_costs_a_piece_and_doubles_nothing(
    service: Service, web: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "_INVOICES_AT_ONCE", 10)
    monkeypatch.setattr(working, "_STAGE_AT_ONCE", 7)
    lines = [f"{n},2026-03-31,Customer {n % 7},,Item {n % 5},S{n % 5},1,{n}.50" for n in range(45)]
    run = (await upload(web, "\n".join([HEADER, *lines]))).json()["run"]
    first = worker(service)
    async with service.parts.database.transaction() as tx:
        # Somebody began to read it and died: some lines are there, the lease is over.
        await tx.execute(
            "INSERT INTO import_lines (run_id, line, ordinal, cells) VALUES ($1::uuid, 2, 0, $2)",
            run["id"],
            lines[0].split(","),
        )
    assert await first.step(), "read"
    assert await first.step(), "the first piece"

    class Dies(Worker):
        async def _say(self, tx: Any, job: Any, state: str) -> None:
            raise ConnectionError("killed before the commit")

    parts = service.parts
    with pytest.raises(ConnectionError):
        await Dies(parts.database, parts.clock, parts.ids).step()
    while await worker(service).step():
        pass
    shown = (await web.get(f"/imports/{run['id']}")).json()
    assert results(shown) == {"imported": (45, 45)}
    page = (await web.get("/invoices?limit=200")).json()["data"]
    assert sorted(int(one["number"]) for one in page) == list(range(45))
    assert len((await web.get("/customers")).json()["data"]) == 7
    assert len((await web.get("/items")).json()["data"]) == 5


async def test_a_stopped_import_says_what_it_did_not_come_to(
    service: Service, web: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(working, "_INVOICES_AT_ONCE", 2)
    lines = [f"{n},2026-03-31,Ann Lee,,Pipe,P,1,{n}.50" for n in range(6)]
    run = (await upload(web, "\n".join([HEADER, *lines]))).json()["run"]
    one = worker(service)
    assert await one.step()
    assert await one.step()
    answer = await web.post(f"/runs/{run['id']}/cancel")
    assert answer.status_code == 202
    while await one.step():
        pass
    after = (await web.get(f"/runs/{run['id']}")).json()
    assert (after["state"], after["done"], after["failed"], after["left"]) == ("stopped", 2, 4, 0)
    rows = await report(web, (await web.get(f"/imports/{run['id']}")).json())
    assert [row["result"] for row in rows] == ["imported"] * 2 + ["rejected"] * 4
    assert "was stopped before" in rows[-1]["reason"]


async def test_an_invoice_of_1114_lines_is_one_invoice(
    service: Service, web: httpx.AsyncClient
) -> None:
    lines = [f"573585,2026-03-31,Ann Lee,,Item {n},S{n},2,1.25" for n in range(1114)]
    shown = await imported(service, web, "\n".join([HEADER, *lines]))
    assert results(shown) == {"imported": (1, 1114)}
    [one] = (await web.get("/invoices")).json()["data"]
    assert (len(one["lines"]), one["total"]) == (1114, "2785.00")
    too_long = [f"9,2026-03-31,Ann Lee,,Pipe,P,2,1.25" for _ in range(2001)]  # noqa: F541
    shown = await imported(service, web, "\n".join([HEADER, *too_long]))
    assert results(shown) == {"rejected": (1, 2001)}
    assert "takes up to 2,000" in shown["reasons"][0]["example"]


async def test_lines_of_an_invoice_need_not_stand_together(
    service: Service, web: httpx.AsyncClient
) -> None:
    text = f"{HEADER}\n1,2026-03-31,Ann,,Pipe,P,1,1\n2,2026-03-31,Bob,,Pipe,P,1,1\n1,,,,Cap,C,1,2\n"
    shown = await imported(service, web, text)
    assert results(shown) == {"imported": (2, 3)}
    [first] = (await web.get("/invoices?q=3.00")).json()["data"]
    assert (first["total"], len(first["lines"])) == ("3.00", 2)


async def test_two_customers_of_one_name_are_told_apart_by_email_or_asked(
    service: Service, web: httpx.AsyncClient
) -> None:
    text = (
        f"{HEADER}\n1,2026-03-31,John Smith,j1@s.example,Pipe,P,1,1\n"
        "2,2026-03-31,John Smith,j2@s.example,Pipe,P,1,1\n"
        "3,2026-03-31,John Smith,J1@S.example,Pipe,P,1,1\n"
        "4,2026-03-31,John Smith,,Pipe,P,1,1\n"
    )
    shown = await imported(service, web, text)
    assert results(shown) == {"imported": (3, 3), "rejected": (1, 1)}
    assert "2 customers are called “John Smith”" in shown["reasons"][0]["example"]
    assert len((await web.get("/customers")).json()["data"]) == 2


async def test_items_of_one_name_and_two_skus_stay_two(
    service: Service, web: httpx.AsyncClient
) -> None:
    text = (
        f"{HEADER}\n1,2026-03-31,Ann,,RED MUG,21001,1,1\n1,2026-03-31,Ann,,Red mug,21002,1,1\n"
        "1,2026-03-31,Ann,,,21003,1,1\n"
    )
    await imported(service, web, text)
    items = {i["sku"]: i["name"] for i in (await web.get("/items")).json()["data"]}
    assert items == {"21001": "RED MUG", "21002": "Red mug (21002)", "21003": "21003"}


async def test_tax_and_discount_columns(service: Service, web: httpx.AsyncClient) -> None:
    made = await web.post("/tax-rates", json={"name": "GST", "percent": "15"})
    assert made.status_code == 201
    text = (
        "Number,Date,Customer,Item,Qty,Price,Discount,Tax\n"
        "1,2026-03-31,Ann,Pipe,1,100,10%,GST\n"
        "2,2026-03-31,Ann,Pipe,1,100,,15%\n"
        "3,2026-03-31,Ann,Pipe,1,100,,20%\n"
        "4,2026-03-31,Ann,Pipe,1,100,,0\n"
        "5,2026-03-31,Ann,Pipe,1,100,120,\n"
    )
    shown = await imported(service, web, text)
    assert results(shown) == {"imported": (3, 3), "rejected": (2, 2)}
    totals = {i["number"]: i["total"] for i in (await web.get("/invoices")).json()["data"]}
    assert totals == {"1": "103.50", "2": "115.00", "4": "100.00"}
    rows = {row["invoice"]: row["reason"] for row in await report(web, shown)}
    assert "No tax rates of yours are “20%”" in rows["3"]
    assert "must be from" in rows["5"]


async def test_s45_a_moment_with_its_zone_is_dated_in_the_company_s(
    service: Service, web: httpx.AsyncClient
) -> None:
    text = f"{HEADER}\n1,2026-04-01T03:30:00Z,Ann,,Pipe,P,1,1\n"
    await imported(service, web, text)
    [one] = (await web.get("/invoices")).json()["data"]
    assert one["issue_date"] == "2026-03-31"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (b"", "is empty"),
        (b"Number,Date\n1,2026-03-31\n", "has no column for the customer"),
        (HEADER.encode(), "has a header and no lines"),
        (b'"Number,Date\n1,2\n', "has no header line that can be read"),
    ],
)
async def test_a_file_that_can_not_be_one_is_refused_at_once(
    web: httpx.AsyncClient, text: bytes, message: str
) -> None:
    answer = await upload(web, text)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.text
    assert message in answer.json()["errors"][0]["message"]
    assert (await web.get("/imports")).json()["data"] == []


async def test_the_form_is_refused_by_its_fields(web: httpx.AsyncClient) -> None:
    no_form = await web.post("/imports/invoices", content=b"{}")
    assert (no_form.status_code, no_form.json()["code"]) == (400, "not_a_form")
    text = f"{HEADER}\n1,2026-03-31,Ann,,Pipe,P,1,1\n"
    for options, field in (({"status": "paid"}, "status"), ({"colour": "red"}, "colour")):
        answer = await upload(web, text, **options)
        assert answer.json()["errors"][0]["field"] == field
    other = await web.post("/imports/invoices", files={"csv": ("a.csv", text, "text/csv")})
    assert other.json()["errors"][0]["field"] == "csv"


async def test_the_same_key_begins_one_import(service: Service, web: httpx.AsyncClient) -> None:
    text = f"{HEADER}\n1,2026-03-31,Ann,,Pipe,P,1,1\n".encode()
    answers = [
        await web.post(
            "/imports/invoices",
            files={"file": ("a.csv", text, "text/csv")},
            headers={"Idempotency-Key": "march"},
        )
        for _ in range(2)
    ]
    assert answers[0].json()["run"]["id"] == answers[1].json()["run"]["id"]
    assert len((await web.get("/imports")).json()["data"]) == 1
    while await worker(service).step():
        pass


async def test_windows_files_and_decimal_commas(service: Service, web: httpx.AsyncClient) -> None:
    text = "Rechnungsnummer;Datum;Kunde;Bezeichnung;SKU;Menge;Einzelpreis\r\n" + (
        "1;31.03.2026;Café Müller;Rohr;R;2,5;1.234,50 €\r\n"
    )
    shown = await imported(service, web, text.encode("cp1252"))
    read = shown["read_as"]
    assert (read["encoding"], read["dates"], read["decimals"]) == (
        "Windows-1252",
        "day_first",
        "comma",
    )
    [one] = (await web.get("/invoices")).json()["data"]
    assert (one["issue_date"], one["total"]) == ("2026-03-31", "3086.25")
    assert one["customer_name"] == "Café Müller"


async def test_one_company_s_imports_go_one_after_another(
    service: Service, web: httpx.AsyncClient
) -> None:
    first = (await upload(web, f"{HEADER}\n1,2026-03-31,Ann,,Pipe,P,1,1\n")).json()["run"]["id"]
    second = (await upload(web, f"{HEADER}\n2,2026-03-31,Ann,,Pipe,P,1,1\n")).json()["run"]["id"]
    one = worker(service)
    while await one.step():
        states = [(await web.get(f"/runs/{run}")).json()["state"] for run in (first, second)]
        assert states != ["running", "done"]
    assert len((await web.get("/customers")).json()["data"]) == 1


async def test_an_invoice_due_before_its_date_is_reported_at_the_line_that_says_so(
    service: Service, web: httpx.AsyncClient
) -> None:
    text = "Number,Date,Due date,Customer,Item,Qty,Price\n" + "".join(
        f"{number},2026-08-15,{due},Ann Lee,Call-out,1,10.00\n"
        for number, due in ((71, "2026-08-15"), (72, "2026-01-01"), (73, ""))
    )
    shown = await imported(service, web, text)
    lines = await report(web, shown)
    said = {row["line"]: row["reason"] for row in lines if row["reason"]}
    assert list(said) == ["3"]
    assert "It is due 2026-01-01, before the invoice's date 2026-08-15." in said["3"]
