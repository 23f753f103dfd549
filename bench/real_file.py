"""A real retailer's invoices: the file's first ones, and what should become of them.

What is expected is worked out here from the file alone, in a few lines of its own: the importer is
what it is compared with.
"""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

CENT = Decimal("0.01")
CUSTOMER, EMAIL, DUE = "Customer", "Customer email", "Due date"
_DAYS = 30


@dataclass(frozen=True)
class Line:
    """What an invoice's line must be in the books."""

    sku: str
    quantity: Decimal
    unit_price: Decimal

    @property
    def amount(self) -> Decimal:
        return (self.quantity * self.unit_price).quantize(CENT, ROUND_HALF_UP)


@dataclass
class Invoice:
    number: str
    customer: str
    date: str
    lines: list[Line] = field(default_factory=list[Line])

    @property
    def total(self) -> Decimal:
        return sum((line.amount for line in self.lines), Decimal(0))


@dataclass(frozen=True)
class RealFile:
    """The rows of the first invoices as a file to import, and the invoices that they are."""

    text: str
    rows: int
    invoices: dict[str, Invoice]


def due_of(issued: str) -> str:
    """Nor due dates, which Xero wants: thirty days after the invoice's own."""
    return (date.fromisoformat(issued) + timedelta(_DAYS)).isoformat()


def email_of(customer: str) -> str:
    """This test data has no addresses: an invented one, at a domain that never exists."""
    return f"customer-{customer}@online-retail.example"


def read(path: Path, invoices: int) -> RealFile:
    """The file's first invoices; customers' names and e-mails are made from their numbers."""
    found: dict[str, Invoice] = {}
    out = io.StringIO()
    writer: csv.DictWriter[str] | None = None
    rows = 0
    for row in _rows(path):
        number = row["InvoiceNo"]
        if number not in found and len(found) == invoices:
            continue
        customer = row["CustomerID"]
        name = f"Customer {customer}" if customer else ""
        invoice = found.setdefault(number, Invoice(number, name, row["InvoiceDate"][:10]))
        invoice.lines.append(
            Line(row["StockCode"].lower(), Decimal(row["Quantity"]), Decimal(row["UnitPrice"]))
        )
        if writer is None:
            writer = csv.DictWriter(out, [*row, CUSTOMER, EMAIL, DUE])
            writer.writeheader()
        own = {EMAIL: email_of(customer) if customer else "", DUE: due_of(invoice.date)}
        writer.writerow({**row, CUSTOMER: name, **own})
        rows += 1
    return RealFile(out.getvalue(), rows, found)


def _rows(path: Path) -> Iterator[dict[str, str]]:
    opened = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)
