"""What no source says for certain, on either side: never success where nothing stands there."""

from dataclasses import replace

import pytest
from connector_conformance.books import made
from connector_conformance.simulator import Simulator
from connector_conformance.speaking import CLIENT, Wire
from connector_conformance.unconfirmed import agreed, became, priced, whole_life
from connector_kit.auth import GrantDead, Tokens
from connector_kit.provider import Member

from .books import AUTH, XERO, books, speaker


@pytest.mark.parametrize(
    "switch",
    [
        {"without_accept": "json"},
        {"lock_drafts": True},
        {"items_write_scope": "either"},
        {"delete_used_item": "refuse"},
        {"url_with_xero": "allow"},
        {"refuse_duplicate_numbers": False},
    ],
    ids=str,
)
async def test_an_invoice_s_life_is_the_same_on_either_side(
    simulator: Simulator, switch: dict[str, object]
) -> None:
    name = f"Either {switch}"
    await whole_life(await books(simulator, name, **switch), simulator, name)


@pytest.mark.parametrize(
    ("rules", "redirect", "asks"),
    [
        ({"scopes_offered": "granular"}, CLIENT.redirect_uri, True),
        ({"scopes_offered": "broad"}, CLIENT.redirect_uri, False),
        ({"redirect_rule": "https_or_localhost"}, CLIENT.redirect_uri, False),
        ({"redirect_rule": "https_or_localhost"}, "https://bridge.example/callback", True),
    ],
    ids=str,
)
async def test_a_consent_that_the_app_may_not_ask_for_isn_t_asked(
    simulator: Simulator, rules: dict[str, object], redirect: str, asks: bool
) -> None:
    """Granular scopes are asked for, and where we come back to is ours to set up."""
    usual: dict[str, object] = {"scopes_offered": "any", "redirect_rule": "any"}
    await simulator.defaults(**rules)
    try:
        client = replace(CLIENT, redirect_uri=redirect)
        address = AUTH.authorize_url(client, simulator.url, state="st", challenge=None)
        page = await simulator.http.get(address)
    finally:
        await simulator.defaults(**usual)
    assert (page.status_code == 200) == asks


@pytest.mark.parametrize("status", [400, 401])
@pytest.mark.parametrize("error", ["invalid_client", "unauthorized_client"])
async def test_an_app_that_is_refused_kills_no_grant(
    simulator: Simulator, status: int, error: str
) -> None:
    """Our own credentials are wrong: people need not connect again once they are put right."""
    on = await speaker(
        simulator, f"App {status} {error}", bad_client_status=status, bad_client_error=error
    )
    wrong = AUTH.refresh(replace(CLIENT, secret=""), on.tokens.refresh)
    assert not isinstance(AUTH.read_tokens(await on.wire.send(wrong)), Tokens | GrantDead)
    right = AUTH.refresh(CLIENT, on.tokens.refresh)
    assert isinstance(AUTH.read_tokens(await on.wire.send(right)), Tokens)


@pytest.mark.parametrize("word", ["insufficient_scope", "insufficent_scope"])
async def test_a_scope_that_is_missing_is_told(simulator: Simulator, word: str) -> None:
    name = f"Scope {word}"
    on = await speaker(simulator, name, insufficient_scope_word=word)
    narrow = replace(on, tokens=await _consented(simulator, name, without="accounting.contacts"))
    assert (
        await became(narrow, Member(on.company.customer("Ann Lee"), None))
        == "shut:permission_missing"
    )
    assert (await simulator.books(name))["customers"] == []


async def _consented(simulator: Simulator, name: str, *, without: str) -> Tokens:
    """Tokens of a consent in which a person was asked for less, by an app of its own."""
    client = replace(CLIENT, id="narrow")
    address = AUTH.authorize_url(client, simulator.url, state="st", challenge=None)
    callback = await agreed(simulator, address, name, without=without)
    request = AUTH.exchange_code(client, callback, verifier=None)
    assert request is not None
    wire = Wire(XERO, simulator.http, simulator.url)
    tokens = AUTH.read_tokens(await wire.send(request))
    assert isinstance(tokens, Tokens)
    return tokens


@pytest.mark.parametrize("rule", ["refuse", "allow"])
async def test_a_total_below_zero_is_told_before_it_goes(simulator: Simulator, rule: str) -> None:
    name = f"Below {rule}"
    there = await books(simulator, name, negative_total=rule)
    word = await became(there.on, Member(priced(there, "1001", "-5.00"), None))
    assert word == "invoice_total_negative"
    assert (await simulator.books(name))["invoices"] == []


@pytest.mark.parametrize("said", ["", "The user said no"])
async def test_a_person_declines_with_or_without_words(simulator: Simulator, said: str) -> None:
    name = f"Declined {said}"
    await simulator.fresh(name)
    await simulator.defaults(deny_description=said)
    try:
        callback = await Wire(XERO, simulator.http, simulator.url).consent(name, "deny")
    finally:
        await simulator.defaults(deny_description="")
    assert AUTH.declined(callback)
    assert callback.get("error_description", "") == said


@pytest.mark.parametrize("status", ["active", "offline"])
async def test_an_organisation_that_is_offline_takes_nothing(
    simulator: Simulator, status: str
) -> None:
    name = f"Line {status}"
    on = await speaker(simulator, name)
    await simulator.settings(name, organisation_status=status)
    word = await became(on, Member(on.company.customer("Ann Lee"), None))
    assert word == {"active": "accepted", "offline": "unknown"}[status]


@pytest.mark.parametrize("words", ["", "That number belongs to somebody else."])
async def test_a_contact_number_that_is_taken_is_no_success_in_any_words(
    simulator: Simulator, words: str
) -> None:
    name = f"Number {len(words)}"
    on = await speaker(simulator, name, **({"number_taken_message": words} if words else {}))
    command = on.company.customer("Ann Lee")
    await made(on, Member(command, None))
    again = command.model_copy(
        update={"customer": command.customer.model_copy(update={"name": "Bo Lind"})}
    )
    # In words that we know it is looked up: whoever has the number is what we made before.
    assert await became(on, Member(again, None)) == ("refused_unknown" if words else "unknown")
    assert len((await simulator.books(name))["customers"]) == 1


@pytest.mark.parametrize("words", ["", "That code is in use."])
async def test_an_item_s_code_that_is_taken_is_no_success_in_any_words(
    simulator: Simulator, words: str
) -> None:
    name = f"Code {len(words)}"
    there = await books(simulator, name, **({"item_taken_message": words} if words else {}))
    word = await became(there.on, Member(there.on.company.item("Call-out", None), None))
    assert word == "item_name_taken"


@pytest.mark.parametrize("words", ["", "No such item."])
async def test_an_item_that_is_gone_is_no_success_in_any_words(
    simulator: Simulator, words: str
) -> None:
    name = f"Gone {len(words)}"
    there = await books(simulator, name, **({"unknown_item_message": words} if words else {}))
    await simulator.delete(name, "items", there.item.id)
    assert await became(there.on, there.invoice("1001")) == "reference_gone"
