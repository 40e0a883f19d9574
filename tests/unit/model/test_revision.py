"""A revised label says what was there before, and gives way to a person."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from postprocess import AudioEvent, Emotion, Rule, RuleCondition
from richspeech.model.agreement import with_sentiment
from richspeech.model.corrections import Correction
from richspeech.model.document import Document
from richspeech.model.edits import PERSON, CascadeEdit, CorrectionEdit, RulesEdit, joined
from richspeech.model.relabelling import as_measured
from richspeech.model.revision import revised, taken_back
from richspeech.model.sentiment import Accord, Limits, Sentiment
from richspeech.model.transcript import Revision, Segment, Transcript
from richspeech.stages.relabelling import try_rules

NOW = datetime(2026, 11, 29, tzinfo=UTC)
CALM = Revision("emotion", "neutral", 0.9)
QUIET = Revision("event", "speech", 0.8)
TO_SAD = Rule("to-sad", RuleCondition(emotion=Emotion.ANGRY), set_emotion=Emotion.SAD)
ANGRY = Segment(
    *(0.0, 1.0, "我要退款", "zh", 0.9, Emotion.ANGRY, {"angry": 0.7, "neutral": 0.3}),
    *((AudioEvent.BGM,), {"bgm": 0.6, "speech": 0.4}, (), "<|zh|><|ANGRY|><|BGM|>我要退款"),
)
HEARD = Transcript(1.0, 0.1, "sensevoice", "m", (ANGRY,))


def cascade(*found: Revision) -> CascadeEdit:
    return CascadeEdit(found=(found,), by="calls", made=NOW)


def rules(*followed: Rule) -> RulesEdit:
    return RulesEdit(rules=followed, by="settings", made=NOW)


def test_a_revised_label_says_what_was_there_and_how_sure_it_is() -> None:
    segment = revised(ANGRY, (CALM, QUIET))
    assert (segment.emotion, segment.events) == (Emotion.NEUTRAL, ())
    assert [each.was for each in segment.revisions] == ["angry", "bgm"]
    assert segment.emotion_probability == 0.9
    assert segment.emotion_probabilities == ANGRY.emotion_probabilities
    assert taken_back(segment) == ANGRY
    assert as_measured(segment) == ANGRY


def test_where_it_agrees_nothing_changes_but_that_it_was_asked() -> None:
    segment = revised(ANGRY, (Revision("emotion", "angry", 0.99),))
    assert segment.revision("emotion") is None
    assert segment.emotion_probability == 0.7
    assert taken_back(segment) == ANGRY


def test_of_several_events_none_is_revised() -> None:
    several = replace(ANGRY, events=(AudioEvent.BGM, AudioEvent.LAUGHTER))
    assert revised(several, (QUIET,)).events == several.events


def test_the_document_keeps_what_the_model_measured_and_who_revised_it() -> None:
    document = Document(HEARD, (rules(), cascade(CALM)))
    assert document.measured == HEARD
    assert document.transcript.segments[0].emotion is Emotion.NEUTRAL
    read = Document.from_dict(document.to_dict())
    assert read == document
    assert read.transcript == document.transcript
    assert read.edits[1].by == "calls"
    assert document.original == document


def test_a_person_has_the_last_word() -> None:
    correction = Correction(0, emotion=Emotion.SAD)
    edit = CorrectionEdit(correction=correction, by=PERSON, made=NOW)
    (segment,) = Document(HEARD, (cascade(CALM), edit)).transcript.segments
    assert (segment.emotion, segment.corrected) == (Emotion.SAD, ("emotion",))
    assert segment.revision("emotion") is None


def test_other_rules_leave_what_the_cascade_found_and_it_says_what_they_put_there() -> None:
    document = Document(HEARD, (rules(), cascade(CALM))).with_edit(rules(TO_SAD))
    (segment,) = document.transcript.segments
    assert segment.emotion is Emotion.NEUTRAL
    assert segment.revisions[0].was == "sad"
    assert Document.from_dict(document.to_dict()).transcript == document.transcript


def test_rules_on_trial_do_not_count_a_revision_as_their_own() -> None:
    assert try_rules(Document(HEARD, (cascade(CALM),)).transcript, ()) == ()


def test_voice_and_words_are_weighed_anew() -> None:
    glad = with_sentiment(ANGRY, {Sentiment.POSITIVE: 0.9}, Limits())
    assert glad.agreement is not None
    assert glad.agreement.accord is Accord.IRONY
    happy = revised(glad, (Revision("emotion", "happy", 0.8),))
    assert happy.agreement is not None
    assert (happy.agreement.accord, happy.agreement.voice) == (Accord.AGREEMENT, 0.8)
    assert revised(glad, (CALM,)).agreement is None


def test_what_was_found_in_parts_is_one_edit() -> None:
    both = joined(cascade(CALM), cascade(QUIET))
    assert isinstance(both, CascadeEdit)
    assert both.found == ((CALM,), (QUIET,))


@pytest.mark.parametrize("count", [0, 2])
def test_findings_for_another_number_of_segments_are_refused(count: int) -> None:
    edit = CascadeEdit(found=((),) * count, by="calls", made=NOW)
    with pytest.raises(ValueError, match="cascade"):
        Document(HEARD, (edit,))
