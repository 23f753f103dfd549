"""Templates to HTML. A name that a template uses and its page doesn't give is an error."""

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol, cast

from contracts.causes.words import NOUNS
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from invoice_api.web.formatters import input_type, words
from invoice_api.web.pages import Option, Shell

NAVIGATION = (
    ("invoices", "Invoices", "/invoices", "file-invoice"),
    ("customers", "Customers", "/customers", "users"),
    ("items", "Items", "/items", "package"),
    ("integrations", "Integrations", "/integrations", "plug-connected"),
    ("notices", "Notices", "/notices", "bell"),
    ("settings", "Settings", "/settings", "settings"),
)
GO_PAGES = (
    ("Invoices", "/invoices"),
    ("New invoice", "/invoices/new"),
    ("Import invoices from CSV", "/invoices/import"),
    ("Customers", "/customers"),
    ("New customer", "/customers/new"),
    ("Items", "/items"),
    ("New item", "/items/new"),
    ("Tax rates", "/tax-rates"),
    ("Integrations", "/integrations"),
    ("Notices", "/notices"),
    ("Your notices by e-mail", "/settings/notices"),
    ("Settings", "/settings"),
    ("People", "/settings/people"),
    ("API keys", "/settings/api-keys"),
    ("First steps", "/start"),
)
"""Where `Ctrl K` leads before anything is typed."""

PROVIDER_TABS = (
    ("problems", "Problems"),
    ("recent", "Recent Syncs"),
    ("match", "Books Match"),
    ("account-mapping", "Account Mapping"),
    ("tax-mapping", "Tax Mapping"),
    ("import", "Import Customers"),
    ("settings", "Settings"),
)

KEYS: tuple[tuple[tuple[str, ...], str], ...] = (
    (("Ctrl", "K"), "Go to anything"),
    (("/",), "Search"),
    (("?",), "This list"),
    (("g", "i"), "Invoices"),
    (("g", "c"), "Customers"),
    (("g", "t"), "Items"),
    (("g", "p"), "Problems"),
    (("j", "k"), "Next and previous row"),
    (("Enter",), "Open the row"),
    (("x",), "Select the row"),
    (("Shift", "x"), "Select a range of rows"),
    (("s",), "Sync the row or the invoice"),
    (("e",), "Edit the invoice"),
    (("t",), "Timeline of the invoice"),
    (("[", "]"), "Previous and next invoice"),
    (("f",), "Go to the fix of a problem"),
    (("u",), "Next item without an account"),
    (("b", "h"), "Business or homeowner, when importing customers"),
    (("Ctrl", "S"), "Save changes of the mapping"),
    (("Esc",), "Close, or clear the selection"),
)

GONE_THERE = (
    Option("make_again", "Bring them back when needed"),
    Option("ask", "Ask me first"),
)

CLOSED_PERIOD = (
    Option("never", "Stop and tell me"),
    Option("first_open_day", "Post on the first open day, with the original date noted"),
)

_DOT = Markup('<svg class="app-icon" aria-hidden="true" viewBox="0 0 24 24"></svg>')


FILES = {
    "tabler.css": ("@tabler/core/dist/css/tabler.min.css", "text/css"),
    "htmx.js": ("htmx.org/dist/htmx.min.js", "text/javascript"),
    "sse.js": ("htmx-ext-sse/dist/sse.min.js", "text/javascript"),
}


class Page(Protocol):
    """What every page's context has."""

    @property
    def shell(self) -> Shell: ...


@dataclass(frozen=True)
class Assets:
    """The packages that npm installed: where the pages' style, scripts and icons come from."""

    folder: Path

    def file(self, name: str) -> tuple[Path, str] | None:
        """Where this asset is and its media type; None if there is no such asset."""
        found = FILES.get(name)
        if found is None:
            return None
        path = self.folder / found[0]
        return (path, found[1]) if path.is_file() else None

    def missing(self) -> list[str]:
        """Names of assets that aren't installed."""
        return [name for name in FILES if self.file(name) is None]

    def icon(self, name: str) -> Markup:
        """A Tabler icon inline, hidden from screen readers: the text beside it says the same."""
        return _icon(self.folder, name)


@cache
def _icon(folder: Path, name: str) -> Markup:
    path = folder / "@tabler" / "icons" / "icons" / "outline" / f"{name}.svg"
    if not re.fullmatch(r"[a-z0-9-]+", name) or not path.is_file():
        return _DOT
    inner = re.sub(r"<!--.*?-->", "", path.read_text(), flags=re.DOTALL).strip()
    drawn = re.sub(r"<svg[^>]*>", "", inner, count=1)
    return Markup(  # noqa: S704  (an icon of the installed package, not a person's input)
        '<svg class="app-icon" aria-hidden="true" viewBox="0 0 24 24" fill="none" '
        'stroke="currentColor" stroke-width="2" stroke-linecap="round" stroke-linejoin="round">'
        + drawn
    )


class Renderer:
    """Renders a page's template with its context."""

    def __init__(self, assets: Assets) -> None:
        self._environment = Environment(
            loader=PackageLoader("invoice_api.web"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        names = cast("dict[str, object]", self._environment.globals)
        names.update(
            icon=assets.icon,
            navigation=NAVIGATION,
            go_pages=GO_PAGES,
            key_list=KEYS,
            nouns=NOUNS,
            provider_tabs=PROVIDER_TABS,
            gone_there_options=GONE_THERE,
            closed_period_options=CLOSED_PERIOD,
        )
        self._environment.filters.update(words=words, input_type=input_type)

    def page(self, template: str, page: Page, status: int = 200) -> HTMLResponse:
        """The whole page."""
        text = self._environment.get_template(template).render(page=page)
        headers = {"Cache-Control": "no-store"}
        response = HTMLResponse(text, status_code=status, headers=headers)
        if page.shell.toast is not None and page.shell.toast.cookie:
            response.delete_cookie(page.shell.toast.cookie)
        return response

    def fragment(self, template: str, page: object) -> HTMLResponse:
        """A piece of a page that asks for it by itself."""
        text = self._environment.get_template(template).render(page=page)
        return HTMLResponse(text, headers={"Cache-Control": "no-store"})

    def part(self, macro: str, *args: object) -> str:
        """One macro of `_parts.html` alone, as it stands in the pages."""
        # The module is kept with its template: a live list renders a part per change and watcher.
        return str(getattr(self._environment.get_template("_parts.html").module, macro)(*args))
