"""Tax Mapping by its page alone, as a browser without JavaScript uses it."""

from by_pages import hidden, pages_of, undo
from money_side import bill, tax_rate, taxes_there, taxing_office
from testkit import Stack

PAGE = "/integrations/qbo/tax-mapping"


def form(page: str, rate: str, code: str) -> dict[str, str]:
    """The page's form with another tax chosen for this rate."""
    names = ("csrf", "version", f"was.{rate}")
    return {name: hidden(page, name) for name in names} | {f"tax.{rate}": code}


async def test_s32_choosing_the_tax_by_the_page_releases_the_invoice(stack: Stack) -> None:
    async with taxing_office(stack, "Taxpage") as oak, pages_of(oak) as web:
        empty = await web.get(PAGE)
        assert "Your invoices have no tax" in empty.text
        rate = await tax_rate(oak, "Sales tax", "8")
        codes = {code["name"]: code["id"] for code in (await taxes_there(oak))["tax_codes"]}
        invoice = await bill(oak, {"unit_price": "100.00", "tax_rate_id": rate})
        await oak.badge_when("invoice", invoice, "blocked")
        before = (await web.get(PAGE)).text
        assert "1 of 1 tax rates has no tax in QuickBooks." in before
        assert "1 invoice<" in before
        assert "1 invoice, $108.00</a> waits for a tax to be chosen." in before
        saved = await web.post(PAGE, data=form(before, rate, codes["Tucson"]))
        assert (saved.status_code, saved.headers["location"]) == (303, PAGE), saved.text
        after = (await web.get(PAGE)).text
        assert "8 % here, 9.1 % there" in after
        assert f'<option value="{codes["Tucson"]}" selected>' in after
        await oak.badge_when("invoice", invoice, "synced")
        path, fields = undo(saved.headers["set-cookie"], after)
        undone = await web.post(path, data=fields)
        assert undone.status_code == 303, undone.text
        assert "No tax chosen" in (await web.get(PAGE)).text
        [shown] = (await oak.web.get(PAGE)).json()["items"]
        assert shown["tax_code"] is None


async def test_two_who_save_taxes_at_once_see_each_others_choice(stack: Stack) -> None:
    async with taxing_office(stack, "Taxtwice") as oak, pages_of(oak) as web:
        rate = await tax_rate(oak, "Sales tax", "8")
        codes = [code["id"] for code in (await taxes_there(oak))["tax_codes"] if code["active"]]
        opened = (await web.get(PAGE)).text
        assert (await web.post(PAGE, data=form(opened, rate, codes[0]))).status_code == 303
        late = await web.post(PAGE, data=form(opened, rate, codes[1]))
        assert late.status_code == 412
        assert "Someone else saved tax rates meanwhile" in late.text
        assert "Someone else has chosen" in late.text
        assert f'<option value="{codes[1]}" selected>' in late.text
        shown = (await oak.web.get(PAGE)).json()["items"]
        assert [item["tax_code"] for item in shown] == [codes[0]]
        theirs = form(late.text, rate, codes[1]) | {"do": f"theirs.{rate}"}
        taken = (await web.post(PAGE, data=theirs)).text
        assert f'<option value="{codes[0]}" selected>' in taken
        again = await web.post(PAGE, data=form(late.text, rate, codes[1]))
        assert again.status_code == 303
        shown = (await oak.web.get(PAGE)).json()["items"]
        assert [item["tax_code"] for item in shown] == [codes[1]]


async def test_a_tax_that_isnt_there_is_refused_beside_its_row(stack: Stack) -> None:
    async with taxing_office(stack, "Taxwrong") as oak, pages_of(oak) as web:
        rate = await tax_rate(oak, "Sales tax", "8")
        await taxes_there(oak)
        opened = (await web.get(PAGE)).text
        refused = await web.post(PAGE, data=form(opened, rate, "77"))
        assert refused.status_code == 422
        assert "This tax isn&#39;t a tax for sales in QuickBooks" in refused.text


async def test_s31_who_works_the_tax_out_is_said_instead_of_a_table(stack: Stack) -> None:
    async with taxing_office(stack, "Taxthere", tax_mode="ast") as oak, pages_of(oak) as web:
        await tax_rate(oak, "Sales tax", "8")
        await taxes_there(oak)
        shown = (await web.get(PAGE)).text
        assert "QuickBooks works the tax out by itself" in shown
        assert "both totals" in shown
