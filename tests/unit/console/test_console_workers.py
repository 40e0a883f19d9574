"""Work that goes on when the process is told to end: finished, or kept as far as it was heard."""

import signal
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import uvicorn

from postprocess import Emotion
from richspeech.api import server as api_server
from richspeech.api.server import Server, work_seconds
from richspeech.audio.container import AudioLimits
from richspeech.console import render
from richspeech.console.sessions import Sessions
from richspeech.console.tabs.live.windows import LiveWindows
from richspeech.engines.transcribers import Transcribers
from richspeech.errors import Cancelled, StoppingError
from richspeech.jobs.runner import Runner
from richspeech.jobs.transcribe import Transcription, Transcriptions
from richspeech.language.catalog import Notice
from richspeech.model.job_state import State
from richspeech.model.options import Options
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Segment, Transcript
from richspeech.queue.queue import JobQueue
from richspeech.recognition.pipeline import Cancel, Progress
from richspeech.recognition.reading import WaveformSource
from richspeech.service import build
from richspeech.settings import Settings
from richspeech.storage.history import History
from richspeech.storage.query import Query
from richspeech.storage.recordings import Recordings
from richspeech.storage.transcripts import Store
from tests.fakes import loaded_with, ready, wait_until, wav_at

LIMITS = AudioLimits(10_000_000, 600)
FOREVER = 600.0
"""Longer than any test may take: who waits so long fails."""


@dataclass
class Ear:
    """Hears a sentence, then nothing until ``may_go``."""

    may_go: threading.Event = field(default_factory=threading.Event)
    has_begun: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))

    def transcribe(
        self, recording: WaveformSource, _options: Options, cancelled: Cancel
    ) -> Iterator[Progress]:
        seconds = sum(len(block) for block in recording.blocks(4.0)) / 16_000
        said = Segment(0.0, 0.5, "你好。", "zh", 0.9, Emotion.HAPPY, {}, (), {}, (), "")
        yield Progress(Transcript(0.5, 0.1, "ear", "tiny", (said,)), (said,), seconds, False)
        self.has_begun.release()
        while not self.may_go.wait(0.01):
            if cancelled():
                raise Cancelled
        yield Progress(Transcript(seconds, 0.1, "ear", "tiny", (said,)), (), seconds, True)


@pytest.fixture
def ear() -> Ear:
    return Ear()


@pytest.fixture
def workers() -> Runner:
    return Runner()


@pytest.fixture
def transcribers(ear: Ear, tmp_path: Path) -> Transcribers:
    folder = tmp_path / "weights"
    folder.mkdir()
    return Transcribers(ready(loaded_with(ear, folder=folder)), Settings())


@pytest.fixture
def work(transcribers: Transcribers, store: Store, workers: Runner) -> Transcriptions:
    return Transcriptions(workers, transcribers, LIMITS, History(store, Settings(), "1"))


def recorded(path: Path, seed: int = 0) -> Path:
    samples = np.random.default_rng(seed).integers(-9_000, 9_000, 16_000)
    return wav_at(path, samples)


def begun(work: Transcriptions, ear: Ear, path: Path) -> Transcription:
    job = Transcription(path)
    work.submit(job)
    assert ear.has_begun.acquire(timeout=FOREVER)
    return job


def names(store: Store) -> list[str]:
    return sorted(entry.name or "" for entry in store.search(Query()))


def test_work_that_ends_in_time_is_waited_for_and_whole(
    work: Transcriptions, ear: Ear, workers: Runner, store: Store, tmp_path: Path
) -> None:
    job = begun(work, ear, recorded(tmp_path / "a.wav"))
    threading.Timer(0.2, ear.may_go.set).start()
    workers.close(FOREVER, FOREVER)
    assert (job.state, workers.interrupted()) == (State.FINISHED, False)
    assert names(store) == ["a.wav"]


def test_work_that_does_not_end_in_time_is_kept_as_far_as_it_was_heard(
    work: Transcriptions, ear: Ear, workers: Runner, store: Store, tmp_path: Path
) -> None:
    job = begun(work, ear, recorded(tmp_path / "a.wav"))
    workers.close(0.0, FOREVER)
    assert names(store) == ["a.wav (interrupted)"]
    assert job.entry is not None
    assert "存在历史记录里" in render.status(job, "zh")
    assert "is under History" in render.status(job, "en")


def test_without_a_history_the_page_only_says_that_it_was_not_heard_to_its_end(
    transcribers: Transcribers, ear: Ear, workers: Runner, tmp_path: Path
) -> None:
    job = begun(
        Transcriptions(workers, transcribers, LIMITS, None), ear, recorded(tmp_path / "a.wav")
    )
    workers.close(0.0, FOREVER)
    assert job.state is State.FAILED
    shown = render.status(job, "en")
    assert "The server stopped before the end" in shown
    assert "History" not in shown


