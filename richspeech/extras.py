"""Packages that not everybody needs: the extras of pyproject.toml."""

from collections.abc import Iterator
from contextlib import contextmanager

from richspeech.errors import SettingsError


@contextmanager
def extra(name: str, package: str | None = None, file: str = "requirements.txt") -> Iterator[None]:
    """Import what an extra brings; its package is called as the extra is, unless named.

    In a checkout it is pinned in ``file``.

    Raises ``SettingsError`` that says how to get it where it is not installed.
    """
    try:
        yield
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != (package or name):
            raise
        raise SettingsError("extra.missing", name=name, file=file) from error
