"""What a bookkeeper does there and chooses here: never forced, never guessed, always said."""

import pytest
from by_pages import hidden, pages_of, undo
from office import WITHIN, Json, Office, connected_office
from provider_side import (
    act,
    behave,
    change,
    change_there,
    delete_there,
    fault,
    hits,
    mend,
    pay_there,
    reprice,
    with_first_synced,
    writes,
)
from testkit import Stack, eventually

WITH_ACCOUNTS = pytest.mark.parametrize("provider", ["qbo", "xero"])
READS: dict[str, dict[str, str]] = {
    "qbo": {"method": "POST", "path": "/query", "contains": "FROM Invoice"},
    "xero": {"method": "GET", "path": "/api.xro/2.0/Invoices"},
    "freshbooks": {"method": "GET", "path": "/accounting"},
}
"""What reads invoices there."""

PAID_IS_LOCKED: dict[str, dict[str, str]] = {
    "qbo": {"edit_paid_invoice": "refuse"},
    "xero": {},
    "freshbooks": {"edit_paid": "422-1004"},
}
"""What makes it refuse another amount of an invoice with a payment."""


async def held_invoice(oak: Office, remote_id: str) -> Json:
    [row] = [row for row in (await oak.held())["invoices"] if row["id"] == remote_id]
    return row


async def syncs(oak: Office, **query: str) -> list[Json]:
    answer = await oak.web.get(f"/integrations/{oak.provider}/syncs", params=query)
    assert answer.status_code == 200, answer.text
    rows: list[Json] = answer.json()["data"]
    return rows


async def test_s38_paid_there_and_changed_here_is_not_forced(stack: Stack, provider: str) -> None:
    async with connected_office(stack, "Paid", provider) as oak:
        ann, item = await with_first_synced(oak)
        await behave(oak, **PAID_IS_LOCKED[provider])
        paid, undone = [await oak.invoice(ann, [item], quantity="1") for _ in range(2)]
        for invoice in (paid, undone):
            await oak.send(invoice)
        remotes = [
            (await oak.badge_when("invoice", one, "synced"))["remote_id"] for one in (paid, undone)
        ]
        for invoice, remote in zip((paid, undone), remotes, strict=True):
            await pay_there(oak, remote, "10.00")
            await reprice(oak, invoice, "99.00")
        for invoice, remote in zip((paid, undone), remotes, strict=True):
            badge = await oak.badge_when("invoice", invoice, "blocked")
            assert badge["cause"]["code"] == "locked_by_payment", badge
            assert invoice["number"] in badge["cause"]["sentence"]
            offered = [fix["action"] for fix in badge["cause"]["fixes"]]
            assert offered == ["open_there", "leave_theirs"]
            assert "credit note" in badge["cause"]["fixes"][0]["label"]
            assert [link["label"] for link in badge["cause"]["links"]] == ["Undo my change"]
            assert (await held_invoice(oak, remote))["total"] == "128.19"
        await act(oak, "invoice", paid, "leave_theirs")
        await oak.badge_when("invoice", paid, "synced")
        await act(oak, "invoice", paid, "show_difference")
        badge = await oak.badge_when("invoice", paid, "blocked")
        assert badge["cause"]["code"] == "locked_by_payment", badge
        # By the page: both the toast and the record itself lead back.
        async with pages_of(oak) as web:
            at = f"/invoices/{paid['id']}"
            fields = {"csrf": hidden((await web.get(at)).text, "csrf"), "provider": provider}
            left = await web.post(f"{at}/actions/leave_theirs", data=fields)
            where, told = undo(left.headers["set-cookie"], (await web.get(at)).text)
            assert where == f"{at}/actions/show_difference", (where, told)
            page = (await web.get(at)).text
            assert f'action="{at}/actions/show_difference"' in page
        await oak.badge_when("invoice", paid, "synced")
        [line] = undone["lines"]
        given = ("item_id", "description", "quantity", "unit_price")
        await change(oak, undone, lines=[{name: line[name] for name in given}])
        await oak.badge_when("invoice", undone, "synced")
        for remote in remotes:
            assert (await held_invoice(oak, remote))["total"] == "128.19"


