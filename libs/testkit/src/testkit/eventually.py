"""Polling with a deadline instead of sleeping for luck."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

_Result = TypeVar("_Result")
_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 0.25


async def eventually(
    check: Callable[[], Awaitable[_Result]] | Callable[[], _Result],
    *,
    within: float = 10.0,
    every: float | None = None,
) -> _Result:
    """Call `check` (async or not) until it raises no AssertionError; what it returned.

    Between two calls it waits `every` seconds; by default a little more each time, from 0.05 up to
    0.25, as who has to wait for long mustn't keep busy what it waits for.

    After `within` seconds the last AssertionError is raised as it is, with the time in a note.
    Any other exception ends the wait at once: it is a defect, not a matter of time.
    """
    deadline = time.monotonic() + within
    pause = _FIRST_PAUSE if every is None else every
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
        await asyncio.sleep(pause)
        if every is None:
            pause = min(_LONGEST_PAUSE, pause * 1.25)
