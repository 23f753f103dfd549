"""The operations against the simulator itself: it takes what they send and says what they read."""

from dataclasses import replace
from decimal import Decimal

import pytest
from connector_conformance.books import income_account, made
from connector_conformance.commands import IDS
from connector_conformance.simulator import Simulator
from connector_conformance.speaking import CLIENT, Wire
from connector_kit.answers import (
    Accepted,
    Answered,
    NotExecuted,
    Refused,
    RemovedThere,
    RequestAnswer,
    Seen,
    Stale,
    Unauthorized,
)
from connector_kit.auth import GrantDead, Tokens
from connector_kit.provider import Member, NotReady
from connector_qbo.app import QBO
from contracts.commands import RemoteRef
from contracts.ids import RequestId

from .books import AUTH, OPERATIONS, books, speaker


async def test_connecting_reads_the_company_and_its_settings(simulator: Simulator) -> None:
    on = await speaker(simulator, "Oak A", lock_date="2026-03-31", multicurrency=True)
    assert on.context.organisation.name == "Oak A"
    assert on.context.facts.home_currency == "USD"
    assert on.context.facts.country == "US"
    assert on.context.facts.multi_currency
    assert str(on.context.facts.books_closed_up_to) == "2026-03-31"


async def test_declining_is_told_apart(simulator: Simulator) -> None:
    await simulator.fresh("Oak B")
    callback = await Wire(QBO, simulator.http, simulator.url).consent("Oak B", "deny")
    assert AUTH.declined(callback)
    assert AUTH.exchange_code(CLIENT, callback, verifier=None) is None


async def test_tokens_are_refreshed_and_a_revoked_grant_is_dead(simulator: Simulator) -> None:
    on = await speaker(simulator, "Oak C")
    request = AUTH.refresh(CLIENT, on.tokens.refresh)
    fresh = AUTH.read_tokens(await on.wire.send(request))
    assert isinstance(fresh, Tokens)
    assert fresh.access != on.tokens.access
    revoke = AUTH.detach(CLIENT, fresh.refresh, last=True)
    assert revoke is not None
    assert (await on.wire.send(revoke)).status == 200
    request = AUTH.refresh(CLIENT, fresh.refresh)
    dead = AUTH.read_tokens(await on.wire.send(request))
    assert isinstance(dead, GrantDead)


async def test_an_old_access_token_asks_for_a_refresh(simulator: Simulator) -> None:
    on = await speaker(simulator, "Oak D")
    stale = replace(on, tokens=replace(on.tokens, access="eyJ..nothing"))
    packed = OPERATIONS.pack(
        [Member(on.company.customer("Ann"), None)], on.context, RequestId(IDS.new())
    )
    assert packed.request is not None
    response = await stale.send(packed.request)
    answer = OPERATIONS.whole(response)
    assert isinstance(answer, NotExecuted)
    assert isinstance(answer.why, Unauthorized)


async def test_customer_item_and_invoice_stand_in_the_books_as_sent(simulator: Simulator) -> None:
    b = await books(simulator, "Oak E")
    (answer,) = await b.on.answers(b.invoice("1001"))
    assert isinstance(answer, Accepted)
    assert answer.totals is not None
    assert (answer.totals.total, answer.totals.currency) == (Decimal("256.38"), "USD")
    there = await simulator.books("Oak E")
    (customer,), (item,), (invoice,) = there["customers"], there["items"], there["invoices"]
    assert (customer["name"], customer["email"]) == ("Ann Lee", "ann@lee.example")
    assert (item["name"], item["sku"]) == ("Call-out", "CALL")
    assert (invoice["number"], invoice["total"]) == ("1001", "256.38")
    assert (invoice["date"], invoice["due_date"]) == ("2026-06-15", "2026-07-15")


async def test_thirty_invoices_go_as_one_batch_whatever_their_order(simulator: Simulator) -> None:
    b = await books(simulator, "Oak F", batch_order="shuffled")
    answers = await b.on.answers(*[b.invoice(f"N{n}") for n in range(30)])
    assert [a.remote.number for a in answers if isinstance(a, Accepted)] == [
        f"N{n}" for n in range(30)
    ]
    assert len((await simulator.books("Oak F"))["invoices"]) == 30


@pytest.mark.parametrize("replays", [True, False])
async def test_the_same_request_again_makes_no_second_one_where_it_is_honoured(
    simulator: Simulator, replays: bool
) -> None:
    name = f"Oak G{replays}"
    b = await books(simulator, name, requestid_honoured=replays)
    key = RequestId(IDS.new())
    member = b.invoice("1001")
    packed = OPERATIONS.pack([member], b.on.context, key)
    assert packed.request is not None
    for _ in range(2):
        await b.on.send(packed.request)
    assert len((await simulator.books(name))["invoices"]) == (1 if replays else 2)


async def test_what_was_made_is_found_again_and_is_ours(simulator: Simulator) -> None:
    on = await speaker(simulator, "Oak H")
    customers = [Member(on.company.customer(f"Amy's \\ Bird {n}"), None) for n in range(3)]
    frozen, _ = await on.write(*customers)
    for sighting in await on.look(*frozen):
        assert isinstance(sighting, Seen)
        (found,) = sighting.candidates
        assert (found.mark, found.differing, found.removed) == ("ours", (), None)
        assert found.created_at is not None
    item = Member(on.company.item("Call-out", await income_account(on)), None)
    frozen, _ = await on.write(item)
    (sighting,) = await on.look(*frozen)
    assert isinstance(sighting, Seen)
    (found,) = sighting.candidates
    assert (found.mark, found.differing) == ("none", ())