@WITH_ACCOUNTS
async def test_s29_an_account_that_is_not_income_cannot_be_chosen(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, "Rent", provider) as oak:
        accounts = await oak.accounts()
        assert set(accounts) == {"Services", "Parts"}, "only income accounts are listed"
        [rent] = [row for row in (await oak.held())["accounts"] if row["name"] == "Rent"]
        item = await oak.item()
        mapping = f"/integrations/{provider}/account-mapping"
        one = {"item_id": item["id"], "item_name": item["name"], "account_id": rent["id"]}
        for answer in (
            await oak.web.put(mapping, json={"items": [one]}),
            await oak.web.post(f"{mapping}/apply-to-unmapped", json={"account_id": rent["id"]}),
        ):
            assert answer.status_code == 422, answer.text
            [error] = answer.json()["errors"]
            assert error["field"].endswith("account_id"), error
            assert "income account" in error["message"], error
        refused = await oak.web.put(
            f"/integrations/{provider}/settings", json={"rounding_account_id": rent["id"]}
        )
        assert refused.status_code == 422, refused.text
        rows = (await oak.web.get(mapping)).json()["items"]
        assert [row["account_id"] for row in rows if row["item_id"] == item["id"]] == [None]


@WITH_ACCOUNTS
async def test_lines_without_an_item_go_to_the_account_that_is_chosen_for_them(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, "Bare", provider) as oak:
        ann, _ = await with_first_synced(oak)
        first, second = [await bare_invoice(oak, ann) for _ in range(2)]
        for one in (first, second):
            await oak.send(one)
        for one in (first, second):
            badge = await oak.badge_when("invoice", one, "blocked")
            assert badge["cause"]["code"] == "line_without_item", badge
        accounts = await oak.accounts()
        fix = {"action": "choose_account", "account_id": accounts["Parts"]}
        group = f"/integrations/{provider}/causes/line_without_item/fix"
        fixed = await oak.web.post(group, json=fix)
        assert fixed.status_code == 202, fixed.text
        chosen = (await oak.web.get(f"/integrations/{provider}/settings")).json()
        assert chosen["no_item_account_id"] == accounts["Parts"]
        for one in (first, second):
            badge = await oak.badge_when("invoice", one, "synced")
            [line] = (await held_invoice(oak, badge["remote_id"]))["lines"]
            assert line["account_id"] == accounts["Parts"], line
        # Another account is for what is sent from then on; without one, a line waits again.
        await oak.settings(no_item_account_id=accounts["Services"])
        third = await bare_invoice(oak, ann)
        await oak.send(third)
        badge = await oak.badge_when("invoice", third, "synced")
        [line] = (await held_invoice(oak, badge["remote_id"]))["lines"]
        assert line["account_id"] == accounts["Services"], line
        if provider == "xero":
            # Archived there without our knowing: the fix of the refusal is that of the setting.
            await change_there(oak, "accounts", accounts["Services"], active=False)
            await oak.settings(no_item_account_id=accounts["Services"])
            refused = await bare_invoice(oak, ann)
            await oak.send(refused)
            badge = await oak.badge_when("invoice", refused, "blocked")
            assert badge["cause"]["code"] == "account_gone", badge
            await oak.account_is_inactive(accounts["Services"])
            await act(oak, "invoice", refused, "choose_account", account_id=accounts["Parts"])
            badge = await oak.badge_when("invoice", refused, "synced")
            [line] = (await held_invoice(oak, badge["remote_id"]))["lines"]
            assert line["account_id"] == accounts["Parts"], line
            chosen = (await oak.web.get(f"/integrations/{provider}/settings")).json()
            assert chosen["no_item_account_id"] == accounts["Parts"]
        await oak.settings(no_item_account_id=None)
        fourth = await bare_invoice(oak, ann)
        await oak.send(fourth)
        badge = await oak.badge_when("invoice", fourth, "blocked")
        assert badge["cause"]["code"] == "line_without_item", badge
        # By the page: the fix is taken back by Undo.
        async with pages_of(oak) as web:
            at = f"/invoices/{fourth['id']}"
            fields = {"csrf": hidden((await web.get(at)).text, "csrf"), "provider": provider}
            chosen = {**fields, "account_id": accounts["Parts"]}
            await web.post(f"{at}/actions/choose_account", data=chosen)
            await oak.badge_when("invoice", fourth, "synced")
            page = (await web.get(at)).text
            was = {name: hidden(page, name) for name in ("was", "back")}
            back = f"/integrations/{provider}/account-mapping/undo"
            assert back in page
            await web.post(back, data={**fields, **was})
        kept = (await oak.web.get(f"/integrations/{provider}/settings")).json()
        assert kept["no_item_account_id"] is None
        mapping = (await oak.web.get(f"/integrations/{provider}/account-mapping")).json()["items"]
        assert len(mapping) == 1, "what lines without an item are booked on is no item of ours"


