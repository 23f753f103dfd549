"""Customers between the books and us: imported, matched, linked, never doubled."""

import pytest
from by_pages import hidden, pages_of, undo
from office import WITHIN, Json, Office, connected_office
from provider_side import change_there, delete_there
from providers import ALL
from testkit import Stack, eventually

LONG = 3 * WITHIN
EACH = pytest.mark.parametrize("provider", ALL)


async def seed(oak: Office, *customers: Json) -> None:
    answer = await oak.books.post(
        "/_sim/seed", json={"organisation": oak.organisation, "customers": list(customers)}
    )
    assert answer.status_code == 200, answer.text


async def told(oak: Office, kind: str, record: Json) -> str:
    """All that the record's timeline says."""
    answer = await oak.web.get(
        f"/{kind}s/{record['id']}/timeline", params={"provider": oak.provider}
    )
    assert answer.status_code == 200, answer.text
    return " ".join(row["sentence"] for row in answer.json()["data"])


def address(oak: Office, rest: str = "") -> str:
    return f"/integrations/{oak.provider}/remote-customers{rest}"


async def run_over(oak: Office, run: Json) -> Json:
    async def over() -> Json:
        shown: Json = (await oak.web.get(f"/runs/{run['id']}")).json()
        assert shown["state"] in {"done", "stopped"}, shown
        return shown

    return await eventually(over, within=LONG)


async def load(oak: Office) -> Json:
    """Presses Load customers and waits until all are there."""
    answer = await oak.web.post(address(oak, "/load"), json={})
    assert answer.status_code == 202, answer.text
    return await run_over(oak, answer.json()["run"])


async def review(oak: Office, **query: str) -> Json:
    answer = await oak.web.get(address(oak), params=query)
    assert answer.status_code == 200, answer.text
    shown: Json = answer.json()
    return shown


async def import_(oak: Office, *customers: Json, **more: object) -> Json:
    """Presses Import Selected; the run, once it is over."""
    answer = await oak.web.post(
        address(oak, "/import"), json={"customers": list(customers), **more}
    )
    assert answer.status_code == 202, answer.text
    return await run_over(oak, answer.json()["run"])


async def writes(oak: Office) -> list[Json]:
    return [
        row for row in await oak.requests() if oak.there.writes(str(row["method"]), row["path"])
    ]


async def customers_here(oak: Office) -> list[Json]:
    found: list[Json] = []
    cursor = ""
    while True:
        query = {"limit": "200"} | ({"cursor": cursor} if cursor else {})
        page = (await oak.web.get("/customers", params=query)).json()
        found += page["data"]
        cursor = page["next_cursor"] or ""
        if not cursor:
            return found


