"""What can be set per organisation: facts about the company, and behaviour nobody is sure of."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Literal, cast

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

Country = Literal["US", "GB", "CA", "AU"]
TaxMode = Literal["none", "manual", "ast", "codes"]

CURRENCIES: dict[str, str] = {"US": "USD", "GB": "GBP", "CA": "CAD", "AU": "AUD"}
CURRENCY_NAMES: dict[str, str] = {
    "USD": "United States Dollar",
    "GBP": "British Pound Sterling",
    "CAD": "Canadian Dollar",
    "AUD": "Australian Dollar",
    "EUR": "Euro",
    "NZD": "New Zealand Dollar",
}


class Settings(BaseModel):
    """An organisation's company facts and the switches for what no primary source confirms.

    The first value of a switch is the default. `PUT /_sim/organisation` takes any subset.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # The company
    country: Country = "US"
    currency: str = Field(default="", pattern=r"^([A-Z]{3})?$")
    tax_mode: TaxMode = "manual"
    """`none` (US, sales tax not set up), `manual` (US without AST), `ast` (US, automated),
    `codes` (outside the US: each line needs a tax code's id)."""
    ast_percent: Decimal = Decimal("8.25")
    lock_date: date | None = None
    """Books are closed up to and including this day."""
    refuse_duplicate_numbers: bool = False
    plan_limit: int | None = Field(default=None, ge=0)
    """Data-out calls (reads, queries, CDC) a calendar month; above it 429."""
    custom_numbers: bool = False
    """Preferences.SalesFormsPrefs.CustomTxnNumbers: an omitted DocNumber stays empty."""
    multicurrency: bool = False
    allow_discount: bool = True
    use_account_numbers: bool = True
    time_zone: str = "America/Los_Angeles"
    company_status: Literal["active", "lapsed"] = "active"

    # OAuth
    refresh_grace: float = Field(default=0, ge=0)
    """Seconds the previous refresh token still works after its value changed."""
    consent_days: float = Field(default=5 * 365, gt=0)
    """A consent ends then, however often its token is refreshed."""
    rotate_every_refresh: bool = False
    reuse_revokes_grant: bool = False
    code_lifetime_seconds: float = Field(default=600, gt=0)
    reauthorize_invalidates: bool = False
    invalid_grant_body: Literal["described", "bare"] = "described"
    revoke_unknown_status: Literal[400, 200] = 400
    wrong_realm_status: Literal[403, 401] = 403

    # Requests
    requestid_honoured: bool = True
    requestid_replays_faults: bool = False
    requestid_other_payload: Literal["replay", "refuse"] = "replay"
    requestid_retention_seconds: float | None = Field(default=None, ge=0)
    unknown_properties: Literal["refuse", "ignore"] = "refuse"
    without_accept: Literal["xml", "json"] = "xml"
    batch_order: Literal["given", "reversed", "shuffled"] = "given"
    lapsed_http_status: Literal[400, 200] = 400

    # Names
    duplicate_name_detail: Literal["text", "id", "null"] = "text"
    language: Literal["en", "fr"] = "en"
    missing_name_code: Literal["2020", "6080"] = "2020"
    bad_name_code: Literal["6000", "2040"] = "6000"
    company_name_limit: Literal[100, 50] = 100
    person_name_limit: Literal[100, 25] = 100
    delete_name_list: Literal["500", "2010"] = "500"
    deleted_suffix_repeat: Literal["numbered", "same"] = "numbered"
    reactivate_strips_suffix: bool = False
    edit_inactive: Literal["refuse", "allow"] = "refuse"
    merged_customer: Literal["inactive", "not_found"] = "inactive"

    # Items and invoices
    wrong_account_type: Literal["6430", "6000", "2500"] = "6430"
    inactive_reference: Literal["2500", "610"] = "2500"
    amount_mismatch: Literal["6070", "6000"] = "6070"
    closed_period_code: Literal["6200", "6210"] = "6200"
    delete_paid_invoice: Literal["refuse", "allow"] = "refuse"
    void_paid_invoice: Literal["refuse", "allow"] = "refuse"
    edit_paid_invoice: Literal["allow", "refuse"] = "allow"
    """`refuse`: its payment was deposited, and another amount is refused with 6540."""
    tax_not_set_up: Literal["6000", "6100", "ignore"] = "6000"
    tax_rounding: Literal["total", "line"] = "total"
    line_without_item: Literal["refuse", "default_item"] = "refuse"

    # Queries
    max_results_over_cap: Literal["clamp", "error"] = "clamp"
    projection: Literal["ignore", "apply"] = "ignore"
    sku_in_star: bool = False
    query_lag_seconds: float = Field(default=0, ge=0)

    @field_validator("country", mode="before")
    @classmethod
    def _country_code(cls, value: object) -> object:
        code = value.upper() if isinstance(value, str) else value
        return {"UK": "GB", "USA": "US"}.get(cast(str, code), code)

    @model_validator(mode="before")
    @classmethod
    def _by_country(cls, value: object) -> object:
        """What a country implies unless it is said: its currency, and codes outside the US."""
        if not isinstance(value, dict):
            return value
        given = cast("dict[str, object]", value)
        code = cls._country_code(given.get("country", "US"))
        filled = dict(given)
        if not filled.get("currency"):
            filled["currency"] = CURRENCIES.get(cast(str, code), "USD")
        if filled.get("tax_mode") is None:
            filled["tax_mode"] = "manual" if code == "US" else "codes"
        return filled

    def changed(self, changes: dict[str, object]) -> Settings:
        """With `changes` on top; another country brings its own currency and tax mode.

        Raises pydantic.ValidationError naming the field.
        """
        now: dict[str, object] = self.model_dump()
        if "country" in changes and self._country_code(changes["country"]) != self.country:
            now.pop("currency")
            now.pop("tax_mode")
        return Settings.model_validate(now | changes)
