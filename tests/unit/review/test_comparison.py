"""Two transcripts side by side: words aligned, labels compared, rows that share time."""

import jiwer
import pytest
from hypothesis import given
from hypothesis import strategies as st

from postprocess import AudioEvent, Emotion
from richspeech.model.transcript import Segment
from richspeech.review.comparison import Kind, align, compare, paired, score, words_of
from tests.transcripts import segment, transcript, transcripts

TEXTS = st.text(st.sampled_from("你好退款 aB1,。!？don't-\n的"), max_size=30)


def kinds(left: str, right: str) -> list[tuple[str, str, str]]:
    return [(each.kind.value, each.left, each.right) for each in align(left, right).stretches]


# Words --------------------------------------------------------------------------------------------


def test_a_chinese_character_is_a_word_and_so_is_a_run_of_letters() -> None:
    words = words_of("「退款」, I don't know: 30 元。")
    assert [word.compared for word in words] == ["退", "款", "i", "dont", "know", "30", "元"]


def test_korean_words_stand_between_spaces() -> None:
    assert [word.compared for word in words_of("안녕하세요, 고객님!")] == ["안녕하세요", "고객님"]


@given(TEXTS)
def test_the_words_of_a_text_are_the_text(text: str) -> None:
    words = words_of(text)
    assert not words or "".join(word.text for word in words) == text


@pytest.mark.parametrize(
    ("left", "right"),
    [
        ("Hello, you!", "hello YOU"),
        ("你好，世界。", "你好 世界"),
        ("ＡＢＣ１２", "abc12"),
        ("don't", "don’t"),
        ("，。", "!"),
        ("", ""),
    ],
)
def test_case_punctuation_spaces_and_width_do_not_count(left: str, right: str) -> None:
    assert align(left, right).errors == 0


@pytest.mark.parametrize(("left", "right"), [("30", "thirty"), ("電", "电"), ("五", "5")])
def test_digits_and_scripts_count(left: str, right: str) -> None:
    assert align(left, right).changed == 1


def test_differences_stand_where_they_are_in_the_text_as_it_was_written() -> None:
    assert kinds("我要退款。Hello, big world!", "我要退宽 big world 吧") == [
        ("same", "我要退", "我要退"),
        ("changed", "款。", "宽 "),
        ("missing", "Hello, ", ""),
        ("same", "big world!", "big world "),
        ("added", "", "吧"),
    ]


def test_where_one_side_is_silent_all_words_are_missing_or_added() -> None:
    assert kinds("你好。", "") == [("missing", "你好。", "")]
    assert kinds("", "你好。") == [("added", "", "你好。")]
    assert align("", "你好").rate is None


@given(TEXTS, TEXTS)
def test_stretches_are_both_texts_and_hold_all_errors(left: str, right: str) -> None:
    found = align(left, right)
    sides = ("".join(s.left for s in found.stretches), "".join(s.right for s in found.stretches))
    for text, shown in zip((left, right), sides, strict=True):
        assert not words_of(text) or shown == text
    assert (found.errors == 0) == all(s.kind is Kind.SAME for s in found.stretches) or not (
        words_of(left) or words_of(right)
    )
    assert found.words == len(words_of(left))


@given(TEXTS, TEXTS)
def test_swapping_the_sides_swaps_missing_and_added_words(left: str, right: str) -> None:
    one, other = align(left, right), align(right, left)
    assert one.errors == other.errors
    assert one.words + one.added - one.missing == other.words


# Scores -------------------------------------------------------------------------------------------


def test_nothing_can_be_measured_without_a_reference() -> None:
    assert score("", "你好") is None
    assert score(" 。", "你好") is None


def test_a_perfect_transcript_has_no_errors_and_an_empty_one_all() -> None:
    perfect, empty = score("你好，我要退款。", "你好我要退款"), score("你好。", "")
    assert perfect is not None
    assert empty is not None
    assert (perfect.character_error_rate, perfect.word_error_rate) == (0.0, 0.0)
    assert (empty.character_error_rate, empty.word_error_rate) == (1.0, 1.0)


