"""Message brokers of the tests' own: Redis and RabbitMQ."""

import os
import shutil
import signal
import socket
import subprocess
import time
from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from scripts.ports import free_port

RABBITMQ = Path("/usr/lib/rabbitmq/bin/rabbitmq-server")
"""Debian's own script; the one on the path insists on the user rabbitmq and its folders."""
START_SECONDS = 180
"""RabbitMQ takes 8 s on two busy cores."""


class Broker(ABC):
    """A broker that can be stopped, killed and started again on the same port."""

    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:
        self.folder, self.host, self.port = folder, host, free_port(host)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    @abstractmethod
    def url(self) -> str:
        """What the settings name."""

    @abstractmethod
    def _command(self) -> Sequence[str]:
        """Give the program and its arguments."""

    def _environment(self) -> Mapping[str, str]:
        return os.environ

    def start(self) -> None:
        """Return once it takes connections."""
        with (self.folder / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(
                self._command(),
                cwd=self.folder,
                env=dict(self._environment()),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        over = time.monotonic() + START_SECONDS
        while not self._answers():
            assert self._process.poll() is None, self.log()
            assert time.monotonic() < over, self.log()
            time.sleep(0.05)

    def _answers(self) -> bool:
        try:
            socket.create_connection((self.host, self.port), timeout=1).close()
        except OSError:
            return False
        return True

    def stop(self) -> None:
        """End it as a system does that shuts down."""
        self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it in the midst of whatever it does."""
        self._end(signal.SIGKILL)

    def _end(self, number: signal.Signals) -> None:
        if self._process is None:
            return
        with_children = number is signal.SIGKILL
        (os.killpg if with_children else os.kill)(self._process.pid, number)
        self._process.wait(START_SECONDS)
        self._process = None
        while self._answers():  # RabbitMQ's is a script, which ends before the node does
            time.sleep(0.05)

    def log(self) -> str:
        return (self.folder / "broker.log").read_text(encoding="utf-8", errors="replace")


class Redis(Broker):
    """Redis that keeps nothing: whoever stops it loses every message."""

    @property
    def url(self) -> str:
        return f"redis://{self.host}:{self.port}/0"

    def _command(self) -> Sequence[str]:
        where = ("--port", str(self.port), "--bind", self.host, "--protected-mode", "no")
        return ("redis-server", *where, "--dir", str(self.folder), "--save", "")


class RabbitMQ(Broker):
    """RabbitMQ with a name service and a node of its own; durable messages outlive it."""

    def __init__(self, folder: Path, host: str = "127.0.0.1") -> None:
        super().__init__(folder, host)
        self._nodes, self._names = free_port(), free_port()
        self._name_service: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"amqp://tester:tester@{self.host}:{self.port}//"

    def _command(self) -> Sequence[str]:
        # "guest" may come from loopback only.
        (self.folder / "rabbitmq.conf").write_text("default_user = tester\ndefault_pass = tester\n")
        (self.folder / "plugins").write_text("[].")
        return (str(RABBITMQ),)

    def _environment(self) -> Mapping[str, str]:
        named = {
            "NODENAME": f"tests-{self.port}@localhost",
            "NODE_IP_ADDRESS": self.host,
            "NODE_PORT": self.port,
            "DIST_PORT": self._nodes,
            "CONFIG_FILE": self.folder / "rabbitmq",
            "ENABLED_PLUGINS_FILE": self.folder / "plugins",
            "MNESIA_BASE": self.folder / "database",
            "LOG_BASE": self.folder / "logs",
        }
        return {
            **os.environ,
            **{f"RABBITMQ_{name}": str(value) for name, value in named.items()},
            "ERL_EPMD_PORT": str(self._names),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "HOME": str(self.folder),  # for the cookie
        }

    def start(self) -> None:
        # Else the first node starts it, and it stays behind when the tests are over.
        if self._name_service is None:
            self._name_service = subprocess.Popen(["epmd"], env=dict(self._environment()))
        super().start()

    def end(self) -> None:
        """End its name service too."""
        self.kill()
        if self._name_service:
            self._name_service.kill()
            self._name_service.wait()
            self._name_service = None


def installed(kind: type[Broker]) -> bool:
    if issubclass(kind, Redis):
        return shutil.which("redis-server") is not None
    return RABBITMQ.exists()


@contextmanager
def running(kind: type[Broker], folder: Path, host: str = "127.0.0.1") -> Iterator[Broker]:
    """Run a broker while the block lasts."""
    broker = kind(folder, host)
    with ExitStack() as at_end:
        at_end.callback(broker.end if isinstance(broker, RabbitMQ) else broker.kill)
        broker.start()
        yield broker
