"""What the API takes and shows of the people in a company."""

from typing import Annotated, Literal

from contracts.ids import UserId
from pydantic import AwareDatetime, BaseModel, StringConstraints

from invoice_api.accounts.schemas import Password, Role
from invoice_api.http.fields import Email, Name, Sent

PersonStatus = Literal["active", "invited", "left"]


class NewUser(Sent):
    """Someone new. Without a password they are invited: the answer holds the link, this once."""

    email: Email
    name: Name | None = None
    role: Role
    password: Password | None = None


class UserChanges(Sent):
    """Just the fields that change. `invite` makes a new link to choose a password by."""

    name: Name = ""
    role: Role = "viewer"
    active: bool = True
    invite: bool = False


class Invitation(BaseModel):
    """Where someone chooses their password; shown once, good once."""

    url: str
    expires_at: AwareDatetime


class UserShown(BaseModel):
    id: UserId
    email: str
    name: str
    role: Role
    status: PersonStatus
    created_at: AwareDatetime
    invitation: Invitation | None = None


class UsersShown(BaseModel):
    data: tuple[UserShown, ...]
    next_cursor: str | None = None


class AcceptInvitation(Sent):
    token: Annotated[str, StringConstraints(max_length=200)]
    password: Password
    name: Name | None = None


class NewPassword(Sent):
    current_password: Annotated[str, StringConstraints(max_length=1_000)]
    password: Password
