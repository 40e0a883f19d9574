"""A document: what was measured stays, edits are applied in order, corrections outlast the rest."""

import json
import math
from dataclasses import replace
from datetime import UTC, datetime
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postprocess import DEFAULT_RULES, AudioEvent, Emotion, Rule, RuleCondition
from richspeech.errors import OptionError
from richspeech.model.agreement import DEFAULT_LIMITS, with_sentiment
from richspeech.model.corrections import FIELDS, Correction, Replacement
from richspeech.model.document import Document
from richspeech.model.edits import (
    SETTINGS,
    CorrectionEdit,
    Edit,
    RulesEdit,
    SecondOpinionEdit,
    SentimentEdit,
    SpeakersEdit,
)
from richspeech.model.emotion_scores import NineEmotion
from richspeech.model.lines import correct
from richspeech.model.recording_warning import RecordingWarning
from richspeech.model.relabelling import apply_to_segment
from richspeech.model.sentiment import Sentiment
from richspeech.model.speaker import Naming
from richspeech.model.transcript import Transcript
from richspeech.model.trim import Trim
from richspeech.stages.relabelling import follow_rules
from richspeech.stages.sentiment import read_segments
from tests.fakes import FakeClassifier
from tests.transcripts import segment, transcript, transcripts

NOW = datetime(2026, 11, 28, 5, tzinfo=UTC)
GOOD = {Sentiment.POSITIVE: 0.9, Sentiment.NEGATIVE: 0.1}
BAD = {Sentiment.POSITIVE: 0.2, Sentiment.NEGATIVE: 0.8}
CALM = Rule("calm", RuleCondition(emotion=Emotion.ANGRY), set_emotion=Emotion.NEUTRAL)
QUIET = Rule("quiet", RuleCondition(event=AudioEvent.BGM), drop_event=True)
HEARD = transcript(
    replace(
        segment(0, 2, "太好了。", Emotion.ANGRY, AudioEvent.BGM),
        raw_text="<|zh|><|ANGRY|><|BGM|><|withitn|>太好了。",
    ),
    segment(3, 5, "再见。", Emotion.HAPPY),
)


CALL = transcript(
    replace(segment(0, 2), channel=1, speaker="A"),
    replace(segment(1, 4), channel=2, speaker="B"),
    replace(segment(5, 6), channel=1, speaker="A"),
)


def corrected(index: int, **values: object) -> CorrectionEdit:
    return CorrectionEdit(correction=Correction.from_dict({"index": index, **values}), made=NOW)


def ruled(*rules: Rule) -> RulesEdit:
    return RulesEdit(rules=rules, by=SETTINGS, made=NOW)


def read(*scores: dict[Sentiment, float]) -> SentimentEdit:
    return SentimentEdit(scores=scores, by="a classifier", made=NOW)


def heard_again(*scores: dict[NineEmotion, float] | None) -> SecondOpinionEdit:
    return SecondOpinionEdit(scores=scores, by="emotion2vec", made=NOW)


@st.composite
def edits(draw: st.DrawFn, count: int) -> Edit:
    """Any edit that fits a transcript of so many segments."""
    by, made = draw(st.text(max_size=5)), draw(st.sampled_from([NOW, None]))
    sentiments = st.sampled_from([GOOD, BAD, {}])
    opinions = st.sampled_from([{NineEmotion.SAD: 0.25, NineEmotion.OTHER: 0.75}, None])
    fields = {
        "text": st.sampled_from(["好", "再见。", "退款"]),
        "language": st.sampled_from(["zh", "en"]),
        "emotion": st.sampled_from([Emotion.SAD.value, Emotion.ANGRY.value]),
        "events": st.lists(st.sampled_from(["laughter", "cough"]), max_size=2),
        "speaker": st.sampled_from(["A", "B", "Zoe"]),
    }
    names = st.dictionaries(st.sampled_from(["A", "B"]), st.sampled_from(["Ann", "B"]))
    changes = st.builds(
        lambda index, values: Correction.from_dict({"index": index, **values}),
        st.integers(0, max(count - 1, 0)),
        st.fixed_dictionaries({}, optional=fields),
    )
    steps = st.builds(lambda made: Replacement(tuple(made)), st.lists(changes, max_size=2))
    amendments = st.one_of(st.builds(Naming, names), *([changes, steps] if count else []))
    kinds = ["rules", "sentiment", "second_opinion", "speakers", "correction"]
    match draw(st.sampled_from(kinds)):
        case "speakers":
            return SpeakersEdit(naming=Naming(draw(names)), by=by, made=made)
        case "rules":
            rules = draw(st.sampled_from([DEFAULT_RULES, (CALM, QUIET), ()]))
            return RulesEdit(rules=rules, by=by, made=made)
        case "sentiment":
            return SentimentEdit(
                scores=tuple(draw(sentiments) for _ in range(count)), by=by, made=made
            )
        case "second_opinion":
            heard = tuple(draw(opinions) for _ in range(count))
            return SecondOpinionEdit(scores=heard, by=by, made=made)
        case _:
            return CorrectionEdit(correction=draw(amendments), made=made)


