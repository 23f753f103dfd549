"""Invoices. Rules:
https://developer.intuit.com/app/developer/qbo/docs/api/accounting/all-entities/invoice
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from qbo_simulator.books import Organisation, Record
from qbo_simulator.entities import invoice_lines, tax
from qbo_simulator.entities.checks import email, given, lengths, merged, too_long
from qbo_simulator.entities.customer import customer_to_use
from qbo_simulator.provider_faults import (
    ProviderFault,
    business,
    deposited,
    duplicate_number,
    enumeration,
    period_closed,
    required,
    unknown_reference,
)
from qbo_simulator.settings import CURRENCY_NAMES
from qbo_simulator.wire import (
    ZERO,
    JsonObject,
    as_object,
    dec,
    number,
    objects,
    parse_date,
    ref_value,
    text,
    words,
)

WRITABLE = words(
    "DocNumber TxnDate PrivateNote CustomField CurrencyRef ExchangeRate Line TxnTaxDetail "
    "CustomerRef CustomerMemo BillAddr ShipAddr ShipFromAddr FreeFormAddress ClassRef "
    "DepartmentRef SalesTermRef DueDate ShipDate TrackingNum ShipMethodRef "
    "GlobalTaxCalculation ApplyTaxAfterDiscount PrintStatus EmailStatus BillEmail BillEmailCc "
    "BillEmailBcc Deposit DepositToAccountRef AllowIPNPayment AllowOnlinePayment "
    "AllowOnlineCreditCardPayment AllowOnlineACHPayment ProjectRef TaxExemptionRef PONumber "
    "TransactionLocationType"
)
_ENUMERATIONS = {
    "PrintStatus": ("NotSet", "NeedToPrint", "PrintComplete"),
    "EmailStatus": ("NotSet", "NeedToSend", "EmailSent"),
    "GlobalTaxCalculation": ("TaxExcluded", "TaxInclusive", "NotApplicable"),
}
_DAYS_WITHOUT_TERM = 30
_MOST_TAXED_LINES = 750


@dataclass(frozen=True, slots=True)
class Choice:
    """What surrounds a write: the company's day and `include=allowduplicatedocnum`."""

    today: date
    allow_duplicate_number: bool = False


def created(organisation: Organisation, body: JsonObject, choice: Choice) -> JsonObject:
    """The content of a new invoice. Raises ProviderFault."""
    content = given(body, WRITABLE)
    _require(body)
    content.setdefault("TxnDate", choice.today.isoformat())
    if "DocNumber" not in content and not organisation.settings.custom_numbers:
        content["DocNumber"] = organisation.next_number()
    return _completed(organisation, content, None, choice)


def updated(
    organisation: Organisation, record: Record, body: JsonObject, choice: Choice, *, sparse: bool
) -> JsonObject:
    """The content of the invoice's next version (the same content: no new version needed).

    Raises ProviderFault.
    """
    _require_open(organisation, text(record.data.get("TxnDate")))
    if sparse:
        content = merged(record.data, body, WRITABLE)
        _require(content)
        if "Line" in body and "TxnTaxDetail" not in body and not _overridden(record):
            content.pop("TxnTaxDetail", None)
    else:
        content = given(body, WRITABLE)
        _require(body)
    content.setdefault("TxnDate", record.data.get("TxnDate"))
    return _completed(organisation, content, record, choice)


def voided(organisation: Organisation, record: Record) -> JsonObject:
    """The content of the invoice when it is void. Raises ProviderFault."""
    _require_open(organisation, text(record.data.get("TxnDate")))
    if _payments(record) and organisation.settings.void_paid_invoice == "refuse":
        raise business("You must unlink this transaction's payments before you can void it.")
    content = content_of(record)
    note = text(content.get("PrivateNote"))
    if not note.startswith("Voided"):
        content["PrivateNote"] = f"Voided - {note}" if note else "Voided"
    content["Line"] = invoice_lines.voided(content.get("Line"))
    content["TxnTaxDetail"] = {"TotalTax": 0}
    content["TotalAmt"] = 0
    content["Balance"] = 0
    content["LinkedTxn"] = []
    return content


