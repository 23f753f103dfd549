"""Pages as a browser without JavaScript uses them: forms, what is wrong beside its field, links."""

import html
import re
from typing import Any

import httpx
import pytest

Service = Any

PASSWORD = "correct horse battery 9"


def browser(service: Service) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(service.app, raise_app_exceptions=False),
        base_url="http://127.0.0.1:8000",
    )


async def log_in(web: httpx.AsyncClient, email: str) -> None:
    answer = await web.post("/login", data={"email": email, "password": PASSWORD})
    assert (answer.status_code, answer.headers.get("location")) == (303, "/invoices"), answer.text


def token(page: str) -> str:
    found = re.search(r'name="csrf" content="([^"]+)"', page)
    assert found
    return found[1]


async def post(web: httpx.AsyncClient, path: str, **fields: str) -> httpx.Response:
    """The form on a page, with its token."""
    csrf = token((await web.get("/invoices")).text)
    return await web.post(path, data={"csrf": csrf, **fields})


async def test_signing_up_by_the_page_leads_to_the_empty_invoice_list(service: Service) -> None:
    async with browser(service) as web:
        form = await web.get("/signup")
        assert form.status_code == 200
        assert form.headers["content-security-policy"].startswith("default-src 'none'")
        fields = {
            "company_name": "Fir Plumbing",
            "email": "joe@fir.example",
            "password": PASSWORD,
            "time_zone": "Europe/Oslo",
            "currency": "EUR",
        }
        wrong = await web.post("/signup", data={**fields, "email": "nowhere"})
        assert wrong.status_code == 422
        assert "Write an e-mail address, such as ann@example.com." in wrong.text
        assert 'value="Fir Plumbing"' in wrong.text
        made = await web.post("/signup", data=fields)
        assert (made.status_code, made.headers["location"]) == (303, "/invoices")
        page = await web.get("/invoices")
        assert "No invoices yet" in page.text
        assert "Connect accounting" in page.text
        again = await web.post("/signup", data=fields)
        assert again.status_code == 409


async def test_a_wrong_password_never_says_which_was_wrong(service: Service) -> None:
    oak = await service.sign_up()
    async with browser(service) as web:
        for email in (oak["email"], "nobody@oak.example"):
            refused = await web.post("/login", data={"email": email, "password": "no"})
            assert refused.status_code == 401
            assert "E-mail or password doesn&#39;t match." in refused.text


async def test_who_isnt_logged_in_comes_back_after_it(service: Service) -> None:
    oak = await service.sign_up()
    async with browser(service) as web:
        sent_away = await web.get("/customers?q=Ann")
        assert sent_away.status_code == 303
        assert sent_away.headers["location"] == "/login?next=/customers%3Fq%3DAnn"
        form = await web.get(sent_away.headers["location"])
        assert 'name="next" value="/customers?q=Ann"' in form.text
        fields = {"email": oak["email"], "password": PASSWORD}
        for bad in ("https://evil.example/", "//evil.example", "/\\evil.example"):
            back = await web.post("/login", data={**fields, "next": bad})
            assert back.headers["location"] == "/invoices"
            web.cookies.clear()
        back = await web.post("/login", data={**fields, "next": "/customers?q=Ann"})
        assert back.headers["location"] == "/customers?q=Ann"


