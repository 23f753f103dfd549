"""Over every route there is: a viewer changes nothing, and nobody sees another company's things."""

import re
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID, uuid4

import httpx
import pytest
from contracts.commands import Origin
from contracts.ids import CompanyId
from contracts.sync import RunProgress
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from invoice_api.runs import store as runs_store
from invoice_api.web import routes as pages
from testkit.every_route import Operation, call, operations

Service = Any
Json = dict[str, Any]

MARK = "Zanzibar"
"""A word in everything the other company has, and nowhere else."""

OWN_AFFAIRS = {
    "POST /api/v1/signup",
    "POST /api/v1/session",
    "DELETE /api/v1/session",
    "POST /api/v1/session/invitation",
    "PUT /api/v1/session/password",
    "POST /api/v1/notices/read",
    "PUT /api/v1/notices/settings",
}
"""Writes that concern nobody but whoever makes them: a viewer's own log-in."""

PASSWORD = "correct horse battery 9"


@dataclass
class Companies:
    """A viewer of one company, its owner, and the owner of another with one of everything."""

    document: Json
    owner: httpx.AsyncClient
    viewer: httpx.AsyncClient
    """By API key, so that what is refused is the role and not a missing token."""
    viewer_s_browser: httpx.AsyncClient
    csrf: str
    other: httpx.AsyncClient
    theirs: dict[str, str]


@pytest.fixture(scope="session")
async def companies(service: Service) -> AsyncGenerator[Companies]:
    owner = await service.company()
    email = f"vera{uuid4().hex[:6]}@oak.example"
    answer = await owner.post(
        "/users", json={"email": email, "role": "owner", "password": PASSWORD}
    )
    vera = answer.json()["id"]
    browser = service.client()
    csrf = await _log_in(browser, email)
    made = await browser.post("/api-keys", json={"name": "Vera's"}, headers={"X-CSRF-Token": csrf})
    viewer = service.client(made.json()["api_key"])
    assert (await owner.patch(f"/users/{vera}", json={"role": "viewer"})).status_code == 200
    csrf = await _log_in(browser, email)
    them = await service.sign_up(company_name=f"{MARK} Ltd")
    other = service.client(them["api_key"])
    async with service.client() as web:
        document = (await web.get("/openapi.json")).json()
    theirs = await _one_of_everything(other)
    theirs["run"] = await _a_run(service, them["company_id"])
    yield Companies(document, owner, viewer, browser, csrf, other, theirs)
    for web in (owner, viewer, browser, other):
        await web.aclose()


async def _log_in(browser: httpx.AsyncClient, email: str) -> str:
    answer = await browser.post("/session", json={"email": email, "password": PASSWORD})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["csrf_token"])


async def _one_of_everything(web: httpx.AsyncClient) -> dict[str, str]:
    """Everything that a path may name, by its kind."""

    async def made(path: str, **body: object) -> Json:
        answer = await web.post(path, json=body)
        assert answer.status_code == 201, answer.text
        return cast("Json", answer.json())

    customer = (await made("/customers", name=f"{MARK} Ann", email="ann@zanzibar.example"))["id"]
    item = (await made("/items", name=f"{MARK} pipe", unit_price="7.31"))["id"]
    line = {"item_id": item, "description": f"{MARK} visit"}
    invoice = (await made("/invoices", customer_id=customer, number=f"{MARK}-1", lines=[line]))[
        "id"
    ]
    user = (await made("/users", email=f"{MARK}@zanzibar.example", role="office"))["id"]
    key = (await made("/api-keys", name=f"{MARK} key"))["id"]
    rate = (await made("/tax-rates", name=f"{MARK} tax", percent="15"))["id"]
    text = f"Number,Date,Customer,Item,Price\n{MARK}-9,2026-06-15,{MARK} Ann,{MARK} pipe,1\n"
    files = {"file": (f"{MARK}.csv", text, "text/csv")}
    started = await web.post("/imports/invoices", files=files)
    assert started.status_code == 202, started.text
    return {
        "customer": customer,
        "item": item,
        "invoice": invoice,
        "user": user,
        "key": key,
        "tax_rate": rate,
        "run": started.json()["run"]["id"],
    }


