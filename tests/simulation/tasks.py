"""What the scheduler knows of a task: where it stands, and what it waits for."""

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import datetime
from typing import Any


@dataclass(eq=False)
class Task:
    name: str
    task: asyncio.Task[None]
    work: Coroutine[Any, Any, None]
    parked: asyncio.Future[None] | None = None
    """Where it stands; None while it runs."""
    label: str = "start"
    wakes_at: datetime | None = None
    session: int | None = None
    """The PostgreSQL session that runs a statement for this task right now."""
    blocked: bool = False
    """That statement waits for a lock."""
    holders: frozenset[int] = frozenset()
    """The sessions it waits for."""
    stopped: bool = False
    """Its server process stands still."""
    waited: bool = False
    """It waited for one."""
    gives_way: bool = False
    """The statement is being cancelled: it would wait for ever."""
    killed: bool = False
    held: bool = False
    """Its process stands still until it is let go."""
    ready: Callable[[], bool] | None = None
    """What it waits for, beside its turn."""
    transactions: int = 0
    """How many it has open."""
