"""Segments go through the stages of their request as they come, each of them once."""

import json
from collections.abc import Iterator
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postprocess import DEFAULT_RULES, AudioEvent, Emotion, Rule, RuleCondition
from richspeech.model.document import Document
from richspeech.model.options import Options
from richspeech.model.relabelling import apply_to_segment
from richspeech.model.sentiment import Scores, Sentiment
from richspeech.model.transcript import Segment, Transcript
from richspeech.recognition.pipeline import Cancel, Progress
from richspeech.recognition.reading import WaveformSource
from richspeech.recognition.staged import StagedTranscriber
from richspeech.stages.chain import Recipe
from tests.fakes import FakeClassifier, FakeRecording
from tests.transcripts import segment

SURE: Scores = {Sentiment.POSITIVE: 1.0}


class Ear:
    """Gives one segment a step."""

    def __init__(self, *segments: Segment) -> None:
        self.segments = segments

    def transcribe(
        self,
        recording: WaveformSource,  # noqa: ARG002
        options: Options,  # noqa: ARG002
        cancelled: Cancel,  # noqa: ARG002
    ) -> Iterator[Progress]:
        for count in range(len(self.segments) + 1):
            heard = Transcript(float(count), 1.0, "ear", "m", self.segments[:count])
            new = self.segments[max(count - 1, 0) : count]
            yield Progress(heard, new, 3.0, finished=count == len(self.segments))


def words() -> FakeClassifier:
    return FakeClassifier(lambda text: SURE if text else {})


def steps_of(recipe: Recipe, *segments: Segment) -> list[Progress]:
    transcriber = StagedTranscriber(Ear(*segments), recipe)
    return [*transcriber.transcribe(FakeRecording([], 3.0), Options())]


def test_each_segment_is_read_once_as_soon_as_it_is_there() -> None:
    reader = words()
    steps = steps_of(Recipe(reader=reader), segment(0, 1, "好"), segment(1, 2, "不好"))
    assert reader.asked == [["好"], ["不好"]]
    assert [[s.sentiment for s in step.new] for step in steps] == [
        [],
        [Sentiment.POSITIVE],
        [Sentiment.POSITIVE],
    ]
    last = steps[-1]
    assert last.finished
    assert [s.text for s in last.transcript.segments] == ["好", "不好"]
    assert last.transcript.sentiment is Sentiment.POSITIVE
    assert last.transcript.segments[:1] == steps[1].transcript.segments


def test_the_time_of_every_reading_is_processing() -> None:
    moments = iter([0.0, 0.0, 1.0, 4.0, 10.0, 15.0])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("richspeech.recognition.staged.time.perf_counter", lambda: next(moments))
        steps = steps_of(Recipe(reader=words()), segment(0, 1, "好"), segment(1, 2, "不好"))
    assert [step.transcript.processing_seconds for step in steps] == [1.0, 4.0, 9.0]


def test_sounds_without_words_are_not_read() -> None:
    reader = words()
    steps = steps_of(Recipe(reader=reader), segment(0, 1, ""))
    assert reader.asked == []
    assert steps[-1].transcript.segments == (segment(0, 1, ""),)


def said(text: str, emotion: Emotion = Emotion.NEUTRAL, *events: AudioEvent) -> Segment:
    return segment(0, 1, text, emotion, *events)


@pytest.mark.parametrize("rules", [(), DEFAULT_RULES])
def test_rules_mend_what_is_given_out_and_leave_what_was_measured(rules: tuple[Rule, ...]) -> None:
    heard = (said("好呢", Emotion.SAD, AudioEvent.BGM), said("哈哈"), said("坏了", Emotion.ANGRY))
    steps = steps_of(Recipe(rules), *heard)
    mended = tuple(apply_to_segment(each, rules) for each in heard)
    assert tuple(each for step in steps for each in step.new) == mended
    assert steps[-1].transcript.segments == mended
    assert steps[-1].measured is not None
    assert steps[-1].measured.segments == heard
    assert replace(steps[-1].measured, segments=mended) == steps[-1].transcript


@given(
    st.lists(st.builds(said, st.sampled_from(["好呢", "坏了！", ""]), st.sampled_from([*Emotion])))
)
def test_the_edits_make_of_what_was_measured_what_is_given_out(heard: list[Segment]) -> None:
    for step in steps_of(Recipe(DEFAULT_RULES, reader=words()), *heard):
        again = Document.from_dict(json.loads(json.dumps(step.document.to_dict())))
        assert again.measured.segments == tuple(heard[: len(step.transcript.segments)])
        assert again.transcript.segments == step.transcript.segments


def test_rules_see_the_numbers_that_are_written() -> None:
    unsure = replace(said("坏了", Emotion.ANGRY), emotion_probabilities={"angry": 0.899_999})
    calm = Rule(
        "calm",
        RuleCondition(emotion=Emotion.ANGRY, probability_below=0.9),
        set_emotion=Emotion.NEUTRAL,
    )
    last = steps_of(Recipe((calm,)), unsure)[-1]
    assert last.transcript.segments[0].emotion_probabilities == {"angry": 0.9}
    assert last.transcript.segments[0].emotion is Emotion.ANGRY
    assert Document.from_dict(last.document.to_dict()).transcript == replace(
        last.transcript, processing_seconds=round(last.transcript.processing_seconds, 4)
    )
