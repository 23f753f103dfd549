"""A case for every row of the table, through the operations as the kit asks them."""

from collections.abc import Callable
from typing import TypeAlias

import pytest
from connector_freshbooks.errors import TABLE, classify
from connector_freshbooks.wire import Reason
from connector_kit.answers import (
    Answered,
    MemberAnswer,
    NoAnswer,
    NotExecuted,
    ReferenceGone,
    Refused,
    RemovedThere,
    Shut,
    Stale,
    Throttled,
    Unauthorized,
)
from connector_kit.exchange import Response
from connector_kit.provider import Intent, Member
from contracts.ids import Entity

from .examples import (
    OPERATIONS,
    customer_command,
    invoice_command,
    item_command,
    linked,
    member,
    ok,
    packed,
    reason,
    refused,
    void_command,
)

Case: TypeAlias = tuple[str, str, str | None, Entity, Intent, int, str]

_NEW: dict[str, Callable[[], Member]] = {
    "customer": lambda: member(customer_command()),
    "item": lambda: member(item_command()),
    "invoice": lambda: member(invoice_command()),
}
_CHANGED: dict[str, Callable[[], Member]] = {
    "customer": lambda: member(customer_command(), linked("1")),
    "item": lambda: member(item_command(), linked("1")),
    "invoice": lambda: member(invoice_command(), linked("1")),
}


def read(about: Member, response: Response) -> MemberAnswer | NotExecuted | NoAnswer:
    """What the kit learns of the member, of the request as a whole or of itself."""
    whole = OPERATIONS.whole(response)
    if whole is not None:
        return whole
    answer = OPERATIONS.read(packed(about)[1], response)
    return answer.members[0] if isinstance(answer, Answered) else answer


# errno, message, field, kind, intent, status, cause
CASES: list[Case] = [
    ("1042", "Inactive.", None, "customer", "create", 403, "subscription_ended"),
    ("1003", "Your plan allows 5.", "userid", "customer", "create", 403, "plan_limit_reached"),
    ("1003", "Insufficient scope.", None, "item", "create", 403, "permission_missing"),
    ("insufficient_scope", "x", None, "item", "create", 403, "permission_missing"),
    ("", "Insufficient scope.", None, "item", "create", 403, "permission_missing"),
    ("1003", "Denied.", None, "item", "create", 403, "connecting_user_lost_rights"),
    ("1012", "Gone.", "accountid", "invoice", "update", 404, "connecting_user_lost_rights"),
    ("1029", "Taken.", "invoice_number", "invoice", "create", 422, "invoice_number_taken"),
    ("1029", "Taken.", "name", "item", "create", 422, "item_name_taken"),
    ("409", "It already exists.", None, "invoice", "create", 409, "invoice_number_taken"),
    ("409", "It already exists.", None, "item", "create", 409, "item_name_taken"),
    ("1004", "is already in use", None, "invoice", "create", 422, "invoice_number_taken"),
    ("1004", "is already in use", None, "item", "create", 422, "item_name_taken"),
    ("409", "Modified by another request.", None, "customer", "update", 409, "busy"),
    ("1012", "Not found.", "customerid", "invoice", "create", 404, "customer_gone"),
    ("1012", "Client not found.", "userid", "invoice", "create", 404, "customer_gone"),
    ("1011", "Deleted.", "x", "invoice", "create", 422, "customer_gone"),
    ("1011", "Deleted.", "customerid", "invoice", "update", 422, "customer_gone"),
    ("1012", "Not found.", "account_uuid", "item", "update", 422, "account_gone"),
    ("1004", "Wrong.", "account_uuid", "item", "update", 422, "account_gone"),
    ("1012", "Tax not found.", "taxName1", "invoice", "update", 422, "tax_code_gone"),
    ("1012", "Not found.", "userid", "customer", "update", 404, "removed"),
    ("1012", "Not found.", "invoiceid", "invoice", "void", 404, "removed"),
    ("1011", "Deleted.", "itemid", "item", "update", 404, "removed"),
    ("1011", "Deleted.", "invoiceid", "invoice", "void", 404, "removed"),
    ("1001", "Required.", "customerid", "invoice", "create", 422, "customer_not_in_books"),
    ("1004", "Wrong.", "email", "customer", "create", 422, "customer_email_invalid"),
    ("1017", "Too long.", "email", "customer", "create", 422, "customer_email_invalid"),
    ("1004", "Your plan allows 5.", "userid", "customer", "create", 422, "plan_limit_reached"),
    ("1017", "Long.", "invoice_number", "invoice", "create", 422, "invoice_number_not_allowed"),
    ("1027", "Bad.", "invoice_number", "invoice", "create", 422, "invoice_number_not_allowed"),
    ("1017", "Too long.", "organization", "customer", "create", 422, "name_not_allowed"),
    ("1027", "Bad.", "name", "item", "create", 422, "name_not_allowed"),
    ("1036", "Bad.", "name", "item", "create", 422, "name_not_allowed"),
    ("1017", "has at most 5 lines", "lines", "invoice", "create", 422, "too_many_lines"),
    ("1025", "Low.", "due_offset_days", "invoice", "create", 422, "due_date_invalid"),
    ("1028", "Low.", "due_offset_days", "invoice", "create", 422, "due_date_invalid"),
    ("1025", "Low.", "amount", "invoice", "create", 422, "invoice_total_negative"),
    ("1004", "with payments", "vis_state", "invoice", "void", 422, "void_refused"),
    ("1004", "with payments", "paid", "invoice", "update", 422, "locked_by_payment"),
    *(
        (errno, "x", None, "item", "create", 422, "our_mistake")
        for errno in ("1005", "1006", "1013", "1014", "1015", "1016", "1038", "1040", "8008")
    ),
    ("1099", "Something new.", None, "item", "create", 422, "refused_unknown"),
]


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case[0]} {case[6]} {case[3]}")
def test_a_refusal_means_its_row(case: Case) -> None:
    errno, message, field, kind, intent, status, wanted = case
    about = _NEW[kind]() if intent == "create" else _CHANGED[kind]()
    if intent == "void":
        about = member(void_command(), linked("1"))
    answer = read(about, refused(errno, message, field, status=status))
    match answer:
        case Refused(cause):
            assert cause.code == wanted
        case NotExecuted(Shut(cause)):
            assert cause.code == wanted
        case NotExecuted(Stale()):
            assert wanted == "busy"
        case ReferenceGone(local_ids):
            assert wanted == "customer_gone"
            assert len(local_ids) == 1
        case RemovedThere():
            assert wanted == "removed"
        case _:
            raise AssertionError(answer)


