"""Settings from the environment, read once and passed down."""

from datetime import timedelta
from typing import Annotated, Literal

from messaging.internal import key_from_hex
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROLES = ("http", "consume", "relay", "sweep")


class Settings(BaseSettings):
    """What a process of the orchestrator needs to know. A wrong value is refused at the start."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    database_url: SecretStr
    internal_key: SecretStr
    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    invoice_api_url: str = "http://127.0.0.1:8000"
    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65_535)] = 8001
    roles: Annotated[frozenset[str], NoDecode] = frozenset(ROLES)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    sweep_seconds: Annotated[float, Field(gt=0)] = 60
    answer_overdue_seconds: Annotated[float, Field(gt=0)] = 900
    """How long after its time an outcome is asked for again: it was lost, or its command was."""

    @field_validator("roles", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        names = frozenset(name.strip() for name in value.split(",") if name.strip())
        if names - frozenset(ROLES) or not names:
            raise ValueError(f"must be some of {', '.join(ROLES)}")
        # Whoever consumes events also sweeps: each leg of the ring has both.
        return names | {"sweep"} if "consume" in names else names

    @field_validator("internal_key")
    @classmethod
    def _long_hex(cls, value: SecretStr) -> SecretStr:
        key_from_hex(value.get_secret_value())
        return value

    @property
    def overdue(self) -> timedelta:
        return timedelta(seconds=self.answer_overdue_seconds)

    @property
    def key(self) -> bytes:
        """The key that signs calls between services."""
        return key_from_hex(self.internal_key.get_secret_value())
