"""The process itself: `python -m` its package, `migrate`, then `run`."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence

import httpx
from testkit import TestDatabase, eventually

from connector_conformance.simulator import free_port
from connector_conformance.subject import ConformanceSubject

_SECRET = "canary-secret"


def _environment(
    subject: ConformanceSubject, database: TestDatabase, port: int, simulator_url: str
) -> dict[str, str]:
    prefix = subject.provider.name.upper()
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": database.dsn(subject.package),
        "INTERNAL_KEY": "ab" * 32,
        "TOKEN_KEYS": '{"k1": "' + "cd" * 32 + '"}',
        "HTTP_PORT": str(port),
        "ROLES": "http,work",
        "PUBLIC_URL": f"http://127.0.0.1:{port}",
        "WEB_URL": "http://127.0.0.1:8000",
        f"{prefix}_ENVIRONMENT": "simulator",
        f"{prefix}_SIMULATOR_URL": simulator_url,
        f"{prefix}_CLIENT_ID": "app",
        f"{prefix}_CLIENT_SECRET": _SECRET,
        "TIME_SCALE": "0.01",
    }


def _started(package: str, command: str, env: dict[str, str]) -> "subprocess.Popen[bytes]":
    program = [sys.executable, "-m", package, command]
    return subprocess.Popen(program, env=env, stderr=subprocess.PIPE)


def _ran(package: str, command: str, env: dict[str, str]) -> tuple[int, bytes]:
    """The exit code and what it wrote to stderr."""
    process = _started(package, command, env)
    _, said = process.communicate(timeout=60)
    return process.returncode, said


class ProcessConformance:
    """A connector as it is deployed."""

    async def test_it_migrates_serves_and_ends_when_asked(
        self,
        subject: ConformanceSubject,
        new_database: Callable[[Sequence[str]], TestDatabase],
        simulator_url: str,
    ) -> None:
        port = free_port()
        env = _environment(subject, new_database([subject.package]), port, simulator_url)
        for _ in range(2):
            code, said = _ran(subject.package, "migrate", env)
            assert code == 0, said.decode()
        process = _started(subject.package, "run", env)
        try:
            async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:

                async def ready() -> None:
                    paths = ("/livez", "/readyz", "/metrics")
                    try:
                        answers = [await http.get(path) for path in paths]
                    except httpx.TransportError as error:
                        raise AssertionError(str(error)) from error
                    assert [answer.status_code for answer in answers] == [200, 200, 200]

                await eventually(ready, within=60)
                forged = await http.get("/connect", params={"ticket": "forged"})
                assert forged.headers["location"].endswith("connect=connect_link_expired")
                unsigned = await http.post("/internal/v1/disconnect", json={})
                assert unsigned.status_code in (401, 422)
            process.send_signal(signal.SIGTERM)
            _, said = process.communicate(timeout=30)
        finally:
            process.kill()
            process.wait()
        assert process.returncode == 0, said.decode()
        assert _SECRET.encode() not in said

    def test_real_hosts_refuse_a_scaled_clock(
        self,
        subject: ConformanceSubject,
        new_database: Callable[[Sequence[str]], TestDatabase],
    ) -> None:
        env = _environment(subject, new_database([subject.package]), 0, "")
        env |= {f"{subject.provider.name.upper()}_ENVIRONMENT": "production"}
        code, said = _ran(subject.package, "run", env)
        assert code == 2
        assert b"TIME_SCALE" in said
