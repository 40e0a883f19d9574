"""Who asked for what goes on here, known wherever it goes on.

    request → job → its thread → every line of the log, every record of the audit log

It is kept in a context variable: coroutines and the threads of an event loop have it by themselves,
the threads of jobs are started with it.
"""

import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

from richspeech.access.principal import ANYBODY, Principal

REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What is accepted of others: nothing that could break a line, or fill one."""


@dataclass(frozen=True)
class Caller:
    """Whose request this is; all None where nobody has sent one."""

    request: str | None = None
    """Number of the request, as in the header X-Request-ID."""
    address: str | None = None
    """Of the other end of the connection."""
    user: str | None = None
    """Who has logged in, or whose key it is; None where nobody logs in."""
    key: str | None = None
    """Name of the API key."""
    principal: Principal = ANYBODY
    """What they may; who sends no request, as at the command line, may everything."""
    job: str | None = None
    """Number of the job that works for them."""


_NOBODY = Caller()
_caller: ContextVar[Caller] = ContextVar("caller", default=_NOBODY)


def caller() -> Caller:
    """Return who asked."""
    return _caller.get()


def know(**facts: Any) -> None:
    """Add to what is known of the caller, until the end of the request."""
    _caller.set(replace(_caller.get(), **facts))


def go_on_for(who: Caller) -> None:
    """Do the rest of what goes on here for somebody who asked elsewhere."""
    _caller.set(who)


@contextmanager
def called_by(who: Caller) -> Iterator[None]:
    """Have all that is done meanwhile be done for somebody."""
    token = _caller.set(who)
    try:
        yield
    finally:
        _caller.reset(token)


def request_id_of(shown: str) -> str:
    """Return the number that somebody gives a request, or a new one if it will not do."""
    return shown if REQUEST_ID.fullmatch(shown) else secrets.token_hex(8)
