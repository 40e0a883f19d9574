"""Whatever recording comes, the API answers with its words or says what is wrong with it."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest

from richspeech.places import HOME as ROOT

URL = "/v1/audio/transcriptions"
SHARED = ROOT.parent / "shared"
FILES = sorted(
    path
    for folder in ("audio/broken", "cases")
    for path in (SHARED / folder).glob("*")
    if path.suffix not in (".tsv", ".md")
)
UPLOAD_BYTES, MOST_GROWTH_BYTES = 256 * 10**6, 100 * 10**6
BOUNDARY = b"between-parts"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_odd_file_is_heard_or_refused_in_a_sentence(api_address: str, path: Path) -> None:
    answer = httpx.post(f"{api_address}{URL}", files={"file": path.open("rb")}, timeout=60)
    if answer.status_code == 200:
        assert answer.json()["duration"] > 0
    else:
        error = answer.json()["error"]
        assert (answer.status_code, error["code"]) == (400, "audio")
        assert path.name[:20] in error["message"]


def test_the_odd_files_are_there() -> None:
    if not SHARED.is_dir():
        pytest.skip("../shared is not there")
    assert len(FILES) > 30


def test_a_large_upload_is_never_in_memory(api_address: str, api_folder: Path) -> None:
    chunk = b"no sound" * 2**17

    def body() -> Iterator[bytes]:
        head = b'Content-Disposition: form-data; name="file"; filename="a.wav"\r\n\r\n'
        yield b"--" + BOUNDARY + b"\r\n" + head
        for _ in range(UPLOAD_BYTES // len(chunk)):
            yield chunk
        yield b"\r\n--" + BOUNDARY + b"--\r\n"

    kind = f"multipart/form-data; boundary={BOUNDARY.decode()}"
    with watched() as seen:
        answer = httpx.post(
            f"{api_address}{URL}", content=body(), headers={"content-type": kind}, timeout=120
        )
    assert answer.status_code == 400
    assert max(seen) - seen[0] < MOST_GROWTH_BYTES
    assert [*api_folder.glob("request-*")] == []


@contextmanager
def watched() -> Iterator[list[int]]:
    """The memory of this process, in which client and server run, again and again."""
    own, done = psutil.Process(), threading.Event()
    seen = [own.memory_info().rss]

    def watch() -> None:
        while not done.is_set():
            seen.append(own.memory_info().rss)
            time.sleep(0.01)

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield seen
    finally:
        done.set()
        watcher.join()
