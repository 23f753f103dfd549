"""A connector's settings from the environment, read once and passed down."""

import math
from typing import Annotated

from contracts.ids import Provider as ProviderName
from messaging.internal import key_from_hex
from pydantic import Field, SecretStr, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from connector_kit.provider import Environment

ROLES = ("http", "consume", "relay", "work")
_SAFE_MARGIN = 30.0


class ProviderSettings(BaseSettings):
    """What the environment says of the provider, under its own prefix: `QBO_ENVIRONMENT`, …"""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    environment: Environment = "simulator"
    simulator_url: str = ""
    client_id: str
    client_secret: SecretStr
    regime: str | None = None
    """The metering regime, where the provider has several; its own default otherwise."""

    @model_validator(mode="after")
    def _simulator_has_an_address(self) -> "ProviderSettings":
        if self.environment == "simulator" and not self.simulator_url:
            raise ValueError("SIMULATOR_URL: the environment simulator needs the simulator's URL")
        return self


class KitSettings(BaseSettings):
    """What a process of any connector needs to know. A wrong value is refused at the start."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    database_url: SecretStr
    internal_key: SecretStr
    token_keys: dict[str, SecretStr]
    """Master keys for tokens by name, 64 hex digits each, the newest last."""

    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65_535)] = 8002
    roles: Annotated[frozenset[str], NoDecode] = frozenset(ROLES)
    log_level: str = "info"
    sweep_seconds: Annotated[float, Field(gt=0)] = 60
    public_url: str = "http://127.0.0.1:8002"
    web_url: str = "http://127.0.0.1:8000"
    time_scale: Annotated[float, Field(gt=0)] = 1.0
    quiet_margin_seconds: Annotated[float, Field(ge=0)] = _SAFE_MARGIN
    """What is added to the provider's own times before an absence proves anything."""

    @field_validator("roles", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        names = frozenset(name.strip() for name in value.split(",") if name.strip())
        if not names or names - frozenset(ROLES):
            raise ValueError(f"must be some of {', '.join(ROLES)}")
        return names

    @field_validator("internal_key")
    @classmethod
    def _long_hex(cls, value: SecretStr) -> SecretStr:
        key_from_hex(value.get_secret_value())
        return value

    @field_validator("token_keys")
    @classmethod
    def _keys_of_32_bytes(cls, value: dict[str, SecretStr]) -> dict[str, SecretStr]:
        if not value:
            raise ValueError('must name a key: {"k1": "<64 hex digits>"}')
        for name, secret in value.items():
            try:
                key = bytes.fromhex(secret.get_secret_value())
            except ValueError:
                key = b""
            if len(key) != 32:
                raise ValueError(f"key {name} must be 64 hex digits: `openssl rand -hex 32`")
        return value

    @property
    def key(self) -> bytes:
        """The key that signs calls between services."""
        return key_from_hex(self.internal_key.get_secret_value())

    @property
    def master_keys(self) -> dict[str, bytes]:
        return {n: bytes.fromhex(k.get_secret_value()) for n, k in self.token_keys.items()}

    def refuse_for(self, environment: Environment) -> None:
        """Times that are only for a simulator are refused with real hosts.

        Raises:
            ValueError: TIME_SCALE isn't 1, or QUIET_MARGIN_SECONDS is below 30.
        """
        if environment == "simulator":
            return
        if not math.isclose(self.time_scale, 1.0):
            raise ValueError("TIME_SCALE: must be 1 with a real provider")
        if self.quiet_margin_seconds < _SAFE_MARGIN:
            raise ValueError(f"QUIET_MARGIN_SECONDS: must be {_SAFE_MARGIN:g} or more")


def provider_settings(name: ProviderName) -> ProviderSettings:
    """The provider's settings, under its name in capitals.

    Raises:
        pydantic.ValidationError: a value is missing or wrong.
    """
    return ProviderSettings(_env_prefix=f"{name.upper()}_")  # pyright: ignore[reportCallIssue]  # the environment fills it
