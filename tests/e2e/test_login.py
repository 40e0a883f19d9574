"""The page behind a name and a password."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Playwright, expect

from .axe import expect_usable_by_all
from .conftest import served
from .program import anew
from .visitor import EXAMPLES, Visitor, visitor_of

USER, PASSWORD = "ming", "一个 long-Passwort"


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server that asks who is there."""
    with served(
        tmp_path_factory.mktemp("guarded") / "log.txt",
        anew,
        RICHSPEECH_SERVER__USER=USER,
        RICHSPEECH_SERVER__PASSWORD=PASSWORD,
    ) as address:
        yield address


@pytest.fixture
def stranger(playwright: Playwright, guarded: str) -> Iterator[Visitor]:
    """Someone before the login page."""
    with visitor_of(playwright) as visitor:
        visitor.page.goto(guarded)
        visitor.page.locator("input[type=password]").wait_for()
        yield visitor


def log_in(visitor: Visitor, user: str, password: str) -> None:
    visitor.page.get_by_label("用户名").fill(user)
    visitor.page.locator("input[type=password]").fill(password)
    visitor.page.get_by_role("button", name="登录").click()


@pytest.mark.parametrize(("user", "password"), [(USER, "wrong"), ("hong", PASSWORD)])
def test_a_wrong_name_or_password_is_refused(stranger: Visitor, user: str, password: str) -> None:
    log_in(stranger, user, password)
    expect(stranger.page.locator(".problem")).to_have_text("用户名或密码不对，请重新输入。")
    expect(stranger.page.get_by_label("用户名")).to_have_value(user)
    expect(stranger.page.locator("input[type=password]")).to_be_focused()
    expect_usable_by_all(stranger.page)
    stranger.page.goto(stranger.page.url)
    stranger.page.locator("input[type=password]").wait_for()
    expect(stranger.page.locator("#start")).to_have_count(0)


def test_an_english_reader_logs_in_in_english(playwright: Playwright, guarded: str) -> None:
    with visitor_of(playwright, locale="en-US") as visitor:
        visitor.page.goto(guarded)
        visitor.page.get_by_label("Name").fill(USER)
        visitor.page.get_by_label("Password").fill(PASSWORD)
        visitor.page.get_by_role("button", name="Log in").click()
        visitor.page.locator("html[data-settled=en]").wait_for(state="attached")


@pytest.mark.parametrize("locale", ["zh-CN", "en-US"])
def test_on_a_narrow_page_logging_out_stands_between_the_name_and_the_switch(
    playwright: Playwright, guarded: str, locale: str
) -> None:
    narrow = {"width": 390, "height": 844}
    with visitor_of(playwright, locale=locale, viewport=narrow) as visitor:
        page = visitor.page
        page.goto(guarded)
        page.locator("input[name=username]").fill(USER)
        page.locator("input[type=password]").fill(PASSWORD)
        page.locator("button").click()
        page.locator("html[data-settled]").wait_for(state="attached")
        places = ("#title .names p", "#logout button", "#switch")
        name, button, switch = (page.locator(each).bounding_box() for each in places)
        assert name
        assert button
        assert switch
        words = page.locator(places[0]).evaluate(
            "p => { const r = document.createRange(); r.selectNodeContents(p);"
            " return r.getBoundingClientRect().right; }"
        )
        assert words + 8 <= button["x"]
        assert button["x"] + button["width"] + 8 <= switch["x"]
        assert switch["y"] <= button["y"] + button["height"] / 2 <= switch["y"] + switch["height"]


def test_logging_out_leads_back_to_the_form_and_the_page_is_shut(
    stranger: Visitor, guarded: str
) -> None:
    log_in(stranger, USER, PASSWORD)
    stranger.page.locator("html[data-settled]").wait_for(state="attached")
    stranger.page.get_by_role("button", name="退出登录").click()
    stranger.page.locator("input[type=password]").wait_for()
    stranger.page.goto(guarded)
    stranger.page.locator("input[type=password]").wait_for()


def test_the_right_password_opens_a_page_that_works(stranger: Visitor) -> None:
    log_in(stranger, USER, PASSWORD)
    stranger.page.locator("html[data-settled]").wait_for(state="attached")
    stranger.page.locator("#examples [data-example]").last.click()
    assert re.match("识别完成|没有听到说话声", stranger.result())
    expect(stranger.page.locator("#transcript .line").first).to_be_visible()
    stranger.open_part("export")
    with stranger.page.expect_download() as caught:
        stranger.page.click("#download-json")
    assert caught.value.suggested_filename.endswith(".json")


def test_who_presses_something_after_the_login_has_ended_is_led_to_the_form(
    stranger: Visitor, guarded: str
) -> None:
    log_in(stranger, USER, PASSWORD)
    stranger.page.locator("html[data-settled]").wait_for(state="attached")
    with stranger.page.context.new_page() as other:
        other.goto(guarded)
        other.get_by_role("button", name="退出登录").click()
        other.locator("input[type=password]").wait_for()
    stranger.page.locator("#examples [data-example]").last.click()
    stranger.page.locator("input[type=password]").wait_for()


def test_the_login_page_names_the_program_in_the_browser_s_tab(stranger: Visitor) -> None:
    expect(stranger.page).to_have_title(re.compile("^SenseVoice 智能语音识别控制台 · 听见"))


@pytest.mark.parametrize(
    "path",
    [
        "config",
        "gradio_api/info",
        "gradio_api/queue/status",
        "gradio_api/heartbeat/stranger",
        f"gradio_api/file={EXAMPLES / 'zh-call.wav'}",
    ],
)
def test_nothing_is_read_without_the_login(stranger: Visitor, guarded: str, path: str) -> None:
    assert stranger.page.request.get(f"{guarded}/{path}").status == 401


@pytest.mark.parametrize(
    "path",
    [
        "gradio_api/upload",
        "gradio_api/queue/join",
        "gradio_api/run/predict",
        "gradio_api/cancel",
        "gradio_api/reset",
    ],
)
def test_nothing_is_sent_without_the_login(stranger: Visitor, guarded: str, path: str) -> None:
    body = {"data": [], "fn_index": 0, "session_hash": "stranger", "event_id": "0"}
    assert stranger.page.request.post(f"{guarded}/{path}", data=body).status == 401


def can_talk(visitor: Visitor, address: str) -> bool:
    opens = """address => new Promise((resolve) => {
        const socket = new WebSocket(address);
        socket.onopen = () => resolve(true);
        socket.onerror = () => resolve(false);
    })"""
    return bool(visitor.page.evaluate(opens, f"{address.replace('http', 'ws')}/live"))


def test_only_who_has_logged_in_can_talk(stranger: Visitor, guarded: str) -> None:
    assert not can_talk(stranger, guarded)
    log_in(stranger, USER, PASSWORD)
    stranger.page.locator("html[data-settled]").wait_for(state="attached")
    assert can_talk(stranger, guarded)


def test_health_stays_open_and_says_nothing_private(stranger: Visitor, guarded: str) -> None:
    answer = stranger.page.request.get(f"{guarded}/health")
    assert answer.status == 200
    assert PASSWORD not in answer.text()
    assert USER not in answer.json().values()
