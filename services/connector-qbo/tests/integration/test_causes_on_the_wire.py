"""What the simulator refuses, in every wording it has, and the cause each becomes."""

from dataclasses import replace

import pytest
from connector_conformance.books import income_account, made
from connector_conformance.commands import IDS
from connector_conformance.simulator import Simulator
from connector_kit.answers import (
    Accepted,
    NotExecuted,
    ReferenceGone,
    Refused,
    Shut,
    Throttled,
)
from connector_kit.provider import Member, NotReady
from contracts.connections import Account, TaxRules
from contracts.ids import RequestId

from .books import OPERATIONS, books, speaker


@pytest.mark.parametrize("detail", ["text", "id", "null"])
@pytest.mark.parametrize("language", ["en", "fr"])
async def test_a_taken_name_is_a_cause_in_every_wording(
    simulator: Simulator, detail: str, language: str
) -> None:
    name = f"Oak Q {detail} {language}"
    on = await speaker(simulator, name, duplicate_name_detail=detail, language=language)
    await simulator.seed(name, vendors=[{"name": "Ann Lee"}])
    (answer,) = await on.answers(Member(on.company.customer("ann lee"), None))
    assert isinstance(answer, Refused)
    assert answer.cause.code == "customer_name_taken"
    account = await income_account(on)
    await made(on, Member(on.company.item("Call-out", account), None))
    (answer,) = await on.answers(Member(on.company.item("Call-out", account), None))
    assert isinstance(answer, Refused)
    assert answer.cause.code == "item_name_taken"


async def test_a_taken_number_is_found_before_anything_is_doubled(simulator: Simulator) -> None:
    b = await books(simulator, "Oak R")
    await simulator.seed(
        "Oak R",
        invoices=[
            {
                "customer": "Ann Lee",
                "number": "1001",
                "lines": [{"item": "Call-out", "unit_price": "5"}],
            }
        ],
    )
    prepared = await b.on.run(OPERATIONS.prepare([b.invoice("1001")], b.on.context))
    (blocked,) = prepared
    assert isinstance(blocked, NotReady)
    assert isinstance(blocked.answer, Refused)
    assert blocked.answer.cause.code == "invoice_number_taken"
    assert blocked.answer.cause.params["total_there"] == "5 USD"


async def test_a_number_taken_meanwhile_is_refused_by_the_company(simulator: Simulator) -> None:
    b = await books(simulator, "Oak S", refuse_duplicate_numbers=True)
    await made(b.on, b.invoice("1001"))
    packed = OPERATIONS.pack([b.invoice("1001")], b.on.context, RequestId(IDS.new()))
    assert packed.request is not None
    response = await b.on.send(packed.request)
    assert OPERATIONS.whole(response) is None
    assert b"6140" in response.body


async def test_an_invoice_is_made_again_under_its_voided_predecessor_s_number(
    simulator: Simulator,
) -> None:
    b = await books(simulator, "Oak T", refuse_duplicate_numbers=True)
    command = b.command("1001")
    first = await made(b.on, Member(command, None))
    await made(b.on, Member(b.on.company.void(command, None), first))
    again = command.model_copy(update={"generation": 2})
    second = await made(b.on, Member(again, None))
    assert second.id != first.id
    assert second.number == "1001"


@pytest.mark.parametrize("code", ["2500", "610"])
async def test_an_inactive_customer_is_a_reference_that_is_gone(
    simulator: Simulator, code: str
) -> None:
    name = f"Oak U{code}"
    b = await books(simulator, name, inactive_reference=code)
    await simulator.change(name, "customer", b.customer.id, active=False)
    (answer,) = await b.on.answers(b.invoice("1001"))
    assert isinstance(answer, ReferenceGone)
    assert str(b.ours[0]) in answer.local_ids


async def test_an_inactive_customer_is_active_again_after_its_update(simulator: Simulator) -> None:
    on = await speaker(simulator, "Oak V")
    command = on.company.customer("Ann Lee")
    there = await made(on, Member(command, None))
    await simulator.change("Oak V", "customer", there.id, active=False)
    unknown = there.model_copy(update={"version": None})
    await made(on, Member(command, unknown))
    (customer,) = (await simulator.books("Oak V"))["customers"]
    assert (customer["name"], customer["active"]) == ("Ann Lee", True)


