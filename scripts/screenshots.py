"""Take the screenshots for the documents: ``python -m scripts.screenshots [NAME…]``.

Starts the console with the embedded model on a free port, opens it in headless Chromium, has an
example transcribed and writes docs/console-*.png.
"""

import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol

from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from richspeech.console.examples import find_examples
from richspeech.language.catalog import say
from richspeech.places import HOME as ROOT
from scripts.ports import free_port

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
MICROPHONE = (
    "--use-fake-ui-for-media-stream",
    "--use-fake-device-for-media-stream",
    f"--use-file-for-fake-audio-capture={EXAMPLES / EXAMPLE}%noloop",
)
START_SECONDS = 600
LARGEST_BYTES = 400_000


@dataclass(frozen=True)
class Picture:
    """One picture: how the visitor's browser is set, and what it is called."""

    name: str
    locale: Literal["zh", "en"]
    width: int = 1440
    height: int = 1000
    colours: Literal["light", "dark"] = "light"
    part: str | None = None
    """Selector of what is shown; None is the first screen."""
    press: str | None = None
    """Tab of the result that is pressed before, by its id."""
    is_empty: bool = False
    """Whether nobody has transcribed anything."""
    hears: bool = False
    """Whether the emotions of the example are shown, and not its transcript."""
    talks: bool = False
    """Whether somebody says the example into the microphone."""
    compares: bool = False
    """Whether the example goes through two settings of the lab."""
    engine: str | None = None
    """How the choice of another engine begins."""
    batches: bool = False
    """Whether all examples are transcribed as a batch."""
    remembers: bool = False
    """Whether the history of such a batch is shown."""
    previews: bool = False
    """Whether the beginning of a file of subtitles is shown."""
    tours: bool = False
    """Whether the tour tells of the result."""
    rules: bool = False
    """Whether a rule of labels is written in its form."""
    sets: bool = False
    """Whether settings are changed, and own rules of risk written."""


PICTURES = (
    Picture("welcome-zh-wide", "zh", height=900, is_empty=True),
    Picture("welcome-en-narrow", "en", 390, 844, "dark", is_empty=True),
    Picture("console-zh-wide", "zh"),
    Picture("console-en-wide", "en"),
    Picture("console-zh-dark", "zh", colours="dark"),
    Picture("console-zh-narrow", "zh", width=390),
    Picture("console-en-narrow", "en", width=390),
    Picture("exports-zh-wide", "zh", height=900, press="export"),
    Picture("exports-en-narrow", "en", 390, 844, press="export"),
    Picture("review-zh-wide", "zh", height=900, press="analysis"),
    Picture("review-en-narrow", "en", 390, 844, "dark", press="analysis"),
    Picture("highlights-zh-wide", "zh", height=900, press="highlights"),
    Picture("highlights-en-dark", "en", 1440, 900, "dark", press="highlights"),
    Picture("risk-zh-narrow", "zh", 390, 844, press="risk"),
    Picture("risk-en-wide", "en", height=900, press="risk"),
    Picture("emotion-zh-wide", "zh", part="#emotion-result", hears=True),
    Picture("emotion-en-dark", "en", colours="dark", part="#emotion-result", hears=True),
    Picture("emotion-zh-narrow", "zh", width=390, part="#emotion-result", hears=True),
    Picture("live-zh-wide", "zh", part="#live", talks=True),
    Picture("live-en-dark", "en", colours="dark", part="#live", talks=True),
    Picture("live-zh-narrow", "zh", width=390, part="#live", talks=True),
    Picture("lab-zh-wide", "zh", part="#lab-result", compares=True),
    Picture("lab-en-dark", "en", colours="dark", part="#lab-result", compares=True),
    Picture("lab-zh-narrow", "zh", width=390, part="#lab-result", compares=True),
    Picture("paraformer-zh-wide", "zh", engine="Paraformer"),
    Picture("paraformer-en-dark", "en", colours="dark", engine="Paraformer"),
    Picture("paraformer-zh-narrow", "zh", width=390, engine="Paraformer"),
    Picture("batch-zh-wide", "zh", part="#batch-result", batches=True),
    Picture("batch-en-dark", "en", colours="dark", part="#batch-result", batches=True),
    Picture("batch-zh-narrow", "zh", width=390, part="#batch-result", batches=True),
    Picture("history-zh-wide", "zh", part="#history", remembers=True),
    Picture("history-en-dark", "en", colours="dark", part="#history", remembers=True),
    Picture("history-zh-narrow", "zh", width=390, part="#history", remembers=True),
    Picture("subtitles-zh-wide", "zh", press="export", previews=True),
    Picture("subtitles-en-narrow", "en", 390, 844, "dark", press="export", previews=True),
    Picture("tour-zh-wide", "zh", height=900, tours=True),
    Picture("tour-en-narrow", "en", 390, 844, "dark", tours=True),
    Picture("rules-zh-wide", "zh", height=900, rules=True),
    Picture("rules-en-narrow", "en", 390, 844, "dark", rules=True),
    Picture("settings-zh-wide", "zh", height=900, sets=True),
    Picture("settings-en-dark", "en", 1440, 900, "dark", sets=True),
    Picture("settings-zh-narrow", "zh", 390, 844, sets=True),
)


