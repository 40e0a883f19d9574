"""Cut, joined, removed, moved: words keep their times, lines their places, and undo its word."""

import json
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from postprocess import AudioEvent, Emotion
from richspeech.errors import OptionError
from richspeech.model.corrections import Correction
from richspeech.model.document import Document
from richspeech.model.edits import Amendment, CorrectionEdit, SecondOpinionEdit, SentimentEdit
from richspeech.model.emotion_scores import NineEmotion
from richspeech.model.personal import PersonalKind
from richspeech.model.place import Place
from richspeech.model.sentiment import Sentiment
from richspeech.model.steps import Removal
from richspeech.model.transcript import Segment, Token, Transcript
from richspeech.privacy.mask import mask_document
from richspeech.privacy.sound import cover_of
from richspeech.settings import PrivacySettings
from tests.transcripts import segment, transcript

NOW = datetime(2026, 11, 29, tzinfo=UTC)
FIRST, SECOND = Place(0), Place(1)


def said(
    start: float, words: Sequence[str], seconds: float = 1.0, language: str | None = "zh"
) -> Segment:
    """An utterance whose words take ``seconds`` each, with a pause of 0.2 s behind each."""
    times = [start + number * seconds for number in range(len(words))]
    tokens = tuple(
        Token(word, time, time + seconds - 0.2, 0.9)
        for word, time in zip(words, times, strict=True)
    )
    whole = segment(start, start + len(words) * seconds, "".join(words), language=language)
    return replace(whole, tokens=tokens)


HEARD = transcript(
    replace(said(0, "一二三四"), emotion=Emotion.ANGRY, events=(AudioEvent.BGM,)),
    said(5, ["hello", " world", "."], language="en"),
)


def made(document: Document, *amendments: Amendment) -> Document:
    for each in amendments:
        document = document.with_edit(CorrectionEdit(correction=each, made=NOW))
    return document


def corrected(place: Place, **values: object) -> Correction:
    return Correction.from_dict({"index": place.index, "part": place.part, **values})


def texts_of(document: Document) -> list[str]:
    return [each.text for each in document.transcript.segments]


def times_of(document: Document) -> list[tuple[float, float]]:
    return [(each.start, each.end) for each in document.transcript.segments]


def test_a_cut_at_the_caret_takes_its_time_from_the_words_beside_it() -> None:
    document = Document(HEARD)
    cut = made(document, document.splitting(FIRST, caret=2))
    assert texts_of(cut) == ["一二", "三四", "hello world."]
    assert times_of(cut) == [(0, 1.9), (1.9, 4), (5, 8)]
    assert cut.places == (Place(0), Place(0, 1), Place(1))
    words = [token for each in cut.transcript.segments[:2] for token in each.tokens]
    assert tuple(words) == HEARD.segments[0].tokens


def test_a_cut_at_a_time_lies_in_no_word() -> None:
    document = Document(HEARD)
    assert document.splitting(FIRST, at=1.1).at == 1.0  # before the word that is said then
    assert document.splitting(FIRST, at=1.7).at == 1.8
    assert document.splitting(FIRST, at=1.85).at == 1.85
    assert document.splitting(SECOND, caret=8).at == 5.9  # in "world", and nearer to its beginning


def test_both_sides_keep_what_was_measured_of_the_whole() -> None:
    document = Document(HEARD)
    first, second, _ = made(document, document.splitting(FIRST, caret=2)).transcript.segments
    for each in (first, second):
        assert (each.emotion, each.events) == (Emotion.ANGRY, (AudioEvent.BGM,))
        assert each.emotion_probabilities == HEARD.segments[0].emotion_probabilities
        assert each.corrected == ("times",)


def test_blanks_at_a_cut_come_back_when_it_is_joined() -> None:
    document = Document(HEARD)
    cut = made(document, document.splitting(SECOND, caret=5))
    assert texts_of(cut)[1:] == ["hello", "world."]
    again = made(cut, cut.merging(SECOND))
    assert texts_of(again) == texts_of(document)
    assert again.transcript.segments[1].tokens == HEARD.segments[1].tokens


def test_lines_are_joined_as_their_languages_write() -> None:
    spoken = transcript(said(0, "一二"), said(3, "三"), said(5, ["ok"], language="en"))
    document = Document(spoken)
    both = made(document, document.merging(FIRST))
    assert texts_of(both) == ["一二三", "ok"]
    assert times_of(both) == [(0, 4), (5, 6)]
    assert texts_of(made(both, both.merging(FIRST))) == ["一二三 ok"]


