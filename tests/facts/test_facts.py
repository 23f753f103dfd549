"""The comparison finds what is wrong. What it finds in truth needs the providers' data, which
isn't part of this repository: `make facts`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from facts import freshbooks, qbo, run, words, xero
from facts.differing import Allowed, Compared
from facts.recording import Exchange

_XSD = """<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
<xs:element name="IntuitResponse" type="IntuitResponse"/>
<xs:element name="Customer" type="Customer" substitutionGroup="IntuitObject"/>
<xs:complexType name="IntuitResponse"><xs:sequence><xs:choice>
  <xs:element ref="IntuitObject"/><xs:element name="QueryResponse" type="QueryResponse"/>
</xs:choice></xs:sequence><xs:attribute name="time" type="xs:dateTime"/></xs:complexType>
<xs:complexType name="QueryResponse"><xs:sequence>
  <xs:element ref="IntuitObject" maxOccurs="unbounded"/></xs:sequence></xs:complexType>
<xs:complexType name="Name"><xs:sequence><xs:element name="Active" type="xs:boolean"/>
</xs:sequence></xs:complexType>
<xs:complexType name="Ref"><xs:simpleContent><xs:extension base="xs:string">
  <xs:attribute name="name" type="xs:string"/></xs:extension></xs:simpleContent></xs:complexType>
<xs:simpleType name="Way"><xs:restriction base="xs:string"><xs:enumeration value="Print"/>
</xs:restriction></xs:simpleType>
<xs:complexType name="Customer"><xs:complexContent><xs:extension base="Name"><xs:sequence>
  <xs:element name="DisplayName" type="xs:string"/>
  <xs:element name="Balance" type="xs:decimal"/>
  <xs:element name="TermRef" type="Ref"/>
  <xs:element name="Way" type="Way"/>
</xs:sequence></xs:extension></xs:complexContent></xs:complexType>
</xs:schema>"""

_OPENAPI = """
paths:
  /Contacts:
    get:
      parameters: [{in: query, name: page}]
      responses: {'200': {content: {application/json: {schema:
        {$ref: '#/components/schemas/Contacts'}}}}}
    put:
      requestBody: {content: {application/json: {schema:
        {$ref: '#/components/schemas/Contacts'}}}}
      responses: {'200': {content: {application/json: {schema:
        {$ref: '#/components/schemas/Contacts'}}}}}
components: {schemas: {
  Contacts: {type: object, properties: {Contacts: {type: array, items:
    {$ref: '#/components/schemas/Contact'}}}},
  Contact: {type: object, properties: {Name: {type: string, maxLength: 5}}}}}
"""


def exchange(
    method: str, target: str, *, asked: object = None, answered: object = None, status: int = 200
) -> Exchange:
    media = "application/json"
    return Exchange(
        test="services/test.py::test",
        method=method,
        target=target,
        asked_type=media if asked is not None else "",
        asked="" if asked is None else json.dumps(asked),
        status=status,
        answered_type=media,
        answered=json.dumps(answered),
        injected=False,
    )


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A little of each provider's data, written as theirs is."""
    files = {
        "qbo/xsd/All.xsd": _XSD,
        "qbo/faults/index.json": json.dumps([{"file": "gone.json", "http_status": 400}]),
        "qbo/faults/gone.json": json.dumps(
            {"Fault": {"Error": [{"Message": "Gone", "code": "610"}], "type": "V"}, "time": "t"}
        ),
        "xero/openapi/xero_accounting.trimmed.yaml": _OPENAPI,
        "xero/openapi/xero-identity.yaml": "paths: {}",
        "xero/observed/contacts.json": json.dumps(
            {
                "request": {"method": "GET", "path": "/api.xro/2.0/Contacts"},
                "response": {"status": 200, "body": {"Id": "1", "Contacts": [{"Name": "A"}]}},
            }
        ),
        "freshbooks/errnos.json": json.dumps({"accounting": [{"errno": 1012}]}),
        "freshbooks/sdk/client.json": json.dumps(
            {"response": {"result": {"client": {"id": 1, "note": None, "fname": "A"}}}}
        ),
    }
    for name, text in files.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    return tmp_path


def found(compared: Compared) -> list[tuple[str, str]]:
    return list(compared.differing)


MOMENT = "2026-05-05T02:05:12.193-07:00"
GONE = exchange(
    "GET",
    "/v3/company/1/customer/9",
    answered={
        "Fault": {"Error": [{"Message": "Gone", "code": "610"}], "type": "V"},
        "time": MOMENT,
    },
    status=400,
)
"""The fault on record."""