@st.composite
def documents(draw: st.DrawFn) -> Document:
    heard = draw(transcripts())
    voices = st.sampled_from([(None, None), (1, "A"), (2, "B")])
    apart = (
        replace(each, channel=channel, speaker=speaker)
        for each in heard.segments
        for channel, speaker in [draw(voices)]
    )
    heard = replace(heard, segments=tuple(apart))
    measured = Transcript.from_dict(heard.to_dict())  # as rounded as it is kept
    return Document(measured, tuple(draw(st.lists(edits(len(measured.segments)), max_size=5))))


def test_a_document_without_edits_is_what_was_measured() -> None:
    assert Document(HEARD).transcript is HEARD


def test_another_file_of_the_same_sound_has_its_own_warnings() -> None:
    quiet = RecordingWarning.of("very_quiet", decibels=60)
    cut, damaged = (RecordingWarning.of(code) for code in ("wav_length_unknown", "damaged_packets"))
    edits = (ruled(CALM, QUIET),)
    document = Document(replace(HEARD, warnings=(cut, quiet)), edits).of_file([damaged])
    assert document == Document(replace(HEARD, warnings=(damaged, quiet)), edits)
    assert document.of_file([]).transcript.warnings == (quiet,)


def test_every_edit_does_what_its_stage_does() -> None:
    calm = tuple(apply_to_segment(each, (CALM, QUIET)) for each in HEARD.segments)
    rules = follow_rules(HEARD.segments, (CALM, QUIET))
    assert Document(HEARD, (rules,)).transcript.segments == calm
    assert replace(rules, made=NOW) == ruled(CALM, QUIET)
    good = tuple(with_sentiment(each, GOOD, DEFAULT_LIMITS) for each in HEARD.segments)
    sentiment = read_segments(HEARD.segments, FakeClassifier(lambda _: GOOD))
    assert Document(HEARD, (sentiment,)).transcript.segments == good
    assert replace(sentiment, made=NOW) == read(GOOD, GOOD)
    changes = [corrected(0, text="太坏了。"), corrected(1, emotion="sad")]
    said = [each.correction for each in changes]
    expected = correct(HEARD, [each for each in said if isinstance(each, Correction)])
    assert Document(HEARD, tuple(changes)).transcript == expected
    first, second = Document(
        HEARD, (heard_again({NineEmotion.SAD: 0.9}, None),)
    ).transcript.segments
    assert (first.second_emotion, dict(first.second_emotion_probabilities)) == (
        NineEmotion.SAD,
        {NineEmotion.SAD: 0.9},
    )
    assert (second.second_emotion, second.second_emotion_probabilities) == (None, {})


def test_the_last_rules_alone_count() -> None:
    both = Document(HEARD, (ruled(CALM), ruled(QUIET))).transcript
    assert both == Document(HEARD, (ruled(QUIET),)).transcript
    assert Document(HEARD, (ruled(CALM), ruled())).transcript == HEARD


def test_rules_that_come_after_a_correction_do_not_undo_it() -> None:
    change = corrected(0, emotion="sad", events=["laughter"])
    (after, _) = Document(HEARD, (change, ruled(CALM, QUIET))).transcript.segments
    assert (after.emotion, after.events) == (Emotion.SAD, (AudioEvent.LAUGHTER,))
    assert after.corrected == ("emotion", "events")


def test_a_sentiment_that_has_read_the_corrected_words_stays() -> None:
    change = corrected(0, text="太坏了。")
    before = Document(HEARD, (read(GOOD, GOOD), change)).transcript.segments
    assert (before[0].sentiment, before[1].sentiment) == (None, Sentiment.POSITIVE)
    after = Document(HEARD, (change, read(BAD, GOOD))).transcript.segments
    assert (after[0].text, after[0].sentiment) == ("太坏了。", Sentiment.NEGATIVE)
    named = Document(HEARD, (change, read(BAD, GOOD), corrected(0, language="en"))).transcript
    assert named.segments[0].sentiment is Sentiment.NEGATIVE
    again = Document(HEARD, (change, read(BAD, GOOD), corrected(0, text="好了。"))).transcript
    assert again.segments[0].sentiment is None


