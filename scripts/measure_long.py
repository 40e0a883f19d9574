"""Measure the page with a long transcript: ``python -m scripts.measure_long [REVISION]``.

A history is given three hours of speech in 3,000 segments, which a seed decides. Chromium opens
them from the history, scrolls and jumps through the lines, zooms and moves the timeline, also by
keys on its map, searches, and unfolds the table. Frames are told apart by
``requestAnimationFrame``: one that takes long is a page that stutters. With a revision an earlier
build goes through the same, turn by turn; it has to know histories as they are now. The median of
the rounds counts.

The browser has no graphics card here, so a frame costs more than it would elsewhere.
"""

import random
import statistics
import time
from collections.abc import Iterator
from contextlib import closing

from playwright.sync_api import Browser, CDPSession, Page, sync_playwright

from postprocess import AudioEvent, Emotion
from richspeech.model.document import Document
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Segment, Token, Transcript
from richspeech.storage.transcripts import Fingerprint, Store
from scripts.by_turns import builds, by_turns, turns_parser
from scripts.screenshots import ARGUMENTS, CHROMIUM
from scripts.server import Server

SEGMENTS = 3_000
SECONDS = 3 * 3600
SPEAKERS = ("客服", "客户")
LETTERS = "你好请问有什么可以帮您我想要退款这个机器坏了已经等很久非常感谢明白稍等马上处理"
SECONDS_A_LETTER = 0.22
EMOTIONS = (Emotion.NEUTRAL, Emotion.HAPPY, Emotion.ANGRY, Emotion.SAD, Emotion.UNKNOWN)
SHARES = (60, 12, 10, 8, 10)
PATIENCE_MS = 180_000
FRAMES = 120
"""Of each movement."""

MOVES = {
    "scrolling the lines": "(list, stage, n) => list.scrollBy(0, 90)",
    "jumping through the lines": """(list, stage, n) => {
      list.scrollTop = ((n * 7919) % 100) / 100 * list.scrollHeight;
    }""",
    "zooming the timeline": """(list, stage, n) => stage.dispatchEvent(
      new WheelEvent("wheel", {
        deltaY: n % 60 < 30 ? -90 : 90, clientX: stage.getBoundingClientRect().left + 600,
        bubbles: true, cancelable: true,
      }))""",
    "moving the timeline": """(list, stage, n) => stage.dispatchEvent(
      new WheelEvent("wheel", {
        deltaX: n % 60 < 30 ? 40 : -40, deltaY: 0, bubbles: true, cancelable: true,
      }))""",
    "moving on the map": """(list, stage, n) =>
      document.querySelector(".stretch-window")?.dispatchEvent(new KeyboardEvent("keydown", {
        key: n % 60 < 30 ? "ArrowRight" : "ArrowLeft", bubbles: true, cancelable: true,
      }))""",
}

FRAME_TIMES = """
async ([move, frames]) => {
  const list = document.querySelector("#transcript ol.lines");
  const stage = document.querySelector(".timeline-stage");
  const step = eval(move);
  const times = [];
  for (let n = 0; n <= frames; n++) {
    times.push(await new Promise(requestAnimationFrame));
    step(list, stage, n);
  }
  return times.slice(1).map((time, n) => time - times[n]);
}
"""
AFTER_TWO_FRAMES = """
() => new Promise((resolve) =>
  requestAnimationFrame(() => requestAnimationFrame(() => resolve(performance.now()))))
"""


def long_transcript(segments: int = SEGMENTS, seconds: float = SECONDS) -> Transcript:
    """Return a conversation of two, the same every time: each segment has words with times."""
    chance = random.Random(0)
    each = seconds / segments
    heard = tuple(_segment(number * each, each, chance) for number in range(segments))
    return Transcript(seconds, seconds / 20, "sensevoice", "embedded", heard)


