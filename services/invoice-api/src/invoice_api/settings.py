"""Settings from the environment, read once and passed down."""

from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from contracts.ids import Provider
from messaging.internal import key_from_hex
from pydantic import Field, SecretStr, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

FRONTEND = Path(__file__).resolve().parents[2] / "frontend" / "node_modules"
ROLES = ("http", "consume", "relay", "sweep", "imports", "notices")


class Settings(BaseSettings):
    """What a process of invoice-api needs to know. A wrong value is refused at the start."""

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
    smtp_host: str | None = None
    """Without a mail server notices are in the app alone."""
    smtp_port: Annotated[int, Field(gt=0, le=65_535)] = 587
    smtp_security: Literal["starttls", "tls", "none"] = "starttls"
    smtp_user: str = ""
    smtp_password: SecretStr = SecretStr("")
    smtp_from: str = "Tallybridge <no-reply@localhost>"
    assets_dir: Path = FRONTEND
    """Where npm installed what the pages load; by default this checkout's own."""

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
    def _long_hex(cls, value: SecretStr) -> SecretStr:
        key_from_hex(value.get_secret_value())
        return value

    @property
    def key(self) -> bytes:
        """The key that signs calls between services."""
        return key_from_hex(self.internal_key.get_secret_value())

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
