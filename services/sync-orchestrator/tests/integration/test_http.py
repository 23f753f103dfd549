"""The internal interface through ASGI, with signed headers, on a real database."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx
import pytest
from contracts.commands import SyncCustomer, SyncInvoice
from contracts.ids import CompanyId, UserId
from contracts.invoicing import CustomerSnapshot, InvoiceSnapshot, ItemSnapshot
from messaging.clock import SystemClock
from messaging.internal import key_from_hex, sign
from sync_orchestrator.http.application import make_application
from sync_orchestrator.http.callers import Parts

from .support import Office, customer, invoice, item
from .test_runs import answer_all, press, steps, told_before_connecting

KEY = key_from_hex("ab" * 32)
CLOCK = SystemClock()


class Caller:
    """invoice-api, calling for one person of one company."""

    def __init__(self, http: httpx.AsyncClient, company: CompanyId, role: str = "owner") -> None:
        self._http = http
        self._company = company
        self._role = role

    async def call(
        self, method: str, path: str, body: object = None, **headers: str
    ) -> httpx.Response:
        signed = sign(
            KEY, company=self._company, user=UserId(uuid4()), role=self._role, now=CLOCK.now()
        )
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._http.request(
            method, f"/internal/v1{path}", json=body, headers={**signed, **named}
        )

    async def get(self, path: str) -> Any:
        answer = await self.call("GET", path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def ask(
        self,
        record: InvoiceSnapshot | CustomerSnapshot | ItemSnapshot,
        path: str,
        *needs: CustomerSnapshot | ItemSnapshot,
        **fields: object,
    ) -> httpx.Response:
        kind = type(record).__name__.removesuffix("Snapshot").lower()
        return await self.call(
            "POST", f"/records/{kind}/{record.id}{path}", _body(record, needs) | fields
        )


def _body(
    record: InvoiceSnapshot | CustomerSnapshot | ItemSnapshot,
    needs: tuple[CustomerSnapshot | ItemSnapshot, ...],
) -> dict[str, object]:
    people = [need for need in needs if isinstance(need, CustomerSnapshot)]
    items = [need for need in needs if isinstance(need, ItemSnapshot)]
    return {
        "provider": "qbo",
        "record": record.model_dump(mode="json"),
        "needs": {
            "customer": people[0].model_dump(mode="json") if people else None,
            "items": [one.model_dump(mode="json") for one in items],
        },
    }


@pytest.fixture
async def http(office: Office) -> AsyncIterator[httpx.AsyncClient]:
    parts = Parts(office.database, office.tools, KEY, CLOCK)
    transport = httpx.ASGITransport(app=make_application(parts))
    async with httpx.AsyncClient(transport=transport, base_url="http://orchestrator") as client:
        yield client


@pytest.fixture
def caller(http: httpx.AsyncClient, office: Office) -> Caller:
    return Caller(http, office.company)


async def test_before_connecting_all_three_say_so(caller: Caller) -> None:
    told = await caller.get("/integrations")
    assert [row["provider"] for row in told["data"]] == ["qbo", "xero", "freshbooks"]
    assert {row["status"] for row in told["data"]} == {"not_connected"}
    assert told["data"][0]["settings"] is None
    answer = await caller.call("GET", "/integrations/qbo/accounts")
    assert (answer.status_code, answer.json()["code"]) == (409, "not_connected")
    assert answer.headers["content-type"] == "application/problem+json"


async def test_connecting_writes_nothing_and_both_switches_are_off(
    office: Office, caller: Caller
) -> None:
    await office.connections(office.opened())
    told = (await caller.get("/integrations"))["data"][0]
    assert (told["status"], told["organisation"]["name"]) == ("connected", "Oak Books")
    settings = await caller.get("/integrations/qbo/settings")
    assert settings == {
        "sync_customers": False,
        "sync_invoices": False,
        "start_date": "2026-06-14",
        "gone_there": "make_again",
        "rounding_account_id": None,
        "no_item_account_id": None,
        "post_in_closed_period": "never",
    }
    ann, call_out = customer(), item()
    await office.events(
        office.customer_event(ann),
        office.item_event(call_out),
        office.invoice_event(invoice(ann, call_out)),
    )
    assert office.commands() == []


async def test_settings_change_by_field_and_two_writers_cannot_both_win(
    office: Office, caller: Caller
) -> None:
    await office.connect(sync_customers=False, sync_invoices=False)
    first = await caller.call("GET", "/integrations/qbo/settings")
    etag = first.headers["ETag"]
    put = await caller.call(
        "PUT", "/integrations/qbo/settings", {"sync_customers": True}, If_Match=etag
    )
    assert put.status_code == 200
    assert (put.json()["sync_customers"], put.json()["sync_invoices"]) == (True, False)
    assert put.headers["ETag"] != etag
    late = await caller.call(
        "PUT", "/integrations/qbo/settings", {"sync_invoices": True}, If_Match=etag
    )
    assert (late.status_code, late.json()["code"]) == (412, "changed_meanwhile")
    wrong = await caller.call("PUT", "/integrations/qbo/settings", {"start_date": "May"})
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "start_date")
    unknown = await caller.call("PUT", "/integrations/qbo/settings", {"sync_all": True})
    assert (unknown.status_code, unknown.json()["errors"][0]["field"]) == (422, "sync_all")


async def test_s26_a_saved_mapping_releases_what_it_held_in_the_same_request(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    ann, items = customer(), [item(name) for name in ("Call-out", "Parts", "Travel")]
    bill = invoice(ann, *items)
    await office.events(
        office.customer_event(ann),
        *(office.item_event(one) for one in items),
        office.invoice_event(bill),
    )
    (for_customer,) = office.commands()
    assert isinstance(for_customer, SyncCustomer), "goes by itself: the switch is on"
    await office.outcomes(office.success(for_customer, "60"))
    assert await office.state("invoice", bill.id) == "blocked"

    ready = await caller.ask(bill, "/preflight?provider=qbo", ann, *items)
    (problem,) = ready.json()["problems"]
    assert ready.json()["ready"] is False
    assert problem["code"] == "item_account_unmapped"
    (group,) = (await caller.get("/integrations/qbo/causes"))["data"]
    assert (group["group"], group["count"]) == ("item_account_unmapped", 1)
    assert group["amount"] == str(bill.total)

    wrong = await caller.call(
        "PUT",
        "/integrations/qbo/account-mapping",
        {"items": [{"item_id": str(items[0].id), "item_name": "Call-out", "account_id": "9"}]},
    )
    assert (wrong.status_code, wrong.json()["errors"][0]["field"]) == (422, "items.0.account_id")
    applied = await caller.call(
        "POST",
        "/integrations/qbo/account-mapping/apply-to-unmapped",
        {
            "account_id": "79",
            "items": [{"item_id": str(one.id), "item_name": one.name} for one in items],
        },
    )
    assert applied.json() == {"mapped": 3}
    await office.read_outbox()
    for_items = office.commands()
    assert len(for_items) == 3
    await office.outcomes(*(office.success(c, f"i{n}") for n, c in enumerate(for_items)))
    (for_invoice,) = office.commands()
    await office.outcomes(office.success(for_invoice, "155"))
    assert await office.state("invoice", bill.id) == "synced"
    assert (await caller.get("/integrations/qbo/causes"))["data"] == []
    counts = (await caller.get("/integrations"))["data"][0]["counts"]
    assert counts == {"synced": 5}
    lines = (await caller.get(f"/records/invoice/{bill.id}/timeline?provider=qbo"))["data"]
    (issued,) = [line for line in lines if line["kind"] == "issued"]
    assert {account for _, account in issued["details"]["accounts"]} == {"79"}, "s28: which mapping"
    mapping = await caller.get("/integrations/qbo/account-mapping")
    assert {row["account_id"] for row in mapping["items"]} == {"79"}


async def test_z6_with_sync_invoices_off_only_a_click_sends_and_takes_all_along(
    office: Office, caller: Caller
) -> None:
    await office.connect(sync_customers=False, sync_invoices=False)
    ann, call_out = customer(), item()
    await office.map(call_out.id)
    bill = invoice(ann, call_out)
    await office.events(office.invoice_event(bill))
    assert await office.state("invoice", bill.id) is None
    answer = await caller.ask(bill, "/sync", ann, call_out)
    assert answer.status_code == 202
    assert answer.json()["state"]["state"] == "waiting"
    await office.read_outbox()
    commands = office.commands()
    assert {command.priority for command in commands} == {"person"}
    assert len(commands) == 2


async def test_s87_a_click_right_after_a_save_takes_what_was_saved(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    ann, call_out = customer(), item()
    await office.map(call_out.id)
    bill = invoice(ann, call_out)
    await office.events(
        office.customer_event(ann), office.item_event(call_out), office.invoice_event(bill)
    )
    await office.outcomes(*(office.success(c, f"r{n}") for n, c in enumerate(office.commands())))
    office.commands()
    newer = bill.model_copy(update={"version": 5, "memo": "thank you"})
    await caller.ask(newer, "/sync", ann, call_out)
    await office.outcomes(office.success((await _job_command(office))[0], "155", version=1))
    (update,) = office.commands()
    assert isinstance(update, SyncInvoice)
    assert update.invoice.version == 5


async def _job_command(office: Office) -> list[Any]:
    await office.read_outbox()
    return office.commands()


async def test_s52_two_clicks_and_the_event_at_once_make_one_command(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    ann, call_out = customer(), item()
    await office.map(call_out.id)
    await office.events(office.customer_event(ann), office.item_event(call_out))
    await caller.ask(call_out, "/sync")
    await office.read_outbox()
    await office.outcomes(*(office.success(c, f"r{n}") for n, c in enumerate(office.commands())))
    bill = invoice(ann, call_out)
    answers = await asyncio.gather(
        caller.ask(bill, "/sync", ann, call_out),
        caller.ask(bill, "/sync", ann, call_out),
        office.events(office.invoice_event(bill)),
    )
    await office.read_outbox()
    steps = {command.step for command in office.commands()}
    assert len(steps) == 1
    shown = [answer.json()["state"]["state"] for answer in answers if answer is not None]
    assert shown == ["queued", "queued"]


async def test_z7_a_draft_or_a_void_invoice_is_refused_with_the_reason(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    ann, call_out = customer(), item()
    draft = invoice(ann, call_out, status="draft", sent_at=None)
    answer = await caller.ask(draft, "/sync", ann, call_out)
    assert (answer.status_code, answer.json()["code"]) == (409, "invoice_draft")
    assert answer.json()["detail"] == (
        "Invoice 1001 is a draft. Finalize it and it can go to QuickBooks."
    )
    void = invoice(ann, call_out, status="void")
    answer = await caller.ask(void, "/sync", ann, call_out)
    assert (answer.status_code, answer.json()["code"]) == (409, "invoice_void")


async def test_s94_linking_is_refused_while_a_command_is_out(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    ann = customer()
    await caller.ask(ann, "/sync")
    answer = await caller.ask(ann, "/actions/link", remote_id="60")
    assert (answer.status_code, answer.json()["code"]) == (409, "being_sent")
    (command,) = await _job_command(office)
    await office.outcomes(office.failure(command, "customer_name_taken"))
    answer = await caller.ask(ann, "/actions/link", remote_id="60")
    assert answer.status_code == 202
    assert answer.json()["state"]["state"] == "synced"
    assert answer.json()["state"]["remote"]["id"] == "60"


async def test_s94_an_invoice_that_is_being_sent_is_linked_to_none_whatever_else_is_amiss(
    office: Office, caller: Caller
) -> None:
    """Whether it is the same invoice is only known once the command's outcome is here."""
    await office.connect()
    ann, call_out = customer(), item()
    await office.map(call_out.id)
    bill = invoice(ann, call_out)
    await caller.ask(bill, "/sync", ann, call_out)
    await office.read_outbox()
    for command in office.commands():
        await office.outcomes(office.success(command, f"r{command.record_id}"))
    (command,) = office.commands()
    assert isinstance(command, SyncInvoice)
    answer = await caller.ask(bill, "/actions/link", ann, call_out, remote_id="60")
    assert (answer.status_code, answer.json()["code"]) == (409, "being_sent")
    same = {"remote_id": "60", "same": "yes"}
    await office.outcomes(office.failure(command, "invoice_number_taken", params=same))
    other = await caller.ask(bill, "/actions/link", ann, call_out, remote_id="61")
    assert (other.status_code, other.json()["code"]) == (409, "not_the_same")
    answer = await caller.ask(bill, "/actions/link", ann, call_out, remote_id="60")
    assert answer.json()["state"]["state"] == "synced", answer.text


