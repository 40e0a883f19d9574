"""A job followed for as long as its client listens: whoever goes away has it cancelled."""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import aclosing

from starlette.requests import ClientDisconnect, Request

from richspeech.jobs.job import Job


async def follow(job: Job, request: Request) -> AsyncGenerator[None]:
    """Yield now, as soon as anything has changed, and once more at the end.

    The body of the request must have been read. Raises ``ClientDisconnect`` when the client has
    gone. Whoever stops listening before the end has cancelled the job.
    """
    gone = asyncio.ensure_future(_gone(request))
    try:
        with job.told() as changed:
            gone.add_done_callback(lambda _: changed.set())
            while True:
                changed.clear()
                is_over = job.is_over
                yield
                if is_over:
                    return
                await changed.wait()
                if gone.done():
                    raise ClientDisconnect
    finally:
        gone.cancel()
        job.cancel()


async def finished(job: Job, request: Request) -> None:
    """Return once a job has finished; raises why it has not, and ``ClientDisconnect``."""
    async with aclosing(follow(job, request)) as changes:
        async for _ in changes:
            pass
    job.require_finished()


async def _gone(request: Request) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