@EACH
async def test_z2_s15_s86_imported_customers_are_linked_and_neither_doubled_nor_pushed_back(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await seed(
            oak,
            {"name": "Acme Heating LLC", "email": "ap@acmeheating.example"},
            {"name": "Maria Gomez", "email": "maria.gomez@mail.example"},
            {"name": "Bo Poe", "email": "bo@poe.example"},
        )
        bo = await oak.customer("Bo Poe-Ray", "BO@poe.example")
        await load(oak)
        await oak.settings(sync_customers=True)

        async def matched() -> Json:
            rows = {row["name"]: row for row in (await review(oak))["data"]}
            assert rows["Bo Poe"]["match"]["customer_id"] == bo["id"], rows
            return rows

        rows = await eventually(matched, within=WITHIN)
        assert (rows["Acme Heating LLC"]["suggested_kind"], rows["Acme Heating LLC"]["reason"]) == (
            "business",
            '"LLC" in the name',
        )
        # One by one and in bulk; the choice stands when the import says no kind.
        bulk = {"matching": {"filter": "new"}, "kind": "homeowner"}
        assert (await oak.web.put(address(oak, "/choices"), json=bulk)).status_code == 200
        acme = rows["Acme Heating LLC"]["remote_id"]
        one = {"customers": [{"remote_id": acme, "kind": "business"}]}
        assert (await oak.web.put(address(oak, "/choices"), json=one)).status_code == 200
        before = len(await writes(oak))
        run = await import_(oak, *({"remote_id": row["remote_id"]} for row in rows.values()))
        assert run["by_state"] == {"created": 2, "linked": 1}, run
        here = {row["name"]: row for row in await customers_here(oak)}
        assert set(here) == {"Acme Heating LLC", "Maria Gomez", "Bo Poe-Ray"}
        assert (here["Acme Heating LLC"]["kind"], here["Maria Gomez"]["kind"]) == (
            "business",
            "homeowner",
        )
        for name, row in here.items():
            await oak.badge_when("customer", row, "synced")
            there = "Bo Poe" if name == "Bo Poe-Ray" else name
            shown = (await oak.web.get(f"/customers/{row['id']}")).json()
            assert shown["links"][0]["remote_id"] == rows[there]["remote_id"]
        again = await import_(oak, *({"remote_id": row["remote_id"]} for row in rows.values()))
        assert again["by_state"] == {"skipped": 3}, again
        assert len(await customers_here(oak)) == 3
        assert len((await oak.held())["customers"]) == 3
        assert len(await writes(oak)) == before, "nothing imported is pushed back"
        assert (await review(oak))["counts"]["linked"] == 3


@EACH
async def test_s16_two_there_of_one_name_are_offered_and_none_is_linked_unasked(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        second = "ANN LEE" if provider == "freshbooks" else "Ann Lee."
        await seed(oak, {"name": "Ann Lee"}, {"name": second})
        ann = await oak.customer("Ann Lee", "ann@lee.example")
        await load(oak)

        async def offered() -> Json:
            shown = await review(oak, filter="look_alike")
            assert len(shown["data"]) == 2, shown
            return shown

        shown = await eventually(offered, within=WITHIN)
        for row in shown["data"]:
            assert row["match"] is None
            assert [one["customer_id"] for one in row["candidates"]] == [ann["id"]]


@EACH
async def test_s1_a_look_alike_is_a_question_and_linking_it_sends_the_waiting_invoice(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await seed(oak, {"name": "Ann Lee", "email": "other@mail.example"})
        await load(oak)
        await oak.switch_on()
        ann, item = await oak.customer(), await oak.item()
        await oak.map_all()
        blocked = await oak.badge_when("customer", ann, "blocked")
        assert blocked["cause"]["code"] in {"customer_name_taken", "customer_lookalikes"}
        assert "link" in [fix["action"] for fix in blocked["cause"]["fixes"]]
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)

        async def waits() -> None:
            badge = await oak.badge("invoice", invoice)
            assert badge["state"] in {"waiting", "blocked"}, badge
            assert badge["cause"], badge

        await eventually(waits, within=WITHIN)
        assert len((await oak.held())["customers"]) == 1, "nothing was sent before the answer"
        alike = await oak.web.get(
            f"/customers/{ann['id']}/lookalikes", params={"provider": provider}
        )
        (one,) = alike.json()["data"]
        linked = await oak.web.put(
            f"/customers/{ann['id']}/links/{provider}", json={"remote_id": one["remote_id"]}
        )
        assert linked.status_code == 200, linked.text
        assert linked.json()["undo"] == {"method": "DELETE"}
        assert linked.json()["links"][0]["remote_id"] == one["remote_id"]
        await oak.badge_when("invoice", invoice, "synced", within=LONG)
        held = await oak.held()
        assert len(held["customers"]) == 1
        assert held["invoices"][0]["customer_id"] == one["remote_id"]
        gone = await oak.web.delete(f"/customers/{ann['id']}/links/{provider}")
        assert gone.json()["undo"] == {"method": "PUT", "remote_id": one["remote_id"]}
        assert gone.json()["links"] == []

        # By the page it is undone by what is said of it.
        at = f"/customers/{ann['id']}"
        async with pages_of(oak) as web:
            fields = {"provider": provider, "remote_id": one["remote_id"]}
            csrf = {"csrf": hidden((await web.get(at)).text, "csrf")}
            pressed = await web.post(f"{at}/actions/link", data=fields | csrf)
            shown = (await web.get(at)).text
            assert "Linked." in shown
            assert len((await oak.web.get(at)).json()["links"]) == 1
            path, fields = undo(pressed.headers["set-cookie"], shown)
            assert (await web.post(path, data=fields)).headers["location"] == at
            assert "Not linked any more." in (await web.get(at)).text
        assert (await oak.web.get(at)).json()["links"] == []


@EACH
async def test_s1_create_anyway_adds_a_second_one(stack: Stack, provider: str) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await seed(oak, {"name": "Ann Lee", "email": "other@mail.example"})
        await load(oak)
        await oak.settings(sync_customers=True)
        ann = await oak.customer()
        badge = await oak.badge_when("customer", ann, "blocked")
        name = "Ann Lee" if provider == "freshbooks" else "Ann Lee (2)"
        done = await oak.web.post(
            f"/customers/{ann['id']}/actions/add_as_new",
            json={"provider": provider, "name": name},
        )
        assert done.status_code == 202, (done.text, badge)
        await oak.badge_when("customer", ann, "synced")
        names = sorted(row["name"] for row in (await oak.held())["customers"])
        assert names == sorted(["Ann Lee", name])


@EACH
async def test_s18_two_of_ours_called_john_smith_are_two_there(stack: Stack, provider: str) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await oak.switch_on()
        first = await oak.customer("John Smith", "john@one.example")
        await oak.badge_when("customer", first, "synced")
        second = await oak.customer("John Smith", "john@two.example")
        await oak.badge_when("customer", second, "synced")
        item = await oak.item()
        await oak.map_all()
        bills = [await oak.invoice(who, [item]) for who in (first, second)]
        for bill in bills:
            await oak.send(bill)
            await oak.badge_when("invoice", bill, "synced", within=LONG)
        held = await oak.held()
        assert len(held["customers"]) == 2
        emails = {row["id"]: row["email"] for row in held["customers"]}
        on = {row["number"]: emails[row["customer_id"]] for row in held["invoices"]}
        assert on == {
            bills[0]["number"]: "john@one.example",
            bills[1]["number"]: "john@two.example",
        }


@EACH
async def test_s20_a_customer_renamed_here_is_renamed_there_and_no_second_one_appears(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await oak.settings(sync_customers=True)
        ann = await oak.customer()
        badge = await oak.badge_when("customer", ann, "synced")
        answer = await oak.web.patch(f"/customers/{ann['id']}", json={"name": "Ann Lee-Ray"})
        assert answer.status_code == 200, answer.text

        async def renamed() -> None:
            (row,) = (await oak.held())["customers"]
            assert (row["id"], row["name"]) == (badge["remote_id"], "Ann Lee-Ray")

        await eventually(renamed, within=WITHIN)


@EACH
async def test_s21_a_customer_renamed_there_still_gets_its_invoices(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await oak.switch_on()
        ann, item = await oak.customer(), await oak.item()
        await oak.map_all()
        badge = await oak.badge_when("customer", ann, "synced")
        await change_there(oak, "customer", badge["remote_id"], name="Ann Poe")
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)
        await oak.badge_when("invoice", invoice, "synced", within=LONG)
        held = await oak.held()
        assert [row["id"] for row in held["customers"]] == [badge["remote_id"]]
        assert held["invoices"][0]["customer_id"] == badge["remote_id"]


@EACH
async def test_z11_a_customer_made_inactive_there_is_used_again_once_it_is_needed(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await oak.switch_on()
        ann, item = await oak.customer(), await oak.item()
        await oak.map_all()
        badge = await oak.badge_when("customer", ann, "synced")
        if provider == "freshbooks":
            await delete_there(oak, "customer", badge["remote_id"])
        else:
            await change_there(oak, "customer", badge["remote_id"], active=False)
        invoice = await oak.invoice(ann, [item])
        await oak.send(invoice)
        await oak.badge_when("invoice", invoice, "synced", within=LONG)
        held = await oak.held()
        active = [row for row in held["customers"] if row["active"]]
        if provider == "xero":
            assert len(held["customers"]) == 2, "an archived contact stays, a new one is added"
        else:
            assert [row["id"] for row in active] == [badge["remote_id"]]
        assert len(active) == 1
        assert held["invoices"][0]["customer_id"] == active[0]["id"]
        assert "again" in await told(oak, "customer", ann)


@EACH
async def test_z11_an_item_made_inactive_there_is_used_again_once_it_is_needed(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await oak.switch_on()
        ann, item = await oak.customer(), await oak.item()
        await oak.map_all()
        first = await oak.invoice(ann, [item])
        await oak.send(first)
        await oak.badge_when("invoice", first, "synced", within=LONG)
        (row,) = (await oak.held())["items"]
        if provider == "qbo":
            await change_there(oak, "item", row["id"], active=False)
        else:
            await delete_there(oak, "item", row["id"])
        second = await oak.invoice(ann, [item])
        await oak.send(second)
        await oak.badge_when("invoice", second, "synced", within=LONG)
        held = await oak.held()
        assert await oak.numbers() == [first["number"], second["number"]]
        active = [one for one in held["items"] if one["active"]]
        if provider == "freshbooks":
            assert active == [], "a line there bears the item's name: no invoice needs the item"
            return
        assert len(active) == 1, held["items"]
        assert "again" in await told(oak, "item", item)


@EACH
async def test_s71_without_an_email_there_none_is_invented_here_or_sent(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await seed(oak, {"name": "No Mail"})
        await load(oak)
        await oak.switch_on()
        (row,) = (await review(oak, filter="no_email"))["data"]
        run = await import_(oak, {"remote_id": row["remote_id"], "kind": "homeowner"})
        assert run["by_state"] == {"created": 1}, run
        (nomail,) = await customers_here(oak)
        assert nomail["email"] is None
        await oak.badge_when("customer", nomail, "synced")
        item = await oak.item()
        await oak.map_all()
        invoice = await oak.invoice(nomail, [item])
        await oak.send(invoice)
        await oak.badge_when("invoice", invoice, "synced", within=LONG)
        (there,) = (await oak.held())["customers"]
        assert not there["email"]


async def test_an_import_is_taken_back_while_nobody_used_it(stack: Stack) -> None:
    async with connected_office(stack) as oak:
        await seed(oak, {"name": "Ann Lee"}, {"name": "Bo Poe"}, {"name": "Cy Ray"})
        await load(oak)
        run = await import_(oak, matching={"filter": "all"})
        assert run["by_state"] == {"created": 3}
        here = {row["name"]: row for row in await customers_here(oak)}
        item = await oak.item()
        await oak.invoice(here["Ann Lee"], [item])
        done = await oak.web.post(f"/imports/customers/{run['id']}/undo", json={})
        assert done.json() == {"undone": 2, "unlinked": 0, "kept": 1}, done.text
        assert [row["name"] for row in await customers_here(oak)] == ["Ann Lee"]
        rows = (await oak.web.get(f"/imports/customers/{run['id']}")).json()
        assert (rows["counts"], rows["can_undo"]) == ({"created": 1, "undone": 2}, False)
        again = await import_(oak, matching={"filter": "new"})
        assert again["by_state"] == {"created": 2}, again
        assert len((await oak.held())["customers"]) == 3


@EACH
async def test_s23_1_205_customers_are_loaded_and_imported_and_none_is_lost(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await seed(oak, *({"name": f"Customer {n:04}"} for n in range(1205)))
        run = await load(oak)
        assert run["done"] >= 1205, run
        assert (await review(oak))["counts"]["all"] == 1205
        run = await import_(oak, matching={"filter": "new"})
        assert run["by_state"] == {"created": 1205}, run
        assert {row["name"] for row in await customers_here(oak)} == {
            f"Customer {n:04}" for n in range(1205)
        }