async def test_a_form_sent_after_the_session_ended_comes_back_after_the_log_in(
    service: Service,
) -> None:
    oak = await service.sign_up()
    ours = {
        "Origin": "http://127.0.0.1:8000",
        "Referer": "http://127.0.0.1:8000/customers/new",
    }
    typed = {"csrf": "of the session that ended", "name": 'Ann "Lee"', "kind": "homeowner"}
    fields = {"email": oak["email"], "password": PASSWORD}
    async with browser(service) as web:
        asked = await web.post("/customers/new", data=typed, headers=ours)
        assert asked.status_code == 200
        assert "what you typed comes back" in asked.text
        assert "of the session that ended" not in asked.text
        kept = html.unescape(re.findall(r'name="kept" value="([^"]+)"', asked.text)[0])

        # A wrong password loses nothing either.
        wrong = await web.post("/login", data={**fields, "password": "no", "kept": kept})
        assert (wrong.status_code, 'name="kept"' in wrong.text) == (401, True)
        back = await web.post("/login", data={**fields, "kept": kept})
        assert back.status_code == 200
        assert 'action="/customers/new"' in back.text
        assert 'data-page="/customers/new"' in back.text
        assert 'name="name" value="Ann &#34;Lee&#34;"' in back.text
        csrf = re.findall(r'name="csrf" value="([^"]+)"', back.text)[0]
        again = {**typed, "csrf": csrf}
        made = await web.post("/customers/new", data=again, headers=ours)
        assert (made.status_code, made.headers["location"][:11]) == (303, "/customers/")

    for without in ("Origin", "Referer"):
        async with browser(service) as web:
            foreign = {"Origin": "https://evil.example", "Referer": "https://evil.example/"}
            lacking = {**ours, without: foreign[without]}
            answer = await web.post("/customers/new", data=typed, headers=lacking)
            assert answer.status_code == 303, "another site's form isn't kept"
    async with browser(service) as web:
        button = await web.post("/invoices/1/sync", data={"provider": "qbo"}, headers=ours)
        assert button.headers["location"] == "/login?next=/customers/new"
        for packed in (
            "no",
            '["/a"]',
            '["//evil.example", "/x", []]',
            '["/a", "https://evil", []]',
        ):
            entered = await web.post("/login", data={**fields, "kept": packed})
            assert entered.headers["location"] == "/invoices", packed
            web.cookies.clear()


async def test_an_invoice_is_written_sent_edited_and_voided_by_forms(service: Service) -> None:
    oak = await service.sign_up()
    async with browser(service) as web:
        await log_in(web, oak["email"])
        customer = await post(
            web, "/customers/new", name="Ann Lee", kind="homeowner", email="ann@lee.example"
        )
        customer_id = customer.headers["location"].rsplit("/", 1)[1]
        assert "Ann Lee" in (await web.get(customer.headers["location"])).text
        item = await post(web, "/items/new", name="Call-out", unit_price="128.19", sku="CALL")
        item_id = item.headers["location"].rsplit("/", 1)[1]

        fields = {
            "customer_id": customer_id,
            "issue_date": "2026-06-15",
            "lines.1.item_id": item_id,
            "lines.1.quantity": "2",
            "lines.1.unit_price": "x",
        }
        wrong = await post(web, "/invoices/new", **fields)
        assert wrong.status_code == 422
        assert 'id="f-lines.0.unit_price"' in wrong.text
        assert "Write the price as a number, such as 128.19." in wrong.text
        more = await post(web, "/invoices/new", **{**fields, "more": "1"})
        assert (more.status_code, more.text.count('role="group"')) == (200, 6)

        made = await post(web, "/invoices/new", **{**fields, "lines.1.unit_price": "128.19"})
        assert made.status_code == 303
        path = made.headers["location"]
        page = (await web.get(path)).text
        assert "Invoice 1001" in page
        assert "$256.38" in page
        assert "Draft" in page
        sent = await post(web, f"{path}/send")
        assert sent.headers["location"] == path
        assert ">Sent<" in (await web.get(path)).text

        form = (await web.get(f"{path}/edit")).text
        etag = re.search(r'name="etag" value="&#34;(\d+)&#34;"', form)
        assert etag
        edit = {
            "etag": f'"{etag[1]}"',
            "customer_id": customer_id,
            "issue_date": "2026-06-16",
            "lines.0.item_id": item_id,
            "lines.0.quantity": "1",
            "lines.0.unit_price": "100",
        }
        assert (await post(web, f"{path}/edit", **edit)).status_code == 303
        assert "$100.00" in (await web.get(path)).text
        stale = await post(web, f"{path}/edit", **edit)
        assert stale.status_code == 412
        assert "Someone else saved this invoice" in stale.text
        assert "See theirs" in stale.text
        listed = (await web.get("/invoices")).text
        assert "All <b>1</b>" in listed
        assert "Draft <b>0</b>" in listed
        assert path not in (await web.get("/invoices?tab=draft")).text
        assert (await post(web, f"{path}/void")).status_code == 303
        assert ">Void<" in (await web.get(path)).text


