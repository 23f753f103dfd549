"""Requests of many elements, odd bodies, and keys that make a repeat safe."""

from __future__ import annotations

import json
from typing import Any

import httpx

from .support import Api, Controls, Stock, connected

MINUTE = 60


def three(last: str = "C") -> dict[str, Any]:
    return {"Contacts": [{"Name": "A"}, {"Name": "A"}, {"Name": last}]}


def names(api: Api) -> list[str]:
    return sorted(each["Name"] for each in api.rows("Contacts"))


def test_unsummarised_errors_are_a_200_with_every_element_in_order(
    controls: Controls, api: Api
) -> None:
    answer = api.send("PUT", "Contacts", three(), None, summarizeErrors="False")
    assert answer.status_code == 200
    rows = answer.json()["Contacts"]
    assert [each["StatusAttributeString"] for each in rows] == ["OK", "ERROR", "OK"]
    assert [each["HasValidationErrors"] for each in rows] == [False, True, False]
    assert names(api) == ["A", "C"]
    controls.set(batch_order="reversed")
    answer = api.send("PUT", "Contacts", three("D"), None, summarizeErrors="false")
    rows = answer.json()["Contacts"]
    assert [each["StatusAttributeString"] for each in rows] == ["OK", "ERROR", "ERROR"]


def test_summarised_errors_are_a_400_that_hides_what_was_saved(
    controls: Controls, api: Api
) -> None:
    for query in ({}, {"summarizeErrors": "true"}):
        answer = api.send("PUT", "Contacts", three(), None, **query)
        assert answer.status_code == 400
    assert names(api) == ["A", "C"]
    controls.set(summarized_partial_save=False)
    assert api.send("PUT", "Contacts", three("D")).status_code == 400
    assert names(api) == ["A", "C"]
    api.put("Contacts", {"Name": "D"})


def test_names_of_properties_paths_and_parameters_are_found_in_any_case(api: Api) -> None:
    body = {"contacts": [{"name": "A", "phones": [{"phonetype": "DDI", "phonenumber": "1"}]}]}
    answer = api.send("PUT", "contacts", body, None, SummarizeErrors="FALSE")
    row = answer.json()["Contacts"][0]
    assert (row["Name"], row["StatusAttributeString"]) == ("A", "OK")
    assert row["Phones"][1]["PhoneNumber"] == "1"
    single = api.send("POST", "CONTACTS", {"Name": "B"})
    assert single.json()["Contacts"][0]["Name"] == "B"


def test_bodies_that_cannot_be_understood_have_their_own_errors(api: Api) -> None:
    nothing: list[object] = [None, {}, {"Contacts": []}, [], 7]
    for body in nothing:
        answer = api.send("PUT", "Contacts", body)
        assert (answer.status_code, answer.json()["ErrorNumber"]) == (400, 17)
    raw = httpx.put(
        f"{api.http.base_url}/api.xro/2.0/Contacts", content=b"{nope", headers=api.headers()
    )
    assert (raw.status_code, raw.json()["Type"]) == (400, "PostDataInvalidException")


def test_unreadable_values_refuse_the_whole_request(api: Api, stock: Stock) -> None:
    bad = stock.invoice(Date="2017-12-14 00:00:00")
    answer = api.send("PUT", "Invoices", {"Invoices": [stock.invoice(), bad]})
    assert answer.json() == {
        "ErrorNumber": 14,
        "Type": "PostDataInvalidException",
        "Message": "The string '2017-12-14 00:00:00' is not a valid AllXsd value.",
    }
    answer = api.send("PUT", "Invoices", stock.invoice(LineAmountTypes="NO_TAX"))
    assert answer.json()["Message"] == (
        "Error converting value \"NO_TAX\" to type 'Xero.API.Library..LineAmountType'. "
        "Path 'Invoices[0].LineAmountTypes'."
    )
    assert api.rows("Invoices") == []


def test_more_elements_than_allowed_are_refused(controls: Controls, api: Api) -> None:
    items = {"Items": [{"Code": str(each)} for each in range(501)]}
    assert api.send("PUT", "Items", items).status_code == 400
    controls.put("limits", {"max_elements": 2, "max_request_bytes": 500})
    assert api.send("PUT", "Contacts", three()).status_code == 400
    assert api.send("PUT", "Contacts", {"Name": "x" * 500}).status_code == 413


