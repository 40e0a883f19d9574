"""What an adapter is worth is counted over all clips, with intervals of their groups."""

import pytest

from postprocess import AudioEvent, Emotion
from richspeech.adaptation.evaluation import Judged, judge
from richspeech.model.transcript import Hypothesis
from richspeech.review.examples import Example


def heard(text: str, emotion: Emotion = Emotion.NEUTRAL) -> Hypothesis:
    return Hypothesis(text, "zh", {}, emotion, {}, (), {}, (), "")


def judged(before: list[str], after: list[str], said: list[str]) -> Judged:
    examples = [Example(f"{i}", text) for i, text in enumerate(said)]
    return judge(examples, [*map(heard, before)], [*map(heard, after)], [*range(len(said))])


def test_errors_are_summed_over_all_characters_and_punctuation_does_not_count() -> None:
    found = judged(["今天好", "x"], ["今天很好。", "啊"], ["今天很好", "啊"])
    rate = found.characters
    assert (rate.of, rate.count) == ("characters", 5)
    assert (rate.before, rate.after, rate.difference) == (40.0, 0.0, -40.0)
    assert rate.low <= rate.difference <= rate.high


def test_labels_count_only_where_somebody_has_given_them() -> None:
    said = [Example("a", "好", emotion=Emotion.ANGRY), Example("b", "好", event=AudioEvent.SPEECH)]
    before = [heard("好"), heard("好")]
    after = [heard("好", Emotion.ANGRY), heard("好")]
    rates = {rate.of: rate for rate in judge(said, before, after, [0, 1]).rates}
    assert {*rates} == {"characters", "words", "emotion", "event"}
    assert (rates["emotion"].count, rates["emotion"].before, rates["emotion"].after) == (1, 100, 0)
    assert rates["event"].difference == 0


def test_what_does_not_change_has_an_interval_of_nothing() -> None:
    same = ["今天好"] * 20
    rate = judged(same, same, ["今天很好"] * 20).characters
    assert (rate.low, rate.high) == (0, 0)


def test_more_clips_make_the_interval_narrower() -> None:
    def width(count: int) -> float:
        before, after = ["今天好"] * count, ["今天很好", "今天"] * (count // 2)
        rate = judged(before, after, ["今天很好"] * count).characters
        return rate.high - rate.low

    assert width(200) < width(20) / 2


@pytest.mark.parametrize(("wrong", "lost"), [(0, ()), (1, ()), (2, ("characters",))])
def test_more_than_a_point_is_lost(wrong: int, lost: tuple[str, ...]) -> None:
    said = ["甲"] * 100
    after = ["乙"] * wrong + ["甲"] * (100 - wrong)
    assert tuple(rate.of for rate in judged(said, after, said).lost) == lost