async def test_z3b_each_fix_of_a_customer_who_isnt_there_releases_the_invoice(
    office: Office, caller: Caller
) -> None:
    await office.connect(sync_customers=False)
    for action in ("send_customer", "turn_on_sync_customers"):
        await office.pool.execute("update connection_settings set sync_customers = false")
        ann, call_out = customer(), item()
        await office.map(call_out.id)
        bill = invoice(ann, call_out)
        await office.events(
            office.customer_event(ann), office.item_event(call_out), office.invoice_event(bill)
        )
        job = await office.job("invoice", bill.id)
        assert job is not None
        assert job.cause is not None
        assert job.cause.code == "customer_not_in_books"
        answer = await caller.ask(bill, f"/actions/{action}", ann, call_out)
        assert answer.json()["state"]["state"] == "waiting", answer.text
        await office.read_outbox()
        assert any(isinstance(command, SyncCustomer) for command in office.commands())


async def test_actions_are_known_or_honest_about_it(office: Office, caller: Caller) -> None:
    await office.connect()
    ann = customer()
    later = await caller.ask(ann, "/actions/post_on_first_open_day")
    assert (later.status_code, later.json()["code"]) == (409, "being_sent")
    unknown = await caller.ask(ann, "/actions/explode")
    assert unknown.status_code == 404
    nowhere = await caller.call("GET", "/integrations/sage/settings")
    assert nowhere.status_code == 404


