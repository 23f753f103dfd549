"""Books that outlive the process, and the process itself."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest

from .support import Body, Controls, build, connected, held, sale, serving, web


def test_a_state_file_keeps_books_consents_replays_settings_and_clock(tmp_path: Path) -> None:
    state = tmp_path / "deep" / "books.jsonl"
    with serving(build(state)) as base, connected(base, "Oak") as oak:
        controls = Controls(base)
        controls.put("limits", {"enforced": False})
        seeded = controls.seed(customers=[{"name": "Ann"}], items=[{"name": "Visit"}])
        item = seeded["items"][0]["id"]
        body: Body = {
            "CustomerRef": {"value": seeded["customers"][0]["id"]},
            "Line": [sale(item, 2, 10)],
        }
        first = oak.api.post("invoice", body, requestid="a/b c").json()
        gone = oak.api.create("invoice", body)
        controls.delete("invoices", gone["Id"])
        controls.set(custom_numbers=True, lock_date="2020-01-01")
        oak.auth.refresh()
        controls.post("clock", {"advance_seconds": 60})
        books = controls.books()
        controls.http.close()
    # A process that is killed may leave half a line.
    with state.open("ab") as file:
        file.write(b'["record/half')
    with serving(build(state)) as base, web(base) as http:
        controls = Controls(base)
        assert controls.books() == books
        assert controls.get("organisation", organisation="Oak")["custom_numbers"] is True
        assert controls.get("clock")["offset_seconds"] == 60
        oak.api.http = http
        assert oak.api.post("invoice", body, requestid="a/b c").json() == first
        made = oak.api.create("invoice", body)
        assert int(made["Id"]) == int(gone["Id"]) + 1
        assert oak.api.query("select count(*) from Invoice") == {"totalCount": 2}
        tokens = {"grant_type": "refresh_token", "refresh_token": held(oak.auth, "refresh_token")}
        answer = http.post("/oauth2/v1/tokens/bearer", data=tokens, auth=("app", "secret"))
        assert answer.status_code == 200
        controls.post("reset")
        controls.http.close()
    with serving(build(state)) as base, web(base) as http:
        assert http.get("/_sim/books").json() == []


def test_the_module_serves_until_it_is_told_to_stop(tmp_path: Path) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "qbo_simulator", "--port", str(port)]
    command += ["--state", str(tmp_path / "books.jsonl"), "--client", "app:secret"]
    with subprocess.Popen(command, stderr=subprocess.PIPE) as process, web() as http:
        deadline = time.monotonic() + 20
        ready = False
        while not ready and time.monotonic() < deadline:
            try:
                ready = http.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
            except httpx.TransportError:
                assert process.poll() is None
        assert ready
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) in (0, -signal.SIGTERM)


@pytest.mark.parametrize("arguments", [[], ["--port", "x"], ["--port", "1", "--client", "app"]])
def test_wrong_arguments_are_explained(arguments: list[str]) -> None:
    command = [sys.executable, "-m", "qbo_simulator", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "usage: qbo_simulator" in done.stderr