async def _a_run(service: Service, company: str) -> str:
    run = RunProgress(
        id=uuid4(),
        kind="import_invoices",
        version=1,
        state="running",
        about=f"{MARK}.csv",
        started_by=Origin(by="person", name=f"{MARK} Joe"),
        started_at=service.parts.clock.now(),
        total=1,
        done=0,
        failed=0,
    )
    async with service.parts.database.transaction() as tx:
        await runs_store.save_runs(tx, "invoice-api", [(CompanyId(UUID(company)), run)])
    return str(run.id)


def _unknown(theirs: dict[str, str]) -> dict[str, str]:
    """Ids of nothing, of the same kinds."""
    return {kind: str(uuid4()) for kind in theirs}


async def test_s66_a_viewer_may_change_nothing_by_any_route(companies: Companies) -> None:
    wrong: list[str] = []
    tried = 0
    for one in operations(companies.document):
        if not one.writes or one.name in OWN_AFFAIRS:
            continue
        tried += 1
        answer = await call(companies.viewer, companies.document, one, companies.theirs)
        if (answer.status_code, answer.json().get("code")) != (403, "not_allowed"):
            wrong.append(f"{one.name}: {answer.status_code} {answer.text[:200]}")
    assert not wrong, "\n".join(wrong)
    assert tried > 20


async def test_s66_a_viewer_sees_every_list(companies: Companies) -> None:
    for one in operations(companies.document):
        if one.writes or one.parameters or one.path.endswith("/events") or "/ops" in one.path:
            continue
        answer = await call(companies.viewer, companies.document, one, {})
        assert answer.status_code in {200, 503}, (one.name, answer.text)


