"""Invoices dated in a period that is closed at the provider: parked, and dated only as chosen."""

import pytest
from office import WITHIN, Json, Office, connected_office
from provider_side import act, behave, change, with_first_synced
from testkit import Stack, eventually

LOCKING = pytest.mark.parametrize("provider", ["qbo", "xero"])
CHOICES = ["check_again", "post_on_first_open_day", "ignore"]


async def close(oak: Office, up_to: str | None) -> None:
    await behave(oak, lock_date=up_to)


async def until_read(oak: Office, invoice: Json, *codes: str) -> None:
    """Until we know up to when the books are closed."""
    await oak.web.get(f"/integrations/{oak.provider}/accounts", params={"refresh": "true"})

    async def known() -> None:
        shown = await oak.web.get(
            f"/invoices/{invoice['id']}/preflight", params={"provider": oak.provider}
        )
        assert [one["code"] for one in shown.json()["problems"]] == list(codes), shown.text

    await eventually(known, within=WITHIN)


async def parked(oak: Office, invoice: Json) -> Json:
    """The badge, once it is blocked with the choices of a closed period."""

    async def with_choices() -> Json:
        badge = await oak.badge("invoice", invoice)
        assert badge["state"] == "blocked", badge
        assert badge["cause"]["code"] == "period_closed", badge
        assert [fix["action"] for fix in badge["cause"]["fixes"]] == CHOICES, badge
        labels = {fix["action"]: fix["label"] for fix in badge["cause"]["fixes"]}
        assert labels["post_on_first_open_day"] == "Post on 1 July", badge
        return badge

    return await eventually(with_choices, within=WITHIN)


async def there(oak: Office, invoice: Json) -> Json:
    [row] = [r for r in (await oak.held())["invoices"] if r["number"] == invoice["number"]]
    return row


async def dated_lines(oak: Office, invoice: Json) -> list[Json]:
    told = await oak.web.get(
        f"/invoices/{invoice['id']}/timeline", params={"provider": oak.provider}
    )
    return [line for line in told.json()["data"] if line["kind"] == "dated_there"]


@LOCKING
async def test_s46_closed_books_park_an_invoice_and_no_date_changes_unless_chosen(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, "Lock", provider) as oak:
        ann, item = await with_first_synced(oak)
        chosen, reopened, left = [await oak.invoice(ann, [item]) for _ in range(3)]
        await close(oak, "2026-06-30")
        await until_read(oak, chosen, "invoice_draft", "period_closed")
        for invoice in (chosen, reopened, left):
            await oak.send(invoice)
            badge = await parked(oak, invoice)
            assert "closed up to 30 June" in badge["cause"]["sentence"], badge
        assert await oak.numbers() == ["1001"], "nothing was sent, with whatever date"

        await act(oak, "invoice", chosen, "post_on_first_open_day")
        await oak.badge_when("invoice", chosen, "synced")

        async def says_so() -> None:
            assert (await oak.badge("invoice", chosen)).get("date_there") == "2026-07-01"

        await eventually(says_so, within=WITHIN)
        assert (await there(oak, chosen))["date"] == "2026-07-01"
        ours = (await oak.web.get(f"/invoices/{chosen['id']}")).json()
        assert ours["issue_date"] == "2026-06-15", "its own date stays"
        [dated] = await dated_lines(oak, chosen)
        assert dated["who"], "by name"
        assert "Dated 1 July" in dated["sentence"], dated
        assert "instead of 15 June" in dated["sentence"], dated
        # An edit later keeps that day.
        await change(oak, chosen, due_date="2026-08-31")

        async def moved() -> None:
            row = await there(oak, chosen)
            assert (row["due_date"], row["date"]) == ("2026-08-31", "2026-07-01")

        await eventually(moved, within=WITHIN)

        await act(oak, "invoice", left, "ignore", why="entered by hand")
        await oak.badge_when("invoice", left, "ignored")
        await close(oak, None)
        await act(oak, "invoice", reopened, "check_again")
        badge = await oak.badge_when("invoice", reopened, "synced")
        assert "date_there" not in badge
        assert (await there(oak, reopened))["date"] == "2026-06-15"
        assert await oak.numbers() == ["1001", chosen["number"], reopened["number"]]


@LOCKING
async def test_s47_closed_between_check_and_send_the_same_choices_appear(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, "Shut", provider) as oak:
        ann, item = await with_first_synced(oak)
        invoice, second = await oak.invoice(ann, [item]), await oak.invoice(ann, [item])
        await close(oak, "2026-06-30")
        await oak.send(invoice)
        await parked(oak, invoice)
        assert await oak.numbers() == ["1001"]
        # The setting dates what is parked and what comes.
        await oak.settings(post_in_closed_period="first_open_day")
        await oak.badge_when("invoice", invoice, "synced")
        await oak.send(second)
        await oak.badge_when("invoice", second, "synced")
        for one in (invoice, second):
            assert (await there(oak, one))["date"] == "2026-07-01"
            [dated] = await dated_lines(oak, one)
            assert "the setting for closed books" in dated["sentence"], dated
        assert await oak.numbers() == ["1001", invoice["number"], second["number"]]
