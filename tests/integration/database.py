"""A PostgreSQL server of the tests' own, reached by a socket in its folder."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg

from richspeech.storage.migrations import versions

NEWEST = len([*Path(versions.__path__[0]).glob("r*.py")])
"""Revision of the tables that the program works with."""

DEBIAN = Path("/usr/lib/postgresql")
"""Debian keeps the programs of each version in a folder here, off the path."""


def postgresql() -> Path | None:
    """Find the folder of PostgreSQL's programs."""
    found = shutil.which("initdb")
    folders = [Path(found).parent] if found else sorted(DEBIAN.glob("*/bin"))
    return folders[-1] if folders else None


@contextmanager
def server(programs: Path) -> Iterator[str]:
    """Run a server; gives the URL of its database."""
    user = "postgres" if os.geteuid() == 0 else None  # it refuses to run as root
    with tempfile.TemporaryDirectory(prefix="pg-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        if user:
            shutil.chown(folder, user)
        data = str(folder / "data")
        control = [programs / "pg_ctl", "-D", data, "-w", "-s", "-l", folder / "log"]

        def call(*command: object) -> None:
            subprocess.run([*map(str, command)], check=True, user=user, cwd=folder)

        call(programs / "initdb", "-D", data, "-U", "tester", "-A", "trust", "-E", "UTF8", "-N")
        call(*control, "-o", f"-k {folder} -c listen_addresses= -F", "start")
        try:
            yield f"postgresql+psycopg://tester@/postgres?host={folder}"
        finally:
            call(*control, "-m", "immediate", "stop")


def empty_server(url: str) -> None:
    """Drop every table."""
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute("DROP SCHEMA public CASCADE")
        connection.execute("CREATE SCHEMA public")
