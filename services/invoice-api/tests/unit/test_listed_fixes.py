"""Problems of one cause that are mended together: which have a row, and what stands in it."""

from dataclasses import replace

from invoice_api.web.listed_fixes import AT_MOST, ListTried, listed_of
from invoice_api.web.office_views import GroupRecord, ProblemGroup
from invoice_api.web.pages import FixView
from invoice_api.web.problems_pages import with_lists

from .page_pieces import problems

[ONE] = problems(1).groups


def group(code: str, name: str, *records: GroupRecord, count: int = 1) -> ProblemGroup:
    cause = replace(ONE.cause, code=code)
    return replace(
        ONE, group=f"{code}.{name}", cause=cause, records=records, count=count, amount="$9.00"
    )


def late(number: int) -> ProblemGroup:
    record = GroupRecord(str(number), f"Invoice {number}", f"/invoices/{number}", "$5.00")
    return group("due_date_invalid", str(number), record)


def test_invoices_without_a_due_date_have_a_row_each_and_may_be_due_by_days() -> None:
    form = listed_of("due_date_invalid", [late(1), late(2)], None)
    assert form is not None
    assert [(row.id, row.facts, row.value) for row in form.rows] == [
        ("1", "$5.00", ""),
        ("2", "$5.00", ""),
    ]
    assert (form.by_days, form.count) == (True, 2)


def test_a_customer_has_a_row_with_what_waits_and_not_one_for_each_invoice() -> None:
    ann = GroupRecord("7", "Ann", "/customers/7", "")
    bill = GroupRecord("1", "Invoice 1", "/invoices/1", "$5.00")
    several = [
        group("customer_email_missing", "ann", bill, ann, count=2),
        group("customer_email_missing", "unnamed", bill, count=300),
    ]
    form = listed_of("customer_email_missing", several, None)
    assert form is not None
    assert [(row.id, row.facts) for row in form.rows] == [("7", "$9.00, 2 invoices")]
    assert (form.by_days, form.count) == (False, 1)
    assert listed_of("customer_email_missing", several[1:] * 2, None) is None


def test_one_alone_and_what_is_mended_otherwise_have_no_form() -> None:
    assert listed_of("due_date_invalid", [late(1)], None) is None
    assert listed_of("account_gone", [ONE, ONE], None) is None


def test_what_could_not_be_saved_is_kept_with_why() -> None:
    tried = ListTried("due_date_invalid", {"2": "2026-01-01"}, "30", {"2": "Too early."})
    form = listed_of("due_date_invalid", [late(1), late(2)], tried)
    assert form is not None
    assert [(row.value, row.wrong) for row in form.rows] == [("", ""), ("2026-01-01", "Too early.")]
    other = ListTried("customer_email_missing", {"2": "x"}, "30", {"2": "Wrong."})
    form = listed_of("due_date_invalid", [late(1), late(2)], other)
    assert form is not None
    assert (form.days, [row.wrong for row in form.rows]) == ("", ["", ""])


def test_a_date_that_is_wrong_is_said() -> None:
    fix = FixView("save_due_date", "Save due date", (("due_date", "2026-05-03"),))
    wrong = replace(late(1), cause=replace(late(1).cause, fixes=(fix,)))
    form = listed_of("due_date_invalid", [wrong, late(2)], None)
    assert form is not None
    assert [row.facts for row in form.rows] == ["$5.00, due 3 May 2026 now", "$5.00"]


def test_one_that_is_left_of_several_keeps_its_form_with_why() -> None:
    tried = ListTried("due_date_invalid", {"2": "2026-01-01"}, "", {"2": "Too early."})
    [shown] = with_lists([late(2)], tried)
    assert shown.listed is not None
    assert [row.wrong for row in shown.listed.rows] == ["Too early."]
    assert shown.folds == "both"
    assert tried.without_a_row({"2"}) == ()


def test_what_has_no_row_any_more_is_said_all_the_same() -> None:
    tried = ListTried("due_date_invalid", {"2": "2026-01-01", "3": ""}, "30", {"2": "Too early."})
    [lost] = tried.without_a_row(())
    assert (lost.url, lost.value, lost.why) == ("/invoices/2", "2026-01-01", "Too early.")
    kept = tried.kept("xero")
    assert kept.url == "/integrations/xero/problems-listed/due_date_invalid"
    assert dict(kept.pairs) == {"value.2": "2026-01-01", "value.3": "", "days": "30"}
    assert kept.typed == (("Due date", "2026-01-01"), ("Days", "30"))
    assert kept.why == "Too early."


def test_a_form_has_so_many_rows_and_says_of_how_many() -> None:
    form = listed_of("due_date_invalid", [late(n) for n in range(AT_MOST + 5)], None)
    assert form is not None
    assert (len(form.rows), form.count) == (AT_MOST, AT_MOST + 5)


def test_the_form_stands_before_the_first_and_the_rest_is_folded() -> None:
    shown = with_lists([ONE, late(1), late(2), late(3)], None)
    assert [(g.listed is not None, g.folds) for g in shown] == [
        (False, ""),
        (True, "first"),
        (False, ""),
        (False, "last"),
    ]