def test_a_sentiment_is_held_against_the_emotion_that_a_person_has_heard() -> None:
    change = corrected(0, emotion="happy")
    assert Document(HEARD, (read(GOOD, GOOD), change)).transcript.segments[0].agreement is None
    after = Document(HEARD, (change, read(GOOD, GOOD))).transcript.segments[0]
    assert after.agreement is not None
    assert after.agreement.voice == 1.0


def test_what_is_taken_back_leaves_no_trace() -> None:
    document = Document(HEARD, (ruled(CALM), corrected(0, text="太坏了。"), read(BAD, GOOD)))
    before = document.without_last_correction().transcript
    assert before.segments[0].text == "太好了。"
    assert before.segments[0].sentiment is None  # nobody has read these words
    assert before.segments[1].sentiment is Sentiment.POSITIVE
    assert Document(HEARD, (ruled(CALM),)).without_last_correction() == Document(
        HEARD, (ruled(CALM),)
    )


@pytest.mark.parametrize("edit", [corrected(2, text="三"), read(GOOD), heard_again(None)])
def test_an_edit_that_does_not_fit_is_refused_at_once(edit: Edit) -> None:
    with pytest.raises(OptionError, match="segment"):
        Document(HEARD).with_edit(edit)


@given(documents())
def test_a_document_comes_back_from_its_json(document: Document) -> None:
    kept = json.loads(json.dumps(document.to_dict()))
    again = Document.from_dict(kept)
    assert again == document
    assert again.transcript == document.transcript
    kept["later"] = kept["measured"]["later"] = "a key of a later version"
    for each in kept["edits"]:
        each["later"] = 1
    assert Document.from_dict(kept) == document


@given(documents())
def test_edits_do_the_same_one_by_one_as_all_at_once(document: Document) -> None:
    grown = reduce(Document.with_edit, document.edits, Document(document.measured))
    assert grown == document
    assert grown.uncorrected == document.uncorrected
    assert grown.transcript == document.transcript


def named(**names: str) -> CorrectionEdit:
    return CorrectionEdit(correction=Naming(names), made=NOW)


def speakers_of(document: Document) -> list[str]:
    return [each.strand.label for each in document.transcript.segments]


def test_a_request_names_whoever_is_on_its_channels() -> None:
    assert speakers_of(Document(CALL)) == ["A", "B", "A"]
    assert speakers_of(Document(CALL).called(["agent"])) == ["agent", "B", "agent"]
    assert Document(CALL).called([None, "customer"]).transcript.speakers == ("A", "customer")
    assert Document(HEARD).called(["agent"]) == Document(HEARD)


def test_names_of_a_request_stand_in_the_place_of_those_before_and_leave_the_others() -> None:
    document = Document(CALL).called(["agent", "customer"])
    assert document.called(["agent", "customer"]) is document
    assert speakers_of(document.called(["clerk"])) == ["clerk", "customer", "clerk"]
    assert document.called([]) is document


def test_what_a_person_calls_somebody_holds_whatever_requests_say() -> None:
    document = Document(CALL).called(["agent", "customer"])
    edit = CorrectionEdit(correction=document.naming("agent", " Ann  Lee "), made=NOW)
    document = document.with_edit(edit)
    assert speakers_of(document) == ["Ann Lee", "customer", "Ann Lee"]
    assert speakers_of(document.called(["clerk"])) == ["Ann Lee", "customer", "Ann Lee"]
    assert document.original.transcript.speakers == ("A", "B")


def test_a_name_is_one_correction_that_can_be_taken_back() -> None:
    document = Document(CALL, (named(A="Ann"), corrected(1, text="好。"), named(A="Bea")))
    assert speakers_of(document) == ["Bea", "B", "Bea"]
    before = document.without_last_correction()
    assert speakers_of(before) == ["Ann", "B", "Ann"]
    assert speakers_of(before.without_last_correction()) == ["Ann", "B", "Ann"]
    assert before.without_last_correction().transcript.segments[1].corrected == ()


def test_two_that_were_given_one_name_are_renamed_together() -> None:
    document = Document(CALL, (named(A="Ann"), named(B="Ann")))
    assert document.transcript.speakers == ("Ann",)
    assert document.naming("Ann", "Bea") == Naming({"A": "Bea", "B": "Bea"})


