import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from local_stack.child_process import LogFile, ProcessFailedError, Program
from local_stack.watched_process import WatchedProcess, pause_before_start


@pytest.fixture
def log(tmp_path: Path) -> Iterator[LogFile]:
    log = LogFile(tmp_path / "worker.log")
    yield log
    log.close()


def _watch(log: LogFile, script: str, said: list[str], ready: bool) -> WatchedProcess:
    program = Program("worker", (sys.executable, "-c", script), dict(os.environ), stop_within=5)
    return WatchedProcess(
        "worker",
        lambda: program,
        lambda: None,
        lambda: ready,
        log,
        said.append,
        lambda: None,
        ready_within=1.0,
    )


def test_pauses_grow_to_five_seconds() -> None:
    pauses = [pause_before_start(ends) for ends in (1, 2, 3, 4, 5, 6, 7, 8, 50)]
    assert pauses == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0, 5.0]


async def test_a_process_that_never_gets_ready_fails_with_its_last_words(log: LogFile) -> None:
    said: list[str] = []
    process = _watch(log, "print('no such setting'); raise SystemExit(3)", said, ready=False)
    with pytest.raises(ProcessFailedError, match=r"ended 3 times .*exit 3[\s\S]*no such setting"):
        await process.keep_running()


async def test_a_process_that_hangs_fails_by_name_after_its_time(log: LogFile) -> None:
    process = _watch(log, "import time; time.sleep(60)", [], ready=False)
    with pytest.raises(ProcessFailedError, match=r"worker isn't ready after 1 s"):
        await process.keep_running()
    await process.stop(within=1)


async def test_a_process_that_ends_again_and_again_is_said_aloud(log: LogFile) -> None:
    said: list[str] = []
    process = _watch(log, "print('boom'); raise SystemExit(1)", said, ready=True)
    process.became_ready.set()
    process.say = lambda text: _stop_after(process, said, text)
    await process.keep_running()
    assert "worker ended (exit 1); starting it again in 0.1 s" in said
    assert said[-1] == "worker has ended 3 times in a row; it said last:\nboom"


def _stop_after(process: WatchedProcess, said: list[str], text: str) -> None:
    said.append(text)
    if "in a row" in text:
        process.kill()
