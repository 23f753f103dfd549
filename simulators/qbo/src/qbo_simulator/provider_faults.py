"""Refusals, with the bodies the API answers.

Shapes and texts: https://developer.intuit.com/app/developer/qbo/docs/develop/troubleshooting/error-codes
and bodies quoted in public issue threads. `element` is left out, empty or named exactly as it was
seen for that code.
"""

from __future__ import annotations

from dataclasses import dataclass

from qbo_simulator.wire import Json, JsonObject


@dataclass(frozen=True, slots=True)
class FaultError:
    """One entry of `Fault.Error`."""

    code: str
    message: str
    detail: str
    element: str | None = None

    def body(self) -> JsonObject:
        entry: JsonObject = {"Message": self.message, "Detail": self.detail, "code": self.code}
        if self.element is not None:
            entry["element"] = self.element
        return entry


class ProviderFault(Exception):  # noqa: N818 -- the provider calls it a fault
    """A refusal by the accounting API itself (`Fault`, in PascalCase)."""

    def __init__(
        self, *errors: FaultError, status: int = 400, fault_type: str = "ValidationFault"
    ) -> None:
        super().__init__("; ".join(f"{each.code} {each.detail}" for each in errors))
        self.errors = errors
        self.status = status
        self.fault_type = fault_type

    def fault(self) -> JsonObject:
        """The value of `Fault`, as answers and batch items carry it."""
        return {"Error": [each.body() for each in self.errors], "type": self.fault_type}


class GatewayFault(Exception):  # noqa: N818 -- the provider calls it a fault
    """A refusal before the accounting API is reached (lower-case envelope)."""

    def __init__(self, status: int, fault_type: str, error: FaultError) -> None:
        super().__init__(error.message)
        self.status = status
        self.fault_type = fault_type
        self.error = error

    def body(self, epoch_ms: int) -> JsonObject:
        """The envelope; every key was seen in real answers."""
        error: JsonObject = {
            "message": self.error.message,
            "detail": self.error.detail or None,
            "code": self.error.code,
            "element": None,
        }
        fault: JsonObject = {"error": [error], "type": self.fault_type}
        return {
            "warnings": None,
            "intuitObject": None,
            "fault": fault,
            "report": None,
            "queryResponse": None,
            "batchItemResponse": [],
            "attachableResponse": [],
            "syncErrorResponse": None,
            "requestId": None,
            "time": epoch_ms,
            "status": None,
            "cdcresponse": [],
        }


INACTIVE_TEXT = (
    "Something you're trying to use has been made inactive. "
    "Check the fields with accounts, customers, items, vendors or employees."
)
BUSINESS = "A business validation error has occurred while processing your request"


def _fault(code: str, message: str, detail: str, element: str | None = None) -> ProviderFault:
    return ProviderFault(FaultError(code, message, detail, element))


def authentication_failed(detail: str) -> GatewayFault:
    message = "message=AuthenticationFailed; errorCode=003200; statusCode=401"
    return GatewayFault(401, "AUTHENTICATION", FaultError("3200", message, detail))


def authorization_failed() -> GatewayFault:
    message = "message=ApplicationAuthorizationFailed; errorCode=003100; statusCode=403"
    return GatewayFault(403, "SERVICE", FaultError("3100", message, ""))


def unsupported_property(what: str) -> ProviderFault:
    return _fault(
        "2010",
        "Request has invalid or unsupported property",
        f"Property Name:{what} specified is unsupported or invalid",
    )


def required_error(name: str, element: str | None) -> FaultError:
    return FaultError(
        "2020",
        "Required param missing, need to supply the required value for the API",
        f"Required parameter {name} is missing in the request",
        element,
    )


def required(name: str, element: str | None = None) -> ProviderFault:
    return ProviderFault(required_error(name, element))


def length_error(element: str, limit: int, supplied: int) -> FaultError:
    return FaultError(
        "2050",
        "String length is either shorter or longer than supported by specification",
        "String length specified does not match the supported length. "
        f"Min:0 Max:{limit} supported. Supplied length:{supplied}",
        element,
    )


def enumeration(element: str, value: str) -> ProviderFault:
    return _fault("2170", "Invalid Enumeration", f"Invalid Enumeration : {value}", element)


def request_id_format() -> ProviderFault:
    return _fault("2130", "Invalid Request Id Format", "Invalid Request Id Format")


def request_id_exists() -> ProviderFault:
    return _fault("600", "RequestId already exists", "RequestId already exists")


def date_error(element: str, value: str) -> FaultError:
    detail = f"Invalid Date : {value}"
    return FaultError("2090", "Invalid Date", detail, element)


def number_error(element: str, value: str) -> FaultError:
    return FaultError("2060", "Invalid Number", f"Invalid Number : {value}", element)


def email_error(element: str) -> FaultError:
    return FaultError(
        "2210",
        "Invalid Email Address format in the request",
        "Invalid Email Address format in the request : Email Address must contain @ and .",
        element,
    )


def unknown_name(identifier: str) -> ProviderFault:
    return _fault(
        "2500",
        "Invalid Reference Id",
        f"Invalid Reference Id : Names element id {identifier} not found",
    )


