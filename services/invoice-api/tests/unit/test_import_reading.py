"""A file's bytes, columns, dates and numbers, as other programs write them."""

from datetime import date
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st
from invoice_api.imports.columns import columns_of, missing
from invoice_api.imports.reading import decode, records
from invoice_api.imports.values import (
    DateOrder,
    DecimalMark,
    Style,
    date_of,
    evidence_of,
    number_of,
)

NEW_YORK = ZoneInfo("America/New_York")


def style(dates: DateOrder = "month_first", decimals: DecimalMark = "point") -> Style:
    return Style(dates, decimals, NEW_YORK)


@pytest.mark.parametrize(
    ("raw", "text", "encoding"),
    [
        ("Müller".encode(), "Müller", "UTF-8"),
        (b"\xef\xbb\xbf" + "Müller".encode(), "Müller", "UTF-8"),
        ("Müller €5".encode("cp1252"), "Müller €5", "Windows-1252"),
        ("Müller".encode("utf-16"), "Müller", "UTF-16"),
        ("Müller, Åse, José".encode() + b"\xff", "Müller, Åse, José�", "UTF-8"),
        (b"plain", "plain", "UTF-8"),
    ],
)
def test_the_encoding_is_told_from_the_bytes(raw: bytes, text: str, encoding: str) -> None:
    found = decode(raw)
    assert (found.text, found.encoding) == (text, encoding)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_separators_and_line_ends_of_every_kind(delimiter: str, end: str) -> None:
    rows = [["no", "what", "price"], ["1", "a pipe", "2.50"], ["2", "", "3"]]
    found = list(records(end.join(delimiter.join(row) for row in rows) + end))
    assert [list(one.cells) for one in found] == rows
    assert [one.line for one in found] == [1, 2, 3]


def test_quoted_cells_hold_separators_quotes_and_line_breaks() -> None:
    text = 'no,what\n1,"pipe, 3"" long\nand a cap"\n\n2,plain\n'
    found = list(records(text))
    assert [one.cells for one in found[1:]] == [("1", 'pipe, 3" long\nand a cap'), ("2", "plain")]
    assert [one.line for one in found] == [1, 2, 5], "an empty line counts and is no record"


def test_a_quotation_mark_that_is_never_closed_loses_its_own_line_alone() -> None:
    lines = ["no,what"] + [f"{n},thing" for n in range(1, 60)]
    lines[30] = '30,"thing'
    found = list(records("\n".join(lines)))
    assert len(found) == 60
    [broken] = [one for one in found if one.wrong]
    assert (broken.line, broken.cells[0]) == (31, "30")
    assert "never closed" in str(broken.wrong)


def test_a_letter_that_cannot_be_read_is_its_line_s_fault_alone() -> None:
    raw = "no,what\n1,Müller\n2,".encode() + b"\xff\n" + "3,Åse\n".encode()
    found = list(records(decode(raw).text))
    assert [bool(one.wrong) for one in found] == [False, False, True, False]
    assert found[1].cells == ("1", "Müller")


@given(st.binary(max_size=400))
def test_whatever_the_bytes_every_record_has_a_line_and_nothing_breaks(raw: bytes) -> None:
    lines = [one.line for one in records(decode(raw).text)]
    assert lines == sorted(set(lines))


@pytest.mark.parametrize(
    "header",
    [
        "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country",
        "Invoice Number;Item;Qty;Date;Price;Customer Name",
        "*ContactName,*InvoiceNumber,*InvoiceDate,*DueDate,*Description,*Quantity,*UnitAmount",
        "invoice_no,customer,invoice_date,item(product/service),item_quantity,rate,description",
        "CLIENT NAME,Invoice #,Date Issued,Issue Date,Item Name,Rate,Quantity",
        "Rechnungsnummer;Datum;Kunde;Bezeichnung;Menge;Einzelpreis",
    ],
)
def test_headers_of_other_programs_are_known(header: str) -> None:
    [found] = records(header)
    assert missing(columns_of(found.cells)) == []


def test_what_a_header_lacks_is_named() -> None:
    columns = columns_of(["Quantity", "Customer"])
    assert missing(columns) == [
        "the invoice's number",
        "the invoice's date",
        "a unit price (or an amount)",
        "an item, its SKU or a description",
    ]


def test_columns_that_are_not_used_are_said() -> None:
    columns = columns_of(["Number", "Country", "Date", "Customer", "Item", "Price", ""])
    assert columns.unused == ("Country",)


@pytest.mark.parametrize(
    ("cells", "order"),
    [
        (["25/03/2026", "02/03/2026"], "day_first"),
        (["03/25/2026", "02/03/2026"], "month_first"),
        (["02.03.2026"], "day_first"),
        (["2026-03-25"], None),
        (["02/03/2026"], None),
        (["25/03/2026", "03/25/2026"], None),
        ([], None),
    ],
)
def test_a_file_s_own_dates_say_their_order(cells: list[str], order: str | None) -> None:
    evidence = evidence_of(cells, [])
    for otherwise in ("day_first", "month_first"):
        assert evidence.dates(otherwise) == (order or otherwise)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-03-31", date(2026, 3, 31)),
        ("2026/3/1", date(2026, 3, 1)),
        ("2026-03-31T23:30:00", date(2026, 3, 31)),
        ("2026-04-01T03:30:00Z", date(2026, 3, 31)),
        ("2026-03-31 23:30:00-04:00", date(2026, 3, 31)),
        ("3/4/2026", date(2026, 3, 4)),
        ("3/4/26", date(2026, 3, 4)),
        ("12/1/2010 8:26", date(2010, 12, 1)),
        ("2026-02-30", None),
        ("13/13/2026", None),
        ("soon", None),
        ("20260331", None),
    ],
)
def test_s45_dates_are_the_company_s(text: str, found: date | None) -> None:
    assert date_of(text, style()) == found


def test_day_first_where_the_file_is_so() -> None:
    assert date_of("3/4/2026", style("day_first")) == date(2026, 4, 3)
    assert date_of("25.12.2026", style("day_first")) == date(2026, 12, 25)


@pytest.mark.parametrize(
    ("cells", "mark"),
    [
        (["1,5", "2,50"], "comma"),
        (["1.234,56"], "comma"),
        (["1,234.56"], "point"),
        (["1,234", "2.50"], "point"),
        (["1,234"], "point"),
        (["12", "7"], "point"),
        (["1,50", "1.5", "2,75"], "comma"),
    ],
)
def test_a_file_s_own_numbers_say_their_mark(cells: list[str], mark: str) -> None:
    assert evidence_of([], cells).decimals() == mark


@pytest.mark.parametrize(
    ("text", "mark", "found"),
    [
        ("1,234.50", "point", "1234.50"),
        ("$1,234.50", "point", "1234.50"),
        ("USD 12", "point", "12"),
        ("(12.50)", "point", "-12.50"),
        ("12.50-", "point", "-12.50"),
        ("-6", "point", "-6"),
        (".5", "point", "0.5"),
        ("1'234.50", "point", "1234.50"),
        ("1.234,50 €", "comma", "1234.50"),
        ("1 234,50", "comma", "1234.50"),
        ("1,23.4", "point", None),
        ("12,50", "point", None),
        ("ten", "point", None),
        ("1e3", "point", None),
        ("", "point", None),
        (".", "point", None),
    ],
)
def test_numbers_with_signs_thousands_and_brackets(
    text: str, mark: DecimalMark, found: str | None
) -> None:
    value = number_of(text, style(decimals=mark))
    assert value == (None if found is None else Decimal(found))
