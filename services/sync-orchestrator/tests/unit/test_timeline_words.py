"""What a record's history says: to a bookkeeper, in plain sentences."""

from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from contracts.causes import cause_of
from sync_orchestrator.http.timeline import told
from sync_orchestrator.store.history_store import TimelineRow

Data = dict[str, Any]
AT = datetime(2026, 6, 14, 10, 41, 7, tzinfo=UTC)
KIM: Data = {"by": "person", "name": "Kim", "user_id": str(uuid4())}
EVENT: Data = {"by": "event"}
XERO_1043: Data = {"id": "7f3a", "number": "INV-1043"}


def said(*rows: tuple[str, Data], state: str = "queued") -> list[str]:
    history = [TimelineRow(AT, kind, state, 1, 1, uuid4(), data) for kind, data in rows]
    return [str(line["sentence"]) for line in told(history, "xero")]


def attempt(result: str) -> Data:
    return {"number": 1, "result": result}


def test_an_invoice_that_goes_well_is_told_without_versions_or_steps() -> None:
    lines = said(
        ("requested", {"want": "there", "version": 3, "origin": EVENT, "began": EVENT}),
        ("issued", {"want": "there", "version": 3}),
        ("outcome", {"said": "succeeded", "attempts": [attempt("accepted")]}),
        ("link_seen", {"remote": XERO_1043}),
        ("synced", {"version": 3, "remote": XERO_1043}),
    )
    assert lines == [
        "It goes to Xero by itself.",
        "Sent to Xero.",
        "Xero took it.",
        "Xero made a record of it.",
        "Xero has it as INV-1043.",
    ]


def test_what_a_person_asked_for_is_told_as_that() -> None:
    assert said(
        ("requested", {"want": "there", "version": 3, "origin": KIM, "began": KIM}),
        ("requested", {"want": "there", "version": 3, "again": True, "origin": KIM}),
        ("ignore_began", {"by": "Kim", "why": "entered by hand", "began": KIM}),
        ("named", {"name": "Ann Lee (2)", "origin": KIM}),
    ) == [
        "Asked to sync to Xero.",
        "Asked to try again.",
        "Ignored in Xero: entered by hand.",
        "Is called “Ann Lee (2)” in Xero.",
    ]


def test_an_edit_and_a_void_say_that_they_followed() -> None:
    lines = said(
        ("issued", {"want": "there", "version": 3}),
        ("synced", {"version": 3, "remote": XERO_1043}),
        ("requested", {"want": "there", "version": 4, "origin": EVENT}),
        ("issued", {"want": "there", "version": 4}),
        ("synced", {"version": 4, "remote": XERO_1043}),
        ("requested", {"want": "void", "version": 5, "origin": EVENT}),
        ("issued", {"want": "void", "version": 5}),
        ("voided_there", {"step": 3}),
    )
    assert lines[2:] == [
        "The changes go to Xero by themselves.",
        "Sent the changes to Xero.",
        "Xero has the changes, as INV-1043.",
        "It is voided in Xero as well.",
        "Sent the void to Xero.",
        "Voided in Xero.",
    ]


def test_what_was_missing_is_counted_and_said() -> None:
    cause = cause_of("due_date_invalid", invoice="1008").model_dump(mode="json")
    more = cause_of("customer_email_missing", customer="Maria").model_dump(mode="json")
    [one, two] = said(
        ("stopped", {"state": "blocked", "cause": cause}),
        ("stopped", {"state": "blocked", "cause": cause, "also": [more]}),
        state="blocked",
    )
    assert one.startswith("Checked before sending: 1 thing missing. Stopped: ")
    assert two.startswith("Checked before sending: 2 things missing. Stopped: ")
    assert "1008" in two
    [waiting] = said(("stopped", {"state": "waiting", "cause": cause}), state="waiting")
    assert waiting.startswith("Waiting: ")


def test_a_try_after_no_answer_says_that_nothing_was_posted_twice() -> None:
    lines = said(
        ("issued", {"want": "there", "version": 3}),
        ("outcome", {"said": "delayed", "attempts": [attempt("unknown")]}),
        ("delayed", {"state": "checking"}),
        ("reissued", {"priority": "automatic"}),
        ("outcome", {"said": "succeeded", "attempts": [attempt("unknown"), attempt("found")]}),
    )
    twice = "Tried again after no answer: looked up first, nothing was posted twice."
    assert lines[1:] == [
        "Xero didn't answer.",
        "Xero hasn't answered yet.",
        twice,
        "Xero had it already, though it hadn't answered: nothing was posted twice.",
    ]
    [_, ahead] = said(("issued", {"want": "there"}), ("reissued", {"priority": "person"}))
    assert ahead == "Moved ahead in line."
    [_, resumed] = said(("issued", {"want": "there"}), ("reissued", {"resumed": True}))
    assert resumed == "Sent on its way again, once: nothing is posted twice."


def test_a_refusal_says_the_reason() -> None:
    cause = cause_of("invoice_number_taken", invoice="1008").model_dump(mode="json")
    [_, refused] = said(
        ("outcome", {"said": "failed", "attempts": [attempt("refused")]}),
        ("refused", {"step": 1, "state": "blocked", "cause": cause}),
        state="blocked",
    )
    assert refused.startswith("Xero said no: ")
    assert "1008" in refused


def test_no_sentence_speaks_of_versions_steps_or_ids() -> None:
    from sync_orchestrator.http import timeline

    kinds = list(timeline.KINDS)
    lines = said(*((kind, {"version": 3, "remote": XERO_1043, "origin": EVENT}) for kind in kinds))
    assert all("version" not in line and "step" not in line for line in lines), lines