def test_a_joined_line_has_the_labels_of_the_longer_and_the_sounds_of_both() -> None:
    loud = replace(said(0, "一", 1), events=(AudioEvent.BGM,), emotion=Emotion.ANGRY)
    long = replace(said(2, "二三"), events=(AudioEvent.COUGH,), emotion=Emotion.SAD)
    document = Document(transcript(loud, long))
    [both] = made(document, document.merging(FIRST)).transcript.segments
    assert both.events == (AudioEvent.BGM, AudioEvent.COUGH)
    assert both.emotion is Emotion.SAD
    assert both.emotion_probabilities == long.emotion_probabilities
    assert both.sentiment is None


def test_corrected_words_are_divided_at_the_caret_and_measured_ones_by_their_times() -> None:
    document = made(Document(HEARD), corrected(FIRST, text="一二五六四"))
    cut = made(document, document.splitting(FIRST, caret=3, at=2.3))
    first, second = cut.transcript.segments[:2]
    assert (first.text, second.text) == ("一二五", "六四")
    assert [token.start for token in first.tokens] == [0, 1, None]
    assert [token.start for token in second.tokens] == [None, 3]
    assert (first.end, second.start) == (2.3, 2.3)
    back = made(cut, corrected(Place(0, 1), text="三四")).transcript.segments[1]
    assert [(token.start, token.end) for token in back.tokens] == [(2.3, 2.8), (3, 3.8)]


def test_words_without_times_are_cut_where_and_when_a_person_says() -> None:
    untimed = transcript(segment(0, 4, "好的，明天见。"))
    document = Document(untimed)
    with pytest.raises(OptionError, match="words beside the caret"):
        document.splitting(FIRST, caret=3)
    with pytest.raises(OptionError, match="put the caret"):
        document.splitting(FIRST, at=2.0)
    cut = made(document, document.splitting(FIRST, caret=3, at=1.5))
    assert texts_of(cut) == ["好的，", "明天见。"]
    assert times_of(cut) == [(0, 1.5), (1.5, 4)]
    assert [each.corrected for each in cut.transcript.segments] == [("times",), ("times",)]
    assert texts_of(made(cut, cut.merging(FIRST))) == ["好的，明天见。"]


def test_a_token_that_is_cut_keeps_its_outer_times() -> None:
    whole = replace(segment(0, 4, "明天见"), tokens=(Token("明天见", 1, 3, 0.9),))
    document = Document(transcript(whole))
    cut = made(document, document.splitting(FIRST, caret=2, at=2))
    first, second = (each.tokens for each in cut.transcript.segments)
    assert first == (Token("明天", 1, None, 0.9),)
    assert second == (Token("见", None, 3, 0.9),)


@pytest.mark.parametrize(
    ("place", "said"),
    [
        ({"caret": 0}, "one side"),
        ({"caret": 4}, "one side"),
        ({"at": 4.0}, "within it"),
        ({"at": 9.0}, "within it"),
        ({}, "needs a place"),
    ],
)
def test_a_cut_that_leaves_nothing_is_refused(place: dict[str, Any], said: str) -> None:
    document = Document(HEARD)
    with pytest.raises(OptionError, match=said):
        made(document, document.splitting(FIRST, **place))


@pytest.mark.parametrize("at", [5.3, 7.6])
def test_a_cut_in_the_silence_around_the_words_leaves_no_wordless_line(at: float) -> None:
    quiet = replace(said(5.5, "一二"), start=5.0, end=8.0)
    document = Document(transcript(quiet))
    with pytest.raises(OptionError, match="Nothing is said in this line"):
        document.splitting(FIRST, at=at)
    assert document.splitting(FIRST, at=6.4).at == 6.4
    sounds = Document(transcript(segment(5, 8, "")))
    assert len(made(sounds, sounds.splitting(FIRST, at=at)).lines) == 2


def test_lines_are_not_joined_into_one_that_nobody_could_edit() -> None:
    long = transcript(segment(0, 4, "一" * 1_500), segment(5, 9, "二" * 501))
    with pytest.raises(OptionError, match="2,001 characters"):
        Document(long).merging(FIRST)
    fits = Document(replace(long, segments=(long.segments[0], segment(5, 9, "二" * 500))))
    assert len(texts_of(made(fits, fits.merging(FIRST)))[0]) == 2_000


def test_a_later_step_means_the_line_that_it_names() -> None:
    document = Document(HEARD)
    cut = made(document, document.splitting(FIRST, caret=2))
    cut = made(cut, cut.splitting(FIRST, caret=1))
    assert cut.places == (Place(0), Place(0, 2), Place(0, 1), Place(1))
    last = made(cut, corrected(Place(0, 1), text="五"), Removal(Place(0, 2)))
    assert texts_of(last) == ["一", "五", "hello world."]
    with pytest.raises(OptionError, match="not there any more"):
        made(last, corrected(Place(0, 2), text="六"))


