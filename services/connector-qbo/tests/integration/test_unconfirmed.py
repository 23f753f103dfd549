"""What no source says for certain, on either side: never success where nothing stands there."""

from dataclasses import replace
from decimal import Decimal

import pytest
from connector_conformance.books import made
from connector_conformance.commands import IDS
from connector_conformance.simulator import Simulator
from connector_conformance.speaking import CLIENT
from connector_conformance.unconfirmed import became, lives_after_reuse, priced, whole_life, word_of
from connector_kit.auth import GrantDead
from connector_kit.provider import FrozenRequest, Member
from contracts.commands import TaxRef
from contracts.ids import RequestId

from .books import AUTH, OPERATIONS, books, speaker

KEY = RequestId(IDS.new())


@pytest.mark.parametrize(
    "switch",
    [
        {"custom_numbers": True},
        {"use_account_numbers": False},
        {"allow_discount": False},
        {"max_results_over_cap": "error"},
        {"without_accept": "json"},
        {"line_without_item": "default_item"},
        {"delete_paid_invoice": "allow"},
        {"delete_name_list": "2010"},
    ],
    ids=str,
)
async def test_an_invoice_s_life_is_the_same_on_either_side(
    simulator: Simulator, switch: dict[str, object]
) -> None:
    name = f"Either {switch}"
    await whole_life(await books(simulator, name, **switch), simulator, name)


@pytest.mark.parametrize("revokes", [False, True])
async def test_a_token_that_was_used_before_is_dead(simulator: Simulator, revokes: bool) -> None:
    on = await speaker(
        simulator, f"Reuse {revokes}", rotate_every_refresh=True, reuse_revokes_grant=revokes
    )
    assert await lives_after_reuse(on) != revokes


@pytest.mark.parametrize("status", [403, 401])
async def test_a_company_that_the_token_isn_t_for_takes_nothing(
    simulator: Simulator, status: int
) -> None:
    mine = await speaker(simulator, f"Mine {status}", wrong_realm_status=status)
    other = await speaker(simulator, f"Other {status}", wrong_realm_status=status)
    crossed = replace(mine, context=other.context)
    word = await became(crossed, Member(mine.company.customer("Ann Lee"), None))
    assert word == {403: "shut:access_removed_there", 401: "again"}[status]
    assert (await simulator.books(f"Other {status}"))["customers"] == []


@pytest.mark.parametrize("status", [400, 200])
async def test_revoking_what_is_unknown_there_ends_well(simulator: Simulator, status: int) -> None:
    on = await speaker(simulator, f"Revoked {status}", revoke_unknown_status=status)
    request = AUTH.detach(CLIENT, on.tokens.refresh, last=True)
    assert request is not None
    answers = [(await on.wire.send(request)).status for _ in range(2)]
    assert answers == [200, status]
    dead = AUTH.read_tokens(await on.wire.send(AUTH.refresh(CLIENT, on.tokens.refresh)))
    assert isinstance(dead, GrantDead)


@pytest.mark.parametrize("name", ["Ann: Lee", "\t:"])
@pytest.mark.parametrize("code", ["6000", "2040"])
@pytest.mark.parametrize("missing", ["2020", "6080"])
async def test_a_name_that_can_t_be_there_is_told(
    simulator: Simulator, name: str, code: str, missing: str
) -> None:
    there = f"Name {len(name)} {code} {missing}"
    on = await speaker(simulator, there, bad_name_code=code, missing_name_code=missing)
    assert await became(on, Member(on.company.customer(name), None)) == "name_not_allowed"
    assert (await simulator.books(there))["customers"] == []


@pytest.mark.parametrize("limit", [100, 25])
async def test_a_long_name_blocks_nobody(simulator: Simulator, limit: int) -> None:
    on = await speaker(simulator, f"Long {limit}", person_name_limit=limit)
    long = "Bartholomew-Maximilian-Alexander Featherstonehaugh-Cholmondeley"
    assert await became(on, Member(on.company.customer(long), None)) == "accepted"


@pytest.mark.parametrize("rule", ["refuse", "allow"])
async def test_a_paid_invoice_is_voided_or_says_why_not(simulator: Simulator, rule: str) -> None:
    name = f"Paid {rule}"
    there = await books(simulator, name, void_paid_invoice=rule)
    command = priced(there, "1001", "10.00")
    remote = await made(there.on, Member(command, None))
    await simulator.pay(name, remote.id)
    newest = remote.model_copy(update={"version": None})
    word = await became(there.on, Member(there.on.company.void(command, remote), newest))
    assert word == {"refuse": "void_refused", "allow": "accepted"}[rule]


@pytest.mark.parametrize("code", ["6070", "6000"])
async def test_an_amount_that_isn_t_its_factors_is_no_success(
    simulator: Simulator, code: str
) -> None:
    """We send none such: it would be our own mistake, and is told as one."""
    there = await books(simulator, f"Amount {code}", amount_mismatch=code)
    member = Member(priced(there, "1001", "128.19"), None)
    packed = OPERATIONS.pack([member], there.on.context, KEY)
    assert packed.request is not None
    body = packed.request.body.replace(b'"UnitPrice":128.19', b'"UnitPrice":127')
    assert body != packed.request.body
    response = await there.on.send(replace(packed.request, body=body))
    answer = OPERATIONS.read(FrozenRequest(KEY, "invoice", packed.frozen), response)
    assert word_of(answer) == "our_mistake"
    assert (await simulator.books(f"Amount {code}"))["invoices"] == []


@pytest.mark.parametrize("code", ["6000", "6100", "ignore"])
async def test_a_tax_where_none_is_set_up_is_told(simulator: Simulator, code: str) -> None:
    """As last read it was set up. Where it is ignored, the total there shows it."""
    name = f"Tax {code}"
    there = await books(simulator, name, tax_not_set_up=code)
    await simulator.settings(name, tax_mode="none")
    command = priced(there, "1001", "100.00")
    rate = IDS.new()
    taxed = {
        "tax_rate_id": rate,
        "tax_name": "Sales tax",
        "tax_percent": Decimal(8),
        "tax_amount": Decimal(8),
    }
    (line,) = command.invoice.lines
    invoice = command.invoice.model_copy(
        update={"lines": (line.model_copy(update=taxed),), "tax": Decimal(8), "total": Decimal(108)}
    )
    taxes = {str(rate): TaxRef(remote_id="2", name="Sales tax", percent=Decimal(8))}
    command = command.model_copy(update={"invoice": invoice, "taxes": taxes})
    word = await became(there.on, Member(command, None))
    told = {"6000": "sales_tax_not_set_up", "6100": "tax_code_gone", "ignore": "accepted"}
    assert word == told[code]
    totals = [Decimal(str(one["total"])) for one in (await simulator.books(name))["invoices"]]
    assert totals == ([Decimal(100)] if code == "ignore" else [])
