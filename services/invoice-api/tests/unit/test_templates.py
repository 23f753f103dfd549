"""Each page renders with exactly its context, and holds nothing that the policy forbids."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

import pytest
from invoice_api.web.invoice_views import InvoicePage, ListNews, Strip
from invoice_api.web.mapping_views import AccountMappingPage
from invoice_api.web.office_views import NamedInvoice, SelectionPage, Stopped
from invoice_api.web.pages import CauseView, FixView, Tab
from invoice_api.web.provider_views import IntegrationsPage
from invoice_api.web.rendering import FILES, Assets, Page, Renderer
from invoice_api.web.shell_pages import ShellNews

from .page_cases import PAGES
from .page_pieces import NASTY, SHELL, badge

NODE_MODULES = Path(__file__).resolve().parents[2] / "frontend" / "node_modules"


class Markup(HTMLParser):
    """What a page holds that a strict policy or a screen reader would stumble over."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.ids: list[str] = []
        self.labels: set[str] = set()
        self.fields: list[str] = []
        self.headings = 0
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        for name in values:
            if name == "style" or (name.startswith("on") and name != "on"):
                self.faults.append(f"<{tag} {name}=…>")
        if tag == "script" and not values.get("src"):
            self.faults.append("inline script")
        if tag == "style":
            self.faults.append("inline style")
        self.headings += tag == "h1"
        if "id" in values:
            self.ids.append(values["id"])
        if tag == "label":
            self.labels.add(values.get("for", ""))
        if tag in {"input", "select"} and values.get("type") not in {"hidden", "checkbox", "radio"}:
            self.fields.append(values.get("id", f"<{tag} name={values.get('name')}>"))


@pytest.mark.parametrize(
    ("template", "page"), PAGES, ids=[f"{n}-{name}" for n, (name, _) in enumerate(PAGES)]
)
def test_a_page_renders_safely_and_labels_its_fields(template: str, page: Page) -> None:
    text = bytes(Renderer(Assets(NODE_MODULES)).page(template, page).body).decode()
    assert NASTY not in text
    markup = Markup(text)
    assert markup.faults == []
    assert markup.headings <= 1
    assert len(markup.ids) == len(set(markup.ids)), sorted(markup.ids)
    assert [field for field in markup.fields if field not in markup.labels] == []
    assert not re.search(r"\bNone\b", re.sub(r"<[^>]*>", "", text)), "a None shows"


def test_what_an_open_page_asks_for_by_itself_renders_as_safely() -> None:
    render = Renderer(Assets(NODE_MODULES))
    tabs = (Tab("All", 3, "/invoices", current=True),)
    strip = Strip("2 invoices", "$2.00", "Xero", NASTY, "Fix", "/x", one=False)
    for template, news in (
        ("list_news.html", ListNews(("1", "2"), tabs, strip)),
        ("list_news.html", ListNews(())),
        ("list_news.html", ListNews((), tabs, None, NASTY)),
        ("shell.html", ShellNews(SHELL)),
    ):
        text = bytes(render.fragment(template, news).body).decode()
        assert NASTY not in text
        markup = Markup(text)
        assert markup.faults == []
        assert len(markup.ids) == len(set(markup.ids)), sorted(markup.ids)


def test_the_assets_that_pages_name_are_installed() -> None:
    assets = Assets(NODE_MODULES)
    assert assets.missing() == []
    assert set(FILES) == {"tabler.css", "htmx.js", "sse.js"}
    assert "path" in assets.icon("circle-check")
    assert "path" not in assets.icon("../../secret")


def page_of(template: str) -> Page:
    return next(page for name, page in PAGES if name == template)


def with_cause(cause: CauseView, state: str) -> str:
    """The invoice page with this cause on its badge."""
    page = page_of("invoice.html")
    assert isinstance(page, InvoicePage)
    shown = replace(page, status="sent", badges=(badge(state, cause),), accounts={})
    return bytes(Renderer(Assets(NODE_MODULES)).page("invoice.html", shown).body).decode()


def test_the_start_date_is_changed_where_it_stands_in_the_way() -> None:
    fix = FixView("change_start_date", "Change start date", (("start_date", "2026-11-30"),))
    cause = CauseView("before_start_date", "Before your start date", "It is early.", (fix,), (), ())
    text = with_cause(cause, "not_eligible")
    assert 'action="/invoices/1/actions/change_start_date"' in text
    assert re.search(r'name="start_date" type="date" value="2026-11-30"', text)
    assert "Start date for QuickBooks" in text
    note = text[text.index('class="app-note app-note-fix"') :]
    assert note.index("It is early.") < note.index("<form") < note.index("</div>")


def test_a_rounding_line_asks_for_an_account_only_where_there_are_any() -> None:
    fix = FixView("add_rounding_line", "Add a rounding line", (("account_id", ""),))
    cause = CauseView("rounding_difference", "Differs by $0.01", "It rounds.", (fix,), (), ())
    assert 'name="account_id"' not in with_cause(cause, "synced_with_difference")


def test_what_would_stop_an_invoice_names_it_once() -> None:
    rows = ((NamedInvoice("1", "1127"), "Invoice 1127 is a draft."),)
    page = page_of("selection.html")
    assert isinstance(page, SelectionPage)
    text = shown_as("selection.html", replace(page, stopped=(Stopped("Still a draft", rows),)))
    assert '">Invoice 1127</a> is a draft.' in text
    assert text.count("1127") == 1


def test_account_mapping_offers_nothing_that_does_nothing() -> None:
    page = page_of("account_mapping.html")
    assert isinstance(page, AccountMappingPage)
    idle = shown_as("account_mapping.html", replace(page, staged=0, open=0))
    assert "data-undo-all hidden" in idle
    assert "data-apply-unmapped disabled" in idle
    busy = shown_as("account_mapping.html", replace(page, staged=1, open=1))
    assert "data-undo-all hidden" not in busy
    assert "data-apply-unmapped disabled" not in busy


def test_a_card_promises_income_accounts_only_where_they_can_be_chosen() -> None:
    page = page_of("integrations.html")
    assert isinstance(page, IntegrationsPage)
    one = replace(page.cards[0], provider="freshbooks", label="FreshBooks")
    assert "chooses their income accounts itself" in one.what_goes
    xero = replace(one, provider="xero", label="Xero")
    assert "income accounts and tax go to Xero" in xero.what_goes


def shown_as(template: str, page: Page) -> str:
    return bytes(Renderer(Assets(NODE_MODULES)).page(template, page).body).decode()
