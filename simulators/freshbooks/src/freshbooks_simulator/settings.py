"""What can be set per organisation: facts about the business, and behaviour nobody is sure of."""

from __future__ import annotations

from datetime import date
from typing import Literal, cast

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

CURRENCIES: dict[str, str] = {
    "US": "USD",
    "CA": "CAD",
    "GB": "GBP",
    "AU": "AUD",
    "NZ": "NZD",
    "IE": "EUR",
    "DE": "EUR",
}
Role = Literal[
    "owner",
    "business_partner",
    "business_manager",
    "business_employee",
    "business_accountant",
    "contractor",
    "client",
]


class Settings(BaseModel):
    """A business's facts and the switches for what no primary source confirms.

    The first value of a switch is the default. `PUT /_sim/organisation` takes any subset. Values
    such as `422-1029` are an HTTP status and an errno.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # The business
    country: str = Field(default="US", pattern=r"^[A-Z]{2}$")
    currency: str = Field(default="", pattern=r"^([A-Z]{3})?$")
    tax_mode: Literal["lines"] = "lines"
    """Taxes are always names and percentages on the lines."""
    lock_date: date | None = None
    """Kept, and without effect: no closed period is known for invoices."""
    refuse_duplicate_numbers: bool = True
    plan_limit: int | None = Field(default=None, ge=0)
    """`client.limit` in users/me: active clients the plan allows."""
    time_zone: str = "America/New_York"
    advanced_accounting: bool = True
    subscription: Literal["active", "active_trial", "cancelled", "suspended"] = "active"
    role: Role = "owner"
    """Of everybody who connects to this organisation."""
    account_missing: bool = False
    """The membership has no account_id (a client-only identity)."""

    # OAuth
    refresh_grace: float = Field(default=0, ge=0)
    """Seconds a used refresh token still works."""
    reuse_revokes_grant: bool = False
    old_access_dies_on_refresh: bool = False
    second_consent_kills_first: bool = False
    refresh_reuses_created_at: bool = False
    """A refresh while the access token lives keeps created_at, with expires_in what is left."""
    code_lifetime_seconds: float = Field(default=300, gt=0)
    pkce_checked: bool = True
    scope_refusal: Literal["redirect", "page"] = "redirect"
    enabled_scopes: tuple[str, ...] = ()
    """Scopes enabled on the app, without `user:profile:read`; empty for all."""
    https_redirects: bool = False
    """Refuse redirect addresses that aren't https, as the developer portal does."""
    unauthenticated_body: Literal["unauthenticated", "errno1003", "invalid_token"] = (
        "unauthenticated"
    )
    missing_scope_body: Literal["errno1003", "insufficient_scope", "message"] = "errno1003"
    ledger_scope: Literal["journal_entries", "account", "none"] = "journal_entries"
    wrong_account: Literal["404-1012", "403-1003", "401-1003"] = "404-1012"
    inactive_account: Literal["403-1042", "401-1042", "422-1042", "402-1042"] = "403-1042"
    inactive_blocks: Literal["all", "writes"] = "all"

    # Errors
    error_form: Literal["list", "object", "rpc"] = "list"
    """`response.errors` as a list or as one object, or google.rpc's shape of 2022 to 2024."""
    error_status_200: bool = False
    """Accounting refusals come with HTTP 200."""
    conflicts: Literal["record", "account", "never"] = "record"
    """Which writes at the same time end in 409: to one record, or in one account."""
    conflict_writers: int = Field(default=1, ge=1)
    """How many writes at the same time an account bears under `conflicts: account`."""

    # Texts
    text_limit: int | None = Field(default=255, ge=1)
    """Characters in a name, an e-mail address, a sku; above it 1017."""
    control_characters: Literal["refuse", "accept"] = "refuse"
    beyond_bmp: Literal["accept", "refuse"] = "accept"
    email_checked: bool = True

    # Clients
    organization_default: Literal["blank", "name", "name_or_email"] = "blank"
    empty_client: Literal["refuse", "accept"] = "refuse"
    client_limit_error: Literal["422-1004", "403-1003", "402-1003", "flag"] = "422-1004"
    """`flag`: the client is made and exceeds_client_limit is 1."""

    # Items
    duplicate_item_name: Literal["422-1029", "409-1029", "409-409", "422-1004", "accept"] = (
        "422-1029"
    )
    item_name_case: Literal["insensitive", "sensitive"] = "insensitive"
    item_account: Literal["put", "post_and_put", "ignored"] = "put"
    """When an item's account_uuid is taken; never without advanced accounting."""
    item_account_key: Literal["account_uuid", "income_account_id", "both", "none"] = "account_uuid"
    """Under which key a read answers it."""
    item_account_checked: Literal["422-1004", "422-1012", "404-1012", "accept"] = "422-1004"
    """An account_uuid that isn't an active income account's."""
    ledger_without_advanced: Literal["403", "404", "ok"] = "403"

    # Invoices
    create_date: Literal["required", "today"] = "required"
    invoice_without_lines: Literal["accept", "refuse"] = "accept"
    unknown_customer: Literal["404-1012", "422-1012"] = "404-1012"
    deleted_customer: Literal["422-1011", "404-1011", "404-1012", "accept"] = "422-1011"
    duplicate_number: Literal["422-1029", "409-1029", "409-409", "422-1004"] = "422-1029"
    number_case: Literal["sensitive", "insensitive"] = "sensitive"
    number_search: Literal["exact", "prefix"] = "exact"
    number_limit: int | None = Field(default=20, ge=1)
    number_charset: Literal["any", "alphanumeric"] = "any"
    """`alphanumeric` takes letters, digits and hyphens."""
    action_on_create: Literal["ignored", "honoured"] = "ignored"
    put_without_lines: Literal["keep", "clear"] = "keep"
    put_keeps_lineids: bool = False
    max_lines: int | None = Field(default=None, ge=1)
    negative_total: Literal["422-1025", "accept"] = "422-1025"
    negative_due_offset: Literal["422-1025", "422-1028", "accept"] = "422-1025"
    unknown_tax: Literal["accept", "create", "422-1012"] = "accept"
    tax_rounding: Literal["total", "line"] = "total"
    rounding: Literal["half_up", "half_even"] = "half_up"
    unit_cost_rounding: Literal["keep", "cents"] = "keep"
    edit_paid: Literal["accept", "422-1004"] = "accept"
    delete_paid: Literal["accept", "422-1004"] = "accept"

    # Lists
    list_lag_seconds: float = Field(default=0, ge=0)
    """A new record takes so long to show up in lists."""

    @field_validator("country", mode="before")
    @classmethod
    def _country_code(cls, value: object) -> object:
        code = value.upper() if isinstance(value, str) else value
        return {"UK": "GB", "USA": "US"}.get(cast(str, code), code)

    @model_validator(mode="before")
    @classmethod
    def _by_country(cls, value: object) -> object:
        """A country implies its currency unless that is said."""
        if not isinstance(value, dict):
            return value
        given = cast("dict[str, object]", value)
        code = cls._country_code(given.get("country", "US"))
        if given.get("currency"):
            return given
        return {**given, "currency": CURRENCIES.get(cast(str, code), "USD")}

    def changed(self, changes: dict[str, object]) -> Settings:
        """With `changes` on top; another country brings its own currency.

        Raises pydantic.ValidationError naming the field.
        """
        now: dict[str, object] = self.model_dump()
        if "country" in changes and self._country_code(changes["country"]) != self.country:
            now.pop("currency")
        return Settings.model_validate(now | changes)
