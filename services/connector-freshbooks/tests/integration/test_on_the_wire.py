"""The operations against the simulator, without the kit."""

from dataclasses import replace

from connector_conformance.books import income_account, made
from connector_conformance.commands import IDS
from connector_conformance.simulator import Simulator
from connector_conformance.speaking import CLIENT, Wire
from connector_freshbooks.operations import FreshbooksOperations
from connector_kit.answers import (
    Accepted,
    Answered,
    NoAnswer,
    NotExecuted,
    ReferenceGone,
    Refused,
    RemovedThere,
    RequestAnswer,
    Seen,
    Shut,
    Stale,
)
from connector_kit.auth import GrantDead, Tokens
from connector_kit.provider import Member, NotReady
from contracts.ids import RequestId

from .books import AUTH, FRESHBOOKS, OPERATIONS, books, speaker

_KEY = RequestId(IDS.new())


def stale(answer: RequestAnswer) -> bool:
    """Whether it is read again and goes once more."""
    assert isinstance(answer, Answered)
    (only,) = answer.members
    return isinstance(only, NotExecuted) and isinstance(only.why, Stale)


async def test_a_client_is_made_with_our_mark_and_found_by_it(simulator: Simulator) -> None:
    on = await speaker(simulator, "Wire A")
    member = Member(on.company.customer("Ann Lee"), None)
    await made(on, Member(on.company.customer("Ann Lee"), None))
    frozen, answer = await on.write(member)
    assert isinstance(answer, Answered)
    (accepted,) = answer.members
    assert isinstance(accepted, Accepted)
    (seen,) = await on.look(*frozen)
    assert isinstance(seen, Seen)
    assert [(c.remote.id, c.mark, c.differing) for c in seen.candidates] == [
        (accepted.remote.id, "ours", ())
    ]


async def test_a_deleted_client_is_restored_before_its_fields_go(simulator: Simulator) -> None:
    on = await speaker(simulator, "Wire B")
    command = on.company.customer("Ann Lee")
    there = await made(on, Member(command, None))
    await simulator.delete("Wire B", "customer", there.id)
    renamed = on.company.customer("Ann Li", record=command.record_id, step=2)
    _, answer = await on.write(Member(renamed, there))
    assert stale(answer)
    (customer,) = (await simulator.books("Wire B"))["customers"]
    assert (customer["name"], customer["vis_state"]) == ("Ann Lee", 0)
    again = await made(on, Member(renamed, there.model_copy(update={"version": None})))
    assert again.id == there.id
    (customer,) = (await simulator.books("Wire B"))["customers"]
    assert customer["name"] == "Ann Li"


async def test_an_item_gets_its_account_by_a_second_request(simulator: Simulator) -> None:
    on = await speaker(simulator, "Wire C")
    account = await income_account(on)
    assert account is not None
    command = on.company.item("Call-out", account)
    frozen, answer = await on.write(Member(command, None))
    assert isinstance(answer, Answered)
    assert isinstance(answer.members[0], NoAnswer)
    (seen,) = await on.look(*frozen)
    assert isinstance(seen, Seen)
    (found,) = seen.candidates
    assert (found.mark, found.differing) == ("ours", ("account_uuid",))
    await made(on, Member(command, found.remote, last=frozen[0]))
    (item,) = (await simulator.books("Wire C"))["items"]
    assert item["account_id"] == account.id


async def test_an_account_that_is_not_taken_is_said_and_the_item_stands(
    simulator: Simulator,
) -> None:
    on = await speaker(simulator, "Wire D", item_account="ignored")
    command = on.company.item("Call-out", await income_account(on))
    frozen, _ = await on.write(Member(command, None))
    (seen,) = await on.look(*frozen)
    assert isinstance(seen, Seen)
    (answer,) = await on.answers(Member(command, seen.candidates[0].remote))
    assert isinstance(answer, Accepted)
    assert answer.notes == ("accounts_not_offered",)


async def test_an_item_of_ours_is_never_made_twice(simulator: Simulator) -> None:
    on = await speaker(simulator, "Wire E")
    command = on.company.item("Call-out", None)
    there = await made(on, Member(command, None))
    await simulator.delete("Wire E", "item", there.id)
    _, answer = await on.write(Member(command, None))
    assert stale(answer)
    again = await made(on, Member(command, None))
    assert again.id == there.id
    (item,) = (await simulator.books("Wire E"))["items"]
    assert item["vis_state"] == 0


