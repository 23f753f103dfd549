"""Looking up: what a list says, and what it doesn't."""

import json
from collections.abc import Sequence
from typing import cast

from connector_kit.answers import Refused, Seen, Sighting, Unreadable
from connector_kit.exchange import Response
from connector_kit.provider import Member, NotReady, Prepared, Ready
from contracts.commands import ReadRemote, RemoteRef

from .examples import (
    OPERATIONS,
    context,
    customer_command,
    drive,
    frozen,
    golden,
    invoice_command,
    item_command,
    linked,
    ok,
    refused,
    result,
    void_command,
)


def recorded(name: str, kind: str, **changes: object) -> dict[str, object]:
    body = json.loads(golden(f"create_{name}.response.json"))
    return cast("dict[str, object]", body["response"]["result"][kind]) | changes


def page(kind: str, *rows: dict[str, object], page: int = 1, pages: int = 1) -> Response:
    listed = {kind: list(rows), "page": page, "pages": pages, "per_page": 100, "total": len(rows)}
    return ok({"response": {"result": listed}})


EMPTY = {
    kind: ok({"response": {"result": {kind: [], "page": 1, "pages": 0}}})
    for kind in ("clients", "items", "invoices")
}


def test_a_list_that_ignored_the_search_finds_only_ours() -> None:
    member = frozen(customer_command())
    other = recorded("customer", "client", id=1, note="Tallybridge of somebody")
    again = recorded("customer", "client", id=2, note=f"Old. {member.mark}0")
    ours = recorded("customer", "client")
    answers = (page("clients", other, again, pages=2), page("clients", ours, page=2, pages=2))
    (seen,), sent = drive(OPERATIONS.look_up([member], context()), *answers, EMPTY["clients"])
    assert isinstance(seen, Seen)
    assert [(c.remote.id, c.mark) for c in seen.candidates] == [("567521", "ours")]
    assert ("search[note_like]", member.mark) in sent[0].query
    assert ("search[vis_state]", "1") in sent[2].query


def test_a_deleted_one_is_found_and_said_to_be_removed() -> None:
    member = frozen(invoice_command())
    row = recorded("invoice", "invoice", vis_state=1, notes="")
    (seen,), _ = drive(
        OPERATIONS.look_up([member], context()), EMPTY["invoices"], page("invoices", row)
    )
    assert isinstance(seen, Seen)
    (found,) = seen.candidates
    assert (found.removed, found.mark, found.differing) == ("deleted", "none", ())
    assert found.created_at is not None
    assert found.created_at.isoformat() == "2026-06-29T16:52:44+00:00"


def test_a_number_that_only_begins_alike_is_another() -> None:
    row = recorded("invoice", "invoice", invoice_number="10011")
    (seen,), _ = drive(
        OPERATIONS.look_up([frozen(invoice_command())], context()),
        page("invoices", row),
        EMPTY["invoices"],
    )
    assert seen == Seen(())


def test_a_list_that_is_not_answered_proves_nothing() -> None:
    for answers in (
        (refused(1004, "No."),),
        (EMPTY["invoices"], refused(1004, "No.")),
        (result(invoices=[]),),
    ):
        (seen,), _ = drive(OPERATIONS.look_up([frozen(invoice_command())], context()), *answers)
        assert isinstance(seen, Unreadable)


def test_an_update_is_never_judged_by_a_version_that_moved_on() -> None:
    member = frozen(customer_command(), linked("567521", "2026-06-29 12:00:00"))
    row = recorded("customer", "client")
    (seen,), _ = drive(OPERATIONS.look_up([member], context()), result(client=row))
    assert isinstance(seen, Seen)
    assert not seen.candidates[0].moved_on


def test_a_deleted_customer_counts_as_not_yet_restored() -> None:
    member = frozen(customer_command(), linked("567521", "deleted"))
    row = recorded("customer", "client", vis_state=1)
    (seen,), _ = drive(OPERATIONS.look_up([member], context()), result(client=row))
    assert isinstance(seen, Seen)
    assert (seen.candidates[0].removed, seen.candidates[0].differing) == (None, ("vis_state",))


def test_a_void_is_done_once_the_invoice_is_deleted() -> None:
    member = frozen(void_command(), linked("453877"))
    row = recorded("invoice", "invoice", vis_state=1)
    (seen,), _ = drive(OPERATIONS.look_up([member], context()), result(invoice=row))
    assert isinstance(seen, Seen)
    assert seen.candidates[0].removed == "voided"


