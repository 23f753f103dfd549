"""What the API takes and shows of tax rates."""

from decimal import Decimal
from typing import Annotated

from contracts.ids import TaxRateId
from pydantic import AfterValidator, AwareDatetime, BaseModel, StringConstraints
from pydantic_core import PydanticCustomError

from invoice_api.http.fields import DecimalText, Name, Sent


def _percent(value: Decimal) -> Decimal:
    exponent = value.normalize().as_tuple().exponent
    if not 0 <= value <= 100 or (isinstance(exponent, int) and exponent < -4):
        raise PydanticCustomError(
            "percent", 'must be a percentage from "0" to "100" with up to 4 digits after the point'
        )
    return value


Percent = Annotated[DecimalText, AfterValidator(_percent)]


class NewTaxRate(Sent):
    """A name that no other rate of the company has, and its percentage."""

    name: Annotated[Name, StringConstraints(max_length=100, strip_whitespace=True)]
    percent: Percent


class TaxRateShown(BaseModel):
    id: TaxRateId
    name: str
    percent: DecimalText
    created_at: AwareDatetime


class TaxRatesShown(BaseModel):
    data: tuple[TaxRateShown, ...]
    next_cursor: str | None
