"""Logs: one JSON object a line on stderr, from our own code and from libraries alike."""

import logging
import sys
import time
from collections.abc import MutableMapping
from contextlib import AbstractContextManager
from typing import Any, TextIO

import structlog

from telemetry.redaction import redacted

LEVELS = ("debug", "info", "warning", "error", "critical")

_QUIET = {"httpx": logging.WARNING, "httpcore": logging.WARNING, "aiokafka": logging.WARNING}
"""Libraries that tell more than is useful: at INFO httpx writes every address it calls."""

_REPEATS = ("aiokafka",)
_REPEATED_AFTER_SECONDS = 5.0
_MOST_TEXTS = 1_000

_OWN_HANDLERS = ("uvicorn", "uvicorn.access", "uvicorn.error", "faststream", "faststream.access")
"""Libraries that bring handlers of their own, past any redaction."""


def configure(level: str, service: str, *, stream: TextIO | None = None) -> None:
    """Send this process's logs to `stream` (stderr) as JSON lines, without secrets.

    Each line has `event`, `level`, `logger`, `timestamp` (UTC), `service`, and what `bound` binds.
    May be called again; the last call holds.

    Raises:
        ValueError: `level` is none of `LEVELS`.
    """
    if level.lower() not in LEVELS:
        raise ValueError(f"level: {level!r} is not a log level; use one of {', '.join(LEVELS)}")

    def named(
        _logger: object, _method: str, event: MutableMapping[str, Any]
    ) -> MutableMapping[str, Any]:
        event["service"] = service
        return event

    shared: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        named,
    ]
    formatter = structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=shared,
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            structlog.processors.StackInfoRenderer(),
            structlog.processors.format_exc_info,
            _redact,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
    )
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(formatter)
    handler.addFilter(_Seldom())
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level.upper())
    for name, quiet in _QUIET.items():
        logging.getLogger(name).setLevel(max(quiet, root.level))
    for name in _OWN_HANDLERS:
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
    logging.captureWarnings(True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.PositionalArgumentsFormatter(),
            *shared,
            structlog.stdlib.ProcessorFormatter.wrap_for_formatter,
        ],
        wrapper_class=structlog.stdlib.BoundLogger,
        logger_factory=structlog.stdlib.LoggerFactory(),
        cache_logger_on_first_use=False,
    )


def get_logger(name: str) -> structlog.stdlib.BoundLogger:
    """A logger: `get_logger(__name__).info("lane leased", lanes=3)`."""
    return structlog.stdlib.get_logger(name)


def bound(**context: object) -> AbstractContextManager[None]:
    """Within this block (and the tasks begun in it) every line carries these fields."""
    return structlog.contextvars.bound_contextvars(**context)


class _Seldom(logging.Filter):
    """Libraries that say the same hundreds of times a second while their server is away.

    What they say passes once in five seconds, with how often it was said in between.
    """

    def __init__(self) -> None:
        super().__init__()
        self._said: dict[tuple[str, str], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] not in _REPEATS:
            return True
        text, now = (record.name, str(record.msg)), time.monotonic()
        since, more = self._said.get(text, (now - _REPEATED_AFTER_SECONDS, 0))
        if now - since < _REPEATED_AFTER_SECONDS:
            self._said[text] = (since, more + 1)
            return False
        if len(self._said) >= _MOST_TEXTS:
            self._said.clear()
        self._said[text] = (now, 0)
        if more:
            record.msg, record.args = f"{record.getMessage()} (said {more} times more since)", ()
        return True


def _redact(
    _logger: object, _method: str, event: MutableMapping[str, Any]
) -> MutableMapping[str, Any]:
    clean = redacted(dict(event))
    assert isinstance(clean, dict)
    return clean  # pyright: ignore[reportUnknownVariableType]  # plain data, made from a dict
