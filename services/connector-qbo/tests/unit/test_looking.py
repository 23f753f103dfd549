"""What is there: sightings by key and by id, and what is asked before a write."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime

from connector_kit.answers import (
    Candidate,
    NoAnswer,
    Refused,
    RemovedThere,
    Seen,
    Sighting,
    Unreadable,
)
from connector_kit.exchange import Request, Response
from connector_kit.provider import FrozenMember, Member, NotReady, Prepared, Ready
from contracts.commands import Origin, ReadRemote, RemoteRef
from contracts.ids import Entity, MessageId, RecordId

from .examples import (
    COMPANY,
    CONNECTION,
    CUSTOMER,
    INVOICE,
    ITEM,
    MOMENT,
    OPERATIONS,
    SECOND_INVOICE,
    context,
    customer_command,
    drive,
    frozen,
    golden,
    invoice,
    invoice_command,
    item_command,
    line,
    linked,
    member,
    ok,
    packed,
    refused,
    rows,
    void_command,
)

MARK = f"Tallybridge {INVOICE} g1"
DELETED = refused("610", "Object Not Found : Another user has deleted this transaction.")


def invoice_row(**changes: object) -> dict[str, object]:
    row = json.loads(golden("create_invoice.response.json"))["Invoice"]
    return {**row, **changes}


def customer_row(**changes: object) -> dict[str, object]:
    row = json.loads(golden("create_customer.response.json"))["Customer"]
    return {**row, **changes}


def item_row(**changes: object) -> dict[str, object]:
    row = json.loads(golden("create_item.response.json"))["Item"]
    return {**row, **changes}


def look_up(
    members: Sequence[FrozenMember], *responses: Response
) -> tuple[list[Sighting], list[Request]]:
    sightings, sent = drive(OPERATIONS.look_up(members, context()), *responses)
    assert len(sightings) == len(members)
    return sightings, sent


def only(sighting: Sighting) -> Candidate:
    assert isinstance(sighting, Seen)
    assert len(sighting.candidates) == 1
    return sighting.candidates[0]


# Creates without an answer


def test_a_created_invoice_is_found_by_its_number_and_known_by_its_mark() -> None:
    (sighting,), (request,) = look_up([frozen(invoice_command())], rows("Invoice", invoice_row()))
    found = only(sighting)
    assert request.body == (
        b"SELECT * FROM Invoice WHERE DocNumber IN ('1001')"
        b" ORDERBY Id STARTPOSITION 1 MAXRESULTS 1000"
    )
    assert (found.remote.id, found.mark, found.differing) == ("155", "ours", ())
    assert found.created_at == datetime(2026, 5, 5, 9, 10, 44, tzinfo=UTC)
    assert found.totals is not None


def test_many_members_take_one_look() -> None:
    commands = [invoice_command(invoice(f"N{n}", record=record_id(n))) for n in range(30)]
    members = list(packed(*[member(c) for c in commands])[1].members)
    sightings, sent = look_up(members, rows("Invoice"), rows("Invoice"))
    assert sightings == [Seen()] * 30
    assert len(sent) == 2


def test_an_invoice_renumbered_there_is_found_by_its_customer_and_date() -> None:
    renumbered = invoice_row(DocNumber="900")
    theirs = invoice_row(DocNumber="901", PrivateNote="Thanks", Id="156")
    (sighting,), (_, second) = look_up(
        [frozen(invoice_command())], rows("Invoice"), rows("Invoice", theirs, renumbered)
    )
    assert second.body == (
        b"SELECT * FROM Invoice WHERE CustomerRef IN ('60') AND TxnDate IN ('2026-06-15')"
        b" ORDERBY Id STARTPOSITION 1 MAXRESULTS 1000"
    )
    found = only(sighting)
    assert (found.remote.id, found.mark, found.differing) == ("155", "ours", ("DocNumber",))


def test_after_a_restore_one_of_another_number_is_found_by_its_date_alone() -> None:
    """It was renumbered here, and its customer may have been made once more."""
    renumbered = invoice_row(DocNumber="900", CustomerRef={"value": "61"})
    for one in (frozen(invoice_command()), frozen(void_command())):
        (sighting,), (_, second) = look_up(
            [one.model_copy(update={"forgotten": True})],
            rows("Invoice"),
            rows("Invoice", renumbered),
        )
        assert second.body == (
            b"SELECT * FROM Invoice WHERE TxnDate IN ('2026-06-15')"
            b" ORDERBY Id STARTPOSITION 1 MAXRESULTS 1000"
        )
        assert (only(sighting).remote.id, only(sighting).mark) == ("155", "ours")


def test_whose_number_somebody_took_over_after_renumbering_ours_is_seen_beside_it() -> None:
    taker = invoice_row(PrivateNote=None, Id="156")
    ours = invoice_row(DocNumber="900")
    (sighting,), _ = look_up(
        [frozen(invoice_command())], rows("Invoice", taker), rows("Invoice", ours, taker)
    )
    assert isinstance(sighting, Seen)
    assert [(c.remote.id, c.mark) for c in sighting.candidates] == [
        ("156", "none"),
        ("155", "ours"),
    ]


def test_where_the_second_look_can_t_be_read_nothing_is_known() -> None:
    sightings, _ = look_up([frozen(invoice_command())], rows("Invoice"), DELETED)
    assert isinstance(sightings[0], Unreadable)


def record_id(n: int) -> RecordId:
    return RecordId(INVOICE.__class__(int=INVOICE.int + n))


def test_a_mark_of_another_generation_or_record_is_not_ours() -> None:
    earlier = invoice_row(PrivateNote=f"Voided\nTallybridge {INVOICE} g1", TotalAmt=0)
    other = invoice_row(PrivateNote=f"Tallybridge {SECOND_INVOICE} g2", Id="156")
    foreign = invoice_row(PrivateNote="Thanks", Id="157")
    (sighting,), _ = look_up(
        [frozen(invoice_command(generation=2))],
        rows("Invoice", earlier, other, foreign),
        rows("Invoice", earlier, other),
    )
    assert isinstance(sighting, Seen)
    assert [(c.remote.id, c.mark, c.removed) for c in sighting.candidates] == [
        ("155", "other", "voided"),
        ("156", "other", None),
        ("157", "none", None),
    ]


def test_a_field_that_differs_is_named() -> None:
    changed = invoice_row(DueDate="2026-08-01", TotalAmt=300)
    (sighting,), _ = look_up([frozen(invoice_command())], rows("Invoice", changed))
    assert only(sighting).differing == ("DueDate", "TotalAmt")


def test_a_changed_line_differs_and_the_subtotal_line_does_not_count() -> None:
    longer = invoice(lines=[line(), line(2, quantity="1", unit_price="1", amount="1")])
    (sighting,), _ = look_up([frozen(invoice_command(longer))], rows("Invoice", invoice_row()))
    assert set(only(sighting).differing) == {"Line", "TotalAmt"}


def test_a_foreign_invoice_says_whose_it_is() -> None:
    foreign = invoice_row(PrivateNote=None, CustomerRef={"value": "9", "name": "Bob Ray"})
    (sighting,), _ = look_up([frozen(invoice_command())], rows("Invoice", foreign), rows("Invoice"))
    assert dict(only(sighting).params) == {
        "invoice": "1001",
        "customer_there": "Bob Ray",
        "total_there": "256.38 USD",
    }


def test_numbers_are_compared_without_case() -> None:
    lower = frozen(invoice_command(invoice("inv-1001")))
    (sighting,), _ = look_up([lower], rows("Invoice", invoice_row(DocNumber="INV-1001")))
    assert only(sighting).mark == "ours"


def test_a_created_customer_is_found_active_or_not() -> None:
    command = customer_command()
    inactive = customer_row(Active=False, DisplayName="Test Customer May 2026 Regen (deleted)")
    (sighting,), (request,) = look_up([frozen(command)], rows("Customer", inactive))
    found = only(sighting)
    assert b"Active IN (true, false)" in request.body
    assert b"'Test Customer May 2026 Regen (deleted)'" in request.body
    assert (found.mark, found.removed, found.differing) == ("ours", "deleted", ())


def test_an_item_without_a_mark_is_known_by_its_fields() -> None:
    (sighting,), (request,) = look_up([frozen(item_command())], rows("Item", item_row()))
    assert request.body.startswith(b"SELECT *, Sku FROM Item WHERE Name IN (")
    assert (only(sighting).mark, only(sighting).differing) == ("none", ())
    other = item_row(IncomeAccountRef={"value": "80"}, UnitPrice=1)
    (sighting,), _ = look_up([frozen(item_command())], rows("Item", other))
    assert set(only(sighting).differing) == {"UnitPrice", "IncomeAccountRef"}


def test_an_item_inside_a_category_is_another_item() -> None:
    nested = item_row(FullyQualifiedName="Parts:Test Service Item 2026 Unique 03")
    (sighting,), _ = look_up([frozen(item_command())], rows("Item", nested))
    assert sighting == Seen()


def test_a_look_up_that_fails_proves_nothing() -> None:
    for response in (refused("4000"), ok(b""), ok({"time": "2026"})):
        (sighting,), _ = look_up([frozen(invoice_command())], response)
        assert isinstance(sighting, Unreadable)


# Updates and voids without an answer


def test_an_update_is_looked_up_by_id_and_its_version_has_moved_on() -> None:
    sent = frozen(invoice_command(), linked("155", "0"))
    (same,), (request,) = look_up([sent], rows("Invoice", invoice_row()))
    assert b"WHERE Id IN ('155') ORDERBY" in request.body
    assert (only(same).moved_on, only(same).differing) == (False, ())
    (later,), _ = look_up([sent], rows("Invoice", invoice_row(SyncToken="10")))
    assert only(later).moved_on


def test_an_invoice_is_deleted_only_if_its_own_address_says_so() -> None:
    sent = frozen(invoice_command(), linked("155", "0"))
    (gone,), (_, get) = look_up([sent], rows("Invoice"), DELETED)
    assert (get.method, get.path.endswith("/invoice/155")) == ("GET", True)
    assert only(gone).removed == "deleted"
    for unclear in (refused("500", "Unsupported"), ok(b"", 404), ok(b"<html>")):
        (sighting,), _ = look_up([sent], rows("Invoice"), unclear)
        assert isinstance(sighting, Unreadable)


def test_a_row_the_query_left_out_may_still_be_there() -> None:
    sent = frozen(invoice_command(), linked("155", "0"))
    (sighting,), _ = look_up([sent], rows("Invoice"), ok({"Invoice": invoice_row()}))
    assert only(sighting).removed is None


def test_a_void_is_seen_as_voided() -> None:
    voided = invoice_row(TotalAmt=0, PrivateNote=f"Voided\n{MARK}")
    (sighting,), _ = look_up([frozen(void_command(), linked("155"))], rows("Invoice", voided))
    assert only(sighting).removed == "voided"


def test_an_invoice_of_zero_is_not_a_voided_one() -> None:
    zero = invoice_row(TotalAmt=0)
    (sighting,), _ = look_up([frozen(void_command(), linked("155"))], rows("Invoice", zero))
    assert only(sighting).removed is None


def test_an_updated_customer_who_is_inactive_goes_again() -> None:
    sent = frozen(customer_command(), linked("60", "1"))
    inactive = customer_row(
        Active=False, DisplayName="Test Customer May 2026 Regen (deleted)", SyncToken="2"
    )
    (sighting,), _ = look_up([sent], rows("Customer", inactive))
    found = only(sighting)
    assert (found.removed, found.differing, found.moved_on) == (None, ("Active",), True)


def test_creates_and_updates_of_one_request_are_looked_up_together() -> None:
    created = frozen(invoice_command(invoice("1002", record=SECOND_INVOICE)))
    updated = frozen(invoice_command(), linked("155", "0"))
    sightings, sent = look_up(
        [updated, created], rows("Invoice"), rows("Invoice"), rows("Invoice", invoice_row())
    )
    assert only(sightings[0]).remote.id == "155"
    assert sightings[1] == Seen()
    asked = [b"DocNumber IN" in r.body or b"CustomerRef IN" in r.body for r in sent]
    assert asked == [True, True, False]


# Before a write


def prepare(members: Sequence[Member], *responses: Response) -> list[Prepared]:
    prepared, _ = drive(OPERATIONS.prepare(members, context()), *responses)
    return prepared


def test_nothing_is_asked_before_customers_items_and_known_versions() -> None:
    members = [
        member(customer_command()),
        member(item_command()),
        member(invoice_command(), linked("155", "3")),
        member(void_command(), linked("155", "3")),
    ]
    assert prepare(members) == [Ready(m) for m in members]


def test_a_version_nobody_knows_is_read_first() -> None:
    unknown = member(invoice_command(), linked("155", None))
    (ready,) = prepare([unknown], rows("Invoice", invoice_row(SyncToken="7")))
    assert isinstance(ready, Ready)
    assert ready.member.remote is not None
    assert (ready.member.remote.id, ready.member.remote.version) == ("155", "7")


def test_a_payment_moves_the_version_and_changes_nothing_of_ours() -> None:
    last = frozen(invoice_command())
    moved = Member(invoice_command(), linked("155", None), last=last)
    (ready,) = prepare([moved], rows("Invoice", invoice_row(SyncToken="9", Balance=0)))
    assert isinstance(ready, Ready)


def test_an_invoice_changed_there_is_never_written_over_unasked() -> None:
    last = frozen(invoice_command())
    changed_here = invoice(due_date=None, lines=[line(quantity="1", amount="128.19")])
    edited = Member(invoice_command(changed_here), linked("155", None), last=last)
    (blocked,) = prepare(
        [edited], rows("Invoice", invoice_row(SyncToken="9", DueDate="2027-01-01"))
    )
    assert isinstance(blocked, NotReady)
    assert isinstance(blocked.answer, Refused)
    cause = blocked.answer.cause
    assert cause.code == "changed_on_both_sides"
    assert json.loads(cause.params["fields_there"]) == ["the due date"]
    assert json.loads(cause.params["fields_here"]) == ["the due date", "the total", "the lines"]


def test_a_customer_made_inactive_there_is_updated_and_so_active_again() -> None:
    last = frozen(customer_command(), linked("60", "0"))
    needed = Member(customer_command(), linked("60", None), last=last)
    name = "Test Customer May 2026 Regen (deleted)"
    (ready,) = prepare(
        [needed], rows("Customer", customer_row(Active=False, DisplayName=name, SyncToken="4"))
    )
    assert isinstance(ready, Ready)


def test_a_customer_made_inactive_since_it_was_linked_is_no_question() -> None:
    """It is made active again where it is needed; another phone number there is one."""
    counted = ok({"QueryResponse": {"totalCount": 1}})
    reading = OPERATIONS.remote_customers(context())
    page, _ = drive(reading, counted, rows("Customer", customer_row()))
    (listed,) = page.customers
    link = linked("60", None).model_copy(update={"held": listed.held})
    needed = Member(customer_command(), link)
    name = f"{customer_row()['DisplayName']} (deleted)"
    gone = customer_row(Active=False, DisplayName=name, SyncToken="4")
    (ready,) = prepare([needed], rows("Customer", gone))
    assert isinstance(ready, Ready)
    other = customer_row(SyncToken="4", PrimaryPhone={"FreeFormNumber": "(555) 555-7777"})
    (asked,) = prepare([needed], rows("Customer", other))
    assert isinstance(asked, NotReady)
    assert isinstance(asked.answer, Refused)
    assert asked.answer.cause.code == "changed_on_both_sides"


def test_a_linked_invoice_that_was_removed_is_not_written_to() -> None:
    unknown = member(invoice_command(), linked("155", None))
    voided = rows("Invoice", invoice_row(TotalAmt=0, PrivateNote=f"Voided\n{MARK}"))
    for responses, removed in (([voided], "voided"), ([rows("Invoice"), DELETED], "deleted")):
        (blocked,) = prepare([unknown], *responses)
        assert isinstance(blocked, NotReady)
        assert isinstance(blocked.answer, RemovedThere)
        assert blocked.answer.removed == removed


def test_a_version_that_cannot_be_read_waits() -> None:
    unknown = member(invoice_command(), linked("155", None))
    for responses in ([ok({})], [rows("Invoice"), ok(b"<html>")]):
        (waits,) = prepare([unknown], *responses)
        assert isinstance(waits, NotReady)
        assert isinstance(waits.answer, NoAnswer)


def test_numbers_of_new_invoices_are_asked_for_at_once() -> None:
    members = [member(invoice_command(invoice(f"N{n}", record=record_id(n)))) for n in range(1000)]
    prepared, sent = drive(OPERATIONS.prepare(members, context()), rows("Invoice"))
    assert len(sent) == 1
    assert prepared == [Ready(m) for m in members]


def test_a_number_that_is_taken_is_a_cause() -> None:
    foreign = invoice_row(PrivateNote=None, CustomerRef={"value": "9", "name": "Bob Ray"})
    other = invoice_row(Id="156", PrivateNote=None, DocNumber="1001-A")
    (blocked,) = prepare(
        [member(invoice_command())], rows("Invoice", foreign), rows("Invoice", other)
    )
    assert isinstance(blocked, NotReady)
    assert isinstance(blocked.answer, Refused)
    assert (blocked.answer.cause.code, blocked.answer.holder) == ("invoice_number_taken", "155")
    assert blocked.answer.cause.params == {
        "invoice": "1001",
        "customer_there": "Bob Ray",
        "total_there": "256.38 USD",
        "remote_id": "155",
        "suggested_number": "1001-B",
    }


def test_a_number_of_a_voided_invoice_is_left_to_the_provider() -> None:
    voided = invoice_row(PrivateNote="Voided", TotalAmt=0)
    new = member(invoice_command())
    assert prepare([new], rows("Invoice", voided)) == [Ready(new)]


def test_our_own_invoice_found_by_its_number_is_updated_and_not_doubled() -> None:
    (ready,) = prepare([member(invoice_command())], rows("Invoice", invoice_row(SyncToken="2")))
    assert isinstance(ready, Ready)
    assert ready.member.intent == "update"
    assert ready.member.remote is not None
    assert (ready.member.remote.id, ready.member.remote.version) == ("155", "2")


def test_our_own_invoice_that_was_voided_is_named_and_not_made_again() -> None:
    voided = invoice_row(TotalAmt=0, PrivateNote=f"Voided\n{MARK}")
    (blocked,) = prepare([member(invoice_command())], rows("Invoice", voided))
    assert isinstance(blocked, NotReady)
    assert isinstance(blocked.answer, RemovedThere)
    assert blocked.found is not None
    assert (blocked.answer.removed, blocked.found.id) == ("voided", "155")


def test_the_predecessor_of_an_invoice_made_again_does_not_hold_its_number() -> None:
    again = member(invoice_command(generation=2))
    assert prepare([again], rows("Invoice", invoice_row())) == [Ready(again)]


def test_a_question_that_is_refused_is_our_mistake_and_holds_nobody_else() -> None:
    for new in (member(invoice_command()), member(invoice_command(), linked("155", None))):
        (blocked,) = prepare([new], refused("4001", "Invalid query"))
        assert isinstance(blocked, NotReady)
        assert isinstance(blocked.answer, Refused)
        assert blocked.answer.cause.code == "our_mistake"
        assert blocked.answer.cause.details.provider_message == "Invalid query"


# Reads that were asked for


def reads(entity: Entity, remote: RemoteRef, *responses: Response) -> Sighting:
    record = {"customer": CUSTOMER, "item": ITEM, "invoice": INVOICE}[entity]
    command = ReadRemote(
        id=MessageId(record),
        occurred_at=MOMENT,
        company_id=COMPANY,
        correlation_id=record,
        provider="qbo",
        connection_id=CONNECTION,
        epoch=1,
        record_id=RecordId(record),
        generation=1,
        step=1,
        origin=Origin(by="event"),
        entity=entity,
    )
    sightings, _ = drive(OPERATIONS.read_remote([(command, remote)], context()), *responses)
    (sighting,) = sightings
    return sighting


def test_a_record_is_read_as_it_is_there() -> None:
    found = only(reads("invoice", linked("155", "0"), rows("Invoice", invoice_row(SyncToken="3"))))
    assert (found.mark, found.removed, found.moved_on) == ("ours", None, True)
    assert found.totals is not None


def test_a_customer_made_inactive_is_read_as_deleted() -> None:
    inactive = customer_row(Active=False, DisplayName="Ann (deleted)")
    assert only(reads("customer", linked("60"), rows("Customer", inactive))).removed == "deleted"


def test_a_deleted_invoice_is_read_as_deleted() -> None:
    assert only(reads("invoice", linked("155"), rows("Invoice"), DELETED)).removed == "deleted"


def test_a_read_that_fails_is_not_a_deletion() -> None:
    assert isinstance(reads("invoice", linked("155"), refused("4000")), Unreadable)