def test_what_is_removed_is_back_when_that_is_taken_back() -> None:
    document = Document(HEARD)
    without = made(document, Removal(FIRST))
    assert texts_of(without) == ["hello world."]
    assert without.without_last_correction().transcript is document.transcript


def test_a_line_is_moved_and_words_outside_of_it_have_no_time() -> None:
    moved = made(Document(HEARD), corrected(FIRST, start=0.5, end=2.9))
    first = moved.transcript.segments[0]
    assert (first.start, first.end, first.corrected) == (0.5, 2.9, ("times",))
    assert [(each.start, each.end) for each in first.tokens] == [
        (None, None),
        (1, 1.8),
        (2, 2.8),
        (None, None),
    ]
    again = made(moved, corrected(FIRST, start=0, end=4))
    assert again.transcript == HEARD


@pytest.mark.parametrize(
    ("times", "said"),
    [
        ({"start": 4.5}, "before it ends"),
        ({"end": 5.5}, "over the one"),
        ({"start": 8.5, "end": 9}, "over the one"),
        ({"end": 101}, "over the one|recording"),
    ],
)
def test_lines_of_one_channel_do_not_cross(times: dict[str, float], said: str) -> None:
    with pytest.raises(OptionError, match=said):
        made(Document(HEARD), corrected(FIRST, **times))


def test_lines_of_two_channels_may_overlap_and_are_joined_each_with_its_own() -> None:
    call = transcript(
        replace(said(0, "一二"), channel=1, speaker="A"),
        replace(said(1, "三"), channel=2, speaker="B"),
        replace(said(3, "四"), channel=1, speaker="A"),
    )
    document = Document(call)
    assert made(document, corrected(SECOND, end=5)).transcript.segments[1].end == 5
    assert document.merging(FIRST).second == Place(2)
    assert texts_of(made(document, document.merging(FIRST))) == ["一二四", "三"]
    with pytest.raises(OptionError, match="follows"):
        document.merging(SECOND)


def test_who_speaks_in_a_part_can_be_another_and_be_renamed() -> None:
    call = transcript(
        replace(said(0, "一二"), channel=1, speaker="A"),
        replace(said(3, "三"), channel=2, speaker="B"),
    )
    document = Document(call).called(["agent", "customer"])
    cut = made(document, document.splitting(FIRST, caret=1))
    given = made(cut, corrected(Place(0, 1), speaker=cut.voice_of("customer")))
    assert [each.speaker for each in given.transcript.segments] == ["agent", "customer", "customer"]
    named = made(given, given.naming("customer", "Bea"))
    assert [each.speaker for each in named.transcript.segments] == ["agent", "Bea", "Bea"]


def test_what_a_model_finds_later_fits_whatever_was_edited() -> None:
    document = Document(HEARD)
    cut = made(document, document.splitting(FIRST, caret=2))
    heard_again = SecondOpinionEdit(scores=({NineEmotion.SAD: 0.9}, None), by="m", made=NOW)
    good = {Sentiment.POSITIVE: 0.9, Sentiment.NEGATIVE: 0.1}
    after = cut.with_edit(heard_again).with_edit(
        SentimentEdit(scores=(good, good), by="m", made=NOW)
    )
    opinions = [each.second_emotion for each in after.transcript.segments]
    assert opinions == [NineEmotion.SAD, NineEmotion.SAD, None]
    sentiments = [each.sentiment for each in after.transcript.segments]
    assert sentiments == [None, None, Sentiment.POSITIVE]


def test_a_transcript_that_goes_on_keeps_its_cuts() -> None:
    document = Document(replace(HEARD, segments=HEARD.segments[:1]))
    cut = made(document, document.splitting(FIRST, caret=2))
    longer = made(Document(HEARD), *cut.corrections)
    assert texts_of(longer) == ["一二", "三四", "hello world."]


def test_nobody_hears_what_was_masked_in_a_line_that_is_removed() -> None:
    number = said(5, "13800138000", 0.1)
    document = made(Document(transcript(said(0, "一二"), number)), Removal(SECOND))
    masked = mask_document(document).transcript
    assert [each.kind for each in masked.masked] == [PersonalKind.PHONE]
    cover = cover_of(masked, PrivacySettings())
    assert any(start <= 5 and end >= 6 for start, end in cover.spans)


def test_a_number_that_two_joined_lines_make_is_masked() -> None:
    left, right = said(0, "我的电话是1380013"), said(40, "8000，谢谢")
    document = Document(transcript(left, right))
    both = made(document, document.merging(FIRST))
    masked = mask_document(both)
    assert "1380013" not in json.dumps(masked.to_dict(), ensure_ascii=False)
    # A word for each half, which stays masked where the lines are parted again.
    assert texts_of(masked) == ["我的电话是[电话][电话]，谢谢"]
    assert texts_of(masked.without_last_correction()) == ["我的电话是[电话]", "[电话]，谢谢"]


