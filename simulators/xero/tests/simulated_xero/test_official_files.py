"""Every answer against the official OpenAPI files, in the folder that SHARED names.

Collected only where that folder is given: the files aren't part of this repository.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, cast

import httpx
import pytest
import yaml
from openapi_schema_validator import OAS30Validator
from referencing import Registry, Resource
from referencing.jsonschema import DRAFT4

from .support import Api, Body, Controls, Stock, agree, exchange

_FILES = Path(os.environ["SHARED"]) / "providers" / "data" / "xero" / "openapi"


class Official:
    """An OpenAPI file, and whether an answer is as it says."""

    def __init__(self, name: str) -> None:
        self._name = name
        self.contents = cast(Body, yaml.safe_load((_FILES / name).read_text()))
        resource = Resource[Any](contents=self.contents, specification=cast(Any, DRAFT4))
        self._registry = cast(Any, Registry)().with_resource(name, resource)

    def _at(self, where: list[str]) -> Body:
        found = self.contents
        for each in where:
            found = found[each]
        return found

    def check(self, answer: httpx.Response, method: str, path: str) -> None:
        status = str(answer.status_code)
        where = ["paths", path, method.lower(), "responses", status]
        found = self._at(where)
        if "$ref" in found:
            where = found["$ref"].removeprefix("#/").split("/")
            found = self._at(where)
        if "content" not in found:
            assert answer.content == b""
            return
        media = answer.headers["content-type"].split(";")[0]
        assert media in found["content"]
        where += ["content", media, "schema"]
        pointer = "#/" + "/".join(each.replace("~", "~0").replace("/", "~1") for each in where)
        validator = OAS30Validator({"$ref": f"{self._name}{pointer}"}, registry=self._registry)
        wrong = [error.message for error in validator.iter_errors(answer.json())]
        assert wrong == []


@pytest.fixture(scope="module")
def accounting() -> Official:
    return Official("xero_accounting.trimmed.yaml")


@pytest.fixture(scope="module")
def identity() -> Official:
    return Official("xero-identity.yaml")


def test_the_check_finds_what_is_wrong(accounting: Official, api: Api) -> None:
    answer = api.get("Organisation")
    accounting.check(answer, "GET", "/Organisation")
    body = answer.json()
    body["Organisations"][0]["Version"] = "MARS"
    wrong = httpx.Response(200, json=body, headers={"content-type": "application/json"})
    with pytest.raises(AssertionError, match="MARS"):
        accounting.check(wrong, "GET", "/Organisation")


def test_connections_are_as_the_identity_file_says(controls: Controls, identity: Official) -> None:
    token = exchange(controls.base, agree(controls.base, "Oak")["code"])["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    listed = httpx.get(f"{controls.base}/Connections", headers=headers)
    identity.check(listed, "GET", "/Connections")
    one = f"{controls.base}/Connections/{listed.json()[0]['id']}"
    for _ in range(2):
        identity.check(httpx.delete(one, headers=headers), "DELETE", "/Connections/{id}")


@pytest.mark.parametrize("country", ["US", "NZ", "AU", "GB"])
def test_reference_data_is_as_the_file_says(
    accounting: Official, controls: Controls, api: Api, country: str
) -> None:
    controls.set(country=country, lock_date="2020-01-31")
    controls.seed(accounts=[{"code": "090", "name": "Bank", "type": "bank"}])
    for path in ("Organisation", "Accounts", "TaxRates"):
        accounting.check(api.get(path), "GET", f"/{path}")
    account = api.rows("Accounts")[0]["AccountID"]
    accounting.check(api.get(f"Accounts/{account}"), "GET", "/Accounts/{AccountID}")
    rate = api.rows("TaxRates")[0]["TaxType"]
    accounting.check(api.get(f"TaxRates/{rate}"), "GET", "/TaxRates/{TaxType}")


def test_accounts_and_rates_are_written_as_the_file_says(accounting: Official, api: Api) -> None:
    new = {"Code": "4020", "Name": "Sundries", "Type": "REVENUE"}
    made = api.send("PUT", "Accounts", new)
    accounting.check(made, "PUT", "/Accounts")
    one = f"Accounts/{made.json()['Accounts'][0]['AccountID']}"
    again = api.send("PUT", "Accounts", new)
    assert again.status_code == 400
    accounting.check(again, "PUT", "/Accounts")
    changed = api.send("POST", one, {"Status": "ARCHIVED"})
    accounting.check(changed, "POST", "/Accounts/{AccountID}")
    accounting.check(api.send("DELETE", one), "DELETE", "/Accounts/{AccountID}")
    rate = {"Name": "City", "TaxComponents": [{"Name": "City", "Rate": 3}]}
    for expected in (200, 400):
        answer = api.send("PUT", "TaxRates", {"TaxRates": [rate]})
        assert answer.status_code == expected
        accounting.check(answer, "PUT", "/TaxRates")
    rate["TaxComponents"] = [{"Name": "City", "Rate": 4}]
    accounting.check(api.send("POST", "TaxRates", {"TaxRates": [rate]}), "POST", "/TaxRates")


def test_contacts_are_as_the_file_says(accounting: Official, api: Api) -> None:
    new = {
        "Name": "Ann Lee",
        "ContactNumber": "c1",
        "EmailAddress": "ann@lee.example",
        "Phones": [{"PhoneType": "MOBILE", "PhoneNumber": "021"}],
        "Addresses": [{"AddressType": "POBOX", "City": "Leeds"}],
        "ContactPersons": [{"FirstName": "Bo", "IncludeInEmails": True}],
    }
    for summary in ("true", "false"):
        for _ in range(2):
            answer = api.send("PUT", "Contacts", {"Contacts": [new]}, None, summarizeErrors=summary)
            accounting.check(answer, "PUT", "/Contacts")
    row = api.rows("Contacts")[0]
    one = f"Contacts/{row['ContactID']}"
    answer = api.send("POST", one, {"EmailAddress": "other@lee.example"})
    accounting.check(answer, "POST", "/Contacts/{ContactID}")
    bad = api.send("POST", one, {"EmailAddress": "nonsense"})
    assert bad.status_code == 400
    accounting.check(bad, "POST", "/Contacts/{ContactID}")
    accounting.check(api.send("POST", "Contacts", {"Contacts": [new]}), "POST", "/Contacts")
    accounting.check(api.get(one), "GET", "/Contacts/{ContactID}")
    accounting.check(api.get("Contacts/c1"), "GET", "/Contacts/{ContactNumber}")
    for query in ({}, {"page": "1"}, {"summaryOnly": "true"}):
        accounting.check(api.get("Contacts", **query), "GET", "/Contacts")


def test_items_are_as_the_file_says(accounting: Official, api: Api) -> None:
    new = {"Code": "A", "Name": "Ay", "SalesDetails": {"UnitPrice": 1.5, "AccountCode": "4000"}}
    for expected in (200, 400):
        answer = api.send("PUT", "Items", {"Items": [new]})
        assert answer.status_code == expected
        accounting.check(answer, "PUT", "/Items")
    accounting.check(api.send("POST", "Items", {"Items": [new]}), "POST", "/Items")
    accounting.check(api.get("Items"), "GET", "/Items")
    accounting.check(api.get("Items/A"), "GET", "/Items/{ItemID}")
    one = f"Items/{api.rows('Items')[0]['ItemID']}"
    answer = api.send("POST", one, {"Code": "A", "Name": "Bee"})
    accounting.check(answer, "POST", "/Items/{ItemID}")
    accounting.check(api.send("DELETE", one), "DELETE", "/Items/{ItemID}")


def test_invoices_are_as_the_file_says(
    accounting: Official, controls: Controls, api: Api, stock: Stock
) -> None:
    new = stock.invoice(InvoiceNumber="A-1", Reference="Job", Url="https://app.example/1")
    for summary in ("true", "false"):
        for _ in range(2):
            body = {"Invoices": [new]}
            answer = api.send("PUT", "Invoices", body, None, summarizeErrors=summary)
            accounting.check(answer, "PUT", "/Invoices")
    identifier = api.rows("Invoices")[0]["InvoiceID"]
    one = f"Invoices/{identifier}"
    controls.post("payments", {"organisation": "Oak", "invoice_id": identifier, "amount": "1"})
    accounting.check(api.get(one), "GET", "/Invoices/{InvoiceID}")
    for query in ({}, {"page": "1"}, {"summaryOnly": "true"}, {"Statuses": "AUTHORISED"}):
        accounting.check(api.get("Invoices", **query), "GET", "/Invoices")
    accounting.check(api.send("POST", one, {"Reference": "x"}), "POST", "/Invoices/{InvoiceID}")
    refused = api.send("POST", one, {"Status": "VOIDED"})
    assert refused.status_code == 400
    accounting.check(refused, "POST", "/Invoices/{InvoiceID}")
    draft = stock.invoice(Status="DRAFT", LineItems=[{"Description": "x", "AccountCode": "999"}])
    answer = api.send("POST", "Invoices", {"Invoices": [draft]})
    assert answer.json()["Invoices"][0]["Warnings"]
    accounting.check(answer, "POST", "/Invoices")
