"""Other rules on what was heard already: as if the pipeline had had them."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postprocess import DEFAULT_RULES, HESITANT_SAD, AudioEvent, Emotion, Rule, RuleCondition
from richspeech.model.agreement import with_agreement
from richspeech.model.document import Document
from richspeech.model.relabelling import apply_to_segment, as_measured, relabel_segment
from richspeech.model.sentiment import Accord, Sentiment
from richspeech.model.transcript import Segment, Transcript
from richspeech.stages.relabelling import follow_rules, try_rules
from tests.transcripts import segment, transcript

NO_MUSIC = Rule("no-music", RuleCondition(event=AudioEvent.BGM), drop_event=True)
NO_SAD = Rule("no-sad", RuleCondition(emotion=Emotion.SAD), drop_emotion=True)
CALM = Rule(
    "calm",
    RuleCondition(emotion=Emotion.ANGRY, any_words=("投诉", "坏"), probability_below=0.95),
    set_emotion=Emotion.NEUTRAL,
)
LAUGHS = Rule("laughs", RuleCondition(any_words=("哈哈",)), set_event=AudioEvent.LAUGHTER)
RULES = (HESITANT_SAD, NO_MUSIC, NO_SAD, CALM, LAUGHS)


def heard(text: str, emotion: Emotion = Emotion.NEUTRAL, event: str = "Speech") -> Segment:
    """A segment as the engine gives it, with its tags."""
    events = () if event == "Speech" else (AudioEvent(event.lower()),)
    made = segment(0, 2, text, emotion, *events)
    return replace(made, raw_text=f"<|zh|>{emotion.tag}<|{event}|>{text}")


def ruled(*segments: Segment) -> Transcript:
    """What was heard, as the rules of the settings leave it."""
    return Document(transcript(*segments), (follow_rules(segments, DEFAULT_RULES),)).transcript


HEARD = st.builds(
    heard,
    st.sampled_from(["好呢。", "难过呢。", "哈哈哈", "坏了，要投诉", ""]),
    st.sampled_from([*Emotion]),
    st.sampled_from(["Speech", "BGM", "Laughter"]),
)
RULE_SETS = st.lists(st.sampled_from(RULES), unique=True).map(tuple)


@given(HEARD, RULE_SETS)
def test_what_rules_did_can_be_taken_back(said: Segment, rules: tuple[Rule, ...]) -> None:
    assert as_measured(apply_to_segment(said, rules)) == said


@given(HEARD, RULE_SETS, RULE_SETS)
def test_the_rules_of_before_leave_no_trace(
    said: Segment, before: tuple[Rule, ...], after: tuple[Rule, ...]
) -> None:
    ruled = apply_to_segment(said, before)
    assert relabel_segment(ruled, after) == apply_to_segment(said, after)


@given(HEARD, RULE_SETS)
def test_the_same_rules_change_nothing(said: Segment, rules: tuple[Rule, ...]) -> None:
    ruled = apply_to_segment(said, rules)
    assert relabel_segment(ruled, rules) is ruled


def test_hotwords_stay_when_rules_go() -> None:
    said = replace(heard("好呢。", Emotion.SAD), rules=("hotword:好呢",))
    ruled = apply_to_segment(said, DEFAULT_RULES)
    assert ruled.rules == ("hotword:好呢", "hesitant-sad")
    assert relabel_segment(ruled, ()) == said


def test_an_engine_without_tags_heard_no_emotion() -> None:
    said = replace(segment(0, 1, "哈哈", Emotion.UNKNOWN), raw_text="哈哈")
    ruled = apply_to_segment(said, [LAUGHS])
    assert ruled.events == (AudioEvent.LAUGHTER,)
    assert as_measured(ruled) == said


@pytest.mark.parametrize("raw_text", ["哈哈<|SAD|><|BGM|>", "<|BGM|>哈哈<|SAD|><|Speech|>"])
def test_labels_without_a_language_are_found_wherever_they_stand(raw_text: str) -> None:
    said = segment(0, 1, "哈哈", Emotion.SAD, AudioEvent.BGM, language=None)
    said = replace(said, raw_text=raw_text)
    assert as_measured(apply_to_segment(said, RULES)) == said


def test_voice_and_words_are_weighed_anew_where_the_emotion_changes() -> None:
    said = replace(
        heard("坏了", Emotion.HAPPY),
        sentiment=Sentiment.NEGATIVE,
        sentiment_probabilities={Sentiment.NEGATIVE: 0.9, Sentiment.POSITIVE: 0.1},
    )
    ironic = with_agreement(said)
    assert ironic.agreement is not None
    assert ironic.agreement.accord is Accord.IRONY
    flat = Rule("flat", RuleCondition(emotion=Emotion.HAPPY), set_emotion=Emotion.NEUTRAL)
    changed = relabel_segment(ironic, [flat])
    assert changed.agreement is None
    assert relabel_segment(changed, ()) == ironic


# Why ----------------------------------------------------------------------------------------------


def test_each_change_names_its_rule_and_the_words_that_made_it_apply() -> None:
    said = transcript(heard("坏了，要投诉", Emotion.ANGRY), heard("好吧。", Emotion.SAD))
    first, second = try_rules(said, (CALM, HESITANT_SAD))
    assert (first.index, first.after.emotion) == (0, Emotion.NEUTRAL)
    assert [(f.rule, f.words, f.ending) for f in first.firings] == [(CALM, ("投诉", "坏"), None)]
    assert [(f.rule, f.ending) for f in second.firings] == [(HESITANT_SAD, "吧")]
    assert first.differs
    assert second.differs


def test_a_rule_that_follows_another_sees_what_that_one_left() -> None:
    to_sad = Rule("to-sad", RuleCondition(emotion=Emotion.ANGRY), set_emotion=Emotion.SAD)
    (change,) = try_rules(transcript(heard("好呢", Emotion.ANGRY)), (to_sad, HESITANT_SAD))
    assert [firing.rule.name for firing in change.firings] == ["to-sad", "hesitant-sad"]
    assert change.firings[1].labels.emotion is Emotion.SAD


def test_a_change_that_the_old_rules_had_made_already_is_shown_as_none() -> None:
    mended = ruled(heard("好呢", Emotion.SAD))
    (change,) = try_rules(mended, DEFAULT_RULES)
    assert not change.differs
    assert change.firings


def test_a_change_that_is_taken_back_has_no_rule() -> None:
    mended = ruled(heard("好呢", Emotion.SAD), heard("好"))
    (change,) = try_rules(mended, ())
    assert change.differs
    assert change.firings == ()
    assert (change.before.emotion, change.after.emotion) == (Emotion.NEUTRAL, Emotion.SAD)
