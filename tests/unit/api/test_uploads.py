"""Uploads: into the folder of the window that sends them, whole or not at all."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.applications import Starlette
from starlette.testclient import TestClient

from richspeech.access.accounts import Accounts
from richspeech.api.middleware.visitors import Cookies, Visitors
from richspeech.api.uploads import WINDOW_HEADER, Uploads
from richspeech.console.sessions import Sessions
from richspeech.storage.quota import Quota, disk_bytes

KEY = "k" * 32
MOST_BYTES = 1_000_000


class FakeProgress:
    def __init__(self) -> None:
        self.seen: list[tuple[str, str, int]] = []
        self.done: list[str] = []

    def track(self, upload_id: str) -> None:
        self.seen.append((upload_id, "", 0))

    def append(self, upload_id: str, filename: str, message_bytes: bytes) -> None:
        self.seen.append((upload_id, filename, len(message_bytes)))

    def set_done(self, upload_id: str) -> None:
        self.done.append(upload_id)

    def stop_tracking(self, upload_id: str) -> None:
        self.done.remove(upload_id)


class Place:
    """An application with the route, and what is behind it."""

    def __init__(self, folder: Path, window_bytes: int = 10**9, total_bytes: int = 10**9) -> None:
        self.sessions, self.progress = Sessions(3600), FakeProgress()
        quota = Quota(folder, total_bytes, window_bytes)
        route = Uploads(self.sessions, quota, MOST_BYTES, self.progress).route
        self.app = Visitors(Starlette(routes=[route]), Cookies(6006), None, Accounts())
        self.client = TestClient(self.app, headers={WINDOW_HEADER: KEY})
        self.client.cookies.set("richspeech-browser-6006", "b" * 43)

    def send(self, *files: tuple[str, bytes], **more: Any) -> Any:
        return self.client.post("/gradio_api/upload", files=[("files", f) for f in files], **more)

    @property
    def window(self) -> Any:
        [session] = self.sessions._windows.values()
        return session

    @property
    def kept(self) -> list[Path]:
        return sorted(path for path in self.window.folder.rglob("*") if path.is_file())


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return Place(tmp_path)


def test_a_file_lies_in_the_folder_of_its_window_under_its_name(place: Place) -> None:
    answer = place.send(("会议 1.wav", b"sound"))
    [path] = answer.json()
    assert answer.status_code == 200
    assert Path(path).is_relative_to(place.window.uploads)
    assert Path(path).name == "会议 1.wav"
    assert Path(path).read_bytes() == b"sound"


def test_files_of_one_name_and_empty_ones_all_arrive(place: Place) -> None:
    paths = place.send(("a.wav", b"one"), ("a.wav", b"two"), ("b.wav", b"")).json()
    assert [Path(path).read_bytes() for path in paths] == [b"one", b"two", b""]


@pytest.mark.parametrize(
    ("name", "kept"),
    [
        ("../../a.wav", "a.wav"),
        ("/tmp/a.wav", "a.wav"),  # noqa: S108 - a name, not a place
        ("C:\\calls\\a.wav", "a.wav"),
        ("..", "recording"),
        ("a\nb.wav", "a�b.wav"),
    ],
)
def test_a_name_leads_nowhere_else(place: Place, name: str, kept: str) -> None:
    body = (
        b'--x\r\nContent-Disposition: form-data; name="files"; filename="'
        + name.encode().replace(b"\\", b"\\\\")
        + b'"\r\n\r\nsound\r\n--x--\r\n'
    )
    if "\n" in name:
        body = body.replace(b"a\nb", b"a%0Ab")
        kept = "a%0Ab.wav"
    headers = {"content-type": "multipart/form-data; boundary=x"}
    [path] = place.client.post("/gradio_api/upload", content=body, headers=headers).json()
    assert Path(path).name == kept
    assert Path(path).is_relative_to(place.window.uploads)


@pytest.mark.parametrize("disposition", ['name="files"; filename=""', 'name="files"', ""])
def test_an_upload_without_a_name_is_refused(place: Place, disposition: str) -> None:
    head = f"Content-Disposition: form-data; {disposition}".encode()
    body = b"--x\r\n" + head + b"\r\n\r\nsound\r\n--x--\r\n"
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = place.client.post("/gradio_api/upload", content=body, headers=headers)
    assert answer.status_code == 400
    assert place.kept == []


@pytest.mark.parametrize("key", ["", "k" * 65])
def test_a_window_without_a_key_sends_nothing(place: Place, key: str) -> None:
    answer = place.send(("a.wav", b"sound"), headers={WINDOW_HEADER: key})
    assert answer.status_code == 403


def test_the_same_key_in_another_browser_is_another_window(place: Place) -> None:
    place.send(("a.wav", b"sound"))
    other = TestClient(place.app, headers={WINDOW_HEADER: KEY})
    other.post("/gradio_api/upload", files=[("files", ("b.wav", b"x"))])
    assert len(place.sessions._windows) == 2


def test_a_file_over_the_limit_is_refused_by_name_and_leaves_nothing(place: Place) -> None:
    answer = place.send(("fits.wav", b"x"), ("long.wav", b"x" * (MOST_BYTES + 1)))
    assert answer.status_code == 413
    assert answer.text.startswith("long.wav 超过了 976.6 kB")
    assert place.kept == []


def test_a_refusal_is_in_the_window_s_language(place: Place) -> None:
    place.send(("a.wav", b"x"))
    place.window.locale = "en"
    answer = place.send(("long.wav", b"x" * (MOST_BYTES + 1)))
    assert answer.text.startswith("long.wav has more than the allowed 976.6 kB")


def test_a_window_over_its_quota_is_refused_until_files_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    place = Place(tmp_path, window_bytes=1_000)
    first = place.send(("a.wav", b"x" * 900))
    assert first.status_code == 200
    assert place.send(("b.wav", b"x" * 900)).status_code == 413
    assert [path.name for path in place.kept] == ["a.wav"]
    Path(first.json()[0]).unlink()
    assert place.send(("b.wav", b"x" * 900)).status_code == 200


def test_all_windows_together_have_a_quota(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    place = Place(tmp_path, total_bytes=1_000)
    assert place.send(("a.wav", b"x" * 900)).status_code == 200
    other = TestClient(place.app, headers={WINDOW_HEADER: "o" * 32})
    answer = other.post("/gradio_api/upload", files=[("files", ("b.wav", b"x" * 900))])
    assert answer.status_code == 413
    assert "1000" not in answer.text
    assert disk_bytes(tmp_path) == 900


@pytest.mark.parametrize("rest", [b"", b"\r\n--x", b"\r\n--y--\r\n"])
def test_what_was_broken_off_is_removed_at_once(place: Place, rest: bytes) -> None:
    body = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.wav"\r\n\r\nsound'
    headers = {"content-type": "multipart/form-data; boundary=x"}
    answer = place.client.post("/gradio_api/upload", content=body + rest, headers=headers)
    assert answer.status_code == 400
    assert place.kept == []


def test_who_goes_away_in_the_middle_leaves_nothing(place: Place) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.wav"\r\n\r\nsound'
    seen: list[list[Path]] = []

    async def messages() -> AsyncIterator[dict[str, Any]]:
        yield {"type": "http.request", "body": head, "more_body": True}
        seen.append(place.kept)
        yield {"type": "http.disconnect"}

    async def leave() -> None:
        coming = messages()
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/gradio_api/upload",
            "scheme": "http",
            "query_string": b"",
            "headers": [
                (b"content-type", b"multipart/form-data; boundary=x"),
                (WINDOW_HEADER.encode(), KEY.encode()),
            ],
        }

        async def send(message: Any) -> None:
            pass

        await place.app(scope, coming.__anext__, send)

    anyio.run(leave)
    assert [path.name for path in seen[0]] == ["0"]  # it was there
    assert place.kept == []


@pytest.mark.parametrize("kind", ["", "application/json", "multipart/form-data"])
def test_another_kind_of_body_is_refused(place: Place, kind: str) -> None:
    headers = {"content-type": kind}
    answer = place.client.post("/gradio_api/upload", content=b"x", headers=headers)
    assert answer.status_code == 400


def test_a_full_disk_is_said_to_be_full(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    @contextmanager
    def full(path: Path) -> Iterator[Any]:
        yield path

    monkeypatch.setattr(Path, "open", lambda path, mode: open("/dev/full", "wb", buffering=0))  # noqa: ARG005, PTH123, SIM115
    answer = place.send(("a.wav", b"sound"))
    assert answer.status_code == 413
    assert "无法保存" in answer.text


def test_progress_names_the_file_and_ends(place: Place) -> None:
    place.send(("a.wav", b"x" * 200_000), params={"upload_id": "u"})
    assert ("u", "a.wav") in {(upload, name) for upload, name, _ in place.progress.seen}
    assert place.progress.done == ["u"]


@given(st.binary(max_size=300))
def test_no_body_breaks_it(body: bytes) -> None:
    client = TestClient(
        Place(Path("/nonexistent")).app, headers={WINDOW_HEADER: KEY}, raise_server_exceptions=True
    )
    headers = {"content-type": "multipart/form-data; boundary=x"}
    assert client.post("/gradio_api/upload", content=body, headers=headers).status_code == 400


# Quota --------------------------------------------------------------------------------------------


def test_a_file_of_two_names_counts_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 100)
    (tmp_path / "b").hardlink_to(tmp_path / "a")
    assert disk_bytes(tmp_path) == 100


def test_a_file_without_a_name_counts_while_it_is_there(tmp_path: Path) -> None:
    quota = Quota(tmp_path, 1_000, 1_000)
    with quota.unseen(tmp_path / "w", 900), pytest.raises(OSError, match="more than the allowed"):
        quota.require_room(tmp_path / "w", 200)
    quota.require_room(tmp_path / "w", 200)