async def test_an_item_of_that_name_in_quickbooks_is_linked_for_lines_without_one(
    stack: Stack,
) -> None:
    """By the pages: what lines without an item are booked on is no item of the company's."""
    async with connected_office(stack, "Bare", "qbo") as oak, pages_of(oak) as web:
        named = {"organisation": oak.organisation, "items": [{"name": "Services (no item)"}]}
        assert (await oak.books.post("/_sim/seed", json=named)).status_code == 200
        [there] = (await oak.held())["items"]
        ann, _ = await with_first_synced(oak)
        await oak.settings(no_item_account_id=(await oak.accounts())["Parts"])
        bare = await bare_invoice(oak, ann)
        await oak.send(bare)

        async def asks() -> str:
            badge = await oak.badge("invoice", bare)
            assert badge["cause"] is not None, badge
            assert badge["cause"]["group"].startswith("item_name_taken."), badge
            return str(badge["cause"]["group"].partition(".")[2])

        made_here = await eventually(asks, within=WITHIN)
        assert [one["name"] for one in (await oak.web.get("/items")).json()["data"]] == ["Call-out"]
        settings = await web.get(f"/items/{made_here}")
        assert settings.headers["location"].endswith("/settings#f-no_item_account_id")
        choose = await web.get(f"/invoices/{bare['id']}/link/qbo")
        here = choose.headers["location"]

        async def listed() -> str:
            page = (await web.get(here)).text
            assert f'value="{there["id"]}"' in page, page
            return page

        page = await eventually(listed, within=WITHIN)
        assert "the one for lines without items" in page
        fields = {"csrf": hidden(page, "csrf"), "remote_id": there["id"]}
        back = f"/invoices/{bare['id']}"
        done = await web.post(here.partition("?")[0], data={**fields, "back": back})
        assert done.headers["location"].startswith(back), done.headers
        badge = await oak.badge_when("invoice", bare, "synced", within=2 * WITHIN)
        [line] = (await held_invoice(oak, badge["remote_id"]))["lines"]
        assert line["item_id"] == there["id"]
        assert line["account_id"] == (await oak.accounts())["Parts"], line


async def bare_invoice(oak: Office, customer: Json) -> Json:
    """With one line, and no item on it."""
    line = {"description": "Gas check", "quantity": "1", "unit_price": "80.00"}
    return await oak.made(
        "/invoices",
        customer_id=customer["id"],
        issue_date="2026-06-15",
        due_date="2026-07-15",
        currency="USD",
        lines=[line],
    )


async def test_s43_a_read_that_fails_is_never_a_deletion(stack: Stack, provider: str) -> None:
    async with connected_office(stack, "Read", provider) as oak:
        ann, item = await with_first_synced(oak)
        invoice = await oak.invoice(ann, [item], quantity="1")
        await oak.send(invoice)
        remote = (await oak.badge_when("invoice", invoice, "synced"))["remote_id"]
        # Its version there has moved on: an update has to read it first.
        await pay_there(oak, remote, "10.00")
        reading = await fault(oak, "status", status=500, **READS[provider])
        await change(oak, invoice, due_date="2026-08-31")

        async def was_asked() -> None:
            assert await hits(oak, reading) > 0

        await eventually(was_asked, within=WITHIN)
        badge = await oak.badge("invoice", invoice)
        assert badge["state"] not in {"removed_there", "synced", "blocked"}, badge
        assert badge["remote_id"] == remote
        await mend(oak, reading)

        async def arrived() -> None:
            assert (await held_invoice(oak, remote))["due_date"] == "2026-08-31"

        await eventually(arrived, within=3 * WITHIN)
        badge = await oak.badge_when("invoice", invoice, "synced")
        assert badge["remote_id"] == remote
        assert await oak.numbers() == ["1001", "1002"]


