"""The page as it is sent: right language at once, small, and the same bytes for everybody."""

import asyncio
import base64
import gzip
import hashlib
import html
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import brotli
import httpx
import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from starlette.requests import HTTPConnection

from richspeech import console
from richspeech.api.app import create_app
from richspeech.api.phone import Phones, phone_routes
from richspeech.api.root_page import (
    Files,
    captions_route,
    file_routes,
    locale_of,
    root_route,
)
from richspeech.api.screen import Screens, screen_routes
from richspeech.console.frontend import Frontend
from richspeech.console.root_page import RootPage
from richspeech.engines.readiness import Readiness
from richspeech.jobs.runner import Runner
from richspeech.language.catalog import locales, say
from richspeech.language.preference import preferred_locale
from richspeech.operations.parts import Parts
from richspeech.service import build
from richspeech.settings import Settings
from tests.fakes import loaded_with

OWN_NAMES = {say("language_itself", locale) for locale in locales()}
CJK = re.compile(r"[\u3000-\u30ff\u3400-\u9fff\uac00-\ud7af\uff00-\uffef]")


class Console:
    """The whole application, without its server and without a model."""

    def __init__(self, **server: Any) -> None:
        self.readiness = Readiness()
        settings = Settings.model_validate({"server": server})
        self.app = create_app(Parts(self.readiness, Runner()), "1.2.3")
        console.mount(self.app, build(settings, self.readiness), "1.2.3", self._routes)
        self.client = TestClient(self.app)

    def _routes(self, parts: Any) -> list[Any]:
        self.root_page: RootPage = parts.root_page
        page = parts.root_page
        aside = [captions_route(page), *phone_routes(Phones(60), page)]
        aside += screen_routes(Screens(60), page)
        return [root_route(page), *aside, *file_routes(page)]

    def page(self, wanted: str, **cookies: str) -> Any:
        client = TestClient(self.app, cookies=cookies)
        return client.get("/", headers={"Accept-Language": wanted})


@pytest.fixture(scope="module")
def console_() -> Console:
    return Console()


def config_of(page: Any) -> dict[str, Any]:
    [found] = re.findall(r"window\.gradio_config = (.*);window\.gradio_api_info", page.text)
    config: dict[str, Any] = json.loads(found)
    return config


