"""Sounds on their way from a recording to segments; loudness and speech are what a test says."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from postprocess import NO_SPEECH, AudioEvent, Emotion
from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.audio.vad import SpanDetector, SpeechSpan, VadOptions
from richspeech.model.options import Options
from richspeech.model.transcript import Hypothesis, Segment, Token, Transcript
from richspeech.model.turn_detection import TurnDetection
from richspeech.recognition.pipeline import Pipeline, Progress
from richspeech.recognition.reading import Reader
from richspeech.recognition.utterance import Frames, Utterance
from tests.fakes import FakeQueue

QUIET, MUSIC, CHEERS, SPEECH = range(4)
DECIBEL = np.array([-50.0, 0.0, 2.0, 10.0], np.float32)
BAND = np.array([2.0, 9.0, 14.0, 11.0], np.float32)

Piece = tuple[float, int]
"""Seconds, and what is heard in them."""


@dataclass
class MadeUpRecording:
    """Samples that say what is heard in each of them."""

    pieces: Sequence[Piece]
    duration: float | None = None
    warnings: tuple[()] = ()

    def blocks(self, block_seconds: float) -> Iterator[Waveform]:
        counts = [round(seconds * SAMPLE_RATE) for seconds, _ in self.pieces]
        waveform = np.repeat(np.array([kind for _, kind in self.pieces], np.float32), counts)
        size = round(block_seconds * SAMPLE_RATE)
        for first in range(0, len(waveform), size):
            yield waveform[first : first + size]


@dataclass
class FakeFrontend:
    """One window every 10 ms, once its 25 ms are there."""

    _rest: Waveform = field(default_factory=lambda: np.empty(0, np.float32), init=False)

    def stream(self) -> "FakeFrontend":
        return FakeFrontend()

    def feed(self, waveform: Waveform) -> Frames:
        samples = np.concatenate((self._rest, waveform))
        count = max(len(samples) - 240, 0) // 160
        kinds, self._rest = samples[: count * 160 : 160].astype(int), samples[count * 160 :]
        return Frames(BAND[kinds][:, None].repeat(80, axis=1), DECIBEL[kinds])


class FakeDetector:
    """Finds the frames of SPEECH, as the real one would with scores that are sure."""

    def stream(self, _: TurnDetection | None = None) -> "FakeSpans":
        return FakeSpans(VadOptions(max_single_segment_ms=5_000))


class FakeSpans(SpanDetector):
    def feed(self, frames: Frames) -> list[SpeechSpan]:  # type: ignore[override]
        is_speech: NDArray[np.bool_] = frames.log_mel[:, 0] == BAND[SPEECH]
        return super().feed(np.where(is_speech, 0.05, 0.95).astype(np.float32), frames.decibel)


SPOKEN = Hypothesis("好", "zh", {"zh": 0.9}, Emotion.HAPPY, {}, (), {}, (), "好")
SOUNDING = Hypothesis(
    text="好",
    language="zh",
    language_probabilities={"zh": 0.6, NO_SPEECH: 0.4},
    emotion=Emotion.SAD,
    emotion_probabilities={"sad": 1.0},
    events=(AudioEvent.BGM,),
    event_probabilities={"bgm": 0.8, "speech": 0.2},
    tokens=(Token("好", 0.1, 0.2, 0.9),),
    raw_text="<|zh|><|SAD|><|BGM|>好",
)
NOTHING = replace(SOUNDING, events=(), event_probabilities={"bgm": 0.2, "speech": 0.8})

CALL = ((1, QUIET), (3, SPEECH), (1, QUIET), (6, MUSIC), (1, QUIET), (4, CHEERS), (1, QUIET),
        (2, SPEECH), (0.3, MUSIC), (2, SPEECH), (1, QUIET), (3, MUSIC))  # fmt: skip
AT = [[5.0, 11.0], [12.0, 16.0], [22.3, 25.28]]
"""The sounds of CALL, but for the music that somebody speaks over."""


def answer(utterance: Utterance) -> Hypothesis:
    if not utterance.is_sound:
        return SPOKEN
    return NOTHING if utterance.log_mel[0, 0] == BAND[CHEERS] else SOUNDING


def heard(
    pieces: Sequence[Piece] = CALL,
    *,
    block_seconds: float = 4.0,
    options: Options = Options(),  # noqa: B008 - frozen
    sure: float = 0.5,
    known: Sequence[Segment] = (),
    hears_sounds: bool = True,
) -> tuple[list[Progress], list[Utterance]]:
    """Return all steps, and what the recogniser was asked for."""
    queue = FakeQueue(lambda request: answer(request.utterance))
    reader = Reader(FakeFrontend(), FakeDetector(), block_seconds, hears_sounds=hears_sounds)
    pipeline = Pipeline(queue, reader, model="tiny", sure_sound=sure).resuming(known)
    steps = [*pipeline.transcribe(MadeUpRecording(pieces), options)]
    return steps, [request.utterance for request in queue.requests]


def bounds(utterances: Sequence[Utterance | Segment]) -> list[list[float]]:
    return [[each.start, each.end] for each in utterances]


def test_what_sounds_between_utterances_is_asked_for_in_the_order_of_time() -> None:
    _, asked = heard()
    assert bounds([each for each in asked if each.is_sound]) == AT
    assert [each.is_sound for each in asked] == [False, True, True, False, True]
    assert asked == sorted(asked, key=lambda each: each.start)


def test_a_sound_becomes_a_segment_without_words_emotion_or_language() -> None:
    steps, _ = heard()
    segments = steps[-1].transcript.segments
    assert [(each.text, each.events) for each in segments] == [
        ("好", ()), ("", (AudioEvent.BGM,)), ("好", ()), ("", (AudioEvent.BGM,)),
    ]  # fmt: skip
    sound = segments[1]
    assert (sound.start, sound.end, sound.tokens) == (5.0, 11.0, ())
    assert (sound.language, sound.language_probability) == (NO_SPEECH, 0.4)
    assert not sound.has_emotion
    assert sound.event_probabilities == SOUNDING.event_probabilities
    assert sound.raw_text == "<|BGM|>"


@pytest.mark.parametrize(("sure", "count"), [(0.8, 2), (0.81, 0)])
def test_an_event_has_to_be_as_probable_as_the_setting_says(sure: float, count: int) -> None:
    steps, _ = heard(sure=sure)
    assert sum(not each.text for each in steps[-1].transcript.segments) == count


@pytest.mark.parametrize("turns", [None, TurnDetection()])
def test_who_says_where_speech_ends_or_wants_no_sounds_gets_none(
    turns: TurnDetection | None,
) -> None:
    _, asked = heard(options=Options(turn_detection=turns), hears_sounds=turns is not None)
    assert [each.is_sound for each in asked] == [False, False]


def test_what_is_done_waits_for_a_sound_that_goes_on() -> None:
    steps, _ = heard(((3, MUSIC),), block_seconds=0.5)
    before = [step.seconds_done for step in steps if not step.transcript.segments]
    assert len(before) > 4
    assert max(before) <= 0.5  # the detector looks back
    assert steps[-1].seconds_done == 3.0


@pytest.mark.parametrize("count", range(5))
def test_a_sound_that_was_nothing_before_is_not_asked_for_again(count: int) -> None:
    steps, asked = heard()
    recognised = tuple(segment for step in steps for segment in step.recognised)[:count]
    kept = Transcript.from_dict(Transcript(0.0, 0.0, "", "", recognised).to_dict()).segments
    again, asked_again = heard(known=kept)
    assert again[-1].transcript.segments == steps[-1].transcript.segments
    behind = kept[-1].end if kept else 0.0
    assert bounds(asked_again) == bounds([each for each in asked if each.start >= behind])


def test_joined_utterances_keep_the_sounds_between_them() -> None:
    pieces = ((1, QUIET), (2, SPEECH), (2, MUSIC), (2, SPEECH), (1, QUIET), (9, MUSIC))
    _, apart = heard(pieces)
    _, joined = heard(pieces, options=Options(merge=True, merge_length_s=10.0))
    assert [each.is_sound for each in apart] == [False, True, False, True]
    assert [each.is_sound for each in joined] == [False, True]
    assert (joined[0].start, joined[0].end) == (apart[0].start, apart[2].end)


recordings = st.lists(
    st.tuples(
        st.sampled_from([0.07, 0.2, 0.45, 0.5, 0.61, 1.0, 2.3, 7.0, 18.0, 33.0]),
        st.sampled_from([QUIET, MUSIC, CHEERS, SPEECH]),
    ),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(recordings, st.booleans(), st.sampled_from([0.1, 0.17, 1.0, 3.3, 20.0]))
def test_blocks_change_nothing_and_sounds_lie_between_utterances(
    pieces: list[Piece],
    merge: bool,
    block_seconds: float,
) -> None:
    options = Options(merge=merge, merge_length_s=12.0)
    whole, asked = heard(pieces, block_seconds=1000.0, options=options)
    steps, again = heard(pieces, block_seconds=block_seconds, options=options)
    assert [(*each, s.is_sound) for each, s in zip(bounds(again), again, strict=True)] == [
        (*each, s.is_sound) for each, s in zip(bounds(asked), asked, strict=True)
    ]
    assert steps[-1].transcript.segments == whole[-1].transcript.segments
    for before, after in pairwise(again):
        assert before.end <= after.start
    for each in again:
        assert not each.is_sound or 0.5 <= round(each.duration, 2) <= 15.0
        assert len(each.waveform) == round(each.duration * SAMPLE_RATE)
    _, without = heard(pieces, options=options, hears_sounds=False)
    assert bounds(without) == bounds([each for each in again if not each.is_sound])


def test_a_quiet_recording_is_raised_as_a_whole_and_said_to_be_so() -> None:
    reader = Reader(FakeFrontend(), FakeDetector(), 1.0, hears_sounds=True, raises_quiet=True)

    class Quiet(FakeFrontend):
        def stream(self) -> "Quiet":
            return Quiet()

        def feed(self, waveform: Waveform) -> Frames:
            frames = super().feed(waveform)
            return Frames(frames.log_mel, frames.decibel - 38)

    pieces = ((1, QUIET), (5, MUSIC), (1, QUIET))
    for frontend, said in ((FakeFrontend(), False), (Quiet(), True)):
        stretches = [*replace(reader, frontend=frontend).read(MadeUpRecording(pieces), Options())]
        found = [each for stretch in stretches for each in stretch.utterances]
        assert [(each.start, each.end, each.is_sound) for each in found] == [(1.0, 6.0, True)]
        assert bool(stretches[-1].warnings) == said
        assert (found[0].log_mel[0, 0] > BAND[MUSIC] + 8) == said
    assert [warning.code for warning in stretches[-1].warnings] == ["very_quiet"]
    assert stretches[0].settled <= 1.0