async def test_s65_another_company_meets_nothing_but_404(
    office: Office, caller: Caller, http: httpx.AsyncClient
) -> None:
    await office.connect()
    ann = customer()
    await office.events(office.customer_event(ann))
    stranger = Office(office.database, office.pool, office.waker, CompanyId(uuid4()), office.tools)
    await stranger.connect()
    other = Caller(http, stranger.company)
    assert (await other.ask(ann, "/sync")).status_code == 404
    assert (await other.ask(ann, "/actions/ignore")).status_code == 404
    assert (await other.ask(ann, "/preflight?provider=qbo")).status_code == 404
    line = await other.call("GET", f"/records/customer/{ann.id}/timeline?provider=qbo")
    assert line.status_code == 404
    assert (await other.get("/integrations"))["data"][0]["counts"] == {}
    assert (await other.get("/integrations/qbo/syncs"))["data"] == []
    job = await office.job("customer", ann.id)
    assert job is not None
    assert job.company_id == office.company


async def test_only_signed_callers_of_a_fitting_role_are_served(
    office: Office, http: httpx.AsyncClient
) -> None:
    await office.connect()
    assert (await http.get("/internal/v1/integrations")).status_code == 401
    forged = await http.get("/internal/v1/integrations", headers={"X-Internal": "v1.e30.00"})
    assert forged.status_code == 401
    viewer = Caller(http, office.company, role="viewer")
    assert (await viewer.call("GET", "/integrations")).status_code == 200
    put = await viewer.call("PUT", "/integrations/qbo/settings", {"sync_invoices": True})
    assert (put.status_code, put.json()["code"]) == (403, "not_allowed")
    owner = Caller(http, office.company)
    assert (await owner.call("GET", "/feed/states")).status_code == 403


