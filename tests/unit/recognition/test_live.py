"""Reading along: what is final, what is not yet, and how it is kept. Sound is a ramp of samples."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from postprocess import Emotion
from richspeech.audio.container import AudioLimits
from richspeech.audio.decode import load_waveform
from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.audio.pcm import Encoding, PcmStream
from richspeech.audio.vad import SpeechSpan
from richspeech.errors import AudioError, Cancelled, ModelError
from richspeech.model.options import Options
from richspeech.model.transcript import Hypothesis, Segment, Transcript
from richspeech.recognition.live import (
    Began,
    Final,
    Finished,
    Interim,
    LiveTranscription,
    Retold,
    Sketcher,
)
from richspeech.recognition.live_recording import HISTORY_SECONDS, LiveRecording
from richspeech.recognition.pipeline import Cancel, Progress, segment_of
from richspeech.recognition.reading import WaveformSource
from richspeech.recognition.utterance import Frames, Request
from tests.fakes import FakeQueue

LIMITS = AudioLimits(max_bytes=10**9, max_seconds=3_600)
STEP = 0.5
"""Seconds that the fake transcriber reads at a time."""


def ramp(seconds: float, first: int = 0) -> NDArray[np.int16]:
    count = round(seconds * SAMPLE_RATE)
    return (np.arange(first, first + count) % 30_000).astype(np.int16)


def hypothesis_of(text: str) -> Hypothesis:
    return Hypothesis(text, "zh", {"zh": 1.0}, Emotion.HAPPY, {"happy": 0.9}, (), {}, (), text)


@pytest.fixture
def recording(tmp_path: Path) -> Iterator[LiveRecording]:
    recording = LiveRecording(tmp_path / "talk.wav", max_seconds=600)
    yield recording
    recording.finish()


# The recording ------------------------------------------------------------------------------------


def test_what_is_fed_in_pieces_is_read_once_and_kept_in_the_file(
    recording: LiveRecording, tmp_path: Path
) -> None:
    whole = ramp(3.0)
    for piece in np.split(whole, [1, 700, 20_000, 20_000, 33_333]):
        recording.feed(piece)
    recording.finish()
    read = np.concatenate([*recording.blocks(STEP)])
    np.testing.assert_array_equal(read, whole.astype(np.float32) / 32_768)
    np.testing.assert_array_equal(load_waveform(tmp_path / "talk.wav", LIMITS), read)
    assert [*recording.blocks(STEP)] == []


def test_the_reader_waits_until_sound_comes_or_the_end(recording: LiveRecording) -> None:
    read: list[int] = []
    reader = threading.Thread(target=lambda: read.extend(map(len, recording.blocks(STEP))))
    reader.start()
    recording.feed(ramp(0.1))
    recording.finish()
    reader.join(30)
    assert sum(read) == 1_600
    assert not reader.is_alive()


def test_sound_after_the_end_changes_nothing(recording: LiveRecording, tmp_path: Path) -> None:
    recording.feed(ramp(1.0))
    recording.finish()
    recording.feed(ramp(1.0))
    recording.finish()
    assert recording.seconds == 1.0
    assert len(load_waveform(tmp_path / "talk.wav", LIMITS)) == SAMPLE_RATE


def test_a_stretch_can_be_cut_out_while_it_is_remembered(recording: LiveRecording) -> None:
    for second in range(int(HISTORY_SECONDS) + 5):
        recording.feed(ramp(1.0, second * SAMPLE_RATE))
    blocks = recording.blocks(1.0)
    for _ in range(int(HISTORY_SECONDS) + 5):
        next(blocks)
    end = recording.seconds_read
    cut = recording.cut(end - 2.25, end - 0.25)
    expected = ramp(2.0, round((end - 2.25) * SAMPLE_RATE)).astype(np.float32) / 32_768
    np.testing.assert_array_equal(cut, expected)
    assert len(recording.cut(0.0, 1.0)) == 0


def test_the_backlog_is_what_nobody_has_read(recording: LiveRecording) -> None:
    recording.feed(ramp(2.0))
    assert recording.backlog_seconds == 2.0
    next(recording.blocks(STEP))
    assert recording.backlog_seconds == 1.5


def test_a_recording_over_the_limit_is_ended_with_a_sentence(tmp_path: Path) -> None:
    recording = LiveRecording(tmp_path / "talk.wav", max_seconds=1)
    recording.feed(ramp(1.0))
    with pytest.raises(AudioError, match="the allowed 1 seconds"):
        recording.feed(ramp(0.1))
    recording.finish()
    assert len(load_waveform(tmp_path / "talk.wav", LIMITS)) == SAMPLE_RATE


def test_a_file_that_cannot_be_written_is_refused_with_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="cannot be written"):
        LiveRecording(tmp_path / "nowhere" / "talk.wav", max_seconds=1)


# What comes over the wire -------------------------------------------------------------------------


@given(st.lists(st.integers(0, 4_000), max_size=8))
def test_frames_of_our_own_rate_come_through_untouched(lengths: list[int]) -> None:
    whole = ramp(4.0)
    stream, pieces = PcmStream(), np.split(whole, np.cumsum(lengths))
    heard = [stream.feed(piece.astype("<i2").tobytes()) for piece in pieces]
    np.testing.assert_array_equal(np.concatenate([*heard, stream.finish()]), whole)


@pytest.mark.parametrize("rate", [8_000, 44_100, 48_000])
def test_frames_of_another_rate_keep_their_pitch_and_length(rate: int) -> None:
    tone = 20_000 * np.sin(2 * np.pi * 440 * np.arange(rate * 2) / rate)
    stream = PcmStream(rate)
    heard = [stream.feed(piece.astype("<i2").tobytes()) for piece in np.array_split(tone, 20)]
    sound = np.concatenate([*heard, stream.finish()])
    assert abs(len(sound) - 2 * SAMPLE_RATE) <= 2
    spectrum = np.abs(np.fft.rfft(sound[:SAMPLE_RATE].astype(float)))
    assert spectrum.argmax() == 440


@pytest.mark.parametrize(
    ("rate", "frame", "said"),
    [
        (16_000, b"\0", "ends within a sample"),
        (16_000, bytes(400_000), "too long"),
        (4_000, b"", "8000 to 192000 Hz"),
    ],
)
def test_what_is_no_live_sound_is_refused(rate: int, frame: bytes, said: str) -> None:
    with pytest.raises(AudioError, match=said):
        PcmStream(rate).feed(frame)


@pytest.mark.parametrize(
    ("encoding", "silence", "loudest"),
    [(Encoding.MU_LAW, b"\xff", b"\x80"), (Encoding.A_LAW, b"\xd5", b"\xaa")],
)
def test_telephone_sound_is_decoded_as_g711_says(
    encoding: Encoding, silence: bytes, loudest: bytes
) -> None:
    stream = PcmStream(SAMPLE_RATE, encoding)
    assert stream.bytes_per_second == SAMPLE_RATE
    assert np.abs(stream.feed(silence * 9)).max() <= 8
    assert stream.feed(loudest * 3).min() > 32_000
    assert len(stream.feed(b"")) == 0


def test_telephone_sound_comes_at_our_rate() -> None:
    stream = PcmStream(8_000, Encoding.MU_LAW)
    parts = [stream.feed(b"\xff" * 801) for _ in range(10)]
    assert sum(map(len, [*parts, stream.finish()])) == 2 * 8_010


def test_a_recording_that_nobody_keeps_is_heard_all_the_same() -> None:
    recording = LiveRecording(None, 60)
    recording.feed(ramp(1.0))
    recording.finish()
    assert sum(map(len, recording.blocks(STEP))) == SAMPLE_RATE


# Events -------------------------------------------------------------------------------------------


@dataclass
class FakeTranscriber:
    """Hears each span half a second after its end."""

    spans: Sequence[tuple[float, float]]

    def transcribe(
        self, recording: WaveformSource, options: Options, cancelled: Cancel
    ) -> Iterator[Progress]:
        del options, cancelled
        now = 0.0
        segments: tuple[Segment, ...] = ()
        for block in recording.blocks(STEP):
            now += len(block) / SAMPLE_RATE
            heard = tuple(self.segment(*s) for s in self.spans if s[1] + STEP <= now)
            new, segments = heard[len(segments) :], heard
            openings = (start for start, end in self.spans if start < now <= end)
            transcript = Transcript(now, 9.0, "fake", "fake", segments)
            yield Progress(transcript, new, None, finished=False, open_start=next(openings, None))
        whole = tuple(self.segment(*s) for s in self.spans)
        transcript = Transcript(now, 9.0, "fake", "fake", whole)
        yield Progress(transcript, whole[len(segments) :], None, finished=True)

    @staticmethod
    def segment(start: float, end: float) -> Segment:
        return segment_of(SpeechSpan(start, end), hypothesis_of(f"{start:g}-{end:g}"))


def length(request: Request) -> Hypothesis:
    return hypothesis_of(f"{request.utterance.duration:g} s")


class FakeFrontend:
    """Ten numbers a second."""

    def stream(self) -> "FakeFrontend":
        return self

    def feed(self, waveform: Waveform) -> Frames:
        rows = np.zeros((len(waveform) // 1_600, 80), np.float32)
        return Frames(rows, rows[:, 0])


def live_of(queue: FakeQueue, *spans: tuple[float, float]) -> LiveTranscription:
    sketcher = Sketcher(queue, FakeFrontend())
    return LiveTranscription(FakeTranscriber(spans), sketcher, interim_seconds=0.0)


def fed(recording: LiveRecording, seconds: float) -> LiveRecording:
    recording.feed(ramp(seconds))
    recording.finish()
    return recording


def test_the_open_utterance_is_read_as_far_as_it_goes_until_it_is_final(
    recording: LiveRecording,
) -> None:
    queue = FakeQueue(length)
    events = [*live_of(queue, (0.5, 2.5)).events(fed(recording, 4.0), Options())]
    texts = [
        (type(event).__name__, event.segment.text)
        for event in events
        if isinstance(event, Interim | Final)
    ]
    assert texts == [
        ("Interim", "0.5 s"),
        ("Interim", "1 s"),
        ("Interim", "1.5 s"),
        ("Final", "0.5-2.5"),
    ]
    first = queue.requests[0].utterance
    np.testing.assert_array_equal(first.waveform, ramp(0.5, SAMPLE_RATE // 2) / np.float32(32_768))


def test_the_last_event_holds_the_whole_transcript(recording: LiveRecording) -> None:
    *_, last = live_of(FakeQueue(length), (0.5, 1.0), (1.5, 3.9)).events(
        fed(recording, 4.0), Options()
    )
    assert isinstance(last, Finished)
    assert [s.text for s in last.progress.transcript.segments] == ["0.5-1", "1.5-3.9"]
    assert last.progress.finished
    assert last.progress.transcript.duration == 4.0


def test_a_slow_model_gets_one_beginning_at_a_time(recording: LiveRecording) -> None:
    queue = FakeQueue(length, is_slow=True)
    events = [*live_of(queue, (0.5, 5.5)).events(fed(recording, 6.0), Options())]
    assert len(queue.requests) == 1
    assert [type(event) for event in events] == [Began, Final, Finished]


def test_what_comes_late_is_not_shown_below_the_next_utterance(recording: LiveRecording) -> None:
    queue = FakeQueue(length, is_slow=True)
    events = live_of(queue, (0.5, 1.5), (2.5, 6.0)).events(fed(recording, 7.0), Options())
    assert [type(next(events)) for _ in range(2)] == [Began, Final]
    queue.answer()
    queue.is_slow = False
    assert next(events) == Began(2.5)
    interim = next(events)
    assert isinstance(interim, Interim)
    assert interim.segment.start == 2.5


def test_every_utterance_that_is_found_while_it_lasts_begins_once(
    recording: LiveRecording,
) -> None:
    events = live_of(FakeQueue(length), (0.5, 1.5), (1.75, 1.8), (2.5, 6.0)).events(
        fed(recording, 7.0), Options()
    )
    shown = [event for event in events if isinstance(event, Began | Final)]
    assert [event.start if isinstance(event, Began) else event.segment.text for event in shown] == [
        0.5,
        "0.5-1.5",
        "1.75-1.8",
        2.5,
        "2.5-6",
    ]


def test_what_the_model_raises_ends_the_events(recording: LiveRecording) -> None:
    class BrokenQueue(FakeQueue):
        def answer(self, number: int = -1) -> None:
            self.futures[number].set_exception(ModelError("The model is broken; load it again."))

    with pytest.raises(ModelError, match="broken"):
        list(live_of(BrokenQueue(length), (0.5, 3.0)).events(fed(recording, 4.0), Options()))


def test_a_model_that_is_closed_meanwhile_cancels(recording: LiveRecording) -> None:
    class ClosedQueue(FakeQueue):
        def answer(self, number: int = -1) -> None:
            self.futures[number].cancel()

    with pytest.raises(Cancelled):
        list(live_of(ClosedQueue(length), (0.5, 3.0)).events(fed(recording, 4.0), Options()))


def test_waiting_for_sound_is_no_processing_time(recording: LiveRecording) -> None:
    recording.waited_seconds = 7.0
    *_, last = live_of(FakeQueue(length)).events(fed(recording, 1.0), Options())
    assert isinstance(last, Finished)
    assert last.progress.transcript.processing_seconds == pytest.approx(2.0, abs=0.5)


def test_latency_counts_from_the_sound_that_is_meant(
    recording: LiveRecording, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = iter([10.0, 11.0, 12.5, 12.5])
    monkeypatch.setattr("richspeech.recognition.live_recording.time.monotonic", lambda: next(clock))
    recording.feed(ramp(1.0))
    recording.feed(ramp(1.0))
    assert recording.latency(0.9) == 2.5
    assert recording.latency(1.5) == 1.5


# Afterwards ---------------------------------------------------------------------------------------


def test_what_was_heard_is_told_again_at_the_end_of_its_recording(tmp_path: Path) -> None:
    recording = fed(LiveRecording(tmp_path / "talk.wav", max_seconds=60), 2.0)
    *_, last = live_of(FakeQueue(length), (0.5, 1.5)).events(recording, Options())
    assert isinstance(last, Finished)
    again = LiveRecording(tmp_path / "again.wav", max_seconds=60)
    told = [*Retold(last.progress).transcribe(fed(again, 2.0), Options())]
    assert told == [last.progress]
    assert again.backlog_seconds == 0


def test_who_cancels_is_not_told_again(tmp_path: Path) -> None:
    recording = fed(LiveRecording(tmp_path / "talk.wav", max_seconds=60), 2.0)
    *_, last = live_of(FakeQueue(length)).events(recording, Options())
    assert isinstance(last, Finished)
    again = fed(LiveRecording(tmp_path / "again.wav", max_seconds=60), 2.0)
    with pytest.raises(Cancelled):
        list(Retold(last.progress).transcribe(again, Options(), lambda: True))
