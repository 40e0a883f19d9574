"""Orchestration with hand-written stand-ins: laziness, times, cuts, progress, cancelling, rules.

A waveform is a ramp: sample number n has the value n, so what was cut says where it was cut. Up to
2 ** 24 samples (17 minutes) that is exact.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import count, pairwise
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from postprocess import AudioEvent, Emotion, Rule, RuleCondition
from richspeech import pipeline as pipeline_module
from richspeech.audio import SAMPLE_RATE, Waveform
from richspeech.errors import Cancelled, ModelError
from richspeech.options import Options
from richspeech.pipeline import (
    BLOCK_SECONDS,
    HISTORY_SECONDS,
    Pipeline,
    Progress,
    WaveformBuffer,
    WholePipeline,
    apply_to_segment,
    segment_of,
)
from richspeech.transcript import Hypothesis, Segment, Token, Transcript
from richspeech.vad import SpeechSpan

Bounds = tuple[float, float]

HEARD = Hypothesis(
    text="你好呢",
    language="zh",
    language_probabilities={"zh": 0.9, "en": 0.1},
    emotion=Emotion.SAD,
    emotion_probabilities={"sad": 0.8, "happy": 0.2},
    events=(AudioEvent.BGM,),
    event_probabilities={"bgm": 0.7},
    tokens=(Token("你", 0.06, 0.12, 0.9), Token("好呢", None, None, None)),
    raw_text="<|zh|><|SAD|><|BGM|>你好呢",
)


def ramp(start: int, count: int) -> Waveform:
    return np.arange(start, start + count, dtype=np.float32)


@dataclass
class FakeRecording:
    """As long as ``seconds``, though it may claim another length; counts the blocks it gave."""

    seconds: float
    duration: float | None = None
    given: int = 0

    def blocks(self, block_seconds: float = BLOCK_SECONDS) -> Iterator[Waveform]:
        total, size = round(self.seconds * SAMPLE_RATE), round(block_seconds * SAMPLE_RATE)
        for start in range(0, total, size):
            self.given += 1
            yield ramp(start, min(size, total - start))


@dataclass
class FakeDetector:
    """Reports each span once the recording has gone past its end."""

    spans: Sequence[Bounds]
    _seconds: float = field(default=0.0, init=False)

    def stream(self) -> "FakeDetector":
        return FakeDetector(self.spans)

    def feed(self, waveform: Waveform) -> list[SpeechSpan]:
        before, self._seconds = self._seconds, self._seconds + len(waveform) / SAMPLE_RATE
        return [SpeechSpan(*span) for span in self.spans if before <= span[1] < self._seconds]

    def finish(self) -> list[SpeechSpan]:
        return [SpeechSpan(*span) for span in self.spans if span[1] >= self._seconds]


@dataclass
class FakeRecogniser:
    """Hears HEARD in everything, and keeps what it was given."""

    name: str = "fake"
    batches: list[list[Waveform]] = field(default_factory=list)
    options: list[Options] = field(default_factory=list)

    def recognise(self, waveforms: Sequence[Waveform], options: Options) -> list[Hypothesis]:
        self.batches.append([*waveforms])
        self.options.append(options)
        return [HEARD for _ in waveforms]

    @property
    def utterances(self) -> list[Waveform]:
        return [waveform for batch in self.batches for waveform in batch]


@dataclass
class FakeWhole:
    """Hears one segment in the whole recording."""

    name: str = "whole"
    waveforms: list[Waveform] = field(default_factory=list)

    def segments(self, waveform: Waveform, _: Options) -> tuple[Segment, ...]:
        self.waveforms.append(waveform)
        return (segment_of(SpeechSpan(0.0, 1.0), HEARD),)


def run(
    seconds: float,
    *spans: Bounds,
    options: Options = Options(),  # noqa: B008 - frozen
    duration: float | None = None,
    rules: Sequence[Rule] = (),
) -> tuple[list[Progress], FakeRecogniser]:
    recogniser = FakeRecogniser()
    pipeline = Pipeline(recogniser, FakeDetector(spans), model="tiny", rules=rules)
    return [*pipeline.transcribe(FakeRecording(seconds, duration), options)], recogniser


def bounds(waveforms: Sequence[Waveform]) -> list[Bounds]:
    """Where ramps were cut, in seconds; the end is that of the last sample."""
    return [(float(w[0]) / SAMPLE_RATE, float(w[-1] + 1) / SAMPLE_RATE) for w in waveforms]


def merging(length: float) -> Options:
    return Options(merge=True, merge_length_s=length)


# What comes out -----------------------------------------------------------------------------------


def test_a_segment_has_the_times_of_its_span_and_the_labels_of_its_hypothesis() -> None:
    steps, _ = run(30.0, (12.5, 14.0))
    (segment,) = steps[-1].transcript.segments
    assert (segment.start, segment.end) == (12.5, 14.0)
    assert (segment.text, segment.raw_text) == (HEARD.text, HEARD.raw_text)
    assert (segment.language, segment.language_probability) == ("zh", 0.9)
    assert (segment.emotion, segment.emotion_probability) == (Emotion.SAD, 0.8)
    assert segment.events == (AudioEvent.BGM,)
    assert segment.event_probabilities == {"bgm": 0.7}


def test_token_times_count_from_the_start_of_the_recording() -> None:
    steps, _ = run(30.0, (12.5, 14.0))
    measured, unmeasured = steps[-1].transcript.segments[0].tokens
    assert [measured.start, measured.end] == pytest.approx([12.56, 12.62])
    assert measured.probability == 0.9
    assert (unmeasured.start, unmeasured.end, unmeasured.probability) == (None, None, None)


def test_an_unknown_language_has_no_probability() -> None:
    unknown = replace(HEARD, language=None, language_probabilities={})
    assert segment_of(SpeechSpan(0.0, 1.0), unknown).language_probability is None


def test_the_transcript_names_its_engine_model_and_length() -> None:
    steps, _ = run(25.5, (1.0, 2.0))
    last = steps[-1].transcript
    assert (last.engine, last.model, last.duration) == ("fake", "tiny", 25.5)
    assert last.processing_seconds > 0


@pytest.mark.parametrize("seconds", [0.0, 0.001, 9.99, 10.0, 35.0])
def test_a_recording_without_speech_has_no_segments(seconds: float) -> None:
    steps, recogniser = run(seconds)
    assert steps[-1].finished
    assert steps[-1].transcript.segments == ()
    assert steps[-1].transcript.duration == pytest.approx(seconds)
    assert recogniser.batches == []


def test_options_reach_the_recogniser() -> None:
    options = Options(language="ja", ban_unknown_emotion=True)
    _, recogniser = run(30.0, (1.0, 2.0), (15.0, 16.0), options=options)
    assert recogniser.options == [options, options]


def test_one_pipeline_serves_many_recordings_at_once() -> None:
    pipeline = Pipeline(FakeRecogniser(), FakeDetector([(1.0, 2.0), (15.0, 16.0)]), model="tiny")
    one, two = (pipeline.transcribe(FakeRecording(30.0), Options()) for _ in range(2))
    steps = [*zip(one, two, strict=True)]
    assert [len(step.transcript.segments) for step in steps[-1]] == [2, 2]


# Streaming ----------------------------------------------------------------------------------------


def test_segments_come_while_the_rest_is_unread() -> None:
    source = FakeRecording(3_600.0)
    pipeline = Pipeline(FakeRecogniser(), FakeDetector([(1.0, 2.0)]), model="tiny")
    first = next(iter(pipeline.transcribe(source, Options())))
    assert [segment.start for segment in first.new] == [1.0]
    assert source.given == 1


def test_nothing_is_read_before_it_is_asked_for() -> None:
    source = FakeRecording(3_600.0)
    Pipeline(FakeRecogniser(), FakeDetector([]), model="tiny").transcribe(source, Options())
    assert source.given == 0


def test_every_segment_is_new_once() -> None:
    steps, _ = run(40.0, (1.0, 2.0), (8.0, 11.0), (12.0, 39.0), (39.5, 40.0))
    assert sum((step.new for step in steps), ()) == steps[-1].transcript.segments
    assert [len(step.new) for step in steps] == [1, 1, 0, 1, 1]


def test_utterances_of_one_block_are_one_batch() -> None:
    _, recogniser = run(30.0, (1.0, 2.0), (3.0, 4.0), (15.0, 16.0))
    assert [len(batch) for batch in recogniser.batches] == [2, 1]


# Cutting ------------------------------------------------------------------------------------------


def test_utterances_are_cut_at_the_right_samples() -> None:
    spans = [(0.0, 1.25), (9.5, 10.5), (12.0, 39.99), (40.0, 45.0)]
    _, recogniser = run(45.0, *spans)
    assert bounds(recogniser.utterances) == spans


def test_merging_joins_neighbours_with_the_silence_between_them_alone() -> None:
    spans = [(1.0, 3.0), (4.0, 9.0), (9.5, 12.0), (25.0, 26.0)]
    steps, recogniser = run(30.0, *spans, options=merging(10.0))
    assert bounds(recogniser.utterances) == [(1.0, 9.0), (9.5, 12.0), (25.0, 26.0)]
    assert [s.start for s in steps[-1].transcript.segments] == [1.0, 9.5, 25.0]


def test_without_merging_the_same_spans_stay_apart() -> None:
    spans = [(1.0, 3.0), (4.0, 9.0), (9.5, 12.0), (25.0, 26.0)]
    _, recogniser = run(30.0, *spans, options=Options(merge=False, merge_length_s=10.0))
    assert bounds(recogniser.utterances) == spans


def test_a_joined_utterance_across_blocks_is_whole() -> None:
    spans = [(float(start), start + 0.5) for start in range(5, 35)]
    _, recogniser = run(60.0, *spans, options=merging(30.0))
    assert bounds(recogniser.utterances) == [(5.0, 34.5)]


def test_the_longest_span_of_a_slow_detector_is_whole() -> None:
    span = (9.0, 69.0)
    _, recogniser = run(300.0, span)
    assert bounds(recogniser.utterances) == [span]


def test_a_joined_utterance_does_not_wait_for_hours_of_silence() -> None:
    steps, recogniser = run(1_000.0, (1.0, 2.0), (3.0, 4.0), (900.0, 901.0), options=merging(9))
    came = next(step for step in steps if step.new)
    assert came.seconds_done <= HISTORY_SECONDS + 2 * BLOCK_SECONDS
    assert bounds(recogniser.utterances) == [(1.0, 4.0), (900.0, 901.0)]


@pytest.mark.parametrize("options", [Options(), merging(30.0)])
def test_the_buffer_stays_small_however_long_the_recording(
    options: Options, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []

    class Watched(WaveformBuffer):
        def append(self, waveform: Waveform) -> None:
            super().append(waveform)
            sizes.append(len(self._samples))

    monkeypatch.setattr(pipeline_module, "WaveformBuffer", Watched)
    run(1_000.0, (1.0, 2.0), (300.0, 330.0), (900.0, 901.0), options=options)
    assert len(sizes) == 100
    assert max(sizes) <= (HISTORY_SECONDS + BLOCK_SECONDS) * SAMPLE_RATE


def test_what_is_forgotten_is_an_error_and_not_a_shorter_utterance() -> None:
    buffer = WaveformBuffer()
    buffer.append(ramp(0, 2 * SAMPLE_RATE))
    buffer.forget(1.0)
    assert buffer.seconds == 2.0
    assert bounds([buffer.cut(1.0, 2.0)]) == [(1.0, 2.0)]
    with pytest.raises(ValueError, match=r"from 0\.900 s on are forgotten"):
        buffer.cut(0.9, 2.0)


def test_what_was_cut_does_not_change_with_the_buffer() -> None:
    buffer = WaveformBuffer()
    buffer.append(ramp(0, SAMPLE_RATE))
    cut = buffer.cut(0.0, 0.5)
    cut[:] = -1.0
    assert buffer.cut(0.0, 0.5)[0] == 0.0


@hypothesis_settings(max_examples=25, deadline=None)
@given(st.lists(st.integers(0, 400), max_size=12, unique=True).map(sorted), st.booleans())
def test_no_speech_is_lost_whatever_the_spans(ticks: list[int], merge: bool) -> None:
    spans = [(a / 8, b / 8) for a, b in [*pairwise(ticks)][::2]]
    _, recogniser = run(51.0, *spans, options=Options(merge=merge, merge_length_s=12.0))
    found = bounds(recogniser.utterances)
    assert found == sorted(found)
    assert all(any(s <= start and end <= e for s, e in found) for start, end in spans)
    assert merge or found == spans


# Progress -----------------------------------------------------------------------------------------


def test_progress_grows_and_ends_finished() -> None:
    steps, _ = run(35.0, (1.0, 2.0), duration=35.0)
    fractions = [step.fraction for step in steps]
    assert fractions == [pytest.approx(n / 35) for n in (10, 20, 30, 35)] + [1.0]
    assert [step.finished for step in steps] == [False, False, False, False, True]
    assert [step.seconds_total for step in steps] == [35.0] * 5


@pytest.mark.parametrize(
    ("claimed", "fractions"),
    [(15.0, [10 / 15, 1.0, 1.0, 1.0]), (60.0, [1 / 6, 1 / 3, 1 / 2, 1.0])],
)
def test_a_wrong_claim_of_length_still_ends_at_one(claimed: float, fractions: list[float]) -> None:
    steps, _ = run(30.0, duration=claimed)
    assert [step.fraction for step in steps] == fractions
    assert [step.seconds_left for step in steps][-1] == 0.0
    assert all((step.seconds_left or 0.0) >= 0.0 for step in steps)


def test_an_unknown_length_has_no_fraction_until_the_end() -> None:
    steps, _ = run(20.0)
    assert [step.fraction for step in steps] == [None, None, 1.0]
    assert [step.seconds_left for step in steps] == [None, None, 0.0]


def test_the_time_left_follows_the_speed_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = count(100.0, 2.0)  # two seconds of work for each block of ten
    fake_time = SimpleNamespace(perf_counter=lambda: next(clock))
    monkeypatch.setattr(pipeline_module, "time", fake_time)
    steps, _ = run(40.0, duration=40.0)
    assert [step.transcript.rtfx for step in steps[:4]] == [5.0] * 4
    assert [step.seconds_left for step in steps] == [6.0, 4.0, 2.0, 0.0, 0.0]


def test_before_anything_is_measured_the_time_left_is_unknown() -> None:
    step = Progress(Transcript(0.0, 0.0, "e", "m"), (), 10.0, finished=False)
    assert (step.fraction, step.seconds_left) == (0.0, None)


# Cancelling ---------------------------------------------------------------------------------------


def after(calls: int) -> Callable[[], bool]:
    counter = count()
    return lambda: next(counter) >= calls


def test_cancelling_between_blocks_stops_reading() -> None:
    source, stop = FakeRecording(3_600.0), False
    pipeline = Pipeline(FakeRecogniser(), FakeDetector([(1.0, 2.0)]), model="tiny")
    steps = pipeline.transcribe(source, Options(), lambda: stop)
    next(steps)
    stop = True
    with pytest.raises(Cancelled):
        next(steps)
    assert source.given <= 2
    assert [*steps] == []


def test_cancelling_before_recognition_leaves_the_model_alone() -> None:
    source, recogniser = FakeRecording(3_600.0), FakeRecogniser()
    pipeline = Pipeline(recogniser, FakeDetector([(1.0, 2.0)]), model="tiny")
    with pytest.raises(Cancelled):
        next(iter(pipeline.transcribe(source, Options(), after(1))))
    assert source.given == 1
    assert recogniser.batches == []


def test_cancelling_before_the_last_utterance_leaves_the_model_alone() -> None:
    recogniser = FakeRecogniser()
    pipeline = Pipeline(recogniser, FakeDetector([(1.0, 5.0)]), model="tiny")
    with pytest.raises(Cancelled):
        [*pipeline.transcribe(FakeRecording(5.0), Options(), after(2))]
    assert recogniser.batches == []


# Rules and faults ---------------------------------------------------------------------------------

CALM = Rule("calm", RuleCondition(emotion=Emotion.SAD), set_emotion=Emotion.NEUTRAL)
MUTE = Rule("mute", RuleCondition(event=AudioEvent.BGM), drop_event=True)
OTHER = Rule("other", RuleCondition(language="ja"), drop_emotion=True)
SILENT = Rule("silent", RuleCondition(language="zh"), drop_emotion=True)


def test_rules_that_change_a_label_are_named() -> None:
    steps, _ = run(10.0, (1.0, 2.0), rules=[CALM, OTHER, MUTE])
    (segment,) = steps[-1].transcript.segments
    assert (segment.emotion, segment.events) == (Emotion.NEUTRAL, ())
    assert segment.rules == ("calm", "mute")


def test_rules_leave_the_models_own_numbers() -> None:
    steps, _ = run(10.0, (1.0, 2.0), rules=[CALM, MUTE])
    (segment,) = steps[-1].transcript.segments
    assert segment.emotion_probabilities == HEARD.emotion_probabilities
    assert segment.event_probabilities == HEARD.event_probabilities
    assert segment.raw_text == HEARD.raw_text


def test_a_dropped_emotion_is_unknown() -> None:
    before = segment_of(SpeechSpan(0.0, 1.0), HEARD)
    assert apply_to_segment(before, [SILENT]).emotion is Emotion.UNKNOWN
    assert apply_to_segment(before, []) == before


@pytest.mark.parametrize("answers", [[], [HEARD], [HEARD] * 3])
def test_a_recogniser_that_miscounts_is_a_fault_and_loses_no_text(
    answers: list[Hypothesis], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(FakeRecogniser, "recognise", lambda *_: answers)
    with pytest.raises(ModelError, match="of 2 utterances"):
        run(10.0, (1.0, 2.0), (3.0, 4.0))


def test_what_the_recogniser_raises_reaches_the_caller(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> list[Hypothesis]:
        raise MemoryError

    monkeypatch.setattr(FakeRecogniser, "recognise", fail)
    with pytest.raises(MemoryError):
        run(10.0, (1.0, 2.0))


# Whole recordings ---------------------------------------------------------------------------------


@pytest.mark.parametrize("seconds", [0.0, 5.0, 25.0])
def test_a_whole_recording_is_recognised_in_one_go(seconds: float) -> None:
    recogniser = FakeWhole()
    whole = WholePipeline(recogniser, model="tiny", rules=[CALM])
    (step,) = whole.transcribe(FakeRecording(seconds, 99.0), Options())
    (waveform,) = recogniser.waveforms
    assert np.array_equal(waveform, ramp(0, round(seconds * SAMPLE_RATE)))
    assert (step.finished, step.fraction, step.seconds_left) == (True, 1.0, 0.0)
    assert step.transcript.duration == seconds
    assert (step.transcript.engine, step.transcript.model) == ("whole", "tiny")
    assert step.new == step.transcript.segments
    assert step.new[0].rules == ("calm",)


@pytest.mark.parametrize(("calls", "blocks"), [(0, 1), (1, 2), (3, 3)])
def test_a_whole_recording_is_cancelled_until_recognition_begins(calls: int, blocks: int) -> None:
    source, recogniser = FakeRecording(30.0), FakeWhole()
    with pytest.raises(Cancelled):
        [*WholePipeline(recogniser, model="tiny").transcribe(source, Options(), after(calls))]
    assert source.given == blocks
    assert recogniser.waveforms == []
