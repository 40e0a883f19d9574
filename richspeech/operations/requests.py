"""What the outermost middleware tells of requests."""

from dataclasses import dataclass
from typing import Literal, Protocol

Kind = Literal["http", "websocket"]


@dataclass(frozen=True)
class Seen:
    """One request or WebSocket that is over."""

    kind: Kind
    method: str
    route: str
    """Its template, as in /v1/models/{model}: of these there are few."""
    status: int
    """500 too where an answer never began, 499 where a program has left before; of a WebSocket 101
    if it was open."""
    seconds: float
    received_bytes: int
    """Of the body, or of the messages."""


class Watch(Protocol):
    """Is told of every request."""

    def began(self, kind: Kind) -> None:
        """Hear of a request whose route is not known yet."""

    def ended(self, seen: Seen) -> None:
        """Hear of one that is over."""