async def test_a_name_that_a_deleted_item_holds_is_a_cause(simulator: Simulator) -> None:
    on = await speaker(simulator, "Wire F")
    sown = await simulator.seed("Wire F", items=[{"name": "call-out"}])
    await simulator.delete("Wire F", "item", str(sown["items"][0]["id"]))
    member = Member(on.company.item("Call-out", None), None)
    (prepared,) = await on.run(OPERATIONS.prepare([member], on.context))
    assert isinstance(prepared, NotReady)
    assert isinstance(prepared.answer, Refused)
    assert prepared.answer.cause.code == "item_name_taken"
    assert prepared.answer.holder == str(sown["items"][0]["id"])


async def test_an_invoice_is_sent_at_once_and_has_its_lines(simulator: Simulator) -> None:
    there = await books(simulator, "Wire G")
    frozen, answer = await there.on.write(there.invoice("1001"))
    assert isinstance(answer, Answered)
    (accepted,) = answer.members
    assert isinstance(accepted, Accepted)
    assert accepted.totals is not None
    assert str(accepted.totals.total) == "256.38"
    (invoice,) = (await simulator.books("Wire G"))["invoices"]
    assert (invoice["number"], invoice["status"]) == ("1001", "open")
    assert invoice["due_date"] == "2026-07-15"
    (seen,) = await there.on.look(*frozen)
    assert isinstance(seen, Seen)
    assert [(c.differing, c.created_at is not None) for c in seen.candidates] == [((), True)]


async def test_a_number_is_taken_by_a_deleted_invoice_too(simulator: Simulator) -> None:
    there = await books(simulator, "Wire H")
    first = await made(there.on, there.invoice("1001"))
    await simulator.delete("Wire H", "invoice", first.id)
    again = replace(there.invoice("1001"), look_first=True)
    (prepared,) = await there.on.run(OPERATIONS.prepare([again], there.on.context))
    assert isinstance(prepared, NotReady)
    assert isinstance(prepared.answer, Refused)
    assert prepared.answer.cause.code == "invoice_number_taken"
    assert prepared.answer.cause.params["total_there"] == "256.38 USD"


async def test_every_form_of_a_taken_number_is_a_cause(simulator: Simulator) -> None:
    there = await books(simulator, "Wire I")
    await made(there.on, there.invoice("1001"))
    forms = ("422-1029", "409-1029", "409-409", "422-1004")
    for form in forms:
        for shape in ("list", "object", "rpc"):
            await simulator.settings("Wire I", duplicate_number=form, error_form=shape)
            packed = OPERATIONS.pack([there.invoice("1001")], there.on.context, _KEY)
            assert packed.request is not None
            answer = await there.on.sent(packed)
            assert isinstance(answer, Answered), (form, shape, answer)
            (refused,) = answer.members
            assert isinstance(refused, Refused)
            assert refused.cause.code == "invoice_number_taken", (form, shape)


async def test_an_invoice_of_a_deleted_client_names_the_customer_gone(
    simulator: Simulator,
) -> None:
    there = await books(simulator, "Wire J")
    await simulator.delete("Wire J", "customer", there.customer.id)
    for number, form in enumerate(("422-1011", "404-1011", "404-1012")):
        await simulator.settings("Wire J", deleted_customer=form)
        (answer,) = await there.on.answers(there.invoice(f"N{number}"))
        assert isinstance(answer, ReferenceGone), form
        assert answer.local_ids == (str(there.ours[0]),)


async def test_a_void_deletes_the_invoice_there_unless_it_is_paid(simulator: Simulator) -> None:
    there = await books(simulator, "Wire K")
    command = there.command("1001")
    first = await made(there.on, Member(command, None))
    void = Member(there.on.company.void(command, first), first)
    paid = there.command("1002")
    second = await made(there.on, Member(paid, None))
    await simulator.pay("Wire K", second.id)
    (answer,) = await there.on.answers(void)
    assert isinstance(answer, Accepted)
    assert answer.voided
    refused = Member(there.on.company.void(paid, second), second)
    (prepared,) = await there.on.run(OPERATIONS.prepare([refused], there.on.context))
    assert isinstance(prepared, NotReady)
    assert isinstance(prepared.answer, Refused)
    assert prepared.answer.cause.code == "void_refused"
    states = {i["number"]: i["vis_state"] for i in (await simulator.books("Wire K"))["invoices"]}
    assert states == {"1001": 1, "1002": 0}


async def test_an_invoice_deleted_there_is_told_and_left(simulator: Simulator) -> None:
    there = await books(simulator, "Wire L")
    command = there.command("1001")
    first = await made(there.on, Member(command, None))
    await simulator.delete("Wire L", "invoice", first.id)
    (prepared,) = await there.on.run(OPERATIONS.prepare([Member(command, first)], there.on.context))
    assert isinstance(prepared, NotReady)
    assert isinstance(prepared.answer, RemovedThere)


