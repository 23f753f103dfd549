"""Every row of the error table, by an answer of the kind it stands for."""

import json
from dataclasses import dataclass

import pytest
from connector_kit.answers import NoAnswer, NotExecuted, Shut, Throttled, Unauthorized
from connector_kit.provider import Intent
from connector_qbo.bodies import read_fault
from connector_qbo.errors import (
    TABLE,
    Blocks,
    Closed,
    Gone,
    Meaning,
    Plain,
    classify,
    details_of,
    whole,
)
from connector_qbo.wire import Fault, FaultError
from contracts.causes import CAUSES
from contracts.ids import Entity
from hypothesis import given
from hypothesis import strategies as st

from .examples import ok, refused
from .test_bodies import GATEWAY, XML

INACTIVE = (
    "Something you're trying to use has been made inactive. Check the fields with accounts, "
    "customers, items, vendors or employees."
)
TABS = "Names must have at least one character and cannot include tabs, newlines, or ':'"


@dataclass(frozen=True)
class Case:
    """An answer and what it means; where not said otherwise, to an invoice that was created."""

    code: str
    expected: Meaning
    detail: str
    element: str = ""
    entity: Entity = "invoice"
    intent: Intent = "create"

    def read(self) -> Meaning:
        return meaning(self.code, self.detail, self.element, self.entity, self.intent)


