"""What every conversation over a WebSocket has: a way out, patience, and room for what comes."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar

from fastapi import WebSocket, WebSocketDisconnect, status

from richspeech.polling import WAITING_POLL_SECONDS

Received = TypeVar("Received")

SECONDS_THAT_COUNT = 1.0
"""Who talks sends so much sound and more in any time; less keeps no place."""
MOST_BACKLOG_SECONDS = 10.0
"""More is not taken from the wire before some of it was read: memory stays bounded."""
MOST_UNSENT = 1_000
"""Messages on their way; nothing more is heeded before some of them were sent."""
SECONDS_TO_TAKE = 30.0
"""A message; who takes none for longer does not read any more."""


class Outbox:
    """Messages on their way to a socket, in the order in which any thread puts them in."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._messages: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()

    def put(self, message: dict[str, Any]) -> None:
        """Send a message after all before it."""
        self.call(self._messages.put_nowait, message)

    def close(self) -> None:
        """Say that no more will come."""
        self.call(self._messages.put_nowait, None)

    def call(self, function: Callable[..., None], *arguments: Any) -> None:
        """Have the event loop call something, after all that it was asked for before."""
        with suppress(RuntimeError):  # the server has ended meanwhile
            self._loop.call_soon_threadsafe(function, *arguments)

    async def deliver(self, websocket: WebSocket) -> None:
        """Send until it is closed; raises ``WebSocketDisconnect`` once nobody reads."""
        while (message := await self._messages.get()) is not None:
            try:
                async with asyncio.timeout(SECONDS_TO_TAKE):
                    await websocket.send_json(message)
            except TimeoutError as error:
                raise WebSocketDisconnect(status.WS_1006_ABNORMAL_CLOSURE) from error

    async def until_sent(self) -> None:
        """Return once so few are left that more may be asked for."""
        while self._messages.qsize() > MOST_UNSENT:
            await asyncio.sleep(WAITING_POLL_SECONDS)


class Idle:
    """How long somebody has kept a place without using it.

    A microphone sends silence, too. Only what is waited for here counts, not the time in which the
    model is busy with what came; frames with next to no sound in them end nothing.
    """

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._waited = self._received = 0.0
        """Seconds since so much sound came as counts, and the sound since."""

    async def wait_for(self, message: Awaitable[Received]) -> Received:
        """Wait for a message; raises ``TimeoutError`` when there was no sound for too long."""
        began = time.monotonic()
        arrived = await asyncio.wait_for(message, max(self.seconds - self._waited, 0.0))
        self._waited += time.monotonic() - began
        return arrived

    def count(self, seconds: float) -> None:
        """Take note of sound that came."""
        self._received += seconds
        if self._received >= SECONDS_THAT_COUNT:
            self._waited = self._received = 0.0


async def until_read(backlog_seconds: Callable[[], float]) -> None:
    """Return once there is room for more sound."""
    while backlog_seconds() > MOST_BACKLOG_SECONDS:
        await asyncio.sleep(WAITING_POLL_SECONDS)
