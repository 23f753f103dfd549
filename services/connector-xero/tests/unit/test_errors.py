"""Every row of the error table, by a sentence of the kind it stands for; and whole responses."""

import re

import pytest
from connector_kit.answers import NoAnswer, NotExecuted, Shut, Throttled, Unauthorized
from connector_kit.exchange import Response
from connector_kit.provider import Intent
from connector_xero.app import XERO
from connector_xero.errors import TABLE, UNKNOWN, Blocks, Gone, Meaning, Plain, Row, classify, whole
from contracts.causes import CAUSES
from contracts.ids import Entity

from .examples import ok

CASES: list[tuple[str, Entity, Intent, Meaning]] = [
    (
        "The contact name Acme is already assigned to another contact. The contact name must be "
        "unique across all active contacts.",
        "customer",
        "create",
        Blocks("customer_name_taken"),
    ),
    (
        'The existing contact with name "[A]" cannot be updated to use new name "[B]". There is '
        "an existing contact with that name.",
        "customer",
        "update",
        Blocks("customer_name_taken"),
    ),
    (
        "The contact number TB-1 is already assigned to another contact.",
        "customer",
        "create",
        Plain.UNDECIDED,
    ),
    (
        "The specified contact details matched an archived contact. Archived contacts cannot "
        "currently be edited via the API.",
        "customer",
        "update",
        Plain.REMOVED,
    ),
    (
        "The specified contact details matched an archived contact.",
        "customer",
        "create",
        Plain.UNDECIDED,
    ),
    ("Email address must be valid.", "customer", "create", Blocks("customer_email_invalid")),
    (
        "The contact with the specified contact details has been archived. The contact must be "
        "un-archived before creating new invoices or credit notes.",
        "invoice",
        "create",
        Gone("customer"),
    ),
    (
        "A Contact must be specified for this type of transaction",
        "invoice",
        "create",
        Blocks("customer_not_in_books"),
    ),
    (
        "Price List Item with Code 'abc' already exists",
        "item",
        "create",
        Blocks("item_name_taken"),
    ),
    ("Item Code is invalid.", "invoice", "create", Gone("item")),
    (
        "Account code '200' has been archived, or has been deleted. Each line item must reference "
        "a valid account.",
        "invoice",
        "create",
        Blocks("account_gone"),
    ),
    ("Account must be valid.", "item", "create", Blocks("account_gone")),
    (
        "Account code '800' is not a valid code for this document.",
        "invoice",
        "create",
        Blocks("account_wrong_type"),
    ),
    (
        "The account code or ID must be specified",
        "invoice",
        "create",
        Blocks("item_account_unmapped"),
    ),
    (
        "The TaxType code 'X' cannot be used with account code 'Y'.",
        "invoice",
        "create",
        Blocks("tax_not_allowed_for_account"),
    ),
    (
        "The TaxType code X does not exist or cannot be used for this type of transaction.",
        "invoice",
        "create",
        Blocks("tax_code_gone"),
    ),
    (
        "Organisation is not subscribed to currency EUR",
        "invoice",
        "create",
        Blocks("currency_not_enabled"),
    ),
    ("Invoice # must be unique.", "invoice", "create", Blocks("invoice_number_taken")),
    (
        "The document date cannot be before the period lock date 31 March 2026",
        "invoice",
        "create",
        Blocks("period_closed"),
    ),
    (
        "The document DueDate field must be specified",
        "invoice",
        "create",
        Blocks("due_date_invalid", "missing"),
    ),
    (
        "The status VOIDED cannot be applied to the invoice because it has payments or credit "
        "notes allocated to it.",
        "invoice",
        "void",
        Blocks("void_refused"),
    ),
    (
        "This document cannot be edited as it has a payment or credit note allocated to it.",
        "invoice",
        "void",
        Blocks("void_refused"),
    ),
    (
        "This document cannot be edited as it has a payment or credit note allocated to it.",
        "invoice",
        "update",
        Blocks("locked_by_payment"),
    ),
    (
        "Invoice not of valid status for modification",
        "invoice",
        "void",
        Blocks("void_refused"),
    ),
    ("Invoice not of valid status for modification", "invoice", "update", Plain.REMOVED),
    (
        "You have reached the limit of invoices you can approve",
        "invoice",
        "create",
        Blocks("plan_limit_reached"),
    ),
    (
        "The document with the supplied id was not found for this endpoint.",
        "invoice",
        "update",
        Plain.REMOVED,
    ),
    (
        "The document with the supplied id was not found for this endpoint.",
        "invoice",
        "void",
        Plain.REMOVED,
    ),
    (
        "The Contact must contain at least 1 of the following elements to identify the contact: "
        "Name, ContactID, ContactNumber",
        "invoice",
        "create",
        Blocks("our_mistake"),
    ),
    ("One or more line items must be specified", "invoice", "create", Blocks("our_mistake")),
    ("Invoice not of valid status for creation", "invoice", "create", Blocks("our_mistake")),
    (
        "The description field is mandatory for each line item.",
        "invoice",
        "create",
        Blocks("our_mistake"),
    ),
    (
        "The line total 666.88 does not match the expected line total 666.93",
        "invoice",
        "create",
        Blocks("our_mistake"),
    ),
    (
        "The invoice total does not equal the sum of the lines.",
        "invoice",
        "create",
        Blocks("our_mistake"),
    ),
    (
        "Idempotency Key: K is used with a different request.",
        "item",
        "create",
        Blocks("our_mistake"),
    ),
]


