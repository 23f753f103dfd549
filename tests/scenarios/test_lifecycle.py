"""What becomes of an invoice after it was sent: edited, paid, voided, deleted there."""

import pytest
from office import WITHIN, Json, Office, connected_office
from provider_side import (
    act,
    change,
    change_there,
    delete_there,
    fault,
    held_back,
    mend,
    pay_there,
    reprice,
    with_first_synced,
    writes,
)
from providers import ALL
from testkit import Stack, eventually

LONG = 3 * WITHIN
EACH = pytest.mark.parametrize("provider", ALL)
VOIDED = {"freshbooks": "deleted"}
"""What becomes of a voided invoice there; else it is void."""
WITH_ACCOUNTS = pytest.mark.parametrize("provider", ["qbo", "xero"])


async def total_there(oak: Office, remote_id: str, total: str, within: float = WITHIN) -> Json:
    """The invoice in the books, once it comes to this."""

    async def so_much() -> Json:
        [row] = [row for row in (await oak.held())["invoices"] if row["id"] == remote_id]
        assert row["total"] == total, row
        return row

    return await eventually(so_much, within=within)


async def synced_one(oak: Office) -> tuple[Json, Json]:
    """A sent invoice of one line that is there, and its badge."""
    ann, item = await with_first_synced(oak)
    invoice = await oak.invoice(ann, [item], quantity="1")
    await oak.send(invoice)
    return invoice, await oak.badge_when("invoice", invoice, "synced")


@EACH
async def test_s35_an_edit_updates_the_same_invoice_there(stack: Stack, provider: str) -> None:
    async with connected_office(stack, provider=provider) as oak:
        invoice, badge = await synced_one(oak)
        await reprice(oak, invoice, "99.50")
        await total_there(oak, badge["remote_id"], "99.50")
        after = await oak.badge_when("invoice", invoice, "synced")
        assert after["remote_id"] == badge["remote_id"]
        assert await oak.numbers() == ["1001", "1002"]

        # With the switch off, the badge says so and waits for a click.
        await oak.settings(sync_invoices=False)
        await reprice(oak, invoice, "77.00")
        changed = await oak.badge_when("invoice", invoice, "out_of_date")
        assert changed["label"] == "Changed since sync"
        assert "update" in changed["actions"]
        await total_there(oak, badge["remote_id"], "99.50")
        await act(oak, "invoice", invoice, "update")
        await total_there(oak, badge["remote_id"], "77.00")
        await oak.badge_when("invoice", invoice, "synced")
        assert await oak.numbers() == ["1001", "1002"]


@EACH
async def test_s36_of_three_quick_edits_the_last_wins(stack: Stack, provider: str) -> None:
    async with connected_office(stack, provider=provider) as oak:
        invoice, badge = await synced_one(oak)
        for price in ("11.00", "22.00", "33.00"):
            await reprice(oak, invoice, price)
        await total_there(oak, badge["remote_id"], "33.00")
        await oak.badge_when("invoice", invoice, "synced")
        await total_there(oak, badge["remote_id"], "33.00")
        assert await oak.numbers() == ["1001", "1002"]


async def test_s77_b_then_c_then_b_ends_with_b(stack: Stack) -> None:
    async with connected_office(stack) as oak:
        invoice, badge = await synced_one(oak)
        slow = await fault(oak, "delay", method="POST", delay_ms=700)
        await reprice(oak, invoice, "20.00")
        await oak.badge_when("invoice", invoice, "queued")
        await reprice(oak, invoice, "30.00")
        await reprice(oak, invoice, "20.00")
        await oak.badge_when("invoice", invoice, "synced")
        await mend(oak, slow)
        await total_there(oak, badge["remote_id"], "20.00")
        for price in ("30.00", "20.00"):
            await reprice(oak, invoice, price)
            await total_there(oak, badge["remote_id"], price)
        await oak.badge_when("invoice", invoice, "synced")
        assert await oak.numbers() == ["1001", "1002"]


