"""What a person can reach on any page: by Tab alone, and where no script runs."""

from playwright.async_api import Page

_COMMON = """
const shown = e => e.checkVisibility({checkVisibilityCSS: true}) && e.getClientRects().length > 0;
const named = e => e.tagName.toLowerCase() + " "
    + (e.getAttribute("aria-label") || e.innerText || e.value || e.name || e.id || "").trim();
"""

_OUT_OF_REACH = """() => {%s
const still = new CSSStyleSheet();
still.replaceSync("* { transition: none !important; animation: none !important; }");
document.adoptedStyleSheets = [...document.adoptedStyleSheets, still];
const parts = e => [e, e.parentElement, e.nextElementSibling, e.closest("label")];
const look = e => parts(e).map(part => {
    if (part === null) return "";
    const s = getComputedStyle(part);
    const [before, after] = ["::before", "::after"].map(p => getComputedStyle(part, p));
    return [s, before, after].map(
        one => [one.outlineStyle, one.outlineWidth, one.outlineColor, one.boxShadow,
                one.borderColor, one.backgroundColor]).join();
}).join("|");
const wrong = [];
const kinds = "a[href], button, input:not([type=hidden]), select, textarea, summary, "
    + "[role=button], [role=tab], [role=menuitem]";
for (const e of document.querySelectorAll(kinds)) {
    if (!shown(e) || e.disabled || e.closest("[aria-hidden=true]")) continue;
    if (e.tabIndex !== 0) { wrong.push(`${named(e)}: tabindex ${e.tabIndex}`); continue; }
    document.activeElement.blur();
    const before = look(e);
    e.focus();
    if (document.activeElement !== e) wrong.push(`${named(e)}: takes no focus`);
    else if (look(e) === before) wrong.push(`${named(e)}: looks the same with the focus`);
}
document.activeElement.blur();
return wrong;
}"""

_DEAD = """() => {%s
const leads = e => {
    if (e.tagName === "A") return !["#", null].includes(e.getAttribute("href"));
    if (e.tagName === "SUMMARY") return e.parentElement.tagName === "DETAILS";
    return !e.disabled && (e.popoverTargetElement || (e.type === "submit" && e.form !== null));
};
const kinds = "a, button, summary, input[type=submit], input[type=button], [role=button]";
return [...document.querySelectorAll(kinds)].filter(shown).filter(e => !leads(e)).map(named);
}"""


async def out_of_reach(page: Page) -> list[str]:
    """What can be used and Tab doesn't reach in the page's order, or nobody sees that it has.

    Nothing is taken out of the order of the page or put before it, so that Tab goes through it as
    it is read.
    """
    await page.keyboard.press("Tab")  # who uses the keyboard is shown where the focus is
    found: list[str] = await page.evaluate(_OUT_OF_REACH % _COMMON)
    return found


async def dead_without_script(page: Page) -> list[str]:
    """Buttons and links of a page without scripts that lead nowhere."""
    found: list[str] = await page.evaluate(_DEAD % _COMMON)
    return found
