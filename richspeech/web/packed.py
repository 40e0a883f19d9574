"""Bytes as they are sent: by brotli to a browser that takes it, else by gzip, else as they are.

Browsers take brotli from https and from the own machine, where a tunnel ends; it makes scripts an
eighth smaller than gzip does.
"""

import gzip
import re
from dataclasses import dataclass
from functools import cached_property

import brotli

ONCE = 11
"""Quality for what is packed once a process: the smallest."""
AT_TIMES = 9
"""Quality for what is packed now and then: a twentieth of the time, and a twelfth larger."""
_CODING = re.compile(r"\s*([\w*-]+)\s*(?:;\s*q=([\d.]+)\s*)?", re.ASCII)


@dataclass(frozen=True)
class Packed:
    """Something to send, packed when somebody first asks for it so."""

    plain: bytes
    quality: int = ONCE
    """Of brotli, 0 to 11."""

    @cached_property
    def by_brotli(self) -> bytes:
        """As it is sent to nearly everybody."""
        return bytes(brotli.compress(self.plain, quality=self.quality))

    @cached_property
    def by_gzip(self) -> bytes:
        """As it is sent to a browser at a plain address of another machine."""
        return gzip.compress(self.plain, mtime=0)

    def sent_to(self, accepts: str) -> tuple[bytes, str | None]:
        """Return the bytes for who ``accepts`` (the header), and how they are packed, if so."""
        taken = accepted(accepts)
        if "br" in taken:
            return self.by_brotli, "br"
        if "gzip" in taken:
            return self.by_gzip, "gzip"
        return self.plain, None


def accepted(header: str) -> frozenset[str]:
    """Return the codings that a header Accept-Encoding names, and does not forbid by q=0."""
    found = (_CODING.fullmatch(each) for each in header.lower().split(","))
    return frozenset(each[1] for each in found if each and (each[2] or "1").strip("0.") != "")