@EACH
async def test_s87_a_click_right_after_a_save_sends_what_was_saved(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        invoice, badge = await synced_one(oak)
        await oak.settings(sync_invoices=False)
        for price in ("41.00", "42.00", "43.00"):
            await reprice(oak, invoice, price)
            assert (await oak.sync("invoice", invoice)).status_code == 202
        await total_there(oak, badge["remote_id"], "43.00")
        await oak.badge_when("invoice", invoice, "synced")
        assert await oak.numbers() == ["1001", "1002"]


@EACH
async def test_s37_a_payment_there_moved_the_version_and_the_edit_arrives(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        invoice, badge = await synced_one(oak)
        await pay_there(oak, badge["remote_id"], "10.00")
        await change(oak, invoice, due_date="2026-08-31")

        async def moved() -> None:
            [row] = [r for r in (await oak.held())["invoices"] if r["id"] == badge["remote_id"]]
            assert row["due_date"] == "2026-08-31"

        await eventually(moved, within=WITHIN)
        await oak.badge_when("invoice", invoice, "synced")
        assert await oak.numbers() == ["1001", "1002"]


@EACH
async def test_keep_ours_writes_over_what_was_changed_on_both_sides(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        invoice, badge = await synced_one(oak)
        (row,) = [r for r in (await oak.held())["invoices"] if r["id"] == badge["remote_id"]]
        [line] = row["lines"]
        kept = {name: line[name] for name in ("item_id", "description", "quantity")}
        # Some providers tell versions apart by the second.
        await oak.books.post("/_sim/clock", json={"advance_seconds": 2})
        await change_there(oak, "invoices", row["id"], lines=[{**kept, "unit_price": "130.00"}])
        await reprice(oak, invoice, "99.50")
        await oak.badge_when("invoice", invoice, "changed_there")
        await total_there(oak, badge["remote_id"], "130.00")
        await act(oak, "invoice", invoice, "keep_ours")
        await total_there(oak, badge["remote_id"], "99.50")
        await oak.badge_when("invoice", invoice, "synced")


@EACH
async def test_s39_voided_here_after_sync_is_voided_there(stack: Stack, provider: str) -> None:
    async with connected_office(stack, provider=provider) as oak:
        invoice, badge = await synced_one(oak)
        assert (await oak.web.post(f"/invoices/{invoice['id']}/void")).status_code == 200
        after = await oak.badge_when("invoice", invoice, "voided")
        assert "sync" not in after["actions"]
        [there] = [r for r in (await oak.held())["invoices"] if r["id"] == badge["remote_id"]]
        assert there["status"] == VOIDED.get(provider, "void")
        if provider == "qbo":
            assert there["total"] == "0.00"
        assert len((await oak.held())["invoices"]) == 2
        refused = await oak.sync("invoice", invoice)
        assert (refused.status_code, refused.json()["code"]) == (409, "invoice_void")


@EACH
async def test_s40_voided_before_its_first_sync_nothing_is_made(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        ann, item = await with_first_synced(oak)
        written = len(await writes(oak))
        async with held_back(oak, "invoice_api", "invoicing.invoice_sent.v1"):
            invoice = await oak.invoice(ann, [item])
            await oak.send(invoice)
            assert (await oak.web.post(f"/invoices/{invoice['id']}/void")).status_code == 200
            await oak.badge_when("invoice", invoice, "voided")
        # Whatever came late: a later invoice of the same company has gone by, and only that.
        later = await oak.invoice(ann, [item])
        await oak.send(later)
        await oak.badge_when("invoice", later, "synced")
        await oak.badge_when("invoice", invoice, "voided")
        assert await oak.numbers() == ["1001", later["number"]]
        assert len(await writes(oak)) == written + 1


@EACH
async def test_s41_a_void_refused_there_is_said_and_goes_once_the_payment_is_gone(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        invoice, badge = await synced_one(oak)
        payment = await pay_there(oak, badge["remote_id"], "10.00")
        assert (await oak.web.post(f"/invoices/{invoice['id']}/void")).status_code == 200
        blocked = await oak.badge_when("invoice", invoice, "blocked")
        assert blocked["cause"]["code"] == "void_refused"
        tried = len(await writes(oak))
        later = await oak.customer("Bo Lind", "bo@lind.example")
        await oak.badge_when("customer", later, "synced")
        assert len(await writes(oak)) == tried + 1
        await delete_there(oak, "payments", payment)
        await act(oak, "invoice", invoice, "retry")
        await oak.badge_when("invoice", invoice, "voided")
        [there] = [r for r in (await oak.held())["invoices"] if r["id"] == badge["remote_id"]]
        assert there["status"] == VOIDED.get(provider, "void")


@EACH
async def test_s42_deleted_there_comes_back_only_by_create_again_and_once(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        invoice, badge = await synced_one(oak)
        await delete_there(oak, "invoices", badge["remote_id"])
        await reprice(oak, invoice, "64.00")
        gone = await oak.badge_when("invoice", invoice, "removed_there")
        # What was approved in Xero can only be voided.
        how = "Voided" if provider == "xero" else "Deleted"
        assert gone["label"] == f"{how} in {oak.there.label}"
        assert "create_again" in gone["actions"]
        assert "sync" not in gone["actions"]
        # Another edit doesn't bring it back by itself.
        await reprice(oak, invoice, "65.00")
        later = await oak.customer("Bo Lind", "bo@lind.example")
        await oak.badge_when("customer", later, "synced")
        await oak.badge_when("invoice", invoice, "removed_there")
        assert await live_numbers(oak) == ["1001"]
        await act(oak, "invoice", invoice, "create_again")
        number = "1002"
        if provider != "qbo":
            # There a removed invoice keeps its number.
            taken = await oak.badge_when("invoice", invoice, "blocked")
            assert taken["cause"]["code"] == "invoice_number_taken"
            fixes = {fix["action"]: fix for fix in taken["cause"]["fixes"]}
            number = fixes["use_number"]["values"]["number"]
            await act(oak, "invoice", invoice, "use_number", number=number)
        again = await oak.badge_when("invoice", invoice, "synced")
        assert again["remote_id"] != badge["remote_id"]
        assert await live_numbers(oak) == ["1001", number]
        await total_there(oak, again["remote_id"], "65.00")


async def live_numbers(oak: Office) -> list[str]:
    """Numbers in the books but those of removed invoices."""
    rows = (await oak.held())["invoices"]
    return sorted(row["number"] for row in rows if row["status"] not in {"deleted", "void"})


@EACH
async def test_s20_a_rename_here_renames_the_same_record_there(stack: Stack, provider: str) -> None:
    async with connected_office(stack, provider=provider) as oak:
        ann, _ = await with_first_synced(oak)
        [before] = (await oak.held())["customers"]
        renamed = await oak.web.patch(f"/customers/{ann['id']}", json={"name": "Ann Lee-Moss"})
        assert renamed.status_code == 200, renamed.text

        async def same() -> None:
            rows = (await oak.held())["customers"]
            assert [(r["id"], r["name"]) for r in rows] == [(before["id"], "Ann Lee-Moss")]

        await eventually(same, within=WITHIN)
        await oak.badge_when("customer", ann, "synced")


@WITH_ACCOUNTS
async def test_s26_unmapped_items_block_by_name_and_mapping_them_all_sends(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await oak.switch_on()
        ann = await oak.customer()
        items = [await oak.item(name) for name in ("Call-out", "Filter", "Valve")]
        invoice = await oak.invoice(ann, items)
        await oak.send(invoice)
        badge = await oak.badge_when("invoice", invoice, "blocked")
        assert badge["cause"]["code"] == "item_account_unmapped"
        assert all(item["name"] in badge["cause"]["sentence"] for item in items), badge
        assert await oak.map_all() == 3
        await oak.badge_when("invoice", invoice, "synced")
        assert await oak.numbers() == ["1001"]


@WITH_ACCOUNTS
async def test_s27_an_archived_account_is_one_cause_and_remapping_releases_all(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await oak.switch_on()
        accounts = await oak.accounts()
        ann = await oak.customer()
        items = [await oak.item(name) for name in ("Call-out", "Filter", "Valve")]
        await oak.map_all()
        await change_there(oak, "accounts", accounts["Services"], active=False)
        await oak.web.get(f"/integrations/{provider}/accounts", params={"refresh": "true"})

        async def known() -> None:
            rows = (await oak.web.get(f"/integrations/{provider}/accounts")).json()["data"]
            assert {r["id"]: r["active"] for r in rows}.get(accounts["Services"]) is not True

        await eventually(known, within=WITHIN)
        invoices = [await oak.invoice(ann, [item]) for item in items]
        for invoice in invoices:
            await oak.send(invoice)
        for invoice in invoices:
            badge = await oak.badge_when("invoice", invoice, "blocked")
            assert badge["cause"]["code"] == "account_gone", badge
        causes = (await oak.web.get(f"/integrations/{provider}/causes")).json()["data"]
        gone = [row for row in causes if row["code"] == "account_gone"]
        assert [row["count"] for row in gone] == [3], causes
        assert "Services" in gone[0]["cause"]["sentence"]
        mapped = await oak.web.put(
            f"/integrations/{provider}/account-mapping",
            json={
                "items": [
                    {
                        "item_id": item["id"],
                        "item_name": item["name"],
                        "account_id": accounts["Parts"],
                    }
                    for item in items
                ]
            },
        )
        assert mapped.status_code == 200, mapped.text
        for invoice in invoices:
            await oak.badge_when("invoice", invoice, "synced")
        assert await oak.numbers() == ["1001", "1002", "1003"]
        assert {row["account_id"] for row in (await oak.held())["items"]} == {accounts["Parts"]}


async def test_s48_before_the_start_date_an_edit_changes_nothing_and_says_so(stack: Stack) -> None:
    async with connected_office(stack) as oak:
        await oak.switch_on()
        await oak.settings(start_date="2026-06-16")
        ann, item = await oak.customer(), await oak.item()
        await oak.map_all()
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)
        badge = await oak.badge_when("invoice", invoice, "not_eligible")
        assert badge["cause"]["code"] == "before_start_date"
        await change(oak, invoice, memo="Thank you")
        await oak.badge_when("customer", ann, "synced")
        badge = await oak.badge_when("invoice", invoice, "not_eligible")
        assert badge["cause"]["code"] == "before_start_date"
        assert await oak.numbers() == []


async def test_s64_ignore_and_its_end_are_kept_with_who_and_why(stack: Stack) -> None:
    async with connected_office(stack) as oak:
        await oak.switch_on()
        ann, item = await oak.customer(), await oak.item()
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)
        await oak.badge_when("invoice", invoice, "blocked")
        await act(oak, "invoice", invoice, "ignore", why="entered by hand")
        ignored = await oak.badge_when("invoice", invoice, "ignored")
        assert ignored["actions"] == ["stop_ignoring"]
        await oak.map_all()
        await oak.badge_when("invoice", invoice, "ignored")
        await act(oak, "invoice", invoice, "stop_ignoring")
        await act(oak, "invoice", invoice, "retry")
        await oak.badge_when("invoice", invoice, "synced")
        assert await oak.numbers() == ["1001"]
        lines = (
            await oak.web.get(f"/invoices/{invoice['id']}/timeline", params={"provider": "qbo"})
        ).json()["data"]
        kinds = [line["kind"] for line in lines]
        assert kinds.index("ignore_began") < kinds.index("ignore_ended")
        [began] = [line for line in lines if line["kind"] == "ignore_began"]
        [ended] = [line for line in lines if line["kind"] == "ignore_ended"]
        assert began["who"]
        assert began["who"] == ended["who"]
        assert "entered by hand" in str(began), began