def main() -> int:
    """Take all pictures, or those of some names."""
    wanted = [each for each in PICTURES if each.name in sys.argv[1:] or not sys.argv[1:]]
    with console() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=CHROMIUM, args=[*ARGUMENTS, *MICROPHONE]
        )
        try:
            for picture in wanted:
                path = take(browser, address, picture)
                print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} kB")
        finally:
            browser.close()
    return 0


@contextmanager
def console() -> Iterator[str]:
    """Run app_sensevoice.py in a process of its own; gives its address."""
    port = free_port()
    address = f"http://127.0.0.1:{port}"
    command = [sys.executable, "app_sensevoice.py", "--model", "embedded", "--port", str(port)]
    with tempfile.TemporaryFile() as log, tempfile.TemporaryDirectory() as folder:
        history = {"RICHSPEECH_HISTORY__URL": f"sqlite:///{folder}/history.sqlite"}
        server = subprocess.Popen(
            command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT, env=os.environ | history
        )
        try:
            if not answers(server, f"{address}/readyz"):
                log.seek(0)
                message = log.read().decode(errors="replace")
                raise RuntimeError(f"The console did not start:\n{message}")
            yield address
        finally:
            server.terminate()
            server.wait(30)


class Polled(Protocol):
    """A process that can be asked for its exit status."""

    def poll(self) -> int | None:
        """Return None as long as it runs."""


def answers(server: Polled, address: str) -> bool:
    """Wait until ``address`` answers with 200; False when the server stopped or took too long."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        try:
            urllib.request.urlopen(f"{address}", timeout=30).close()  # noqa: S310
        except OSError:
            time.sleep(0.1)
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
        prepare(page, picture)
        path = DOCS / f"{picture.name}.png"
        place = page.locator(picture.part) if picture.part else page
        place.screenshot(path=path)
    finally:
        window.close()
    shrink(path)
    return path


def prepare(page: Page, picture: Picture) -> None:
    """Do what the picture is to show."""
    locale = picture.locale
    if picture.is_empty:
        page.wait_for_timeout(500)
    elif picture.hears:
        hear(page, locale)
    elif picture.talks:
        talk(page, locale)
    elif picture.compares:
        compare(page, locale)
    elif picture.batches or picture.remembers:
        batch(page, locale)
        if picture.remembers:
            open_tab(page, "tab_history", locale)
            file_under(page, say("history_tag_example", locale))
    else:
        choose(page, picture.engine)
        transcribe(page, locale)
    page.evaluate("scrollTo(0, 0)")
    show(page, picture)


def show(page: Page, picture: Picture) -> None:
    """Bring into sight what is about the transcript, once it is there."""
    if picture.rules:
        write_rule(page, picture.locale)
    elif picture.sets:
        change_settings(page, picture.locale)
    elif picture.previews:
        show_result(page, picture)
        page.click("#subtitle-preview > button")
        page.locator("#subtitles pre").wait_for()
        page.locator("#subtitles").scroll_into_view_if_needed()
    elif not picture.part and not picture.is_empty:
        show_result(page, picture)
    if picture.tours:
        take_tour(page, picture.locale)


def take_tour(page: Page, locale: str) -> None:
    """Open the tour, and go on to what it says of the verdict."""
    page.locator("[data-guide]").first.click()
    page.get_by_role("button", name=say("tour", locale)).click()
    page.get_by_role("button", name=say("tour_person_quality", locale)).click()
    page.get_by_role("button", name=say("tour_next", locale)).click()
    page.wait_for_timeout(800)


def write_rule(page: Page, locale: str) -> None:
    """Have music dropped by a second rule, in the form of the lab."""
    open_tab(page, "tab_lab", locale)
    page.get_by_role("tab", name=say("lab_rules", locale), exact=True).click()
    form = page.locator("#lab-form")
    form.get_by_role("button", name=say("rule_add", locale), exact=True).click()
    rule = form.locator("li").last
    rule.get_by_label(say("rule_name", locale)).fill("no-hold-music")
    for kind, part in (("when", "event"), ("effects", "drop_event")):
        add = rule.get_by_label(say(f"rule_add_{kind}", locale))
        add.select_option(label=say(f"rule_{part}", locale))
        page.wait_for_timeout(300)
    page.locator("#lab-effect .lab-changes").wait_for()
    page.mouse.move(0, 0)
    rule.scroll_into_view_if_needed()
    page.wait_for_timeout(300)


def change_settings(page: Page, locale: str) -> None:
    """Keep the history for a quarter, and begin own rules of risk with those of service calls."""
    open_tab(page, "tab_settings", locale)
    form = page.locator("#server-settings")
    form.get_by_label(say("setting_history_keep_days", locale)).fill("90")
    form.locator("summary", has_text=say("settings_risk", locale)).click()
    form.get_by_role("button", name=say("settings_own_rules", locale)).click()
    form.locator("li summary", has_text="angry-run").click()
    form.get_by_label(say("setting_rule_points", locale)).first.fill("30")
    page.wait_for_timeout(1_500)
    page.evaluate("document.activeElement.blur()")
    form.locator("[title='risk.max_gap_seconds']").evaluate("element => element.scrollIntoView()")
    page.mouse.move(0, 0)


def choose(page: Page, engine: str | None) -> None:
    """Choose another engine than the main one, if one is named."""
    if engine is not None:
        page.click("#engine input")
        page.get_by_role("option", name=engine).click()
        page.wait_for_function("document.querySelector('#language input').disabled")


def transcribe(page: Page, locale: str) -> None:
    """Press the example's card and wait for the end; leaves the page ready for a picture."""
    example = next(e for e in find_examples(EXAMPLES) if e.path.name == EXAMPLE)
    page.locator("#examples").get_by_role("button", name=example.title(locale)).click()
    page.locator("#status .message.done").wait_for(timeout=120_000)
    if page.locator("#again").is_visible():  # the history knows it from the picture before
        page.click("#again")
        finished = say("finished", locale)
        page.locator("#status .message.done", has_text=finished).wait_for(timeout=120_000)
    page.locator("#export-last button").wait_for()
    page.mouse.move(0, 0)
    page.wait_for_function("document.querySelector('#player audio')?.duration > 0")
    page.wait_for_timeout(1_500)  # on a phone the page scrolls by itself


