"""Badges and causes as the API shows them."""

from datetime import date

from contracts.causes import Who
from contracts.ids import Provider
from contracts.sync import SyncState
from pydantic import AwareDatetime, BaseModel, ConfigDict, Field


class Shown(BaseModel):
    model_config = ConfigDict(frozen=True)


def _empty(value: object) -> bool:
    return not value


class FixShown(Shown):
    """A button that mends a cause: the `fields` its action takes, first `values` of some."""

    action: str
    label: str
    fields: tuple[str, ...] = ()
    values: dict[str, str] = Field(default_factory=dict[str, str], exclude_if=_empty)


class LinkButtonShown(Shown):
    """A button that posts nothing."""

    target: str
    label: str


class DetailsShown(Shown):
    """The provider's own words, never shown unasked."""

    provider_code: str | None = None
    provider_message: str | None = None
    trace_id: str | None = None
    sync_id: str | None = None
    attempt: int | None = None


class CauseShown(Shown):
    code: str
    group: str
    who: Who
    title: str
    sentence: str
    fixes: tuple[FixShown, ...]
    links: tuple[LinkButtonShown, ...] = ()
    details: DetailsShown = DetailsShown()
    also: tuple["CauseShown", ...] = ()


class IgnoredShown(Shown):
    """Who told us to leave a record alone, why and when."""

    by: str | None = None
    why: str | None = None
    at: AwareDatetime | None = None


class BadgeShown(Shown):
    """A record's badge in one connection; `label` is what the page shows."""

    state: SyncState
    label: str
    provider: Provider
    remote_id: str | None = None
    remote_url: str | None = None
    remote_number: str | None = None
    synced_at: AwareDatetime | None = None
    cause: CauseShown | None = None
    actions: tuple[str, ...] = ()
    total_there: str | None = Field(default=None, exclude_if=_empty)
    """What the record comes to in the provider's books, where it said so."""
    date_there: date | None = Field(default=None, exclude_if=_empty)
    """The day an invoice is dated there, where that isn't its own."""
    version_there: int | None = Field(default=None, exclude=True)
    """Our version of the record that the provider holds; for our own pages alone."""


class LinkShown(Shown):
    """A record's counterpart at a provider."""

    provider: Provider
    remote_id: str
    remote_url: str | None = None
    remote_number: str | None = None


class SyncAnswer(Shown):
    """202: work goes on; the badge as it is now."""

    sync: BadgeShown
