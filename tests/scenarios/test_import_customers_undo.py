"""Imports of customers: one at a time, as they were reviewed, and taken back where nobody relies
on them."""

import asyncio

import pytest
from by_pages import form_of, hidden, pages_of
from office import WITHIN, Json, Office, connected_office
from providers import ALL
from testkit import Stack, eventually

from scenarios.test_customers import (
    LONG,
    address,
    customers_here,
    import_,
    load,
    review,
    run_over,
    seed,
)

EACH = pytest.mark.parametrize("provider", ALL)
OTHER = {"qbo": "xero", "xero": "freshbooks", "freshbooks": "qbo"}


async def looks_alike(oak: Office, count: int) -> list[Json]:
    async def found() -> list[Json]:
        rows: list[Json] = (await review(oak, filter="look_alike"))["data"]
        assert len(rows) == count, rows
        return rows

    return await eventually(found, within=WITHIN)


async def links(oak: Office, customer: Json) -> list[Json]:
    shown: Json = (await oak.web.get(f"/customers/{customer['id']}")).json()
    found: list[Json] = shown["links"]
    return found


@EACH
async def test_z2_an_undo_takes_links_away_too_but_those_that_somebody_relies_on(
    stack: Stack, provider: str
) -> None:
    names = ("Ann Lee", "Bo Poe", "Cy Ray", "Di Fox")
    async with connected_office(stack, provider=provider) as oak:
        await seed(
            oak,
            {"name": "New One"},
            *({"name": f"{name} there", "email": f"{name[:2]}@mail.example"} for name in names),
        )
        ours = {name: await oak.customer(name, f"{name[:2]}@mail.example") for name in names}
        await load(oak)
        rows = {row["name"]: row for row in await looks_alike(oak, 4)}
        run = await import_(oak, matching={"filter": "selected"})
        assert run["by_state"] == {"created": 1, "linked": 4}, run
        # Bo is changed here, Cy linked to another one, and Di has an invoice in the books.
        await oak.web.patch(f"/customers/{ours['Bo Poe']['id']}", json={"phone": "555 0100"})
        gone = await oak.web.delete(f"/customers/{ours['Cy Ray']['id']}/links/{provider}")
        assert gone.status_code == 200, gone.text
        await seed(oak, {"name": "Cy else"})
        await load(oak)
        (other,) = (await review(oak, q="Cy else"))["data"]
        moved = await oak.web.put(
            f"/customers/{ours['Cy Ray']['id']}/links/{provider}",
            json={"remote_id": other["remote_id"]},
        )
        assert moved.status_code == 200, moved.text
        await oak.switch_on()
        item = await oak.item()
        await oak.map_all()
        invoice = await oak.invoice(ours["Di Fox"], [item])
        await oak.send(invoice)
        await oak.badge_when("invoice", invoice, "synced", within=LONG)

        at = f"/imports/customers/{run['id']}"
        assert (await oak.web.get(at)).json()["can_undo"]
        done = await oak.web.post(f"{at}/undo", json={})
        assert done.json() == {"undone": 1, "unlinked": 1, "kept": 3}, done.text
        assert await links(oak, ours["Ann Lee"]) == []
        for name in names[1:]:
            assert len(await links(oak, ours[name])) == 1, name
        shown = (await oak.web.get(at)).json()
        assert (shown["counts"], shown["can_undo"]) == ({"linked": 3, "undone": 2}, False)
        why = {row["name"]: row["why"] for row in shown["data"]}
        assert why["Bo Poe there"].endswith("stays: changed since")
        assert why["Cy Ray there"].endswith("stays: linked otherwise since")
        assert "stays: its invoices are in" in why["Di Fox there"]
        assert {row["name"] for row in await customers_here(oak)} == set(names)
        assert rows["Ann Lee there"]["remote_id"]
        again = await oak.web.post(f"{at}/undo", json={})
        assert again.json() == {"undone": 0, "unlinked": 0, "kept": 3}, again.text


