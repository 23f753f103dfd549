"""Every page with a form, as a viewer sees it: no button that would be refused, a line who may."""

import re

import pytest

from .test_pages import PASSWORD, Service, browser, log_in

OWN = ("/logout", "/settings/notices", "/notices/read", "/search", "/notices")
PATHS = (
    "/invoices",
    "/invoices/new",
    "/invoices/{invoice}",
    "/invoices/{invoice}/edit",
    "/invoices/{invoice}/void",
    "/invoices/import",
    "/customers",
    "/customers/new",
    "/customers/{customer}",
    "/items",
    "/items/new",
    "/items/{item}",
    "/tax-rates",
    "/settings/people",
    "/settings/api-keys",
    "/settings/notices",
    "/integrations",
    "/start",
    *(
        f"/integrations/qbo/{tab}"
        for tab in ("settings", "account-mapping", "tax-mapping", "match", "recent", "problems")
    ),
    *(f"/integrations/qbo/{tab}" for tab in ("ignored", "sync-now", "import", "disconnect")),
)
SAYS_WHO = {
    "/invoices/new": "The owner or the office can write invoices.",
    "/invoices/{invoice}/edit": "The owner or the office can change this.",
    "/customers/new": "The owner or the office can change this.",
    "/items/new": "The owner or the office can change this.",
    "/invoices/import": "The owner or the office can import.",
    "/settings/people": "An owner can invite people and change roles.",
}


@pytest.fixture(scope="module")
async def seen(service: Service) -> dict[str, str]:
    """Every one of these pages, by a viewer."""
    oak = await service.sign_up()
    names: dict[str, str] = {}
    async with service.client(oak["api_key"]) as api:
        for kind, body in (
            ("customer", {"name": "Ann Lee"}),
            ("item", {"name": "Pump", "unit_price": "9"}),
        ):
            names[kind] = (await api.post(f"/{kind}s", json=body)).json()["id"]
        line = {"item_id": names["item"], "quantity": "1"}
        body = {"customer_id": names["customer"], "lines": [line]}
        names["invoice"] = (await api.post("/invoices", json=body)).json()["id"]
        vera = {"email": "vera@viewers.example", "role": "viewer", "password": PASSWORD}
        assert (await api.post("/users", json=vera)).status_code == 201
    async with browser(service) as web:
        await log_in(web, "vera@viewers.example")
        return {path: (await web.get(path.format(**names))).text for path in PATHS}


@pytest.mark.parametrize("path", PATHS)
def test_a_viewer_is_offered_nothing_that_would_be_refused(seen: dict[str, str], path: str) -> None:
    page = re.sub(r"<noscript>.*?</noscript>", "", seen[path], flags=re.DOTALL)
    found = r'<form[^>]* action="([^"]*)" method="post"[^>]*>(.*?)</form>'
    forms = re.findall(found, page, re.DOTALL)
    buttons = {
        (action, label.strip())
        for action, inside in forms
        if action not in OWN
        for label in re.findall(r'<button[^>]*type="submit"[^>]*>(.*?)</button>', inside, re.DOTALL)
    }
    assert buttons == set()
    assert SAYS_WHO.get(path, "") in page
