"""Batches, and the same answer again for the same request id."""

from __future__ import annotations

import pytest
from quickbooks.exceptions import ValidationException

from .sdk import Customer, batch_create, batch_delete, batch_update
from .support import Api, Body, Connected, Controls, Stock, connected


def _customers(*names: str) -> list[Body]:
    return [
        {"bId": f"b{at}", "operation": "create", "Customer": {"DisplayName": name}}
        for at, name in enumerate(names)
    ]


def _batch(api: Api, items: list[Body], **query: str) -> list[Body]:
    answer = api.post("batch", {"BatchItemRequest": items}, **query)
    assert answer.status_code == 200, answer.text
    assert set(answer.json()) == {"BatchItemResponse", "time"}
    return answer.json()["BatchItemResponse"]


def test_a_batch_of_the_sdk_has_one_failing_element(controls: Controls, oak: Connected) -> None:
    controls.seed(vendors=[{"name": "Acme"}])
    people = [Customer() for _ in range(3)]
    for person, name in zip(people, ("Ann", "Acme", "Bob"), strict=True):
        person.DisplayName = name
    done = batch_create(people, qb=oak.client)
    assert [each.DisplayName for each in done.successes] == ["Ann", "Bob"]
    assert len(done.faults) == 1
    assert done.faults[0].original_object.DisplayName == "Acme"
    assert done.faults[0].Error[0].code == "6240"
    for person in done.successes:
        person.Notes = "changed"
    changed = batch_update(done.successes, qb=oak.client)
    assert [each.SyncToken for each in changed.successes] == ["1", "1"]
    refused = batch_delete(changed.successes, qb=oak.client)
    assert {each.Error[0].code for each in refused.faults} == {"500"}


def test_a_batch_mixes_kinds_queries_voids_and_faults(api: Api, stock: Stock) -> None:
    kept = api.create("invoice", stock.invoice(DocNumber="1"))
    gone = api.create("invoice", stock.invoice(DocNumber="2"))
    versions: list[Body] = [{"Id": each["Id"], "SyncToken": "0"} for each in (kept, gone)]
    answers = _batch(
        api,
        [
            {"bId": "new", "operation": "create", "Invoice": stock.invoice(DocNumber="3")},
            {"bId": "void", "operation": "update", "optionsData": "void", "Invoice": versions[0]},
            {"bId": "del", "operation": "delete", "Invoice": versions[1]},
            {"bId": "ask", "Query": "select * from Invoice where DocNumber = '3'"},
            {"bId": "bad", "operation": "create", "Invoice": {"Line": []}},
            {"bId": "odd", "operation": "create", "Gadget": {}},
            {"bId": "no", "operation": "explode", "Invoice": versions[0]},
        ],
    )
    by_id = {each["bId"]: each for each in answers}
    assert [each["bId"] for each in answers] == ["new", "void", "del", "ask", "bad", "odd", "no"]
    assert by_id["new"]["Invoice"]["DocNumber"] == "3"
    assert by_id["void"]["Invoice"]["TotalAmt"] == 0
    assert by_id["del"]["Invoice"]["status"] == "Deleted"
    assert by_id["ask"]["QueryResponse"]["totalCount"] == 1
    codes = [by_id[each]["Fault"]["Error"][0]["code"] for each in ("bad", "odd", "no")]
    assert codes == ["2020", "2010", "500"]
    assert by_id["bad"]["Fault"]["type"] == "ValidationFault"


NO_BATCHES: list[tuple[Body, str]] = [
    ({"BatchItemRequest": _customers(*(f"C{n}" for n in range(31)))}, "1040"),
    ({"BatchItemRequest": []}, "2020"),
    ({}, "2020"),
    ({"BatchItemRequest": [{"operation": "create", "Customer": {}}]}, "2020"),
    ({"BatchItemRequest": ["x"]}, "2010"),
    ({"Batch": []}, "2010"),
]


@pytest.mark.parametrize(("body", "code"), NO_BATCHES)
def test_what_is_no_batch_is_refused_whole(
    controls: Controls, api: Api, body: Body, code: str
) -> None:
    assert api.error("batch", body)["code"] == code
    assert controls.books()["customers"] == []


def test_thirty_fit_into_a_batch(api: Api) -> None:
    answers = _batch(api, _customers(*(f"C{n}" for n in range(30))))
    assert [each["Customer"]["DisplayName"] for each in answers] == [f"C{n}" for n in range(30)]


def test_a_batch_may_be_worked_on_and_answered_in_another_order(
    controls: Controls, api: Api
) -> None:
    controls.set(batch_order="reversed")
    answers = _batch(api, _customers("A", "B", "C"))
    assert [each["bId"] for each in answers] == ["b2", "b1", "b0"]
    assert [each["Customer"]["Id"] for each in answers] == ["58", "59", "60"]
    controls.set(batch_order="shuffled")
    controls.put("limits", {"seed": 7})
    shuffled = _batch(api, _customers(*(f"D{n}" for n in range(20))))
    given = [f"b{n}" for n in range(20)]
    assert sorted(each["bId"] for each in shuffled) == sorted(given)
    assert [each["bId"] for each in shuffled] != given


def test_the_same_request_id_answers_the_same_and_does_nothing(
    controls: Controls, oak: Connected, stock: Stock
) -> None:
    first = oak.api.post("invoice", stock.invoice(), requestid="abc")
    again = oak.api.post("invoice", stock.invoice(), requestid="abc")
    assert again.json() == first.json()
    other = oak.api.post("invoice", stock.invoice(PrivateNote="other"), requestid="abc")
    assert other.json() == first.json()
    assert len(controls.books()["invoices"]) == 1
    person = Customer()
    person.DisplayName = "Bob"
    made = person.save(qb=oak.client, request_id="bob")
    person.Id = None
    assert person.save(qb=oak.client, request_id="bob").Id == made.Id


