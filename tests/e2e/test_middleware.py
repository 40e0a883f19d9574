"""The real program as strangers and neighbours meet it: no file, page or window that is not theirs.

What is sent here is harmless: files of the test's own, and names that anybody could see.
"""

import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from scripts.page_without_browser import config_in, entry_of

from .conftest import served
from .test_forged_events import one_of_each

SECRET = b"a line that nobody has uploaded"
USER, PASSWORD = "ming", "a harmless password"


class Window:
    """One window of a browser of its own, as a program."""

    def __init__(self, address: str, key: str) -> None:
        self.client = httpx.Client(base_url=address, timeout=60)
        self.key, self.page = key, secrets.token_hex(5)
        self.client.get("/", follow_redirects=True)

    def log_in(self) -> None:
        form = {"username": USER, "password": PASSWORD}
        assert self.client.post("/login", data=form).status_code == 303

    @property
    def config(self) -> Any:
        return config_in(self.client.get("/").text)

    def enter(self) -> None:
        """Begin the page, as its script does: with the key of the window."""
        assert self.event(*entry_of(self.config, self.key, "zh")).status_code == 200
        self.stream()

    def event(self, number: int, data: list[Any], page: str | None = None) -> httpx.Response:
        body = {"data": data, "fn_index": number, "session_hash": page or self.page}
        return self.client.post("/gradio_api/queue/join", json=body)

    def stream(self, page: str | None = None) -> str:
        address = f"/gradio_api/queue/data?session_hash={page or self.page}"
        return self.client.get(address).text

    def upload(self, name: str, content: bytes) -> str:
        answer = self.client.post(
            "/gradio_api/upload",
            files=[("files", (name, content))],
            headers={"x-richspeech-window": self.key},
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()[0])


@pytest.fixture(scope="module", params=[False, True], ids=["open", "with a login"])
def asks(request: pytest.FixtureRequest) -> bool:
    """Whether somebody has to log in."""
    return bool(request.param)


@pytest.fixture(scope="module")
def console(asks: bool, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a server."""
    login = {"RICHSPEECH_SERVER__USER": USER, "RICHSPEECH_SERVER__PASSWORD": PASSWORD}
    log = tmp_path_factory.mktemp("console") / "log.txt"
    with served(log, RICHSPEECH_HISTORY__ENABLED="false", **(login if asks else {})) as address:
        yield address


def window_of(console: str, asks: bool, key: str) -> Window:
    window = Window(console, key * 32)
    if asks:
        window.log_in()
    window.enter()
    return window


@pytest.fixture(scope="module")
def mine(console: str, asks: bool) -> Window:
    return window_of(console, asks, "m")


@pytest.fixture(scope="module")
def other(console: str, asks: bool) -> Window:
    return window_of(console, asks, "o")


def a_file(path: str) -> dict[str, Any]:
    return {"path": path, "meta": {"_type": "gradio.FileData"}, "orig_name": Path(path).name}


def slots(config: Any) -> Iterator[tuple[int, list[Any], int]]:
    """Every value that any event takes: the event, its values, and which of them it is."""
    for dependency in one_of_each(config["dependencies"]):
        for place in range(len(dependency["inputs"])):
            yield dependency["id"], [None] * len(dependency["inputs"]), place


def test_no_slot_takes_a_file_that_this_window_has_not_uploaded(
    mine: Window, other: Window, tmp_path: Path
) -> None:
    private = tmp_path / "private.txt"
    private.write_bytes(SECRET)
    foreign = other.upload("neighbour.wav", SECRET)
    tried = 0
    for number, data, place in slots(mine.config):
        for path in (str(private), foreign, f"file://{private}", "http://127.0.0.1:9/a.wav"):
            for value in (a_file(path), [a_file(path)], {"value": a_file(path)}):
                data[place] = value
                answer = mine.event(number, data)
                assert answer.status_code == 400, (number, place, answer.text)
                tried += 1
    assert tried > 500
    assert SECRET.decode() not in mine.client.get("/").text


def test_the_slots_for_files_take_this_window_s_own(mine: Window) -> None:
    config = mine.config
    kinds = {component["id"]: component["type"] for component in config["components"]}
    own, taken = mine.upload("own.wav", SECRET), 0
    for dependency in config["dependencies"]:
        data: list[Any] = [None] * len(dependency["inputs"])
        for place, component in enumerate(dependency["inputs"]):
            if kinds[component] in ("file", "audio") and dependency["targets"][0][1] == "click":
                data[place] = a_file(own)
                assert mine.event(dependency["id"], data).status_code == 200
                taken += 1
    assert taken >= 6
    mine.stream()


def test_a_file_is_fetched_by_its_window_s_browser_alone(
    mine: Window, other: Window, tmp_path: Path
) -> None:
    private = tmp_path / "private.txt"
    private.write_bytes(SECRET)
    own = mine.upload("own.wav", SECRET)
    assert mine.client.get(f"/gradio_api/file={own}").content == SECRET
    for path in (own, str(private), str(Path.cwd() / "config.yaml")):
        answer = other.client.get(f"/gradio_api/file={path}")
        assert (answer.status_code, SECRET in answer.content) == (404, False)


def test_the_name_of_a_page_shows_nothing_of_it(mine: Window, other: Window) -> None:
    assert other.client.get(f"/gradio_api/queue/data?session_hash={mine.page}").status_code == 403
    assert other.client.get(f"/gradio_api/heartbeat/{mine.page}").status_code == 403
    assert other.event(0, [], mine.page).status_code == 403


def test_the_key_of_a_window_shows_nothing_of_it(console: str, asks: bool, mine: Window) -> None:
    own = mine.upload("own.wav", SECRET)
    thief = window_of(console, asks, "m")
    assert thief.client.get(f"/gradio_api/file={own}").status_code == 404
    assert thief.event(0, [a_file(own)]).status_code == 400


def test_nothing_of_gradio_s_own_is_left_open(mine: Window) -> None:
    for path in (
        "gradio_api/call/transcribe",
        "gradio_api/app_id",
        "monitoring",
        "gradio_api/user",
    ):
        assert mine.client.get(f"/{path}").status_code == 404


def test_a_foreign_name_or_site_gets_nothing(mine: Window) -> None:
    assert mine.client.get("/", headers={"host": "other.example.org"}).status_code == 400
    foreign = {"origin": "http://127.0.0.1:7000"}
    for path in ("gradio_api/upload", "gradio_api/queue/join", "logout"):
        answer = mine.client.post(f"/{path}", headers=foreign)
        assert answer.status_code == 403
        assert "access-control-allow-origin" not in answer.headers
