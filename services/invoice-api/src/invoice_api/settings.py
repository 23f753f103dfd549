"""Settings from the environment, read once and passed down."""

from typing import Annotated
from urllib.parse import urlsplit

from contracts.ids import Provider
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

ROLES = ("http", "consume", "relay", "sweep")


class Settings(BaseSettings):
    """What a process of invoice-api needs to know. A wrong value is refused by name at the start."""

    model_config = SettingsConfigDict(frozen=True, extra="ignore")

    database_url: SecretStr
    internal_key: SecretStr
    kafka_bootstrap_servers: str = "127.0.0.1:9092"
    http_host: str = "127.0.0.1"
    http_port: Annotated[int, Field(ge=0, le=65_535)] = 8000
    roles: Annotated[frozenset[str], NoDecode] = frozenset(ROLES)
    log_level: str = "info"
    sweep_seconds: Annotated[float, Field(gt=0)] = 60
    public_url: str = "http://127.0.0.1:8000"
    orchestrator_url: str = "http://127.0.0.1:8001"
    connector_urls: dict[Provider, str] = Field(default_factory=dict[Provider, str])
    signup_open: bool = True

    @field_validator("roles", mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        if not isinstance(value, str):
            return value
        names = frozenset(name.strip() for name in value.split(",") if name.strip())
        unknown = names - frozenset(ROLES)
        if unknown or not names:
            raise ValueError(f"must be some of {', '.join(ROLES)}")
        # Whoever consumes events also sweeps: each leg of the ring has both.
        return names | {"sweep"} if "consume" in names else names

    @field_validator("internal_key")
    @classmethod
    def _hex(cls, value: SecretStr) -> SecretStr:
        try:
            key = bytes.fromhex(value.get_secret_value())
        except ValueError:
            raise ValueError("must be hexadecimal") from None
        if len(key) < 16:
            raise ValueError("must have at least 32 hexadecimal digits")
        return value

    @property
    def key(self) -> bytes:
        """The key that signs calls between services."""
        return bytes.fromhex(self.internal_key.get_secret_value())

    @property
    def cookie(self) -> str:
        """The session cookie's name. Cookies don't know ports, so the name carries it."""
        address = urlsplit(self.public_url)
        port = address.port or (443 if address.scheme == "https" else 80)
        return f"tb_session_{port}"

    @property
    def secure(self) -> bool:
        """Whether people come over https."""
        return urlsplit(self.public_url).scheme == "https"
