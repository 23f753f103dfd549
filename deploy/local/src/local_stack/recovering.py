"""`recover`: what a stopped stack needs after its database was restored from a backup.

The broker's data goes whole (messages of a future that is forgotten), and each service does its own
part in its schema: see `messaging.recovering`.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable

from local_stack.child_process import LogFile, Program, run_to_end
from local_stack.postgres_server import PostgresServer
from local_stack.services import ROWS, environment
from local_stack.stack_plan import POSTGRES_OFFSET, StackPlan

_WITHIN = 3_600.0


def recover(plan: StackPlan, say: Callable[[str], None]) -> None:
    """Nothing of the stack may run meanwhile; its caller holds the folder's lock.

    Raises:
        ProcessFailedError: with what the process that failed said last. Run it again.
    """
    shutil.rmtree(plan.state / "kafka" / "log", ignore_errors=True)
    say("  topics wiped")
    server = PostgresServer(
        plan.state / "postgres",
        plan.port(POSTGRES_OFFSET),
        password=plan.secrets.administrator_password,
        log=LogFile(plan.state / "logs" / "postgres.log"),
        durable=plan.durable,
    )
    server.start()
    try:
        for row in (row for row in ROWS if row.kind == "service"):
            for command in ("migrate", "recover"):
                run_to_end(
                    Program(
                        name=f"{command} {row.name}",
                        argv=(sys.executable, "-P", "-m", row.package, command),
                        env=environment(row, plan, plan.port(row.offset)),
                        cwd=plan.state,
                    ),
                    within=_WITHIN,
                )
            say(f"  {row.name} recovered")
    finally:
        server.stop()