def texts_of(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for each in value.values():
            yield from texts_of(each)
    elif isinstance(value, list):
        for each in value:
            yield from texts_of(each)


def props_of(config: dict[str, Any], elem_id: str) -> dict[str, Any]:
    [props] = [c["props"] for c in config["components"] if c["props"].get("elem_id") == elem_id]
    return dict(props)


def test_an_english_browser_is_sent_nothing_foreign_but_the_names_of_the_other_languages(
    console_: Console,
) -> None:
    page = console_.page("en-GB,en;q=0.9,zh;q=0.5")
    config = config_of(page)
    foreign = {text for text in texts_of(config) if CJK.search(text)}
    assert foreign == OWN_NAMES - {say("language_itself", "en")}
    assert 'data-locale="en"' in page.text
    assert page.headers["content-language"] == "en"
    assert props_of(config, "switch")["value"] == "en"
    assert props_of(config, "language")["label"] == say("language", "en")
    assert say("loading", "en") in props_of(config, "banner")["value"]


def test_the_lab_does_not_send_anybody_to_the_lab(console_: Console) -> None:
    config = config_of(console_.page("en"))
    hints = [c["props"].get("info") for c in config["components"]]
    assert hints.count(say("denoise_info", "en")) == 1
    assert hints.count(say("lab_denoise_info", "en")) == 2


def test_a_chinese_browser_is_sent_the_same_page_in_chinese(console_: Console) -> None:
    chinese, english = (config_of(console_.page(tag)) for tag in ("zh-CN", "en"))
    assert props_of(chinese, "language")["label"] == say("language", "zh")
    assert props_of(chinese, "switch")["value"] == "zh"
    assert chinese["dependencies"] == english["dependencies"]
    assert [c["id"] for c in chinese["components"]] == [c["id"] for c in english["components"]]
    widgets = zip(chinese["components"], english["components"], strict=True)
    assert {
        key for one, other in widgets for key in one["props"].keys() ^ other["props"].keys()
    } == (set())


def test_who_has_chosen_a_language_is_sent_it_whatever_the_browser_prefers(
    console_: Console,
) -> None:
    for wanted, cookie, tag in (("en", "zh", "zh-CN"), ("zh-CN", "en", "en"), ("en", "fr<>", "en")):
        page = console_.page(wanted, **{"richspeech.locale": cookie}).text
        assert f'<html lang="{tag}" data-locale="{tag[:2]}" data-look="' in page


@pytest.mark.parametrize(
    ("wanted", "locale"),
    [
        ("en-US,en;q=0.9,zh-CN;q=0.8", "en"),
        ("zh-TW,zh;q=0.9,en;q=0.8", "zh_Hant"),
        ("fr-FR,fr;q=0.9,en;q=0.5,zh;q=0.7", "zh"),
        ("fr, en;q=0.2", "en"),
        ("fr", "zh"),
        ("", "zh"),
        ("en;q=nonsense, zh;q=0.1", "zh"),
    ],
)
def test_the_browser_s_own_order_of_languages_counts(wanted: str, locale: str) -> None:
    headers = [(b"accept-language", wanted.encode())]
    assert locale_of(HTTPConnection({"type": "http", "headers": headers})) == locale


@pytest.mark.parametrize("locale", locales())
def test_the_page_says_in_its_first_tag_which_language_it_is_in(
    console_: Console, locale: str
) -> None:
    page = console_.page("fr", **{"richspeech.locale": locale})
    tag = say("file_language_tag", locale)
    assert f'<html lang="{tag}" data-locale="{locale}"' in page.text
    assert preferred_locale(tag) == locale
    assert props_of(config_of(page), "switch")["value"] == locale


@pytest.mark.parametrize(
    ("coding", "unpack"), [("gzip", gzip.decompress), ("br", brotli.decompress)]
)
def test_the_page_is_sent_packed_and_a_fraction_of_its_size(
    console_: Console, coding: str, unpack: Callable[[bytes], bytes]
) -> None:
    with console_.client.stream("GET", "/", headers={"Accept-Encoding": coding}) as answer:
        packed = b"".join(answer.iter_raw())
    assert answer.headers["content-encoding"] == coding
    assert {"Accept-Encoding", "Accept-Language", "Cookie"} <= {*answer.headers["vary"].split(", ")}
    plain = console_.client.get("/", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert unpack(packed) == plain.content
    assert len(packed) < len(plain.content) / 5


@pytest.mark.parametrize("locale", locales())
def test_captions_are_a_small_page_of_their_own_with_one_script_that_talks_to_nobody(
    console_: Console, locale: str
) -> None:
    client = TestClient(console_.app, cookies={"richspeech.locale": locale})
    page = client.get("/captions")
    assert f'<html lang="{say("file_language_tag", locale)}">' in page.text
    assert say("captions_larger", locale) in page.text
    [script] = re.findall(r'<script type="module" src="([^"]+)"></script>', page.text)
    assert "BroadcastChannel" in client.get(f"/{script}").text
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'; script-src 'self';" in policy
    assert "connect-src" not in policy
    [style] = re.findall(r"<style>(.*)</style>", page.text, re.DOTALL)
    assert '"dark"' in style
    assert "&" not in style
    assert len(page.content) < 8_000


@pytest.mark.parametrize("locale", locales())
def test_a_phone_gets_a_small_page_and_only_the_scripts_of_the_page(
    console_: Console, locale: str
) -> None:
    client = TestClient(console_.app, cookies={"richspeech.locale": locale})
    page = client.get("/phone")
    assert say("phone_intro", locale) in html.unescape(page.text)
    assert "connect-src 'self'" in page.headers["content-security-policy"]
    [script] = re.findall(r'<script type="module" src="(phone/web/[^"]+)"></script>', page.text)
    assert "phone/sound" in client.get(f"/{script}").text
    assert client.get(f"/{script.replace('phone.js', 'live_tap.js')}").status_code == 200
    first = Frontend(frozenset()).scripts[0]
    for name in (f"phone/web/{first}", f"phone/web/../assets/{first}", f"phone/web/x/{first}"):
        assert client.get(f"/{name}").status_code == 404
    assert len(page.content) < 8_000


@pytest.mark.parametrize("locale", locales())
def test_a_screen_on_another_computer_gets_the_captions_and_their_script(
    console_: Console, locale: str
) -> None:
    client = TestClient(console_.app, cookies={"richspeech.locale": locale})
    page = client.get("/screen")
    assert say("screen_waiting", locale) in html.unescape(page.text)
    assert say("captions_larger", locale) in html.unescape(page.text)
    assert "connect-src 'self'" in page.headers["content-security-policy"]
    [script] = re.findall(r'<script type="module" src="(screen/web/[^"]+)"></script>', page.text)
    assert "screen/text" in client.get(f"/{script}").text
    assert len(page.content) < 8_000


@pytest.mark.parametrize("have", ["{}", "W/{}", '"other", W/{}', "*"])
def test_who_has_the_page_already_is_not_sent_it_again(console_: Console, have: str) -> None:
    tag = console_.client.get("/").headers["etag"]
    named = have.format(tag.removeprefix("W/"))
    again = console_.client.get("/", headers={"If-None-Match": named})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize("have", ['"other"', 'W/"other", "another"', '"', ""])
def test_who_has_another_page_is_sent_this_one(console_: Console, have: str) -> None:
    assert console_.client.get("/", headers={"If-None-Match": have}).status_code == 200


def test_the_page_in_another_language_has_another_name(console_: Console) -> None:
    tag = console_.client.get("/").headers["etag"]
    other = {"If-None-Match": tag, "Accept-Language": "en"}
    assert console_.client.get("/", headers=other).status_code == 200


def test_the_page_is_made_once_and_again_when_the_model_has_come() -> None:
    console_ = Console()
    before = console_.page("en")
    assert console_.page("en").content == before.content
    root_page = console_.root_page
    assert root_page.ready("en") is root_page.page("en")

    transcriber: Any = object()
    console_.readiness.load(lambda: loaded_with(transcriber))
    assert root_page.ready("en") is None
    after = console_.page("en")
    assert "the settings name this folder" in props_of(config_of(after), "banner")["value"]
    looks = [re.findall(r'data-look="(\w+)"', page.text) for page in (before, after)]
    assert looks[0] != looks[1]


def test_every_script_within_the_page_is_named_for_whoever_allows_them_one_by_one(
    console_: Console,
) -> None:
    page = console_.page("en")
    root_page = console_.root_page
    within = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    assert within == [*root_page.page("en").scripts]
    assert re.findall(r" on\w+=", page.text.partition("<script>")[0]) == []


def test_the_page_may_run_its_own_scripts_alone(console_: Console) -> None:
    page = console_.page("en")
    policy = page.headers["content-security-policy"]
    [within] = re.findall(r"<script>(.*?)</script>", page.text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(within.encode()).digest()).decode()
    assert f"script-src 'self' 'unsafe-eval' 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy


# Files --------------------------------------------------------------------------------------------


def test_the_files_that_the_page_names_are_there_packed_and_for_ever(console_: Console) -> None:
    page = console_.page("en").text
    names = {*re.findall(r'(?:src|href)="(?:\./)?((?:assets|web)/[^"]+)"', page)}
    assert {name.partition("/")[0] for name in names} == {"assets", "web"}
    assert {name.rpartition("/")[2] for name in names} >= {"page.js", "frontend.css"}
    for name in [*names, "theme.css"]:
        answer = console_.client.get(f"/{name}", headers={"Accept-Encoding": "gzip, deflate, br"})
        assert answer.status_code == 200, name
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-encoding"] == "br"
        assert answer.headers["vary"] == "Accept-Encoding"
        plain = console_.client.get(f"/{name}", headers={"Accept-Encoding": "identity"})
        assert "content-encoding" not in plain.headers
        assert plain.content == answer.content


def test_a_file_is_packed_by_gzip_beside_the_loop_that_answers_all_others(
    console_: Console, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_loop: list[bool] = []

    def compress(data: bytes, mtime: float) -> bytes:
        in_loop.append(has_loop())
        return gzip.compress(data, mtime=mtime)

    monkeypatch.setattr("richspeech.web.packed.gzip", SimpleNamespace(compress=compress))
    for _ in range(2):
        console_.client.get("/theme.css", headers={"Accept-Encoding": "gzip"}).raise_for_status()
    assert in_loop == [False]


def has_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def test_the_looks_of_all_widgets_are_one_file_that_stands_for_each(console_: Console) -> None:
    page = console_.page("en").text
    [sheet] = re.findall(r'<link rel="stylesheet" href="(web/[^"]+)">', page)
    parts = re.findall(r'<link rel="stylesheet" href="\./(assets/[^"]+)" disabled>', page)
    text = console_.client.get(f"/{sheet}").text
    assert len(parts) > 20
    assert text == "\n".join(console_.client.get(f"/{part}").text for part in parts)
    # From another folder these would lead elsewhere.
    assert not re.search(r"url\((?![\"']?data:)|@import", text)


def test_the_page_asks_at_once_for_its_widgets_and_not_for_those_that_are_hidden(
    console_: Console,
) -> None:
    page = console_.page("en")
    asked = re.findall(r'<link rel="modulepreload" href="\./assets/([^"]+)">', page.text)
    shown = {c["type"] for c in config_of(page)["components"] if c["props"].get("visible", True)}
    assert asked == [*Frontend(frozenset(shown)).scripts]
    assert "audio" not in shown
    assert not any(name.startswith("hls-") for name in asked)


@pytest.mark.parametrize(
    "name", ["../secret.txt", "%2e%2e/secret.txt", "/etc/hostname", "", "no.js"]
)
def test_nothing_beside_the_files_is_sent(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (tmp_path / "secret.txt").write_text("secret")

    class OneFile:
        def __init__(self) -> None:
            self.folder, self.files = folder, {"a.js": b"1"}

    app = FastAPI()
    app.mount("/assets", Files(OneFile()))  # type: ignore[arg-type]
    client = TestClient(app)
    assert client.get("/assets/a.js").content == b"1"
    assert client.get(f"/assets/{name}").status_code == 404


# The probes ---------------------------------------------------------------------------------------


def test_the_probes_answer_while_every_thread_is_busy() -> None:
    app = create_app(Parts(Readiness(), Runner()), "1.2.3")

    async def ask() -> list[int]:
        threads = anyio.to_thread.current_default_thread_limiter()
        for _ in range(int(threads.total_tokens)):
            threads.acquire_on_behalf_of_nowait(object())
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            paths = ("/health", "/readyz")
            answers = [await asyncio.wait_for(client.get(path), 10) for path in paths]
        return [answer.status_code for answer in answers]

    assert asyncio.run(ask()) == [200, 503]