def test_the_default_is_xml_and_slashes_are_escaped_in_json(controls: Controls, api: Api) -> None:
    assert b"\\/Date(" in api.get("Accounts").content
    headers = {"Accept": "*/*"}
    answer = api.send("GET", "Accounts", None, headers)
    assert answer.headers["content-type"] == "text/xml; charset=utf-8"
    assert "<Accounts><Account><AccountID>" in answer.text
    refused = api.send("PUT", "Contacts", {"Name": "<"}, headers)
    assert refused.status_code == 400
    assert refused.text.startswith('<?xml version="1.0" encoding="utf-8"?><ApiException>')
    controls.set(without_accept="json")
    assert api.send("GET", "Accounts", None, headers).json()["Accounts"]


def test_addresses_that_are_not_there_and_methods_not_made(api: Api) -> None:
    assert api.get("Nonsense").status_code == 404
    assert api.get("Contacts/nobody").status_code == 404
    assert api.send("DELETE", "Contacts").status_code == 404
    answer = api.get("Quotes")
    assert (answer.status_code, answer.json()["ErrorNumber"]) == (501, 20)


# --- Idempotency-Key


def keyed(api: Api, name: str, key: str, method: str = "PUT") -> httpx.Response:
    body = {"Contacts": [{"Name": name}]}
    return api.send(method, "Contacts", body, {"Idempotency-Key": key})


def test_the_same_key_and_request_bring_the_first_answer_again(
    controls: Controls, api: Api
) -> None:
    first = keyed(api, "A", "k")
    controls.post("clock", {"advance_seconds": 6 * MINUTE - 2})
    again = keyed(api, "A", "k")
    assert (again.status_code, again.content) == (200, first.content)
    controls.set(idempotency_marker="X-Replayed")
    assert keyed(api, "A", "k").headers["x-replayed"] == "true"
    controls.post("clock", {"advance_seconds": 3})
    assert keyed(api, "A", "k").status_code == 400
    assert names(api) == ["A"]


def test_errors_are_kept_with_their_key_even_once_their_cause_is_gone(
    controls: Controls, api: Api
) -> None:
    other = api.put("Contacts", {"Name": "A"})[0]["ContactID"]
    assert keyed(api, "A", "k").status_code == 400
    controls.delete("contacts", other)
    assert keyed(api, "A", "k").status_code == 400
    assert keyed(api, "A", "k2").status_code == 200
    controls.fault(kind="status", status=500, match={"path": "/Contacts"}, times=1)
    assert keyed(api, "B", "k3").status_code == 500
    assert keyed(api, "B", "k3").status_code == 500
    assert keyed(api, "B", "k4").status_code == 200


def test_a_key_belongs_to_one_request(controls: Controls, api: Api) -> None:
    keyed(api, "A", "k")
    told = "Idempotency Key: k is used with a different request."
    for answer in (keyed(api, "B", "k"), keyed(api, "A", "k", "POST")):
        assert (answer.status_code, answer.json()["Message"]) == (400, told)
    controls.set(idempotency_envelope="elements")
    answer = keyed(api, "B", "k").json()
    assert answer["Elements"][0]["ValidationErrors"] == [{"Message": told}]
    assert names(api) == ["A"]


def test_keys_are_the_apps_own_at_most_128_long_and_for_writes_only(
    controls: Controls, api: Api
) -> None:
    keyed(api, "A", "k")
    with connected(controls.base, "Oak", client_id="other") as other:
        assert keyed(other, "B", "k").status_code == 200
    assert keyed(api, "C", "x" * 128).status_code == 200
    refused = keyed(api, "D", "x" * 129)
    assert refused.status_code == 400
    assert "129" in refused.text
    read = api.send("GET", "Contacts", None, {"Idempotency-Key": "k"})
    assert len(json.loads(read.content)["Contacts"]) == 3


def test_a_replay_still_counts_against_the_limits(controls: Controls, api: Api) -> None:
    controls.put("limits", {"enforced": True, "requests_per_minute": 2})
    assert [keyed(api, "A", "k").status_code for _ in range(3)] == [200, 200, 429]