def test_only_not_found_says_gone() -> None:
    member = frozen(item_command(), linked("70031"))
    missing = refused(1012, "Item not found.", "itemid", status=404)
    (seen,), _ = drive(OPERATIONS.look_up([member], context()), missing)
    assert isinstance(seen, Seen)
    assert seen.candidates[0].removed == "deleted"
    denied = refused(1003, "Denied.", status=403)
    (seen,), _ = drive(OPERATIONS.look_up([member], context()), denied)
    assert isinstance(seen, Unreadable)


def read_there(row: dict[str, object]) -> RemoteRef:
    """The record as a read of it says it is."""
    command = ReadRemote(
        **customer_command().model_dump(
            exclude={"type", "entity", "customer", "name_there", "currency", "link"}
        ),
        entity="customer",
        link=linked("567521"),
    )
    exchange = OPERATIONS.read_remote([(command, linked("567521"))], context())
    (seen,), _ = drive(exchange, result(client=row))
    assert isinstance(seen, Seen)
    return seen.candidates[0].remote


def test_an_edit_of_the_same_second_is_seen_by_its_content_and_asked_about_once() -> None:
    row = recorded("customer", "client", updated="2026-06-29 12:00:00")
    written = read_there(row)
    edited = {**row, "email": "new@lee.example"}

    def asked(remote: RemoteRef) -> Prepared:
        last = frozen(customer_command(), linked("567521"))
        compared = {name: str(row[name]) for name in last.fields if row.get(name) is not None}
        last = last.model_copy(update={"fields": compared})
        member = Member(customer_command(), remote, last=last)
        (one,), _ = drive(OPERATIONS.prepare([member], context()), result(client=edited))
        return one

    question = asked(written)
    assert isinstance(question, NotReady)
    assert isinstance(question.answer, Refused)
    assert question.answer.cause.code == "changed_on_both_sides"
    assert isinstance(asked(read_there(edited)), Ready)


def month_of(*ids: str) -> list[tuple[ReadRemote, RemoteRef]]:
    command = invoice_command()
    read = ReadRemote(
        **command.model_dump(
            include={
                "id",
                "occurred_at",
                "company_id",
                "correlation_id",
                "provider",
                "connection_id",
                "epoch",
                "record_id",
                "generation",
                "step",
                "origin",
            }
        ),
        entity="invoice",
    )
    return [(read, linked(each)) for each in ids]


def seen_as(sightings: Sequence[Sighting]) -> list[tuple[str, str | None]]:
    found = [one.candidates[0] for one in sightings if isinstance(one, Seen)]
    return [(one.remote.id, one.removed) for one in found]


def test_many_invoices_are_read_by_a_list_and_those_it_leaves_out_one_by_one() -> None:
    row = recorded("invoice", "invoice")
    one, deleted, bare = {**row, "id": 1}, {**row, "id": 2, "vis_state": 1}, {**row, "id": 3}
    without_lines = {name: value for name, value in bare.items() if name != "lines"}
    exchange = OPERATIONS.read_remote(month_of("1", "2", "3"), context())
    answers = (page("invoices", one, without_lines), result(invoice=deleted), result(invoice=bare))
    seen, sent = drive(exchange, *answers)
    assert seen_as(seen) == [("1", None), ("2", "deleted"), ("3", None)]
    assert [value for name, value in sent[0].query if name == "search[invoiceids][]"] == [
        "1",
        "2",
        "3",
    ]
    assert ("include[]", "lines") in sent[0].query
    assert [each.path.rpartition("/")[2] for each in sent[1:]] == ["2", "3"]


def test_a_list_whose_filter_is_not_heeded_is_asked_for_once() -> None:
    row = recorded("invoice", "invoice")
    ids = [str(number) for number in range(1, 103)]
    exchange = OPERATIONS.read_remote(month_of(*ids), context())
    listed = page("invoices", *({**row, "id": int(each)} for each in [*ids[:99], "999"]))
    rest = [result(invoice={**row, "id": int(each)}) for each in ids[99:]]
    seen, sent = drive(exchange, listed, *rest)
    assert [remote for remote, _ in seen_as(seen)] == ids
    assert len(sent) == 1 + len(rest)
