"""Orchestration with hand-written stand-ins: laziness, times, cuts, progress, cancelling, rules.

A waveform is a ramp: sample number n has the value n, so what was cut says where it was cut. Up to
2 ** 24 samples (17 minutes) that is exact. Feature row number n has the value n, too.
"""

import threading
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
from richspeech.audio.mono import SAMPLE_RATE, Waveform
from richspeech.audio.vad import SpeechSpan
from richspeech.errors import Cancelled, ModelError
from richspeech.model.options import Options
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.relabelling import apply_to_segment
from richspeech.model.strand import Strand
from richspeech.model.transcript import Hypothesis, Segment, Token, Transcript
from richspeech.model.turn_detection import TurnDetection
from richspeech.recognition import pipeline as pipeline_module
from richspeech.recognition.pipeline import Pipeline, Progress, WholePipeline, resumed, segment_of
from richspeech.recognition.reading import HISTORY_SECONDS, Reader
from richspeech.recognition.scheduler import Scheduler, WholeScheduler
from richspeech.recognition.staged import StagedTranscriber, staged
from richspeech.recognition.utterance import Frames, Request, Utterance
from richspeech.stages.chain import Chain, Recipe
from tests.fakes import HAPPY, FakeQueue

WAIT_SECONDS = 60.0
"""How long a hung test lasts."""

BLOCK_SECONDS = 2.0

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


@pytest.fixture(autouse=True, scope="module")
def _blocks_of_two_seconds() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pipeline_module, "BLOCK_SECONDS", BLOCK_SECONDS)
        yield


def ramp(start: int, count: int) -> Waveform:
    return np.arange(start, start + count, dtype=np.float32)


@dataclass
class LongRecording:
    """As long as ``seconds``, though it may claim another length; counts the blocks it gave."""

    seconds: float
    duration: float | None = None
    given: int = 0
    warnings: tuple[RecordingWarning, ...] = ()

    def blocks(self, block_seconds: float = BLOCK_SECONDS) -> Iterator[Waveform]:
        total, size = round(self.seconds * SAMPLE_RATE), round(block_seconds * SAMPLE_RATE)
        for start in range(0, total, size):
            self.given += 1
            yield ramp(start, min(size, total - start))


