"""How the API says no: statuses, bodies and the sentences in them.

Where a sentence has no known source its function says so; the others are quoted from answers of
the real API, its documentation or help pages that cite it.
"""

from __future__ import annotations

from datetime import date
from uuid import uuid4

from xero_simulator.wire import Json, JsonObject

ZERO_ID = "00000000-0000-0000-0000-000000000000"
NOT_FOUND_TEXT = b"The resource you're looking for cannot be found"
OFFLINE_TEXT = b"The Organisation is offline"
UNAVAILABLE_TEXT = b"The Xero API is temporarily unavailable"


class InvalidError(Exception):
    """An element breaks the rules; its sentences go into ValidationErrors."""

    def __init__(self, *messages: str) -> None:
        super().__init__("; ".join(messages))
        self.messages = list(messages)


class NotFoundError(Exception):
    """The request as a whole is answered 404."""


class ApiError(Exception):
    """The request as a whole is answered 400."""

    def __init__(self, number: int, kind: str, message: str) -> None:
        super().__init__(message)
        self.number = number
        self.kind = kind
        self.message = message

    def body(self) -> JsonObject:
        return {"ErrorNumber": self.number, "Type": self.kind, "Message": self.message}


def bad_data(message: str) -> ApiError:
    return ApiError(14, "PostDataInvalidException", message)


def bad_date(value: str) -> ApiError:
    return bad_data(f"The string '{value}' is not a valid AllXsd value.")


def bad_enum(value: str, kind: str, path: str) -> ApiError:
    """The doubled dot is Xero's."""
    return bad_data(
        f"Error converting value \"{value}\" to type 'Xero.API.Library..{kind}'. Path '{path}'."
    )


def bad_query(message: str) -> ApiError:
    return ApiError(16, "QueryParseException", message)


def nothing_processed(kind: str) -> ApiError:
    return ApiError(
        17,
        "NoDataProcessedException",
        "No data has been processed for this endpoint. This endpoint is expecting "
        f"{kind} data to be specifed in the request body.",
    )


def not_implemented() -> ApiError:
    return ApiError(
        20, "ApiMethodNotImplementedException", "The Api Method called is not implemented"
    )


def validation_failed(elements: list[Json], message: str = "") -> JsonObject:
    """The 400 that sums up what was wrong with which elements."""
    return {
        "ErrorNumber": 10,
        "Type": "ValidationException",
        "Message": message or "A validation exception occurred",
        "Elements": elements,
    }


def errors(messages: list[str]) -> list[Json]:
    """ValidationErrors or Warnings."""
    return [{"Message": each} for each in messages]


def problem(title: str, status: int, detail: str) -> JsonObject:
    """A 401 or 403 of the Accounting API."""
    return {
        "Type": None,
        "Title": title,
        "Status": status,
        "Detail": detail,
        "Instance": str(uuid4()),
        "Extensions": {},
    }


# --- contacts

ARCHIVED_CONTACT_EDIT = (
    "The specified contact details matched an archived contact. Archived contacts cannot currently "
    "be edited via the API."
)
ARCHIVED_CONTACT_USE = (
    "The contact with the specified contact details has been archived. The contact must be "
    "un-archived before creating new invoices or credit notes."
)
CONTACT_UNIDENTIFIED = (
    "The Contact must contain at least 1 of the following elements to identify the contact: Name, "
    "ContactID, ContactNumber"
)
CONTACT_MISSING = "A Contact must be specified for this type of transaction"
EMAIL_INVALID = "Email address must be valid."
ACCOUNT_NUMBER_TAKEN = "The Account Number already exists. Please enter a different Account Number."
UNKNOWN_DOCUMENT = "The document with the supplied id was not found for this endpoint."


def contact_name_taken(name: str) -> str:
    return (
        f"The contact name {name} is already assigned to another contact. The contact name must "
        "be unique across all active contacts."
    )


def contact_rename_taken(old: str, new: str) -> str:
    return (
        f'The existing contact with name "{old}" cannot be updated to use new name "{new}". '
        "There is an existing contact with that name."
    )


def too_long(field: str, limit: int) -> str:
    """No source has the exact words."""
    return f"The field {field} exceeds the maximum length of {limit}"


# --- items


ITEM_CODE_MISSING = "Price List Item Code must be specified"
"""No source has the exact words."""
ACCOUNT_INVALID = "Account must be valid."

# --- invoices

NOT_MODIFIABLE = "Invoice not of valid status for modification"
NOT_CREATABLE = "Invoice not of valid status for creation"
NUMBER_TAKEN = "Invoice # must be unique."
LINES_MISSING = "One or more line items must be specified"
DESCRIPTION_MISSING = "The description field is mandatory for each line item."
DUE_DATE_MISSING = "The document DueDate field must be specified"
ACCOUNT_MISSING = "The account code or ID must be specified"
TOTAL_MISMATCH = "The invoice total does not equal the sum of the lines."
DISCOUNT_ON_BILL = "Discounts may not be applied to ACCPAY invoices."
PLAN_LIMIT = "You have reached the limit of invoices you can approve"
VOID_REFUSED = (
    "The status VOIDED cannot be applied to the invoice because it has payments or credit notes "
    "allocated to it."
)
EDIT_REFUSED = "This document cannot be edited as it has a payment or credit note allocated to it."
NEGATIVE_TOTAL = "The total of an approved invoice must not be negative"
"""No source has the exact words."""
URL_INVALID = "The Url must be an absolute http or https address and must not contain Xero"
"""No source has the exact words."""
NUMBER_INVALID = "The InvoiceNumber must be printable ASCII of at most 255 characters"
"""No source has the exact words."""


def account_not_valid(code: str) -> str:
    return f"Account code '{code}' is not a valid code for this document."


def account_archived(code: str) -> str:
    return (
        f"Account code '{code}' has been archived, or has been deleted. Each line item must "
        "reference a valid account."
    )


def account_removed(code: str) -> str:
    return f"Account code '{code}' has been removed as it does not match a recognised account."


def tax_unknown(code: str) -> str:
    return f"The TaxType code {code} does not exist or cannot be used for this type of transaction."


def tax_not_for_account(tax: str, account: str) -> str:
    return f"The TaxType code '{tax}' cannot be used with account code '{account}'."


def line_total(given: str, expected: str) -> str:
    return f"The line total {given} does not match the expected line total {expected}"


def not_subscribed(currency: str) -> str:
    return f"Organisation is not subscribed to currency {currency}"


def locked(day: date) -> str:
    """How the sentence goes on after the first words has no source."""
    return f"The document date cannot be before the period lock date {day.isoformat()}"