CASES = [
    Case("3200", Plain.UNAUTHORIZED, "Token expired: AB01"),
    Case("100", Plain.UNAUTHORIZED, "General Authentication Error"),
    Case("130", Plain.UNAUTHORIZED, "wrong cluster"),
    Case("120", Closed("connecting_user_lost_rights", True), "AuthorizationFailure", entity="item"),
    Case(
        "3100",
        Closed("access_removed_there", True),
        "ApplicationAuthorizationFailed",
        entity="item",
    ),
    Case(
        "6190", Closed("subscription_ended", False), "Subscription period has ended", entity="item"
    ),
    Case("3001", Plain.THROTTLED, "The request limit was reached.", entity="item"),
    Case("003001", Plain.THROTTLED, "The request limit was reached.", entity="item"),
    Case("600", Plain.UNDECIDED, "RequestId already exists"),
    Case("10000", Plain.UNDECIDED, "An application error has occurred"),
    Case(
        "610",
        Plain.REMOVED,
        "Object Not Found : Another user has deleted this transaction.",
        intent="void",
    ),
    Case(
        "610",
        Plain.REMOVED,
        "Object Not Found : Another user has deleted this transaction.",
        intent="update",
    ),
    Case("610", Gone("any"), f"Object Not Found : {INACTIVE}"),
    Case("610", Gone("any"), f"Object Not Found : {INACTIVE}", intent="update"),
    Case("610", Gone("any"), "Objet introuvable"),
    Case("610", Plain.STALE, "Objet introuvable", intent="update"),
    Case("610", Plain.REMOVED, "Objet introuvable", intent="void"),
    Case(
        "610",
        Blocks("account_gone"),
        f"Object Not Found : {INACTIVE}",
        entity="item",
        intent="update",
    ),
    Case("610", Blocks("account_gone"), "Objet introuvable", entity="item"),
    Case("610", Plain.REMOVED, "Object Not Found", entity="item", intent="update"),
    Case("610", Plain.STALE, "Object Not Found", entity="customer", intent="update"),
    Case(
        "2500",
        Blocks("item_unusable_there", "category"),
        "Categories cannot be used in transactions.",
    ),
    Case("2500", Gone("item"), "Invalid Reference Id : Line.SalesItemLineDetail.ItemRef"),
    Case("2500", Gone("item"), "Identifiant invalide", element="Line.SalesItemLineDetail.ItemRef"),
    Case("2500", Gone("customer"), "Invalid Reference Id : Names element id 999999 not found"),
    Case(
        "2500",
        Blocks("account_gone"),
        "Invalid Reference Id : Accounts element id 81 not found",
    ),
    Case("2500", Gone("any"), f"Invalid Reference Id : {INACTIVE}"),
    Case("2500", Blocks("account_gone"), f"Invalid Reference Id : {INACTIVE}", entity="item"),
    Case(
        "2500",
        Plain.REMOVED,
        f"Invalid Reference Id : {INACTIVE}",
        entity="customer",
        intent="update",
    ),
    Case("5010", Plain.STALE, "Stale Object Error", intent="update"),
    Case(
        "6240",
        Blocks("customer_name_taken"),
        "The name supplied already exists. : Id=58",
        entity="customer",
    ),
    Case(
        "6240", Blocks("item_name_taken"), "The name supplied already exists. : null", entity="item"
    ),
    Case("6140", Blocks("invoice_number_taken"), "Duplicate Document Number Error"),
    Case(
        "2050",
        Blocks("invoice_number_not_allowed"),
        "Min:0 Max:21 supported. Supplied length:45",
        element="DocNumber",
    ),
    Case(
        "2050",
        Blocks("name_not_allowed", "too_long"),
        "Min:0 Max:100 supported. Supplied length:145",
        element="Name",
        entity="item",
    ),
    Case(
        "2050",
        Blocks("name_not_allowed", "too_long"),
        "Min:0 Max:500 supported. Supplied length:545",
        element="DisplayName",
        entity="customer",
    ),
    Case(
        "2050",
        Blocks("our_mistake"),
        "Min:0 Max:50 supported. Supplied length:90",
        element="CompanyName",
        entity="customer",
    ),
    Case("2040", Blocks("name_not_allowed"), TABS, entity="customer"),
    Case("2040", Blocks("our_mistake"), "invalid characters", entity="customer"),
    Case("6000", Blocks("name_not_allowed"), TABS, entity="customer"),
    Case(
        "2210",
        Blocks("customer_email_invalid"),
        "Email Address does not conform",
        entity="customer",
    ),
    Case(
        "2020",
        Blocks("customer_not_in_books"),
        "Required parameter CustomerRef is missing in the request",
    ),
    Case("2020", Blocks("customer_not_in_books"), "Paramètre requis", element="CustomerRef"),
    Case("6560", Blocks("customer_not_in_books"), "CustomerRef missing"),
    Case(
        "2020",
        Blocks("item_account_unmapped"),
        "Required parameter ExpenseAccountRef or IncomeAccountRef is missing in the request",
        entity="item",
    ),
    Case("6430", Blocks("account_wrong_type"), "invalid account type used", entity="item"),
    Case(
        "6000",
        Blocks("account_wrong_type"),
        "Business Validation Error: Invalid account type for this item",
        entity="item",
    ),
    Case(
        "6000",
        Blocks("item_unusable_there", "category"),
        "Categories cannot be used in transactions.",
    ),
    Case("6100", Blocks("tax_code_gone"), "Invalid Line TaxCode"),
    Case(
        "6000",
        Blocks("sales_tax_not_set_up"),
        "Sales tax is not set up for this company.",
        entity="invoice",
    ),
    Case(
        "6000",
        Blocks("tax_rate_unmapped"),
        "Make sure all your transactions have a VAT rate before you save.",
    ),
    Case(
        "6000",
        Blocks("tax_rate_unmapped"),
        "Make sure all your transactions have a GST/HST rate before you save.",
    ),
    Case(
        "6000",
        Blocks("customer_currency_differs"),
        "Business Validation Error: You can only use one foreign currency per transaction.",
    ),
    Case("2290", Blocks("invoice_total_negative"), "negative total"),
    Case("6200", Blocks("period_closed"), "The account period has closed"),
    Case("6210", Blocks("period_closed"), "The account period has closed", intent="update"),
    Case("6540", Blocks("void_refused"), "deposited transaction", intent="void"),
    Case("6540", Blocks("locked_by_payment"), "deposited transaction", intent="update"),
    Case("500", Blocks("our_mistake"), "Unsupported Operation", entity="customer"),
    Case("1040", Blocks("our_mistake"), "BatchSizeExceedsAllowedLimit", entity="customer"),
    Case(
        "2010",
        Blocks("our_mistake"),
        "Property Name:Foo specified is unsupported or invalid",
        entity="item",
    ),
    Case("2030", Blocks("our_mistake"), "Invalid ID", entity="item"),
    Case("4000", Blocks("our_mistake"), "Error parsing query", entity="item"),
    Case("4001", Blocks("our_mistake"), "Invalid query", entity="item"),
    Case("4002", Blocks("our_mistake"), "Error processing query", entity="item"),
    Case(
        "6070", Blocks("our_mistake"), "Amount is not equal to UnitPrice * Qty. Supplied value:100"
    ),
    Case(
        "6000",
        Blocks("our_mistake"),
        "Business Validation Error: Amount is not equal to UnitPrice * Qty. Supplied value:100.00",
    ),
    Case("6000", Blocks("void_refused"), "A payment is applied to this invoice", intent="void"),
    Case("6000", Blocks("refused_unknown"), "Unexpected Internal Error. (-30000)"),
    Case(
        "2020",
        Blocks("refused_unknown"),
        "Required parameter Line is missing in the request",
        element="Line",
    ),
    Case("6250", Blocks("refused_unknown"), "Invalid Customer"),
    Case("6240", Blocks("refused_unknown"), "The name supplied already exists."),
    Case("9999", Blocks("refused_unknown"), "Something new"),
]


def meaning(code: str, detail: str, element: str, entity: Entity, intent: Intent) -> Meaning:
    error = FaultError(code=code, message="M", detail=detail, element=element)
    return classify(Fault(error=(error,)), entity=entity, intent=intent).meaning


@pytest.mark.parametrize("case", CASES, ids=[f"{n}-{c.code}" for n, c in enumerate(CASES)])
def test_a_refusal_means_what_the_table_says(case: Case) -> None:
    assert case.read() == case.expected


def test_every_row_has_a_case() -> None:
    reached = {
        row
        for row in TABLE
        for case in CASES
        if row.code == case.code.lstrip("0")
        and row.entity in (None, case.entity)
        and row.intent in (None, case.intent)
        and row.meaning == case.expected
    }
    assert set(TABLE) == reached


