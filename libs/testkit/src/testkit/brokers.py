"""The session's Kafka."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from local_stack.child_process import LogFile
from local_stack.kafka_server import KafkaServer
from local_stack.ports import find_free_block


@contextmanager
def embedded_kafka(folder: Path) -> Generator[str]:
    """A broker in `folder`: its address. Raises ProcessFailedError if it can't start."""
    port = find_free_block(2)
    server = KafkaServer(folder / "kafka", port, port + 1, log=LogFile(folder / "kafka.log"))
    server.start()
    try:
        yield server.bootstrap
    finally:
        server.stop()


@contextmanager
def container_kafka() -> Generator[str]:
    """The same from the official image. Not run by our own checks: they have no engine."""
    from testcontainers.kafka import KafkaContainer

    container = (
        KafkaContainer("apache/kafka:4.3.0")
        .with_kraft()
        .with_env("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
        .with_env("KAFKA_MESSAGE_MAX_BYTES", str(4 * 1024 * 1024 + 64 * 1024))
    )
    with container as running:
        yield str(running.get_bootstrap_server())
