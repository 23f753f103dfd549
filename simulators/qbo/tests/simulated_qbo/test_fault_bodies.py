"""Refusals, key by key as real ones were seen."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from .support import Api, Body, Controls, Stock, sale

BUSINESS = "A business validation error has occurred while processing your request"
INACTIVE = (
    "Something you're trying to use has been made inactive. "
    "Check the fields with accounts, customers, items, vendors or employees."
)
REQUIRED = "Required param missing, need to supply the required value for the API"
NAMESPACE = "{http://schema.intuit.com/finance/v3}"


def _envelope(error: Body) -> Body:
    return {"Fault": {"Error": [error], "type": "ValidationFault"}}


def _refused(api: Api, entity: str, body: Body, **query: str) -> Body:
    answer = api.post(entity, body, **query)
    assert answer.status_code == 400
    told = answer.json()
    assert len(told.pop("time")) == len("2026-05-05T02:05:12.193-07:00")
    return told


def test_6240(controls: Controls, api: Api) -> None:
    taken = controls.seed(vendors=[{"name": "Acme"}])["vendors"][0]["id"]
    assert _refused(api, "customer", {"DisplayName": "Acme"}) == _envelope(
        {
            "Message": "Duplicate Name Exists Error",
            "Detail": "The name supplied already exists. : Another customer, vendor or employee "
            "is already using this name. Please use a different name.",
            "code": "6240",
            "element": "",
        }
    )
    controls.set(duplicate_name_detail="id")
    assert _refused(api, "customer", {"DisplayName": "Acme"}) == _envelope(
        {
            "Message": "Duplicate Name Exists Error",
            "Detail": f"The name supplied already exists. : Id={taken}",
            "code": "6240",
            "element": "",
        }
    )


def test_5010(api: Api, stock: Stock) -> None:
    made = api.create("invoice", stock.invoice())
    body: Body = {"Id": made["Id"], "SyncToken": "9", "sparse": True}
    assert _refused(api, "invoice", body) == _envelope(
        {
            "Message": "Stale Object Error",
            "Detail": "Stale Object Error : You and root were working on this at the same time. "
            "root finished before you did, so your work was not saved.",
            "code": "5010",
            "element": "",
        }
    )


def test_610(controls: Controls, api: Api, stock: Stock) -> None:
    answer = api.get("customer/999").json()
    del answer["time"]
    assert answer == _envelope(
        {
            "Message": "Object Not Found",
            "Detail": f"Object Not Found : {INACTIVE}",
            "code": "610",
            "element": "",
        }
    )
    made = api.create("invoice", stock.invoice())
    controls.delete("invoices", made["Id"])
    gone = api.get(f"invoice/{made['Id']}")
    assert gone.status_code == 400
    answer = gone.json()
    del answer["time"]
    assert answer == _envelope(
        {
            "Message": "Object Not Found",
            "Detail": "Object Not Found : Another user has deleted this transaction.",
            "code": "610",
        }
    )


def test_2500(controls: Controls, api: Api, stock: Stock) -> None:
    missing: Body = stock.invoice(CustomerRef={"value": "999999"})
    assert _refused(api, "invoice", missing) == _envelope(
        {
            "Message": "Invalid Reference Id",
            "Detail": "Invalid Reference Id : Names element id 999999 not found",
            "code": "2500",
        }
    )
    assert _refused(api, "invoice", stock.invoice(Line=[sale("999")])) == _envelope(
        {
            "Message": "Invalid Reference Id",
            "Detail": "Invalid Reference Id : Line.SalesItemLineDetail.ItemRef",
            "code": "2500",
            "element": "Line.SalesItemLineDetail.ItemRef",
        }
    )
    controls.change("customers", stock.customer, {"active": False})
    assert _refused(api, "invoice", stock.invoice()) == _envelope(
        {
            "Message": "Invalid Reference Id",
            "Detail": f"Invalid Reference Id : {INACTIVE}",
            "code": "2500",
        }
    )


def test_2020(api: Api, stock: Stock) -> None:
    assert _refused(api, "invoice", stock.invoice(Line=[])) == _envelope(
        {
            "Message": REQUIRED,
            "Detail": "Required parameter Line is missing in the request",
            "code": "2020",
            "element": "Line",
        }
    )
    assert _refused(api, "item", {"Name": "Pipe", "Type": "Service"}) == _envelope(
        {
            "Message": REQUIRED,
            "Detail": "Required parameter ExpenseAccountRef or IncomeAccountRef is missing "
            "in the request",
            "code": "2020",
        }
    )


def test_2050(api: Api, stock: Stock) -> None:
    assert _refused(api, "invoice", stock.invoice(DocNumber="x" * 45)) == _envelope(
        {
            "Message": "String length is either shorter or longer than supported by specification",
            "Detail": "String length specified does not match the supported length. "
            "Min:0 Max:21 supported. Supplied length:45",
            "code": "2050",
            "element": "DocNumber",
        }
    )


def test_2010(api: Api) -> None:
    assert _refused(api, "customer", {"DisplayName": "Ann", "Gadget": 1}) == _envelope(
        {
            "Message": "Request has invalid or unsupported property",
            "Detail": "Property Name:Gadget specified is unsupported or invalid",
            "code": "2010",
        }
    )


def test_6000_and_6070(controls: Controls, api: Api, stock: Stock) -> None:
    wrong = stock.invoice(Line=[sale(stock.item, 1, 99) | {"Amount": 100}])
    assert _refused(api, "invoice", wrong) == _envelope(
        {
            "Message": "Amount calculation incorrect in the request",
            "Detail": "Amount calculation incorrect in the request. "
            "Amount is not equal to UnitPrice * Qty. Supplied value:100",
            "code": "6070",
        }
    )
    controls.set(country="GB")
    assert _refused(api, "invoice", stock.invoice()) == _envelope(
        {
            "Message": BUSINESS,
            "Detail": "Business Validation Error: Make sure all your transactions have a VAT rate "
            "before you save.",
            "code": "6000",
            "element": "",
        }
    )


def test_6140(controls: Controls, api: Api, stock: Stock) -> None:
    controls.set(refuse_duplicate_numbers=True)
    first = api.create("invoice", stock.invoice(DocNumber="X-100"))
    assert _refused(api, "invoice", stock.invoice(DocNumber="X-100")) == _envelope(
        {
            "Message": "Duplicate Document Number Error",
            "Detail": "Duplicate Document Number Error : You must specify a different number. "
            "This number has already been used. DocNumber=X-100 is assigned to TxnType=Invoice "
            f"with TxnId={first['Id']}",
            "code": "6140",
            "element": "",
        }
    )


def test_6190(controls: Controls, api: Api) -> None:
    controls.set(company_status="lapsed")
    assert _refused(api, "customer", {"DisplayName": "Ann"}) == _envelope(
        {
            "Message": "Invalid Company Status",
            "Detail": "Subscription period has ended or canceled or there was a billing problem : "
            "You can't create transactions because your subscription has ended.",
            "code": "6190",
        }
    )


@pytest.mark.parametrize(
    ("statement", "error"),
    [
        (
            "select * from Customer startposition 0",
            {
                "Message": "Invalid query",
                "Detail": "QueryValidationError: value 0 is too small. Min allowed value is 1",
                "code": "4001",
            },
        ),
        (
            "select * from Customer where Foo = 'x'",
            {
                "Message": "Invalid query",
                "Detail": "QueryValidationError: Property Foo not found for Entity Customer",
                "code": "4001",
            },
        ),
    ],
)
def test_4001(api: Api, statement: str, error: Body) -> None:
    told = api.get("query", query=statement).json()
    del told["time"]
    assert told == _envelope(error)


def test_4000(api: Api) -> None:
    statement = "select * from Customer where DisplayName = 'A' R"
    error = api.get("query", query=statement).json()["Fault"]["Error"][0]
    assert set(error) == {"Message", "Detail", "code"}
    assert (error["Message"], error["code"]) == ("Error parsing query", "4000")
    assert error["Detail"].startswith(
        'QueryParserError: Encountered " <IDENTIFIER> "R "" at line 1, column 48.\n'
        "Was expecting one of:\n    <EOF> \n"
    )


@pytest.mark.parametrize(
    ("authorization", "detail"),
    [
        ("", "Malformed bearer token: too short or too long"),
        ("Bearer x", "Malformed bearer token: too short or too long"),
        ("Bearer " + "x" * 5000, "Malformed bearer token: too short or too long"),
        ("Bearer " + "AB01" + "x" * 60, "Token expired: AB01..."),
    ],
)
def test_3200(api: Api, authorization: str, detail: str) -> None:
    headers = {"Authorization": authorization, "Accept": "application/json"}
    answer = api.http.get(f"/v3/company/{api.realm}/preferences", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"] == 'Bearer realm="Intuit", error="invalid_token"'
    told = answer.json()
    assert isinstance(told.pop("time"), int)
    assert told == {
        "warnings": None,
        "intuitObject": None,
        "fault": {
            "error": [
                {
                    "message": "message=AuthenticationFailed; errorCode=003200; statusCode=401",
                    "detail": detail,
                    "code": "3200",
                    "element": None,
                }
            ],
            "type": "AUTHENTICATION",
        },
        "report": None,
        "queryResponse": None,
        "batchItemResponse": [],
        "attachableResponse": [],
        "syncErrorResponse": None,
        "requestId": None,
        "status": None,
        "cdcresponse": [],
    }


def test_3100(controls: Controls, api: Api) -> None:
    other = controls.seed("Elm")["organisation"]["id"]
    answer = api.http.get(f"/v3/company/{other}/preferences", headers=api.headers())
    assert answer.status_code == 403
    fault = answer.json()["fault"]
    assert fault == {
        "error": [
            {
                "message": "message=ApplicationAuthorizationFailed; errorCode=003100; "
                "statusCode=403",
                "detail": None,
                "code": "3100",
                "element": None,
            }
        ],
        "type": "SERVICE",
    }


def test_3001_is_xml_though_json_was_asked_for(controls: Controls, api: Api) -> None:
    controls.put("limits", {"enforced": True, "requests_per_minute": 0})
    answer = api.get("preferences")
    assert answer.status_code == 429
    assert answer.headers["content-type"].startswith("application/xml")
    assert "Retry-After" not in answer.headers
    root = ElementTree.fromstring(answer.content)
    fault = root.find(f"{NAMESPACE}Fault")
    assert fault is not None
    assert fault.attrib == {"type": "SERVICE"}
    error = fault[0]
    assert error.attrib == {"code": "3001"}
    assert [each.text for each in error] == [
        "message=ThrottleExceeded; errorCode=003001; statusCode=429",
        "The request limit was reached.  Try again later",
    ]
    controls.put("limits", {"throttle_body": "json", "retry_after_seconds": 60})
    answer = api.get("preferences")
    assert answer.headers["Retry-After"] == "60"
    told = answer.json()
    assert told["Fault"] == {
        "Error": [
            {
                "Message": "message=ThrottleExceeded; errorCode=003001; statusCode=429",
                "Detail": "The request limit was reached.  Try again later",
                "code": "3001",
            }
        ],
        "type": "SERVICE",
    }


def test_10000_and_pages_of_html_come_from_injected_statuses(controls: Controls, api: Api) -> None:
    controls.fault(kind="status", status=500, times=1)
    answer = api.get("preferences")
    assert answer.status_code == 500
    assert answer.json()["Fault"] == {
        "Error": [
            {
                "Message": "An application error has occurred while processing your request",
                "Detail": "System Failure Error: Could not find resource for relative : "
                "some more info here",
                "code": "10000",
            }
        ],
        "type": "SystemFault",
    }
    controls.fault(kind="status", status=503, times=1)
    answer = api.get("preferences")
    assert (answer.status_code, answer.headers["content-type"][:9]) == (503, "text/html")


def test_without_accept_json_the_answer_is_xml_unless_set_so(controls: Controls, api: Api) -> None:
    made = api.create("customer", {"DisplayName": "Ann & Co"})
    path = f"/v3/company/{api.realm}/customer/{made['Id']}"
    headers = {"Authorization": api.headers()["Authorization"]}
    root = ElementTree.fromstring(api.http.get(path, headers=headers).content)
    customer = root.find(f"{NAMESPACE}Customer")
    assert customer is not None
    assert customer.attrib == {"domain": "QBO", "sparse": "false"}
    assert customer.findtext(f"{NAMESPACE}DisplayName") == "Ann & Co"
    missing = f"/v3/company/{api.realm}/customer/999"
    fault = ElementTree.fromstring(api.http.get(missing, headers=headers).content)
    assert fault.find(f"{NAMESPACE}Fault/{NAMESPACE}Error") is not None
    assert api.http.get(path, params={"format": "json"}, headers=headers).json()["Customer"]
    controls.set(without_accept="json")
    assert api.http.get(path, headers=headers).json()["Customer"]["DisplayName"] == "Ann & Co"


@pytest.mark.parametrize("path", ["gadget", "Customer/1", "invoice/1/2/3"])
def test_a_path_that_isnt_there_is_404(api: Api, path: str) -> None:
    assert api.get(path).status_code == 404
    assert api.http.get("/v4/nothing").status_code == 404
