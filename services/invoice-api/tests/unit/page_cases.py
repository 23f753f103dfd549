"""Every template with every context it can meet: full, empty, with the orchestrator away."""

from dataclasses import replace

from invoice_api.web import (
    invoice_views,
    item_link_pages,
    link_pages,
    notices_views,
    office_views,
    pages,
    patterns_pages,
    provider_views,
    record_views,
    remote_customers_views,
    search_pages,
    timeline_pages,
)
from invoice_api.web.pages import (
    Form,
    Option,
)
from invoice_api.web.rendering import Page

from .page_pieces import (
    BADGES,
    CELL,
    FORM,
    HEAD,
    HISTORY,
    ITEM_THERE,
    LINKS,
    LIVE,
    MAPPING_ROWS,
    NASTY,
    OPTIONS,
    OUTSIDE,
    REVIEW,
    RUN,
    SHELL,
    TABS,
    TAX_ROWS,
    card,
    invoices,
    item_link,
    link,
    mapping,
    match,
    notices,
    problems,
    recent,
    records,
    selection,
    selection_ignore,
    sync_now,
    taxes,
)

PAGES: list[tuple[str, Page]] = [
    ("remote_customers.html", replace(REVIEW, query=NASTY, next_cursor="x", as_of="today")),
    ("remote_customers.html", replace(REVIEW, rows=(), query=NASTY)),
    ("remote_customers.html", replace(REVIEW, rows=())),
    ("remote_customers.html", replace(REVIEW, rows=(), filter="linked")),
    ("remote_customers.html", replace(REVIEW, rows=(), loaded=False)),
    ("remote_customers.html", replace(REVIEW, load=RUN, running=RUN, live_url=LIVE)),
    ("remote_customers.html", replace(REVIEW, away=True)),
    *(
        (
            "remote_customers.html",
            replace(REVIEW, cut_short=remote_customers_views.CutShort(NASTY, goes_on), rows=rows),
        )
        for goes_on in (True, False)
        for rows in (REVIEW.rows, ())
    ),
    *(
        (
            "remote_customers_done.html",
            remote_customers_views.ImportDonePage(
                SHELL,
                HEAD,
                RUN,
                NASTY,
                TABS,
                (remote_customers_views.BecameRow(NASTY, "/customers/1", "Linked", NASTY),) * rows,
                "/next",
                can_undo=True,
                live_url=LIVE,
                here="/x",
            ),
        )
        for rows in (0, 1)
    ),
    ("signup.html", pages.SignUpPage(OUTSIDE, FORM, ("Europe/Oslo",), ("USD",), open=True)),
    ("signup.html", pages.SignUpPage(OUTSIDE, Form(), (), (), open=False)),
    ("login.html", pages.LogInPage(OUTSIDE, FORM, "/invoices")),
    (
        "invoices.html",
        invoices(
            tuple(
                invoice_views.InvoiceRow("1", "1001", NASTY, "14 Jun 2026", "$1.00", "Sent", (b,))
                for b in BADGES
            )
        ),
    ),
    ("invoices.html", invoices((), words=NASTY)),
    *(("invoices.html", invoices((), tab=tab)) for tab in ("all", "attention", "draft")),
    (
        "invoice_void.html",
        invoice_views.InvoiceVoidPage(SHELL, "1", NASTY, BADGES),
    ),
    ("search.html", search_pages.SearchPage(SHELL, NASTY, ())),
    (
        "search.html",
        search_pages.SearchPage(
            SHELL,
            "a",
            (search_pages.Hits("Items", (search_pages.Hit(NASTY, NASTY, "/x"),), "/items"),),
        ),
    ),
    ("link.html", link((link_pages.Candidate("1", NASTY, NASTY, None),))),
    ("link.html", link((link_pages.Candidate("1", NASTY, NASTY, NASTY),))),
    ("link.html", link(())),
    ("item_link.html", item_link(ITEM_THERE)),
    (
        "item_link.html",
        item_link(replace(ITEM_THERE, taken_by=NASTY), accounts_offered=False, by_name=True),
    ),
    ("item_link.html", item_link(replace(ITEM_THERE, ours=True), read_again=True)),
    ("item_link.html", item_link(ITEM_THERE, as_of=None, loading="Loading.")),
    ("item_link.html", item_link(query="")),
    ("item_link.html", item_link(query="", as_of=None)),
    ("item_link.html", item_link(query="", as_of=None, loading=None)),
    ("item_link.html", item_link()),
    ("item_link.html", item_link(refused=NASTY)),
    ("item_link.html", item_link(away=True)),
    (
        "item_link_which.html",
        item_link_pages.WhichItemPage(SHELL, "Xero", NASTY, "/x", ((NASTY, "/y"),)),
    ),
    ("keys.html", search_pages.KeysPage(SHELL)),
    (
        "invoice.html",
        invoice_views.InvoicePage(
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
            prices_include_tax=True,
            lines=(
                invoice_views.LineRow(
                    "Call-out", NASTY, "2", "$1.00", "$2.00", "10%", "GST", (None, NASTY)
                ),
            ),
            account_columns=(Option("qbo", "QuickBooks"), Option("xero", "Xero")),
            totals_there=(
                invoice_views.TotalThere("xero", "Xero", "$2.01", accepted=True),
                invoice_views.TotalThere("qbo", NASTY, "$2.02", accepted=False),
            ),
            subtotal="$2.00",
            tax="$0.00",
            total="$2.00",
            badges=BADGES,
            accounts={"qbo": OPTIONS},
            history=HISTORY,
            taxes={},
            connected=True,
            here="/invoices/1",
            list_url="/invoices",
            previous_url="/invoices/0",
            next_url="/invoices/2",
            live_url=LIVE,
        ),
    ),
    (
        "invoice_form.html",
        invoice_views.InvoiceFormPage(
            SHELL,
            FORM,
            "New invoice",
            "/invoices/new",
            "/invoices",
            "Invoices",
            OPTIONS,
            OPTIONS,
            OPTIONS,
            {"79": ("1.00", NASTY)},
            (0, 1),
            conflict=NASTY,
        ),
    ),
    *(("records.html", records(kind, rows)) for kind in ("customer", "item") for rows in (0, 2)),
    ("records.html", records("item", 0, query="", tab="attention")),
    ("records.html", records("item", 0, query="")),
    (
        "customer_form.html",
        record_views.CustomerFormPage(
            SHELL,
            FORM,
            NASTY,
            "/customers/1",
            BADGES,
            "business",
            "1",
            LIVE,
            needs_email="Xero",
            links=LINKS,
            invoices=(record_views.InvoiceLine("1001", "today", "$1.00", "/x"),),
            history=HISTORY,
        ),
    ),
    (
        "customer_form.html",
        record_views.CustomerFormPage(SHELL, Form(), "New", "/customers/new", (), "x", None, None),
    ),
    ("timeline.html", timeline_pages.TimelinePage(SHELL, NASTY, NASTY, "/x", HISTORY)),
    (
        "item_form.html",
        record_views.ItemFormPage(
            SHELL, FORM, NASTY, "/items/1", BADGES, (CELL,), "1", LIVE, LINKS, HISTORY
        ),
    ),
    (
        "integrations.html",
        provider_views.IntegrationsPage(
            SHELL,
            (
                card("connected", "/x"),
                card("reconnect", "/x"),
                card("not_connected", None),
            ),
        ),
    ),
    ("second_provider.html", provider_views.SecondPage(SHELL, "xero", "Xero", NASTY)),
    ("disconnect.html", provider_views.DisconnectPage(SHELL, HEAD, 8)),
    (
        "provider_settings.html",
        provider_views.ProviderSettingsPage(
            SHELL, HEAD, FORM, NASTY, '"1"', away=False, accounts=OPTIONS, facts=(NASTY,)
        ),
    ),
    (
        "provider_settings.html",
        provider_views.ProviderSettingsPage(SHELL, HEAD, FORM, None, "", away=True),
    ),
    ("account_mapping.html", mapping(MAPPING_ROWS)),
    ("account_mapping.html", mapping(())),
    ("account_mapping.html", mapping((), total=0)),
    ("account_mapping.html", mapping((), offered=False)),
    ("tax_mapping.html", taxes(TAX_ROWS)),
    ("tax_mapping.html", taxes(TAX_ROWS, there=False, set_up=False)),
    ("tax_mapping.html", taxes(())),
    ("tax_mapping.html", taxes((), matched_here=False)),
    ("tax_mapping.html", taxes((), away=True)),
    ("notices.html", notices(2)),
    ("notices.html", notices(0)),
    ("notice_choice.html", notices_views.NoticeChoicePage(SHELL, NASTY, "daily", mails=True)),
    ("notice_choice.html", notices_views.NoticeChoicePage(SHELL, NASTY, "none", mails=False)),
    ("selection.html", selection(2)),
    ("selection.html", selection(0)),
    ("selection_ignore.html", selection_ignore(12, there=2, wrong=NASTY)),
    ("selection_ignore.html", selection_ignore(1)),
    ("match.html", match(2)),
    ("match.html", match(0, run=RUN)),
    ("match.html", match(0, away=True)),
    ("recent.html", recent(1)),
    ("recent.html", recent(0)),
    ("recent.html", recent(0, away=True)),
    ("problems.html", problems(2)),
    ("problems.html", problems(2, tried=True)),
    ("problems.html", problems(0, away=True, tried=True)),
    ("problems.html", problems(0)),
    ("problems.html", problems(0, away=True)),
    (
        "ignored.html",
        office_views.IgnoredPage(
            SHELL,
            HEAD,
            TABS,
            (office_views.IgnoredRow("invoice:1", NASTY, "/x", "$1.00", NASTY, NASTY),),
            "?cursor=1",
            away=False,
        ),
    ),
    ("ignored.html", office_views.IgnoredPage(SHELL, HEAD, TABS, (), None, away=False)),
    (
        "ignore.html",
        office_views.IgnorePage(SHELL, HEAD, "a.b", NASTY, NASTY, ("1",), (NASTY,), 12, "Say why"),
    ),
    ("sync_now.html", sync_now(RUN)),
    ("sync_now.html", sync_now(None)),
    ("sync_now.html", sync_now(None, away=True)),
    ("run.html", office_views.RunPage(SHELL, RUN, pages.LinkView("Back", "/x"), LIVE)),
    ("patterns.html", patterns_pages.PatternsPage(SHELL, BADGES)),
    ("problem.html", pages.ProblemPage(OUTSIDE, NASTY, NASTY, "abc", "/invoices")),
]
