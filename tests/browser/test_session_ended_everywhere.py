"""A session that ends in the middle of any form of any page: what was typed comes back."""

import pytest
from playwright.async_api import Page, expect
from testkit import Stack

from browser.furnished import NOWHERE, furnish
from browser.steps import PASSWORD, NewCompany

_TYPED = """() => {
const typed = f => f.name && !f.disabled && !f.readOnly
    && !["hidden", "file", "password", "submit", "button"].includes(f.type);
return Array.from(document.querySelectorAll("form[method=post]"))
    .map((form, n) => [n, form]).filter(([, form]) => form.enctype !== "multipart/form-data")
    .filter(([, form]) => Array.from(form.elements).some(typed)).map(([n]) => n);
}"""
"""The forms that take anything typed, by their place on the page; a file can't be kept for one."""

_FILL = """n => {
const form = document.querySelectorAll("form[method=post]")[n];
const said = {date: "2026-06-17", number: "7", email: "typed@by.example"};
const say = f => {
    if (f.matches("[data-autosubmit]")) return;
    for (const kind of ["input", "change"]) f.dispatchEvent(new Event(kind, {bubbles: true}));
};
for (const f of Array.from(form.elements)) {
    if (!f.name || f.disabled || f.readOnly) continue;
    if (["checkbox", "radio"].includes(f.type)) {
        if (f.checked) continue;
        f.checked = true;
    } else if (f.tagName === "SELECT") {
        const others = Array.from(f.options).filter(o => !o.disabled && o.value !== f.value);
        const other = others.find(o => o.value);
        if (!other) continue;
        f.value = other.value;
    } else if (f.type in said) f.value = said[f.type];
    else if (["text", "search", "url", "tel", "textarea"].includes(f.type)) f.value = f.name;
    else continue;
    say(f);
}
}"""

_HELD = """n => {
const form = document.querySelectorAll("form[method=post]")[n];
const kept = Array.from(form.elements).filter(f => f.name && f.name !== "csrf"
    && !["file", "password", "submit", "button", "hidden"].includes(f.type)
    && (!["checkbox", "radio"].includes(f.type) || f.checked));
return kept.map(f => `${f.name}=${f.value}`);
}"""

_SEND = """n => {
const form = document.querySelectorAll("form[method=post]")[n];
form.noValidate = true;
const button = form.querySelector("button[type=submit]:not([formaction])")
    || document.querySelector(`button[form="${form.id}"]`);
form.requestSubmit(button);
}"""


@pytest.mark.timeout(900)
async def test_what_was_typed_into_any_form_is_back_after_the_log_in(
    page: Page, stack: Stack, new_company: NewCompany
) -> None:
    books = stack.endpoints["simulators"]["qbo"]
    oak, pages = await furnish(new_company, page, books, "Rushes Plumbing")
    page.on("dialog", lambda dialog: dialog.accept())
    lost: list[str] = []
    tried = 0
    for path in dict.fromkeys(pages.values()):
        if path in {"/patterns", NOWHERE}:
            continue
        await page.goto(f"{oak.web}{path}")
        for n in await page.evaluate(_TYPED):
            await page.goto(f"{oak.web}{path}")
            await page.evaluate(_FILL, n)
            typed = await page.evaluate(_HELD, n)
            if not typed:
                continue
            tried += 1
            which = f"{path}, form {n}"
            await page.context.clear_cookies()
            await page.evaluate(_SEND, n)
            await expect(page.get_by_role("heading", name="Log in")).to_be_visible()
            await page.get_by_label("E-mail").fill(oak.email)
            await page.get_by_label("Password").fill(PASSWORD)
            await page.get_by_role("button", name="Log in").click()
            await page.wait_for_url(lambda url: "/login" not in url)
            try:
                await expect(page.get_by_text("What you typed is back")).to_be_visible(timeout=3000)
            except AssertionError:
                lost.append(f"{which}: nothing came back at {page.url}: {typed}")
                if "login" in page.url or page.url.endswith("/resume"):
                    await page.goto(f"{oak.web}/invoices")
                continue
            if page.url != f"{oak.web}{path}":
                lost.append(f"{which}: came back at {page.url}")
                continue
            back = await page.evaluate(_HELD, n)
            if back != typed:
                lost.append(f"{which}: {sorted(set(typed) ^ set(back))}")
    assert tried > 20, tried
    assert not lost, "\n".join(lost)
