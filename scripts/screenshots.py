"""Take the pictures of the console for the documents: ``python -m scripts.screenshots``.

It starts the console with the embedded model on a free port, opens it in headless Chromium, has an
example transcribed and writes docs/console-*.png.
"""

import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from app_sensevoice import bound_socket
from richspeech.console.examples import find_examples
from richspeech.settings import ROOT

DOCS = ROOT / "docs"
EXAMPLES = ROOT / "examples"
EXAMPLE = "zh-call.wav"
CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
START_SECONDS = 240
LARGEST_BYTES = 400_000


@dataclass(frozen=True)
class Picture:
    """One picture: how the visitor's browser is set, and what it is called."""

    name: str
    locale: Literal["zh", "en"]
    width: int = 1440
    height: int = 1000
    colours: Literal["light", "dark"] = "light"


PICTURES = (
    Picture("console-zh-wide", "zh"),
    Picture("console-en-wide", "en"),
    Picture("console-zh-dark", "zh", colours="dark"),
    Picture("console-zh-narrow", "zh", width=390),
    Picture("console-en-narrow", "en", width=390),
)


def main() -> int:
    """Take all pictures."""
    with console() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        try:
            for picture in PICTURES:
                path = take(browser, address, picture)
                print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")
        finally:
            browser.close()
    return 0


@contextmanager
def console() -> Iterator[str]:
    """Run app_sensevoice.py in a process of its own; gives its address."""
    with bound_socket("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "app_sensevoice.py", "--model", "embedded", "--port", str(port)]
    with tempfile.TemporaryFile() as log:
        server = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
        try:
            if not answers(server, f"{address}/readyz"):
                log.seek(0)
                message = log.read().decode(errors="replace")
                raise RuntimeError(f"The console did not start:\n{message}")
            yield address
        finally:
            server.terminate()
            server.wait(30)


def answers(server: subprocess.Popen[bytes], address: str) -> bool:
    """Wait until ``address`` answers with 200; False when the server stopped or took too long."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(f"{address}", timeout=2).close()  # noqa: S310
        except OSError:
            time.sleep(0.5)
        else:
            return True
    return False


def take(browser: Browser, address: str, picture: Picture) -> Path:
    """Open the page as ``picture`` wants it, have the example transcribed, and write the file."""
    window = browser.new_context(
        locale={"zh": "zh-CN", "en": "en-US"}[picture.locale],
        viewport={"width": picture.width, "height": picture.height},
        color_scheme=picture.colours,
        reduced_motion="reduce",
    )
    try:
        page = window.new_page()
        page.goto(address)
        page.locator("html[data-settled]").wait_for(state="attached")
        transcribe(page, picture.locale)
        if picture.width < 760:
            show_result(page)
        path = DOCS / f"{picture.name}.png"
        page.screenshot(path=path)
    finally:
        window.close()
    shrink(path)
    return path


def transcribe(page: Page, locale: str) -> None:
    """Press the example's button and wait for the end; leaves the page ready for a picture."""
    example = next(e for e in find_examples(EXAMPLES) if e.path.name == EXAMPLE)
    page.locator("#examples").get_by_role("button", name=example.title(locale), exact=True).click()
    page.locator("#status .message.done").wait_for(timeout=120_000)
    page.locator("#download-json").wait_for()
    page.mouse.move(0, 0)
    page.wait_for_function("document.querySelector('#player audio')?.duration > 0")
    page.wait_for_timeout(1_500)  # on a phone the page scrolls by itself


def show_result(page: Page) -> None:
    """Scroll to the transcript, which is below the first screen of a phone."""
    box = page.locator("#right > .card").bounding_box()
    if box is not None:
        page.evaluate("distance => window.scrollBy(0, distance)", box["y"] - 16)


def shrink(path: Path) -> None:
    """Write the picture with 256 colours, which is a third of the size and looks the same."""
    with Image.open(path) as picture:
        few = picture.convert("RGB").quantize(256, dither=Image.Dither.NONE)
    few.save(path, optimize=True)
    if path.stat().st_size > LARGEST_BYTES:
        raise RuntimeError(f"{path.name} is larger than {LARGEST_BYTES} bytes.")


if __name__ == "__main__":
    sys.exit(main())
