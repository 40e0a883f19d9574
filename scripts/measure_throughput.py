"""Measure throughput at the page beside another build: ``python -m scripts.measure_throughput``.

Both consoles run side by side, without a history, with the same weights. In each round the same
clips come to both, one after the other, through as many visitors at once; the other begins every
second round. What counts are the ratios, round by round. Measured are

    a visit     somebody opens the page and has a clip transcribed
    a press     the same at a page that is open already

Every text has to be the same everywhere.
"""

import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from contextlib import AsyncExitStack, ExitStack
from dataclasses import dataclass, field
from operator import truediv
from pathlib import Path
from typing import Annotated, Any

from cyclopts import App, Parameter
from cyclopts.validators import Number

from richspeech.bench.setup import make_setup
from richspeech.bench.speech import clips, make_speech, write_wav
from richspeech.places import HOME as ROOT
from scripts.load.plan import same
from scripts.measure_page import unpacked
from scripts.page_without_browser import PageClient, opened
from scripts.server import Server, served

PATIENCE_SECONDS = 300.0
SPEECH_SECONDS = 400.0
app = App(help=__doc__)

Round = Callable[[str, Sequence[bytes]], Coroutine[Any, Any, tuple[float, list[str]]]]


@dataclass
class Side:
    """One of the two builds."""

    name: str
    server: Server
    seconds: list[float] = field(default_factory=list)
    """By the clock, a round each."""
    processor_seconds: list[float] = field(default_factory=list)
    """Of the server."""
    texts: list[str] = field(default_factory=list)

    def forget(self) -> None:
        """Begin anew."""
        self.seconds, self.processor_seconds = [], []

    def take(self, work: Round, recordings: Sequence[bytes]) -> None:
        """Do a round."""
        used = self.server.processor_seconds
        seconds, self.texts = asyncio.run(work(self.server.address, recordings))
        self.seconds.append(seconds)
        self.processor_seconds.append(self.server.processor_seconds - used)


async def visit(address: str, recordings: Sequence[bytes]) -> tuple[float, list[str]]:
    """Have everybody open the page and press the button; return seconds and texts."""
    async with opened(address, PATIENCE_SECONDS) as first:
        known = first.config

    async def one(recording: bytes) -> str:
        async with opened(address, PATIENCE_SECONDS, known) as page:
            return await _heard(page, recording)

    began = time.perf_counter()
    texts = await asyncio.gather(*map(one, recordings))
    return time.perf_counter() - began, texts


async def press(address: str, recordings: Sequence[bytes]) -> tuple[float, list[str]]:
    """Have everybody press the button at an open page; return seconds and texts."""
    async with AsyncExitStack() as stack:
        opening = (opened(address, PATIENCE_SECONDS) for _ in recordings)
        pages = [await stack.enter_async_context(each) for each in opening]
        began = time.perf_counter()
        texts = await asyncio.gather(*map(_heard, pages, recordings))
        return time.perf_counter() - began, texts


async def _heard(page: PageClient, recording: bytes) -> str:
    shown = await page.transcribe("clip.wav", recording)
    if "message error" in shown.status:
        sys.exit(f"a clip was not heard: {shown.status[:200]}")
    return shown.text or ""


@app.default
def measure(
    revision: str = "d20dde0",
    *,
    model: str = "embedded",
    visitors: Annotated[int, Parameter(validator=Number(gte=1, lte=32))] = 16,
    clip_seconds: Annotated[float, Parameter(validator=Number(gte=1, lte=60))] = 10.0,
    rounds: Annotated[int, Parameter(validator=Number(gte=1, lte=100))] = 5,
) -> None:
    """Measure both builds, and print a table.

    Args:
        revision: the other build, as git names it
        model: embedded, random-full, or a folder
        visitors: at once
        clip_seconds: length of what each brings
        rounds: of both, after one that does not count

    """
    weights = make_setup(model, device="cpu").model
    with tempfile.TemporaryDirectory() as scratch, ExitStack() as stack:
        roots = {"before": unpacked(revision, Path(scratch, "before")), "now": ROOT}
        before, now = (
            Side(name, stack.enter_context(served(_server(Path(scratch), name, weights, root))))
            for name, root in roots.items()
        )
        recordings = [*_recordings(Path(scratch), clip_seconds, visitors)]
        print("| what | before, s | now, s | before / now, each round | median | by processor |")
        print("| --- | --- | --- | --- | --- | --- |")
        for work in (visit, press):
            _alternate(work, before, now, recordings, rounds)
            print(_row(work.__name__, before, now))


def _server(scratch: Path, name: str, model: str, root: Path) -> Server:
    folder = scratch / f"{name}-work"
    folder.mkdir()
    without = {"RICHSPEECH_HISTORY__ENABLED": "false"}
    return Server(folder, model, root, environment=without)


def _recordings(folder: Path, seconds: float, count: int) -> Iterator[bytes]:
    for number, clip in enumerate(clips(make_speech(SPEECH_SECONDS), seconds, count)):
        path = folder / f"{number}.wav"
        write_wav(clip.speech, path)
        yield path.read_bytes()


def _alternate(
    work: Round, before: Side, now: Side, recordings: Sequence[bytes], rounds: int
) -> None:
    """Take turns; the first round does not count."""
    for side in (before, now):
        side.take(work, recordings)
        side.forget()
    for number in range(rounds):
        for side in (before, now) if number % 2 else (now, before):
            side.take(work, recordings)
        if not all(map(same, before.texts, now.texts)):
            sys.exit(f"the texts differ: {before.texts} and {now.texts}")


def _row(what: str, before: Side, now: Side) -> str:
    ratios = [one / other for one, other in zip(before.seconds, now.seconds, strict=True)]
    used = map(truediv, before.processor_seconds, now.processor_seconds)
    medians = (statistics.median(each.seconds) for each in (before, now))
    cells = (
        f"a {what}",
        *(f"{each:.2f}" for each in medians),
        ", ".join(f"{each:.2f}" for each in ratios),
        f"**{statistics.median(ratios):.2f}**",
        f"{statistics.median(used):.2f}",
    )
    return f"| {' | '.join(cells)} |"


if __name__ == "__main__":
    app()