@EACH
async def test_z2_a_customer_that_went_to_another_provider_since_stays(
    stack: Stack, provider: str
) -> None:
    async with (
        connected_office(stack, provider=provider) as oak,
        oak.at(OTHER[provider]) as elsewhere,
    ):
        await seed(
            oak,
            {"name": "Ann Lee", "email": "ann@mail.example"},
            {"name": "Bo Poe", "email": "bo@mail.example"},
        )
        await load(oak)
        run = await import_(oak, matching={"filter": "selected"})
        assert run["by_state"] == {"created": 2}, run
        here = {row["name"]: row for row in await customers_here(oak)}
        await elsewhere.connect()
        sent = await oak.web.post(
            f"/customers/{here['Ann Lee']['id']}/sync", json={"provider": OTHER[provider]}
        )
        assert sent.status_code == 202, sent.text
        await elsewhere.badge_when("customer", here["Ann Lee"], "synced")
        async with pages_of(oak) as web:
            page = f"/integrations/{provider}/import/{run['id']}"
            shown = (await web.get(page)).text
            form = {"csrf": hidden(shown, "csrf")}
            said = await web.post(f"{page}/undo", data=form)
            shown = (await web.get(said.headers["location"])).text
        assert "1 customer was taken back. 1 stays: the list says why." in shown
        assert f"stays: it is in {elsewhere.there.label} too" in shown
        assert [row["name"] for row in await customers_here(oak)] == ["Ann Lee"]
        assert {link["provider"] for link in await links(oak, here["Ann Lee"])} == {
            provider,
            OTHER[provider],
        }


@EACH
async def test_z2_two_imports_at_once_are_one_and_an_undo_waits_for_its_end(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await seed(oak, *({"name": f"Customer {n:03}"} for n in range(700)))
        await load(oak)
        body = {"matching": {"filter": "all"}}
        answers = await asyncio.gather(
            *(oak.web.post(address(oak, "/import"), json=body) for _ in range(4))
        )
        assert sorted(answer.status_code for answer in answers) == [202, 409, 409, 409]
        refused = next(answer for answer in answers if answer.status_code == 409)
        assert refused.json()["code"] == "import_running"
        begun = next(answer for answer in answers if answer.status_code == 202).json()["run"]
        early = await oak.web.post(f"/imports/customers/{begun['id']}/undo", json={})
        assert (early.status_code, early.json()["code"]) == (409, "import_running")
        assert "Stop it, or wait" in early.json()["detail"]
        run = await run_over(oak, begun)
        assert run["by_state"] == {"created": 700}, run
        assert len(await customers_here(oak)) == 700


@EACH
async def test_s24_all_are_imported_as_they_were_reviewed_whatever_it_teaches(
    stack: Stack, provider: str
) -> None:
    """One correction changes what is suggested for all of its e-mail domain: next time."""
    async with connected_office(stack, provider=provider) as oak:
        await seed(
            oak,
            *(
                {"name": f"Hill Unit {n:03}", "email": f"u{n:03}@hillhouse.example"}
                for n in range(450)
            ),
        )
        await load(oak)
        rows = (await review(oak, limit="200"))["data"]
        assert {row["suggested_kind"] for row in rows} == {"business"}
        one = {"remote_id": rows[0]["remote_id"], "kind": "homeowner"}
        await oak.web.put(address(oak, "/choices"), json={"customers": [one]})
        run = await import_(oak, matching={"filter": "all"})
        assert run["by_state"] == {"created": 450}, run
        odd = [row["name"] for row in await customers_here(oak) if row["kind"] == "homeowner"]
        assert odd == [rows[0]["name"]]
        await seed(oak, {"name": "Hill Unit 900", "email": "u900@hillhouse.example"})
        await load(oak)
        (late,) = (await review(oak, filter="new"))["data"]
        assert (late["suggested_kind"], late["reason"]) == (
            "homeowner",
            "you chose this for others at hillhouse.example",
        )


async def test_the_page_says_that_none_were_there_or_all_are_linked(stack: Stack) -> None:
    async with connected_office(stack) as oak, pages_of(oak) as web:
        await load(oak)
        at = f"/integrations/{oak.provider}/import"
        shown = (await web.get(at)).text
        assert "QuickBooks had no customers when read today" in shown
        assert "Refresh" in shown
        await seed(oak, {"name": "Ann Lee"}, {"name": "Bo Poe"})
        await load(oak)
        form = form_of((await web.get(at)).text, "data-review")
        answer = await web.post(at, data=form.fields(do="import"))
        await run_over(oak, {"id": answer.headers["location"].rpartition("/")[2]})

        async def linked() -> None:
            assert "All 2 are linked already." in (await web.get(at)).text

        await eventually(linked, within=WITHIN)
