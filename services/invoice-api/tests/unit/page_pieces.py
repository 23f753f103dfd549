"""Parts of pages with nasty words in every place that takes words."""

from dataclasses import replace

from invoice_api.web import (
    invoice_views,
    item_link_pages,
    link_pages,
    mapping_views,
    match_views,
    notices_views,
    office_views,
    pages,
    provider_views,
    record_views,
    remote_customers_views,
)
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
    Toast,
    Tone,
    Undo,
)

NASTY = '<script>alert("x")</script>'

SHELL = Shell(
    title="Title",
    section="invoices",
    person=Person("joe", f"Oak {NASTY}", can_write=True),
    csrf="token",
    banners=(Banner("QuickBooks no longer accepts our sign-in.", "Reconnect", "/integrations"),),
    toast=Toast("Saved.", undo=Undo("/x", (("a", NASTY),))),
    open_problems=3,
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


def invoices(
    rows: tuple[invoice_views.InvoiceRow, ...], *, tab: str = "all", words: str = ""
) -> invoice_views.InvoicesPage:
    return invoice_views.InvoicesPage(
        shell=SHELL,
        rows=rows,
        tabs=(pages.Tab("All", 3, "/invoices", current=True),),
        tab=tab,
        query=words,
        cause=NASTY if words else "",
        filters=(pages.Filter("status", "Status", "Any status", "sent", OPTIONS),),
        filter_words=words,
        here="/invoices",
        list_query="?tab=all",
        next_url="/invoices?cursor=x",
        first_url="/invoices",
        providers=OPTIONS,
        strip=invoice_views.Strip("2 invoices", "$2.00", "Xero", NASTY, "Fix", "/x", one=False),
        match=(
            match_views.MatchCard(NASTY, "/x", "circle-check", equal=True),
            match_views.MatchCard(NASTY, "/x", "scale", ask="/y"),
        ),
        first_steps="3 of 5 done",
        live_url=LIVE,
        news_url="/invoices/news?tab=all",
    )


def card(status: str, url: str | None) -> provider_views.IntegrationCard:
    return provider_views.IntegrationCard(
        "qbo",
        "QuickBooks",
        status,
        NASTY,
        NASTY,
        (NASTY,),
        (("Sync", True),),
        3,
        1,
        1,
        url,
        "Go",
        available=status != "not_connected",
    )


MAPPING_ROWS = (
    mapping_views.MappingRow("1", NASTY, "P-1", "3 invoices", "79", "", "was none", None, False),
    mapping_views.MappingRow("2", "Pipe", "", "—", "", "", None, None, archived=False),
    mapping_views.MappingRow("3", "Tap", "", "—", "90", "90", None, None, archived=True),
    mapping_views.MappingRow("4", "Sink", "", "—", "79", "80", "was none", NASTY, archived=False),
)


def mapping(
    rows: tuple[mapping_views.MappingRow, ...], *, total: int = 4, offered: bool = True
) -> mapping_views.AccountMappingPage:
    return mapping_views.AccountMappingPage(
        shell=SHELL,
        head=HEAD,
        rows=rows,
        accounts=OPTIONS,
        archived=(Option("90", NASTY),),
        tabs=(pages.Tab("All", 4, "/x", current=True),),
        show="all",
        query="",
        page=2,
        pages=3,
        total=total,
        unmapped=2,
        open=1,
        staged=1,
        waiting="37 invoices, $2.00",
        as_of="today 10:42",
        refreshing=True,
        offered=offered,
        problem=NASTY,
    )


TAX_ROWS = (
    mapping_views.TaxRow(
        "1", NASTY, "8 %", "3 invoices", NASTY, "79", "79", OPTIONS, None, NASTY, None, None
    ),
    mapping_views.TaxRow(
        "2", "GST", "15 %", "—", None, "80", "79", OPTIONS, None, None, NASTY, NASTY
    ),
    mapping_views.TaxRow(
        "none", "No tax", "0 %", "—", None, "", "", OPTIONS, NASTY, None, None, None
    ),
)


def taxes(
    rows: tuple[mapping_views.TaxRow, ...],
    *,
    matched_here: bool = True,
    there: bool = True,
    away: bool = False,
    set_up: bool = True,
) -> mapping_views.TaxMappingPage:
    return mapping_views.TaxMappingPage(
        shell=SHELL,
        head=HEAD,
        rows=rows,
        unmatched=1,
        waiting=NASTY,
        matched_here=matched_here,
        taxes=there,
        note=NASTY,
        set_up=set_up,
        version='"3"',
        as_of="today 10:42",
        refreshing=not there,
        since="20260614T104200",
        read_again=set_up,
        away=away,
        problem=NASTY,
    )


def match(
    count: int, *, run: office_views.RunCard | None = None, away: bool = False
) -> match_views.MatchPage:
    row = match_views.MismatchRow(NASTY, "/x", "14 Jun 2026", NASTY, "$1.00", "—", "Fix")
    return match_views.MatchPage(
        shell=SHELL,
        head=HEAD,
        months=(pages.Tab("Jun 2026", None, "/x", current=True),),
        month="2026-06",
        month_name="June 2026",
        sentence=NASTY,
        equal=not count,
        expected=count,
        totals=(match_views.TotalRow("USD", "$2.00", "$1.00", "−$1.00", equal=False),) * count,
        rows=(row,) * count,
        more=3 * count,
        accepted=(row,) * count,
        more_accepted=3 * count,
        left_out=NASTY,
        checked=NASTY,
        unread=(match_views.UnreadRow(NASTY, "/x", "14 Jun 2026"),) * count,
        more_unread=3 * count,
        run=run,
        live_url=LIVE,
        away=away,
    )


def selection(count: int) -> office_views.SelectionPage:
    named = (office_views.NamedInvoice("1", NASTY),) * count
    stopped = office_views.Stopped(NASTY, tuple((one, NASTY) for one in named))
    return office_views.SelectionPage(
        shell=SHELL,
        back="/invoices",
        provider="qbo",
        provider_label="QuickBooks",
        count=3 * count or 1,
        ready=named,
        stopped=(stopped,) * count,
        others=((NASTY, named),) * count,
    )


def selection_ignore(
    count: int, *, there: int = 0, wrong: str | None = None
) -> office_views.SelectionIgnorePage:
    named = (office_views.NamedInvoice("1", NASTY),) * count
    return office_views.SelectionIgnorePage(
        SHELL, "/invoices", "qbo", "QuickBooks", named, there, wrong
    )


def notices(count: int) -> notices_views.NoticesPage:
    row = notices_views.NoticeRow(
        "1",
        "cause",
        "qbo",
        "QuickBooks",
        NASTY,
        NASTY,
        "$1.00",
        "today",
        None,
        "Fix",
        "/x",
        read=False,
    )
    over = notices_views.NoticeRow(
        "2", "ending", "qbo", "QuickBooks", NASTY, NASTY, "", "today", "today", "", "/x", read=True
    )
    return notices_views.NoticesPage(SHELL, (row,) * count, (over,) * count, count, NASTY * count)


TABS = (pages.Tab("Open", 2, "/x", current=True), pages.Tab("Ignored", None, "/y", False))
HISTORY = pages.History(
    noun="invoice",
    rows=(
        pages.TimelineRow("today", NASTY, NASTY, (), provider="qbo", provider_label="QuickBooks"),
        pages.TimelineRow("today", "joe", NASTY, (("Version", NASTY),), times=2, until="today"),
        pages.TimelineRow("today", "", "You sent it.", (), tone="yours", tried=True, until="now"),
    ),
    notes=(NASTY,),
    left=(("xero", "Xero"),),
    many=True,
    chips=(pages.Chip("All", "/x", current=True),),
)
CELL = record_views.AccountCell("qbo", "QuickBooks", "90", OPTIONS, NASTY)
LINKS = (
    record_views.LinkCard("qbo", "QuickBooks", NASTY, "https://x.example", "/y", True),
    record_views.LinkCard("xero", "Xero", None, None, "/y", can_unlink=False),
)
RUN = office_views.RunCard(
    id="7",
    title=NASTY,
    state="running",
    sentence=NASTY,
    done=1,
    failed=1,
    left=1,
    total=3,
    percent=66,
    running=True,
    can_cancel=True,
    groups=((NASTY, "/x"),),
    left_out="3 drafts",
)


def records(
    kind: str, rows: int, *, query: str = NASTY, tab: str = "all"
) -> record_views.RecordsPage:
    row = record_views.RecordRow("1", "/x", NASTY, (NASTY,), BADGES, (CELL,))
    return record_views.RecordsPage(
        shell=SHELL,
        heading="Items",
        kind=kind,
        columns=("Price",),
        rows=(row, replace(row, id="2"))[:rows],
        tabs=TABS,
        tab=tab,
        query=query,
        new_label="New",
        new_url="/new",
        also=((NASTY, "/also"),),
        empty="No items yet",
        empty_sentence="Items are what you sell.",
        connected=True,
        next_url="/next",
        first_url="/first",
        here="/items",
        live_url=LIVE,
        news_url="/items/news?",
    )


def recent(rows: int, *, away: bool = False) -> office_views.RecentSyncsPage:
    row = office_views.SyncRow(
        "1", "today", NASTY, "/x", "Synced", Tone("green", "circle-check"), NASTY, "joe", "1 s", 1
    )
    return office_views.RecentSyncsPage(
        SHELL, HEAD, (row,) * rows, (RUN,) * rows, (), False, "/csv", "/next", "/first", LIVE, away
    )


def problems(count: int, *, away: bool = False, tried: bool = False) -> office_views.ProblemsPage:
    one = office_views.ProblemGroup(
        group="account_gone.79",
        key="account_gone-79",
        cause=CAUSE,
        icon="alert-triangle",
        colour="red",
        count=2,
        what="2 invoices",
        amount="$2.00",
        since="today",
        records=(office_views.GroupRecord("1", NASTY, "/x", "$1.00"),),
        shown_all=False,
        ours=False,
        heading=NASTY,
        typed_fix="choose_account",
        ticked=frozenset({"1"}) if tried else frozenset(),
        wrong_fields={"choose_account.account_id": NASTY} if tried else {},
    )
    kept = office_views.KeptFix("/x", (("email", NASTY),), (("E-mail", NASTY),), NASTY)
    row = office_views.ListedRow("1", NASTY, "/x", NASTY, NASTY, NASTY * tried)
    listed = office_views.ListedFix(
        code="due_date_invalid",
        title=NASTY,
        field="due_date",
        label="Due date of",
        rows=(row,),
        count=2,
        by_days=True,
        days="30",
        wrong_days=NASTY * tried,
    )
    if count > 1:
        one = replace(one, listed=listed, folds="first")
    last = replace(one, key="b", group="b", ours=True, wrong=NASTY * tried, listed=None)
    return office_views.ProblemsPage(
        shell=SHELL,
        head=HEAD,
        groups=(one, replace(last, folds="last" if count > 1 else ""))[:count],
        fixing=(RUN,) * count,
        accounts=OPTIONS,
        taxes=OPTIONS,
        total="2 records",
        tabs=TABS,
        calm="All is well.",
        live_url=LIVE,
        away=away,
        tried=tried,
        kept=kept if tried else None,
    )


def sync_now(run: office_views.RunCard | None, *, away: bool = False) -> office_views.SyncNowPage:
    kinds = tuple(
        office_views.KindRow(key, key, NASTY, "3 drafts", none=False, chosen=True, all_there=False)
        for key in ("customers", "items", "invoices")
    )
    return office_views.SyncNowPage(
        SHELL, HEAD, kinds, run, away, NASTY, LIVE if run else None, NASTY
    )


def link(rows: tuple[link_pages.Candidate, ...]) -> link_pages.LinkPage:
    return link_pages.LinkPage(
        shell=SHELL,
        provider="xero",
        label="Xero",
        name=NASTY,
        back_url="/customers/1",
        post_url="/x",
        load_url="/y",
        query=NASTY,
        rows=rows,
        as_of=None,
        loading="Loading: 1 so far.",
        away=False,
    )


ITEM_THERE = item_link_pages.ItemThere(
    "1", NASTY, NASTY, "$1.00", NASTY, alike=True, taken_by=None, ours=False
)


def item_link(*rows: item_link_pages.ItemThere, **changes: object) -> item_link_pages.ItemLinkPage:
    page = item_link_pages.ItemLinkPage(
        shell=SHELL,
        provider="xero",
        label="Xero",
        name=NASTY,
        back_url="/items/1",
        here="/items/1/link/xero?q=a",
        post_url="/items/1/link/xero",
        query=NASTY,
        rows=rows,
        as_of="today 10:42",
        loading="Loading: 1,000 of about 4,000.",
        since="2026-06-15T14:42:00Z",
        read_again=False,
        next_url="/next",
        first_url="/first",
    )
    return replace(page, **changes)


REVIEW_ROWS = (
    remote_customers_views.ReviewRow(
        "60", NASTY, "", "business", NASTY, None, "", (), ticked=True, inactive=True
    ),
    remote_customers_views.ReviewRow(
        "61", NASTY, "a@b.example", "homeowner", "", NASTY, "/customers/1", (), False, False
    ),
    remote_customers_views.ReviewRow(
        "62",
        "Ann",
        "",
        "homeowner",
        "",
        None,
        "",
        (
            remote_customers_views.Becoming("", "Choose", chosen=True),
            remote_customers_views.Becoming("1", NASTY, chosen=False),
        ),
        ticked=False,
        inactive=False,
    ),
)


REVIEW = remote_customers_views.ImportCustomersPage(
    SHELL,
    HEAD,
    loaded=True,
    rows=REVIEW_ROWS,
    kept=(remote_customers_views.KeptRow("60", "business", NASTY, ticked=True),),
    selection=remote_customers_views.SelectionView("1 selected: 1 new", "1 asks", "/x"),
    tabs=TABS,
)
