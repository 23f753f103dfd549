"""Sign-ins that expire, die, get lost or are ended: nothing is lost and nothing goes twice."""

import pytest
from office import WITHIN, all_of, connected_office, office
from provider_side import (
    behave,
    disconnect,
    disconnect_there,
    expire_access,
    fault,
    held_back,
    hits,
    invoices_by_state,
    mend,
    reconnect,
    refreshes,
    sent_many,
    with_first_synced,
    writes,
)
from testkit import Stack, eventually

LONG = 3 * WITHIN


async def test_z13_s6_ten_clicks_on_an_expired_token_make_one_refresh(
    quick: Stack, provider: str
) -> None:
    async with connected_office(quick, provider=provider) as oak:
        ann, item = await with_first_synced(oak)
        await oak.settings(sync_invoices=False)
        invoices = [await oak.invoice(ann, [item]) for _ in range(10)]
        await all_of(*(oak.send(invoice) for invoice in invoices))
        before = len(await refreshes(oak))
        await expire_access(oak)
        clicked = await all_of(*(oak.sync("invoice", invoice) for invoice in invoices))
        assert {answer.status_code for answer in clicked} == {202}
        for invoice in invoices:
            await oak.badge_when("invoice", invoice, "synced", within=LONG)
        assert await oak.numbers() == [str(number) for number in range(1001, 1012)]
        assert len(await refreshes(oak)) == before + 1
        assert (await oak.integration())["status"] == "connected"


async def test_z13_s9_revoked_in_the_middle_the_rest_is_held_and_goes_on(
    quick: Stack, provider: str
) -> None:
    async with connected_office(quick, provider=provider) as oak:
        ann, item = await with_first_synced(oak)
        # One request an invoice takes its time: fewer of them say the same.
        count = 200 if oak.there.batches else 50
        middle = f'"{1001 + count // 2}"'
        revoked = await fault(oak, "revoke", path=oak.there.many, contains=middle, times=1)
        await sent_many(oak, ann, item, count)

        async def settled() -> None:
            states = await invoices_by_state(oak)
            assert set(states) == {"synced", "held"}, states
            # What was under way when access ended is still answered.
            there = await oak.numbers()
            assert states == {"synced": len(there), "held": count + 1 - len(there)}
            assert (await oak.integration())["status"] == "reconnect"

        await eventually(settled, within=LONG)
        assert await hits(oak, revoked) == 1
        there = await oak.numbers()
        assert len(set(there)) == len(there) <= count

        # One reason for all, and the words say what to do.
        causes = (await oak.web.get(f"/integrations/{provider}/causes")).json()["data"]
        assert [(row["code"], row["count"]) for row in causes] == [
            ("connection_expired", count + 1 - len(there))
        ], causes
        assert oak.there.label in causes[0]["cause"]["title"]
        assert [fix["action"] for fix in causes[0]["cause"]["fixes"]] == ["reconnect"]

        assert await reconnect(oak) == oak.settings_page
        await oak.until_connected()

        async def all_there() -> None:
            assert await invoices_by_state(oak) == {"synced": count + 1}

        await eventually(all_there, within=LONG)
        assert await oak.numbers() == [str(number) for number in range(1001, 1002 + count)]


@pytest.mark.parametrize(
    ("provider", "switches"),
    [("qbo", {"rotate_every_refresh": True, "refresh_grace": 600}), ("xero", {})],
)
async def test_s7_a_lost_refresh_answer_goes_on_within_the_grace(
    quick: Stack, provider: str, switches: dict[str, object]
) -> None:
    """Xero's half hour is its own; FreshBooks has no grace."""
    async with connected_office(quick, provider=provider) as oak:
        ann, item = await with_first_synced(oak)
        await behave(oak, **switches)
        await fault(oak, "drop_after_commit", path=oak.there.tokens, times=1)
        await expire_access(oak)
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)
        await oak.badge_when("invoice", invoice, "synced", within=LONG)
        assert await oak.numbers() == ["1001", "1002"]
        assert (await oak.integration())["status"] == "connected"


