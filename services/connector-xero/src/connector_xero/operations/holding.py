"""What an invoice holds, as Xero says it: to tell later what somebody altered there.

A payment changes its status and what is due; a note is in its history: neither is in it.
"""

import hashlib
from collections.abc import Iterable, Sequence
from decimal import Decimal

from contracts.holding import mark_of

from connector_xero.wire import Invoice, LineItem, plain


def held_by(invoice: Invoice) -> str:
    """The mark of what it holds. A list without pages leaves lines out: nothing is said of them."""
    lines = invoice.line_items or ()
    contact = invoice.contact.contact_id if invoice.contact else None
    return mark_of(
        customer=contact,
        number=(invoice.invoice_number or "").strip(),
        date=invoice.date.isoformat() if invoice.date else None,
        due_date=invoice.due_date.isoformat() if invoice.due_date else "",
        currency=invoice.currency_code,
        lines=_digest(_shown(line) for line in lines) if lines else None,
        accounts=_account_digest(lines),
        taxes=_tax_digest(lines),
        tax=None if invoice.total_tax is None else plain(invoice.total_tax),
    )


def _digest(lines: Iterable[str]) -> str:
    """Lines as one value, in whatever order they stand."""
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]


def _shown(line: LineItem) -> str:
    amounts = (line.quantity, line.unit_amount, line.discount_rate or None)
    text = " ".join((line.description or "").split())
    shown = ("" if each is None else plain(each) for each in amounts)
    return "\x1f".join((*shown, _amount(line), text))


def _amount(line: LineItem) -> str:
    return plain(line.line_amount or Decimal(0))


def _account_digest(lines: Sequence[LineItem]) -> str | None:
    """By their ids, as a code may be changed for the same account; None where one isn't said."""
    if not lines or not all(line.account_id for line in lines):
        return None
    return _digest(f"{_amount(line)}\x1f{line.account_id}" for line in lines)


def _tax_digest(lines: Sequence[LineItem]) -> str | None:
    if not lines or not all(line.tax_type for line in lines):
        return None
    return _digest(f"{_amount(line)}\x1f{line.tax_type}" for line in lines)
