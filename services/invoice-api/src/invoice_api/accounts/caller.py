"""Who is calling, and what their role lets them do."""

from dataclasses import dataclass, field
from typing import Literal
from zoneinfo import ZoneInfo

from contracts.ids import CompanyId, UserId

from invoice_api.accounts.schemas import Role


@dataclass(frozen=True)
class Company:
    """The company a call belongs to. Dates are its dates."""

    id: CompanyId
    name: str
    time_zone: str
    currency: str

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)


@dataclass(frozen=True)
class Caller:
    """A person (an API key acts as the one who made it), in their company."""

    company: Company
    user_id: UserId
    user_name: str
    role: Role
    via: Literal["key", "session"]
    csrf_token: str | None = None
    credential: bytes = field(default=b"", repr=False)
    """What is kept of the key or session they came with, to ask later whether it still holds."""

    @property
    def may_act(self) -> bool:
        """Whether they may change anything; a viewer only looks."""
        return self.role != "viewer"

    @property
    def owns(self) -> bool:
        return self.role in {"owner", "operator"}