def check_deletable(organisation: Organisation, record: Record) -> None:
    """Raises ProviderFault if the invoice may not be deleted."""
    _require_open(organisation, text(record.data.get("TxnDate")))
    if _payments(record) and organisation.settings.delete_paid_invoice == "refuse":
        raise business("You must unlink this transaction's payments before you can delete it.")


def paid(record: Record, payment_id: str, amount: Decimal) -> JsonObject:
    """The content of the invoice once a payment is applied to it."""
    content = content_of(record)
    content["Balance"] = number(dec(content.get("Balance")) - amount)
    linked = objects(content.get("LinkedTxn"))
    content["LinkedTxn"] = [*linked, {"TxnId": payment_id, "TxnType": "Payment"}]
    return content


def content_of(record: Record) -> JsonObject:
    """A record's data without what each version is stamped with."""
    stamps = ("domain", "sparse", "Id", "SyncToken", "MetaData")
    return {name: value for name, value in record.data.items() if name not in stamps}


def _require(body: JsonObject) -> None:
    if "CustomerRef" in body and not ref_value(body["CustomerRef"]):
        raise business("Unexpected Internal Error. (-30003)")
    if body.get("CustomerRef") is None:
        raise required("CustomerRef", "CustomerRef")
    if not body.get("Line"):
        raise required("Line", "Line")


def _require_open(organisation: Organisation, day: str) -> None:
    locked = organisation.settings.lock_date
    found = parse_date(day)
    if locked is not None and found is not None and found <= locked:
        raise period_closed(organisation.settings.closed_period_code)


def _payments(record: Record) -> list[JsonObject]:
    return objects(record.data.get("LinkedTxn"))


def _overridden(record: Record) -> bool:
    """A tax total without rates came from outside and stays."""
    detail = as_object(record.data.get("TxnTaxDetail"))
    return dec(detail.get("TotalTax")) != 0 and "TaxLine" not in detail


def _check(organisation: Organisation, content: JsonObject) -> None:
    for name, allowed in _ENUMERATIONS.items():
        if name in content and content[name] not in allowed:
            raise enumeration(name, text(content[name]))
    errors = lengths(content, {"DocNumber": 21, "PrivateNote": 4000})
    errors += too_long(as_object(content.get("CustomerMemo")).get("value"), 1000, "Customer Memo")
    for name in ("BillEmail", "BillEmailCc", "BillEmailBcc"):
        errors += email(content.get(name), name)
    if errors:
        raise ProviderFault(*errors)
    if content.get("EmailStatus") == "NeedToSend" and content.get("BillEmail") is None:
        raise required("BillEmail", "BillEmail")
    _require_open(organisation, text(content.get("TxnDate")))


def _check_number(
    organisation: Organisation, content: JsonObject, record: Record | None, choice: Choice
) -> None:
    told = text(content.get("DocNumber"))
    unchanged = record is not None and told == text(record.data.get("DocNumber"))
    refuses = organisation.settings.refuse_duplicate_numbers
    if not told or unchanged or not refuses or choice.allow_duplicate_number:
        return
    for holder in organisation.holders("number", told):
        if holder is not record:
            raise duplicate_number(told, holder.id)


def _currency(organisation: Organisation, content: JsonObject, customer: Record) -> JsonObject:
    settings = organisation.settings
    theirs = ref_value(customer.data.get("CurrencyRef")) or settings.currency
    said = ref_value(content.get("CurrencyRef"))
    if settings.multicurrency and not said:
        raise required("CurrencyRef", "CurrencyRef")
    if said and said != theirs:
        raise business("The transaction's currency must be the same as the customer's.")
    return {"value": theirs, "name": CURRENCY_NAMES.get(theirs, theirs)}


