"""The operations alone against the simulator: requests out, responses back, no kit."""

import pytest
from connector_conformance.books import income_account, made
from connector_conformance.commands import IDS
from connector_conformance.simulator import Simulator
from connector_conformance.speaking import CLIENT
from connector_kit.answers import Accepted, Answered, ReferenceGone, Refused, RemovedThere, Seen
from connector_kit.exchange import Response
from connector_kit.provider import FrozenMember, FrozenRequest, Member, NotReady
from contracts.commands import SyncCustomer
from contracts.ids import RequestId

from .books import AUTH, OPERATIONS, books, speaker


async def test_the_same_request_again_makes_no_second_one(simulator: Simulator) -> None:
    on = await speaker(simulator, "Wire A")
    key = RequestId(IDS.new())
    member = Member(on.company.customer("Ann Lee"), None)
    packed = OPERATIONS.pack([member], on.context, key)
    assert packed.request is not None
    bodies: list[bytes] = []
    for _ in range(2):
        answer = await on.send(packed.request)
        assert answer.status == 200
        bodies.append(answer.body)
    assert bodies[0] == bodies[1]
    assert len((await simulator.books("Wire A"))["customers"]) == 1


async def test_each_element_of_a_batch_has_its_own_answer(simulator: Simulator) -> None:
    on = await speaker(simulator, "Wire B", batch_order="reversed")
    await simulator.seed("Wire B", customers=[{"name": "Ann Lee"}])
    members = [Member(on.company.customer(name), None) for name in ("Bob", "Ann Lee", "Cy")]
    packed = OPERATIONS.pack(members, on.context, RequestId(IDS.new()))
    assert packed.request is not None
    response = await on.send(packed.request)
    answer = OPERATIONS.read(_frozen(members, packed.frozen), response)
    assert isinstance(answer, Answered)
    kinds = [type(each) for each in answer.members]
    assert kinds == [Accepted, Refused, Accepted]
    (sighting,) = await on.look(packed.frozen[0])
    assert isinstance(sighting, Seen)
    assert [(c.mark, c.differing) for c in sighting.candidates] == [("ours", ())]


async def test_an_archived_contact_s_name_is_free_for_a_new_one(simulator: Simulator) -> None:
    on = await speaker(simulator, "Wire C")
    first = on.company.customer("Ann Lee")
    there = await made(on, Member(first, None))
    await simulator.delete("Wire C", "customers", there.id)
    (one,) = await on.run(OPERATIONS.prepare([Member(first, there)], on.context))
    assert isinstance(one, NotReady)
    assert isinstance(one.answer, RemovedThere)
    anew = on.company.customer("Ann Lee", record=first.record_id, generation=2, step=2)
    assert (await made(on, Member(anew, None))).id != there.id


@pytest.mark.parametrize(
    ("settings", "currency", "cause"),
    [
        ({"lock_date": "2026-06-30"}, "USD", "period_closed"),
        ({"plan_limit": 0}, "USD", "plan_limit_reached"),
        ({}, "EUR", "currency_not_enabled"),
    ],
)
async def test_what_the_organisation_refuses_has_its_cause(
    simulator: Simulator, settings: dict[str, object], currency: str, cause: str
) -> None:
    name = f"Wire D {cause}"
    there = await books(simulator, name)
    if settings:
        await simulator.settings(name, **settings)
    (answer,) = await there.on.answers(Member(there.command("1001", currency), None))
    assert isinstance(answer, Refused)
    assert answer.cause.code == cause


async def test_an_item_that_is_gone_is_named(simulator: Simulator) -> None:
    there = await books(simulator, "Wire E")
    await simulator.delete("Wire E", "items", there.item.id)
    (one,) = await there.on.run(OPERATIONS.prepare([there.invoice("1001")], there.on.context))
    assert isinstance(one, NotReady)
    assert isinstance(one.answer, ReferenceGone)
    assert one.answer.local_ids == (str(there.ours[1]),)


async def test_an_update_changes_what_we_know_and_keeps_the_rest(simulator: Simulator) -> None:
    on = await speaker(simulator, "Wire F")
    first: SyncCustomer = on.company.customer("Ann Lee")
    there = await made(on, Member(first, None))
    again = on.company.customer("Ann Moore", email=None, record=first.record_id, step=2)
    assert (await made(on, Member(again, there))).id == there.id
    (row,) = (await simulator.books("Wire F"))["customers"]
    assert (row["name"], row["email"]) == ("Ann Moore", "ann@lee.example")


async def test_in_a_country_that_taxes_by_default_no_tax_is_added(simulator: Simulator) -> None:
    on = await books(simulator, "Wire G", country="NZ")
    (answer,) = await on.on.answers(Member(on.command("1001", "NZD"), None))
    assert isinstance(answer, Accepted)
    assert answer.totals is not None
    assert (str(answer.totals.total), answer.totals.tax) == ("256.38", 0)
    rates = await on.on.run(OPERATIONS.tax_rates(on.on.context))
    assert any(rate.percent == 15 and rate.active for rate in rates)
    account = await income_account(on.on)
    assert account is not None
    assert account.code == "2000"


async def test_a_left_organisation_answers_no_more(simulator: Simulator) -> None:
    on = await speaker(simulator, "Wire H")
    bearer = dict(AUTH.bearer(on.tokens.access))
    (row,) = (await simulator.http.get(f"{simulator.url}/connections", headers=bearer)).json()
    request = AUTH.detach(CLIENT, on.tokens.refresh, last=False, attachment=row["id"])
    assert request is not None
    left = await on.send(request)
    assert left.status == 204
    after: Response = await on.send(next(OPERATIONS.organisation(on.context)))
    assert after.status == 403


def _frozen(members: list[Member], frozen: tuple[FrozenMember, ...]) -> FrozenRequest:
    return FrozenRequest(RequestId(IDS.new()), members[0].command.entity, frozen)
