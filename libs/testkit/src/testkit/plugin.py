"""The fixtures, as a pytest plugin: every package that depends on testkit has them.

TESTKIT_DOCKER=1 takes PostgreSQL and Kafka from containers instead of the embedded binaries. A
server that doesn't start fails the tests that need it; nothing is ever skipped.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack
from pathlib import Path
from typing import TypeVar

import pytest

from testkit.brokers import container_kafka, embedded_kafka
from testkit.databases import TestDatabase, TestPostgres, container_postgres, embedded_postgres
from testkit.stack import Stack, running_stack


def pytest_configure(config: pytest.Config) -> None:
    """Markers of the whole repository."""
    config.addinivalue_line("markers", "early: a long file, begun right after the stacks' tests")
    config.addinivalue_line("markers", "xdist_group(name): tests that stay in one process")


_STACKS = ("quick", "stack")
_ENDS = pytest.StashKey[dict[str, ExitStack]]()
T = TypeVar("T")


def _uses(item: pytest.Item) -> Sequence[str]:
    used: Sequence[str] = getattr(item, "fixturenames", ())
    return used


def pytest_itemcollected(item: pytest.Item) -> None:
    """In several processes, who shares a stack stays together: a stack costs even when idle.

    The browser's tests have one of their own: they are long, and half of what they do is to look.
    As soon as it is collected: xdist reads the groups before anybody else may change the items.
    """
    if item.get_closest_marker("xdist_group") is not None:
        return
    group = next((name for name in ("browser", *_STACKS) if name in _uses(item)), str(item.path))
    item.add_marker(pytest.mark.xdist_group(group))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Stacks first, one after the other: their tests wait more than they work, so that others fill
    the time. Long files next, so that no process is left alone with one at the end."""

    def turn(item: pytest.Item) -> int:
        found = (at for at, name in enumerate(_STACKS) if name in _uses(item))
        early = item.get_closest_marker("early") is not None
        return next(found, len(_STACKS) if early else len(_STACKS) + 1)

    items.sort(key=turn)


def until_left(request: pytest.FixtureRequest, name: str, context: AbstractContextManager[T]) -> T:
    """For a fixture of the session: what the context gives, which ends already when the next test
    doesn't use the fixture of this name any more."""
    ends = ExitStack()
    request.addfinalizer(ends.close)
    request.session.stash.setdefault(_ENDS, {})[name] = ends
    return ends.enter_context(context)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item, nextitem: pytest.Item | None) -> None:
    """After the test's own fixtures have ended."""
    ends = item.session.stash.setdefault(_ENDS, {})
    for name in [name for name in ends if nextitem is None or name not in _uses(nextitem)]:
        ends.pop(name).close()


def _with_docker() -> bool:
    return os.environ.get("TESTKIT_DOCKER") == "1"


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """Where the session's servers keep their data and logs; removed at the end."""
    folder = Path(tempfile.mkdtemp(prefix="tallybridge-tests-"))
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_server(server_folder: Path) -> Iterator[TestPostgres]:
    """One PostgreSQL for the whole run, without fsync."""
    with container_postgres() if _with_docker() else embedded_postgres(server_folder) as server:
        yield server


@pytest.fixture(scope="session")
def new_database(postgres_server: TestPostgres) -> Callable[[Sequence[str]], TestDatabase]:
    """`new_database(["invoice_api"])`: a fresh database with those schemas and their roles."""
    return postgres_server.new_database


@pytest.fixture(scope="session")
def kafka_server(server_folder: Path) -> Iterator[str]:
    """One Kafka broker for the whole run: its bootstrap address. Topics are the test's to make."""
    with container_kafka() if _with_docker() else embedded_kafka(server_folder) as bootstrap:
        yield bootstrap


@pytest.fixture(scope="session")
def stack(request: pytest.FixtureRequest, server_folder: Path) -> Stack:
    """The whole local stack, every part a process of its own, once for the run.

    Always the embedded servers, with TESTKIT_DOCKER=1 too. A test that breaks something puts it
    right again (`await stack.ready(name)`); one that needs other settings makes its own stack with
    `running_stack`.
    """
    return until_left(request, "stack", running_stack(server_folder / "stack"))
