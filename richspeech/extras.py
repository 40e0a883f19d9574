"""Packages that not everybody needs: the extras of pyproject.toml."""

from collections.abc import Iterator
from contextlib import contextmanager

from richspeech.errors import SettingsError


@contextmanager
def extra(name: str) -> Iterator[None]:
    """Import what an extra brings, which is called as its package is.

    Raises ``SettingsError`` that says how to get it where it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != name:
            raise
        raise SettingsError("extra.missing", name=name) from error