def test_every_row_has_a_case() -> None:
    known = [
        classify(
            (Reason(errno=errno, message=message, field=field),), entity=kind, intent=intent
        ).row
        for errno, message, field, kind, intent, _, _ in CASES
    ]
    assert [row for row in TABLE if row not in known] == []


@pytest.mark.parametrize("status", [200, 422])
def test_every_form_of_a_refusal_is_one_whatever_the_status(status: int) -> None:
    said = reason(1029, "Taken.", "invoice_number")
    rpc = {
        "code": 3,
        "message": "Request failed with status_code: 422",
        "details": [{"reason": "1029", "metadata": {"field": "invoice_number", "message": "x"}}],
    }
    for body in ({"response": {"errors": [said]}}, {"response": {"errors": said}}, rpc):
        answer = read(_NEW["invoice"](), ok(body, status))
        assert isinstance(answer, Refused)
        assert answer.cause.code == "invoice_number_taken"


def test_errors_that_say_nothing_are_no_success() -> None:
    for errors in ("[]", "{}", '"x"', "[null]", '[{"message": 5}]'):
        answer = read(_NEW["item"](), ok(f'{{"response": {{"errors": {errors}}}}}'))
        assert isinstance(answer, Refused)
        assert answer.cause.code == "refused_unknown"


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b'{"response":', b"[]", b"{}", b'{"response":{}}']
)
def test_what_cannot_be_read_is_no_answer(body: bytes) -> None:
    assert isinstance(read(_NEW["item"](), ok(body)), NoAnswer)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 302])
def test_an_outage_is_no_answer(status: int) -> None:
    assert isinstance(read(_NEW["item"](), ok(b"oops", status)), NoAnswer)


@pytest.mark.parametrize(
    "body",
    [
        {"error": "unauthenticated", "error_description": "This action requires authentication."},
        {"response": {"errors": [{"errno": 1003, "message": "could not verify"}]}},
        {"error": "invalid_token", "error_description": "x", "state": "unauthorized"},
        {"message": "The server could not verify"},
    ],
)
def test_any_401_is_an_access_token_that_was_not_accepted(body: object) -> None:
    answer = read(_NEW["item"](), ok(body, 401))
    assert isinstance(answer, NotExecuted)
    assert isinstance(answer.why, Unauthorized)


def test_retry_after_means_something_only_with_429() -> None:
    slow = read(_NEW["item"](), ok(b"Too many", 429, **{"retry-after": "17"}))
    assert isinstance(slow, NotExecuted)
    assert isinstance(slow.why, Throttled)
    assert slow.why.retry_after == 17
    assert OPERATIONS.whole(ok({"response": {"result": {}}}, 200, **{"retry-after": "17"})) is None
