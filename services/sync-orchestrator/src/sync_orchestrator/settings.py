"""What the process is told by its environment."""

from typing import Literal

from pydantic import SecretStr, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

Role = Literal["http", "consume", "relay", "sweep"]
ALL_ROLES: tuple[Role, ...] = ("http", "consume", "relay", "sweep")


class Settings(BaseSettings):
    """Environment variables by the names of the fields; a missing or wrong one is named."""

    model_config = SettingsConfigDict(extra="ignore")

    database_url: SecretStr
    kafka_bootstrap_servers: str
    internal_key: SecretStr
    invoice_api_url: str
    http_host: str = "127.0.0.1"
    http_port: int = 8001
    roles: str = ",".join(ALL_ROLES)
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    sweep_seconds: float = 60.0

    @field_validator("roles")
    @classmethod
    def _known(cls, value: str) -> str:
        unknown = [role for role in _split(value) if role not in ALL_ROLES]
        if unknown or not _split(value):
            known = ", ".join(ALL_ROLES)
            raise ValueError(f"must be some of {known}, separated by commas")
        return value

    @field_validator("sweep_seconds")
    @classmethod
    def _positive(cls, value: float) -> float:
        if value <= 0:
            raise ValueError("must be more than 0 seconds")
        return value

    @property
    def active_roles(self) -> frozenset[str]:
        return frozenset(_split(self.roles))


def _split(value: str) -> list[str]:
    return [role.strip() for role in value.split(",") if role.strip()]
