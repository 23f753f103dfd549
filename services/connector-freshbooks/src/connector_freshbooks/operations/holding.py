"""What an invoice holds, as FreshBooks says it: to tell later what somebody altered there.

A payment changes its status and what is outstanding: neither is in it, nor are its notes. Lines
name no account there.
"""

import hashlib
from collections.abc import Iterable, Sequence
from decimal import Decimal

from contracts.holding import mark_of

from connector_freshbooks.wire import Amount, Invoice, Line, plain


def held_by(invoice: Invoice) -> str:
    """The mark of what it holds; lines that weren't asked for say nothing."""
    lines = invoice.lines
    return mark_of(
        customer=invoice.customerid,
        number=(invoice.invoice_number or "").strip(),
        date=invoice.create_date.isoformat() if invoice.create_date else None,
        due_date=invoice.due_date.isoformat() if invoice.due_date else None,
        currency=invoice.currency_code,
        lines=None if lines is None else _digest(_shown(line) for line in lines),
        taxes=None if lines is None else _digest(_taxed(line) for line in lines),
        tax=None if lines is None else _tax(invoice, lines),
    )


def _digest(lines: Iterable[str]) -> str:
    """Lines as one value, in whatever order they stand."""
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]


def _cost(line: Line) -> Decimal | None:
    return line.unit_cost.number if line.unit_cost else None


def _shown(line: Line) -> str:
    amounts = (Amount(amount=line.qty).number, _cost(line))
    texts = (" ".join((text or "").split()) for text in (line.name, line.description))
    return "\x1f".join((*("" if each is None else plain(each) for each in amounts), *texts))


def _taxed(line: Line) -> str:
    """The taxes that take part; none is said as nothing."""
    amounts = (Amount(amount=line.qty).number, _cost(line))
    taxes = ((line.tax_name, line.tax_percent), (line.second_tax_name, line.second_tax_percent))
    parts = ["" if each is None else plain(each) for each in amounts]
    for name, percent in taxes:
        number = Amount(amount=percent).number if name else None
        parts += [name or "", plain(number)] if number else []
    return "\x1f".join(parts)


def _tax(invoice: Invoice, lines: Sequence[Line]) -> str | None:
    """What the total holds beyond its lines; None where one of them doesn't say its amount."""
    total = invoice.amount.number if invoice.amount else None
    amounts = [line.amount.number if line.amount else None for line in lines]
    known = [amount for amount in amounts if amount is not None]
    if total is None or len(known) != len(amounts):
        return None
    return plain(total - sum(known, Decimal(0)))
