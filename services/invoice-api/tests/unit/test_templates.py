"""Each page renders with exactly its context, and holds nothing that the policy forbids."""

import re
from html.parser import HTMLParser
from pathlib import Path

import pytest
from invoice_api.web import pages
from invoice_api.web.pages import (
    BadgeView,
    Banner,
    CauseView,
    FieldError,
    FixView,
    Form,
    Option,
    Person,
    ProviderHead,
    Shell,
    Tone,
)
from invoice_api.web.rendering import FILES, Assets, Page, Renderer

NODE_MODULES = Path(__file__).resolve().parents[2] / "frontend" / "node_modules"
NASTY = '<script>alert("x")</script>'

SHELL = Shell(
    title="Title",
    section="invoices",
    person=Person("joe", f"Oak {NASTY}", can_write=True),
    csrf="token",
    banners=(Banner("QuickBooks no longer accepts our sign-in.", "Reconnect", "/integrations"),),
    notice="Saved.",
    now="10:42",
)
OUTSIDE = Shell(title="Log in", section="", person=None, csrf="")
FORM = Form(
    {"name": NASTY, "email": "x"}, (FieldError("email", "must be an e-mail address"),), "Problem"
)
CAUSE = CauseView(
    code="item_account_unmapped",
    title="Items need an income account",
    sentence=f"{NASTY} has no income account.",
    fixes=(
        FixView("choose_account", "Choose account", (("account_id", ""),)),
        FixView("save_email", "Save e-mail", (("email", "old@x.example"),)),
        FixView("reconnect", "Reconnect QuickBooks", ()),
        FixView("send_customer", "Send Ann Lee", ()),
    ),
    also=("Ann Lee has no e-mail.",),
    details=(("Its code", "2050"),),
)


def badge(state: str = "blocked", cause: CauseView | None = CAUSE) -> BadgeView:
    return BadgeView(
        provider="qbo",
        provider_label="QuickBooks",
        state=state,
        label="Needs attention",
        short_label="Attention",
        tooltip=NASTY,
        tone=Tone("red", "alert-triangle"),
        sync_label="Sync to QuickBooks" if state == "not_synced" else None,
        actions=("retry", "ignore"),
        cause=cause,
        remote_url="https://books.example/1",
        remote_number="1001",
        synced_at="today 10:42",
    )


BADGES = (badge(), badge("not_synced", None), badge("synced", None))
OPTIONS = (Option("79", "200 Sales"), Option("80", NASTY))
HEAD = ProviderHead(
    "qbo", "QuickBooks", NASTY, "connected", "Connected to Oak", "settings", "/x", "Connect", 3
)
LIVE = "/live?invoice=1"

