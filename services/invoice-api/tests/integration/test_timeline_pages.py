"""A record's timeline on its page and at its own address: who did what, from the first moment."""

from .test_pages import Service, browser, log_in, post


async def test_a_timeline_tells_who_made_and_edited_a_record_before_it_went_anywhere(
    service: Service,
) -> None:
    oak = await service.sign_up()
    async with browser(service) as web:
        await log_in(web, oak["email"])
        customer = (
            await post(web, "/customers/new", name="Ann Lee", kind="homeowner", email="a@b.example")
        ).headers["location"]
        await post(web, customer, name="Ann Lee", kind="business", email="ann@lee.example")
        for page in (customer, f"{customer}/timeline", f"{customer}/timeline?history=changes"):
            told = (await web.get(page)).text
            assert "You created the customer." in told, page
            assert "You changed the customer: type, e-mail." in told, page
            assert 'data-copy="timeline-text"' in told, page
        item = (await post(web, "/items/new", name="Call-out", unit_price="5")).headers["location"]
        assert "You created the item." in (await web.get(f"{item}/timeline")).text

    fir = await service.sign_up()
    async with browser(service) as web:
        await log_in(web, fir["email"])
        for page in (f"{customer}/timeline", f"{item}/timeline"):
            assert (await web.get(page)).status_code == 404


async def test_an_invoice_s_own_address_says_what_was_sent_and_by_whom(service: Service) -> None:
    oak = await service.sign_up()
    async with service.client(oak["api_key"]) as api, browser(service) as web:
        ann = (await api.post("/customers", json={"name": "Ann Lee"})).json()["id"]
        line = {"description": "Call-out", "quantity": "1", "unit_price": "5.00"}
        made = (await api.post("/invoices", json={"customer_id": ann, "lines": [line]})).json()
        await api.post(f"/invoices/{made['id']}/send")
        await log_in(web, oak["email"])
        page = (await web.get(f"/invoices/{made['id']}/timeline")).text
        assert f"Timeline of invoice {made['number']}" in page
        assert page.index("You created the invoice.") < page.index("You sent the invoice.")
        # Of an invoice from before deeds were written down, it still says what is known.
        async with service.parts.database.transaction() as tx:
            await tx.execute("UPDATE invoices SET snapshot = snapshot - 'deeds'")
        page = (await web.get(f"/invoices/{made['id']}")).text
        assert page.index("The invoice was created.") < page.index("You sent the invoice.")
