"""The process is told to end while somebody transcribes: nothing that was heard is lost."""

import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from richspeech.storage.query import Query
from richspeech.storage.transcripts import Store, Stored
from tests.fakes import wait_until
from tests.held import GATE, HELD

from .conftest import started, wait_for
from .program import Program
from .visitor import EXAMPLES, Visitor, visitor_of

SHORT_SECONDS = 6
"""Two of them for work that does not go on."""
LONG_SECONDS = 600
"""More than any test takes: who waits so long has not stopped."""
PATIENCE_SECONDS = 120
"""For a busy machine to end a process."""
CALL = EXAMPLES / "zh-call.wav"


@dataclass
class Console:
    """A server that keeps a history, and somebody whose long recording it is transcribing."""

    server: Program
    address: str
    folder: Path
    visitor: Visitor

    def transcribe(self) -> None:
        """Begin with the call, and come back once all of it was heard that is not held back."""
        self.visitor.upload(CALL)
        self.visitor.press_start()
        self.visitor.page.locator("#transcript .line").nth(2).wait_for()

    def wait_until_told(self) -> None:
        """It has taken notice of a signal."""
        log = self.folder / "log.txt"
        wait_until(lambda: "told to end" in log.read_text(errors="replace"))

    def kept(self) -> list[Stored]:
        with closing(Store(f"sqlite:///{self.folder}/history.sqlite")) as store:
            return [store.open(entry.id) for entry in store.search(Query())]


@pytest.fixture
def stop_seconds() -> int:
    return LONG_SECONDS


@pytest.fixture
def console(playwright: Playwright, tmp_path: Path, stop_seconds: int) -> Iterator[Console]:
    log, uploads = tmp_path / "log.txt", tmp_path / "uploads"
    uploads.mkdir()
    settings = {
        "RICHSPEECH_SERVER__STOP_SECONDS": str(stop_seconds),
        "TMPDIR": str(uploads),
        GATE: str(tmp_path / "go"),
    }
    with started(["-c", HELD], log, **settings) as (server, address):
        wait_for(server, f"{address}/readyz", log)
        with visitor_of(playwright) as visitor:
            visitor.open(address)
            yield Console(server, address, tmp_path, visitor)
    assert "Traceback" not in log.read_text(errors="replace")


@pytest.mark.parametrize("stop_seconds", [SHORT_SECONDS])
def test_what_was_heard_is_kept_and_the_process_is_gone(console: Console) -> None:
    console.transcribe()
    console.server.send_signal(signal.SIGTERM)
    expect(console.visitor.page.locator("#status .message.error")).to_contain_text(
        "服务器已停止，没有识别完：已识别的部分存在历史记录里"
    )
    assert console.server.wait(PATIENCE_SECONDS) == 0
    (stored,) = console.kept()
    assert stored.entry.name == "zh-call.wav (interrupted)"
    assert stored.document.measured.segments
    assert 0 < stored.document.measured.duration < 87
    assert [*(console.folder / "uploads").iterdir()] == []


def test_new_work_is_refused_and_a_recording_that_ends_in_time_is_kept_whole(
    console: Console, playwright: Playwright
) -> None:
    with visitor_of(playwright) as other:
        other.open(console.address)
        other.upload(EXAMPLES / "zh-laughter.wav")
        console.transcribe()
        console.server.send_signal(signal.SIGTERM)
        console.wait_until_told()
        other.press_start()
        said = other.page.get_by_text("服务器正要停止，不再接受新任务：请过一分钟再试。")
        expect(said.first).to_be_visible()
        (console.folder / "go").touch()
        assert console.server.wait(PATIENCE_SECONDS) == 0
    (stored,) = console.kept()
    assert stored.entry.name == "zh-call.wav"
    assert stored.document.measured.duration == pytest.approx(87.13, abs=0.1)


def test_ctrl_c_waits_for_no_recording_and_keeps_what_was_heard(console: Console) -> None:
    console.transcribe()
    console.server.send_signal(signal.SIGINT)
    assert console.server.wait(PATIENCE_SECONDS) == 0
    assert [stored.entry.name for stored in console.kept()] == ["zh-call.wav (interrupted)"]


def test_a_second_signal_does_not_wait(console: Console) -> None:
    console.transcribe()
    console.server.send_signal(signal.SIGTERM)
    console.wait_until_told()
    console.server.send_signal(signal.SIGTERM)
    assert console.server.wait(PATIENCE_SECONDS) == 0
    assert [*(console.folder / "uploads").iterdir()] == []
