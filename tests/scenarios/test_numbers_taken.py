"""An invoice number that somebody's invoice there has: link it, take another there, change it."""

from office import WITHIN, Json, Office, connected_office
from provider_side import act, change, reprice, with_first_synced, writes
from testkit import Stack, eventually


async def entered_there(oak: Office, number: str, customer: str, price: str) -> None:
    """An invoice of one line, entered by hand in the provider's own pages on 15 June."""
    line = {"item": "Call-out", "quantity": "1", "unit_price": price}
    body = {"customer": customer, "number": number, "date": "2026-06-15", "lines": [line]}
    answer = await oak.books.post(
        "/_sim/seed", json={"organisation": oak.organisation, "invoices": [body]}
    )
    assert answer.status_code == 200, answer.text


async def taken(oak: Office, invoice: Json) -> tuple[Json, dict[str, Json]]:
    """The badge of an invoice whose number is taken, and its fixes by action."""
    badge = await oak.badge_when("invoice", invoice, "blocked")
    assert badge["cause"]["code"] == "invoice_number_taken", badge
    assert [link["label"] for link in badge["cause"]["links"]] == ["Change the number here"]
    return badge, {fix["action"]: fix for fix in badge["cause"]["fixes"]}


async def test_s44_a_number_taken_there_is_linked_replaced_there_or_changed_here(
    stack: Stack, provider: str
) -> None:
    async with connected_office(stack, "Numb", provider) as oak:
        ann, item = await with_first_synced(oak)
        seeded = await oak.books.post(
            "/_sim/seed",
            json={"organisation": oak.organisation, "customers": [{"name": "Bo Ray"}]},
        )
        assert seeded.status_code == 200, seeded.text
        await entered_there(oak, "1002", "Bo Ray", "50.00")
        await entered_there(oak, "1002-A", "Bo Ray", "60.00")
        await entered_there(oak, "1003", "Ann Lee", "128.19")
        await entered_there(oak, "1004", "Ann Lee", "128.20")
        other, same, changed = [await oak.invoice(ann, [item], quantity="1") for _ in range(3)]
        for invoice in (other, same, changed):
            await oak.send(invoice)

        # Somebody else's: nothing to link, and the number offered is free there.
        badge, fixes = await taken(oak, other)
        assert "Bo Ray, $50.00" in badge["cause"]["sentence"], badge
        assert set(fixes) == {"use_number"}
        assert fixes["use_number"]["label"] == "Use 1002-B there"
        assert fixes["use_number"]["values"] == {"number": "1002-B"}
        refused = await oak.web.post(
            f"/invoices/{other['id']}/actions/link",
            json={"provider": provider, "remote_id": "1"},
        )
        assert (refused.status_code, refused.json()["code"]) == (409, "not_the_same")

        # The same customer, date and total: linked, and nothing is written.
        badge, fixes = await taken(oak, same)
        assert set(fixes) == {"link", "use_number"}, badge
        await taken(oak, changed)
        written = len(await writes(oak))
        remote = fixes["link"]["values"]["remote_id"]
        await act(oak, "invoice", same, "link", remote_id=remote)
        badge = await oak.badge_when("invoice", same, "synced")
        assert badge["remote_id"] == remote
        assert len(await writes(oak)) == written

        # Another total: not offered as the same.
        badge, fixes = await taken(oak, changed)
        assert set(fixes) == {"use_number"}, badge

        await act(oak, "invoice", other, "use_number", number="1002-B")
        badge = await oak.badge_when("invoice", other, "synced")
        assert badge["remote_number"] == "1002-B"
        assert (await oak.web.get(f"/invoices/{other['id']}")).json()["number"] == "1002"
        await change(oak, changed, number="2004")
        badge = await oak.badge_when("invoice", changed, "synced")
        assert badge["remote_number"] == "2004"
        assert await oak.numbers() == ["1001", "1002", "1002-A", "1002-B", "1003", "1004", "2004"]

        # What was linked is updated from now on, under its own number and once.
        await reprice(oak, same, "99.00")

        async def repriced() -> None:
            [row] = [r for r in (await oak.held())["invoices"] if r["id"] == remote]
            assert (row["number"], row["total"]) == ("1003", "99.00")

        await eventually(repriced, within=WITHIN)