async def test_s22_archived_there_with_ask_me_first_is_blocked_with_its_choices(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, "Gone", provider) as oak:
        ann, item = await with_first_synced(oak)
        await oak.settings(gone_there="ask")
        before = (await oak.web.get(f"/customers/{ann['id']}")).json()
        remote = before["links"][0]["remote_id"]
        if provider == "freshbooks":
            # A client that is archived there still takes invoices; one that is deleted doesn't.
            await change_there(oak, "customers", remote, active=False)
            invoice = await oak.invoice(ann, [item])
            await oak.send(invoice)
            await oak.badge_when("invoice", invoice, "synced")
            await delete_there(oak, "customers", remote)
        else:
            await change_there(oak, "customers", remote, active=False)
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)

        async def asks() -> Json:
            badge = await oak.badge("invoice", invoice)
            assert badge["state"] in {"waiting", "blocked"}, badge
            assert [fix["action"] for fix in badge["cause"]["fixes"]], badge
            return badge

        badge = await eventually(asks, within=WITHIN)
        if provider == "freshbooks":
            await act(oak, "invoice", invoice, "reactivate")
            await oak.badge_when("invoice", invoice, "synced", within=2 * WITHIN)
            [there] = (await oak.held())["customers"]
            assert (there["id"], there["active"]) == (remote, True)
            return
        if provider == "qbo":
            # It doesn't say what is inactive, so both that it could be are asked about.
            for kind, record in (("customer", ann), ("item", item)):
                asked = await oak.badge_when(kind, record, "blocked")
                assert "reactivate" in [fix["action"] for fix in asked["cause"]["fixes"]], asked
                assert await oak.numbers() == ["1001"]
                await act(oak, kind, record, "reactivate")
            await oak.badge_when("invoice", invoice, "synced", within=2 * WITHIN)
            assert [row["id"] for row in (await oak.held())["customers"]] == [remote]
            return
        assert {"link", "add_as_new"} <= {fix["action"] for fix in badge["cause"]["fixes"]}
        after = (await oak.web.get(f"/customers/{ann['id']}")).json()
        assert (after["name"], after["email"]) == (before["name"], before["email"])
        assert len((await oak.held())["customers"]) == 1
        assert await oak.numbers() == ["1001"]
        # Checked while it is archived still, and again when it is active: never a second contact.
        await act(oak, "invoice", invoice, "check_again")

        async def still() -> None:
            cause = (await oak.badge("customer", ann))["cause"] or {"sentence": "none"}
            told = cause["sentence"]
            assert told.startswith("Ann Lee is still archived in Xero: we looked at "), told

        await eventually(still, within=WITHIN)
        assert len((await oak.held())["customers"]) == 1
        await change_there(oak, "customers", remote, active=True)
        await act(oak, "invoice", invoice, "check_again")
        await oak.badge_when("invoice", invoice, "synced", within=2 * WITHIN)
        assert [row["id"] for row in (await oak.held())["customers"]] == [remote]
        await change_there(oak, "customers", remote, active=False)
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)
        await eventually(asks, within=WITHIN)
        await act(oak, "invoice", invoice, "add_as_new", name="Ann Lee (2)")
        await oak.badge_when("invoice", invoice, "synced", within=2 * WITHIN)
        held = await oak.held()
        new = [row for row in held["customers"] if row["active"]]
        assert [row["name"] for row in new] == ["Ann Lee (2)"]
        [there] = [row for row in held["invoices"] if row["number"] == invoice["number"]]
        assert there["customer_id"] == new[0]["id"]