async def test_an_invoice_is_found_again_as_it_was_sent(simulator: Simulator) -> None:
    b = await books(simulator, "Oak I")
    frozen, _ = await b.on.write(b.invoice("1001"), b.invoice("1002"))
    sightings = await b.on.look(*frozen)
    for sighting in sightings:
        assert isinstance(sighting, Seen)
        (found,) = sighting.candidates
        assert (found.mark, found.differing) == ("ours", ())


async def test_what_never_arrived_is_not_there(simulator: Simulator) -> None:
    b = await books(simulator, "Oak J")
    packed = OPERATIONS.pack([b.invoice("1001")], b.on.context, RequestId(IDS.new()))
    assert await b.on.look(*packed.frozen) == [Seen()]


async def test_an_update_changes_what_we_know_and_keeps_the_rest(simulator: Simulator) -> None:
    on = await speaker(simulator, "Oak K")
    first = on.company.customer("Ann Lee")
    there = await made(on, Member(first, None))
    renamed = on.company.customer("Ann Lee-Moore", email=None, record=first.record_id, step=2)
    frozen, _ = await on.write(Member(renamed, there))
    (customer,) = (await simulator.books("Oak K"))["customers"]
    assert (customer["name"], customer["email"]) == ("Ann Lee-Moore", "ann@lee.example")
    (sighting,) = await on.look(*frozen)
    assert isinstance(sighting, Seen)
    assert (sighting.candidates[0].differing, sighting.candidates[0].moved_on) == ((), True)


async def test_an_old_version_is_stale_and_read_again(simulator: Simulator) -> None:
    b = await books(simulator, "Oak L")
    member = b.invoice("1001")
    frozen, answer = await b.on.write(member)
    there = made_of(answer)
    await simulator.pay("Oak L", there.id)
    (stale,) = await b.on.answers(Member(member.command, there, last=frozen[0]))
    assert isinstance(stale, NotExecuted)
    assert isinstance(stale.why, Stale)
    unknown = there.model_copy(update={"version": None})
    (again,) = await b.on.answers(Member(member.command, unknown, last=frozen[0]))
    assert isinstance(again, Accepted)


def made_of(answer: RequestAnswer) -> RemoteRef:
    assert isinstance(answer, Answered)
    (first,) = answer.members
    assert isinstance(first, Accepted), first
    return first.remote


async def test_an_edit_there_is_not_written_over(simulator: Simulator) -> None:
    b = await books(simulator, "Oak M")
    member = b.invoice("1001")
    frozen, answer = await b.on.write(member)
    there = made_of(answer)
    await simulator.change("Oak M", "invoice", there.id, number="1001-B")
    unknown = there.model_copy(update={"version": None})
    (prepared,) = await b.on.run(
        OPERATIONS.prepare([Member(member.command, unknown, last=frozen[0])], b.on.context)
    )
    assert isinstance(prepared, NotReady)
    assert isinstance(prepared.answer, Refused)
    assert prepared.answer.cause.code == "changed_on_both_sides"
    assert prepared.answer.cause.params["fields_there"] == '["the number"]'


@pytest.mark.parametrize("several", [False, True])
async def test_a_void_leaves_the_invoice_at_zero(simulator: Simulator, several: bool) -> None:
    name = f"Oak N{several}"
    b = await books(simulator, name)
    commands = [b.command("1001"), b.command("1002")][: 2 if several else 1]
    members = [Member(command, None) for command in commands]
    sent = [a.remote for a in await b.on.answers(*members) if isinstance(a, Accepted)]
    voids = [
        Member(b.on.company.void(command, None), remote)
        for command, remote in zip(commands, sent, strict=True)
    ]
    frozen, answer = await b.on.write(*voids)
    assert isinstance(answer, Answered)
    assert all(isinstance(a, Accepted) and a.voided for a in answer.members)
    assert {i["status"] for i in (await simulator.books(name))["invoices"]} == {"void"}
    for sighting in await b.on.look(*frozen):
        assert isinstance(sighting, Seen)
        assert sighting.candidates[0].removed == "voided"


async def test_a_void_of_a_paid_invoice_is_refused_with_its_cause(simulator: Simulator) -> None:
    b = await books(simulator, "Oak O")
    command = b.command("1001")
    sent = await made(b.on, Member(command, None))
    await simulator.pay("Oak O", sent.id)
    unknown = sent.model_copy(update={"version": None})
    (answer,) = await b.on.answers(Member(b.on.company.void(command, None), unknown))
    assert isinstance(answer, Refused)
    assert answer.cause.code == "void_refused"


async def test_an_invoice_deleted_there_is_seen_as_deleted(simulator: Simulator) -> None:
    b = await books(simulator, "Oak P")
    member = b.invoice("1001")
    frozen, answer = await b.on.write(member)
    there = made_of(answer)
    await simulator.delete("Oak P", "invoice", there.id)
    updated = OPERATIONS.pack([Member(member.command, there)], b.on.context, RequestId(IDS.new()))
    (sighting,) = await b.on.look(*updated.frozen)
    assert isinstance(sighting, Seen)
    assert sighting.candidates[0].removed == "deleted"
    assert await b.on.look(*frozen) == [Seen()]
    (gone,) = await b.on.answers(Member(member.command, there))
    assert isinstance(gone, RemovedThere)
