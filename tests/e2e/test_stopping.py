"""The process is told to end while somebody transcribes: nothing that was heard is lost."""

import signal
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from playwright.sync_api import Playwright, expect

from richspeech.storage.query import Query
from richspeech.storage.transcripts import Store, Stored
from tests.fakes import PACED

from .conftest import started, wait_for
from .program import Program
from .visitor import EXAMPLES, Visitor, read_samples, visitor_of, write_samples

STOP_SECONDS = 20
SHORT_SECONDS = 12
"""Long enough to be refused something in it."""
LONG_SECONDS = 600
"""More than any test takes: who waits so long has not stopped."""
MARGIN_SECONDS = 20
"""For a busy machine to start and end a process."""


@dataclass
class Console:
    """A server that keeps a history, and somebody whose long recording it is transcribing."""

    server: Program
    address: str
    folder: Path
    visitor: Visitor

    def transcribe(self, path: Path) -> None:
        """Begin, and come back once some of it was heard."""
        self.visitor.upload(path)
        self.visitor.press_start()
        self.visitor.page.locator("#transcript .line").nth(2).wait_for()

    def kept(self) -> list[Stored]:
        with closing(Store(f"sqlite:///{self.folder}/history.sqlite")) as store:
            return [store.open(entry.id) for entry in store.search(Query())]


@pytest.fixture
def stop_seconds() -> int:
    return STOP_SECONDS


@pytest.fixture
def console(playwright: Playwright, tmp_path: Path, stop_seconds: int) -> Iterator[Console]:
    log, uploads = tmp_path / "log.txt", tmp_path / "uploads"
    uploads.mkdir()
    settings = {"RICHSPEECH_SERVER__STOP_SECONDS": str(stop_seconds), "TMPDIR": str(uploads)}
    with started(["-c", PACED], log, **settings) as (server, address):
        wait_for(server, f"{address}/readyz", log)
        with visitor_of(playwright) as visitor:
            visitor.open(address)
            yield Console(server, address, tmp_path, visitor)
    assert "Traceback" not in log.read_text(errors="replace")


@pytest.fixture(scope="module")
def call(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Half an hour of a call, at least a minute and a half of work."""
    samples, rate = read_samples(EXAMPLES / "zh-call.wav")
    whole = np.tile(samples[::2], 1_800 * rate // len(samples) + 1)
    return write_samples(tmp_path_factory.mktemp("call") / "call.wav", whole, rate // 2)


@pytest.mark.parametrize("stop_seconds", [SHORT_SECONDS])
def test_what_was_heard_is_kept_new_work_is_refused_and_the_process_is_gone(
    console: Console, playwright: Playwright, call: Path
) -> None:
    with visitor_of(playwright) as other:
        other.open(console.address)
        other.upload(EXAMPLES / "zh-laughter.wav")
        console.transcribe(call)
        console.server.send_signal(signal.SIGTERM)
        while console.server.poll() is None:
            other.press_start()
            said = other.page.get_by_text("服务器正要停止，不再接受新任务：请过一分钟再试。")
            if said.count():
                break
            other.page.wait_for_timeout(100)
        expect(said.first).to_be_visible()
        expect(console.visitor.page.locator("#status .message.error")).to_contain_text(
            "服务器已停止，没有识别完：已识别的部分存在历史记录里"
        )
        assert console.server.wait(SHORT_SECONDS + MARGIN_SECONDS) == 0
    (stored,) = console.kept()
    assert stored.entry.name == "call.wav (interrupted)"
    assert stored.document.measured.segments
    assert 0 < stored.document.measured.duration < 1_800
    assert [*(console.folder / "uploads").iterdir()] == []


def test_a_recording_that_ends_in_time_is_kept_whole(console: Console) -> None:
    console.transcribe(EXAMPLES / "zh-call.wav")
    console.server.send_signal(signal.SIGTERM)
    assert console.server.wait(STOP_SECONDS + MARGIN_SECONDS) == 0
    (stored,) = console.kept()
    assert stored.entry.name == "zh-call.wav"
    assert stored.document.measured.duration == pytest.approx(87.13, abs=0.1)


@pytest.mark.parametrize("stop_seconds", [LONG_SECONDS])
def test_ctrl_c_waits_for_no_recording_and_keeps_what_was_heard(
    console: Console, call: Path
) -> None:
    console.transcribe(call)
    console.server.send_signal(signal.SIGINT)
    assert console.server.wait(STOP_SECONDS + MARGIN_SECONDS) == 0
    assert [stored.entry.name for stored in console.kept()] == ["call.wav (interrupted)"]


@pytest.mark.parametrize("stop_seconds", [LONG_SECONDS])
def test_a_second_signal_does_not_wait(console: Console, call: Path) -> None:
    console.transcribe(call)
    console.server.send_signal(signal.SIGTERM)
    log = console.folder / "log.txt"
    while "told to end" not in log.read_text(errors="replace"):
        console.visitor.page.wait_for_timeout(50)
    console.server.send_signal(signal.SIGTERM)
    assert console.server.wait(STOP_SECONDS + MARGIN_SECONDS) == 0
    assert [*(console.folder / "uploads").iterdir()] == []
