"""What people do at the page, and recordings for them."""

import wave
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import soundfile
import soundfile as sf
from numpy.typing import NDArray
from playwright.sync_api import Browser, BrowserContext, Error, Locator, Page, Playwright, Request

from scripts.screenshots import ARGUMENTS as CHROMIUM_ARGUMENTS
from scripts.screenshots import CHROMIUM

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = ROOT / "examples"
PATIENCE_MS = 180_000
"""Until something is there: who waits so long waits for something that does not come."""
ARGUMENTS = [*CHROMIUM_ARGUMENTS, "--host-resolver-rules=MAP hear.test 127.0.0.1"]

WHOLE = "#transcript [data-copy]:visible"
"""The button that copies the transcript comes with its last line."""

LINES = """besides => {
  const copy = document.querySelector("#transcript [data-copy]");
  const lines = [...document.querySelectorAll("#transcript .line > p:first-child")]
    .map((line) => line.innerText);
  return copy?.checkVisibility() && lines.join(" ") !== besides && lines;
}"""


class Visitor:
    """A browser window on the page, and what people do there."""

    def __init__(self, page: Page) -> None:
        self.page = page
        page.set_default_timeout(PATIENCE_MS)
        self.addresses: list[str] = []
        self._size = page.viewport_size
        page.on("request", self._asks)

    def _asks(self, request: Request) -> None:
        self.addresses.append(request.url)

    def open(self, address: str) -> None:
        self.page.goto(address)
        self.page.locator("html[data-settled]").wait_for(state="attached")

    def leave(self) -> None:
        """Go, and let the page stand for somebody else, who knows nothing of what was here."""
        self.page.remove_listener("request", self._asks)
        self.page.unroute_all()
        for each in self.page.context.pages:
            if each is not self.page:
                each.close()
        self.page.mouse.move(0, 0)
        if self._size and self.page.viewport_size != self._size:
            self.page.set_viewport_size(self._size)
        self.page.evaluate(
            """() => {
              document.querySelectorAll("audio, video").forEach((each) => each.pause());
              sessionStorage.clear();
            }"""
        )
        forget_storage(self.page)
        self.page.context.clear_cookies()
        self.page.context.clear_permissions()

    def upload(self, path: Path) -> None:
        self.page.set_input_files("#file input[type=file]", path)
        self.page.locator("#file .file-preview").wait_for()

    def press_start(self) -> None:
        self.page.click("#start")

    def transcribe(self, path: Path) -> str:
        self.upload(path)
        self.press_start()
        return self.result()

    def result(self) -> str:
        """The message at the end of a job."""
        # Found and read in one go, since the page may paint it anew in between.
        text = "document.querySelector('#status .message')?.innerText"
        return str(self.page.wait_for_function(text).json_value())

    def open_part(self, name: str) -> None:
        """Bring a tab of the result to the front."""
        self.page.locator(f"#result-tabs [role=tab][data-tab-id={name}]").first.click()

    def open_table(self) -> None:
        self.page.click("#segments > button")
        self.page.locator("#table th").first.wait_for()

    def lines(self, besides: str = "") -> list[str]:
        """What the transcript says, once it is whole and another than ``besides``."""
        return list(self.page.wait_for_function(LINES, arg=besides).json_value())

    def text(self, besides: str = "") -> str:
        return " ".join(self.lines(besides))

    def wait_until_all_is_drawn(self) -> None:
        """The transcript with its last line, and what stands around it."""
        for place in (WHOLE, "#player :is(audio, video)", "#export-last button", ".glance"):
            self.page.locator(place).wait_for()

    def foreign_addresses(self) -> list[str]:
        local = {"127.0.0.1", "localhost", "hear.test", "", None}
        return [a for a in self.addresses if urlsplit(a).hostname not in local]


@cache
def shared_browser(playwright: Playwright) -> Browser:
    """One browser for all who need no special one; it goes with playwright."""
    return launched(playwright)


def launched(playwright: Playwright, *arguments: str) -> Browser:
    return playwright.chromium.launch(
        executable_path=CHROMIUM, args=[*ARGUMENTS, *arguments], timeout=PATIENCE_MS
    )


