"""Payments, as a bookkeeper or a customer makes them; they change what an invoice still takes."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from xero_simulator.books import Organisation, Record
from xero_simulator.dates import wire_day
from xero_simulator.entities.invoice import today
from xero_simulator.wire import Json, JsonObject, as_list, dec, number, text


def pay(organisation: Organisation, invoice: Record, amount: Decimal, now: datetime) -> Record:
    """A payment of an approved invoice, at most what is due."""
    day = today(organisation, now).isoformat()
    data: JsonObject = {
        "Status": "ACTIVE",
        "InvoiceID": invoice.id,
        "Date": day,
        "Amount": number(amount),
    }
    payment = organisation.add("Payment", organisation.new_id(), data, now)
    _settle(organisation, invoice, [*as_list(invoice.data.get("Payments")), payment.id], day, now)
    return payment


def take_back(organisation: Organisation, payment: Record, now: datetime) -> None:
    """The payment never was."""
    invoice = organisation.get("Invoice", text(payment.data.get("InvoiceID")))
    organisation.delete(payment, now)
    if invoice is not None:
        left = [each for each in as_list(invoice.data.get("Payments")) if each != payment.id]
        _settle(organisation, invoice, left, text(invoice.data.get("FullyPaidOnDate")), now)


def of(organisation: Organisation, invoice: JsonObject) -> list[Record]:
    """The payments of an invoice's data."""
    found = (organisation.get("Payment", text(each)) for each in as_list(invoice.get("Payments")))
    return [each for each in found if each is not None]


def shape(payment: Record) -> JsonObject:
    """A payment inside an invoice."""
    return {
        "PaymentID": payment.id,
        "Date": wire_day(text(payment.data.get("Date"))),
        "Amount": payment.data.get("Amount"),
        "Reference": "",
        "CurrencyRate": 1.0,
        "HasAccount": False,
        "HasValidationErrors": False,
    }


def _settle(
    organisation: Organisation, invoice: Record, payments: list[Json], day: str, now: datetime
) -> None:
    data: JsonObject = {**invoice.data, "Payments": payments}
    paid = sum((dec(each.data.get("Amount")) for each in of(organisation, data)), Decimal(0))
    due = dec(data.get("Total")) - paid
    data |= {"AmountPaid": number(paid), "AmountDue": number(due)}
    data["Status"] = "PAID" if due <= 0 and payments else "AUTHORISED"
    data.pop("FullyPaidOnDate", None)
    if data["Status"] == "PAID":
        data["FullyPaidOnDate"] = day
    organisation.replace(invoice, data, now)
