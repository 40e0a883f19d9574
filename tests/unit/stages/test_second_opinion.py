"""Every segment is heard by itself, and contradictions are found by the stated rule."""

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postprocess import Emotion
from richspeech.audio.mono import Waveform
from richspeech.errors import AudioError
from richspeech.model.document import Document
from richspeech.model.emotion_scores import EmotionScores, NineEmotion
from richspeech.model.strand import Strand
from richspeech.model.transcript import Segment, Transcript
from richspeech.stages.second_opinion import (
    disagreements,
    disagrees,
    second_opinion,
    segment_scores,
    transcript_risks,
)
from tests.fakes import FakeEmotionRecogniser

ANGRY, HAPPY = NineEmotion.ANGRY, NineEmotion.HAPPY


def hear(waveform: Waveform) -> EmotionScores:
    """The first sample decides, all are the embedding; fewer than 10 are too few."""
    if len(waveform) < 10:
        raise AudioError("too short")
    logits = np.array([[5.0, 0.0] if waveform[0] > 0 else [0.0, 5.0]], np.float32)
    return EmotionScores(1.0, (ANGRY, HAPPY), logits, waveform, None, 0.02)


def segment(start: float, end: float) -> Segment:
    return Segment(start, end, "", "zh", 1.0, Emotion.ANGRY, {"angry": 0.9}, (), {}, (), "")


def blocks_of(waveform: Waveform, sizes: list[int]) -> Iterator[Waveform]:
    for size in sizes:
        yield waveform[:size]
        waveform = waveform[size:]
    yield waveform


spans = st.tuples(st.integers(0, 900), st.integers(10, 300)).map(lambda s: (s[0], s[0] + s[1]))


@given(st.lists(spans, max_size=6), st.lists(st.integers(1, 400), max_size=8))
def test_each_segment_is_given_its_own_samples_however_the_blocks_fall(
    bounds: list[tuple[int, int]], sizes: list[int]
) -> None:
    waveform = np.arange(1, 1_001, dtype=np.float32)
    segments = [segment(first / 16_000, last / 16_000) for first, last in bounds]
    heard = segment_scores(segments, blocks_of(waveform, sizes), FakeEmotionRecogniser(hear))
    for (first, last), each in zip(bounds, heard, strict=True):
        expected = waveform[first:last]
        if len(expected) < 10:
            assert each is None
        else:
            assert each is not None
            np.testing.assert_array_equal(each.embedding, expected)


def test_an_opinion_is_on_the_channel_of_the_segment() -> None:
    strands = (Strand(None, 1, "A"), Strand(None, 2, "B"))
    both = np.stack([np.ones(16_000), -np.ones(16_000)]).astype(np.float32)
    segments = [replace(segment(0.1, 0.9), channel=n, speaker="AB"[n - 1]) for n in (1, 2)]
    edit = second_opinion(segments, [both], FakeEmotionRecogniser(hear), "ear", strands)
    found = [max(scores, key=scores.__getitem__) for scores in edit.scores if scores]
    assert found == [ANGRY, HAPPY]


def with_opinion(transcript: Transcript, waveform: Waveform) -> Transcript:
    opinion = second_opinion(transcript.segments, [waveform], FakeEmotionRecogniser(hear), "ear")
    return Document(transcript, (opinion,)).transcript


def test_a_transcript_gets_an_opinion_a_segment_and_keeps_the_rest() -> None:
    waveform = np.concatenate([np.ones(160), -np.ones(160), np.ones(5)]).astype(np.float32)
    before = Transcript(0.02, 0.1, "e", "m", (segment(0, 0.01), segment(0.01, 0.02)))
    after = with_opinion(before, waveform)
    assert [each.second_emotion for each in after.segments] == [ANGRY, HAPPY]
    assert sum(after.segments[0].second_emotion_probabilities.values()) == pytest.approx(1.0)
    forgotten = [
        replace(s, second_emotion=None, second_emotion_probabilities={}) for s in after.segments
    ]
    assert tuple(forgotten) == before.segments
    assert Transcript.from_dict(after.to_dict()).segments[1].second_emotion is HAPPY


def test_a_segment_with_too_little_to_hear_has_no_opinion() -> None:
    before = Transcript(1.0, 0.1, "e", "m", (segment(0, 0.0001), segment(5.0, 6.0)))
    after = with_opinion(before, np.ones(16_000, np.float32))
    assert after == before


@pytest.mark.parametrize(
    ("emotion", "probability", "second", "second_probability", "expected"),
    [
        (Emotion.HAPPY, 0.9, ANGRY, 0.9, True),
        (Emotion.NEUTRAL, 0.9, ANGRY, 0.5, True),
        (Emotion.ANGRY, 0.9, ANGRY, 0.9, False),
        (Emotion.HAPPY, 0.9, ANGRY, 0.49, False),
        (Emotion.HAPPY, 0.49, ANGRY, 0.9, False),
        (Emotion.HAPPY, None, ANGRY, 0.9, True),
        (Emotion.UNKNOWN, 0.9, ANGRY, 0.9, False),
        (Emotion.HAPPY, 0.9, NineEmotion.UNKNOWN, 0.9, False),
        (Emotion.HAPPY, 0.9, NineEmotion.OTHER, 0.9, False),
        (Emotion.HAPPY, 0.9, None, 0.0, False),
    ],
)
def test_the_recognisers_contradict_each_other_when_both_are_sure_of_different_emotions(
    emotion: Emotion,
    probability: float | None,
    second: NineEmotion | None,
    second_probability: float,
    expected: bool,
) -> None:
    first: Mapping[str, float] = {} if probability is None else {emotion.value: probability}
    heard = replace(
        segment(0, 1),
        emotion=emotion,
        emotion_probabilities=first,
        second_emotion=second,
        second_emotion_probabilities={second: second_probability} if second else {},
    )
    assert disagrees(heard) is expected
    assert disagreements(Transcript(1, 1, "e", "m", (heard,))) == ((heard,) if expected else ())


def test_one_risky_segment_makes_a_risky_recording() -> None:
    calm, furious = (
        replace(segment(0, 1), second_emotion_probabilities={ANGRY: score, HAPPY: 1 - score})
        for score in (0.1, 0.8)
    )
    limits = {ANGRY: 0.75}
    assert transcript_risks(Transcript(1, 1, "e", "m", (calm, segment(1, 2))), limits) == ()
    assert transcript_risks(Transcript(1, 1, "e", "m", (calm, furious)), limits) == (ANGRY,)
