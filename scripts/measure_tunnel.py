"""Measure the page through a slow line: ``python -m scripts.measure_tunnel [REVISION]``.

Chromium slows itself down to 1 Mbit/s and 200 ms, as a tunnel over a bad mobile line is, opens the
page for the first time, and presses an example. What a visit and the page of a running job cost the
server is measured without a browser. With a revision an earlier build goes through the same, turn
by turn; the median counts.

Chromium delays each answer and shares the rate among all of HTTP, uploads and streams of events
with it. It does not delay the opening of connections, or single events within a stream, and loses
nothing, so a real tunnel is somewhat slower.
"""

import asyncio
import io
import secrets
import time
import wave
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from richspeech.console.examples import find_examples
from richspeech.polling import PAGE_POLL_SECONDS
from scripts.by_turns import builds, by_turns, turns_parser
from scripts.measure_page import Visit, Visitor, recorded
from scripts.page_without_browser import opened
from scripts.screenshots import ARGUMENTS, CHROMIUM, EXAMPLE, EXAMPLES
from scripts.server import Server

BYTES_PER_SECOND = 125_000
"""1 Mbit/s, each way."""
LATENCY_MS = 200
SECONDS_OF_QUIET = 3
"""A visit is over once nothing new has travelled for so long."""
PATIENCE_MS = 120_000
START = "#start:enabled"
ENTRIES = 10
LOOKERS = 10
"""Pages that look on at one job, so that what one costs can be told from the noise."""
JOB_MINUTES = 10
PARTS = ("visit", "entry", "running")


@dataclass
class Line:
    """What travels between a page and its server, as Chromium tells of it."""

    begun: dict[str, float] = field(default_factory=dict)
    """Request → when the page asked for it, in Chromium's seconds."""
    ended: dict[str, float] = field(default_factory=dict)
    received: dict[str, float] = field(default_factory=dict)
    """Request → bytes with its headers; of one that goes on those until now."""

    @classmethod
    def of(cls, page: Page) -> "Line":
        """Slow a page down, and listen."""
        line, session = cls(), page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.send(
            "Network.emulateNetworkConditions",
            {
                "offline": False,
                "latency": LATENCY_MS,
                "downloadThroughput": BYTES_PER_SECOND,
                "uploadThroughput": BYTES_PER_SECOND,
            },
        )
        session.on("Network.requestWillBeSent", line._begin)
        session.on("Network.dataReceived", line._receive)
        session.on("Network.loadingFinished", line._end)
        return line

    @property
    def bytes(self) -> float:
        """All that was received until now."""
        return sum(self.received.values())

    @property
    def in_series(self) -> int:
        """Most requests of which each began after the one before had been answered."""
        depths: dict[str, int] = {}
        for request, begun in sorted(self.begun.items(), key=lambda item: item[1]):
            before = (depths[each] for each in depths if self.ended.get(each, begun + 1) <= begun)
            depths[request] = 1 + max(before, default=0)
        return max(depths.values(), default=0)

    def _begin(self, event: dict[str, Any]) -> None:
        if event["request"]["url"].startswith("http"):
            self.begun[event["requestId"]] = event["timestamp"]

    def _receive(self, event: dict[str, Any]) -> None:
        request = event["requestId"]
        self.received[request] = self.received.get(request, 0) + event["encodedDataLength"]

    def _end(self, event: dict[str, Any]) -> None:
        self.ended[event["requestId"]] = event["timestamp"]
        self.received[event["requestId"]] = event["encodedDataLength"]


