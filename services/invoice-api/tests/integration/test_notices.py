"""Notices in the app and by a real mail server."""

import re
from typing import Any
from uuid import uuid4

import httpx
from contracts.sync import SyncState
from invoice_api.notices.noticing import Notices

from .noticed_company import Company, Inbox, round_of

Service = Any


async def test_a_lost_connection_is_written_at_once_and_only_once(
    company: Company, inbox: tuple[Inbox, Notices]
) -> None:
    held, notices = inbox
    await company.connection_is(expired=True)
    for _ in range(3):
        await round_of(notices)
    [mail] = held.to(company.email)
    assert mail["Subject"] == "Reconnect QuickBooks (Oak Plumbing)"
    text = mail.get_content()
    assert "Nothing is lost" in text
    assert "http://127.0.0.1:8000/integrations/qbo/settings" in text
    [shown] = await company.notices()
    assert (shown["kind"], shown["state"], shown["read"]) == ("connection", "open", False)
    read = (await company.web.post("/notices/read", json={"ids": [shown["id"]]})).json()
    assert (read["unread"], read["data"][0]["read"]) == (0, True)


async def test_s12_a_sign_in_that_ends_within_14_days_is_said_once(
    company: Company, inbox: tuple[Inbox, Notices]
) -> None:
    _, notices = inbox
    await company.connection_is(good_days=13)
    assert await notices.look() >= 1
    await notices.look()
    [shown] = await company.notices()
    assert shown["title"] == "QuickBooks asks you to reconnect"
    assert "asks you to reconnect Oak Books by" in shown["sentence"]


async def test_s60_an_outage_is_one_notice_however_many_wait(
    company: Company, inbox: tuple[Inbox, Notices]
) -> None:
    held, notices = inbox
    await company.web.put("/notices/settings", json={"email": "at_once"})
    await company.connection_is()
    await company.invoices_are("provider_down", SyncState.HELD, 4, minutes=120)
    for _ in range(3):
        await round_of(notices)
    assert [one["kind"] for one in await company.notices()] == ["outage"]
    assert len(held.to(company.email)) == 1


async def test_one_cause_is_one_entry_with_its_money_and_its_page(
    company: Company, inbox: tuple[Inbox, Notices]
) -> None:
    held, notices = inbox
    await company.web.put("/notices/settings", json={"email": "at_once"})
    await company.connection_is()
    await company.invoices_are("item_account_unmapped", SyncState.BLOCKED, 3, minutes=30)
    for _ in range(2):
        await round_of(notices)
    [mail] = held.to(company.email)
    assert "3 invoices, $150.00" in mail.get_content()
    assert "/integrations/qbo/problems" in mail.get_content()
    await company.invoices_are("item_account_unmapped", SyncState.BLOCKED, 12, minutes=1)
    await round_of(notices)
    assert len(held.to(company.email)) == 2, "much worse is said again"
    [shown] = await company.notices()
    assert (shown["count"], shown["amount"], shown["read"]) == (15, "750.00", False)


async def test_none_is_none_and_a_viewer_is_not_written_to_unasked(
    service: Service, company: Company, inbox: tuple[Inbox, Notices]
) -> None:
    held, notices = inbox
    await company.web.put("/notices/settings", json={"email": "none"})
    body = {"email": f"v{uuid4().hex[:6]}@oak.example", "role": "viewer"}
    await company.web.post("/users", json={**body, "password": "correct horse battery 9"})
    await company.connection_is(expired=True)
    await round_of(notices)
    assert held.to(company.email) == held.to(body["email"]) == []
    assert len(await company.notices()) == 1
    assert (await company.web.get("/notices/settings")).json() == {"email": "none"}


async def test_mail_that_was_refused_goes_later_and_mail_that_may_be_there_never_again(
    service: Service, company: Company, inbox: tuple[Inbox, Notices]
) -> None:
    held, notices = inbox
    held.refuse = 1
    await company.connection_is(expired=True)
    await round_of(notices)
    assert held.to(company.email) == []
    async with service.parts.database.transaction() as tx:
        await tx.execute("UPDATE notice_mails SET due_at = clock() WHERE state = 'due'")
    await round_of(notices)
    assert len(held.to(company.email)) == 1
    async with service.parts.database.transaction() as tx:
        # A process that died while it sent: nobody knows whether the server has it.
        await tx.execute(
            "UPDATE notice_mails SET state = 'sending' WHERE address = $1", company.email
        )
    await round_of(notices)
    assert len(held.to(company.email)) == 1


async def test_what_is_mended_is_over(company: Company, inbox: tuple[Inbox, Notices]) -> None:
    _, notices = inbox
    await company.connection_is(good_days=3)
    await notices.look()
    async with company.service.parts.database.transaction() as tx:
        await tx.execute(
            "UPDATE connections SET token_good_until = clock() + interval '90 days' WHERE id = $1",
            company.connection,
        )
    await notices.look()
    assert [one["state"] for one in await company.notices()] == ["over"]
    assert (await company.web.get("/notices")).json()["unread"] == 0


async def test_notices_are_seen_read_and_chosen_by_their_pages(
    company: Company, service: Service, inbox: tuple[Inbox, Notices]
) -> None:
    _, notices = inbox
    await company.connection_is()
    await company.invoices_are("item_account_unmapped", SyncState.BLOCKED, 3, minutes=30)
    transport = httpx.ASGITransport(service.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as web:
        login = {"email": company.email, "password": "correct horse battery 9"}
        assert (await web.post("/login", data=login)).status_code == 303
        assert "Nothing to tell you" in (await web.get("/notices")).text
        await notices.look()
        page = (await web.get("/notices")).text
        assert "3 invoices" in page
        assert "$150.00" in page
        assert "/integrations/qbo/problems#group-item_account_unmapped" in page
        assert 'aria-label="1 unread"' in page
        csrf = re.search(r'name="csrf" content="([^"]+)"', page)
        assert csrf
        assert (await web.post("/notices/read", data={})).status_code == 403
        [named] = set(re.findall(r'name="id" value="([^"]+)"', page))
        read = await web.post("/notices/read", data={"csrf": csrf[1], "id": named})
        assert (read.status_code, read.headers["location"]) == (303, "/notices")
        after = (await web.get("/notices")).text
        assert "1 unread" not in after
        assert "3 invoices" in after

        choice = (await web.get("/settings/notices")).text
        assert company.email in choice
        assert re.search(r'value="daily"[^>]* checked', choice)
        kept = {"csrf": csrf[1], "email": "weekly"}
        assert (await web.post("/settings/notices", data=kept)).status_code == 303
        chosen = (await web.get("/settings/notices")).text
        assert re.search(r'value="weekly"[^>]* checked', chosen)
        wrong = await web.post("/settings/notices", data={**kept, "email": "hourly"})
        assert wrong.status_code == 303
        assert (await company.web.get("/notices/settings")).json() == {"email": "weekly"}