def hear(page: Page, locale: str) -> None:
    """Have the emotions of the example heard; leaves the page ready for a picture."""
    page.get_by_role("tab", name=say("tab_emotion", locale), exact=True).click()
    example = next(e for e in find_examples(EXAMPLES) if e.path.name == EXAMPLE)
    button = page.locator("#emotion-examples").get_by_role("button", name=example.title(locale))
    button.click()
    page.locator("#emotion-verdict .verdict").wait_for(timeout=120_000)
    page.mouse.move(0, 0)
    page.wait_for_function("document.querySelector('#emotion-player audio')?.duration > 0")
    page.wait_for_timeout(1_500)


def talk(page: Page, locale: str) -> None:
    """Have the example said into the microphone until its third sentence has begun."""
    page.context.grant_permissions(["microphone"])
    open_tab(page, "tab_live", locale)
    page.click("#live-start")
    page.locator("#live-lines li").nth(1).wait_for(timeout=120_000)
    page.locator("#live-interim p", has_not_text="…").wait_for(timeout=120_000)


def compare(page: Page, locale: str) -> None:
    """Have the example heard as the lab's two settings want it."""
    page.get_by_role("tab", name=say("tab_lab", locale), exact=True).click()
    example = next(e for e in find_examples(EXAMPLES) if e.path.name == EXAMPLE)
    page.locator("#lab-b").get_by_label(say("merge", locale)).check()
    page.locator("#lab-examples").get_by_role("button", name=example.title(locale)).click()
    page.locator("#lab-status .message.done").wait_for(timeout=120_000)
    page.locator("#lab-json").wait_for()
    page.mouse.move(0, 0)
    page.wait_for_timeout(1_500)


def batch(page: Page, locale: str) -> None:
    """Have all examples transcribed as a batch."""
    open_tab(page, "tab_batch", locale)
    paths = [example.path for example in find_examples(EXAMPLES)]
    page.set_input_files("#batch-files input[type=file]", paths)
    page.locator("#batch-files tr.file").nth(len(paths) - 1).wait_for()
    page.click("#batch-start")
    page.locator("#batch-status .message.done").wait_for(timeout=120_000)
    page.mouse.move(0, 0)


def file_under(page: Page, tag: str) -> None:
    """Tag the newest transcript of the history."""
    row = page.locator("#history-list li").first
    row.locator(".tag-add summary").click()
    row.locator(".tag-add input").fill(tag)
    row.locator(".tag-add input").press("Enter")
    row.locator(".tag", has_text=tag).wait_for()
    row.locator(".tag-add summary").click()
    page.mouse.move(0, 0)


def open_tab(page: Page, key: str, locale: str) -> None:
    """Bring a tab to the front; on a phone it may be in a menu."""
    tab = page.get_by_role("tab", name=say(key, locale), exact=True)
    if tab.count():
        tab.click()
    else:
        page.locator(".overflow-menu > button").first.click()
        page.locator(".overflow-dropdown button", has_text=say(key, locale)).click()


def show_result(page: Page, picture: Picture) -> None:
    """Press the wanted tab; on a phone scroll to the result, which is below the first screen."""
    if picture.press:
        page.locator(f"#result-tabs [data-tab-id={picture.press}]").first.click()
        page.wait_for_timeout(300)
    box = page.locator("#result").bounding_box()
    if box is not None and picture.width < 760:
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
