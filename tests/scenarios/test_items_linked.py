"""An item that can't be used there is linked to another, chosen from a list that is read there."""

import re

import httpx
from by_pages import hidden, pages_of, undo
from office import WITHIN, Json, Office, connected_office
from provider_side import change_there, delete_there, with_first_synced
from testkit import Stack, eventually

LONG = 3 * WITHIN


async def sown(oak: Office, *items: Json) -> None:
    seed = {"organisation": oak.organisation, "items": list(items)}
    assert (await oak.books.post("/_sim/seed", json=seed)).status_code == 200


async def there(oak: Office, name: str) -> str:
    """The id of an item there."""
    return next(str(row["id"]) for row in (await oak.held())["items"] if row["name"] == name)


async def renamed(oak: Office, item: Json, remote: str, name_there: str) -> None:
    """A later change of a linked item goes to what it is linked to, whatever its name is then."""
    changed = await oak.web.patch(f"/items/{item['id']}", json={"name": "Call-out by night"})
    assert changed.status_code == 200, changed.text
    asked = await oak.web.post(f"/items/{item['id']}/sync", json={"provider": oak.provider})
    assert asked.status_code == 202, asked.text
    await oak.badge_when("item", item, "synced", within=LONG)
    names = {row["id"]: row["name"] for row in (await oak.held())["items"]}
    assert names[remote] == name_there, names


async def listed_with(web: httpx.AsyncClient, page: str, name: str) -> str:
    """The page once the items there have come; who looks at it has them read."""

    async def shown() -> str:
        text = (await web.get(page)).text
        assert f"<strong>{name}</strong>" in text, re.sub(r"\s+", " ", text)[-3000:]
        return text

    return await eventually(shown, within=LONG)


async def test_s22_an_item_gone_there_is_linked_to_another_by_the_page_and_its_invoice_goes(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, "Items", provider) as oak:
        ann, call_out = await with_first_synced(oak)
        await oak.settings(gone_there="ask")
        await sown(oak, {"name": "Service visit"}, {"name": "Not sold any more"})
        gone = await there(oak, "Not sold any more")
        await delete_there(oak, "items", gone)
        at = f"/items/{call_out['id']}"
        before = (await oak.web.get(at)).json()["links"][0]["remote_id"]
        bill: Json | None = None
        if provider != "freshbooks":
            # Lines there carry no item: one that is gone refuses nothing.
            bill = await oak.invoice(ann, [call_out])
            if provider == "qbo":
                await change_there(oak, "items", before, active=False)
            else:
                await delete_there(oak, "items", before)
            await oak.send(bill)

            async def asks() -> None:
                badge = await oak.badge("item", call_out)
                assert badge["state"] == "blocked", badge
                assert badge["cause"]["code"] == "item_unusable_there", badge
                assert "link" in [fix["action"] for fix in badge["cause"]["fixes"]]

            await eventually(asks, within=LONG)
            if provider == "qbo":
                # It doesn't say what is inactive: the customer is asked about, too, and is well.
                badge = await oak.badge("customer", ann)
                if badge["state"] == "blocked":
                    url = f"/customers/{ann['id']}/actions/reactivate"
                    answer = await oak.web.post(url, json={"provider": provider})
                    assert answer.status_code == 202, answer.text
        async with pages_of(oak) as web:
            page = f"{at}/link/{provider}"
            if bill is not None:
                card = (await web.get(f"/invoices/{bill['id']}")).text
                [led] = re.findall(r'href="([^"]*)">Link to another</a>', card)[:1] or [""]
                asked = await web.get(led)
                assert asked.status_code == 303, (led, asked.text)
                page = asked.headers["location"]
                assert page.startswith(f"{at}/link/{provider}?back="), page
            text = await listed_with(web, page, "Service visit")
            assert "Not sold any more" not in text, "what can't be invoiced isn't offered"
            visit = await there(oak, "Service visit")
            form = {"remote_id": visit, "csrf": hidden(text, "csrf"), "back": at}
            pressed = await web.post(f"{at}/link/{provider}", data=form)
            assert pressed.headers["location"] == at
            shown = (await web.get(at)).text
            assert "Linked." in shown
            assert (await oak.web.get(at)).json()["links"][0]["remote_id"] == visit
            if bill is not None:
                await oak.badge_when("invoice", bill, "synced", within=LONG)
                newest = max((await oak.held())["invoices"], key=lambda row: row["number"])
                assert [line["item_id"] for line in newest["lines"]] == [visit]
                await renamed(oak, call_out, visit, "Call-out by night")
                return
            second = await oak.invoice(ann, [call_out])
            await oak.send(second)
            await oak.badge_when("invoice", second, "synced", within=LONG)
            newest = max((await oak.held())["invoices"], key=lambda row: row["number"])
            assert [line["item_id"] for line in newest["lines"]] == [visit], "named as it is there"
            await renamed(oak, call_out, visit, "Service visit")
            names = sorted(row["name"] for row in (await oak.held())["items"] if row["active"])
            assert names == ["Call-out", "Service visit"], "none is written over"
            path, fields = undo(pressed.headers["set-cookie"], shown)
            assert (await web.post(path, data=fields)).headers["location"] == at
            assert "Linked as before." in (await web.get(at)).text
            assert (await oak.web.get(at)).json()["links"][0]["remote_id"] == before
            csrf = {"provider": provider, "csrf": fields["csrf"]}
            assert (await web.post(f"{at}/unlink", data=csrf)).headers["location"] == at
            assert "Not linked any more." in (await web.get(at)).text
            assert (await oak.web.get(at)).json()["links"] == []
            again = await web.get(page)
            assert again.text.count(">Link<span") == 2, "both can be chosen now"