def test_nobody_is_renamed_whom_the_transcript_does_not_name() -> None:
    with pytest.raises(OptionError, match="Nobody in the transcript is called “A”"):
        Document(CALL).called(["agent"]).naming("A", "Ann")
    with pytest.raises(OptionError, match="Nobody"):
        Document(HEARD).naming("", "Ann")


def test_a_name_marks_no_segment_as_corrected_nor_takes_its_sentiment() -> None:
    document = Document(CALL, (read(GOOD, GOOD, GOOD), named(A="Ann")))
    assert {each.corrected for each in document.transcript.segments} == {()}
    assert {each.sentiment for each in document.transcript.segments} == {Sentiment.POSITIVE}


@given(documents())
def test_names_change_nothing_but_who_speaks(document: Document) -> None:
    others = tuple(
        each
        for each in document.edits
        if not isinstance(each, SpeakersEdit)
        and not (isinstance(each, CorrectionEdit) and isinstance(each.correction, Naming))
    )
    nameless = Document(document.measured, others).transcript.segments
    for voice, before, after in zip(
        document.voices, nameless, document.transcript.segments, strict=True
    ):
        assert replace(after, speaker=before.speaker) == before
        assert bool(after.strand.label) == bool(voice)


def test_a_segment_is_given_to_another_who_keeps_the_name_that_they_have() -> None:
    document = Document(CALL).called(["agent", "customer"])
    other = corrected(2, speaker=document.voice_of("customer"))
    given = document.with_edit(other)
    assert speakers_of(given) == ["agent", "customer", "customer"]
    assert given.transcript.segments[2].corrected == ("speaker",)
    assert speakers_of(given.with_edit(named(B="Ann"))) == ["agent", "Ann", "Ann"]
    assert speakers_of(given.called(["agent", "Bo"])) == ["agent", "Bo", "Bo"]
    assert given.naming("customer", "Ann") == Naming({"B": "Ann"})
    assert speakers_of(given.without_last_correction()) == ["agent", "customer", "agent"]


def test_a_segment_may_be_of_somebody_new() -> None:
    document = Document(CALL)
    given = document.with_edit(corrected(1, speaker=document.voice_of(" Zoe ")))
    assert speakers_of(given) == ["A", "Zoe", "A"]
    assert speakers_of(given.with_edit(named(Zoe="Di"))) == ["A", "Di", "A"]
    with pytest.raises(OptionError, match="no name for a speaker"):
        Correction.from_dict({"index": 0, "speaker": "\x07"})


def test_who_speaks_is_no_matter_of_sentiment() -> None:
    document = Document(CALL, (read(GOOD, GOOD, GOOD), corrected(0, speaker="B")))
    assert {each.sentiment for each in document.transcript.segments} == {Sentiment.POSITIVE}


def test_words_are_replaced_wherever_they_stand_and_that_is_one_step() -> None:
    document = Document(HEARD, (read(GOOD, GOOD), corrected(1, text="太好了，太好了。")))
    replacement = document.replacing("太好了", "很糟")
    changed = document.with_edit(CorrectionEdit(correction=replacement, made=NOW))
    assert [each.text for each in changed.transcript.segments] == ["很糟。", "很糟，很糟。"]
    assert [each.sentiment for each in changed.transcript.segments] == [None, None]
    assert changed.without_last_correction() == document
    last = changed.with_edit(corrected(0, text="行。")).transcript
    assert [each.text for each in last.segments] == ["行。", "很糟，很糟。"]


@pytest.mark.parametrize("found", ["", "  ", "退款", "太好了.", "[太]"])
def test_words_that_stand_nowhere_are_not_replaced(found: str) -> None:
    with pytest.raises(OptionError, match=r"stands nowhere|Nothing to look for"):
        Document(HEARD).replacing(found, "x")


def test_a_replacement_makes_no_text_longer_than_a_correction_may_be() -> None:
    with pytest.raises(OptionError, match="would have 2,002 characters"):
        Document(HEARD).replacing("好了", "好" * 2_000)


def test_a_text_that_would_be_too_long_is_never_written() -> None:
    class Unwritable(str):
        __slots__ = ()

        def replace(self, *_: object) -> str:
            raise AssertionError

    heard = replace(HEARD, segments=(replace(HEARD.segments[0], text=Unwritable("好" * 2_000)),))
    with pytest.raises(OptionError, match="would have 4,000,000,000 characters"):
        Document(heard).replacing("好", "好" * 2_000_000)