def test_a_request_id_is_its_companys_own(controls: Controls, oak: Connected) -> None:
    oak.api.create("customer", {"DisplayName": "Ann"}, requestid="r")
    with connected(controls.base, "Elm") as elm:
        elm.api.create("customer", {"DisplayName": "Bob"}, requestid="r")
        assert [each["name"] for each in controls.books("Elm")["customers"]] == ["Bob"]


def test_a_replayed_delete_is_no_fault(api: Api, stock: Stock) -> None:
    made = api.create("invoice", stock.invoice())
    body: Body = {"Id": made["Id"], "SyncToken": "0"}
    first = api.post("invoice", body, operation="delete", requestid="d")
    assert api.post("invoice", body, operation="delete", requestid="d").json() == first.json()


def test_request_ids_may_not_be_honoured(controls: Controls, api: Api, stock: Stock) -> None:
    controls.set(requestid_honoured=False)
    for _ in range(2):
        api.create("invoice", stock.invoice(), requestid="abc")
    assert len(controls.books()["invoices"]) == 2


def test_faults_are_replayed_only_where_set_so(controls: Controls, api: Api) -> None:
    vendor = controls.seed(vendors=[{"name": "Ann"}])["vendors"][0]["id"]
    body: Body = {"DisplayName": "Ann"}
    for replays, status in ((False, 200), (True, 400)):
        controls.set(requestid_replays_faults=replays)
        name = f"r{replays}"
        assert api.post("customer", body, requestid=name).status_code == 400
        controls.change("vendors", vendor, {"name": "Someone else"})
        assert api.post("customer", body, requestid=name).status_code == status
        if status == 200:
            controls.change("customers", "59", {"name": "Nobody"})
            controls.change("vendors", vendor, {"name": "Ann"})


def test_another_payload_under_the_same_id_may_be_refused(controls: Controls, api: Api) -> None:
    controls.set(requestid_other_payload="refuse")
    first: Body = {"DisplayName": "Ann"}
    api.create("customer", first, requestid="r")
    assert api.error("customer", {"DisplayName": "Bob"}, requestid="r")["code"] == "600"
    assert api.post("customer", first, requestid="r").status_code == 200


def test_a_first_answer_may_be_forgotten_after_a_time(controls: Controls, api: Api) -> None:
    controls.set(requestid_retention_seconds=600)
    api.create("customer", {"DisplayName": "Ann"}, requestid="r")
    controls.post("clock", {"advance_seconds": 500})
    assert api.post("customer", {"DisplayName": "Ann"}, requestid="r").status_code == 200
    controls.post("clock", {"advance_seconds": 200})
    assert api.error("customer", {"DisplayName": "Ann"}, requestid="r")["code"] == "6240"


def test_a_batch_is_known_by_its_id_and_its_bids(controls: Controls, api: Api) -> None:
    first = _batch(api, _customers("Ann", "Bob"), requestid="r")
    assert _batch(api, _customers("Ann", "Bob"), requestid="r") == first
    other = [item | {"bId": f"x{at}"} for at, item in enumerate(_customers("Cy", "Dee"))]
    assert [each["Customer"]["Id"] for each in _batch(api, other, requestid="r")] == ["60", "61"]
    assert len(controls.books()["customers"]) == 4


def test_a_replayed_batch_tries_again_what_was_refused_unless_set_otherwise(
    controls: Controls, api: Api
) -> None:
    vendor = controls.seed(vendors=[{"name": "Bob"}])["vendors"][0]["id"]
    items = _customers("Ann", "Bob")
    first = _batch(api, items, requestid="r")
    assert "Fault" in first[1]
    controls.change("vendors", vendor, {"name": "Else"})
    controls.set(requestid_replays_faults=True)
    assert _batch(api, items, requestid="r") == first
    controls.set(requestid_replays_faults=False)
    second = _batch(api, items, requestid="r")
    assert second[0] == first[0]
    assert second[1]["Customer"]["DisplayName"] == "Bob"


@pytest.mark.parametrize("length", [51, 200])
def test_a_request_id_has_a_longest(api: Api, length: int) -> None:
    body: Body = {"DisplayName": "Ann"}
    assert api.error("customer", body, requestid="x" * length)["code"] == "2130"
    batch: Body = {"BatchItemRequest": _customers("Ann")}
    assert api.error("batch", batch, requestid="x" * 37)["code"] == "2130"
    long = [_customers("Ann")[0] | {"bId": "x" * 11}]
    assert api.error("batch", {"BatchItemRequest": long}, requestid="x")["code"] == "2130"
    assert _batch(api, long)[0]["Customer"]["DisplayName"] == "Ann"


def test_a_lapsed_company_refuses_writes_with_either_status(
    controls: Controls, oak: Connected
) -> None:
    controls.set(company_status="lapsed")
    person = Customer()
    person.DisplayName = "Ann"
    for status in (400, 200):
        controls.set(lapsed_http_status=status)
        answer = oak.api.post("customer", {"DisplayName": "Ann"})
        assert answer.status_code == status
        assert answer.json()["Fault"]["Error"][0]["code"] == "6190"
        with pytest.raises(Exception, match="Subscription period has ended"):
            person.save(qb=oak.client)
    assert oak.api.get("preferences").status_code == 200


def test_the_sdk_raises_validation_faults_with_their_code(oak: Connected) -> None:
    person = Customer()
    person.DisplayName = "x" * 501
    with pytest.raises(ValidationException) as refused:
        person.save(qb=oak.client)
    assert refused.value.error_code == 2050
