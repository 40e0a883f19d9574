"""The accounts of the settings, for the commands that change them; and passwords, asked for."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from getpass import getpass
from pathlib import Path

from richspeech.access.accounts import Accounts, built_in_of
from richspeech.errors import OptionError
from richspeech.operations.audit import audit_written
from richspeech.settings import load_settings
from richspeech.storage.accounts import AccountStore
from richspeech.storage.database import Database


@contextmanager
def opened(config: Path) -> Iterator[tuple[Accounts, AccountStore]]:
    """Open the accounts, and make their database if need be; raises ``StoreError``."""
    settings = load_settings(config)
    with audit_written(settings.operations), closing(Database(settings.history.url)) as database:
        store = AccountStore(database)
        yield Accounts(store, built_in_of(settings.server)), store


def new_password() -> str:
    """Ask for a password twice, or read a line of stdin; raises ``OptionError``."""
    if sys.stdin.isatty():
        password = getpass("Password: ")
        if getpass("Once more: ") != password:
            raise OptionError("cli.passwords_differ")
    else:
        password = sys.stdin.readline().rstrip("\n")
    if not password:
        raise OptionError("cli.password_empty")
    return password


def given(value: str | None, what: str, command: str) -> str:
    """Return what an action cannot do without; raises ``OptionError`` if it was left out."""
    if value is None:
        raise OptionError("cli.incomplete", what=what, command=command)
    return value


def write_rows(rows: Sequence[Sequence[str]]) -> None:
    """Write rows in columns, the first one as their head."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        sys.stdout.write("  ".join(cells).rstrip() + "\n")
