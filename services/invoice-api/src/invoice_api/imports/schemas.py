"""What the API takes and shows of imports."""

from typing import Literal

from pydantic import BaseModel

from invoice_api.http.fields import DecimalText, Sent
from invoice_api.imports.columns import Field
from invoice_api.imports.values import DateOrder, DecimalMark
from invoice_api.runs.schemas import RunShown

BecomeStatus = Literal["draft", "pending", "sent"]
Dates = Literal["auto", "month_first", "day_first"]
Decimals = Literal["auto", "point", "comma"]
Result = Literal["imported", "skipped", "rejected"]


class ImportAsked(Sent):
    """How to read the file and what its invoices become. What isn't said the file itself shows."""

    status: BecomeStatus = "draft"
    dates: Dates = "auto"
    decimals: Decimals = "auto"


class ImportOptions(BaseModel):
    """What was asked, and what holds where nobody says."""

    status: BecomeStatus = "draft"
    dates: Dates = "auto"
    decimals: Decimals = "auto"
    dates_otherwise: DateOrder = "day_first"
    """Where neither the file nor the importer says: the company's country, by its currency."""


class ReadAs(BaseModel):
    """How the file was read."""

    encoding: str
    dates: DateOrder
    decimals: DecimalMark
    columns: dict[Field, int]
    columns_not_used: tuple[str, ...]
    width: int


class Sum(BaseModel):
    """Invoices and lines of one result, and what they come to."""

    invoices: int = 0
    lines: int = 0
    amount: DecimalText


class ReasonShown(BaseModel):
    """Why invoices were skipped or rejected, with an example."""

    result: Result
    code: str
    invoices: int
    lines: int
    example: str


class ImportShown(BaseModel):
    """An import, counted. Every line of the file is in exactly one of the three results."""

    run: RunShown
    file_name: str
    options: ImportOptions
    read_as: ReadAs | None
    lines: int
    results: dict[Result, Sum]
    reasons: tuple[ReasonShown, ...]
    report_url: str