async def test_a_disconnected_provider_refuses_clicks_with_its_reason(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    await office.connections(office.closed(2))
    answer = await caller.ask(customer(), "/sync")
    assert (answer.status_code, answer.json()["code"]) == (409, "disconnected_by_person")
    assert (await caller.get("/integrations"))["data"][0]["status"] == "disconnected"


async def test_z9_operations_and_timeline_tell_what_happened(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    ann = customer()
    await office.events(office.customer_event(ann))
    (command,) = office.commands()
    await office.outcomes(office.failure(command, "customer_email_invalid"))
    newer = ann.model_copy(update={"version": 2, "email": "ann@new.example"})
    await office.events(office.customer_event(newer))
    (command,) = office.commands()
    await office.outcomes(office.success(command, "60"))
    row, first = (await caller.get("/integrations/qbo/syncs"))["data"]
    assert (row["record_name"], row["state"], row["cause"]) == ("Ann Lee", "synced", None)
    assert (first["record_name"], first["state"]) == ("Ann Lee", "blocked")
    assert row["started_by"]["by"] == "event"
    assert row["finished_at"] is not None
    lines = (await caller.get(f"/records/customer/{ann.id}/timeline?provider=qbo"))["data"]
    kinds = [line["kind"] for line in lines]
    assert kinds.count("issued") == 2
    assert kinds.count("outcome") == 2
    assert kinds.index("refused") < kinds.index("synced")
    assert all(line["sentence"] for line in lines), lines
    assert "QuickBooks" in lines[-1]["sentence"]
    await caller.ask(newer, "/sync")
    again = (await caller.get("/integrations/qbo/syncs"))["data"]
    assert len(again) == 2, "a click on what is there writes nothing"


async def test_z9_operations_are_found_by_kind_result_cause_who_and_period(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    ann = customer()
    await office.events(office.customer_event(ann))
    (command,) = office.commands()
    await office.outcomes(office.failure(command, "customer_email_invalid"))

    async def found(query: str) -> int:
        return len((await caller.get(f"/integrations/qbo/syncs?{query}"))["data"])

    for query, count in (
        ("kind=customer", 1),
        ("kind=invoice", 0),
        ("result=failed", 1),
        ("result=synced", 0),
        ("state=blocked", 1),
        ("cause=customer_email_invalid", 1),
        ("cause=period_closed", 0),
        ("by=automatic", 1),
        ("by=person", 0),
        ("since=2020-01-01T00:00:00Z", 1),
        ("until=2020-01-01T00:00:00Z", 0),
        ("run=01a22674-8402-7971-9ae7-3d234c05aa29", 0),
    ):
        assert await found(query) == count, query
    wrong = await caller.call("GET", "/integrations/qbo/syncs?colour=red")
    assert wrong.status_code == 422


async def test_z9_a_run_is_one_row_of_recent_syncs_that_opens(
    office: Office, caller: Caller
) -> None:
    await told_before_connecting(office)
    run, _ = await press(office, "customers", "items", "invoices")
    await steps(office)
    await answer_all(office)
    (row,) = (await caller.get("/integrations/qbo/syncs"))["data"]
    assert (row["run"]["id"], row["run"]["kind"]) == (str(run.id), "sync_now")
    assert (row["run"]["done"], row["run"]["total"]) == (5, 5)
    opened = (await caller.get(f"/integrations/qbo/syncs?run={run.id}"))["data"]
    assert len(opened) == row["run"]["total"] == 5
    assert {one["run"] for one in opened} == {None}
    assert {one["run_id"] for one in opened} == {str(run.id)}
    invoices = (await caller.get("/integrations/qbo/syncs?kind=invoice"))["data"]
    assert len(invoices) == 3, "looked for, they stand one by one"


async def test_z9_what_goes_again_after_a_run_is_a_row_of_its_own_and_newer_than_the_run(
    office: Office, caller: Caller
) -> None:
    ann, _, _ = await told_before_connecting(office)
    run, _ = await press(office, "customers", "items", "invoices")
    await steps(office)
    await answer_all(office)
    office.later(timedelta(minutes=1))
    await steps(office)
    await office.pool.execute("update connection_settings set sync_customers = true")
    edited = ann.model_copy(update={"version": 2, "phone": "555"})
    await office.events(office.customer_event(edited))
    (command,) = office.commands()
    await office.outcomes(office.success(command, "60"))
    rows = (await caller.get("/integrations/qbo/syncs"))["data"]
    assert [None if row["run"] is None else row["run"]["id"] for row in rows] == [
        None,
        str(run.id),
    ]
    assert (rows[0]["record_name"], rows[0]["run_id"]) == ("Ann Lee", None)
    assert rows[0]["started_by"]["by"] == "event", "nobody asked for it: it followed the edit"
    opened = (await caller.get(f"/integrations/qbo/syncs?run={run.id}"))["data"]
    assert len(opened) == 5, "what went later isn't the run's"


async def test_z9_a_mended_record_that_goes_by_itself_is_a_row_of_its_own(
    office: Office, caller: Caller
) -> None:
    await office.connect()
    ann = customer()
    await office.events(office.customer_event(ann))
    (command,) = office.commands()
    await office.outcomes(office.failure(command, "customer_email_invalid"))
    newer = ann.model_copy(update={"version": 2, "email": "ann@new.example"})
    await office.events(office.customer_event(newer))
    (command,) = office.commands()
    await office.outcomes(office.success(command, "60"))
    rows = (await caller.get("/integrations/qbo/syncs"))["data"]
    assert [row["state"] for row in rows] == ["synced", "blocked"], "the newest first"
    assert rows[1]["cause"]["code"] == "customer_email_invalid"
    assert rows[1]["finished_at"] is not None, "it ended with what it ran into"


async def test_z9_operations_are_found_by_the_person_who_began_them(
    office: Office, caller: Caller
) -> None:
    await office.connect(sync_customers=False)
    ann = customer()
    await office.events(office.customer_event(ann))
    await caller.ask(ann, "/sync")
    [row] = (await caller.get("/integrations/qbo/syncs"))["data"]
    person = row["started_by"]["user_id"]
    found = (await caller.get(f"/integrations/qbo/syncs?person={person}"))["data"]
    assert [one["id"] for one in found] == [row["id"]]
    nobody = "01a22674-8402-7971-9ae7-3d234c05aa29"
    assert (await caller.get(f"/integrations/qbo/syncs?person={nobody}"))["data"] == []
