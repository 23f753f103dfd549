"""W3C trace context (https://www.w3.org/TR/trace-context/): who called whom, as one header.

`traceparent` rides in HTTP headers and in messages; one chain has one trace id from the click to
the badge.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

_FORM = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")


@dataclass(frozen=True)
class TraceContext:
    """A place in a trace. Ids are lower-case hex, never all zeros."""

    trace_id: str
    span_id: str
    sampled: bool = True


def parse_traceparent(header: str | None) -> TraceContext | None:
    """What the header says, or None where it isn't one: then a new trace is begun."""
    match = _FORM.fullmatch((header or "").strip())
    if match is None:
        return None
    version, trace_id, span_id, flags, more = match.groups()
    if version == "ff" or (version == "00" and more is not None):
        return None
    if set(trace_id) == {"0"} or set(span_id) == {"0"}:
        return None
    return TraceContext(trace_id, span_id, bool(int(flags, 16) & 1))


def make_traceparent(context: TraceContext) -> str:
    """The header that names this place."""
    return f"00-{context.trace_id}-{context.span_id}-{'01' if context.sampled else '00'}"


def new_trace(random: Callable[[int], bytes], *, sampled: bool = True) -> TraceContext:
    """The start of a trace; `random(n)` must give n random bytes."""
    return TraceContext(_hex(random, 16), _hex(random, 8), sampled)


def child_of(parent: TraceContext, random: Callable[[int], bytes]) -> TraceContext:
    """A new place in the same trace."""
    return TraceContext(parent.trace_id, _hex(random, 8), parent.sampled)


def next_traceparent(header: str | None, random: Callable[[int], bytes]) -> str:
    """The header to hand on: a child of the one that came, or a new trace's."""
    parent = parse_traceparent(header)
    return make_traceparent(new_trace(random) if parent is None else child_of(parent, random))


def _hex(random: Callable[[int], bytes], size: int) -> str:
    """All zeros would mean "no id", so the last bit is set then."""
    number = int.from_bytes(random(size), "big") or 1
    return f"{number:0{size * 2}x}"
