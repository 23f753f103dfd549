"""An invoice as a row of a list."""

from invoice_api.invoices.schemas import InvoiceShown
from invoice_api.web import formatters
from invoice_api.web.invoice_views import InvoiceRow
from invoice_api.web.sessions import Visit
from invoice_api.web.views import badge_views

STATUS = {"draft": "Draft", "pending": "Pending", "sent": "Sent", "paid": "Paid", "void": "Void"}


def row_of(invoice: InvoiceShown, one: Visit) -> InvoiceRow:
    return InvoiceRow(
        id=str(invoice.id),
        number=invoice.number,
        customer=invoice.customer_name,
        date=formatters.day(invoice.issue_date),
        total=formatters.money(invoice.total, invoice.currency),
        status=STATUS[invoice.status],
        badges=badge_views(invoice.sync, one.eyes, can_write=one.caller.may_act),
    )