def _schema_of_fault(problem: tuple[str, str]) -> bool:
    return problem[0].startswith("answer.Fault")


@pytest.mark.parametrize(
    ("customer", "where", "problem"),
    [
        ({"Gadget": 1}, "answer.Customer.Gadget", "the schema knows no such key"),
        ({"Balance": "1.00"}, "answer.Customer.Balance", "isn't a number"),
        ({"Active": "true"}, "answer.Customer.Active", "isn't true or false"),
        ({"Way": "Fax"}, "answer.Customer.Way", "'Fax' isn't one of the schema's values"),
        ({"TermRef": "3"}, "answer.Customer.TermRef", "isn't an object with `value`"),
        ({"TermRef": {"id": "3"}}, "answer.Customer.TermRef.id", "the schema knows no such key"),
        ({"DisplayName": ["A"]}, "answer.Customer.DisplayName", "is a list"),
    ],
)
def test_a_wrong_key_or_value_of_quickbooks_is_found(
    data: Path, customer: dict[str, object], where: str, problem: str
) -> None:
    answer = exchange("GET", "/v3/company/1/customer/1", answered={"Customer": customer})
    compared = qbo.compare(data / "qbo", [answer, GONE])
    differing = [each for each in found(compared) if not _schema_of_fault(each)]
    assert differing == [(where, problem)]


def test_what_is_as_quickbooks_says_is_not_found(data: Path) -> None:
    customer = {"DisplayName": "A", "Active": True, "Balance": 1.5, "TermRef": {"value": "3"}}
    body = {"QueryResponse": {"Customer": [customer]}, "time": MOMENT}
    asked = exchange("POST", "/v3/company/1/customer", asked=customer, answered=body)
    compared = qbo.compare(data / "qbo", [asked, GONE])
    assert [each for each in found(compared) if not _schema_of_fault(each)] == []
    assert compared.counts["requests of the connector by the schema"] == 2


def test_a_wrong_request_to_quickbooks_is_found(data: Path) -> None:
    wrong = exchange("POST", "/v3/company/1/customer", asked={"Nick": "A"}, answered={})
    query = "select * from Customer where DisplayName = 'from' and Nick = 'x' maxresults 10"
    asked = exchange("GET", f"/v3/company/1/query?query={query}", answered={})
    nothing = exchange("GET", "/v3/company/1/query?query=select * from Gadget", answered={})
    differing = found(qbo.compare(data / "qbo", [wrong, asked, nothing, GONE]))
    assert [each for each in differing if not _schema_of_fault(each)] == [
        ("request.Customer.Nick", "the schema knows no such key"),
        ("statement Customer.Nick", "the schema knows no such property"),
        ("statement select * from Gadget", "selects from nothing that the schema knows"),
    ]


def test_a_fault_of_quickbooks_that_no_answer_or_no_record_is_like_is_found(data: Path) -> None:
    error = {"Message": "Gone", "Detail": "away", "code": "610"}
    other = exchange("GET", "/v3/company/1/customer/9", answered={"Fault": {"Error": [error]}})
    differing = found(qbo.compare(data / "qbo", [other]))
    assert ("fault gone.json", "no answer is like it") in differing
    problem = "its keys (Detail, Message, code) or message are no record's (Gone)"
    assert ("fault 610", problem) in differing


@pytest.mark.parametrize(
    ("method", "target", "asked", "answered", "where"),
    [
        ("GET", "Contacts", None, {"Gadget": 1}, "answer GET /Contacts: .Gadget"),
        ("GET", "Contacts?Page=1", None, {}, "request GET /Contacts?Page"),
        (
            "GET",
            "Contacts",
            None,
            {"Contacts": [{"Name": "Ann Lee"}]},
            "answer GET /Contacts: .Contacts[].Name",
        ),
        (
            "PUT",
            "Contacts",
            {"Contacts": [{"Nick": "A"}]},
            {},
            "request PUT /Contacts: .Contacts[].Nick",
        ),
        ("GET", "Gadgets", None, {}, "GET /Gadgets"),
    ],
)
def test_a_wrong_key_value_or_parameter_of_xero_is_found(
    data: Path, method: str, target: str, asked: object, answered: object, where: str
) -> None:
    body = {"Id": "7", "Contacts": [{"Name": "B"}]}
    right = exchange("GET", "/api.xro/2.0/Contacts", answered=body)
    wrong = exchange(method, f"/api.xro/2.0/{target}", asked=asked, answered=answered)
    compared = xero.compare(data / "xero", [right, wrong])
    assert [where for where, _ in found(compared)] == [where]
    assert compared.counts["keys that the official files lack and observed bodies have"] == 1


