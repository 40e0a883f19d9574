"""Talks: several recordings one after the other, heard in one thread, and what ends them."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from richspeech.engines.transcribers import Transcribers
from richspeech.errors import AudioError, BusyError, Cancelled, ModelError, OptionError
from richspeech.jobs.job import Kind
from richspeech.jobs.observer import Observer
from richspeech.jobs.runner import Runner
from richspeech.jobs.talk import Failed, Talk, Talks
from richspeech.model.job_state import State
from richspeech.model.options import Options
from richspeech.model.request import TranscriptionRequest
from richspeech.model.transcript import Transcript
from richspeech.recognition.live import Event, Sketcher
from richspeech.recognition.pipeline import Cancel, Progress
from richspeech.recognition.reading import WaveformSource
from richspeech.recognition.utterance import Request
from tests.fakes import FakeQueue, FakeTranscriber

PLAIN = TranscriptionRequest()
SECOND = np.zeros(16_000, np.int16)
WAIT_SECONDS = 30.0


def heard_nothing(_: Request) -> Any:
    raise AssertionError


class Heeding(FakeTranscriber):
    """Stops when it is told to, as the pipeline does."""

    def transcribe(
        self, recording: WaveformSource, options: Options, cancelled: Cancel
    ) -> Iterator[Progress]:
        for progress in super().transcribe(recording, options, cancelled):
            if cancelled():
                raise Cancelled
            yield progress


class FakeTranscribers:
    """One engine, which may be missing, or deaf to interim text."""

    def __init__(self) -> None:
        self.transcriber = Heeding()
        self.sketcher: Sketcher | None = Sketcher(
            FakeQueue(heard_nothing), cast("Any", SimpleNamespace())
        )
        self.missing: list[str] = []

    @contextmanager
    def use(
        self, engine: str | None, cancelled: Callable[[], bool], **_: object
    ) -> Iterator[SimpleNamespace]:
        del cancelled
        if engine in self.missing:
            raise ModelError("live.no_model", why="gone")
        yield SimpleNamespace(
            transcriber=self.transcriber, sketcher=self.sketcher, engine="sensevoice"
        )


class Counted(Observer):
    def __init__(self) -> None:
        self.transcripts: list[Transcript] = []

    def heard_live(self, transcript: Transcript) -> None:
        self.transcripts.append(transcript)


class Listener:
    """Notes what a talk tells, and its end."""

    def __init__(self, transcribers: FakeTranscribers, max_seconds: float = 60) -> None:
        self.counted = Counted()
        self.runner = Runner(at_once={Kind.LIVE: 1}, observer=self.counted)
        self.talks = Talks(
            self.runner,
            cast("Transcribers", transcribers),
            interim_seconds=0.1,
            max_seconds=max_seconds,
        )
        self.ended = threading.Event()
        self.told: list[Event | Failed] = []

    def open(self) -> Talk:
        return self.talks.open(self.ended.set)

    def wait(self) -> list[str]:
        assert self.ended.wait(WAIT_SECONDS)
        return [type(event).__name__ for event in self.told]


@pytest.fixture
def transcribers() -> FakeTranscribers:
    return FakeTranscribers()


@pytest.fixture
def listener(transcribers: FakeTranscribers) -> Listener:
    return Listener(transcribers)


def test_recordings_are_heard_in_order_with_their_own_options(
    listener: Listener, transcribers: FakeTranscribers
) -> None:
    talk = listener.open()
    for language in ("zh", "en"):
        asked = TranscriptionRequest(Options(language=language))
        talk.begin(asked, listener.told.append).recording.feed(SECOND)
    talk.hang_up()
    assert listener.wait() == ["Final", "Finished"] * 2
    assert [options.language for options in transcribers.transcriber.options] == ["zh", "en"]
    assert talk.state is State.FINISHED
    assert [each.duration for each in listener.counted.transcripts] == [1.0, 1.0]
    assert talk.seconds == (2.0, None)
    assert talk.backlog_seconds == 0


def test_what_is_dropped_is_not_told_and_what_follows_is(listener: Listener) -> None:
    talk = listener.open()
    talk.begin(PLAIN, listener.told.append).drop()
    talk.begin(PLAIN, listener.told.append).recording.feed(SECOND)
    talk.hang_up()
    assert listener.wait() == ["Final", "Finished"]


def test_whoever_leaves_ends_the_talk_and_gives_the_place_back(listener: Listener) -> None:
    talk = listener.open()
    talk.begin(PLAIN, listener.told.append).recording.feed(SECOND)
    with pytest.raises(BusyError, match="All 1 live sessions are taken"):
        listener.open()
    talk.cancel()
    listener.wait()
    assert talk.state is State.CANCELLED
    listener.open().hang_up()


def test_the_end_of_the_process_hears_what_was_said(listener: Listener) -> None:
    talk = listener.open()
    talk.begin(PLAIN, listener.told.append).recording.feed(SECOND)
    listener.runner.close(WAIT_SECONDS, WAIT_SECONDS)
    assert listener.wait() == ["Final", "Finished"]


def test_a_recording_that_cannot_be_heard_says_so_and_the_next_one_is(
    listener: Listener, transcribers: FakeTranscribers
) -> None:
    transcribers.missing = ["paraformer"]
    talk = listener.open()
    talk.begin(TranscriptionRequest(engine="paraformer"), listener.told.append)
    talk.begin(PLAIN, listener.told.append).recording.feed(SECOND)
    talk.hang_up()
    assert listener.wait() == ["Failed", "Final", "Finished"]


def test_all_recordings_together_are_bounded(transcribers: FakeTranscribers) -> None:
    listener = Listener(transcribers, max_seconds=1.5)
    talk = listener.open()
    talk.begin(PLAIN, listener.told.append).recording.feed(SECOND)
    take = talk.begin(PLAIN, listener.told.append)
    with pytest.raises(AudioError, match=r"the allowed 0\.5 seconds"):
        take.recording.feed(SECOND)
    talk.hang_up()
    listener.wait()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (TranscriptionRequest(engine="reference"), "only takes whole recordings"),
        (TranscriptionRequest(Options(language="en"), "paraformer"), "does not know"),
    ],
)
def test_what_an_engine_cannot_do_is_refused_at_once(
    listener: Listener, asked: TranscriptionRequest, said: str
) -> None:
    talk = listener.open()
    with pytest.raises(OptionError, match=said):
        talk.begin(asked, listener.told.append)
    talk.hang_up()


def test_an_engine_without_interim_text_fails_the_recording(
    listener: Listener, transcribers: FakeTranscribers
) -> None:
    transcribers.sketcher = None
    talk = listener.open()
    talk.begin(PLAIN, listener.told.append)
    talk.hang_up()
    assert listener.wait() == ["Failed"]