def _due(organisation: Organisation, content: JsonObject) -> str:
    days = _DAYS_WITHOUT_TERM
    if (ref := content.get("SalesTermRef")) is not None:
        term = organisation.get("Term", ref_value(ref))
        if term is None:
            raise unknown_reference("SalesTermRef")
        days = int(dec(term.data.get("DueDays")))
    if "DueDate" in content:
        return text(content["DueDate"])
    begun = parse_date(text(content.get("TxnDate")))
    return (begun + timedelta(days=days)).isoformat() if begun else ""


def _completed(
    organisation: Organisation, content: JsonObject, record: Record | None, choice: Choice
) -> JsonObject:
    _check(organisation, content)
    customer = _customer(organisation, content, record)
    currency = _currency(organisation, content, customer)
    due = _due(organisation, content)
    known = frozenset(
        text(line.get("Id")) for line in objects(record.data.get("Line") if record else None)
    )
    before_tax = content.get("ApplyTaxAfterDiscount") is True
    if record is not None and content.get("Line") is record.data.get("Line"):
        lines = invoice_lines.stored(content["Line"])
    else:
        lines = invoice_lines.priced(
            organisation, customer, objects(content.get("Line")), known - {""}
        )
    base = invoice_lines.after_discount(lines) if before_tax else lines.taxed
    taxes = tax.total(organisation, base, as_object(content.get("TxnTaxDetail")))
    if taxes.total and len(lines.body) - 1 > _MOST_TAXED_LINES:
        raise business(f"A taxed invoice can have at most {_MOST_TAXED_LINES} lines.")
    whole = lines.subtotal - lines.discount + taxes.total
    if whole < 0:
        raise business("Transaction amount must be 0 or greater.")
    _check_number(organisation, content, record, choice)
    deposit = dec(content.get("Deposit"))
    if not deposit:
        content.pop("Deposit", None)
    changed = record is not None and whole != dec(record.data.get("TotalAmt"))
    if changed and _applied(record) > 0 and organisation.settings.edit_paid_invoice == "refuse":
        raise deposited()
    balance = max(whole - deposit - _applied(record), ZERO)
    totals: JsonObject = {
        "CurrencyRef": currency,
        "LinkedTxn": list(_payments(record)) if record else [],
        "Line": lines.body,
        "TxnTaxDetail": taxes.detail,
        "CustomerRef": {"value": customer.id, "name": text(customer.data.get("DisplayName"))},
        "DueDate": due,
        "TotalAmt": number(whole),
        "ApplyTaxAfterDiscount": before_tax,
        "Balance": number(balance),
    }
    return _shown(organisation, content, customer) | totals


def _customer(organisation: Organisation, content: JsonObject, record: Record | None) -> Record:
    """An invoice stays with its customer even if that was made inactive since."""
    ref = content.get("CustomerRef")
    if record is not None and ref_value(ref) == ref_value(record.data.get("CustomerRef")):
        same = organisation.get("Customer", ref_value(ref))
        if same is not None:
            return same
    return customer_to_use(organisation, ref)


def _applied(record: Record | None) -> Decimal:
    if record is None:
        return ZERO
    data = record.data
    return dec(data.get("TotalAmt")) - dec(data.get("Deposit")) - dec(data.get("Balance"))


def _shown(organisation: Organisation, content: JsonObject, customer: Record) -> JsonObject:
    """The content with what the company fills in by itself."""
    shown: JsonObject = {
        "AllowIPNPayment": False,
        "AllowOnlinePayment": False,
        "AllowOnlineCreditCardPayment": True,
        "AllowOnlineACHPayment": True,
        "CustomField": [],
        "FreeFormAddress": True,
        "PrintStatus": "NeedToPrint",
        "EmailStatus": "NotSet",
    }
    for name in ("BillAddr", "ShipAddr"):
        if (address := customer.data.get(name)) is not None:
            shown[name] = address
    shown |= content
    settings = organisation.settings
    if settings.country == "US":
        shown.pop("GlobalTaxCalculation", None)
    else:
        shown.setdefault("GlobalTaxCalculation", "TaxExcluded")
    if settings.multicurrency:
        shown.setdefault("ExchangeRate", 1)
    else:
        shown.pop("ExchangeRate", None)
    return shown
