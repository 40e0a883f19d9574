"""The environment that Ray is imported and started in, which is its own while it runs.

Nothing is sent to its makers. A cluster that is started here listens on loopback alone, wants a
token that nobody else has, and leaves nothing in the home folder.
"""

import os
import secrets
import socket
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stdout
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from richspeech.errors import OptionError
from richspeech.extras import extra
from richspeech.jobs.batch.ray.share import CORES, share_of
from richspeech.settings import Settings

if TYPE_CHECKING:
    from richspeech.jobs.batch.ray.cluster import Cluster

LOCAL = "local"
"""Stands for a cluster of this machine, which is started and ends with the batch."""

CONNECT_SECONDS = 10.0

OBJECT_STORE_BYTES = 128 * 2**20
"""Of a cluster on this machine alone: names and lines pass through it, no sound."""

QUIET = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",  # its C++ part warns at every start
}
LOOPBACK = {
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",  # else it listens everywhere, asked or not
    "RAY_AUTH_MODE": "token",
}


@contextmanager
def open_cluster(address: str, settings: Settings, engines: int | None) -> "Iterator[Cluster]":
    """Connect to a cluster by its address, or start one on this machine: ``local``.

    Raises ``SettingsError`` where Ray is not installed, and ``OptionError`` where no cluster is, or
    where it has no room.
    """
    is_local = address == LOCAL
    _require_listener(address)
    token = {"RAY_AUTH_TOKEN": secrets.token_hex(32)}
    with ExitStack() as stack:
        stack.enter_context(redirect_stdout(sys.stderr))  # what it prints of dead processes
        stack.enter_context(_environment(QUIET | LOOPBACK | token if is_local else QUIET))
        with extra("ray", file="requirements-ray.txt"):
            from richspeech.jobs.batch.ray import cluster  # noqa: PLC0415 - reads the environment
        options: dict[str, Any] = {}
        if is_local:
            folder = stack.enter_context(
                TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True)
            )
            cores = (engines or 1) * (settings.model.threads or CORES)
            options = {
                "num_cpus": max(os.cpu_count() or 1, cores),
                "object_store_memory": OBJECT_STORE_BYTES,
                "include_dashboard": False,
                "_temp_dir": f"{folder}/ray",  # which Ray opens to everybody; not what is around it
            }
        resources = stack.enter_context(cluster.connected(address, **options))
        yield cluster.Cluster(share_of(resources, settings, engines), settings)


def _require_listener(address: str) -> None:
    """Raise ``OptionError`` unless somebody listens there: Ray itself would try for minutes."""
    host, colon, port = address.rpartition(":")
    if not colon:
        return
    try:
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
    except (OSError, OverflowError) as error:
        raise OptionError("ray.unreached", address=address, why=str(error)) from error


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
