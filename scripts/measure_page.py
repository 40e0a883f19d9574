"""Measure the cost of a page beside another revision: ``python -m scripts.measure_page d20dde0``.

Both consoles run with the embedded model. A browser opens each once and its requests are recorded;
then visitors replay them over HTTP, each with its own window: one by one, for the CPU time of a
visit, and many at once, while GET /health is probed. Rounds alternate between the two, and the
median counts.
"""

import argparse
import io
import multiprocessing
import os
import re
import secrets
import statistics
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import psutil
from playwright.sync_api import sync_playwright

from richspeech.places import HOME as ROOT
from scripts.ports import free_port
from scripts.screenshots import ARGUMENTS, CHROMIUM, answers

SECONDS_TO_SETTLE = 1.5
"""What follows the closing of a page belongs to its visit."""
SECONDS_BETWEEN_PROBES = 0.1
PATIENCE_SECONDS = 300
HEADERS = {"Accept-Encoding": "gzip, deflate, br", "Accept-Language": "en-US,en;q=0.9"}
CLOSED = b'"close_stream"'
_HEARTBEAT = re.compile(r"/heartbeat/(\w+)")
_WINDOW = re.compile(r'(?<=")[0-9a-f]{32}(?=")')


class Asked(NamedTuple):
    """One request of the browser."""

    method: str
    path: str
    body: str | None


@dataclass(frozen=True)
class Visit:
    """What a browser asks for when it opens the page."""

    session: str
    """The name of its session, which every visitor replaces by one of its own."""
    files: tuple[Asked, ...]
    """The page and the files beside it."""
    events: tuple[tuple[Asked, ...], ...]
    """Events that are sent one after the other, each group once the one before is answered."""

    @classmethod
    def of(cls, asked: Sequence[Asked]) -> "Visit":
        """Sort the requests of a browser, in order."""
        [session] = {found[1] for each in asked if (found := _HEARTBEAT.search(each.path))}
        files = tuple(each for each in asked if not re.search("gradio_api|/health", each.path))
        events: list[tuple[Asked, ...]] = []
        waiting: list[Asked] = []
        for each in asked:
            if each.method == "POST":
                waiting.append(each)
            elif "/queue/data" in each.path and waiting:
                events.append(tuple(waiting))
                waiting = []
        return cls(session, files, tuple(events))


class Visitor:
    """Somebody who opens the page in a new window."""

    def __init__(self, port: int, visit: Visit) -> None:
        self._port, self._visit = port, visit
        self._session, self._window = secrets.token_hex(5), secrets.token_hex(16)
        self._headers = dict(HEADERS)

    def come(self, *, has_files: bool) -> None:
        """Do what the browser does, and leave; ``has_files``: they are kept from another day."""
        with closing(self._connection()) as line:
            for each in self._visit.files[: 1 if has_files else None]:
                self._ask(line, each)
        with closing(self._connection()) as beat:
            beat.request("GET", f"/gradio_api/heartbeat/{self._session}", headers=self._headers)
            beat.getresponse()
            for group in self._visit.events:
                self._send(group)

    def _send(self, group: tuple[Asked, ...]) -> None:
        first, *rest = group
        with closing(self._connection()) as line, closing(self._connection()) as stream:
            self._ask(line, first)
            path = f"/gradio_api/queue/data?session_hash={self._session}"
            stream.request("GET", path, headers=self._headers)
            heard = stream.getresponse()
            for each in rest:
                self._ask(line, each)
            if not any(CLOSED in message for message in heard):
                message = "the server broke off"
                raise HTTPException(message)

    def _ask(self, line: HTTPConnection, asked: Asked) -> None:
        body = asked.body and asked.body.replace(self._visit.session, self._session)
        body = body and _WINDOW.sub(self._window, body)
        kind = {"Content-Type": "application/json"} if body else {}
        line.request(asked.method, asked.path, body, {**self._headers, **kind})
        answer = line.getresponse()
        answer.read()
        if cookie := answer.getheader("set-cookie"):  # by this the server knows its browser
            self._headers["Cookie"] = cookie.partition(";")[0]
        if answer.status != 200:
            message = f"{asked.path} gave {answer.status}"
            raise HTTPException(message)

    def _connection(self) -> HTTPConnection:
        return HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE_SECONDS)


@dataclass(frozen=True)
class Console:
    """One of the two, running."""

    name: str
    port: int
    process: psutil.Process
    visit: Visit

    def cpu_seconds(self) -> float:
        """Return what it has used so far."""
        times = self.process.cpu_times()
        return float(times.user + times.system)

    def entering(self, count: int, *, has_files: bool) -> float:
        """Return processor seconds of one entering, the mean of some that follow each other."""
        before = self.cpu_seconds()
        for _ in range(count):
            Visitor(self.port, self.visit).come(has_files=has_files)
        time.sleep(SECONDS_TO_SETTLE)
        return (self.cpu_seconds() - before) / count

    def rush(self, count: int) -> tuple[float, float, float]:
        """Let many come at once: seconds of the slowest probe, until all are in, of processor."""
        with probed(self.port) as probes:
            before, began = self.cpu_seconds(), time.monotonic()
            failures: list[Exception] = []
            rush = [threading.Thread(target=self._try, args=(failures,)) for _ in range(count)]
            for each in rush:
                each.start()
            for each in rush:
                each.join()
            seconds, used = time.monotonic() - began, self.cpu_seconds() - before
        if failures:
            print(f"  {self.name}: {len(failures)} of {count} were cut off ({failures[0]!r})")
        return max(probes()), seconds, used

    def _try(self, failures: list[Exception]) -> None:
        try:
            Visitor(self.port, self.visit).come(has_files=False)
        except (OSError, HTTPException) as error:
            failures.append(error)