async def test_an_invoice_of_1_114_lines_is_opened_and_saved_and_one_too_long_says_so(
    service: Service,
) -> None:
    oak = await service.sign_up()
    async with browser(service) as web:
        await log_in(web, oak["email"])
        customer = await post(web, "/customers/new", name="Ann Lee", kind="homeowner")
        items = [await post(web, "/items/new", name=f"Part {n}", unit_price="2") for n in (1, 2)]
        ids = [item.headers["location"].rsplit("/", 1)[1] for item in items]

        def fields(lines: int) -> dict[str, str]:
            values = {
                "customer_id": customer.headers["location"].rsplit("/", 1)[1],
                "issue_date": "2026-06-15",
            }
            for n in range(lines):
                shown = (ids[n % 2], f"Line {n}", "1", "2.00", "", "")
                names = (
                    *("item_id", "description", "quantity"),
                    *("unit_price", "discount_percent", "tax_rate_id"),
                )
                values |= {f"lines.{n}.{k}": v for k, v in zip(names, shown, strict=True)}
            return values

        made = await post(web, "/invoices/new", **fields(1_114))
        assert made.status_code == 303, made.text[:300]
        path = made.headers["location"]
        form = await web.get(f"{path}/edit")
        assert form.status_code == 200
        assert len(form.content) < 6_000_000, len(form.content)
        etag = re.search(r'name="etag" value="&#34;(\d+)&#34;"', form.text)
        assert etag
        edited = fields(1_114) | {"etag": f'"{etag[1]}"', "lines.1113.unit_price": "9.00"}
        assert (await post(web, f"{path}/edit", **edited)).status_code == 303
        assert "$2,235.00" in (await web.get(path)).text
        long = await post(web, "/invoices/new", **fields(2_001))
        assert long.status_code == 422
        assert "2,000" in long.text or "2000" in long.text


async def test_a_form_without_its_token_changes_nothing(service: Service) -> None:
    oak = await service.sign_up()
    async with browser(service) as web:
        await log_in(web, oak["email"])
        fields = {"name": "Ann Lee", "kind": "homeowner"}
        for bad in ({}, {"csrf": "wrong"}):
            refused = await web.post("/customers/new", data={**fields, **bad})
            assert refused.status_code == 403
        csrf = token((await web.get("/invoices")).text)
        foreign = await web.post(
            "/customers/new",
            data={**fields, "csrf": csrf},
            headers={"Origin": "https://evil.example"},
        )
        assert foreign.status_code == 404
        assert "No customers yet" in (await web.get("/customers")).text


async def test_pages_stand_while_the_orchestrator_is_away(service: Service) -> None:
    oak = await service.sign_up()
    async with browser(service) as web:
        await log_in(web, oak["email"])
        for path in (
            "/invoices",
            "/invoices/new",
            "/invoices/import",
            "/customers",
            "/customers/new",
            "/items",
            "/items/new",
            "/integrations",
            "/settings",
            "/settings/people",
            "/settings/api-keys",
            "/settings/notices",
            "/notices",
            "/tax-rates",
            "/start",
            "/search?q=a",
            "/keys",
            "/patterns",
        ):
            assert (await web.get(path)).status_code == 200, path
        for tab in (
            "settings",
            "account-mapping",
            "tax-mapping",
            "match",
            "recent",
            "problems",
            "ignored",
            "sync-now",
        ):
            page = await web.get(f"/integrations/qbo/{tab}")
            assert page.status_code == 200, tab


async def test_whoever_declined_consent_reads_that_nothing_was_stored(service: Service) -> None:
    oak = await service.sign_up()
    async with browser(service) as web:
        await log_in(web, oak["email"])
        page = await web.get("/integrations/qbo/settings?connect=consent_declined")
        assert "You chose not to connect. Nothing was stored." in page.text
        assert "Connect QuickBooks" in page.text


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/invoices/abc",
        "/invoices/0197a000-0000-7000-8000-000000000000",
        "/integrations/sage/problems",
        "/static/nothing.js",
        "/invoices?cursor=x",
        "/invoices/0197a000-0000-7000-8000-000000000000/void-it",
        "/logout",
    ],
)
async def test_what_isnt_there_is_a_page_with_the_menu(service: Service, path: str) -> None:
    oak = await service.sign_up()
    async with browser(service) as web:
        nobody = await web.get(path)
        assert nobody.is_redirect or nobody.headers["content-type"].startswith("text/html")
        await log_in(web, oak["email"])
        answer = await web.get(path)
        assert answer.status_code in {404, 405, 422}
        assert answer.headers["content-type"].startswith("text/html")
        assert '<nav class="app-nav"' in answer.text
        assert "Go back" in answer.text
        assert not re.search(r"must be|UUID|GET|POST", answer.text.split("<main")[1])


