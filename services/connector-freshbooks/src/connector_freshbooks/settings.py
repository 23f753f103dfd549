"""What only FreshBooks' connector needs from the environment."""

from pydantic_settings import BaseSettings, SettingsConfigDict


class FreshbooksSettings(BaseSettings):
    """`FRESHBOOKS_ITEM_ACCOUNTS=true` gives items their income account by a field that no page of
    FreshBooks' shows. Off, accounts aren't offered and FreshBooks books sales by itself."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore", env_prefix="FRESHBOOKS_")

    item_accounts: bool = False