@contextmanager
def probed(port: int, path: str = "/health") -> Iterator[Callable[[], list[float]]]:
    """Ask for a path again and again, from a process of its own; gives what each answer took."""
    stop = multiprocessing.Event()
    told: multiprocessing.Queue[list[float]] = multiprocessing.Queue()
    process = multiprocessing.Process(target=_probe, args=(port, path, stop, told))
    process.start()
    found: list[float] = []
    try:
        yield lambda: found
    finally:
        stop.set()
        found += told.get()
        process.join()


def _probe(port: int, path: str, stop: Event, told: "multiprocessing.Queue[list[float]]") -> None:
    seconds = []
    stopped = False
    while not stopped:  # asked once at least, also by a process that started late
        began = time.monotonic()
        with closing(HTTPConnection("127.0.0.1", port, timeout=PATIENCE_SECONDS)) as line:
            line.request("GET", path)
            line.getresponse().read()
        seconds.append(time.monotonic() - began)
        stopped = stop.wait(SECONDS_BETWEEN_PROBES)
    told.put(seconds)


def recorded(port: int) -> Visit:
    """Have a browser open the page, and write down what it asks for."""
    asked: list[Asked] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS])
        page = browser.new_context(locale="en-US").new_page()

        def note(request: object) -> None:
            address = urlsplit(request.url)  # type: ignore[attr-defined]
            path = f"{address.path}?{address.query}" if address.query else address.path
            asked.append(Asked(request.method, path, request.post_data))  # type: ignore[attr-defined]

        page.on("request", note)
        page.set_default_timeout(PATIENCE_SECONDS * 1000)
        page.goto(f"http://127.0.0.1:{port}")
        page.locator("html[data-settled]").wait_for(state="attached")
        page.wait_for_timeout(3000)
        browser.close()
    return Visit.of(asked)


@contextmanager
def running(name: str, folder: Path, scratch: Path) -> Iterator[Console]:
    """Run the console of a folder with the embedded model."""
    port = free_port()
    environment = {
        "RICHSPEECH_HISTORY__URL": f"sqlite:///{scratch}/{name}.sqlite",
        "RICHSPEECH_EMOTION__ID": "embedded",
        "RICHSPEECH_PARAFORMER__ID": "embedded",
    }
    command = [sys.executable, "app_sensevoice.py", "--model", "embedded", "--port", str(port)]
    with (scratch / f"{name}.log").open("wb") as log:
        server = subprocess.Popen(
            command, cwd=folder, stdout=log, stderr=log, env=os.environ | environment
        )
    try:
        if not answers(server, f"http://127.0.0.1:{port}/readyz"):
            sys.exit(f"{name} did not start:\n{(scratch / f'{name}.log').read_text()[-2000:]}")
        yield Console(name, port, psutil.Process(server.pid), recorded(port))
    finally:
        server.terminate()
        server.wait(30)


def unpacked(revision: str, folder: Path) -> Path:
    """Put the files of a revision into a folder."""
    command = ["git", "archive", "--format=tar", revision]
    archive = subprocess.run(command, cwd=ROOT, check=True, capture_output=True).stdout
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        tar.extractall(folder, filter="data")
    return folder


def main() -> None:
    """Measure both, and print a table with the ratios."""
    parser = argparse.ArgumentParser(description="What a page costs, beside another revision.")
    parser.add_argument("revision", help="what to compare with, as git names it")
    parser.add_argument("--pages", type=int, default=50, help="that are opened at once (50)")
    parser.add_argument("--visits", type=int, default=10, help="one after the other, a round (10)")
    parser.add_argument("--rounds", type=int, default=3, help="of each, by turns (3)")
    arguments = parser.parse_args()
    with ExitStack() as stack:
        scratch = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        before = unpacked(arguments.revision, scratch / "before")
        consoles = [
            stack.enter_context(running("before", before, scratch)),
            stack.enter_context(running("now", ROOT, scratch)),
        ]
        rows: dict[str, dict[str, list[float]]] = {}
        for number in range(arguments.rounds):
            for console in consoles if number % 2 else reversed(consoles):
                for what, value in _measured(console, arguments.visits, arguments.pages):
                    rows.setdefault(what, {}).setdefault(console.name, []).append(value)
    _print(rows, arguments.revision)


def _measured(console: Console, visits: int, pages: int) -> Iterator[tuple[str, float]]:
    Visitor(console.port, console.visit).come(has_files=False)
    yield (
        "processor seconds of a first visit, with all files",
        console.entering(visits, has_files=False),
    )
    yield (
        "processor seconds of entering, files known",
        console.entering(visits, has_files=True),
    )
    probe, seconds, used = console.rush(pages)
    yield f"slowest GET /health while {pages} pages open, seconds", probe
    yield f"until all {pages} are open, seconds", seconds
    yield f"processor seconds of all {pages}", used


def _print(rows: dict[str, dict[str, list[float]]], revision: str) -> None:
    print(f"\n| what | {revision} | now | ratio |\n| --- | --- | --- | --- |")
    for what, by_name in rows.items():
        before, now = (statistics.median(by_name[name]) for name in ("before", "now"))
        print(f"| {what} | {before:.3f} | {now:.3f} | {now / before:.2f} |")
    for what, by_name in rows.items():
        rounds = {name: [round(value, 3) for value in values] for name, values in by_name.items()}
        print(f"{what}: {rounds}")


if __name__ == "__main__":
    main()
