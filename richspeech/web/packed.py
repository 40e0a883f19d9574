"""Bytes as they are sent: by brotli to a browser that takes it, else by gzip, else as they are.

Browsers take brotli from https and from the own machine, where a tunnel ends; it makes scripts an
eighth smaller than gzip does.
"""

import gzip
import threading
from dataclasses import dataclass, field
from typing import Literal

import brotli
from werkzeug.http import parse_accept_header

ONCE = 11
"""Quality for what is packed once a process: the smallest."""
AT_TIMES = 9
"""Quality for what is packed now and then: a twentieth of the time, and a twelfth larger."""

Coding = Literal["br", "gzip"]
CODINGS: tuple[Coding, ...] = ("br", "gzip")
"""By the name that HTTP has for them, the smallest first."""


@dataclass(frozen=True)
class Packed:
    """Something to send, packed once in each way that somebody asks for."""

    plain: bytes
    quality: int = ONCE
    """Of brotli, 0 to 11."""
    _known: dict[Coding, bytes] = field(default_factory=dict, init=False, repr=False, compare=False)
    _lock: threading.Lock = field(
        default_factory=threading.Lock, init=False, repr=False, compare=False
    )

    def ready(self, coding: Coding | None) -> bytes | None:
        """Return it packed so, or plain, if that is there at once; else None."""
        return self.plain if coding is None else self._known.get(coding)

    def by(self, coding: Coding) -> bytes:
        """Return it packed so; the first time that takes a while: not for an event loop."""
        with self._lock:
            if coding not in self._known:
                self._known[coding] = self._pack(coding)
            return self._known[coding]

    def _pack(self, coding: Coding) -> bytes:
        if coding == "gzip":
            return gzip.compress(self.plain, mtime=0)
        return bytes(brotli.compress(self.plain, quality=self.quality))


def coding_for(accepts: str) -> Coding | None:
    """Return the smallest coding that a header Accept-Encoding allows; None where it is neither."""
    weights = parse_accept_header(accepts.lower())
    return next((each for each in CODINGS if weights.quality(each) > 0), None)
