"""endpoints.json: where everything is, for people, scripts and tests."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TypedDict, cast

from local_stack.services import PROVIDERS, ROWS
from local_stack.stack_plan import StackPlan, write_private

FILE = "endpoints.json"
DEMO_FILE = "demo.json"


class Login(TypedDict):
    """The demo company's owner."""

    email: str
    password: str


class Endpoints(TypedDict):
    """What the file holds. `api_key` and `login` are empty where no invoice-api runs."""

    web: str
    api_key: str
    login: Login
    services: dict[str, str]
    simulators: dict[str, str]
    database_url: str
    kafka: str
    pids: dict[str, list[int]]


def describe(
    plan: StackPlan,
    chosen: Iterable[str],
    pids: Mapping[str, list[int]],
    demo: Mapping[str, object],
) -> Endpoints:
    """The file's content for the processes that are part of this stack."""
    names = set(chosen)
    login = demo.get("login")
    simulators = {f"simulator-{p.key}": p.key for p in PROVIDERS}
    return {
        "web": plan.url(0),
        "api_key": str(demo.get("api_key", "")),
        "login": cast("Login", login) if login else {"email": "", "password": ""},
        "services": {
            row.name: plan.url(row.offset)
            for row in ROWS
            if row.kind == "service" and row.name in names
        },
        "simulators": {
            simulators[row.name]: plan.url(row.offset)
            for row in ROWS
            if row.kind == "simulator" and row.name in names
        },
        "database_url": plan.admin_database_url if "postgres" in names else "",
        "kafka": plan.kafka if "kafka" in names else "",
        "pids": {name: list(ids) for name, ids in pids.items()},
    }


def write(state: Path, endpoints: Endpoints) -> None:
    """Replace the file at once: a reader sees the old or the new one, never half of one."""
    write_private(state / FILE, json.dumps(endpoints, indent=2) + "\n")


def read(state: Path) -> Endpoints:
    """What the running stack wrote. Raises FileNotFoundError while it isn't ready."""
    return cast("Endpoints", json.loads((state / FILE).read_text()))


def read_demo(state: Path) -> Mapping[str, object]:
    """The demo company's log-in and API key; empty before it was made."""
    try:
        return cast("Mapping[str, object]", json.loads((state / DEMO_FILE).read_text()))
    except FileNotFoundError:
        return {}
