"""Addresses on the web that people give, read once, as browsers read them.

What is compared, connected to and asked for are the parts that one reading has found. Two readers
may understand one text differently; then what the one allows is not what the other asks for.
"""

from dataclasses import dataclass
from types import MappingProxyType

from pydantic import HttpUrl, ValidationError

DEFAULT_PORTS = MappingProxyType({"http": 80, "https": 443})

MOST_LETTERS = 2083
"""Of an address; the limit of ``HttpUrl``."""


@dataclass(frozen=True)
class WebAddress:
    """Where to ask, and for what."""

    scheme: str
    """``http`` or ``https``."""
    host: str
    """In small ASCII letters: a name, or an address such as ``10.0.0.5``, however it was spelt."""
    port: int
    target: str
    """Path and query."""

    @classmethod
    def read(cls, text: str) -> "WebAddress":
        """Read an address; raises ``ValueError`` for what is none, or has a password in it."""
        try:
            url = HttpUrl(text)
        except ValidationError as error:
            raise ValueError(_EXPECTED) from error
        if url.username or url.password or not url.host or not url.port:
            raise ValueError(_EXPECTED)
        query = "" if url.query is None else f"?{url.query}"
        address = cls(url.scheme, url.host.strip("[]"), url.port, f"{url.path}{query}")
        if len(str(address)) > MOST_LETTERS:  # foreign letters take more, once they are spelt
            raise ValueError(_EXPECTED)
        return address

    @property
    def authority(self) -> str:
        """Host, and the port unless it is the usual one; what ``Host`` says."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def origin(self) -> str:
        """All but the target; equal for equal ones."""
        return f"{self.scheme}://{self.authority}"

    def __str__(self) -> str:
        return f"{self.origin}{self.target}"


_EXPECTED = "an address such as https://hooks.example.org/heard is expected, without a password"


def origin_of(address: str) -> str:
    """Return the origin of an address that is spelt as ``str`` gives it."""
    return "/".join(address.split("/")[:3])
