import os
import re
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack.child_process import (
    ChildProcess,
    LogFile,
    ProcessFailedError,
    Program,
    run_to_end,
)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogFile]:
    log = LogFile(tmp_path / "logs" / "worker.log")
    yield log
    log.close()


def _program(script: str, stop_within: float = 5.0) -> Program:
    argv = (sys.executable, "-u", "-c", script)
    return Program("worker", argv, dict(os.environ), stop_within=stop_within)


def test_each_line_is_logged_with_time_name_and_process(log: LogFile) -> None:
    child = ChildProcess(_program("print('one'); print('two')"), log)
    child.wait_ready(lambda: child.last_lines() == "one\ntwo", within=10)
    child.stop()
    pattern = rf"\d{{4}}-\d\d-\d\dT[\d:.]+Z worker\[{child.pid}\] (.*)"
    lines = log.path.read_text().splitlines()
    assert [re.fullmatch(pattern, line)[1] for line in lines] == ["one", "two"]  # type: ignore[index]


def test_a_process_that_ignores_its_stop_signal_is_killed_in_time(log: LogFile) -> None:
    script = (
        "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        " print('up'); time.sleep(60)"
    )
    child = ChildProcess(_program(script, stop_within=0.2), log)
    child.wait_ready(lambda: child.last_lines() == "up", within=10)
    began = time.monotonic()
    assert child.stop() == -signal.SIGKILL
    assert time.monotonic() - began < 5


def test_a_frozen_process_can_be_stopped(log: LogFile) -> None:
    child = ChildProcess(_program("print('up'); import time; time.sleep(60)"), log)
    child.wait_ready(lambda: child.last_lines() == "up", within=10)
    child.send(signal.SIGSTOP)
    assert child.stop() == -signal.SIGTERM


def test_waiting_for_a_process_that_ends_says_what_it_said(log: LogFile) -> None:
    child = ChildProcess(_program("raise SystemExit('the port is taken')"), log)
    with pytest.raises(ProcessFailedError, match=r"worker ended \(exit 1\):\nthe port is taken"):
        child.wait_ready(lambda: False, within=10)


def test_a_command_that_fails_says_what_it_said() -> None:
    with pytest.raises(ProcessFailedError, match=r"worker failed \(exit 1\):\nno such database"):
        run_to_end(_program("raise SystemExit('no such database')"), within=10)
    assert run_to_end(_program("print('done')"), within=10) == "done\n"
