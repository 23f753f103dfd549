"""What an invoice holds, as QuickBooks says it: to tell later what somebody altered there.

A payment changes its balance, a note its memo: neither is in it.
"""

import hashlib
from collections.abc import Iterable
from decimal import Decimal

from contracts.holding import mark_of

from connector_qbo.wire import DiscountLineDetail, Invoice, Line, SalesItemLineDetail, plain

_WORKED_OUT = frozenset({"SubTotalLineDetail"})


def held_by(invoice: Invoice) -> str:
    """The mark of what it holds."""
    lines = None
    if invoice.line is not None:
        lines = [line for line in invoice.line if line.detail_type not in _WORKED_OUT]
    tax = invoice.txn_tax_detail.total_tax if invoice.txn_tax_detail else None
    return mark_of(
        customer=invoice.customer_ref.value if invoice.customer_ref else None,
        number=(invoice.doc_number or "").strip(),
        date=invoice.txn_date.isoformat() if invoice.txn_date else None,
        due_date=invoice.due_date.isoformat() if invoice.due_date else "",
        currency=invoice.currency_ref.value if invoice.currency_ref else None,
        lines=None if lines is None else _digest(_shown(line) for line in lines),
        discount_accounts=None if lines is None else _digest(map(_named_account, lines)),
        products=None if lines is None else _digest(map(_product, lines)),
        item_accounts=None if lines is None else _account_digest(lines),
        taxes=None if lines is None else _digest(_taxed(line) for line in lines),
        tax=plain(tax or Decimal(0)),
    )


def _digest(lines: Iterable[str]) -> str:
    """Lines as one value, in whatever order they stand."""
    return hashlib.sha256("\n".join(sorted(lines)).encode()).hexdigest()[:16]


def _detail(line: Line) -> SalesItemLineDetail:
    return line.sales_item_line_detail or SalesItemLineDetail()


def _amounts(line: Line) -> tuple[str, ...]:
    detail = _detail(line)
    whole = line.amount if detail.tax_inclusive_amt is None else detail.tax_inclusive_amt
    return tuple(plain(each) if each else "" for each in (detail.qty, detail.unit_price, whole))


def _shown(line: Line) -> str:
    text = " ".join((line.description or "").split())
    return "\x1f".join((line.detail_type or "", *_amounts(line), text))


def _named_account(line: Line) -> str:
    """Only a discount names its account; a sale is booked by its item."""
    account = (line.discount_line_detail or DiscountLineDetail()).discount_account_ref
    return "\x1f".join((*_amounts(line), account.value if account else ""))


def _product(line: Line) -> str:
    item = _detail(line).item_ref
    return "\x1f".join((*_amounts(line), item.value if item else ""))


def _account_digest(lines: Iterable[Line]) -> str | None:
    """The accounts of the lines' items; None where one isn't said."""
    sales = [line for line in lines if line.sales_item_line_detail is not None]
    accounts = [_detail(line).item_account_ref for line in sales]
    if not sales or any(account is None for account in accounts):
        return None
    return _digest(
        "\x1f".join((*_amounts(line), account.value if account else ""))
        for line, account in zip(sales, accounts, strict=True)
    )


def _taxed(line: Line) -> str:
    code = _detail(line).tax_code_ref
    return "\x1f".join((*_amounts(line), code.value if code else ""))