async def test_what_isnt_in_the_api_is_problem_details_and_integrations_have_two_addresses(
    service: Service,
) -> None:
    oak = await service.sign_up()
    async with browser(service) as web:
        await log_in(web, oak["email"])
        for path in ("/api/v1/nothing", "/api/v1/invoices/abc"):
            assert (await web.get(path)).headers["content-type"] == "application/problem+json"
        settings = await web.get("/settings/integrations")
        assert (settings.status_code, settings.headers["location"]) == (303, "/integrations")


async def test_anothers_records_are_not_there(service: Service) -> None:
    oak, fir = await service.sign_up(), await service.sign_up()
    async with browser(service) as web:
        await log_in(web, oak["email"])
        made = await post(web, "/customers/new", name="Ann Lee", kind="homeowner")
    async with browser(service) as web:
        await log_in(web, fir["email"])
        assert (await web.get(made.headers["location"])).status_code == 404


async def test_what_was_done_is_said_once_and_can_be_taken_back(service: Service) -> None:
    oak = await service.sign_up()
    async with browser(service) as web:
        await log_in(web, oak["email"])
        made = await post(web, "/tax-rates", name="GST", percent="15")
        assert (made.status_code, made.headers["location"]) == (303, "/tax-rates")
        page = (await web.get("/tax-rates")).text
        assert "GST added." in page
        assert "15%" in page
        assert "GST added." not in (await web.get("/tax-rates")).text
        twice = await post(web, "/tax-rates", name="GST", percent="10")
        assert twice.status_code == 409
        assert "is the name of another tax rate of yours" in twice.text
        web.cookies.set("tb_session_8000_said", "not ours")
        assert (await web.get("/tax-rates")).status_code == 200


async def test_an_owner_invites_someone_and_makes_a_key_by_the_pages(service: Service) -> None:
    oak = await service.sign_up()
    async with browser(service) as web:
        await log_in(web, oak["email"])
        wrong = await post(web, "/settings/people", email="nowhere", role="viewer")
        assert wrong.status_code == 422
        assert 'value="nowhere"' in wrong.text
        made = await post(web, "/settings/people", email="ann9@oak.example", role="viewer")
        assert made.status_code == 200
        assert "/join/" in made.text
        assert "Invited" in (await web.get("/settings/people")).text
        key = await post(web, "/settings/api-keys", name="Reports")
        assert "shown this once" in key.text
        listed = (await web.get("/settings/api-keys")).text
        assert "Reports" in listed
        assert "shown this once" not in listed


async def test_a_file_of_invoices_is_imported_by_its_page(service: Service) -> None:
    oak = await service.sign_up()
    async with browser(service) as web:
        await log_in(web, oak["email"])
        csrf = token((await web.get("/invoices")).text)
        nothing = await web.post(
            "/invoices/import", data={"csrf": csrf, "status": "draft"}, files={"x": ("", b"")}
        )
        assert nothing.status_code == 422
        text = b"number,customer,date,item,quantity,price\n77,Ann Lee,2026-06-15,Call,1,10.00\n"
        begun = await web.post(
            "/invoices/import", data={"csrf": csrf}, files={"file": ("june.csv", text)}
        )
        assert begun.status_code == 303, begun.text
        shown = await web.get(begun.headers["location"])
        assert "june.csv" in shown.text
        assert "Report of every line" in shown.text
        unsigned = await web.post("/invoices/import", files={"file": ("june.csv", text)})
        assert unsigned.status_code == 403


async def test_first_steps_stand_on_the_invoice_list_until_they_are_put_away(
    service: Service,
) -> None:
    oak = await service.sign_up()
    async with browser(service) as web:
        await log_in(web, oak["email"])
        assert "0 of 5 done. Next: Connect your accounting" in (await web.get("/invoices")).text
        assert (await post(web, "/start/skip", step="customers")).status_code == 303
        assert "1 of 5 done" in (await web.get("/start")).text
        await post(web, "/start/skip", step="nothing")
        await post(web, "/start/skip", step="customers", undo="1")
        assert "0 of 5 done" in (await web.get("/start")).text
        assert (await post(web, "/start/dismiss")).headers["location"] == "/invoices"
        assert "First steps:" not in (await web.get("/invoices")).text
        assert "Show on the invoice list" in (await web.get("/start")).text
        await post(web, "/start/dismiss", undo="1")
        assert "First steps:" in (await web.get("/invoices")).text
