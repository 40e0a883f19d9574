"""A PostgreSQL server of the tests' own, reached by a socket in its folder."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from richspeech.storage.migrations import versions

NEWEST = len([*Path(versions.__path__[0]).glob("r*.py")])
"""Revision of the tables that the program works with."""

SECONDS_TO_DIE = 10

DEBIAN = Path("/usr/lib/postgresql")
"""Debian keeps the programs of each version in a folder here, off the path."""


def postgresql() -> Path | None:
    """Find the folder of PostgreSQL's programs."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(DEBIAN.glob("*/bin"))
    return folders[-1] if folders else None


@dataclass
class DatabaseServer:
    """A server that may be stopped, and started again."""

    programs: Path
    folder: Path
    user: str | None
    """Who runs it; None is ourselves."""
    is_running: bool = False

    @property
    def url(self) -> str:
        """Of its database."""
        return f"postgresql+psycopg://tester@/postgres?host={self.folder}"

    def initialise(self) -> None:
        self._call("initdb", "-D", self._data, "-U", "tester", "-A", "trust", "-E", "UTF8", "-N")

    def start(self) -> None:
        self._control("-o", f"-k {self.folder} -c listen_addresses= -F", "start")
        self.is_running = True

    def stop(self) -> None:
        """Stop it at once, as a crash would."""
        self._control("-m", "immediate", "stop")
        self.is_running = False

    def kill(self) -> None:
        """End it, and whatever it has started, with -9."""
        postmaster = psutil.Process(int((self._data / "postmaster.pid").read_text().split()[0]))
        for process in (family := [postmaster, *postmaster.children(recursive=True)]):
            process.kill()
        psutil.wait_procs(family, SECONDS_TO_DIE)
        self.is_running = False

    @property
    def _data(self) -> Path:
        return self.folder / "data"

    def _control(self, *arguments: str) -> None:
        log = self.folder / "log"
        self._call("pg_ctl", "-D", self._data, "-w", "-s", "-l", log, *arguments)

    def _call(self, program: str, *arguments: object) -> None:
        command = [self.programs / program, *arguments]
        subprocess.run([*map(str, command)], check=True, user=self.user, cwd=self.folder)


@contextmanager
def running(programs: Path) -> Iterator[DatabaseServer]:
    """Run a server."""
    user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as name:
        if user:
            shutil.chown(name, user)
        server = DatabaseServer(programs, Path(name), user)
        server.initialise()
        server.start()
        try:
            yield server
        finally:
            if server.is_running:
                server.stop()


def empty_server(url: str) -> None:
    """Drop every table."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