@pytest.mark.parametrize(("text", "entity", "intent", "meaning"), CASES)
def test_a_refusal_means_what_the_table_says(
    text: str, entity: Entity, intent: Intent, meaning: Meaning
) -> None:
    assert classify([text], entity=entity, intent=intent).meaning == meaning


def test_every_row_has_a_case_and_a_cause_that_exists() -> None:
    hit = {id(row) for row in TABLE for case in CASES if _first(*case[:3]) is row}
    assert [row.text for row in TABLE if id(row) not in hit] == []
    causes = [row.meaning.cause for row in TABLE if isinstance(row.meaning, Blocks)]
    assert set(causes) <= set(CAUSES)
    assert all(row.source for row in TABLE)


def _first(text: str, entity: Entity, intent: Intent) -> Row | None:
    for row in TABLE:
        fits = row.entity in (None, entity) and row.intent in (None, intent)
        if fits and re.search(row.text, text, re.IGNORECASE | re.DOTALL):
            return row
    return None


def test_an_unknown_sentence_is_refused_unknown_and_keeps_its_words() -> None:
    verdict = classify(["The moon is in the wrong house."], entity="invoice", intent="create")
    assert (verdict.meaning, verdict.text) == (UNKNOWN, "The moon is in the wrong house.")


def test_a_known_sentence_counts_though_another_stands_before_it() -> None:
    said = ["Something new", "Invoice # must be unique."]
    verdict = classify(said, entity="invoice", intent="create")
    assert verdict.meaning == Blocks("invoice_number_taken")


@pytest.mark.parametrize(
    ("problem", "limit", "cause"),
    [
        ("minute", "minute", None),
        ("day", "day", "daily_limit_reached"),
        ("concurrent", "in_flight", None),
        ("appminute", None, "app_problem"),
        ("", None, None),
    ],
)
def test_an_empty_429_says_in_a_header_which_limit(
    problem: str, limit: str | None, cause: str | None
) -> None:
    headers = {"x-rate-limit-problem": problem, "retry-after": "26"}
    answer = whole(Response(429, headers if problem else {}, b""))
    assert isinstance(answer, NotExecuted)
    assert isinstance(answer.why, Throttled)
    assert answer.why.limit == limit
    assert (answer.why.cause.code if answer.why.cause else None) == cause
    assert answer.why.retry_after == (26.0 if problem else None)
    assert limit is None or limit in {each.name for each in XERO.limits}


@pytest.mark.parametrize("word", ["insufficient_scope", "insufficent_scope"])
def test_a_missing_permission_is_no_old_token_in_either_spelling(word: str) -> None:
    answer = whole(ok("", 401, **{"www-authenticate": f'Bearer error="{word}"'}))
    assert isinstance(answer, NotExecuted)
    assert isinstance(answer.why, Shut)
    assert (answer.why.cause.code, answer.why.expired) == ("permission_missing", True)


def test_a_missing_permission_may_stand_in_the_body_alone() -> None:
    answer = whole(ok({"title": "Unauthorized", "detail": "AuthorizationUnsuccessful"}, 401))
    assert isinstance(answer, NotExecuted)
    assert isinstance(answer.why, Shut)


def test_an_expired_token_is_unauthorized() -> None:
    body = {"Title": "Unauthorized", "Status": 401, "Detail": "TokenExpired: token expired at …"}
    answer = whole(ok(body, 401))
    assert isinstance(answer, NotExecuted)
    assert isinstance(answer.why, Unauthorized)


def test_an_organisation_that_disconnected_us_ends_the_connection() -> None:
    body = {"title": "Forbidden", "status": 403, "detail": "AuthenticationUnsuccessful"}
    answer = whole(ok(body, 403))
    assert isinstance(answer, NotExecuted)
    assert isinstance(answer.why, Shut)
    assert (answer.why.cause.code, answer.why.expired) == ("access_removed_there", True)


@pytest.mark.parametrize("status", [500, 502, 503, 504, 412, 302])
def test_a_failure_of_xero_s_own_says_nothing_of_the_request(status: int) -> None:
    text = Response(status, {"content-type": "text/plain"}, b"The Organisation is offline")
    answer = whole(text)
    assert isinstance(answer, NoAnswer)
    assert answer.details.provider_message == "The Organisation is offline"


@pytest.mark.parametrize("status", [200, 400, 404])
def test_what_was_answered_is_read(status: int) -> None:
    assert whole(ok({}, status)) is None
