"""What no source says for certain, on either side: never success where nothing stands there."""

import base64
import hashlib
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from connector_conformance.books import income_account, made
from connector_conformance.commands import IDS
from connector_conformance.simulator import Simulator
from connector_conformance.speaking import CLIENT, Wire
from connector_conformance.unconfirmed import agreed, became, lives_after_reuse, priced, whole_life
from connector_kit.answers import Unreadable
from connector_kit.auth import ConnectRefused, Tokens
from connector_kit.provider import Member
from contracts.commands import TaxRef
from contracts.connections import Account

from .books import AUTH, FRESHBOOKS, OPERATIONS, books, speaker


@pytest.mark.parametrize(
    "switch",
    [
        {"invoice_without_lines": "refuse"},
        {"number_charset": "alphanumeric"},
        {"empty_client": "accept"},
        {"delete_paid": "422-1004"},
        {"refuse_duplicate_numbers": False},
        {"subscription": "active_trial"},
        {"conflict_writers": 3, "conflicts": "account"},
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
    on = await speaker(simulator, f"Reuse {revokes}", reuse_revokes_grant=revokes)
    assert await lives_after_reuse(on) != revokes


@pytest.mark.parametrize("checked", [True, False])
async def test_a_code_is_exchanged_with_its_verifier(simulator: Simulator, checked: bool) -> None:
    name = f"Verifier {checked}"
    await simulator.fresh(name, pkce_checked=checked)
    verifier = "v" * 64
    digest = hashlib.sha256(verifier.encode()).digest()
    challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
    address = AUTH.authorize_url(CLIENT, simulator.url, state="st", challenge=challenge)
    back = await agreed(simulator, address, name)
    request = AUTH.exchange_code(CLIENT, back, verifier=verifier)
    assert request is not None
    wire = Wire(FRESHBOOKS, simulator.http, simulator.url)
    assert isinstance(AUTH.read_tokens(await wire.send(request)), Tokens)


@pytest.mark.parametrize("https", [True, False])
async def test_where_we_come_back_to_is_the_app_s_to_take(
    simulator: Simulator, https: bool
) -> None:
    await simulator.defaults(https_redirects=https)
    try:
        address = AUTH.authorize_url(CLIENT, simulator.url, state="st", challenge=None)
        page = await simulator.http.get(address)
    finally:
        await simulator.defaults(https_redirects=False)
    assert (page.status_code == 200) != https


@pytest.mark.parametrize(
    ("role", "connects"),
    [
        ("owner", True),
        ("business_partner", True),
        ("business_manager", True),
        ("business_employee", False),
        ("business_accountant", False),
        ("contractor", False),
        ("client", False),
    ],
)
async def test_who_may_not_write_there_isn_t_connected(
    simulator: Simulator, role: str, connects: bool
) -> None:
    name = f"Role {role}"
    await simulator.fresh(name, role=role)
    assert await _connects(simulator, name) == connects


async def test_a_membership_without_an_account_isn_t_connected(simulator: Simulator) -> None:
    await simulator.fresh("Nobody", account_missing=True)
    assert not await _connects(simulator, "Nobody")


async def _connects(simulator: Simulator, name: str) -> bool:
    wire = Wire(FRESHBOOKS, simulator.http, simulator.url)
    callback = await wire.consent(name)
    request = AUTH.exchange_code(CLIENT, callback, verifier=None)
    assert request is not None
    tokens = AUTH.read_tokens(await wire.send(request))
    assert isinstance(tokens, Tokens)
    return not isinstance(await wire.run(AUTH.organisations(callback), tokens), ConnectRefused)


@pytest.mark.parametrize("form", ["redirect", "page"])
async def test_a_scope_that_the_app_hasn_t_brings_no_code(simulator: Simulator, form: str) -> None:
    name = f"Enabled {form}"
    await simulator.fresh(name, scope_refusal=form, enabled_scopes=["user:clients:read"])
    address = AUTH.authorize_url(CLIENT, simulator.url, state="st", challenge=None)
    callback = await agreed(simulator, address, name)
    assert AUTH.exchange_code(CLIENT, callback, verifier=None) is None


@pytest.mark.parametrize("ended", ["cancelled", "suspended"])
async def test_a_subscription_that_ended_holds_the_connection(
    simulator: Simulator, ended: str
) -> None:
    name = f"Ended {ended}"
    on = await speaker(simulator, name)
    await simulator.settings(name, subscription=ended)
    word = await became(on, Member(on.company.customer("Ann Lee"), None))
    assert word == "shut:subscription_ended"


@pytest.mark.parametrize("form", ["404-1012", "403-1003", "401-1003"])
async def test_another_business_takes_nothing(simulator: Simulator, form: str) -> None:
    mine = await speaker(simulator, f"Mine {form}", wrong_account=form)
    other = await speaker(simulator, f"Other {form}", wrong_account=form)
    crossed = replace(mine, context=other.context)
    word = await became(crossed, Member(mine.company.customer("Ann Lee"), None))
    # An access token that ran out may say the same: it is fetched anew first.
    assert word == ("again" if form.startswith("401") else "shut:connecting_user_lost_rights")
    assert (await simulator.books(f"Other {form}"))["customers"] == []


async def test_a_business_that_is_lost_is_no_record_that_was_removed(
    simulator: Simulator,
) -> None:
    there = await books(simulator, "Lost", wrong_account="404-1012")
    command = priced(there, "1001", "5.00")
    remote = await made(there.on, Member(command, None))
    other = await speaker(simulator, "Elsewhere")
    lost = replace(there.on, tokens=other.tokens)
    edited = command.model_copy(update={"step": 2})
    assert await became(lost, Member(edited, remote)) == "shut:connecting_user_lost_rights"
    void = lost.company.void(command, remote)
    assert await became(lost, Member(void, remote)) == "shut:connecting_user_lost_rights"
    read = lost.company.read("invoice", command.record_id, remote, step=2)
    (sighting,) = await lost.run(OPERATIONS.read_remote([(read, remote)], lost.context))
    assert isinstance(sighting, Unreadable)


@pytest.mark.parametrize("form", ["errno1003", "insufficient_scope", "message"])
async def test_a_scope_that_is_missing_is_told(simulator: Simulator, form: str) -> None:
    name = f"Scope {form}"
    on = await speaker(simulator, name, missing_scope_body=form)
    address = AUTH.authorize_url(CLIENT, simulator.url, state="st", challenge=None)
    callback = await agreed(simulator, address, name, without="user:clients:write")
    request = AUTH.exchange_code(CLIENT, callback, verifier=None)
    assert request is not None
    tokens = AUTH.read_tokens(await on.wire.send(request))
    assert isinstance(tokens, Tokens)
    narrow = replace(on, tokens=tokens)
    assert (
        await became(narrow, Member(on.company.customer("Ann Lee"), None))
        == "shut:permission_missing"
    )
    assert (await simulator.books(name))["customers"] == []


@pytest.mark.parametrize(
    ("switch", "called", "word"),
    [
        ({"control_characters": "refuse"}, "Ann\x07 Lee", "name_not_allowed"),
        ({"control_characters": "accept"}, "Ann\x07 Lee", "name_not_allowed"),
        ({"beyond_bmp": "accept"}, "Ann Lee \U0001f600", "accepted"),
        ({"beyond_bmp": "refuse"}, "Ann Lee \U0001f600", "name_not_allowed"),
        ({"text_limit": 255}, "Ann " * 70, "name_not_allowed"),
        ({"text_limit": None}, "Ann " * 70, "name_not_allowed"),
    ],
    ids=str,
)
async def test_a_name_of_rare_characters_goes_or_is_told(
    simulator: Simulator, switch: dict[str, object], called: str, word: str
) -> None:
    name = f"Rare {switch}"
    on = await speaker(simulator, name, **switch)
    assert await became(on, Member(on.company.customer(called), None)) == word
    assert len((await simulator.books(name))["customers"]) == (word == "accepted")


@pytest.mark.parametrize("form", ["422-1004", "403-1003", "402-1003", "flag"])
async def test_a_client_beyond_the_plan_is_told(simulator: Simulator, form: str) -> None:
    name = f"Plan {form}"
    on = await speaker(simulator, name, plan_limit=0, client_limit_error=form)
    word = await became(on, Member(on.company.customer("Ann Lee"), None))
    assert word == ("accepted" if form == "flag" else "plan_limit_reached")
    assert len((await simulator.books(name))["customers"]) == (form == "flag")


@pytest.mark.parametrize("checked", [True, False])
async def test_an_address_that_is_none_is_told_before_it_goes(
    simulator: Simulator, checked: bool
) -> None:
    name = f"Address {checked}"
    on = await speaker(simulator, name, email_checked=checked)
    word = await became(on, Member(on.company.customer("Ann Lee", email="ann at lee"), None))
    assert word == "customer_email_invalid"
    assert (await simulator.books(name))["customers"] == []


@pytest.mark.parametrize("taken", ["put", "post_and_put", "ignored"])
@pytest.mark.parametrize("key", ["account_uuid", "income_account_id", "both", "none"])
async def test_an_item_stands_once_however_its_account_is_taken_and_shown(
    simulator: Simulator, taken: str, key: str
) -> None:
    name = f"Item {taken} {key}"
    on = await speaker(simulator, name, item_account=taken, item_account_key=key)
    command = on.company.item("Call-out", await income_account(on))
    frozen, _ = await on.write(Member(command, None))
    (seen,) = await on.look(*frozen)
    assert len((await simulator.books(name))["items"]) == 1, seen


@pytest.mark.parametrize("form", ["422-1004", "422-1012", "404-1012", "accept"])
async def test_an_account_that_isn_t_there_is_told(simulator: Simulator, form: str) -> None:
    on = await speaker(simulator, f"Account {form}", item_account_checked=form)
    gone = Account(id=str(IDS.new()), name="Gone")
    command = on.company.item("Call-out", gone)
    there = await made(on, Member(command.model_copy(update={"income_account_id": None}), None))
    word = await became(on, Member(command, there))
    assert word == ("accepted" if form == "accept" else "account_gone")
    (item,) = (await simulator.books(f"Account {form}"))["items"]
    assert item["account_id"] == (gone.id if form == "accept" else None)


@pytest.mark.parametrize("form", ["403", "404", "ok"])
async def test_a_plan_without_ledger_accounts_offers_none(simulator: Simulator, form: str) -> None:
    on = await speaker(
        simulator, f"Ledger {form}", advanced_accounting=False, ledger_without_advanced=form
    )
    assert not (await on.run(OPERATIONS.accounts(on.context))).offered


@pytest.mark.parametrize("scope", ["journal_entries", "account", "none"])
async def test_accounts_are_offered_where_their_scope_lets_us(
    simulator: Simulator, scope: str
) -> None:
    on = await speaker(simulator, f"Ledger scope {scope}", ledger_scope=scope)
    assert (await on.run(OPERATIONS.accounts(on.context))).offered == (scope != "account")


@pytest.mark.parametrize("rule", ["any", "alphanumeric"])
async def test_a_number_of_other_characters_goes_or_is_told(
    simulator: Simulator, rule: str
) -> None:
    name = f"Number {rule}"
    there = await books(simulator, name, number_charset=rule)
    word = await became(there.on, Member(priced(there, "A/1 b", "5.00"), None))
    assert word == ("accepted" if rule == "any" else "invoice_number_not_allowed")
    numbers = [one["number"] for one in (await simulator.books(name))["invoices"]]
    assert numbers == (["A/1 b"] if rule == "any" else [])


async def test_limits_that_are_lower_there_are_told(simulator: Simulator) -> None:
    there = await books(simulator, "Lower", number_limit=4, max_lines=1)
    word = await became(there.on, Member(priced(there, "10001", "5.00"), None))
    assert word == "invoice_number_not_allowed"
    line = (there.ours[1], there.item.id, "1", "5.00")
    command = there.on.company.invoice("1001", (there.ours[0], there.customer.id), [line, line])
    assert await became(there.on, Member(command, None)) == "too_many_lines"
    assert (await simulator.books("Lower"))["invoices"] == []


@pytest.mark.parametrize("rule", ["422-1025", "accept"])
async def test_a_total_below_zero_is_told_before_it_goes(simulator: Simulator, rule: str) -> None:
    name = f"Below {rule}"
    there = await books(simulator, name, negative_total=rule)
    word = await became(there.on, Member(priced(there, "1001", "-5.00"), None))
    assert word == "invoice_total_negative"
    assert (await simulator.books(name))["invoices"] == []


@pytest.mark.parametrize("rule", ["422-1025", "422-1028", "accept"])
async def test_an_invoice_that_was_due_before_it_was_made_is_told(
    simulator: Simulator, rule: str
) -> None:
    there = await books(simulator, f"Due {rule}", negative_due_offset=rule)
    command = priced(there, "1001", "5.00")
    earlier = command.invoice.issue_date - timedelta(days=3)
    invoice = command.invoice.model_copy(update={"due_date": earlier})
    word = await became(there.on, Member(command.model_copy(update={"invoice": invoice}), None))
    assert word == "due_date_invalid"


@pytest.mark.parametrize("rule", ["accept", "create", "422-1012"])
async def test_a_tax_that_isn_t_there_goes_or_is_told(simulator: Simulator, rule: str) -> None:
    name = f"Tax {rule}"
    there = await books(simulator, name, unknown_tax=rule)
    command = priced(there, "1001", "100.00")
    rate = IDS.new()
    taxed = {
        "tax_rate_id": rate,
        "tax_name": "Duty",
        "tax_percent": Decimal(8),
        "tax_amount": Decimal(8),
    }
    (line,) = command.invoice.lines
    invoice = command.invoice.model_copy(
        update={
            "lines": (line.model_copy(update=taxed),),
            "tax": Decimal(8),
            "total": Decimal(108),
        }
    )
    taxes = {str(rate): TaxRef(name="Duty", percent=Decimal(8))}
    command = command.model_copy(update={"invoice": invoice, "taxes": taxes})
    word = await became(there.on, Member(command, None))
    assert word == ("tax_code_gone" if rule == "422-1012" else "accepted")
    totals = [Decimal(str(one["total"])) for one in (await simulator.books(name))["invoices"]]
    assert totals == ([] if rule == "422-1012" else [Decimal(108)])