def _segment(start: float, room: float, chance: random.Random) -> Segment:
    letters = chance.choices(LETTERS, k=chance.randint(4, int(room / SECONDS_A_LETTER) - 1))
    tokens = tuple(
        Token(
            letter,
            start + number * SECONDS_A_LETTER,
            start + (number + 1) * SECONDS_A_LETTER,
            0.3 + 0.7 * chance.random(),
        )
        for number, letter in enumerate(letters)
    )
    [emotion] = chance.choices(EMOTIONS, SHARES)
    sure = 0.5 + 0.5 * chance.random()
    laughs = chance.random() < 0.05
    text = "".join(letters)
    return Segment(
        start=start,
        end=start + len(letters) * SECONDS_A_LETTER,
        text=text,
        language="zh",
        language_probability=0.95,
        emotion=emotion,
        emotion_probabilities={emotion.value: sure, Emotion.FEARFUL.value: 1 - sure},
        events=(AudioEvent.LAUGHTER,) if laughs else (),
        event_probabilities={AudioEvent.LAUGHTER.value: 0.8} if laughs else {},
        tokens=tokens,
        raw_text=text,
        speaker=chance.choice(SPEAKERS),
    )


def keep(url: str) -> None:
    """Put the transcript into a history, as if it had been heard."""
    with closing(Store(url)) as store:
        store.keep(
            Fingerprint("beginning", "whole"),
            "long.wav",
            TranscriptionRequest(),
            Document(long_transcript()),
        )


def measured(browser: Browser, address: str) -> Iterator[tuple[str, float]]:
    """Do one round with a page that nobody has opened before."""
    context = browser.new_context(locale="zh-CN", viewport={"width": 1440, "height": 900})
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    session = context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    page.goto(address)
    page.locator("html[data-settled]").wait_for(state="attached")
    yield "opening from the history, seconds", _open(page)
    page.locator("#transcript [data-copy]:visible").wait_for()
    yield "elements of the page", page.evaluate("document.querySelectorAll('*').length")
    for name, move in MOVES.items():
        before = _busy_seconds(session)
        times = page.evaluate(FRAME_TIMES, [move, FRAMES])
        busy = _busy_seconds(session) - before
        yield f"{name}, frames p95, ms", _p95(times)
        yield f"{name}, main thread a frame, ms", 1000 * busy / FRAMES
    yield "searching, ms", _search(page)
    yield "unfolding the table, ms", _table(page)
    context.close()


def _open(page: Page) -> float:
    page.locator("#tabs > .tab-wrapper [role=tab]", has_text="历史").click()
    name = page.locator("#history-list button.row-name")
    name.wait_for()
    page.evaluate(AFTER_TWO_FRAMES)
    began = time.monotonic()
    name.click()
    page.locator("#transcript li").first.wait_for()
    page.evaluate(AFTER_TWO_FRAMES)
    return time.monotonic() - began


def _busy_seconds(session: CDPSession) -> float:
    """Return what the page's main thread has worked so far, however busy the machine is."""
    found = session.send("Performance.getMetrics")["metrics"]
    return float(next(each["value"] for each in found if each["name"] == "TaskDuration"))


def _p95(times: list[float]) -> float:
    return statistics.quantiles(times, n=20)[-1]


def _search(page: Page) -> float:
    began = time.monotonic()
    page.locator("#transcript .search").fill("退款")
    page.evaluate(AFTER_TWO_FRAMES)
    return 1000 * (time.monotonic() - began)


def _table(page: Page) -> float:
    began = time.monotonic()
    page.click("#segments > button")
    page.locator("#table th").first.wait_for(state="attached")
    page.evaluate(AFTER_TWO_FRAMES)
    return 1000 * (time.monotonic() - began)


def main() -> None:
    """Measure, and print a table."""
    arguments = turns_parser("The page with a long transcript.").parse_args()
    with (
        builds(arguments.revision, prepare=lambda server: keep(server.history)) as servers,
        sync_playwright() as playwright,
    ):

        def one(_: str, server: Server) -> Iterator[tuple[str, float]]:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS])
            yield from measured(browser, server.address)
            browser.close()

        by_turns(servers, arguments.rounds, one)


if __name__ == "__main__":
    main()
