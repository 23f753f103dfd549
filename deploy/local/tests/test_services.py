import dataclasses
import json
from pathlib import Path

import pytest

from local_stack.services import PROVIDERS, ROWS, environment, select
from local_stack.stack_plan import Secrets, StackPlan, load_secrets

SECRETS = Secrets(
    administrator_password="admin",
    role_passwords={row.package: f"password-of-{row.package}" for row in ROWS},
    internal_key="ab" * 32,
    token_keys={"k1": "cd" * 32},
    client_secret="client",
)
PLAN = StackPlan(Path("/state"), 8000, SECRETS, environment={"PATH": "/bin"})
BY_NAME = {row.name: row for row in ROWS}


def test_each_service_gets_its_own_role_and_no_other() -> None:
    settings = environment(BY_NAME["connector-qbo"], PLAN, 8002)
    assert settings["DATABASE_URL"] == (
        "postgresql://connector_qbo:password-of-connector_qbo@127.0.0.1:8009/tallybridge"
    )
    assert "password-of-invoice_api" not in str(settings)


def test_the_invoice_api_knows_every_connector() -> None:
    settings = environment(BY_NAME["invoice-api"], PLAN, 8000)
    assert json.loads(settings["CONNECTOR_URLS"]).keys() == {p.key for p in PROVIDERS}


def test_a_simulator_gets_no_secret_of_ours() -> None:
    settings = environment(BY_NAME["simulator-qbo"], PLAN, 8005)
    assert "DATABASE_URL" not in settings
    assert "INTERNAL_KEY" not in settings


def test_a_developers_own_provider_app_wins_over_the_simulators() -> None:
    own = {"QBO_ENVIRONMENT": "sandbox", "QBO_CLIENT_ID": "AB1"}
    plan = dataclasses.replace(PLAN, environment=own)
    settings = environment(BY_NAME["connector-qbo"], plan, 8002)
    assert (settings["QBO_ENVIRONMENT"], settings["QBO_CLIENT_ID"]) == ("sandbox", "AB1")


def test_overrides_reach_one_process_or_all() -> None:
    plan = dataclasses.replace(
        PLAN, overrides={"*": {"SWEEP_SECONDS": "1"}, "connector-qbo": {"ROLES": "work"}}
    )
    connector = environment(BY_NAME["connector-qbo"], plan, 8002)
    orchestrator = environment(BY_NAME["sync-orchestrator"], plan, 8001)
    assert (connector["SWEEP_SECONDS"], connector["ROLES"]) == ("1", "work")
    assert (orchestrator["SWEEP_SECONDS"], "ROLES" in orchestrator) == ("1", False)


def test_no_two_processes_share_a_port_or_a_name() -> None:
    assert len({row.offset for row in ROWS}) == len({row.name for row in ROWS}) == len(ROWS)


def test_a_part_of_the_stack_is_named_by_process_or_package() -> None:
    assert select("qbo_simulator,kafka") == {"simulator-qbo", "kafka"}


def test_a_service_brings_its_servers_along() -> None:
    assert select("invoice-api") == {"invoice-api", "postgres", "kafka"}


def test_an_unknown_part_is_named_with_what_there_is() -> None:
    with pytest.raises(
        ValueError, match="postgress is none of connector-freshbooks, connector-qbo"
    ):
        select("postgress")


def test_secrets_stay_the_same_and_private(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    first = load_secrets(file, ("invoice_api",))
    again = load_secrets(file, ("invoice_api", "connector_qbo"))
    assert again.internal_key == first.internal_key
    assert again.role_passwords["invoice_api"] == first.role_passwords["invoice_api"]
    assert len(again.role_passwords["connector_qbo"]) == 32
    assert file.stat().st_mode & 0o777 == 0o600


def test_a_damaged_secrets_file_is_named_with_the_fix(tmp_path: Path) -> None:
    file = tmp_path / "secrets.json"
    file.write_text("{")
    with pytest.raises(ValueError, match=r"secrets\.json is damaged .* clean-state"):
        load_secrets(file, ())
