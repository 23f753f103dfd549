"""The session's Kafka."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from local_stack.child_process import LogFile
from local_stack.kafka_server import BATCH_LIMIT, KafkaServer, count_brokers
from local_stack.ports import find_free_block

_UP_WITHIN = 60.0


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
    from testcontainers.core.container import DockerContainer

    # The same number inside and outside, as the broker tells its clients where to come back to.
    port = find_free_block(1)
    settings = {
        "KAFKA_NODE_ID": "1",
        "KAFKA_PROCESS_ROLES": "broker,controller",
        "KAFKA_LISTENERS": f"BROKER://0.0.0.0:{port},CONTROLLER://localhost:9093",
        "KAFKA_ADVERTISED_LISTENERS": f"BROKER://127.0.0.1:{port}",
        "KAFKA_LISTENER_SECURITY_PROTOCOL_MAP": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
        "KAFKA_INTER_BROKER_LISTENER_NAME": "BROKER",
        "KAFKA_CONTROLLER_LISTENER_NAMES": "CONTROLLER",
        "KAFKA_CONTROLLER_QUORUM_VOTERS": "1@localhost:9093",
        "KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR": "1",
        "KAFKA_TRANSACTION_STATE_LOG_MIN_ISR": "1",
        "KAFKA_GROUP_INITIAL_REBALANCE_DELAY_MS": "0",
        "KAFKA_AUTO_CREATE_TOPICS_ENABLE": "false",
        "KAFKA_MESSAGE_MAX_BYTES": str(BATCH_LIMIT),
    }
    container = DockerContainer("apache/kafka:4.3.0").with_bind_ports(port, port)
    for name, value in settings.items():
        container.with_env(name, value)
    with container:
        deadline = time.monotonic() + _UP_WITHIN
        while count_brokers("127.0.0.1", port) == 0:
            assert time.monotonic() < deadline, f"no Kafka in the container after {_UP_WITHIN:g} s"
            time.sleep(0.1)
        yield f"127.0.0.1:{port}"
