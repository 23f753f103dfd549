"""What a notice, the strip and Problems say of one group is the same, and kept so."""

from collections.abc import AsyncGenerator
from datetime import timedelta
from typing import Any, get_args

import httpx
import pytest
from contracts.causes import cause_of
from contracts.ids import Provider
from contracts.sync import SyncState
from invoice_api.notices.noticing import Notices

from .noticed_company import Company, Inbox, round_of

Service = Any


@pytest.fixture
async def browser(service: Service) -> AsyncGenerator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(service.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1:8000") as web:
        yield web


@pytest.mark.parametrize("provider", get_args(Provider))
async def test_invoices_that_wait_behind_a_customer_are_counted_with_their_money(
    service: Service,
    inbox: tuple[Inbox, Notices],
    browser: httpx.AsyncClient,
    provider: Provider,
) -> None:
    held, notices = inbox
    company = Company(service, await service.sign_up(), provider)
    await company.web.put("/notices/settings", json={"email": "at_once"})
    await company.connection_is()
    customer, _ = await company.waiting_behind("Maria Gomez", 4, minutes=30)
    await round_of(notices)
    [shown] = await company.notices()
    assert shown["title"] == "Maria Gomez has no e-mail"
    assert shown["sentence"].startswith("Maria Gomez needs an e-mail address")
    assert (shown["count"], shown["amount"], shown["currency"]) == (5, "200.00", "USD")
    assert shown["group"] == f"customer_email_missing.{customer}"
    [mail] = held.to(company.email)
    assert "5 records, $200.00" in mail.get_content()

    await company.pages(browser)
    listed = (await browser.get("/invoices")).text
    strip = listed.partition("data-strip>")[2].partition("</a>")[0]
    assert "<strong>5 records</strong>, <strong>$200.00</strong>" in strip
    assert "Maria Gomez has no e-mail" in strip
    assert f"/integrations/{provider}/problems#group-customer_email_missing-{customer}" in listed


async def test_money_of_several_currencies_is_said_each_by_itself(
    company: Company, inbox: tuple[Inbox, Notices], browser: httpx.AsyncClient
) -> None:
    held, notices = inbox
    await company.web.put("/notices/settings", json={"email": "at_once"})
    await company.connection_is()
    ann = await company.customer()
    made = await company.invoices(ann, 3)
    made += await company.invoices(ann, 2, currency="EUR")
    await company.stand(
        "invoice", made, SyncState.BLOCKED, cause_of("item_account_unmapped"), minutes=30
    )
    await round_of(notices)
    [mail] = held.to(company.email)
    assert "5 invoices, $150.00 and €100.00" in mail.get_content()
    [shown] = await company.notices()
    assert (shown["amount"], shown["currency"]) == ("150.00", "USD")
    assert shown["amounts"] == [
        {"currency": "USD", "amount": "150.00"},
        {"currency": "EUR", "amount": "100.00"},
    ]
    await company.pages(browser)
    for page in ("/notices", "/invoices"):
        assert "$150.00 and €100.00" in (await browser.get(page)).text, page


async def test_invoices_that_are_each_a_problem_of_their_own_are_one_notice(
    company: Company, inbox: tuple[Inbox, Notices]
) -> None:
    held, notices = inbox
    await company.web.put("/notices/settings", json={"email": "at_once"})
    await company.connection_is()
    made = await company.invoices(await company.customer(), 4)
    for invoice in made[:3]:
        cause = cause_of("due_date_invalid", record_id=str(invoice))
        await company.stand("invoice", [invoice], SyncState.BLOCKED, cause, minutes=30)
    await round_of(notices)
    [shown] = await company.notices()
    assert (shown["group"], shown["count"], shown["amount"]) == ("due_date_invalid", 3, "150.00")
    assert shown["sentence"].endswith(" 2 more are stopped the same way.")
    [mail] = held.to(company.email)
    assert "3 invoices, $150.00" in mail.get_content()
    # One more or one less is the same notice, and no news.
    cause = cause_of("due_date_invalid", record_id=str(made[3]))
    await company.stand("invoice", [made[3]], SyncState.BLOCKED, cause, minutes=1)
    await company.stand("invoice", made[:2], SyncState.SYNCED, None)
    await round_of(notices)
    [shown] = await company.notices()
    assert (shown["count"], len(held.to(company.email))) == (2, 1)


async def test_what_stands_behind_a_notice_is_kept_current_without_being_said_again(
    company: Company, inbox: tuple[Inbox, Notices]
) -> None:
    held, notices = inbox
    await company.web.put("/notices/settings", json={"email": "at_once"})
    await company.connection_is()
    await company.invoices_are("item_account_unmapped", SyncState.BLOCKED, 6, minutes=30)
    await round_of(notices)
    [first] = await company.notices()
    await company.web.post("/notices/read", json={"ids": [first["id"]]})
    await company.invoices_are("item_account_unmapped", SyncState.BLOCKED, 4, minutes=1)
    await round_of(notices)
    [shown] = await company.notices()
    assert (shown["count"], shown["amount"], shown["read"]) == (10, "500.00", True)
    assert shown["said_at"] == first["said_at"]
    # Much worse is measured from what was said, not from what was seen since.
    await company.invoices_are("item_account_unmapped", SyncState.BLOCKED, 2, minutes=1)
    await round_of(notices)
    assert len(held.to(company.email)) == 2
    [shown] = await company.notices()
    assert (shown["count"], shown["read"]) == (12, False)


@pytest.mark.parametrize(
    ("code", "state", "kind", "title", "fix"),
    [
        ("refused_unknown", SyncState.BLOCKED, "cause", "QuickBooks said no", "Show"),
        ("our_mistake", SyncState.BLOCKED, "cause", "Our mistake", "Show"),
        ("taking_too_long", SyncState.CHECKING, "cause", "Taking longer than it should", "Show"),
        ("app_problem", SyncState.HELD, "outage", "Our QuickBooks link is down", "Show"),
        (
            "daily_limit_reached",
            SyncState.HELD,
            "outage",
            "QuickBooks's daily limit is used up",
            "Show",
        ),
        ("plan_limit_reached", SyncState.HELD, "cause", "QuickBooks plan is full", "Fix"),
    ],
)
async def test_what_is_ours_or_the_provider_s_is_told_with_what_happens_next(
    company: Company,
    inbox: tuple[Inbox, Notices],
    browser: httpx.AsyncClient,
    code: Any,
    state: SyncState,
    kind: str,
    title: str,
    fix: str,
) -> None:
    held, notices = inbox
    await company.web.put("/notices/settings", json={"email": "at_once"})
    await company.connection_is()
    made = await company.invoices(await company.customer(), 2)
    later = company.service.parts.clock.now() + timedelta(hours=2)
    await company.stand("invoice", made, state, cause_of(code, time=later), minutes=30)
    for _ in range(2):
        await round_of(notices)
    [shown] = await company.notices()
    assert (shown["kind"], shown["title"], shown["count"]) == (kind, title, 2)
    assert shown["group"].partition(".")[0] == code
    [mail] = held.to(company.email)
    assert "2 invoices, $100.00" in mail.get_content()
    await company.pages(browser)
    page = (await browser.get("/notices")).text
    assert f"data-open>{fix}</a>" in page
    if code == "daily_limit_reached":
        assert "Oak Books has used QuickBooks&#39;s daily limit" in page


async def test_a_reconnect_says_why_in_the_cause_s_own_words(
    company: Company, inbox: tuple[Inbox, Notices]
) -> None:
    _, notices = inbox
    cause = cause_of("permission_missing", what="invoices")
    await company.connection_is(expired=True, cause=cause)
    await notices.look()
    [shown] = await company.notices()
    assert shown["title"] == "QuickBooks needs one more permission"
    assert shown["sentence"] == "We weren't given permission for invoices in Oak Books."


async def test_tried_again_in_vain_it_is_the_same_notice_and_no_second_mail(
    company: Company, inbox: tuple[Inbox, Notices]
) -> None:
    held, notices = inbox
    await company.web.put("/notices/settings", json={"email": "at_once"})
    await company.connection_is()
    made = await company.invoices_are("refused_unknown", SyncState.BLOCKED, 3, minutes=30)
    await round_of(notices)
    [first] = await company.notices()
    await company.web.post("/notices/read", json={"ids": [first["id"]]})

    await company.stand("invoice", made, SyncState.QUEUED, None)
    await round_of(notices)
    assert [one["state"] for one in await company.notices()] == ["over"]
    await company.stand("invoice", made, SyncState.BLOCKED, cause_of("refused_unknown"))
    await round_of(notices)
    [again] = await company.notices()
    assert (again["id"], again["state"], again["read"]) == (first["id"], "open", True)
    assert again["since"] == first["since"], "it goes on growing older"
    assert len(held.to(company.email)) == 1

    # An hour later it is another matter: said anew, when it has stood for a while.
    await company.stand("invoice", made, SyncState.QUEUED, None)
    await round_of(notices)
    async with company.service.parts.database.transaction() as tx:
        await tx.execute(
            "UPDATE notices SET over_at = over_at - interval '61 minutes' WHERE company_id = $1",
            company.id,
        )
    await company.stand("invoice", made, SyncState.BLOCKED, cause_of("refused_unknown"), minutes=30)
    await round_of(notices)
    assert [one["state"] for one in await company.notices()] == ["open", "over"]
    assert len(held.to(company.email)) == 2


async def test_a_connection_that_is_lost_again_within_the_hour_is_said_again(
    company: Company, inbox: tuple[Inbox, Notices]
) -> None:
    held, notices = inbox
    await company.connection_is(expired=True)
    await round_of(notices)
    database = company.service.parts.database
    for status in ("connected", "reconnect"):
        async with database.transaction() as tx:
            await tx.execute(
                "UPDATE connections SET status = $2 WHERE id = $1", company.connection, status
            )
        await round_of(notices)
    assert [one["state"] for one in await company.notices()] == ["open", "over"]
    assert len(held.to(company.email)) == 2