def unknown_account(identifier: str) -> ProviderFault:
    return _fault(
        "2500",
        "Invalid Reference Id",
        f"Invalid Reference Id : Accounts element id {identifier} not found",
    )


def unknown_reference(element: str) -> ProviderFault:
    return _fault("2500", "Invalid Reference Id", f"Invalid Reference Id : {element}", element)


def inactive_reference(code: str) -> ProviderFault:
    if code == "610":
        return not_found()
    return _fault("2500", "Invalid Reference Id", f"Invalid Reference Id : {INACTIVE_TEXT}")


def not_found() -> ProviderFault:
    return _fault("610", "Object Not Found", f"Object Not Found : {INACTIVE_TEXT}", "")


def deleted_transaction() -> ProviderFault:
    detail = "Object Not Found : Another user has deleted this transaction."
    return _fault("610", "Object Not Found", detail)


def stale() -> ProviderFault:
    return _fault(
        "5010",
        "Stale Object Error",
        "Stale Object Error : You and root were working on this at the same time. "
        "root finished before you did, so your work was not saved.",
        "",
    )


def business(detail: str) -> ProviderFault:
    return _fault("6000", BUSINESS, f"Business Validation Error: {detail}", "")


def amount_mismatch(code: str, supplied: str) -> ProviderFault:
    told = "Amount is not equal to UnitPrice * Qty. Supplied value:"
    if code == "6000":
        return business(f"{told}{supplied}")
    message = "Amount calculation incorrect in the request"
    return _fault("6070", message, f"{message}. {told}{supplied}")


def invalid_line_tax_code() -> ProviderFault:
    return _fault("6100", "Invalid Line TaxCode", "Invalid Line TaxCode in the request")


def duplicate_number(number: str, transaction_id: str) -> ProviderFault:
    return _fault(
        "6140",
        "Duplicate Document Number Error",
        "Duplicate Document Number Error : You must specify a different number. This number has "
        f"already been used. DocNumber={number} is assigned to TxnType=Invoice with "
        f"TxnId={transaction_id}",
        "",
    )


def duplicate_name(detail: str, language: str) -> ProviderFault:
    message = "Nom en double" if language == "fr" else "Duplicate Name Exists Error"
    return _fault("6240", message, f"The name supplied already exists. : {detail}", "")


def company_status(http_status: int) -> ProviderFault:
    error = FaultError(
        "6190",
        "Invalid Company Status",
        "Subscription period has ended or canceled or there was a billing problem : "
        "You can't create transactions because your subscription has ended.",
    )
    return ProviderFault(error, status=http_status)


def period_closed(code: str) -> ProviderFault:
    if code == "6210":
        message = "Account Period Closed, Cannot Update Transaction Through Services"
        return _fault(
            "6210",
            message,
            "The account period has closed and the account books cannot be updated through the "
            "QBO Services API. Please use the QBO website to make these changes.",
        )
    return _fault("6200", "Account Period Closed", "The account period has closed. {1}")


def deposited() -> ProviderFault:
    """The code and what it is about are from the error table; its words weren't seen."""
    return _fault(
        "6540",
        "Deposited Transaction cannot be changed",
        "The transaction you are trying to change has been deposited.",
    )


def wrong_account_type(code: str) -> ProviderFault:
    """Which code answers a non-income account isn't known; the message is from the error table."""
    if code == "2500":
        return unknown_reference("IncomeAccountRef")
    if code == "6000":
        return business("You must choose an income account for this item.")
    return _fault("6430", "Invalid account type used", "Invalid account type used in the request")


def has_balance() -> ProviderFault:
    return _fault(
        "6480",
        "Delete List Has Balance Error",
        "The entity you are trying to delete has an open balance. : This customer cannot be "
        "deleted because it has a non-zero balance",
    )


def unsupported_operation(what: str) -> ProviderFault:
    return _fault("500", "Unsupported Operation", f"Operation {what} is not supported.")


def batch_too_large(limit: int) -> ProviderFault:
    return _fault(
        "1040", "BatchSizeExceedsAllowedLimit", f"Maximum number of batch items is {limit}"
    )


def query_parse(detail: str) -> ProviderFault:
    return _fault("4000", "Error parsing query", f"QueryParserError: {detail}")


def query_invalid(detail: str) -> ProviderFault:
    return _fault("4001", "Invalid query", f"QueryValidationError: {detail}")


def system_failure(detail: str) -> ProviderFault:
    error = FaultError(
        "10000",
        "An application error has occurred while processing your request",
        f"System Failure Error: {detail}",
    )
    return ProviderFault(error, status=500, fault_type="SystemFault")


THROTTLED = FaultError(
    "3001",
    "message=ThrottleExceeded; errorCode=003001; statusCode=429",
    "The request limit was reached.  Try again later",
)


def throttled_json(time: str) -> JsonObject:
    """The throttle answer as JSON; only the XML form has been seen."""
    fault: Json = {"Error": [THROTTLED.body()], "type": "SERVICE"}
    return {"Fault": fault, "time": time}
