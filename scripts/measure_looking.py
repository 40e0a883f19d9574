"""Measure what pages cost that look on: ``python -m scripts.measure_looking [REVISION]``.

Twenty pages without a browser look at one job, whose recogniser takes its time (``unhurried.py``),
so that the processor seconds of the server less those with one page are those of the pages. With a
revision an earlier build goes through the same, turn by turn; the median counts.

    looking    a page at a running job: its requests, its paintings, and that of the end
    hidden     the same where its tab is behind another; an earlier build may not know that
    standing   a page with nothing to show: its heartbeat, and its question for the server
"""

import asyncio
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import httpx

from scripts import unhurried
from scripts.by_turns import builds, by_turns, turns_parser
from scripts.measure_tunnel import PATIENCE_MS, job_with
from scripts.page_without_browser import opened
from scripts.server import Server

LOOKERS = 20
STANDING_SECONDS = 20
SECONDS_BETWEEN_QUESTIONS = 4
"""As reconnect.js asks."""


def looking(server: Server, *, hidden: bool) -> Iterator[tuple[str, float]]:
    """Measure a page at a running job."""
    alone, _, _ = asyncio.run(job_with(server, 1, hidden=hidden))
    watched, seconds, paintings = asyncio.run(job_with(server, 1 + LOOKERS, hidden=hidden))
    more, what = watched - alone, "hidden" if hidden else "looking"
    yield f"{what}, % of a core", 100 * more / LOOKERS / seconds
    yield f"{what}, paintings a second", paintings / (1 + LOOKERS) / seconds
    yield f"{what}, milliseconds for each", 1000 * more / paintings * (1 + LOOKERS) / LOOKERS


async def standing(server: Server) -> float:
    """Return what a page that does nothing takes of a core, in per cent."""
    empty = await _used(server)
    async with AsyncExitStack() as stack:
        patience = PATIENCE_MS / 1000
        for _ in range(LOOKERS):
            page = await stack.enter_async_context(opened(server.address, patience))
            asking = asyncio.create_task(_ask(page.client))
            stack.callback(asking.cancel)
        await asyncio.sleep(SECONDS_BETWEEN_QUESTIONS)  # what follows the opening belongs to that
        return (await _used(server) - empty) / LOOKERS


async def _used(server: Server) -> float:
    before, began = server.processor_seconds, time.monotonic()
    await asyncio.sleep(STANDING_SECONDS)
    return 100 * (server.processor_seconds - before) / (time.monotonic() - began)


async def _ask(client: httpx.AsyncClient) -> None:
    while True:
        await asyncio.sleep(SECONDS_BETWEEN_QUESTIONS)
        await client.get("/health")


def measured(name: str, server: Server) -> Iterator[tuple[str, float]]:
    """Do one round with a server."""
    yield from looking(server, hidden=False)
    if name == "now":
        yield from looking(server, hidden=True)
    yield "standing, % of a core", asyncio.run(standing(server))


def _take_time(server: Server) -> None:
    server.program = (str(Path(unhurried.__file__)),)


def main() -> None:
    """Measure, and print a table."""
    arguments = turns_parser("What pages cost that look on.").parse_args()
    own = {"RICHSPEECH_HISTORY__ENABLED": "false"}  # or it knows the recording by then
    with builds(arguments.revision, own, _take_time) as servers:
        by_turns(servers, arguments.rounds, measured)


if __name__ == "__main__":
    main()
