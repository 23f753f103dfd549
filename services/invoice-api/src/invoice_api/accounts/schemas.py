"""What the API takes and shows of companies, people and keys."""

from typing import Annotated, Literal
from zoneinfo import available_timezones

from contracts.ids import CompanyId, UserId
from pydantic import AfterValidator, AwareDatetime, BaseModel, StringConstraints
from pydantic_core import PydanticCustomError

from invoice_api.http.fields import CurrencyCode, Email, Name, Sent

Role = Literal["owner", "office", "viewer", "operator"]


def _known_zone(value: str) -> str:
    if value not in available_timezones():
        raise PydanticCustomError("time_zone", "must be a time zone, such as America/New_York")
    return value


def _long_enough(value: str) -> str:
    if len(value) < 8:
        raise PydanticCustomError("password", "must have at least 8 characters")
    return value


TimeZone = Annotated[str, AfterValidator(_known_zone)]
Password = Annotated[str, StringConstraints(max_length=1_000), AfterValidator(_long_enough)]


class SignUp(Sent):
    company_name: Name
    email: Email
    password: Password
    time_zone: TimeZone = "UTC"
    currency: CurrencyCode = "USD"


class SignedUp(BaseModel):
    """The only time the API key is shown."""

    company_id: CompanyId
    user_id: UserId
    api_key: str


class LogIn(Sent):
    email: Annotated[str, StringConstraints(max_length=254)]
    password: Annotated[str, StringConstraints(max_length=1_000)]


class CompanyShown(BaseModel):
    id: CompanyId
    name: str
    time_zone: str
    currency: str


class SessionShown(BaseModel):
    """Who is calling. `csrf_token` goes into `X-CSRF-Token` of writes that a session makes."""

    company: CompanyShown
    user_id: UserId
    user_name: str
    role: Role
    csrf_token: str | None


class NewApiKey(Sent):
    name: Name


class ApiKeyShown(BaseModel):
    """`api_key` is there in the answer to making it and never again."""

    id: str
    name: str
    shown: str
    user_id: UserId
    created_at: AwareDatetime
    api_key: str | None = None


class ApiKeysShown(BaseModel):
    data: tuple[ApiKeyShown, ...]
    next_cursor: str | None = None
