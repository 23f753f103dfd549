"""Polling with a deadline instead of sleeping for luck."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

_Result = TypeVar("_Result")


async def eventually(
    check: Callable[[], Awaitable[_Result]] | Callable[[], _Result],
    *,
    within: float = 10.0,
    every: float = 0.05,
) -> _Result:
    """Call `check` (async or not) until it raises no AssertionError; what it returned.

    After `within` seconds the last AssertionError is raised as it is, with the time in a note.
    Any other exception ends the wait at once: it is a defect, not a matter of time.
    """
    deadline = time.monotonic() + within
    while True:
        try:
            answer = check()
            if inspect.isawaitable(answer):
                return await answer
            return answer
        except AssertionError as failure:
            if time.monotonic() >= deadline:
                failure.add_note(f"still so after {within:g} s")
                raise
        await asyncio.sleep(every)
