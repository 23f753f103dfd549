"""A record's timeline: what people did here and what became of it there, in one list."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from invoice_api.deeds.store import DeedDone
from invoice_api.web.timelines import ToldThere, history
from invoice_api.web.views import Eyes

START = datetime(2026, 6, 14, 10, 41, 7, tzinfo=UTC)
KIM, JOE = uuid4(), uuid4()
EYES = Eyes(ZoneInfo("UTC"), START + timedelta(hours=1))
Json = dict[str, Any]


def line(kind: str, sentence: str, after: int = 0, **more: Any) -> Json:
    at = START + timedelta(seconds=after)
    details = more.pop("details", {})
    return {"at": at.isoformat(), "kind": kind, "sentence": sentence, "who": None} | {
        **more,
        "details": details,
    }


def by(user: UUID, name: str) -> Json:
    return {"by": "person", "name": name, "user_id": str(user)}


def shown(
    deeds: list[DeedDone], *there: ToldThere, only_changes: bool = False, at: str = ""
) -> list[str]:
    told = history(
        "invoice", deeds, there, EYES, KIM, "/invoices/1", only_changes=only_changes, at=at
    )
    return [
        f"{row.sentence} {row.who} {row.folded}".strip().replace("  ", " ") for row in told.rows
    ]


def xero(*lines: Json, away: bool = False) -> ToldThere:
    return ToldThere("xero", lines, away=away)


def test_what_people_did_stands_among_what_became_of_it_in_order_of_time() -> None:
    deeds = [
        DeedDone("created", START, KIM, "Kim"),
        DeedDone("edited", START + timedelta(seconds=2), JOE, "Joe", ("due_date", "lines")),
        DeedDone("sent", START + timedelta(seconds=5), KIM, "Kim"),
        DeedDone("voided", START + timedelta(seconds=60), JOE, "Joe"),
    ]
    there = xero(
        line("requested", "It goes to Xero by itself.", 6, who="event"),
        line("issued", "Sent to Xero.", 6),
        line("outcome", "Xero took it.", 7, details={"said": "succeeded", "attempts": [{}]}),
        line("link_seen", "Xero made a record of it.", 7),
        line("synced", "Xero has it as INV-1043.", 7),
        line("requested", "It is voided in Xero as well.", 61, who="event"),
        line("issued", "Sent the void to Xero.", 61),
        line("outcome", "Xero took it.", 62, details={"said": "succeeded", "attempts": [{}]}),
        line("voided_there", "Voided in Xero.", 62),
    )
    assert shown(deeds, there) == [
        "You created the invoice.",
        "Joe changed the invoice: due date, lines.",
        "You sent the invoice.",
        "Sent to Xero.",
        "Xero has it as INV-1043.",
        "Joe voided the invoice.",
        "Sent the void to Xero.",
        "Voided in Xero.",
    ]


def test_whoever_looks_is_you_and_nobody_is_automatically() -> None:
    there = xero(
        line("requested", "Asked to sync to Xero.", 1, who="Kim", details={"began": by(KIM, "K")}),
        line("requested", "Asked to try again.", 2, who="Joe", details={"origin": by(JOE, "J")}),
        line("out_of_date", "Changed here.", 3, who="event", details={"began": {"by": "event"}}),
    )
    assert shown([], there) == [
        "Asked to sync to Xero. you",
        "Asked to try again. Joe",
        "Changed here.",
    ]


def test_tries_fold_into_how_many_and_until_when() -> None:
    tries = [
        one
        for minute in range(6)
        for one in (
            line("delayed", "Xero isn't answering.", minute * 60),
            line("reissued", "Tried again after no answer.", minute * 60 + 1),
        )
    ]
    there = xero(line("issued", "Sent to Xero."), *tries, line("synced", "Xero has it.", 400))
    assert shown([], there) == [
        "Sent to Xero.",
        "Xero isn't answering. tried 6 times until today 10:46:08",
        "Xero has it.",
    ]


def test_the_same_said_again_and_again_is_one_row() -> None:
    there = xero(*(line("stopped", "Stopped: no due date.", n) for n in range(3)))
    assert shown([], there) == ["Stopped: no due date. 3 times, until today 10:41:09"]


def test_a_look_up_that_saved_from_posting_twice_is_kept() -> None:
    attempts = [{"result": "unknown"}, {"result": "found"}]
    details = {"said": "succeeded", "attempts": attempts}
    there = xero(
        line("outcome", "Xero had it already: nothing was posted twice.", details=details),
        line("synced", "Xero has it.", 1),
    )
    assert shown([], there) == ["Xero had it already: nothing was posted twice.", "Xero has it."]


def test_details_of_what_was_left_out_stand_with_what_is_shown() -> None:
    details = {"said": "succeeded", "attempts": [{"number": 1, "result": "accepted"}]}
    there = xero(
        line("outcome", "Xero took it.", details=details),
        line("synced", "Xero has it.", 1, details={"version": 3}),
    )
    told = history("invoice", [], [there], EYES, KIM, "/invoices/1")
    [row] = told.rows
    names = [name for name, _ in row.details]
    assert ("Version" in names, "Attempts" in names) == (True, True)


def test_only_changes_and_one_provider_can_be_looked_at() -> None:
    deeds = [DeedDone("sent", START, KIM, "Kim")]
    qbo = ToldThere("qbo", (line("issued", "Sent to QuickBooks.", 2),))
    there = xero(line("issued", "Sent to Xero.", 1), line("reissued", "Moved ahead.", 3))
    assert shown(deeds, there, qbo, only_changes=True) == [
        "You sent the invoice.",
        "Sent to Xero.",
        "Sent to QuickBooks.",
    ]
    assert shown(deeds, there, qbo, at="qbo") == ["You sent the invoice.", "Sent to QuickBooks."]
    told = history("invoice", deeds, [there, qbo], EYES, KIM, "/invoices/1?tab=synced", at="qbo")
    assert [(chip.label, chip.url, chip.current) for chip in told.chips] == [
        ("All", "/invoices/1?tab=synced#timeline", False),
        ("Only changes", "/invoices/1?tab=synced&history=changes#timeline", False),
        ("Xero", "/invoices/1?tab=synced&history=xero#timeline", False),
        ("QuickBooks", "/invoices/1?tab=synced&history=qbo#timeline", True),
    ]


def test_what_is_missing_is_said() -> None:
    told = history("invoice", [], [], EYES, KIM, "/invoices/1")
    assert told.notes == ("Nothing has happened yet: this invoice hasn't been sent.",)
    made = [DeedDone("created", START, None, None)]
    told = history("invoice", made, [xero(), ToldThere("qbo", (), away=True)], EYES, KIM, "/x")
    assert [row.sentence for row in told.rows] == ["The invoice was created."]
    assert told.notes == (
        "Nothing has happened yet in Xero: this invoice hasn't been sent there.",
        "What happened in QuickBooks can't be shown right now.",
    )


def test_left_as_it_is_there_can_be_taken_back() -> None:
    left = line("left_as_it_is", "Left in Xero as it is there.", 2)
    told = history("invoice", [], [xero(line("issued", "Sent."), left)], EYES, KIM, "/x")
    assert told.left == (("xero", "Xero"),)
    later = line("issued", "Sent.", 3)
    told = history("invoice", [], [xero(left, later)], EYES, KIM, "/x")
    assert told.left == ()