def test_who_cancels_while_the_process_goes_on_keeps_nothing(
    work: Transcriptions, ear: Ear, workers: Runner, store: Store, tmp_path: Path
) -> None:
    job = begun(work, ear, recorded(tmp_path / "a.wav"))
    job.cancel()
    workers.close(FOREVER, FOREVER)
    assert (job.state, names(store)) == (State.CANCELLED, [])


def test_no_new_work_is_taken_from_then_on(
    workers: Runner, transcribers: Transcribers, store: Store, tmp_path: Path
) -> None:
    queue = JobQueue(store.jobs, Recordings(tmp_path / "recordings"))
    service = build(Settings(), transcribers=transcribers, runner=workers, queue=queue)
    workers.require_open()
    workers.close(FOREVER, FOREVER)
    with pytest.raises(StoppingError, match="is about to stop") as caught:
        workers.require_open()
    with pytest.raises(StoppingError):
        service.batches.begin(
            "b1", tmp_path, [recorded(tmp_path / "a.wav")], None, TranscriptionRequest()
        )
    with pytest.raises(StoppingError):
        LiveWindows(Sessions(60), service).open("window", "", Options())
    assert Notice.of(caught.value).sentence("zh").startswith("服务器正要停止")


def test_a_talk_that_is_read_along_ends_and_is_kept(
    transcribers: Transcribers, workers: Runner, store: Store
) -> None:
    history = History(store, Settings(), "1")
    service = build(Settings(), None, transcribers, history, workers)
    live = LiveWindows(Sessions(60), service).open("window", "", Options())
    live.recording.feed(np.full(16_000, 9_000, np.int16))
    said = Segment(0.0, 1.0, "你好。", "zh", 0.9, Emotion.HAPPY, {}, (), {}, (), "")
    heard = Progress(Transcript(1.0, 0.1, "ear", "tiny", (said,)), (said,), None, finished=True)

    def talk() -> None:  # what goes on until api.live sees ``stop``
        assert live.stop.wait(FOREVER)
        live.recording.finish()
        live.end(heard)

    workers.start(live, talk, live.turn)
    workers.close(FOREVER, FOREVER)
    assert names(store) == [live.path.name]


# The signals --------------------------------------------------------------------------------------


@dataclass
class Ends:
    """Notes what a server does when it is told to end."""

    work: list[float] = field(default_factory=list)
    process: threading.Event = field(default_factory=threading.Event)
    may_end: threading.Event = field(default_factory=threading.Event)

    def end_work(self, seconds: float, _more: float) -> None:
        self.work.append(seconds)
        self.may_end.wait(FOREVER)

    def server(self, stop_seconds: float) -> Server:
        config = uvicorn.Config("no:app", log_config=None)
        return Server(config, stop_seconds, self.end_work, self.process.set)


@pytest.mark.parametrize(("sig", "seconds"), [(signal.SIGTERM, 596.0), (signal.SIGINT, 0.0)])
def test_pages_are_served_until_the_work_has_ended(sig: int, seconds: float) -> None:
    ends = Ends()
    server = ends.server(600.0)
    server.handle_exit(sig, None)
    wait_until(lambda: bool(ends.work))
    assert (ends.work, server.should_exit) == ([seconds], False)
    ends.may_end.set()
    wait_until(lambda: server.should_exit)
    assert not ends.process.is_set()


def test_work_that_hangs_does_not_keep_the_process() -> None:
    ends = Ends()
    ends.server(0.2).handle_exit(signal.SIGTERM, None)
    assert ends.process.wait(FOREVER)


@pytest.mark.parametrize("second", [signal.SIGTERM, signal.SIGINT])
def test_a_second_signal_waits_for_nothing(second: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(api_server, "SECONDS_AT_ONCE", 0.1)
    ends = Ends()
    server = ends.server(FOREVER)
    server.handle_exit(signal.SIGTERM, None)
    assert not server.force_exit
    server.handle_exit(second, None)
    assert (server.should_exit, server.force_exit) == (True, True)
    assert ends.process.wait(FOREVER)


@pytest.mark.parametrize(("stop_seconds", "seconds"), [(10.0, 6.0), (60.0, 56.0), (2.0, 1.0)])
def test_time_is_left_for_what_comes_after_the_work(stop_seconds: float, seconds: float) -> None:
    assert work_seconds(stop_seconds) == seconds