@contextmanager
def visitor_of(
    playwright: Playwright, *arguments: str, is_cold: bool = False, **settings: object
) -> Iterator[Visitor]:
    """A window that knows nothing of others; nothing that it loads may come from elsewhere.

    Unless it has to be cold, or the browser needs ``arguments``, its scripts may be compiled
    already, which is nearly half of the work of opening the page.
    """
    chosen = {"locale": "zh-CN", **settings}
    apart = is_cold or arguments
    with (cold if apart else warm)(playwright, *arguments, **chosen) as context:
        visitor = Visitor(context.new_page())
        yield visitor
        assert visitor.foreign_addresses() == []


@contextmanager
def visitor_at(playwright: Playwright, address: str, **settings: Any) -> Iterator[Visitor]:
    """Somebody at the page of a server that outlives them: the page stays for who comes next.

    Its scripts are at hand as long as it is there: opening it from itself takes half of the work.
    """
    chosen = {"locale": "zh-CN", **settings}
    idle = idle_pages(playwright, address, repr(chosen))
    page = idle.pop() if idle else shared_browser(playwright).new_context(**chosen).new_page()
    visitor = Visitor(page)
    try:
        visitor.open(address)
        yield visitor
        assert visitor.foreign_addresses() == []
        assert page.url.startswith(address), "whoever leaves from elsewhere is a visitor_of"
        visitor.leave()
    except BaseException:
        page.context.close()
        raise
    idle.append(page)


@cache
def idle_pages(_playwright: Playwright, _address: str, _settings: str) -> list[Page]:
    """Those that stand there, in browsers with these settings."""
    return []


@contextmanager
def cold(playwright: Playwright, *arguments: str, **settings: Any) -> Iterator[BrowserContext]:
    browser = launched(playwright, *arguments) if arguments else shared_browser(playwright)
    context = browser.new_context(**settings)
    try:
        yield context
    finally:
        context.close()
        if arguments:
            browser.close()


@contextmanager
def warm(playwright: Playwright, **settings: Any) -> Iterator[BrowserContext]:
    idle = idle_contexts(playwright, repr(settings))
    context = idle.pop() if idle else shared_browser(playwright).new_context(**settings)
    try:
        yield context
        forget(context)
    except BaseException:
        context.close()
        raise
    idle.append(context)


@cache
def idle_contexts(_playwright: Playwright, _settings: str) -> list[BrowserContext]:
    """Those with these settings that nobody uses."""
    return []


def forget(context: BrowserContext) -> None:
    """Forget who was here. A page stays, for the process of the last closes with its scripts."""
    *others, page = context.pages
    parts = urlsplit(page.url)
    origin = f"{parts.scheme}://{parts.netloc}"
    if parts.scheme == "http":
        forget_storage(page)
        with suppress(Error):  # a server that was told to end
            context.new_page().goto(f"{origin}/health")
    for each in (*others, page):
        each.close()
    context.clear_cookies()
    context.clear_permissions()


def forget_storage(page: Page) -> None:
    """Clear what the site has stored."""
    parts = urlsplit(page.url)
    storage = {"origin": f"{parts.scheme}://{parts.netloc}", "storageTypes": "all"}
    session = page.context.new_cdp_session(page)
    session.send("Storage.clearDataForOrigin", storage)
    session.detach()


def speak(page: Page, language: str) -> None:
    """Choose the language of the page by its own name."""
    page.locator("#switch input").click()
    page.get_by_role("option", name=language).click()


def press_twice(button: Locator) -> None:
    """Press a dangerous button, and again within the seconds that it waits for that."""
    button.evaluate("(button) => { button.click(); button.click(); }")


def words_of(reference: dict[str, Any]) -> str:
    return " ".join(line["text"] for line in reference["lines"] if line["text"])


def read_samples(path: Path) -> tuple[NDArray[Any], int]:
    with wave.open(str(path)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), "<i2")
        return samples.reshape(-1, file.getnchannels())[:, 0], file.getframerate()


def write_samples(path: Path, samples: NDArray[Any], rate: int) -> Path:
    sf.write(path, samples.astype(np.int16), rate)
    return path


def long_call(times: int, shift: int = 0) -> tuple[NDArray[Any], int]:
    """A call again and again, at half its rate, and the rate; no two of another shift are equal."""
    samples, rate = read_samples(EXAMPLES / "zh-call.wav")
    return np.tile(np.roll(samples[::2], shift), times), rate // 2


def write_flac(path: Path, samples: NDArray[Any], rate: int) -> Path:
    """For hours: half of what a WAV takes to upload, and next to nothing where nobody speaks."""
    soundfile.write(path, samples.astype("<i2"), rate)
    return path