# Any edits ----------------------------------------------------------------------------------------

TEXTS = ("", "一二三四", "ok, go on", "好 ok 的。")


@st.composite
def heard(draw: st.DrawFn) -> Transcript:
    """Utterances whose words have times or none, on one channel or two."""
    now, segments = 0.0, []
    for _ in range(draw(st.integers(1, 4))):
        text = draw(st.sampled_from(TEXTS))
        language = "en" if text.isascii() else "zh"
        words = draw(st.sampled_from([[*text], []])) if text else []
        new = said(now, words, 0.5, language) if words else segment(now, now + 2, text)
        channel = draw(st.sampled_from([1, 2]))
        segments.append(replace(new, text=text, channel=channel, language=language))
        now = new.end + draw(st.sampled_from([0.0, 0.5]))
    return Transcript.from_dict(transcript(*segments).to_dict())


def step(draw: st.DrawFn, document: Document) -> Amendment:
    """Any step on any line; raises ``OptionError`` where that is refused."""
    number = draw(st.integers(0, len(document.places) - 1))
    place, now = document.places[number], document.transcript.segments[number]
    within = st.floats(now.start - 0.5, now.end + 0.5, allow_nan=False)
    kind = draw(st.sampled_from(["split", "caret", "both", "merge", "remove", "move", "text"]))
    if kind == "remove":
        return Removal(place)
    if kind == "merge":
        return document.merging(place)
    if kind == "move":
        return corrected(place, start=max(draw(within), 0.0), end=max(draw(within), 0.0))
    if kind == "text":
        return corrected(place, text=draw(st.sampled_from(TEXTS)))
    caret = None if kind == "split" else draw(st.integers(0, 12))
    return document.splitting(place, caret=caret, at=None if kind == "caret" else draw(within))


@st.composite
def histories(draw: st.DrawFn) -> list[Document]:
    """A document after each of its steps."""
    states = [Document(draw(heard()))]
    for _ in range(draw(st.integers(0, 8))):
        if states[-1].places:
            with suppress(OptionError):
                states.append(made(states[-1], step(draw, states[-1])))
    return states


@given(histories())
def test_steps_that_are_taken_back_leave_no_trace(states: list[Document]) -> None:
    document = states[-1]
    for before in reversed(states[:-1]):
        document = document.without_last_correction()
        assert document == before
        assert document.transcript == before.transcript
    assert document.transcript == states[0].measured


@given(histories())
def test_no_line_crosses_another_and_no_word_another_or_its_line(states: list[Document]) -> None:
    segments = states[-1].transcript.segments
    assert [each.start for each in segments] == sorted(each.start for each in segments)
    for channel in (1, 2):
        own = [each for each in segments if each.channel == channel]
        for before, after in pairwise(own):
            assert before.end <= after.start
    for each in segments:
        assert each.start < each.end
        assert "".join(token.text for token in each.tokens) in (each.text, "")
        times = [t for token in each.tokens for t in (token.start, token.end) if t is not None]
        assert times == sorted(times)
        assert all(each.start <= time <= each.end for time in times)


@given(histories())
def test_an_edited_document_comes_back_from_its_json(states: list[Document]) -> None:
    document = states[-1]
    again = Document.from_dict(json.loads(json.dumps(document.to_dict())))
    assert again == document
    assert again.transcript == document.transcript
    assert Transcript.from_dict(again.transcript.to_dict()).to_dict() == again.transcript.to_dict()


@given(heard(), st.integers(0, 12), st.floats(0, 3, allow_nan=False))
def test_a_cut_that_is_joined_gives_the_same_words(
    spoken: Transcript, caret: int, at: float
) -> None:
    document = Document(spoken)
    try:
        cut = made(document, document.splitting(FIRST, caret=caret, at=at))
    except OptionError:
        return
    again = made(cut, cut.merging(FIRST)).transcript.segments[0]
    before = spoken.segments[0]
    assert (again.text, again.start, again.end) == (before.text, before.start, before.end)
    measured = [(token.start, token.end) for token in before.tokens if token.text.strip()]
    words = [token for token in again.tokens if token.text.strip()]
    assert [(token.start, token.end) for token in words] == (
        measured or [(None, None)] * len(words)
    )


@given(histories())
def test_masking_changes_nothing_where_nothing_is_personal(states: list[Document]) -> None:
    assert mask_document(states[-1]) is states[-1]
