"""The html report in a browser, opened from a file with the network cut."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, Playwright, expect

from postprocess import AudioEvent, Emotion
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import open_recording
from richspeech.audio.playback import to_mp3
from richspeech.writers import WriterOptions, write
from tests.transcripts import segment, transcript

from .axe import expect_usable_by_all
from .test_viewer import SLOWEST
from .visitor import EXAMPLES, visitor_of

HOSTILE = "<img src=x onerror=\"document.title='taken'\">"
CALL = transcript(
    segment(0.3, 2.8, "请耐心说你的订单。", Emotion.HAPPY),
    segment(3.8, 6.6, "我上周买的冰箱坏了！", Emotion.ANGRY, AudioEvent.LAUGHTER),
    segment(7.6, 10.1, f"The fridge {HOSTILE}", Emotion.UNKNOWN, language="en"),
    duration=87.1,
)


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("report") / "call.html"
    with open_recording(EXAMPLES / "zh-call.wav", AudioLimits(10**9, 10**5)) as recording:
        options = WriterOptions(title="call.wav", audio=to_mp3(recording.blocks()))
    path.write_bytes(write(CALL, "html", options))
    return path


@pytest.fixture
def page(playwright: Playwright, report: Path) -> Iterator[Page]:
    with visitor_of(playwright, offline=True) as visitor:
        complaints: list[str] = []
        visitor.page.on("console", lambda message: complaints.append(message.text))
        visitor.page.on("pageerror", lambda error: complaints.append(str(error)))
        visitor.page.goto(report.as_uri())
        slowly = f"document.querySelectorAll('audio').forEach((a) => (a.playbackRate = {SLOWEST}))"
        visitor.page.evaluate(slowly)
        yield visitor.page
        assert complaints == []


def time_when_it_plays(page: Page) -> float:
    """Found and read in one go, since it goes on."""
    playing = "[...document.querySelectorAll('audio')].find((a) => !a.paused)?.currentTime"
    return float(page.wait_for_function(playing).json_value())


def test_a_row_plays_from_its_time_and_is_marked_while_it_is_heard(page: Page) -> None:
    page.locator(".rows").get_by_text("我上周买的冰箱坏了！").click()
    assert 3.8 <= time_when_it_plays(page) < 6.6
    expect(page.locator(".now")).to_have_attribute("data-start", "3.8")


def test_a_click_on_the_timeline_plays_from_there(page: Page) -> None:
    box = page.locator("svg").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 10)
    assert time_when_it_plays(page) == pytest.approx(87.1 / 2, abs=5)
    page.keyboard.press("Space")
    page.wait_for_function("document.querySelector('audio').paused")


def test_a_link_to_a_second_leads_to_what_is_said_then_and_plays_nothing(page: Page) -> None:
    page.evaluate("location.hash = '#t=4.5'")
    expect(page.locator(".now")).to_have_attribute("data-start", "3.8")
    heard = page.locator("audio").evaluate("each => [each.currentTime, each.paused]")
    assert heard == [4.5, True]


def test_search_and_filters_leave_the_rows_that_fit(page: Page) -> None:
    rows = page.locator(".rows li:visible")
    page.get_by_role("searchbox").fill("冰箱")
    expect(rows).to_have_count(1)
    expect(page.locator("output")).to_have_text("1 段")
    page.get_by_role("searchbox").fill("")
    page.get_by_label("全部情绪").select_option("unknown")
    expect(rows).to_contain_text(["The fridge"])
    page.get_by_label("全部声音").select_option("laughter")
    expect(rows).to_have_count(0)
    expect(page.locator("#none")).to_be_visible()


def test_what_was_said_stays_text(page: Page) -> None:
    expect(page.locator(".rows").get_by_text(HOSTILE)).to_be_visible()
    expect_usable_by_all(page)
    expect(page).to_have_title("call.wav")


def test_zoom_widens_the_timeline_and_the_ruler_follows(page: Page) -> None:
    marks = page.locator(".ruler text")
    expect(marks.first).to_be_visible()
    few = marks.count()
    page.locator(".zoom input").fill("100")
    expect(marks.nth(few)).to_be_attached()
    narrow, wide = (
        page.locator(name).evaluate("each => each.clientWidth") for name in (".scroller", "svg")
    )
    assert wide > 3 * narrow


@pytest.mark.parametrize("width", [360, 1280])
def test_nothing_is_wider_than_the_screen(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
