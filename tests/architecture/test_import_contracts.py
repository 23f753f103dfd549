"""The import contracts of `.importlinter` hold, and each of them bites when it is broken."""

import configparser
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path for pattern in ("libs/*/src", "services/*/src", "simulators/*/src", "deploy/local/src")
    for path in ROOT.glob(pattern)
)  # fmt: skip

SEEDS = {
    "rooms": {"invoice_api/seed_rooms.py": "import sync_orchestrator.settings\n"},
    "contracts-alone": {"contracts/seed_alone.py": "import asyncpg\n"},
    "simulators-alone": {"qbo_simulator/seed_alone.py": "import contracts.ids\n"},
    "nobody-imports-simulators": {"connector_qbo/seed_simulator.py": "import qbo_simulator\n"},
    "kit": {"invoice_api/seed_kit.py": "import connector_kit\n"},
    "shipped": {"messaging/seed_shipped.py": "import testkit\n"},
    "broker": {"sync_orchestrator/seed_broker.py": "import aiokafka\n"},
    "pure": {"sync_orchestrator/domain/seed_pure.py": "import asyncpg\n"},
    "orchestrator": {"sync_orchestrator/domain/seed_layers.py": "import sync_orchestrator.store\n"},
    "connector": {"connector_qbo/operations/seed_layers.py": "import connector_qbo.app\n"},
    "acyclic": {
        "messaging/seed_one.py": "import messaging.seed_two\n",
        "messaging/seed_two.py": "import messaging.seed_one\n",
    },
}


def _contracts() -> dict[str, str]:
    """Each contract's id and name."""
    config = configparser.ConfigParser()
    config.read(ROOT / ".importlinter")
    prefix = "importlinter:contract:"
    return {s.removeprefix(prefix): config[s]["name"] for s in config.sections() if prefix in s}


def _lint(sources: list[Path]) -> str:
    lint = Path(sys.executable).parent / "lint-imports"
    done = subprocess.run(  # the command is ours
        [str(lint), "--config", str(ROOT / ".importlinter"), "--no-cache"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sources)), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout + done.stderr


def _broken(output: str) -> set[str]:
    return {
        name for name in _contracts().values() if re.search(re.escape(name) + r" BROKEN", output)
    }


def test_the_import_contracts_hold() -> None:
    output = _lint(SOURCES)
    assert "0 broken" in output, output


def test_every_import_contract_bites(tmp_path: Path) -> None:
    assert set(SEEDS) == set(_contracts()), "every contract has a seed that must break it"
    copies: list[Path] = []
    for number, source in enumerate(SOURCES):
        copies.append(tmp_path / str(number))
        shutil.copytree(source, copies[-1])
    for files in SEEDS.values():
        for name, text in files.items():
            room = next(copy for copy in copies if (copy / name.split("/")[0]).is_dir())
            seed = room / name
            seed.parent.mkdir(parents=True, exist_ok=True)
            seed.write_text('"""A seeded violation."""\n\n' + text)
    assert _broken(_lint(copies)) == set(_contracts().values())
