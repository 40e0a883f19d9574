"""What goes out over a WebSocket waits for who reads it, but not forever."""

import asyncio
from typing import Any, cast

import pytest
from fastapi import WebSocket, WebSocketDisconnect

from richspeech.api import conversation
from richspeech.api.conversation import MOST_UNSENT, Outbox


class Reader:
    """The other end of a socket, which takes messages once it is let."""

    def __init__(self) -> None:
        self.reads = asyncio.Event()
        self.taken: list[Any] = []

    async def send_json(self, message: Any) -> None:
        await self.reads.wait()
        self.taken.append(message)


def test_who_sends_and_does_not_read_is_not_heeded_any_more() -> None:
    asyncio.run(_send_and_read_later())


async def _send_and_read_later() -> None:
    outbox, reader = Outbox(), Reader()
    for number in range(MOST_UNSENT + 2):
        outbox.put({"number": number})
    delivery = asyncio.create_task(outbox.deliver(cast("WebSocket", reader)))
    waiting = asyncio.create_task(outbox.until_sent())
    await asyncio.sleep(0.1)
    assert not waiting.done()
    reader.reads.set()
    await waiting
    outbox.close()
    await delivery
    assert len(reader.taken) == MOST_UNSENT + 2


def test_who_takes_nothing_for_long_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(conversation, "SECONDS_TO_TAKE", 0.01)

    async def deliver() -> None:
        outbox = Outbox()
        outbox.put({})
        await outbox.deliver(cast("WebSocket", Reader()))

    with pytest.raises(WebSocketDisconnect):
        asyncio.run(deliver())