@WITH_ACCOUNTS
async def test_s21_merged_there_the_survivor_gets_the_invoice_by_itself(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, "Merge", provider) as oak:
        ann, item = await with_first_synced(oak)
        [before] = (await oak.web.get("/invoices")).json()["data"]
        before = (await oak.web.get(f"/invoices/{before['id']}")).json()
        seeded = await oak.books.post(
            "/_sim/seed",
            json={"organisation": oak.organisation, "customers": [{"name": "Ann Lee-Moore"}]},
        )
        assert seeded.status_code == 200, seeded.text
        customers = {row["name"]: row["id"] for row in (await oak.held())["customers"]}
        old, survivor = customers["Ann Lee"], customers["Ann Lee-Moore"]
        await change_there(oak, "customers", old, merge_into=survivor)
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)
        await oak.badge_when("invoice", invoice, "synced", within=2 * WITHIN)
        [there] = [
            row for row in (await oak.held())["invoices"] if row["number"] == invoice["number"]
        ]
        assert there["customer_id"] == survivor
        shown = (await oak.web.get(f"/customers/{ann['id']}")).json()
        assert shown["links"][0]["remote_id"] == survivor
        # An invoice that moved with the merge is no edit of theirs: ours arrive.
        await change(oak, before, due_date="2026-08-31")

        async def arrived() -> None:
            [row] = [r for r in (await oak.held())["invoices"] if r["number"] == before["number"]]
            assert (row["due_date"], row["customer_id"]) == ("2026-08-31", survivor)

        await eventually(arrived, within=2 * WITHIN)
        await oak.badge_when("invoice", before, "synced")
        assert len([row for row in (await oak.held())["customers"] if row["active"]]) == 1


@pytest.mark.parametrize("answers", ["inactive", "not_found"])
async def test_s21_an_edit_after_a_merge_in_quickbooks_goes_to_the_survivor(
    stack: Stack, answers: str
) -> None:
    """Nobody knows how a merged customer answers there; both are survived."""
    async with connected_office(stack, "Merge") as oak:
        ann, _ = await with_first_synced(oak)
        await behave(oak, merged_customer=answers)
        seeded = await oak.books.post(
            "/_sim/seed",
            json={"organisation": oak.organisation, "customers": [{"name": "Ann Lee-Moore"}]},
        )
        assert seeded.status_code == 200, seeded.text
        customers = {row["name"]: row["id"] for row in (await oak.held())["customers"]}
        survivor = customers["Ann Lee-Moore"]
        await change_there(oak, "customers", customers["Ann Lee"], merge_into=survivor)
        [first] = (await oak.web.get("/invoices")).json()["data"]
        await change(oak, first, due_date="2026-08-31")

        async def arrived() -> None:
            [row] = (await oak.held())["invoices"]
            assert (row["due_date"], row["customer_id"]) == ("2026-08-31", survivor)

        await eventually(arrived, within=2 * WITHIN)
        await oak.badge_when("invoice", first, "synced")
        shown = (await oak.web.get(f"/customers/{ann['id']}")).json()
        assert shown["links"][0]["remote_id"] == survivor
        assert len([row for row in (await oak.held())["customers"] if row["active"]]) == 1


async def test_z9_recent_syncs_show_every_operation_and_its_reason(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, "Log", provider) as oak:
        ann, item = await with_first_synced(oak)
        clicked = await oak.invoice(ann, [item])
        await oak.settings(sync_invoices=False)
        await oak.send(clicked)
        assert (await oak.sync("invoice", clicked)).status_code == 202
        await oak.badge_when("invoice", clicked, "synced")
        await behave(oak, lock_date=None)
        negative = await oak.made(
            "/invoices",
            customer_id=ann["id"],
            issue_date="2026-06-15",
            due_date="2026-07-15",
            currency="USD",
            lines=[
                {
                    "item_id": item["id"],
                    "description": "Back",
                    "quantity": "1",
                    "unit_price": "-5.00",
                }
            ],
        )
        await oak.send(negative)
        await oak.sync("invoice", negative)
        await oak.badge_when("invoice", negative, "blocked")
        rows = {row["record_name"]: row for row in await syncs(oak)}
        assert set(rows) == {"Ann Lee", "Call-out", "1001", "1002", "1003"}, list(rows)
        assert rows["1003"]["state"] == "blocked"
        assert "below zero" in rows["1003"]["cause"]["sentence"]
        assert rows["1002"]["started_by"]["by"] == "person", rows["1002"]
        assert rows["1001"]["state"] == "synced"
        assert rows["1001"]["attempts"] >= 1
        assert len(await writes(oak)) >= 4
