"""Ticked invoices: what would stop them, and leaving them alone, by the pages."""

import re

from by_pages import hidden, pages_of
from office import WITHIN, connected_office
from testkit import Stack

LIST = "/invoices"

Form = dict[str, str | list[str]]


async def test_what_would_stop_ticked_invoices_is_said_before_anything_is_sent(
    stack: Stack,
) -> None:
    async with connected_office(stack) as oak, pages_of(oak) as web:
        await oak.switch_on()
        ann, mapped = await oak.customer(), await oak.item()
        await oak.map_all()
        spare = await oak.item(name="Spare")
        ready, stopped, draft = [await oak.invoice(ann, [one]) for one in (mapped, spare, mapped)]
        for one in (ready, stopped):
            assert (await oak.web.post(f"/invoices/{one['id']}/finalize")).status_code == 200
        form: Form = {
            "csrf": hidden((await web.get(LIST)).text, "csrf"),
            "provider": "qbo",
            "ids": [ready["id"], stopped["id"], draft["id"]],
        }
        page = (await web.post(f"{LIST}/selected/check", data=form)).text
        assert (
            f'1 of 3 would go to QuickBooks: <a class="app-textlink" href="/invoices/{ready["id"]}"'
            in page
        )
        assert re.search(rf"Items need an income account.*{stopped['id']}", page, re.S)
        assert re.search(rf"Still a draft.*{draft['id']}", page, re.S)
        assert (await oak.badge("invoice", ready))["state"] == "not_synced"

        sent: Form = {**form, "ids": re.findall(r'name="ids" value="([^"]+)"', page)}
        assert sent["ids"] == [ready["id"]]
        await web.post(f"{LIST}/selected", data=sent)
        await oak.badge_when("invoice", ready, "synced", within=3 * WITHIN)
        again = (await web.post(f"{LIST}/selected/check", data=form)).text
        assert "No invoice of these 3 would go to QuickBooks now." in again
        assert (
            f'In QuickBooks already: <a class="app-textlink" href="/invoices/{ready["id"]}"'
            in again
        )

        # On its way, and yet it goes nowhere until a person mends what it waits for.
        gomez = await oak.customer("Maria Gomez", None)
        waits = await oak.invoice(gomez, [mapped])
        await oak.send(waits)
        await oak.badge_when("invoice", waits, "waiting", within=3 * WITHIN)
        both: Form = {**form, "ids": [ready["id"], waits["id"]]}
        waiting = (await web.post(f"{LIST}/selected/check", data=both)).text
        assert re.search(rf"Maria Gomez.*{waits['id']}", waiting, re.S)
        assert "On the way already" not in waiting
        asked = (await web.post(f"{LIST}/selected/ignore", data=both)).text
        assert "What is there already stays as it is: 1 of these." in asked


async def test_ticked_invoices_are_ignored_with_a_reason(stack: Stack) -> None:
    async with connected_office(stack) as oak, pages_of(oak) as web:
        ann, item = await oak.customer(), await oak.item()
        two = [await oak.invoice(ann, [item]) for _ in range(2)]
        for one in two:
            assert (await oak.web.post(f"/invoices/{one['id']}/finalize")).status_code == 200
        form: Form = {
            "csrf": hidden((await web.get(LIST)).text, "csrf"),
            "provider": "qbo",
            "ids": [one["id"] for one in two],
        }
        asked = await web.post(f"{LIST}/selected/ignore", data=form)
        assert "Ignore 2 invoices" in asked.text
        without = await web.post(f"{LIST}/selected/ignore", data={**form, "asked": "1", "why": " "})
        assert (without.status_code, "Say why" in without.text) == (422, True)
        done = await web.post(f"{LIST}/selected/ignore", data={**form, "why": "Entered by hand"})
        assert done.status_code == 303
        assert "2 invoices ignored." in (await web.get(LIST)).text
        for one in two:
            assert (await oak.badge("invoice", one))["state"] == "ignored"


async def test_nothing_ticked_is_said(stack: Stack) -> None:
    async with connected_office(stack) as oak, pages_of(oak) as web:
        csrf = hidden((await web.get(LIST)).text, "csrf")
        for verb in ("", "/check", "/ignore"):
            answer = await web.post(
                f"{LIST}/selected{verb}", data={"csrf": csrf, "provider": "qbo"}
            )
            assert answer.status_code == 303, verb
            assert "Tick the invoices first." in (await web.get(LIST)).text
