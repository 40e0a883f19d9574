"""A job that is followed: server-sent events from now to its end.

Each event is the job as JSON. What ends the stream before the job has ended is an event with
``error``: the job was deleted, the store cannot be read, or the server ends and whoever wants to
know asks again. Where nothing changes for a while a comment keeps the connection, and lets the
server find out that nobody listens.
"""

import asyncio
import json
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from contextlib import aclosing, contextmanager

from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from richspeech.api.jobs.answers import Pace, followed
from richspeech.api.openai.errors import body_of
from richspeech.errors import BusyError, RichSpeechError, StoppingError
from richspeech.polling import PAGE_POLL_SECONDS
from richspeech.storage.jobs import QueuedJob

EVENTS = "text/event-stream"
SILENT_SECONDS = 15.0
"""After which something is sent: less than proxies wait."""
COMMENT = ": nothing new\n\n"


class Streams:
    """Those that are open, of a server with one event loop."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._open = 0

    def of(self, told: AsyncGenerator[str]) -> StreamingResponse:
        """Return the answer with these events; raises ``BusyError`` where there are too many."""
        if self._open >= self._most:
            raise BusyError("job.followers", count=self._most)
        return _Stream(self, told)

    @contextmanager
    def one(self) -> Iterator[None]:
        """Count one for as long as it is open."""
        self._open += 1
        try:
            yield
        finally:
            self._open -= 1


class _Stream(StreamingResponse):
    def __init__(self, streams: Streams, told: AsyncGenerator[str]) -> None:
        super().__init__(told, media_type=EVENTS, headers={"cache-control": "no-store"})
        self._streams = streams

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._streams.one():
            await super().__call__(scope, receive, send)


async def events(
    changes: AsyncGenerator[QueuedJob], is_closing: Callable[[], bool], locale: str
) -> AsyncGenerator[str]:
    """Yield the events of a job; ``is_closing`` says whether the server is about to end."""
    pace, spoken = Pace(), time.monotonic()
    try:
        async with aclosing(ticking(changes, PAGE_POLL_SECONDS)) as looks:
            async for job in looks:
                if is_closing():
                    raise StoppingError
                if job is not None:
                    yield _event(followed(job, locale, pace.seconds_left(job)).model_dump_json())
                elif time.monotonic() - spoken > SILENT_SECONDS:
                    yield COMMENT
                else:
                    continue
                spoken = time.monotonic()
    except RichSpeechError as error:
        yield _event(json.dumps(body_of(error, locale), ensure_ascii=False))


async def ticking(
    changes: AsyncGenerator[QueuedJob], seconds: float
) -> AsyncGenerator[QueuedJob | None]:
    """Yield what comes, and None whenever nothing has come for some seconds."""
    async with aclosing(changes):
        while True:
            coming = asyncio.ensure_future(anext(changes, None))
            try:
                while not coming.done():
                    await asyncio.wait([coming], timeout=seconds)
                    if not coming.done():
                        yield None
                if (job := coming.result()) is None:
                    return
                yield job
            finally:
                coming.cancel()
                await asyncio.gather(coming, return_exceptions=True)


def _event(data: str) -> str:
    return f"data: {data}\n\n"
