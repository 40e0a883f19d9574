"""Corrections: applied in order, marked, undone by leaving them out; never a made-up time."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postprocess import AudioEvent, Emotion
from richspeech.errors import OptionError
from richspeech.model.corrections import Correction, realign
from richspeech.model.lines import correct
from richspeech.model.transcript import Token, Transcript
from tests.transcripts import segment, transcript, transcripts

HEARD = transcript(segment(0, 2, "一二"), segment(3, 5, "三四"))
WORDS = st.text(alphabet="一二三四 ab<|>", max_size=6)


def tokens(text: str) -> tuple[Token, ...]:
    return tuple(Token(character, n, n + 1, 0.9) for n, character in enumerate(text))


@st.composite
def corrections(draw: st.DrawFn, size: int) -> Correction:
    fields = {
        "text": WORDS,
        "language": st.sampled_from(["zh", "en", "nospeech"]),
        "emotion": st.sampled_from([e.value for e in Emotion]),
        "events": st.lists(st.sampled_from(["laughter", "cough"]), max_size=3),
    }
    document = draw(st.fixed_dictionaries({}, optional=fields))
    return Correction.from_dict({"index": draw(st.integers(0, size - 1)), **document})


def test_a_correction_changes_its_fields_and_nothing_else() -> None:
    before = HEARD.segments[1]
    after = correct(HEARD, [Correction(1, text="五", emotion=Emotion.ANGRY)]).segments[1]
    assert (after.text, after.emotion, after.corrected) == (
        "五",
        Emotion.ANGRY,
        ("text", "emotion"),
    )
    assert replace(after, text="三四", tokens=(), emotion=before.emotion, corrected=()) == before


def test_segments_that_nobody_touched_are_the_same_objects() -> None:
    assert correct(HEARD, [Correction(1, text="五")]).segments[0] is HEARD.segments[0]


def test_the_last_correction_of_a_field_counts() -> None:
    after = correct(HEARD, [Correction(0, text="五"), Correction(0, text="六", events=())])
    assert (after.segments[0].text, after.segments[0].corrected) == ("六", ("text",))


def test_corrected_back_is_not_corrected() -> None:
    assert correct(HEARD, [Correction(0, text="五"), Correction(0, text="一二")]) == HEARD


def test_a_corrected_transcript_survives_its_json() -> None:
    after = correct(HEARD, [Correction(0, events=(AudioEvent.COUGH,))])
    assert Transcript.from_dict(after.to_dict()) == after


def test_a_segment_that_is_not_there_is_refused() -> None:
    with pytest.raises(OptionError, match=r"no segment 2; the transcript has 2"):
        correct(HEARD, [Correction(2, text="五")])


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({"index": -1}, "index"),
        ({"index": 0, "language": "xx"}, "language"),
        ({"index": 0, "emotion": "furious"}, "emotion"),
        ({"index": 0, "events": ["speech"]}, "events"),
        ({"index": 0, "text": "x" * 2_001}, "text"),
        ({}, "index"),
        ("nonsense", "cannot be used"),
    ],
)
def test_what_does_not_fit_is_refused_by_name(document: object, where: str) -> None:
    with pytest.raises(OptionError, match=where):
        Correction.from_dict(document)


def test_blanks_tags_and_repetitions_are_evened_out() -> None:
    read = Correction.from_dict(
        {"index": 0, "text": " a\n\n<|HAPPY|> b ", "events": ["cough", "cough"]}
    )
    assert (read.text, read.events) == ("a b", (AudioEvent.COUGH,))


def test_words_that_stay_keep_their_times() -> None:
    after = realign(tokens("一二三"), "一五三")
    assert after == (
        Token("一", 0, 1, 0.9),
        Token("五", None, None, None),
        Token("三", 2, 3, 0.9),
    )


@given(WORDS, WORDS)
def test_realigned_tokens_form_the_text_and_no_time_is_made_up(before: str, after: str) -> None:
    known = tokens(before)
    found = realign(known, after)
    assert "".join(token.text for token in found) == after
    kept = [token for token in found if token.start is not None]
    assert all(token in known for token in kept)
    assert [token.start for token in kept] == sorted(token.start or 0 for token in kept)


@given(st.data(), transcripts().filter(lambda heard: heard.segments))
def test_undoing_every_correction_gives_back_what_was_heard(
    data: st.DataObject, heard: Transcript
) -> None:
    made = data.draw(st.lists(corrections(len(heard.segments)), max_size=5))
    after = correct(heard, made)
    assert len(after.segments) == len(heard.segments)
    for old, new in zip(heard.segments, after.segments, strict=True):
        changed = [
            n
            for n in ("text", "language", "emotion", "events")
            if getattr(old, n) != getattr(new, n)
        ]
        assert sorted(new.corrected) == sorted(changed)
        assert (new.start, new.end, new.emotion_probabilities) == (
            old.start,
            old.end,
            old.emotion_probabilities,
        )
    assert correct(heard, []) == heard
