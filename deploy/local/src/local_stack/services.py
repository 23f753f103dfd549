"""The table of processes. A new provider is one row of PROVIDERS, a new service one of SERVICES."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from local_stack.stack_plan import StackPlan

# Where the caller's environment wins over the table; what the table doesn't name is inherited.
_OPEN_SETTINGS = ("SIGNUP_OPEN",)
_OPEN_PROVIDER_SETTINGS = ("ENVIRONMENT", "CLIENT_ID", "CLIENT_SECRET")


@dataclass(frozen=True)
class Row:
    """One process: `name` in endpoints and messages, `package` to run, port offset, settings."""

    name: str
    package: str
    kind: Literal["service", "simulator"]
    offset: int
    settings: Callable[[StackPlan], Mapping[str, str]]
    provider: str | None = None


@dataclass(frozen=True)
class Provider:
    """An accounting provider: its connector's and its simulator's port offsets."""

    key: str
    connector_offset: int
    simulator_offset: int


PROVIDERS = (
    Provider("qbo", connector_offset=2, simulator_offset=5),
    Provider("xero", connector_offset=3, simulator_offset=6),
    Provider("freshbooks", connector_offset=4, simulator_offset=7),
)

_INVOICE_API = 0
_ORCHESTRATOR = 1


def _invoice_api(plan: StackPlan) -> Mapping[str, str]:
    connectors = {p.key: plan.url(p.connector_offset) for p in PROVIDERS}
    return {
        "PUBLIC_URL": plan.url(_INVOICE_API),
        "ORCHESTRATOR_URL": plan.url(_ORCHESTRATOR),
        "CONNECTOR_URLS": json.dumps(connectors),
        "SIGNUP_OPEN": "true",
    }


def _orchestrator(plan: StackPlan) -> Mapping[str, str]:
    return {"INVOICE_API_URL": plan.url(_INVOICE_API)}


def _connector(provider: Provider) -> Row:
    prefix = provider.key.upper()

    def settings(plan: StackPlan) -> Mapping[str, str]:
        own = {
            "PUBLIC_URL": plan.url(provider.connector_offset),
            "WEB_URL": plan.url(_INVOICE_API),
            "TOKEN_KEYS": json.dumps(dict(plan.secrets.token_keys)),
            "TIME_SCALE": f"{plan.time_scale:g}",
            f"{prefix}_SIMULATOR_URL": plan.url(provider.simulator_offset),
            f"{prefix}_ENVIRONMENT": "simulator",
            f"{prefix}_CLIENT_ID": "tallybridge-local",
            f"{prefix}_CLIENT_SECRET": plan.secrets.client_secret,
        }
        given = (f"{prefix}_{name}" for name in _OPEN_PROVIDER_SETTINGS)
        return own | {name: plan.environment[name] for name in given if name in plan.environment}

    return Row(
        f"connector-{provider.key}",
        f"connector_{provider.key}",
        "service",
        provider.connector_offset,
        settings,
        provider.key,
    )


def _simulator(provider: Provider) -> Row:
    return Row(
        f"simulator-{provider.key}",
        f"{provider.key}_simulator",
        "simulator",
        provider.simulator_offset,
        lambda _: {},
        provider.key,
    )


SERVICES = (
    Row("invoice-api", "invoice_api", "service", _INVOICE_API, _invoice_api),
    Row("sync-orchestrator", "sync_orchestrator", "service", _ORCHESTRATOR, _orchestrator),
    *(_connector(provider) for provider in PROVIDERS),
)
ROWS = (*(_simulator(provider) for provider in PROVIDERS), *SERVICES)
SERVERS = ("postgres", "kafka")


def environment(row: Row, plan: StackPlan, port: int) -> dict[str, str]:
    """The whole environment of one instance of `row`, listening on `port`."""
    settings = {"PYTHONUNBUFFERED": "1", "HTTP_HOST": "127.0.0.1", "HTTP_PORT": str(port)}
    if row.kind == "service":
        settings |= {
            "DATABASE_URL": plan.database_url(
                row.package, plan.secrets.role_passwords[row.package]
            ),
            "KAFKA_BOOTSTRAP_SERVERS": plan.kafka,
            "INTERNAL_KEY": plan.secrets.internal_key,
        }
    settings |= row.settings(plan)
    settings |= {
        name: plan.environment[name] for name in _OPEN_SETTINGS if name in plan.environment
    }
    settings |= plan.overrides.get("*", {})
    settings |= plan.overrides.get(row.name, {})
    # A proxy for the outside must not stand between the processes of one machine.
    direct = [plan.environment.get("NO_PROXY", ""), "127.0.0.1", "localhost"]
    settings["NO_PROXY"] = settings["no_proxy"] = ",".join(filter(None, direct))
    return {**plan.environment, **settings}


def select(only: str | None) -> frozenset[str]:
    """The process names of `--only a,b` (package names will do); all of them for None.

    Raises ValueError naming what isn't in the table.
    """
    names = {row.name: row.name for row in ROWS} | {row.package: row.name for row in ROWS}
    names |= {server: server for server in SERVERS}
    if only is None:
        return frozenset(names.values())
    asked = [name.strip() for name in only.split(",") if name.strip()]
    unknown = [name for name in asked if name not in names]
    if unknown:
        known = ", ".join(sorted(set(names.values())))
        raise ValueError(f"--only: {', '.join(unknown)} is none of {known}")
    chosen = {names[name] for name in asked}
    if any(row.kind == "service" and row.name in chosen for row in ROWS):
        chosen |= set(SERVERS)
    return frozenset(chosen)