def test_in_chinese_both_rates_are_one_and_in_english_they_are_not() -> None:
    chinese = score("我要退款", "我要退宽")
    english = score("I want a refund", "I want a refunds")
    assert chinese is not None
    assert english is not None
    assert chinese.character_error_rate == chinese.word_error_rate == 0.25
    assert english.word_error_rate == 0.25
    assert english.character_error_rate == pytest.approx(1 / 12)


def test_the_rates_are_those_of_jiwer() -> None:
    reference, hypothesis = "the cat sat on the mat", "a cat sat on mat today"
    found = score(reference, hypothesis)
    assert found is not None
    assert found.word_error_rate == jiwer.wer(reference, hypothesis)


# Rows ---------------------------------------------------------------------------------------------


def test_an_utterance_that_was_joined_stands_beside_its_parts() -> None:
    left = transcript(segment(0, 2, "你好。"), segment(2.5, 4, "再见。"), segment(9, 10, "好。"))
    right = transcript(segment(0, 4, "你好，再见。"), segment(9, 10, "好。"))
    rows = compare(left, right).rows
    assert [(len(row.left), len(row.right)) for row in rows] == [(2, 1), (1, 1)]
    assert [(row.start, row.end) for row in rows] == [(0, 4), (9, 10)]
    assert not any(row.differs for row in rows)


def test_what_only_one_side_recognised_has_a_row_of_its_own() -> None:
    left = transcript(segment(0, 2, "一"), segment(5, 6, "三"))
    right = transcript(segment(3, 4, "二"), segment(5, 6, "三"))
    rows = compare(left, right).rows
    assert [(len(row.left), len(row.right)) for row in rows] == [(1, 0), (0, 1), (1, 1)]
    assert [row.differs for row in rows] == [True, True, False]
    assert [row.differing for row in rows] == [(), (), ()]


def test_an_edge_that_lies_elsewhere_joins_no_neighbours() -> None:
    left = transcript(segment(0, 2), segment(2, 4))
    right = transcript(segment(0, 2.3), segment(2.3, 4))
    assert len(compare(left, right).rows) == 2


def test_labels_that_differ_are_named_and_counted() -> None:
    left = transcript(
        segment(0, 2, "好", Emotion.SAD, AudioEvent.LAUGHTER), segment(3, 4, "好", Emotion.HAPPY)
    )
    right = transcript(
        segment(0, 2, "好", Emotion.NEUTRAL, language="yue"), segment(3, 4, "好", Emotion.HAPPY)
    )
    found = compare(left, right)
    assert found.rows[0].differing == ("emotion", "events", "language")
    assert found.rows[1].differing == ()
    assert found.differing == {"emotion": 1, "events": 1, "language": 1}
    assert (found.shared, found.words, found.errors) == (2, 2, 0)


def test_a_joined_utterance_has_the_label_of_its_parts_if_they_agree() -> None:
    left = transcript(segment(0, 2, emotion=Emotion.SAD), segment(2, 4, emotion=Emotion.SAD))
    for emotion, differing in ((Emotion.SAD, ()), (Emotion.HAPPY, ("emotion",))):
        joined = transcript(segment(0, 4, "你好。你好。", emotion=emotion))
        assert compare(left, joined).rows[0].differing == differing


@given(transcripts())
def test_a_transcript_is_like_itself(heard: object) -> None:
    found = compare(heard, heard)  # type: ignore[arg-type]
    assert not any(row.differs for row in found.rows)


@given(transcripts(), transcripts())
def test_every_segment_is_in_one_row_and_rows_are_in_order(one: object, other: object) -> None:
    left: tuple[Segment, ...] = one.segments  # type: ignore[attr-defined]
    right: tuple[Segment, ...] = other.segments  # type: ignore[attr-defined]
    pairs = paired(left, right)
    assert sorted(id(s) for pair in pairs for s in pair[0]) == sorted(map(id, left))
    assert sorted(id(s) for pair in pairs for s in pair[1]) == sorted(map(id, right))
    starts = [min(s.start for side in pair for s in side) for pair in pairs]
    assert starts == sorted(starts)
