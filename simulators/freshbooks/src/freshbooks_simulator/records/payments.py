"""Payments: made by `/_sim/payments`; the API here reads them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from freshbooks_simulator.books import ACTIVE, DELETED, PAYMENT, Organisation, Record
from freshbooks_simulator.records import invoices
from freshbooks_simulator.wire import JsonObject, eastern, money, text


def pay(organisation: Organisation, invoice: Record, amount: Decimal, now: datetime) -> Record:
    """A payment of one invoice, dated today."""
    code = text(invoice.data.get("currency_code"))
    data: JsonObject = {
        "amount": money(amount, code),
        "clientid": invoice.data.get("customerid"),
        "invoiceid": invoice.number,
        "date": invoices.today(now).isoformat(),
        "type": "Check",
        "note": "",
        "vis_state": ACTIVE,
    }
    made = organisation.add(PAYMENT, organisation.new_id(PAYMENT), data, now)
    invoices.paid(organisation, invoice, now)
    return made


def unpay(organisation: Organisation, payment: Record, now: datetime) -> None:
    """Take a payment back."""
    organisation.replace(payment, payment.data | {"vis_state": DELETED}, now)
    invoice = organisation.get("invoice", text(payment.data.get("invoiceid")))
    if invoice is not None:
        invoices.paid(organisation, invoice, now)


def render(organisation: Organisation, record: Record) -> JsonObject:
    """A payment as a read answers it."""
    found: JsonObject = {
        "accounting_systemid": organisation.account_id,
        "bulk_paymentid": None,
        "creditid": None,
        "from_credit": False,
        "gateway": None,
        "id": record.number,
        "logid": record.number,
        "orderid": None,
        "overpaymentid": None,
        "send_client_notification": None,
        "transactionid": None,
        "updated": eastern(record.updated),
        **record.data,
    }
    return dict(sorted(found.items()))