async def test_s66_the_pages_agree(companies: Companies) -> None:
    web, csrf = companies.viewer_s_browser, companies.csrf
    root = "http://127.0.0.1:8000"
    open_to_all = {"/login", "/signup", "/logout", "/join/{token}"}
    their_own = {"/notices/read", "/settings/notices"}  # what they read, and what is sent to them
    writes = [r for r in _page_routes() if "POST" in r.methods]
    wrong: list[str] = []
    for route in writes:
        if route.path in open_to_all | their_own:
            continue
        path = _filled(route.path, companies.theirs)
        answer = await web.post(root + path, data={"csrf": csrf})
        if answer.status_code != 403:
            wrong.append(f"POST {route.path}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)
    assert len(writes) > 10
    answer = await web.get(f"{root}/integrations/qbo/connect")
    assert answer.headers["location"] == "/integrations/qbo/settings", "not on to the provider"
    for path in ("/invoices", "/customers", "/items"):
        page = await web.get(root + path)
        assert page.status_code == 200
        forms = re.findall(r'<form[^>]*method="post"[^>]*>', page.text)
        assert all('action="/logout"' in form for form in forms), forms


async def test_s65_another_company_s_ids_are_not_there_by_any_route(companies: Companies) -> None:
    wrong: list[str] = []
    tried = 0
    unknown = _unknown(companies.theirs)
    for one in operations(companies.document):
        if not one.names_something:
            continue
        tried += 1
        theirs = await _answer(companies, one, companies.theirs)
        nothing = await _answer(companies, one, unknown)
        # What isn't ours may be the orchestrator's, which isn't there in this test.
        away = theirs[0] == 503 and "orchestrator_away" in theirs[1]
        if theirs[0] != 404 and not away:
            wrong.append(f"{one.name}: {theirs}")
        if theirs != nothing:
            wrong.append(f"{one.name}: tells it apart from an id of nothing: {theirs} {nothing}")
    assert not wrong, "\n".join(wrong)
    assert tried > 15


async def _answer(companies: Companies, one: Operation, ids: dict[str, str]) -> tuple[int, str]:
    answer = await call(companies.owner, companies.document, one, ids)
    text = answer.text
    for value in ids.values():
        text = text.replace(value, "ID")
    return answer.status_code, text


async def test_s65_no_list_search_or_count_tells_of_another_company(companies: Companies) -> None:
    for one in operations(companies.document):
        if one.writes or one.names_something or one.path.endswith("/events"):
            continue
        for name, value in _guesses(one, companies.theirs):
            answer = await call(
                companies.owner, companies.document, one, {}, queries={name: value} if name else {}
            )
            assert MARK.lower() not in answer.text.lower().replace(value.lower(), ""), one.name
            shown: Any = answer.json() if answer.status_code == 200 else {}
            if name and isinstance(shown, dict) and "data" in shown:
                assert cast("Json", shown)["data"] == [], (one.name, name)


def _guesses(one: Operation, theirs: dict[str, str]) -> list[tuple[str, str]]:
    """Without a filter, then each of the other company's ids and names in each filter."""
    found = [("", "")]
    for query in one.queries:
        kind = query.removesuffix("_id")
        if kind in theirs:
            found.append((query, theirs[kind]))
        elif query == "q":
            found.append((query, MARK))
    return found


async def test_s65_a_body_that_names_another_company_s_records_is_refused_as_unknown(
    companies: Companies,
) -> None:
    for ids in (companies.theirs, _unknown(companies.theirs)):
        line = {"item_id": ids["item"], "unit_price": "1"}
        answer = await companies.owner.post(
            "/invoices", json={"customer_id": ids["customer"], "lines": [line]}
        )
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
        messages = {error["message"] for error in answer.json()["errors"]}
        assert messages == {"isn't one of your customers", "isn't one of your items"}


async def test_s65_pages_of_another_company_are_not_there(
    service: Service, companies: Companies
) -> None:
    email = f"joan{uuid4().hex[:6]}@oak.example"
    await companies.owner.post(
        "/users", json={"email": email, "role": "owner", "password": PASSWORD}
    )
    unknown = _unknown(companies.theirs)
    tried = 0
    async with service.client() as browser:
        csrf = await _log_in(browser, email)

        async def page(method: str, route: PageRoute, ids: dict[str, str]) -> tuple[int, str]:
            path = _filled(route.path, ids)
            sent: Json = {"data": {"csrf": csrf}} if method == "POST" else {}
            answer = await browser.request(method, "http://127.0.0.1:8000" + path, **sent)
            text = f"{answer.headers.get('location')} {answer.text}"
            assert MARK.lower() not in text.lower(), (method, path)
            for value in ids.values():
                text = text.replace(value, "ID")
            # A page says when it was made, and under which id our logs have it.
            return answer.status_code, re.sub(r"\d{1,2}:\d\d|[0-9a-f-]{8,}", "", text)

        for route in _page_routes():
            if _filled(route.path, companies.theirs) == _filled(route.path, unknown):
                continue
            for method in sorted(route.methods & {"GET", "POST"}):
                tried += 1
                theirs = await page(method, route, companies.theirs)
                assert theirs == await page(method, route, unknown), (method, route.path)
                assert theirs[0] in {303, 404, 422}, (method, route.path)
    assert tried > 10


async def test_s65_nothing_of_it_was_changed(companies: Companies) -> None:
    invoice = (await companies.other.get(f"/invoices/{companies.theirs['invoice']}")).json()
    assert (invoice["status"], invoice["version"]) == ("draft", 1)
    customer = (await companies.other.get(f"/customers/{companies.theirs['customer']}")).json()
    assert (customer["name"], customer["version"]) == (f"{MARK} Ann", 1)
    keys = (await companies.other.get("/api-keys")).json()["data"]
    assert companies.theirs["key"] in {key["id"] for key in keys}


@dataclass(frozen=True)
class PageRoute:
    path: str
    methods: frozenset[str]


def _page_routes() -> list[PageRoute]:
    app = FastAPI(openapi_url=None)
    app.include_router(pages.router)
    return [
        PageRoute(one.path, frozenset(one.methods or ()))
        for one in iter_route_contexts(app.routes)
        if one.path is not None
    ]


def _filled(path: str, ids: dict[str, str]) -> str:
    """A page's path with the other company's ids in it."""
    kind = next((k for part, k in _KINDS.items() if f"/{part}/" in path + "/"), "invoice")
    values = {"provider": "qbo", "kind": "invoices", "record_id": ids["invoice"]}

    def value(match: re.Match[str]) -> str:
        name = match[1].partition(":")[0]
        if name in values or not name.endswith("_id"):
            return values.get(name, "x")
        return ids.get(name.removesuffix("_id"), ids[kind])

    return re.sub(r"\{([^}]+)\}", value, path)


_KINDS = {"customers": "customer", "items": "item", "invoices": "invoice"}