def test_every_cause_of_the_table_is_in_the_catalogue() -> None:
    codes = {row.meaning.cause for row in TABLE if isinstance(row.meaning, Blocks | Closed)}
    assert codes <= set(CAUSES)


def test_the_first_error_with_a_row_decides() -> None:
    errors = (FaultError(code="9999"), FaultError(code="5010"))
    assert classify(Fault(error=errors), entity="invoice", intent="update").meaning is Plain.STALE


def test_a_fault_without_errors_is_a_refusal_nobody_knows() -> None:
    assert classify(Fault()).meaning == Blocks("refused_unknown")


@given(st.text(max_size=8), st.text(max_size=40), st.sampled_from(["customer", "item", "invoice"]))
def test_no_fault_ever_means_nothing(code: str, detail: str, entity: Entity) -> None:
    assert meaning(code, detail, "", entity, "create") is not None


# The response as a whole


def test_a_throttle_is_known_by_its_status_and_waits_as_told() -> None:
    said = whole(ok(XML, 429, **{"retry-after": "17"}))
    unsaid = whole(ok("<html>slow down</html>", 429, **{"retry-after": "Wed, 21 Oct 2026"}))
    assert isinstance(said, NotExecuted)
    assert isinstance(said.why, Throttled)
    assert said.why.retry_after == 17
    assert isinstance(unsaid, NotExecuted)
    assert isinstance(unsaid.why, Throttled)
    assert unsaid.why.retry_after is None


def test_a_throttle_is_known_by_its_code_where_the_status_is_another() -> None:
    answer = whole(ok(XML, 403))
    assert isinstance(answer, NotExecuted)
    assert isinstance(answer.why, Throttled)


def test_a_refused_token_is_refreshed_and_never_quoted() -> None:
    answer = whole(ok(GATEWAY, 401))
    assert isinstance(answer, NotExecuted)
    assert isinstance(answer.why, Unauthorized)
    assert "AB01" not in repr(answer)
    assert isinstance(whole(ok(b"", 401)), NotExecuted)


def test_lost_rights_and_removed_access_ask_for_a_person() -> None:
    body = GATEWAY.replace(b'"3200"', b'"3100"')
    removed = whole(ok(body, 403))
    lost = whole(ok(GATEWAY.replace(b'"3200"', b'"120"'), 401))
    assert isinstance(removed, NotExecuted)
    assert isinstance(removed.why, Shut)
    assert (removed.why.cause.code, removed.why.expired) == ("access_removed_there", True)
    assert isinstance(lost, NotExecuted)
    assert isinstance(lost.why, Shut)
    assert lost.why.cause.code == "connecting_user_lost_rights"


@pytest.mark.parametrize("status", [200, 400])
def test_a_lapsed_subscription_holds_the_connection_whatever_the_status(status: int) -> None:
    answer = whole(refused("6190", "Subscription period has ended", status=status))
    assert isinstance(answer, NotExecuted)
    assert isinstance(answer.why, Shut)
    assert (answer.why.cause.code, answer.why.expired) == ("subscription_ended", False)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b'{"Fault":{"Error":[{"code":"10000"}],"type":"SystemFault"}}'),
        (500, b'{"Fault":{"Error":[{"code":"2010"}],"type":"ValidationFault"}}'),
        (503, b"<html>down for maintenance</html>"),
        (504, b""),
        (200, b""),
        (200, b'{"Invoice":{"Id":"15'),
        (200, b"<IntuitResponse><Invoice><Id>1</Id></Invoice></IntuitResponse>"),
        (200, b'{"Fault":{"Error":[{"code":"10000"}],"type":"SystemFault"}}'),
        (400, b"<html>Bad Request</html>"),
        (403, b"<html>Forbidden</html>"),
        (302, b""),
    ],
)
def test_what_nobody_can_read_decides_nothing(status: int, body: bytes) -> None:
    assert isinstance(whole(ok(body, status)), NoAnswer)


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (200, b'{"Invoice":{"Id":"155"}}'),
        (200, b'{"Fault":{"Error":[{"code":"6140"}],"type":"ValidationFault"}}'),
        (400, b'{"Fault":{"Error":[{"code":"6140"}],"type":"ValidationFault"}}'),
        (400, b'<Fault type="ValidationFault"><Error code="2050" element="firstname"/></Fault>'),
        (404, b"<html>Not Found</html>"),
    ],
)
def test_what_the_provider_decided_is_an_answer(status: int, body: bytes) -> None:
    assert whole(ok(body, status)) is None


def test_details_carry_the_trace_id_and_the_provider_s_words() -> None:
    response = refused("6140", "This number has already been used.")
    fault = read_fault(response.body)
    assert fault is not None
    details = details_of(response, fault.error[0])
    assert json.loads(details.model_dump_json()) == {
        "provider_code": "6140",
        "provider_message": "This number has already been used.",
        "trace_id": "1-5f",
        "attempt": None,
    }