@pytest.mark.parametrize("by", ["太好了", "太好了 "])
def test_what_changes_nothing_is_no_step(by: str) -> None:
    heard = replace(HEARD, segments=(replace(HEARD.segments[0], text="真的太好了"),))
    with pytest.raises(OptionError, match="are the same"):
        Document(heard).replacing("太好了", by)


def test_the_original_is_what_stood_there_before_any_person_had_a_part_in_it() -> None:
    stages, change = (ruled(CALM), read(GOOD, GOOD)), corrected(0, text="太坏了。")
    document = Document(HEARD, (*stages, change, heard_again(None, None), ruled(QUIET)))
    assert document.original == Document(HEARD, stages)
    named = Document(CALL, stages[:1]).called(["Ann"])
    assert named.original == Document(CALL, stages[:1])
    assert Document(HEARD, (change, *stages)).original == Document(HEARD)


@given(documents())
def test_no_other_edit_changes_what_a_person_has_put_right(document: Document) -> None:
    stated = {}
    for each in document.corrections:
        for change in each.changes:
            given = {(change.index, name): getattr(change, name) for name in FIELDS}
            stated.update({key: value for key, value in given.items() if value is not None})
    segments = document.transcript.segments
    assert {(n, name): getattr(segments[n], name) for n, name in stated} == stated


@given(documents())
def test_what_was_measured_stays_measured(document: Document) -> None:
    pairs = zip(document.measured.segments, document.transcript.segments, strict=True)
    for before, after in pairs:
        assert after.emotion_probabilities == before.emotion_probabilities
        assert (after.start, after.end, after.raw_text) == (
            before.start,
            before.end,
            before.raw_text,
        )


@pytest.mark.parametrize(
    ("kept", "named"),
    [
        ([], "no measured transcript"),
        ({"measured": 3}, "int"),
        ({"measured": HEARD.to_dict(), "edits": [{"kind": "magic"}]}, "magic"),
        ({"measured": HEARD.to_dict(), "edits": [{"kind": "rules", "by": "me"}]}, "made"),
    ],
)
def test_what_is_no_document_is_refused_in_a_sentence(kept: object, named: str) -> None:
    with pytest.raises(OptionError, match=named) as caught:
        Document.from_dict(kept)
    assert str(caught.value).endswith(".")


# Points of highlights -----------------------------------------------------------------------------


def test_points_of_a_highlight_are_kept_undone_and_taken_back_like_corrections() -> None:
    moved = Document(HEARD).amended(Trim((0, 2), 0.5, 4), "ann", NOW)
    again = moved.amended(Trim((0, 2), 1, 4), "ann", NOW)
    kept = Document.from_dict(json.loads(json.dumps(again.to_dict())))
    assert kept.transcript.trims == (Trim((0, 2), 1, 4),)
    assert Transcript.from_dict(kept.transcript.to_dict()).trims == kept.transcript.trims
    assert kept.without_last_correction().transcript.trims == (Trim((0, 2), 0.5, 4),)
    assert kept.amended(Trim((0, 2), 0, 2), "ann", NOW).transcript.trims == ()
    assert moved.amended(Trim((0, 2), 0.5, 4), "ann", NOW) is moved
    assert kept.transcript.segments == HEARD.segments


def test_points_are_taken_back_of_what_was_written_with_fewer_decimals_too() -> None:
    moved = Document(HEARD).amended(Trim((0.00004, 2), 0.5, 4), "ann", NOW)
    assert moved.amended(Trim((0, 2), 0, 2), "ann", NOW).transcript.trims == ()


def test_points_that_came_with_a_transcript_stay_whatever_else_is_corrected() -> None:
    heard = replace(HEARD, trims=(Trim((0, 2), 0.5, 4), Trim((3, 5), 3, 4)))
    changed = Document(heard).amended(Correction.from_dict({"index": 0, "text": "好"}), "ann", NOW)
    assert changed.transcript.trims == heard.trims
    assert changed.amended(Trim((3, 5), 3, 5), "ann", NOW).transcript.trims == heard.trims[:1]


@pytest.mark.parametrize(
    "points", [(-1, 4), (1, math.nan), (1, math.inf), (3, 1), (1, 101), (0, "x")]
)
def test_a_kept_document_with_points_that_cannot_be_is_refused(points: tuple[Any, Any]) -> None:
    document = Document(HEARD).amended(Trim((0, 2), 0.5, 4), "ann", NOW).to_dict()
    document["edits"][0]["correction"] |= dict(zip(("start", "end"), points, strict=True))
    with pytest.raises(OptionError):
        Document.from_dict(document)
