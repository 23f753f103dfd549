"""What one local stack is: its folder, its ports, its secrets, what differs from the default."""

from __future__ import annotations

import json
import os
import secrets as random_source
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import cast

DATABASE = "tallybridge"
POSTGRES_OFFSET = 9
KAFKA_OFFSET = 8
KAFKA_CONTROLLER_OFFSET = 10
FURTHER_INSTANCES_OFFSET = 11


@dataclass(frozen=True)
class Secrets:
    """Made at random for a new folder, kept in it (mode 0600)."""

    administrator_password: str
    role_passwords: Mapping[str, str]
    internal_key: str
    token_keys: Mapping[str, str]
    client_secret: str


@dataclass(frozen=True)
class StackPlan:
    """Everything the table of services may build an environment from."""

    state: Path
    first_port: int
    secrets: Secrets
    time_scale: float = 1.0
    """Windows, server time-outs and Retry-After of connectors and simulators alike."""
    durable: bool = True
    overrides: Mapping[str, Mapping[str, str]] = field(default_factory=dict[str, dict[str, str]])
    """Process name (or `*`) -> environment settings that win over the table's."""
    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))
    """The caller's environment, which every process inherits."""

    def port(self, offset: int) -> int:
        return self.first_port + offset

    def url(self, offset: int) -> str:
        return f"http://127.0.0.1:{self.port(offset)}"

    @property
    def kafka(self) -> str:
        return f"127.0.0.1:{self.port(KAFKA_OFFSET)}"

    def database_url(self, role: str, password: str) -> str:
        return f"postgresql://{role}:{password}@127.0.0.1:{self.port(POSTGRES_OFFSET)}/{DATABASE}"

    @property
    def admin_database_url(self) -> str:
        return self.database_url("postgres", self.secrets.administrator_password)


def load_secrets(file: Path, roles: tuple[str, ...]) -> Secrets:
    """Read the folder's secrets, adding those a new service lacks; made at the first start.

    Raises ValueError if the file isn't ours.
    """
    known: dict[str, object] = {}
    if file.exists():
        try:
            known = json.loads(file.read_text())
            passwords = dict(_texts(known, "role_passwords"))
            keys = dict(_texts(known, "token_keys"))
        except (ValueError, TypeError) as broken:
            raise ValueError(
                f"{file} is damaged ({broken}); `make clean-state` starts anew"
            ) from broken
    else:
        passwords, keys = {}, {"k1": random_source.token_hex(32)}
    for role in roles:
        passwords.setdefault(role, random_source.token_hex(16))
    loaded = Secrets(
        administrator_password=_text(known, "administrator_password"),
        role_passwords=passwords,
        internal_key=_text(known, "internal_key"),
        token_keys=keys,
        client_secret=_text(known, "client_secret"),
    )
    write_private(file, json.dumps(asdict(loaded), indent=2))
    return loaded


def write_private(file: Path, text: str) -> None:
    """Replace a file at once with one that only its owner may read."""
    draft = file.with_name(f".{file.name}.new")
    with os.fdopen(os.open(draft, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600), "w") as out:
        out.write(text)
    draft.replace(file)


def _text(known: Mapping[str, object], name: str) -> str:
    return str(known[name]) if name in known else random_source.token_hex(32)


def _texts(known: Mapping[str, object], name: str) -> Mapping[str, str]:
    value = known.get(name)
    if not isinstance(value, dict):
        raise TypeError(f"{name} is missing")
    return {key: str(text) for key, text in cast("dict[str, object]", value).items()}
