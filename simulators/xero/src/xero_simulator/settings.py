"""What can be set per organisation: facts about the company, and behaviour nobody is sure of."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal, cast

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Country = Literal["US", "GB", "NZ", "AU"]
TaxMode = Literal["none", "standard"]

CURRENCIES: dict[str, str] = {"US": "USD", "GB": "GBP", "NZ": "NZD", "AU": "AUD"}
TIME_ZONES: dict[str, str] = {
    "US": "America/New_York",
    "GB": "Europe/London",
    "NZ": "Pacific/Auckland",
    "AU": "Australia/Sydney",
}


class Settings(BaseModel):
    """An organisation's facts and the switches for what no primary source confirms.

    The first value of a switch is the default. `PUT /_sim/organisation` takes any subset; what
    concerns tokens is read from the organisation a token reaches, else from the defaults.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # The organisation
    country: Country = "US"
    currency: str = Field(default="", pattern=r"^([A-Z]{3})?$")
    currencies: list[str] = Field(default_factory=list[str])
    """Subscribed to, besides its own."""
    tax_mode: TaxMode = "none"
    """Which tax its own accounts fill in where a line says none: no tax, or the country's."""
    tax_percent: Decimal | None = Field(default=None, ge=0, le=100)
    """Of sales, instead of the country's usual rate."""
    lock_date: date | None = None
    """Nothing dated on or before this day may be approved or changed."""
    end_of_year_lock_date: date | None = None
    lock_drafts: bool = False
    plan_limit: int | None = Field(default=None, ge=0)
    """Invoices that may be approved in a calendar month."""
    refuse_duplicate_numbers: bool = True
    time_zone: str = ""
    organisation_status: Literal["active", "offline"] = "active"

    # Tokens and connections
    refresh_grace: float = Field(default=1800, ge=0)
    """Seconds a refresh token still works after its first use."""
    grace_answer: Literal["new", "same"] = "new"
    """Whether a refresh repeated within the grace brings a new refresh token or the same again."""
    code_lifetime_seconds: float = Field(default=300, gt=0)
    connection_id_on_reconnect: Literal["new", "same"] = "new"
    redirect_rule: Literal["any", "https_or_localhost"] = "any"
    """The real one takes no http address but localhost; a local stack lives on 127.0.0.1."""
    scopes_offered: Literal["any", "granular", "broad"] = "any"
    items_write_scope: Literal["settings", "either"] = "settings"
    """`either`: accounting.invoices will do for items too."""
    insufficient_scope_word: Literal["insufficient_scope", "insufficent_scope"] = (
        "insufficient_scope"
    )
    bad_client_status: Literal[400, 401] = 400
    bad_client_error: Literal["invalid_client", "unauthorized_client"] = "invalid_client"
    deny_description: str = ""

    # Requests
    without_accept: Literal["xml", "json"] = "xml"
    idempotency_seconds: float = Field(default=360, ge=0)
    idempotency_envelope: Literal["message", "elements"] = "message"
    idempotency_marker: str = ""
    """Name of a header on replayed answers; none if empty."""
    summarized_partial_save: bool = True
    """Whether the good elements of a request refused as a whole (400) are saved all the same."""
    batch_order: Literal["given", "reversed"] = "given"
    unknown_id: Literal["not_found", "element"] = "not_found"
    modified_since_empty: Literal["list", "304"] = "list"
    modified_since_boundary: Literal["inclusive", "exclusive"] = "inclusive"
    over_length: Literal["refuse", "truncate"] = "refuse"

    # Contacts
    post_matching_name: Literal["update", "refuse"] = "update"
    unarchive_by_api: Literal["refuse", "allow"] = "refuse"
    number_taken_message: str = (
        "The contact number {number} is already assigned to another contact. The contact number "
        "must be unique across all contacts."
    )
    archived_number: Literal["taken", "free"] = "taken"
    """Whether an archived contact keeps its ContactNumber to itself."""
    merge_rule: Literal["merge", "replace"] = "merge"
    """Whether phones and addresses that aren't sent stay."""
    noop_moves_updated: bool = False
    name_spaces: Literal["refuse", "trim"] = "refuse"

    # Items and invoices
    delete_used_item: Literal["tracked_only", "refuse"] = "tracked_only"
    unknown_item_message: str = "Item Code is invalid."
    item_taken_message: str = "Price List Item with Code '{code}' already exists"
    item_in_use_message: str = "This item cannot be deleted because it has transactions against it."
    reuse_dead_number: Literal["refuse", "allow"] = "refuse"
    total_mismatch: Literal["refuse", "ignore"] = "refuse"
    negative_total: Literal["refuse", "allow"] = "refuse"
    url_with_xero: Literal["refuse", "allow"] = "refuse"
    tax_ties: Literal["half_up", "half_even"] = "half_up"

    @field_validator("country", mode="before")
    @classmethod
    def _country_code(cls, value: object) -> object:
        code = value.upper() if isinstance(value, str) else value
        return {"UK": "GB", "USA": "US"}.get(cast(str, code), code)

    @model_validator(mode="before")
    @classmethod
    def _by_country(cls, value: object) -> object:
        """What a country implies unless it is said: currency, time zone, and whether it taxes."""
        if not isinstance(value, dict):
            return value
        given = cast("dict[str, object]", value)
        code = cast(str, cls._country_code(given.get("country", "US")))
        filled = dict(given)
        if not filled.get("currency"):
            filled["currency"] = CURRENCIES.get(code, "USD")
        if not filled.get("time_zone"):
            filled["time_zone"] = TIME_ZONES.get(code, "UTC")
        if filled.get("tax_mode") is None:
            filled["tax_mode"] = "none" if code == "US" else "standard"
        return filled

    @property
    def subscribed(self) -> frozenset[str]:
        """Every currency a document may be in."""
        return frozenset((self.currency, *self.currencies))

    def changed(self, changes: dict[str, object]) -> Settings:
        """With `changes` on top; another country brings its own currency, zone and tax mode.

        Raises pydantic.ValidationError naming the field.
        """
        now: dict[str, object] = self.model_dump()
        if "country" in changes and self._country_code(changes["country"]) != self.country:
            for implied in ("currency", "tax_mode", "time_zone"):
                now.pop(implied)
        return Settings.model_validate(now | changes)