async def test_an_edit_there_is_a_question(simulator: Simulator) -> None:
    on = await speaker(simulator, "Wire M")
    command = on.company.customer("Ann Lee")
    frozen, answer = await on.write(Member(command, None))
    assert isinstance(answer, Answered)
    assert isinstance(answer.members[0], Accepted)
    remote = answer.members[0].remote
    await simulator.advance(60)
    await simulator.change("Wire M", "customer", remote.id, email="new@lee.example")
    member = Member(command, remote, last=frozen[0])
    (prepared,) = await on.run(OPERATIONS.prepare([member], on.context))
    assert isinstance(prepared, NotReady)
    assert isinstance(prepared.answer, Refused)
    assert prepared.answer.cause.code == "changed_on_both_sides"


async def test_all_customers_are_listed_deleted_ones_as_inactive(simulator: Simulator) -> None:
    on = await speaker(simulator, "Wire N")
    names = [{"name": f"Customer{n}"} for n in range(130)]
    sown = await simulator.seed("Wire N", customers=names)
    await simulator.delete("Wire N", "customer", str(sown["customers"][0]["id"]))
    kept = await on.run(OPERATIONS.remote_customers(on.context))
    deleted = await on.run(OPERATIONS.remote_customers(on.context, after=kept.after))
    assert (len(kept.customers), kept.total, deleted.after) == (129, 129, None)
    listed = (*kept.customers, *deleted.customers)
    assert [c.name for c in listed if not c.active] == ["Customer0"]


async def test_items_are_listed_some_pages_at_a_time_without_deleted_ones(
    simulator: Simulator,
) -> None:
    on = await speaker(simulator, "Wire Q")
    items = [{"name": f"Part {n}", "unit_price": "12.50"} for n in range(520)]
    sown = await simulator.seed("Wire Q", items=items)
    await simulator.delete("Wire Q", "item", str(sown["items"][0]["id"]))
    first = await on.run(OPERATIONS.remote_items(on.context))
    rest = await on.run(OPERATIONS.remote_items(on.context, after=first.after))
    assert (len(first.items), first.total, len(rest.items), rest.after) == (500, 519, 19, None)
    names = {item.name for item in (*first.items, *rest.items)}
    assert names == {f"Part {n}" for n in range(1, 520)}
    assert {str(item.unit_price) for item in first.items} <= {"12.50", "12.5"}


async def test_accounts_are_offered_only_where_the_plan_and_the_setting_have_them(
    simulator: Simulator,
) -> None:
    on = await speaker(simulator, "Wire O")
    read = await on.run(OPERATIONS.accounts(on.context))
    assert read.offered
    assert {"2000", "2100"} <= {account.code for account in read.accounts}
    off = FreshbooksOperations(item_accounts=False)
    assert not (await on.run(off.accounts(on.context))).offered
    await simulator.settings("Wire O", advanced_accounting=False)
    assert not (await on.run(OPERATIONS.accounts(on.context))).offered
    facts = (await on.run(OPERATIONS.organisation(on.context))).facts
    assert not facts.offers_accounts


async def test_a_missing_scope_for_ledger_accounts_offers_none(simulator: Simulator) -> None:
    on = await speaker(simulator, "Wire P", ledger_scope="account")
    assert not (await on.run(OPERATIONS.accounts(on.context))).offered


async def test_a_suspended_business_holds_the_connection(simulator: Simulator) -> None:
    on = await speaker(simulator, "Wire Q")
    for form in ("403-1042", "401-1042", "422-1042", "402-1042"):
        await simulator.settings(
            "Wire Q", subscription="suspended", inactive_account=form, inactive_blocks="writes"
        )
        _, answer = await on.write(Member(on.company.customer("Ann Lee"), None))
        assert isinstance(answer, NotExecuted), form
        assert isinstance(answer.why, Shut)
        assert answer.why.cause.code == "subscription_ended"
        assert not answer.why.expired


async def test_a_refresh_token_is_good_once(simulator: Simulator) -> None:
    on = await speaker(simulator, "Wire R")
    request = AUTH.refresh(CLIENT, on.tokens.refresh)
    answers = [AUTH.read_tokens(await on.wire.send(request)) for _ in range(2)]
    assert isinstance(answers[0], Tokens)
    assert answers[0].access_expires_in <= 43_200
    assert isinstance(answers[1], GrantDead)


async def test_a_person_may_decline(simulator: Simulator) -> None:
    await simulator.fresh("Wire S")
    callback = await Wire(FRESHBOOKS, simulator.http, simulator.url).consent("Wire S", "deny")
    assert AUTH.declined(callback)
