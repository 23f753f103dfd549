"""Import Customers by its pages, without JavaScript: what is chosen on a page stays chosen."""

import httpx
import pytest
from by_pages import Form, form_of, pages_of
from office import WITHIN, Json, connected_office
from providers import ALL
from testkit import Stack, eventually

from scenarios.test_customers import customers_here, load, review, run_over, seed

EACH = pytest.mark.parametrize("provider", ALL)


async def pressed(web: httpx.AsyncClient, at: str, form: Form, do: str) -> str:
    """Presses a button of the review; where it leads."""
    answer = await web.post(at, data=form.fields(do=do))
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


@EACH
async def test_z2_what_is_chosen_on_one_page_is_imported_from_another(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await seed(
            oak,
            *({"name": f"Customer {n:02}"} for n in range(60)),
            {"name": "Ann Lee", "email": "ann@there.example"},
            {"name": "Bo Poe", "email": "bo@poe.example"},
            {"name": "Zoe Ray", "email": "zoe@ray.example"},
        )
        ann = await oak.customer("Ann Lee", "ann@here.example")
        bo = await oak.customer("Bo P", "bo@poe.example")
        zoe = await oak.customer("Zoe R", "zoe@ray.example")
        await load(oak)

        async def matched() -> None:
            rows = (await review(oak, filter="look_alike"))["data"]
            assert len(rows) == 3, rows

        await eventually(matched, within=WITHIN)
        at = f"/integrations/{provider}/import"
        async with pages_of(oak) as web:
            shown = (await web.get(at)).text
            assert "62 selected: 60 new, 2 links" in shown
            form = form_of(shown, "data-review")
            names = {
                row["name"]: row["remote_id"] for row in (await review(oak, limit="200"))["data"]
            }
            assert names["Ann Lee"] not in form.all("pick"), "by name alone it is only offered"
            form.untick("pick", names["Customer 03"])
            # A type set for the ticked ones ticks nobody again.
            form.set("bulk_kind", "homeowner")
            assert await pressed(web, at, form, "type")
            shown = (await web.get(at)).text
            form = form_of(shown, "data-review")
            assert names["Customer 03"] not in form.all("pick")
            assert "61 selected: 59 new, 2 links" in shown
            # Her e-mail is known here; he who chose knows better.
            form.set(f"link.{names['Bo Poe']}", "new")
            second = await pressed(web, at, form, "next")
            shown = (await web.get(second)).text
            assert "61 selected: 60 new, 1 link" in shown
            form = form_of(shown, "data-review")
            form.untick("pick", names["Customer 55"])
            first = await pressed(web, at, form, "back")
            shown = (await web.get(first)).text
            assert "60 selected: 59 new, 1 link" in shown
            form = form_of(shown, "data-review")
            assert form.one(f"link.{names['Bo Poe']}") == "new"
            where = await pressed(web, at, form, "import")
            run = await run_over(oak, {"id": where.rpartition("/")[2]})
        assert run["by_state"] == {"created": 59, "linked": 1}, run
        here = [row["name"] for row in await customers_here(oak)]
        wanted = {f"Customer {n:02}" for n in range(60)} - {"Customer 03", "Customer 55"}
        assert sorted(here) == sorted([*wanted, "Bo Poe", "Ann Lee", "Bo P", "Zoe R"])
        kinds = {row["name"]: row["kind"] for row in await customers_here(oak)}
        assert kinds["Customer 04"] == "homeowner"
        for who in (ann, bo):
            assert (await oak.web.get(f"/customers/{who['id']}")).json()["links"] == []
        (link,) = (await oak.web.get(f"/customers/{zoe['id']}")).json()["links"]
        assert link["remote_id"] == names["Zoe Ray"]


@EACH
async def test_z2_all_that_match_are_selected_or_none_of_them(stack: Stack, provider: str) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await seed(
            oak,
            *({"name": f"Customer {n:02}"} for n in range(55)),
            *({"name": f"Oak House {n:02}"} for n in range(5)),
            {"name": "Ann Lee"},
        )
        await oak.customer("Ann Lee", "ann@here.example")
        await load(oak)

        async def offered() -> None:
            assert (await review(oak))["counts"]["look_alike"] == 1

        await eventually(offered, within=WITHIN)
        at = f"/integrations/{provider}/import"
        async with pages_of(oak) as web:
            form = form_of((await web.get(at)).text, "data-review")
            shown = (await web.get(await pressed(web, at, form, "none"))).text
            assert "None selected" in shown
            form = form_of((await web.get(f"{at}?q=house")).text, "data-review")
            shown = (await web.get(await pressed(web, at, form, "all"))).text
            assert "5 selected: 5 new" in shown
            # Of all of them she stays a question: nothing is chosen for her.
            form = form_of((await web.get(at)).text, "data-review")
            shown = (await web.get(await pressed(web, at, form, "all"))).text
            assert "60 selected: 60 new" in shown
            form = form_of((await web.get(f"{at}?show=look_alike")).text, "data-review")
            (row,) = form.all("row")
            form.tick("pick", row)
            where = await pressed(web, at, form, "import")
            shown = (await web.get(where)).text
            assert "could be yours already" in shown
            form = form_of(shown, "data-review")
            form.set(f"link.{row}", "new")
            shown = (await web.get(await pressed(web, at, form, "keep"))).text
            assert "61 selected: 61 new" in shown


@EACH
async def test_z2_choices_by_the_api_are_what_an_import_of_the_selected_takes(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, provider=provider) as oak:
        await seed(oak, *({"name": f"Customer {n:02}"} for n in range(60)))
        await load(oak)
        shown: Json = await review(oak)
        assert (shown["selection"], shown["data"][0]["selected"]) == (
            {"new": 60, "links": 0, "asks": 0},
            True,
        )
        choices = f"/integrations/{provider}/remote-customers/choices"
        one = {"customers": [{"remote_id": shown["data"][7]["remote_id"], "picked": False}]}
        answer = await oak.web.put(choices, json=one)
        assert answer.status_code == 200, answer.text
        assert (await review(oak))["selection"]["new"] == 59
        answer = await oak.web.post(
            f"/integrations/{provider}/remote-customers/import",
            json={"matching": {"filter": "selected"}},
        )
        run = await run_over(oak, answer.json()["run"])
        assert run["by_state"] == {"created": 59}, run
