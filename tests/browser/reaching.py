"""What a person can reach on any page: by Tab alone, and where no script runs."""

from itertools import zip_longest

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

_FIRST = """async () => {%s
// Where the page itself puts the focus is done with by then.
await new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)));
const kinds = "a[href], button, input:not([type=hidden]), select, textarea, summary";
const first = e => e.type !== "radio" || e.checked || !Array.from(document.querySelectorAll(
    "input[type=radio]")).some(other => other.form === e.form && other.name === e.name
        && (other.checked || other.compareDocumentPosition(e) & Node.DOCUMENT_POSITION_FOLLOWING));
const can = e => e.matches(kinds) && shown(e) && !e.disabled && e.tabIndex === 0;
// A live part may be replaced meanwhile: what leads where it led is the same to a person.
const told = e => e.getAttribute("href") || named(e);
window.stops = () => Array.from(document.querySelectorAll(kinds)).filter(can).filter(first)
    .map(told);
window.stopped = [];
const met = e => { if (can(e)) window.stopped.push(told(e)); };
document.addEventListener("focusin", event => met(event.target));
const start = Array.from(document.querySelectorAll(kinds)).filter(can).filter(first)[0];
start.focus();
if (!window.stopped.length) met(start);
const parts = "input[type=date], input[type=datetime-local], input[type=time]";
return window.stops().length + 5 * document.querySelectorAll(parts).length;
}"""
"""Of a choice of one, Tab stops at the chosen; at a date it stops at day, month and year."""

_AROUND = """() => ({stops: window.stops(), stopped: window.stopped})"""

_TOO_SMALL = """() => {%s
const wrong = [];
const kinds = ".btn, button, summary, select, textarea, input:not([type=hidden]), "
    + "a[class^='app-'], .app-crumb a, .app-nav a, [role=button]";
for (const e of document.querySelectorAll(kinds)) {
    // What only a screen reader meets has no size; a link inside of a sentence has its line's.
    if (!shown(e) || e.disabled || e.closest(".visually-hidden, [aria-hidden=true]")) continue;
    if (e.matches(".app-skip, .app-textlink, .app-refresh, .app-quiet:not(.btn)")) continue;
    const label = e.matches("[type=checkbox], [type=radio]") ? e.closest("label") : null;
    const {width, height} = (label || e).getBoundingClientRect();
    if (width < 43.5 || height < 43.5) {
        wrong.push(`${named(e)}: ${Math.round(width)} x ${Math.round(height)}`);
    }
}
return [...new Set(wrong)];
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


async def out_of_order(page: Page) -> list[str]:
    """Where Tab, pressed until it is around, doesn't go on to what is next on the page.

    From the first that has it, which is the way past the menu.
    """
    presses: int = await page.evaluate(_FIRST % _COMMON)
    for _ in range(presses + 3):  # a part that scrolls takes a press of its own
        await page.keyboard.press("Tab")
    seen: dict[str, list[str]] = await page.evaluate(_AROUND)
    stops, stopped = seen["stops"], seen["stopped"]
    at = stops.index(stopped[0]) if stopped and stopped[0] in stops else 0
    for wanted, found in zip_longest(stops[at:] + stops[:at], stopped[: len(stops)]):
        if wanted != found:
            return [f"{wanted!r} is next, and Tab is at {found!r}"]
    return []


async def too_small(page: Page) -> list[str]:
    """Buttons, fields and links that stand alone, smaller than a finger needs (44 px)."""
    found: list[str] = await page.evaluate(_TOO_SMALL % _COMMON)
    return found


async def dead_without_script(page: Page) -> list[str]:
    """Buttons and links of a page without scripts that lead nowhere."""
    found: list[str] = await page.evaluate(_DEAD % _COMMON)
    return found