def first_visit(browser: Browser, address: str) -> Iterator[tuple[str, float]]:
    """Open the page, and press an example."""
    context = browser.new_context(locale="en-US", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    line = Line.of(page)
    began = time.monotonic()
    page.goto(address, wait_until="commit")
    page.locator(START, has_text="Start").wait_for()
    yield "form seen, seconds", time.monotonic() - began
    page.locator("html[data-settled=en]").wait_for(state="attached")
    yield "usable, seconds", time.monotonic() - began
    yield "requests one after the other until then", line.in_series
    _wait_for_quiet(page, line)
    yield "first visit, kB", line.bytes / 1000
    yield "requests", len(line.begun)
    before = line.bytes
    [example] = [each for each in find_examples(EXAMPLES) if each.path.name == EXAMPLE]
    began = time.monotonic()
    page.locator("#examples [data-example]", has_text=example.title("en")).first.click()
    page.locator("#transcript li").first.wait_for()
    yield "first line after the click, seconds", time.monotonic() - began
    page.locator("#status .message.done").wait_for()
    yield "whole example after the click, seconds", time.monotonic() - began
    _wait_for_quiet(page, line)
    yield "the example, kB", (line.bytes - before) / 1000
    context.close()


def _wait_for_quiet(page: Page, line: Line) -> None:
    known = -1
    while known != len(line.begun):
        known = len(line.begun)
        page.wait_for_timeout(SECONDS_OF_QUIET * 1000)


def entering(server: Server, visit: Visit, *, has_files: bool) -> float:
    """Return processor seconds of the server for one who enters."""
    before = server.processor_seconds
    for _ in range(ENTRIES):
        Visitor(server.port, visit).come(has_files=has_files)
    return (server.processor_seconds - before) / ENTRIES


def looking_on(server: Server) -> Iterator[tuple[str, float]]:
    """Measure what a page takes of a core that looks on at a running job.

    A busy machine paints less often, so that it is told for a page that gets all it can, too.
    """
    alone, _, _ = asyncio.run(job_with(server, 1))
    watched, seconds, paintings = asyncio.run(job_with(server, 1 + LOOKERS))
    more = watched - alone
    yield "a page at a running job, % of a core", 100 * more / LOOKERS / seconds
    each = more / paintings * (1 + LOOKERS) / LOOKERS
    yield "the same, were it painted whenever it is due", 100 * each / PAGE_POLL_SECONDS


async def job_with(
    server: Server, lookers: int, *, hidden: bool = False
) -> tuple[float, float, int]:
    """Have a recording transcribed while pages look on, perhaps from behind another tab.

    Returns processor seconds of the server, those that passed, and what the pages were painted.
    """
    async with opened(server.address, PATIENCE_MS / 1000) as page:
        pages = [page.beside() for _ in range(lookers)]
        for each in pages:
            await each.enter()
            if hidden:
                await each.hide()
        recording = _long_recording()
        before, began = server.processor_seconds, time.monotonic()
        await page.begin("long.wav", recording)
        await asyncio.gather(*(each.look_on() for each in pages))
        used, seconds = server.processor_seconds - before, time.monotonic() - began
        return used, seconds, sum(each.paintings for each in pages)


def _long_recording() -> bytes:
    """Return the example again and again, as WAV, with an end that the history does not know."""
    with wave.open(str(EXAMPLES / EXAMPLE)) as source:
        frames = source.readframes(source.getnframes())
        seconds = source.getnframes() / source.getframerate()
        written = io.BytesIO()
        with wave.open(written, "wb") as target:
            target.setparams(source.getparams())
            target.writeframes(frames * round(JOB_MINUTES * 60 / seconds))
            target.writeframes(secrets.token_bytes(source.getsampwidth() * source.getnchannels()))
    return written.getvalue()


def measured(
    server: Server, visit: Visit | None, parts: Collection[str]
) -> Iterator[tuple[str, float]]:
    """Do those parts of a round with a server that are asked for; an entry is that of a visit."""
    if "visit" in parts:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS])
            found = [*first_visit(browser, server.address)]
            browser.close()
        yield from found
    if "entry" in parts and visit is not None:
        for what, has_files in (("with all files", False), ("files known", True)):
            seconds = entering(server, visit, has_files=has_files)
            yield f"processor of the server for an entry, {what}, seconds", seconds
    if "running" in parts:
        yield from looking_on(server)


def main() -> None:
    """Measure, and print a table."""
    parser = turns_parser("The page through a slow line.")
    parser.add_argument("--parts", nargs="+", choices=PARTS, default=PARTS, help="(all)")
    arguments = parser.parse_args()
    own = {"RICHSPEECH_HISTORY__ENABLED": "false"}  # or it knows the example by then
    with builds(arguments.revision, own) as servers:
        visits = {}
        if "entry" in arguments.parts:
            visits = {name: recorded(server.port) for name, server in servers.items()}

        def one(name: str, server: Server) -> Iterator[tuple[str, float]]:
            return measured(server, visits.get(name), arguments.parts)

        by_turns(servers, arguments.rounds, one)


if __name__ == "__main__":
    main()
