"""In which order Problems shows its groups, and what stands over them."""

from datetime import UTC, datetime

from contracts.causes import CAUSES
from contracts.ids import PROVIDER_LABELS
from invoice_api.integrations.schemas import CauseGroupShown
from invoice_api.sync_status.schemas import CauseShown, DetailsShown, LinkButtonShown
from invoice_api.web.problems_pages import arranged, total_of
from invoice_api.web.views import cause_view


def cause(code: str, links: tuple[LinkButtonShown, ...] = ()) -> CauseShown:
    return CauseShown(
        code=code,
        group=code,
        who=CAUSES[code].who,
        title=code,
        sentence="",
        fixes=(),
        links=links,
        details=DetailsShown(),
    )


def group(
    code: str, name: str, amount: str | None = None, count: int = 1, euros: str | None = None
) -> CauseGroupShown:
    shown = cause(code)
    return CauseGroupShown(
        group=f"{code}.{name}",
        code=code,
        who=shown.who,
        title=shown.title,
        sentence="",
        fixes=(),
        cause=shown,
        count=count,
        amount=amount,
        currency=None if amount is None else "USD",
        amounts=tuple(
            {"currency": currency, "amount": text}
            for currency, text in (("USD", amount), ("EUR", euros))
            if text is not None
        ),
        since=datetime(2026, 6, 15, tzinfo=UTC),
        records=(),
    )


def test_customers_without_an_email_stand_together_under_their_heading() -> None:
    rows = [
        group("customer_email_missing", "ann", "10.00"),
        group("account_gone", "79", "25.00"),
        group("connection_expired", ""),
        group("customer_email_missing", "bob", "20.00"),
        group("refused_unknown", "x", "99.00"),
    ]
    shown = [(row.group, over) for row, over in arranged(rows)]
    assert shown == [
        ("connection_expired.", None),
        ("customer_email_missing.bob", "Customers without an e-mail: 2"),
        ("customer_email_missing.ann", None),
        ("account_gone.79", None),
        ("refused_unknown.x", None),
    ]
    [(_, alone)] = arranged(rows[:1])
    assert alone is None


def test_the_links_of_a_fix_are_shown_on_problems_where_it_is_about_one_record() -> None:
    told = cause(
        "line_without_item", (LinkButtonShown(target="edit_invoice", label="Choose item"),)
    )
    [link] = cause_view(told, "xero", ("invoice", "17")).links
    assert (link.label, link.url) == ("Choose item", "/invoices/17/edit")
    assert cause_view(told, "xero").links == ()


def test_what_has_no_address_there_opens_where_the_provider_begins() -> None:
    for provider in PROVIDER_LABELS:
        assert cause_view(cause("void_refused"), provider).open_url.startswith("https://")
    known = cause_view(cause("void_refused"), "qbo", remote_url="https://books.example/155")
    assert known.open_url == "https://books.example/155"


def test_money_is_said_for_each_currency_by_itself() -> None:
    rows = [
        group("account_gone", "79", "25.00", count=40, euros="30.00"),
        group("customer_email_missing", "ann", "1100.00"),
    ]
    assert total_of(rows, "Xero").startswith("41 records, $1,125.00 and €30.00, not as they")
    assert total_of(rows[:0], "Xero").startswith("0 records not as they")
