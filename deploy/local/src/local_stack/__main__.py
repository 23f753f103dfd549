"""`python -m local_stack up|scale|recover|doctor|fetch-kafka`: parses, and hands over."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from local_stack import doctor, endpoints
from local_stack.child_process import ProcessFailedError
from local_stack.kafka_jars import JarsUnusableError, class_path
from local_stack.recovering import recover
from local_stack.services import ROWS, SERVERS, select
from local_stack.stack_plan import StackPlan, load_secrets
from local_stack.state_folder import AlreadyRunningError, hold, is_held, read_pid, write_wanted
from local_stack.supervisor import Supervisor

_ORPHANS_GONE_WITHIN = 10.0


def main(arguments: list[str] | None = None) -> int:
    """The exit code: 0 done, 1 with a sentence on the screen."""
    options = _parser().parse_args(arguments)
    run: Callable[[argparse.Namespace], int] = options.run
    try:
        return run(options)
    except (ProcessFailedError, JarsUnusableError, AlreadyRunningError, ValueError) as failure:
        _say(f"\n{failure}")
        return 1


def _up(options: argparse.Namespace) -> int:
    state: Path = options.state.absolute()
    chosen = select(options.only)
    overrides = _overrides(options.set)
    began = time.monotonic()
    unusable = doctor.folder_complaints(state, "STATE")
    if unusable:
        return _complain(unusable)
    try:
        with hold(state) as unclean:
            if unclean:
                _wait_for_orphans(options.port, chosen)
            found = doctor.complaints(state, options.port, chosen)
            if found:
                return _complain(found)
            shutil.rmtree(state / "wanted", ignore_errors=True)
            roles = tuple(row.package for row in ROWS if row.kind == "service")
            plan = StackPlan(
                state=state,
                first_port=options.port,
                secrets=load_secrets(state / "secrets.json", roles),
                time_scale=options.time_scale,
                durable=not options.no_fsync,
                overrides=overrides,
            )
            _say(f"Tallybridge starts in {state}, ports {options.port} and up")
            supervisor = Supervisor(plan, chosen, say=_say, echo=_say if options.follow else None)
            asyncio.run(_supervise(supervisor, lambda: _welcome(plan, began)))
    except AlreadyRunningError as running:
        with contextlib.suppress(FileNotFoundError):
            _say(f"{running}: {endpoints.read(state)['web']}")
            return 1
        raise
    _say(f"Stopped. What was entered is kept in {state}.")
    return 0


async def _supervise(supervisor: Supervisor, on_ready: Callable[[], None]) -> None:
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, supervisor.stop)
    await supervisor.run(on_ready)


def _scale(options: argparse.Namespace) -> int:
    names = [row.name for row in ROWS] + list(SERVERS)
    if options.name not in names:
        raise ValueError(f"{options.name} is none of {', '.join(names)}")
    if options.name in SERVERS and options.count > 1:
        raise ValueError(f"{options.name} runs once; 0 stops it, 1 starts it")
    write_wanted(options.state.absolute(), options.name, options.count)
    return 0


def _recover(options: argparse.Namespace) -> int:
    state: Path = options.state.absolute()
    if not (state / "postgres" / "data" / "PG_VERSION").exists():
        raise ValueError(f"{state} holds no database: put the backup's postgres folder there first")
    with hold(state):
        roles = tuple(row.package for row in ROWS if row.kind == "service")
        plan = StackPlan(
            state=state,
            first_port=options.port,
            secrets=load_secrets(state / "secrets.json", roles),
        )
        recover(plan, _say)
    _say("Recovered. Start the stack; sign-ins renewed since the backup ask to be reconnected.")
    return 0


def _doctor(options: argparse.Namespace) -> int:
    state: Path = options.state.absolute()
    if is_held(state):
        raise AlreadyRunningError(state, read_pid(state))
    found = doctor.complaints(state, options.port, select(options.only))
    return _complain(found) if found else 0


def _fetch_kafka(_: argparse.Namespace) -> int:
    _say(f"{len(class_path())} jars verified")
    return 0


def _complain(found: list[str]) -> int:
    for line in found:
        _say(f"- {line}")
    return 1


def _wait_for_orphans(port: int, chosen: frozenset[str]) -> None:
    # The last supervisor was killed; the kernel is ending its children.
    deadline = time.monotonic() + _ORPHANS_GONE_WITHIN
    while doctor.port_complaints(port, chosen) and time.monotonic() < deadline:
        time.sleep(0.2)


def _welcome(plan: StackPlan, began: float) -> None:
    found = endpoints.read(plan.state)
    seconds = time.monotonic() - began
    lines = [f"\nReady after {seconds:.1f} s.\n"]
    if found["login"]["email"]:
        lines.append(f"  Open      {found['web']}")
        lines.append(f"  Log in    {found['login']['email']}  {found['login']['password']}")
        lines.append(
            "  Try       Integrations > Connect (simulators answer: any user name does),"
            "\n            switch Sync Invoices on, then send an invoice"
        )
    lines += [f"  Books     {url}  ({name})" for name, url in found["simulators"].items()]
    lines.append(f"  Logs      {plan.state / 'logs'}")
    lines.append(f"  Scripts   {plan.state / endpoints.FILE} has every address and an API key")
    lines.append("  Stop      Ctrl-C\n")
    _say("\n".join(lines))


def _overrides(settings: list[str]) -> dict[str, dict[str, str]]:
    found: dict[str, dict[str, str]] = {}
    for setting in settings:
        name, colon, pair = setting.partition(":")
        key, equals, value = pair.partition("=")
        if not (colon and equals and name and key):
            raise ValueError(f"--set {setting}: write PROCESS:NAME=VALUE, or *:NAME=VALUE")
        found.setdefault(name, {})[key] = value
    return found


def _say(text: str) -> None:
    # The terminal may be gone while the stack must still be taken down.
    with contextlib.suppress(OSError, ValueError):
        print(text, flush=True)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="local_stack", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    place = argparse.ArgumentParser(add_help=False)
    place.add_argument("--state", type=Path, default=Path(".local"), help="folder of all state")
    ports = argparse.ArgumentParser(add_help=False)
    ports.add_argument("--port", type=int, default=8000, help="first port; the others follow")
    ports.add_argument("--only", help="a part of the stack, such as postgres,kafka")

    up = commands.add_parser("up", parents=[place, ports], help="run the stack until Ctrl-C")
    up.add_argument("--time-scale", type=float, default=1.0, help="of windows and time-outs")
    up.add_argument("--set", action="append", default=[], metavar="PROCESS:NAME=VALUE")
    up.add_argument("--no-fsync", action="store_true", help="for tests: data may go with power")
    up.add_argument("--follow", action="store_true", help="show every process's log here too")
    up.set_defaults(run=_up)

    scale = commands.add_parser("scale", parents=[place], help="how many of a process should run")
    scale.add_argument("name")
    scale.add_argument("count", type=int)
    scale.set_defaults(run=_scale)

    mend = commands.add_parser(
        "recover",
        parents=[place, ports],
        help="of a stopped stack: after its database was restored from a backup",
    )
    mend.set_defaults(run=_recover)

    check = commands.add_parser("doctor", parents=[place, ports], help="what would go wrong")
    check.set_defaults(run=_doctor)

    fetch = commands.add_parser("fetch-kafka", help="fetch and verify Kafka's jars")
    fetch.set_defaults(run=_fetch_kafka)
    return parser


if __name__ == "__main__":
    sys.exit(main())