PAGES: list[tuple[str, Page]] = [
    ("signup.html", pages.SignUpPage(OUTSIDE, FORM, ("Europe/Oslo",), ("USD",), open=True)),
    ("signup.html", pages.SignUpPage(OUTSIDE, Form(), (), (), open=False)),
    ("login.html", pages.LogInPage(OUTSIDE, FORM, "/invoices")),
    (
        "invoices.html",
        pages.InvoicesPage(
            SHELL,
            tuple(
                pages.InvoiceRow("1", "1001", NASTY, "14 Jun 2026", "$1.00", "Sent", (b,))
                for b in BADGES
            ),
            (pages.Tab("All", 3, "/invoices", current=True),),
            "",
            "/invoices?cursor=x",
            connected=False,
            live_url=LIVE,
        ),
    ),
    ("invoices.html", pages.InvoicesPage(SHELL, (), (), NASTY, None, True, LIVE)),
    ("invoices.html", pages.InvoicesPage(SHELL, (), (), "", None, True, LIVE)),
    (
        "invoice.html",
        pages.InvoicePage(
            shell=SHELL,
            id="1",
            number="1001",
            status="draft",
            status_label="Draft",
            customer=NASTY,
            customer_url="/customers/1",
            date="14 Jun 2026",
            due=None,
            currency="USD",
            memo=NASTY,
            lines=(pages.LineRow("Call-out", NASTY, "2", "$1.00", "$2.00"),),
            subtotal="$2.00",
            tax="$0.00",
            total="$2.00",
            badges=BADGES,
            accounts={"qbo": OPTIONS},
            timelines=(
                pages.Timeline("QuickBooks", (), away=True),
                pages.Timeline("Xero", (), away=False),
                pages.Timeline(
                    "FreshBooks", (pages.TimelineRow("today", "joe", NASTY, NASTY),), away=False
                ),
            ),
            connected=True,
            live_url=LIVE,
            etag="1",
        ),
    ),
    (
        "invoice_form.html",
        pages.InvoiceFormPage(
            SHELL, FORM, "New invoice", "/invoices/new", "/invoices", OPTIONS, OPTIONS, 3
        ),
    ),
    (
        "records.html",
        pages.RecordsPage(
            SHELL,
            "Customers",
            "customer",
            ("Type",),
            (pages.RecordRow("1", "/customers/1", NASTY, ("Business",), BADGES),),
            NASTY,
            "New customer",
            "/customers/new",
            "No customers yet.",
            "?cursor=x",
            LIVE,
        ),
    ),
    (
        "records.html",
        pages.RecordsPage(SHELL, "Items", "item", (), (), "", "New", "/x", "Empty", None, LIVE),
    ),
    (
        "customer_form.html",
        pages.CustomerFormPage(SHELL, FORM, NASTY, "/customers/1", BADGES, "business", "1", LIVE),
    ),
    (
        "customer_form.html",
        pages.CustomerFormPage(SHELL, Form(), "New", "/customers/new", (), "x", None, None),
    ),
    (
        "item_form.html",
        pages.ItemFormPage(
            SHELL, FORM, NASTY, "/items/1", BADGES, (("qbo", "QuickBooks", OPTIONS),), "1", LIVE
        ),
    ),
    (
        "integrations.html",
        pages.IntegrationsPage(
            SHELL,
            (
                pages.IntegrationCard(
                    "qbo", "QuickBooks", "connected", NASTY, ("Sync: on",), 3, "/x", "Go", True
                ),
                pages.IntegrationCard(
                    "xero", "Xero", "not_connected", "Not", (), 0, None, "", False
                ),
            ),
        ),
    ),
    (
        "provider_settings.html",
        pages.ProviderSettingsPage(SHELL, HEAD, FORM, NASTY, '"1"', away=False),
    ),
    ("provider_settings.html", pages.ProviderSettingsPage(SHELL, HEAD, FORM, None, "", away=True)),
    (
        "account_mapping.html",
        pages.AccountMappingPage(
            SHELL,
            HEAD,
            (pages.MappingRow("1", NASTY, "79", ""), pages.MappingRow("2", "Pipe", "", "")),
            OPTIONS,
            1,
            1,
            "today 10:42",
            False,
            True,
            '"1"',
            NASTY,
            False,
        ),
    ),
    (
        "account_mapping.html",
        pages.AccountMappingPage(
            SHELL, HEAD, (), (), 0, 0, None, True, False, "", None, away=False
        ),
    ),
    (
        "recent.html",
        pages.RecentSyncsPage(
            SHELL,
            HEAD,
            (
                pages.SyncRow(
                    "today", NASTY, "/x", "Synced", Tone("green", "circle-check"), NASTY, "joe", 1
                ),
            ),
            "?cursor=1",
            away=False,
        ),
    ),
    ("recent.html", pages.RecentSyncsPage(SHELL, HEAD, (), None, away=True)),
    (
        "problems.html",
        pages.ProblemsPage(
            SHELL,
            HEAD,
            (pages.ProblemGroup("g", CAUSE, 2, "$2.00", "today"),),
            OPTIONS,
            away=False,
        ),
    ),
    ("problems.html", pages.ProblemsPage(SHELL, HEAD, (), (), away=False)),
    ("patterns.html", pages.PatternsPage(SHELL, BADGES)),
    ("problem.html", pages.ProblemPage(OUTSIDE, NASTY, NASTY, "abc", "/invoices")),
]


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


def test_the_assets_that_pages_name_are_installed() -> None:
    assets = Assets(NODE_MODULES)
    assert assets.missing() == []
    assert set(FILES) == {"tabler.css", "htmx.js", "sse.js"}
    assert "path" in assets.icon("circle-check")
    assert "path" not in assets.icon("../../secret")