@pytest.mark.parametrize("code", ["6430", "6000", "2500"])
async def test_an_account_of_another_type_is_a_cause(simulator: Simulator, code: str) -> None:
    name = f"Oak W{code}"
    on = await speaker(simulator, name, wrong_account_type=code)
    (cash,) = (await simulator.seed(name, accounts=[{"name": "Cash", "type": "bank"}]))["accounts"]
    account = Account(id=str(cash["id"]), name="Cash")
    (answer,) = await on.answers(Member(on.company.item("Call-out", account), None))
    assert isinstance(answer, Refused)
    assert answer.cause.code in ("account_wrong_type", "account_gone")


@pytest.mark.parametrize("code", ["6200", "6210"])
async def test_a_closed_period_is_a_cause(simulator: Simulator, code: str) -> None:
    b = await books(simulator, f"Oak X{code}", lock_date="2026-06-30", closed_period_code=code)
    (answer,) = await b.on.answers(b.invoice("1001"))
    assert isinstance(answer, Refused)
    assert answer.cause.code == "period_closed"
    assert answer.cause.params["lock_date"] == "2026-06-30"


@pytest.mark.parametrize("status", [400, 200])
async def test_a_lapsed_company_is_shut(simulator: Simulator, status: int) -> None:
    name = f"Oak Y{status}"
    b = await books(simulator, name)
    await simulator.settings(name, company_status="lapsed", lapsed_http_status=status)
    packed = OPERATIONS.pack([b.invoice("1001")], b.on.context, RequestId(IDS.new()))
    assert packed.request is not None
    answer = OPERATIONS.whole(await b.on.send(packed.request))
    assert isinstance(answer, NotExecuted)
    assert isinstance(answer.why, Shut)
    assert answer.why.cause.code == "subscription_ended"


@pytest.mark.parametrize("body", ["xml", "json"])
async def test_a_throttle_waits_in_either_form(simulator: Simulator, body: str) -> None:
    name = f"Oak Z{body}"
    on = await speaker(simulator, name)
    await simulator.limits(enforced=True, requests_per_minute=0, throttle_body=body)
    try:
        packed = OPERATIONS.pack(
            [Member(on.company.customer("Ann"), None)], on.context, RequestId(IDS.new())
        )
        assert packed.request is not None
        response = await on.send(packed.request)
    finally:
        await simulator.limits(enforced=False, requests_per_minute=500)
    answer = OPERATIONS.whole(response)
    assert isinstance(answer, NotExecuted)
    assert isinstance(answer.why, Throttled)


async def test_outside_the_us_a_missing_tax_is_a_cause_and_no_defect(simulator: Simulator) -> None:
    b = await books(simulator, "Oak GB", country="GB")
    # As last read it had no tax; what it has now is its own to say.
    before = TaxRules(set_up=False, matching="none")
    facts = b.on.context.facts.model_copy(update={"taxes": before})
    on = replace(b.on, context=replace(b.on.context, facts=facts))
    (answer,) = await on.answers(Member(b.command("1001", currency="GBP"), None))
    assert isinstance(answer, Refused)
    assert answer.cause.code == "tax_rate_unmapped"


async def test_another_currency_than_the_customer_s_is_a_cause(simulator: Simulator) -> None:
    b = await books(simulator, "Oak EUR", multicurrency=True)
    (answer,) = await b.on.answers(Member(b.command("1001", currency="EUR"), None))
    assert isinstance(answer, Refused), answer
    assert answer.cause.code == "customer_currency_differs"


@pytest.mark.parametrize("limit", [100, 50])
async def test_a_long_company_name_blocks_nobody(simulator: Simulator, limit: int) -> None:
    on = await speaker(simulator, f"Oak Long {limit}", company_name_limit=limit)
    command = on.company.customer("Ann Lee")
    long = command.customer.model_copy(update={"company_name": "x" * 90})
    (answer,) = await on.answers(Member(command.model_copy(update={"customer": long}), None))
    assert isinstance(answer, Accepted)
    assert answer.notes == ("sent_with_changes",)


async def test_all_customers_are_listed(simulator: Simulator) -> None:
    on = await speaker(simulator, "Oak Many")
    await simulator.seed(
        "Oak Many",
        customers=[{"name": f"Customer {n}"} for n in range(1005)]
        + [{"name": "Gone", "active": False}],
    )
    first = await on.run(OPERATIONS.remote_customers(on.context))
    rest = await on.run(OPERATIONS.remote_customers(on.context, after=first.after))
    assert (len(first.customers), first.total, rest.after) == (1000, 1006, None)
    customers = (*first.customers, *rest.customers)
    assert len({customer.id for customer in customers}) == 1006
    assert [c.name for c in customers if not c.active] == ["Gone"]