@dataclass
class FakeFrontend:
    """Numbers the windows of 25 ms every 10 ms, each once it is whole."""

    _samples: int = field(default=0, init=False)

    def stream(self) -> "FakeFrontend":
        return FakeFrontend()

    def feed(self, waveform: Waveform) -> Frames:
        first = max(self._samples - 240, 0) // 160
        self._samples += len(waveform)
        rows = np.arange(first, max(self._samples - 240, 0) // 160, dtype=np.float32)
        return Frames(rows[:, None].repeat(80, axis=1), rows)


@dataclass
class FakeDetector:
    """Reports each span once the recording has gone past its end."""

    spans: Sequence[Bounds]
    turns: TurnDetection | None = None
    """Those of the last recording."""
    _frames: int = field(default=0, init=False)

    def stream(self, turns: TurnDetection | None = None) -> "FakeDetector":
        self.turns = turns
        return FakeDetector(self.spans)

    @property
    def open_start(self) -> float | None:
        now = self._frames / 100
        return next((start for start, end in self.spans if start < now <= end), None)

    @property
    def settled(self) -> float:
        now = self._frames / 100
        return min((start for start, end in self.spans if end >= now), default=now)

    def feed(self, frames: Frames) -> list[SpeechSpan]:
        before, self._frames = self._frames / 100, self._frames + len(frames.log_mel)
        return [SpeechSpan(*span) for span in self.spans if before <= span[1] < self._frames / 100]

    def finish(self) -> list[SpeechSpan]:
        last = [SpeechSpan(*span) for span in self.spans if span[1] >= self._frames / 100]
        self.spans = ()
        return last


def heard_at_once() -> FakeQueue:
    return FakeQueue(lambda _: HEARD)


def heard_when_told() -> FakeQueue:
    return FakeQueue(lambda _: HEARD, is_slow=True)


class FakeRecogniser:
    """Hears in each utterance where it begins, and notes the batches."""

    name = "fake"

    def __init__(self) -> None:
        self.batches: list[Sequence[Request]] = []

    def recognise(self, requests: Sequence[Request]) -> list[Hypothesis]:
        self.batches.append(requests)
        return [replace(HEARD, text=f"{each.utterance.start:g}") for each in requests]


@dataclass
class FakeWhole:
    """Hears one segment in the whole recording."""

    name: str = "whole"
    waveforms: list[Waveform] = field(default_factory=list)

    def segments(self, waveform: Waveform, _: Options) -> tuple[Segment, ...]:
        self.waveforms.append(waveform)
        return (segment_of(SpeechSpan(0.0, 1.0), HEARD),)


def pipeline_of(
    *spans: Bounds,
    queue: FakeQueue | Scheduler | None = None,
    rules: Sequence[Rule] = (),
    block_seconds: float = BLOCK_SECONDS,
) -> StagedTranscriber:
    pipeline = Pipeline(
        queue or heard_at_once(),
        Reader(FakeFrontend(), FakeDetector(spans), block_seconds),
        model="tiny",
    )
    return StagedTranscriber(pipeline, Recipe(tuple(rules)))


DAMAGED = RecordingWarning.of("damaged_packets", packets=2)


def test_what_is_amiss_with_a_recording_is_told_as_soon_as_it_is_known() -> None:
    class Damaged(LongRecording):
        def blocks(self, block_seconds: float = BLOCK_SECONDS) -> Iterator[Waveform]:
            yield from super().blocks(block_seconds)
            self.warnings = (DAMAGED,)

    steps = [*pipeline_of((1.0, 2.0)).transcribe(Damaged(9.0), Options())]
    told = [step.transcript.warnings for step in steps]
    assert told[0] == ()
    assert told[-1] == (DAMAGED,)
    whole = WholePipeline(WholeScheduler(FakeWhole()), model="tiny")
    *_, last = whole.transcribe(Damaged(9.0), Options())
    assert last.transcript.warnings == (DAMAGED,)


def test_hotwords_that_the_model_was_not_told_of_are_counted_once_for_the_recording() -> None:
    left_out = iter((2, 3, 0))
    queue = FakeQueue(lambda _: replace(HEARD, hotwords_left_out=next(left_out)))
    options = Options(hotwords=("达摩院", "张珊", "阿里云", "百度"))
    steps = [
        *pipeline_of((1.0, 2.0), (3.0, 4.0), (7.0, 8.0), queue=queue).transcribe(
            LongRecording(9.0), options
        )
    ]
    warning = RecordingWarning.of("hotwords_left_out", count=3, total=4)
    assert steps[-1].transcript.warnings == (warning,)
    assert "The last 3 of 4 hotwords have no room" in str(warning)


def scheduler_of(recogniser: FakeRecogniser, queue_seconds: float = 60.0) -> Scheduler:
    return Scheduler(recogniser, batch_seconds=15.0, queue_seconds=queue_seconds)


def run(
    seconds: float,
    *spans: Bounds,
    options: Options = Options(),  # noqa: B008 - frozen
    duration: float | None = None,
    rules: Sequence[Rule] = (),
) -> tuple[list[Progress], list[Utterance]]:
    """Transcribe a recording; return every step, and the utterances that were submitted."""
    queue = heard_at_once()
    steps = pipeline_of(*spans, queue=queue, rules=rules).transcribe(
        LongRecording(seconds, duration), options
    )
    return [*steps], [request.utterance for request in queue.requests]


def bounds(utterances: Sequence[Utterance]) -> list[Bounds]:
    """Where ramps were cut, in seconds; the end is that of the last sample."""
    return [
        (float(u.waveform[0]) / SAMPLE_RATE, float(u.waveform[-1] + 1) / SAMPLE_RATE)
        for u in utterances
    ]


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
    steps, utterances = run(seconds)
    assert steps[-1].finished
    assert steps[-1].transcript.segments == ()
    assert steps[-1].transcript.duration == pytest.approx(seconds)
    assert utterances == []


def test_options_reach_the_recogniser() -> None:
    options, queue = Options(language="ja", ban_unknown_emotion=True), heard_at_once()
    pipeline = pipeline_of((1.0, 2.0), (15.0, 16.0), queue=queue)
    [*pipeline.transcribe(LongRecording(30.0), options)]
    assert [request.options for request in queue.requests] == [options, options]


def test_one_pipeline_serves_many_recordings_at_once() -> None:
    pipeline = pipeline_of((1.0, 2.0), (15.0, 16.0))
    one, two = (pipeline.transcribe(LongRecording(30.0), Options()) for _ in range(2))
    steps = [*zip(one, two, strict=True)]
    assert [len(step.transcript.segments) for step in steps[-1]] == [2, 2]


# Streaming ----------------------------------------------------------------------------------------


def test_nothing_is_read_before_it_is_asked_for() -> None:
    source = LongRecording(3_600.0)
    pipeline_of().transcribe(source, Options())
    assert source.given == 0


def test_a_segment_comes_while_the_rest_is_unread() -> None:
    source = LongRecording(3_600.0)
    first = next(iter(pipeline_of((0.5, 1.0)).transcribe(source, Options())))
    assert [segment.start for segment in first.new] == [0.5]
    assert source.given == 1


def test_reading_goes_on_while_the_model_works() -> None:
    source, queue = LongRecording(3_600.0), heard_when_told()
    steps = pipeline_of((0.5, 1.0), queue=queue).transcribe(source, Options())
    before = [next(steps) for _ in range(10)]
    assert [step.new for step in before] == [()] * 10
    assert source.given == 10
    queue.answer(0)
    assert [segment.start for segment in next(steps).new] == [0.5]


def test_the_model_works_while_reading_goes_on() -> None:
    """Were the two done in turns, the model would wait for the reader, and the other way round."""
    read_on, source = threading.Event(), LongRecording(60.0)

    class Patient(FakeRecogniser):
        def recognise(self, requests: Sequence[Request]) -> list[Hypothesis]:
            assert read_on.wait(WAIT_SECONDS)
            return super().recognise(requests)

    pipeline = pipeline_of((0.5, 1.0), (3.0, 4.0), queue=scheduler_of(Patient()))
    heard = 0
    for step in pipeline.transcribe(source, Options()):
        heard += len(step.new)
        if source.given == 10:
            read_on.set()
    assert heard == 2


def test_segments_come_in_order_though_the_model_is_done_in_another() -> None:
    queue = heard_when_told()
    steps = pipeline_of((0.1, 0.5), (0.6, 1.0), (1.1, 1.5), queue=queue).transcribe(
        LongRecording(3_600.0), Options()
    )
    assert next(steps).new == ()
    queue.answer(1)
    assert next(steps).new == ()
    queue.answer(0)
    assert [segment.start for segment in next(steps).new] == [0.1, 0.6]
    queue.answer(2)
    assert [segment.start for segment in next(steps).new] == [1.1]


def test_reading_stops_when_the_queue_is_full_and_goes_on_when_it_is_not() -> None:
    source, queue = LongRecording(3_600.0), heard_when_told()
    steps = pipeline_of((0.1, 0.5), (4.1, 4.5), queue=queue).transcribe(source, Options())
    before = [next(steps) for _ in range(2)]
    queue.has_room = False
    queue.answer(0)
    assert [segment.start for segment in next(steps).new] == [0.1]
    assert (source.given, len(before), len(queue.requests)) == (3, 2, 1)
    queue.has_room = True
    next(steps)
    assert (source.given, len(queue.requests)) == (3, 2)


def test_every_segment_is_new_once() -> None:
    steps, _ = run(40.0, (1.0, 2.0), (8.0, 11.0), (12.0, 39.0), (39.5, 40.0))
    assert sum((step.new for step in steps), ()) == steps[-1].transcript.segments
    assert [segment.start for step in steps for segment in step.new] == [1.0, 8.0, 12.0, 39.5]


quarters = st.lists(st.integers(0, 200), max_size=12, unique=True).map(
    lambda ticks: [(a / 4, b / 4) for a, b in [*pairwise(sorted(ticks))][::2]]
)
"""Spans on the 10 ms grid that do not touch, within 50 s."""


@hypothesis_settings(max_examples=50, deadline=None)
@given(quarters, st.floats(0.03, 60.0), st.floats(0.5, 100.0), st.booleans())
def test_neither_blocks_nor_the_queue_change_what_comes_out(
    spans: list[Bounds], block_seconds: float, queue_seconds: float, merge: bool
) -> None:
    options = Options(merge=merge, merge_length_s=12.0)
    expected, _ = run(51.0, *spans, options=options)
    recogniser = FakeRecogniser()
    queue = scheduler_of(recogniser, queue_seconds)
    pipeline = pipeline_of(*spans, queue=queue, block_seconds=block_seconds)
    steps = [*pipeline.transcribe(LongRecording(51.0), options)]
    final = steps[-1].transcript
    times = [(segment.start, segment.end) for segment in expected[-1].transcript.segments]
    assert [(segment.start, segment.end) for segment in final.segments] == times
    assert [segment.text for segment in final.segments] == [f"{start:g}" for start, _ in times]
    assert_steps_are_sound(steps)


NOTICED_LATE_S = 0.05


def assert_steps_are_sound(steps: list[Progress]) -> None:
    """Every utterance before the seconds done is there, but what the fakes had yet to notice."""
    final = steps[-1].transcript
    done = [step.seconds_done for step in steps]
    assert done == sorted(done)
    assert [step.finished for step in steps] == [False] * (len(steps) - 1) + [True]
    assert sum((step.new for step in steps), ()) == final.segments
    for step in steps:
        given = len(step.transcript.segments)
        assert step.transcript.segments == final.segments[:given]
        assert all(segment.start < step.seconds_done for segment in step.transcript.segments)
        assert all(s.start > step.seconds_done - NOTICED_LATE_S for s in final.segments[given:])


# Cutting ------------------------------------------------------------------------------------------


def test_utterances_are_cut_at_the_right_samples() -> None:
    spans = [(0.0, 1.25), (9.5, 10.5), (12.0, 39.99), (40.0, 45.0)]
    _, utterances = run(45.0, *spans)
    assert bounds(utterances) == spans


def test_utterances_have_the_features_of_their_own_samples() -> None:
    """Frame n is the window from sample 160 n to 160 n + 400."""
    _, utterances = run(45.0, (0.0, 1.25), (3.0, 3.03), (3.5, 3.51), (12.0, 39.99))
    frames = [(utterance.log_mel[0, 0], utterance.log_mel[-1, 0]) for utterance in utterances]
    assert frames == [(0, 122), (300, 300), (350, 350), (1_200, 3_996)]


def test_merging_joins_neighbours_with_the_silence_between_them_alone() -> None:
    spans = [(1.0, 3.0), (4.0, 9.0), (9.5, 12.0), (25.0, 26.0)]
    steps, utterances = run(30.0, *spans, options=merging(10.0))
    assert bounds(utterances) == [(1.0, 9.0), (9.5, 12.0), (25.0, 26.0)]
    assert [s.start for s in steps[-1].transcript.segments] == [1.0, 9.5, 25.0]


def test_without_merging_the_same_spans_stay_apart() -> None:
    spans = [(1.0, 3.0), (4.0, 9.0), (9.5, 12.0), (25.0, 26.0)]
    _, utterances = run(30.0, *spans, options=Options(merge=False, merge_length_s=10.0))
    assert bounds(utterances) == spans


def test_a_joined_utterance_across_blocks_is_whole() -> None:
    spans = [(float(start), start + 0.5) for start in range(5, 35)]
    _, utterances = run(60.0, *spans, options=merging(30.0))
    assert bounds(utterances) == [(5.0, 34.5)]


def test_the_longest_span_of_a_slow_detector_is_whole() -> None:
    span = (9.0, 69.0)
    _, utterances = run(300.0, span)
    assert bounds(utterances) == [span]


def test_a_joined_utterance_does_not_wait_for_hours_of_silence() -> None:
    spans = (1.0, 2.0), (3.0, 4.0), (900.0, 901.0)
    steps, utterances = run(1_000.0, *spans, options=merging(9))
    assert bounds(utterances) == [(1.0, 4.0), (900.0, 901.0)]
    came = next(number for number, step in enumerate(steps) if step.new)
    assert came * BLOCK_SECONDS <= HISTORY_SECONDS + 2 * BLOCK_SECONDS


@hypothesis_settings(max_examples=25, deadline=None)
@given(quarters, st.booleans())
def test_no_speech_is_lost_whatever_the_spans(spans: list[Bounds], merge: bool) -> None:
    _, utterances = run(51.0, *spans, options=Options(merge=merge, merge_length_s=12.0))
    found = bounds(utterances)
    assert found == sorted(found)
    assert all(any(s <= start and end <= e for s, e in found) for start, end in spans)
    assert merge or found == spans


# Progress -----------------------------------------------------------------------------------------


def test_progress_grows_and_ends_finished() -> None:
    steps, _ = run(5.0, (0.5, 1.0), duration=5.0)
    assert [step.fraction for step in steps] == [pytest.approx(n / 5) for n in (2, 4, 5, 5, 5)]
    assert [step.finished for step in steps] == [False, False, False, False, True]
    assert [step.seconds_total for step in steps] == [5.0] * 5


def test_seconds_whose_words_are_not_there_yet_are_not_done() -> None:
    queue = heard_when_told()
    spans = (0.5, 1.0), (2.5, 9.0), (11.0, 11.5)
    steps = pipeline_of(*spans, queue=queue).transcribe(LongRecording(20.0), Options())
    assert [next(steps).seconds_done for _ in range(3)] == [0.5, 0.5, 0.5]  # in the model
    queue.answer(0)
    assert [next(steps).seconds_done for _ in range(3)] == [2.5, 2.5, 2.5]  # it still lasts
    queue.answer(1)
    assert [next(steps).seconds_done for _ in range(2)] == [11.0, 11.0]
    queue.answer(2)
    assert [step.seconds_done for step in steps] == [18.0, 20.0, 20.0, 20.0]  # silence


@pytest.mark.parametrize(
    ("claimed", "fractions"),
    [(3.0, [2 / 3, 1.0, 1.0, 1.0, 1.0]), (12.0, [1 / 6, 1 / 3, 1 / 2, 1 / 2, 1.0])],
)
def test_a_wrong_claim_of_length_still_ends_at_one(claimed: float, fractions: list[float]) -> None:
    steps, _ = run(6.0, duration=claimed)
    assert [step.fraction for step in steps] == fractions
    assert [step.seconds_left for step in steps][-1] == 0.0
    assert all((step.seconds_left or 0.0) >= 0.0 for step in steps)


def test_an_unknown_length_has_no_fraction_until_the_end() -> None:
    steps, _ = run(4.0)
    assert [step.fraction for step in steps] == [None, None, None, 1.0]
    assert [step.seconds_left for step in steps] == [None, None, None, 0.0]


def test_the_time_left_follows_the_speed_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = count(100.0, BLOCK_SECONDS / 5)  # every block takes a fifth of its length
    fake_time = SimpleNamespace(perf_counter=lambda: next(clock))
    monkeypatch.setattr(pipeline_module, "time", fake_time)
    still = SimpleNamespace(perf_counter=lambda: 0.0)
    monkeypatch.setattr("richspeech.recognition.staged.time", still)
    steps, _ = run(4 * BLOCK_SECONDS, duration=4 * BLOCK_SECONDS)
    assert [step.transcript.rtfx for step in steps[:4]] == pytest.approx([5.0] * 4)
    left = [BLOCK_SECONDS / 5 * blocks for blocks in (3, 2, 1, 0, 0, 0)]
    assert [step.seconds_left for step in steps] == pytest.approx(left)


def test_before_anything_is_measured_the_time_left_is_unknown() -> None:
    step = Progress(Transcript(0.0, 0.0, "e", "m"), (), 10.0, finished=False)
    assert (step.fraction, step.seconds_left) == (0.0, None)


# Cancelling ---------------------------------------------------------------------------------------


def after(calls: int) -> Callable[[], bool]:
    counter = count()
    return lambda: next(counter) >= calls


def test_cancelling_between_blocks_stops_reading() -> None:
    source, stop = LongRecording(3_600.0), False
    steps = pipeline_of((0.5, 1.0)).transcribe(source, Options(), lambda: stop)
    next(steps)
    stop = True
    with pytest.raises(Cancelled):
        next(steps)
    assert source.given <= 2
    assert [*steps] == []


def test_cancelling_before_the_last_utterance_leaves_the_model_alone() -> None:
    queue = heard_at_once()
    pipeline = pipeline_of((1.0, 5.0), queue=queue)
    with pytest.raises(Cancelled):
        [*pipeline.transcribe(LongRecording(2 * BLOCK_SECONDS), Options(), after(2))]
    assert queue.requests == []


def test_cancelling_does_not_wait_for_the_model_and_drops_what_waits() -> None:
    entered, leave = threading.Event(), threading.Event()

    class Stuck(FakeRecogniser):
        def recognise(self, requests: Sequence[Request]) -> list[Hypothesis]:
            entered.set()
            assert leave.wait(WAIT_SECONDS)
            return super().recognise(requests)

    recogniser = Stuck()
    spans = [(float(start), start + 0.5) for start in range(1, 50)]
    pipeline = pipeline_of(*spans, queue=scheduler_of(recogniser))
    with pytest.raises(Cancelled):
        [*pipeline.transcribe(LongRecording(60.0), Options(), entered.is_set)]
    leave.set()
    [*pipeline.transcribe(LongRecording(60.0), Options())]
    assert len(recogniser.batches[0]) < len(spans)
    assert sum(len(batch) for batch in recogniser.batches[1:]) == len(spans)


def test_a_transcription_that_nobody_follows_to_its_end_drops_what_waits() -> None:
    scheduler = scheduler_of(FakeRecogniser())
    spans = [(start / 10, start / 10 + 0.05) for start in range(15)]
    steps = pipeline_of(*spans, queue=scheduler).transcribe(LongRecording(60.0), Options())
    next(steps)
    steps.close()  # type: ignore[attr-defined]
    assert scheduler._busy == []


def test_a_closed_model_ends_the_transcription() -> None:
    queue = heard_when_told()
    steps = pipeline_of((0.5, 1.0), queue=queue).transcribe(LongRecording(60.0), Options())
    next(steps)
    queue.futures[0].cancel()
    with pytest.raises(Cancelled):
        next(steps)


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


def test_an_utterance_may_become_several_segments_each_with_its_hotwords_and_rules() -> None:
    """Hotwords are written before rules look at the words."""

    def halve(segments: Sequence[Segment]) -> tuple[Segment, ...]:
        halves: list[Segment] = []
        for heard in segments:
            middle = (heard.start + heard.end) / 2
            halves.append(replace(heard, end=middle, text="你号"))
            halves.append(replace(heard, start=middle, text="呢"))
        return tuple(halves)

    greeting = Rule("greeting", RuleCondition(any_words=("你好",)), set_emotion=Emotion.HAPPY)
    asked = Options(hotwords=("你好",))
    chain = Recipe((greeting, MUTE)).chain(asked)
    queue = heard_at_once()
    pipeline = Pipeline(queue, Reader(FakeFrontend(), FakeDetector([(1.0, 3.0)])), model="")
    steps = pipeline.transcribe(LongRecording(10.0), asked)
    *_, last = staged(steps, Chain((halve, *chain.measuring), chain.editing))
    assert len(queue.requests) == 1
    assert [(s.start, s.end, s.text, s.emotion, s.rules) for s in last.transcript.segments] == [
        (1.0, 2.0, "你好", Emotion.HAPPY, ("hotword:你好", "greeting", "mute")),
        (2.0, 3.0, "呢", Emotion.SAD, ("mute",)),
    ]
    assert last.measured is not None
    assert [(s.text, s.emotion, s.rules) for s in last.measured.segments] == [
        ("你好", Emotion.SAD, ("hotword:你好",)),
        ("呢", Emotion.SAD, ()),
    ]


def test_hotwords_reach_an_engine_that_takes_recordings_whole() -> None:
    options = Options(hotwords=("泥嚎",))
    (step,) = whole_of(FakeWhole()).transcribe(LongRecording(5.0), options)
    (segment,) = step.new
    assert (segment.text, segment.rules) == ("泥嚎呢", ("hotword:泥嚎",))
    assert [token.text for token in segment.tokens] == ["泥", "嚎呢"]


def test_weights_and_protected_words_of_a_request_reach_its_text() -> None:
    options = Options(hotwords=("泥嚎",), protected_words=("你好",))
    (step,) = whole_of(FakeWhole()).transcribe(LongRecording(5.0), options)
    assert step.new[0].text == "你好呢"
    (step,) = whole_of(FakeWhole()).transcribe(
        LongRecording(5.0), Options(hotwords=("泥嚎", "倪豪"), hotword_weights=(20, 30))
    )
    assert step.new[0].text == "倪豪呢"


def test_what_the_recogniser_raises_comes_after_the_text_before_it() -> None:
    class Failing(FakeRecogniser):
        def recognise(self, requests: Sequence[Request]) -> list[Hypothesis]:
            if any(each.utterance.start == 3.0 for each in requests):
                raise MemoryError
            return super().recognise(requests)

    heard: list[Segment] = []
    pipeline = pipeline_of((1.0, 2.0), (3.0, 4.0), (5.0, 6.0), queue=scheduler_of(Failing()))
    steps = pipeline.transcribe(LongRecording(10.0), Options())
    with pytest.raises(MemoryError):
        heard.extend(segment for step in steps for segment in step.new)
    assert [segment.start for segment in heard] == [1.0]


def test_a_model_that_answers_too_little_is_a_fault_and_loses_no_text(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(FakeRecogniser, "recognise", lambda *_: [])
    with pytest.raises(ModelError, match="0 of 1 utterances"):
        [
            *pipeline_of((1.0, 2.0), queue=scheduler_of(FakeRecogniser())).transcribe(
                LongRecording(10.0), Options()
            )
        ]


# Strands ------------------------------------------------------------------------------------------


AGENT, CUSTOMER = Strand(None, 1, "A"), Strand(None, 2, "B")


@dataclass
class Call:
    """Two voices side by side; the second is louder, by which the detector tells them apart."""

    seconds: float
    duration: float | None = None
    warnings: tuple[RecordingWarning, ...] = ()
    strands: tuple[Strand, ...] = (AGENT, CUSTOMER)

    def blocks(self, block_seconds: float) -> Iterator[Waveform]:
        total, size = round(self.seconds * SAMPLE_RATE), max(round(block_seconds * SAMPLE_RATE), 1)
        for start in range(0, total, size):
            length = min(size, total - start)
            yield np.stack([np.full(length, 0.25), np.full(length, 0.75)]).astype(np.float32)


@dataclass
class OneAfterTheOther(FakeDetector):
    """Gives the first stream the first spans, the second the second."""

    each: Sequence[Sequence[Bounds]] = ()
    begun: int = 0

    def stream(self, turns: TurnDetection | None = None) -> FakeDetector:
        self.turns, self.begun = turns, self.begun + 1
        return FakeDetector(self.each[self.begun - 1])


def call_of(
    agent: Sequence[Bounds],
    customer: Sequence[Bounds],
    *,
    queue: FakeQueue | None = None,
    block_seconds: float = BLOCK_SECONDS,
    known: Sequence[Segment] = (),
) -> list[Progress]:
    detector = OneAfterTheOther((), each=(agent, customer))
    reader = Reader(FakeFrontend(), detector, block_seconds)
    pipeline = Pipeline(queue or heard_at_once(), reader, model="tiny", known=known)
    return [*pipeline.transcribe(Call(51.0), Options())]


def test_each_voice_is_recognised_by_itself_and_both_come_in_the_order_of_time() -> None:
    queue = heard_at_once()
    steps = call_of([(1.0, 3.0), (9.0, 30.0)], [(2.5, 4.0), (12.0, 13.0)], queue=queue)
    segments = steps[-1].transcript.segments
    assert [(each.start, each.speaker, each.channel) for each in segments] == [
        (1.0, "A", 1),
        (2.5, "B", 2),
        (9.0, "A", 1),
        (12.0, "B", 2),
    ]
    levels = [float(each.utterance.waveform[0]) for each in queue.requests]
    assert levels == [0.25, 0.75, 0.25, 0.75]
    assert_steps_are_sound(steps)


@hypothesis_settings(max_examples=30, deadline=None)
@given(quarters, quarters, st.floats(0.1, 60.0))
def test_blocks_do_not_change_what_several_strands_give(
    agent: list[Bounds], customer: list[Bounds], block_seconds: float
) -> None:
    steps = call_of(agent, customer, block_seconds=block_seconds)
    said = [(*span, "A") for span in agent] + [(*span, "B") for span in customer]
    segments = steps[-1].transcript.segments
    times = [(each.start, each.end, each.speaker) for each in segments]
    assert times == sorted(said, key=lambda each: (each[0], each[2]))
    assert_steps_are_sound(steps)


def test_strands_that_are_known_in_part_are_not_recognised_again() -> None:
    agent, customer = [(1.0, 3.0), (9.0, 30.0)], [(1.0, 3.0), (12.0, 13.0)]
    steps, queue = call_of(agent, customer), heard_at_once()
    again = call_of(agent, customer, queue=queue, known=kept_of(steps, 3))
    assert [each.utterance.start for each in queue.requests] == [12.0]
    assert again[-1].transcript.segments == steps[-1].transcript.segments


def test_another_voice_at_the_same_time_is_not_known() -> None:
    steps, queue = call_of([(1.0, 3.0)], []), heard_at_once()
    call_of([], [(1.0, 3.0)], queue=queue, known=kept_of(steps, 1))
    assert len(queue.requests) == 1


def test_an_engine_that_takes_recordings_whole_hears_each_voice_by_itself() -> None:
    recogniser = FakeWhole()
    (step,) = whole_of(recogniser).transcribe(Call(3.0), Options())
    assert [float(each[0]) for each in recogniser.waveforms] == [0.25, 0.75]
    assert [each.strand for each in step.transcript.segments] == [AGENT, CUSTOMER]
    assert step.transcript.duration == 3.0


# Whole recordings ---------------------------------------------------------------------------------


def whole_of(recogniser: FakeWhole, *rules: Rule) -> StagedTranscriber:
    return StagedTranscriber(WholePipeline(WholeScheduler(recogniser), model="tiny"), Recipe(rules))


# Going on where another process has stopped -------------------------------------------------------

SPANS = ((1.0, 2.0), (4.0, 5.5), (7.0, 8.0), (9.0, 9.5))


def kept_of(steps: Sequence[Progress], count: int) -> tuple[Segment, ...]:
    """The first segments as the engine gave them, after a database had them as JSON."""
    recognised = tuple(segment for step in steps for segment in step.recognised)
    plain = Transcript(0.0, 0.0, "", "", recognised[:count]).to_dict()
    return Transcript.from_dict(plain).segments


@given(st.integers(0, len(SPANS)))
def test_what_is_known_already_is_not_recognised_again_and_changes_nothing(count: int) -> None:
    options = Options(hotwords=("你好",))
    steps, _ = run(12.0, *SPANS, options=options)
    queue = heard_at_once()
    pipeline = pipeline_of(*SPANS, queue=queue).resuming(kept_of(steps, count))
    again = [*pipeline.transcribe(LongRecording(12.0), options)]
    assert [each.utterance.start for each in queue.requests] == [s for s, _ in SPANS[count:]]
    assert again[-1].transcript.segments == steps[-1].transcript.segments
    assert_steps_are_sound(again)


def test_once_an_utterance_lies_elsewhere_the_rest_is_recognised_anew() -> None:
    steps, _ = run(12.0, *SPANS)
    queue = heard_at_once()
    moved = (SPANS[0], (4.0, 6.0), *SPANS[2:])
    pipeline = pipeline_of(*moved, queue=queue).resuming(kept_of(steps, 3))
    [*_, last] = pipeline.transcribe(LongRecording(12.0), Options())
    assert [each.utterance.start for each in queue.requests] == [4.0, 7.0, 9.0]
    assert [(each.start, each.end) for each in last.transcript.segments] == [*moved]


def test_an_engine_that_takes_recordings_whole_hears_all_anew() -> None:
    whole = whole_of(FakeWhole())
    assert resumed(whole, (HAPPY,)) is not whole
    [step] = resumed(whole, (HAPPY,)).transcribe(LongRecording(3.0), Options(), lambda: False)
    assert [each.text for each in step.transcript.segments] == [HEARD.text]


@pytest.mark.parametrize("seconds", [0.0, 5.0, 25.0])
def test_a_whole_recording_is_recognised_in_one_go(seconds: float) -> None:
    recogniser = FakeWhole()
    (step,) = whole_of(recogniser, CALM).transcribe(LongRecording(seconds, 99.0), Options())
    (waveform,) = recogniser.waveforms
    assert np.array_equal(waveform, ramp(0, round(seconds * SAMPLE_RATE)))
    assert (step.finished, step.fraction, step.seconds_left) == (True, 1.0, 0.0)
    assert step.transcript.duration == seconds
    assert (step.transcript.engine, step.transcript.model) == ("whole", "tiny")
    assert step.new == step.transcript.segments
    assert step.new[0].rules == ("calm",)


@pytest.mark.parametrize(("calls", "blocks"), [(0, 1), (1, 2), (3, 3)])
def test_a_whole_recording_that_is_cancelled_while_it_is_read_is_not_recognised(
    calls: int, blocks: int
) -> None:
    source, recogniser = LongRecording(3 * BLOCK_SECONDS), FakeWhole()
    with pytest.raises(Cancelled):
        [*whole_of(recogniser).transcribe(source, Options(), after(calls))]
    assert source.given == blocks
    assert recogniser.waveforms == []


def test_cancelling_does_not_wait_for_a_whole_recording() -> None:
    entered, leave = threading.Event(), threading.Event()

    class Stuck(FakeWhole):
        def segments(self, waveform: Waveform, options: Options) -> tuple[Segment, ...]:
            entered.set()
            assert leave.wait(WAIT_SECONDS)
            return super().segments(waveform, options)

    whole = whole_of(Stuck())
    with pytest.raises(Cancelled):
        [*whole.transcribe(LongRecording(5.0), Options(), entered.is_set)]
    leave.set()
    (step,) = whole.transcribe(LongRecording(5.0), Options())
    assert step.finished


def test_whoever_says_where_speech_ends_is_heeded_by_the_detector() -> None:
    detector, turns = FakeDetector([(0.0, 1.0)]), TurnDetection(silence_duration_ms=300)
    pipeline = Pipeline(heard_at_once(), Reader(FakeFrontend(), detector), model="tiny")
    for asked in (turns, None):
        [*pipeline.transcribe(LongRecording(2.0), Options(turn_detection=asked))]
        assert detector.turns == asked