async def test_s7_a_lost_refresh_answer_without_grace_asks_to_reconnect(
    quick: Stack, provider: str
) -> None:
    async with connected_office(quick, provider=provider) as oak:
        ann, item = await with_first_synced(oak)
        await behave(oak, **oak.there.no_grace)
        await fault(oak, "drop_after_commit", path=oak.there.tokens, times=1)
        await expire_access(oak)
        invoices = await sent_many(oak, ann, item, 3)

        async def held_for_a_person() -> None:
            for invoice in invoices:
                badge = await oak.badge("invoice", invoice)
                assert badge["state"] == "held", badge
                assert badge["cause"]["code"] == "connection_expired", badge

        await eventually(held_for_a_person, within=LONG)
        assert (await oak.integration())["status"] == "reconnect"
        await reconnect(oak)
        for invoice in invoices:
            await oak.badge_when("invoice", invoice, "synced", within=LONG)
        assert await oak.numbers() == ["1001", "1002", "1003", "1004"]


async def test_s8_a_token_endpoint_that_fails_leaves_the_connection_as_it_is(
    quick: Stack, provider: str
) -> None:
    async with connected_office(quick, provider=provider) as oak:
        ann, item = await with_first_synced(oak)
        before = len(await refreshes(oak))
        broken = await fault(oak, "status", path=oak.there.tokens, status=500)
        await expire_access(oak)
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)

        async def tried() -> None:
            assert await hits(oak, broken) >= 1

        await eventually(tried, within=LONG)
        assert (await oak.integration())["status"] == "connected"
        await mend(oak, broken)
        await oak.badge_when("invoice", invoice, "synced", within=LONG)
        assert (await oak.integration())["status"] == "connected"
        assert [row["status"] for row in (await refreshes(oak))[before:]][-1] == 200
        assert await oak.numbers() == ["1001", "1002"]


async def test_z10_a_disconnect_deletes_nothing_and_a_reconnect_goes_on(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        ann, item = await with_first_synced(oak)
        before = await oak.held()
        await disconnect(oak)

        async def disconnected() -> None:
            assert (await oak.integration())["status"] == "disconnected"

        await eventually(disconnected, within=WITHIN)
        written = len(await writes(oak))
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)
        badge = await oak.badge_when("invoice", invoice, "held")
        assert badge["cause"]["code"] == "disconnected_by_person"
        assert (await oak.held(), len(await writes(oak))) == (before, written)
        await oak.connect()
        await oak.badge_when("invoice", invoice, "synced")
        after = await oak.held()
        assert [row["number"] for row in after["invoices"]] == ["1001", "1002"]
        assert (len(after["customers"]), len(after["items"])) == (1, 1)


async def test_s11_commands_on_their_way_at_a_disconnect_are_never_sent(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        ann, item = await with_first_synced(oak)
        async with held_back(oak, "sync_orchestrator", "sync.sync_invoice.v1"):
            invoices = await sent_many(oak, ann, item, 5)
            for invoice in invoices:
                await oak.badge_when("invoice", invoice, "queued")
            written = len(await writes(oak))
            await disconnect(oak)
        for invoice in invoices:
            badge = await oak.badge_when("invoice", invoice, "held")
            assert badge["cause"]["code"] == "disconnected_by_person"
        assert await oak.numbers() == ["1001"]
        assert len(await writes(oak)) == written
        await oak.connect()
        for invoice in invoices:
            await oak.badge_when("invoice", invoice, "synced")
        assert await oak.numbers() == [str(number) for number in range(1001, 1007)]


async def test_s5_an_organisation_of_another_company_is_refused(
    stack: Stack, provider: str
) -> None:
    async with (
        connected_office(stack, "Elm", provider=provider) as elm,
        office(stack, "Fir", provider) as fir,
    ):
        await fir.sign_up()
        callback = await fir.agree(await fir.start_connecting(), elm.organisation)
        back = await fir.browser.get(callback)
        assert back.status_code == 303
        assert "connect=organisation_taken" in back.headers["location"]
        assert (await fir.integration())["status"] == "not_connected"
        await with_first_synced(elm)
        assert await elm.numbers() == ["1001"]


async def test_z13_access_removed_at_the_provider_asks_to_reconnect(
    quick: Stack, provider: str
) -> None:
    async with connected_office(quick, provider=provider) as oak:
        ann, item = await with_first_synced(oak)
        await disconnect_there(oak)
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)
        badge = await oak.badge_when("invoice", invoice, "held", within=LONG)
        assert badge["cause"]["who"] == "reconnect"
        assert badge["label"] == f"Paused: reconnect {oak.there.label}"
        assert "reconnect" in badge["actions"]
        await reconnect(oak)
        await oak.badge_when("invoice", invoice, "synced", within=LONG)
        assert await oak.numbers() == ["1001", "1002"]