def test_a_key_that_was_observed_and_isnt_answered_is_found(data: Path) -> None:
    answer = exchange("GET", "/api.xro/2.0/Contacts", answered={"Contacts": [{"Name": "B"}]})
    assert found(xero.compare(data / "xero", [answer])) == [
        ("observed contacts.json: .Id", "is in no answer like it")
    ]
    assert found(xero.compare(data / "xero", [])) == [
        ("observed contacts.json", "no request like it was made")
    ]


def test_a_wrong_key_or_error_of_freshbooks_is_found(data: Path) -> None:
    result = {"client": {"id": "1", "fname": None, "note": "x", "nick": "A"}}
    errors = [{"errno": 1012, "message": "m"}, {"errno": 7, "message": "m"}]
    sent = [
        exchange("GET", "/users/clients/1", answered={"response": {"result": result}}),
        exchange("POST", "/users/clients", asked={"client": {"nick": "B"}}, answered={}),
        exchange("POST", "/users/clients", answered={"response": {"errors": errors}}),
    ]
    assert found(freshbooks.compare(data / "freshbooks", sent)) == [
        ("answer.client.id", "is of kind str, recorded as number"),
        ("answer.client.nick", "no recorded body has such a key"),
        ("request.client.nick", "no recorded body has such a key"),
        ("error 7", "isn't documented, or its keys (errno, message)"),
    ]


def test_the_exit_code_and_the_report_say_what_differs(data: Path) -> None:
    wrong = exchange("POST", "/users/clients", asked={"client": {"nick": "B"}}, answered={})
    code, lines = run.told(data, {"freshbooks": [wrong, wrong]})
    assert code == run.DIFFERS
    assert "  DIFFERS request.client.nick: no recorded body has such a key" in lines
    assert "          2 times, first in services/test.py::test" in lines
    assert lines[-1] == "1 differences"
    assert run.told(data, {"freshbooks": []})[0] == run.HELD


def test_what_may_differ_is_told_with_its_reason() -> None:
    compared = Compared("P", [Allowed(r"a\.b", "x", "the vendor says both")])
    compared.differs("a.b", "x", "t")
    compared.differs("a.b", "y", "t")
    assert found(compared) == [("a.b", "y")]
    assert "          because the vendor says both" in compared.report()


def test_without_the_data_it_says_what_is_missing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run.main(["--shared", str(tmp_path)]) == run.NO_DATA
    said = capsys.readouterr().err
    assert f"{tmp_path}/providers/data has no qbo, xero, freshbooks" in said
    assert "make facts SHARED=" in said


def test_every_played_test_is_there() -> None:
    for provider in run.PROVIDERS:
        paths = run.played(provider)
        assert len(paths) >= 2
        assert all((run.ROOT / each).exists() for each in paths)


_DRAFT = (
    "| 1 | `invoice_draft` | info | not_eligible | P | Still a draft |"
    " Invoice {invoice} is a draft. Finalize it and it can go to {provider}."
    " | **Finalize**: finalizes here | send | no | n/a |"
)


def _draft(was: str, now: str) -> list[str]:
    assert was in _DRAFT
    return [
        line
        for line in words.differences(_DRAFT.replace(was, now))
        if line.startswith("invoice_dr")
    ]


def test_a_cause_that_says_what_the_table_says_has_no_difference() -> None:
    assert _draft("info", "info") == []


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("Still a draft", "A draft", "invoice_draft, title: lacks 'A draft'"),
        ("can go to", "may go to", "invoice_draft, sentence: lacks 'is a draft. Finalize it and"),
        ("**Finalize**", "**Send**", "invoice_draft, fix: has no 'Send'"),
        ("not_eligible", "held", "invoice_draft, state: not_eligible, not held"),
        ("| info |", "| defect |", "invoice_draft, who: info, not defect"),
        ("| P |", "| A |", "invoice_draft, found: preflight, not A"),
        ("| 1 |", "| 2 |", "invoice_draft, number: 1, not 2"),
    ],
)
def test_a_cause_that_differs_from_the_table_is_found(was: str, now: str, said: str) -> None:
    (line,) = _draft(was, now)
    assert line.startswith(said)


def test_causes_of_one_side_alone_are_found() -> None:
    told = words.differences(_DRAFT.replace("invoice_draft", "made_up"))
    assert "made_up, code: isn't in the catalogue" in told
    assert "invoice_draft, code: isn't in the table" in told
