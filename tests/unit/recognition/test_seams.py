"""Words at cuts: each is heard once, whole, by one of the two utterances that have it."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from richspeech.audio.vad import VadOptions
from richspeech.model.options import Options
from richspeech.model.strand import Strand
from richspeech.model.transcript import Segment, Token
from richspeech.model.turn_detection import TurnDetection
from richspeech.recognition.reading import Reader
from richspeech.recognition.seams import EDGE_SECONDS, Ends, Seams
from richspeech.recognition.utterance import OVERLAP_SECONDS
from tests.transcripts import segment
from tests.unit.recognition.test_sounds_heard import (
    QUIET,
    SPEECH,
    FakeFrontend,
    FakeSpans,
    MadeUpRecording,
)

CUT = 10.0
LEFT, RIGHT = Ends(is_cut=True), Ends(continues=True)


def said(start: float, end: float, tokens: Sequence[tuple[str, float]], raw: str = "") -> Segment:
    """Each token with the middle of its 60 ms."""
    timed = tuple(Token(text, at - 0.03, at + 0.03, 0.9) for text, at in tokens)
    text = "".join(token.text for token in timed)
    return replace(segment(start, end), text=text, tokens=timed, raw_text=f"{raw}{text}")


def joined(left: Segment, right: Segment) -> tuple[Segment, Segment]:
    seams = Seams()
    return seams.joined(left, LEFT), seams.joined(right, RIGHT)


def test_a_word_at_a_cut_is_heard_once_by_the_side_that_has_it_whole() -> None:
    left = said(0, CUT, [("one", 8.5), (" two", 9.0), (" three", 9.5), (" fo", 9.95)])
    right = said(8.8, 12, [("wo", 8.9), (" three", 9.5), (" four", 10.0), (" five", 10.5)])
    one, other = joined(left, right)
    assert (one.text, other.text) == ("one two", "three four five")
    assert one.end == other.start == 9.25
    assert (one.start, other.end) == (0, 12)


def test_the_widest_gap_away_from_the_edges_is_the_seam() -> None:
    left = said(0, CUT, [("a", 8.0), (" b", 9.0), (" c", 9.2), (" d", 9.7)])
    assert Seams().joined(left, LEFT).text == "a b c"


def test_marks_and_tags_stay_where_they_belong() -> None:
    left = said(0, CUT, [("好", 9.0), ("，", 9.1), ("的", 9.6), ("。", 9.9)], raw="<|zh|>")
    right = said(8.8, 12, [("，", 9.36), ("。", 9.45), ("的", 9.6), ("确", 10.2)], raw="<|zh|>")
    one, other = joined(left, right)
    assert (one.text, other.text) == ("好，", "的确")
    assert (one.raw_text, other.raw_text) == ("<|zh|>好，", "<|zh|>的确")


def test_words_of_letters_and_syllables_are_not_divided() -> None:
    for words in ([("cam", 8.9), ("er", 9.3), ("a", 9.6)], [("주", 8.9), ("문", 9.3), ("해", 9.6)]):
        left = said(0, CUT, words)
        one = Seams().joined(left, LEFT)
        assert one == left


def test_without_a_gap_nothing_that_was_heard_before_the_cut_is_heard_again() -> None:
    left = said(0, CUT, [("a", 1.0)])
    right = said(8.8, 12, [("b", 9.5), (" c", 10.4)])
    one, other = joined(left, right)
    assert (one.text, one.end, other.text, other.start) == ("a", CUT, "c", CUT)


def test_a_word_whose_middle_is_the_cut_belongs_to_the_side_that_has_it() -> None:
    one, other = joined(said(0, CUT, [("a", 1.0)]), said(8.8, 12, [("b", CUT), (" c", 10.4)]))
    assert (one.text, other.text) == ("a", "b c")


def test_utterances_that_no_limit_cut_stay_as_they_are_and_strands_do_not_mix() -> None:
    seams = Seams()
    left = said(0, CUT, [("one", 8.5), (" two", 9.0), (" three", 9.5)])
    other = replace(said(8.8, 12, [("one", 9.0)]), channel=2, speaker="B")
    assert other.strand == Strand(None, 2, "B")
    assert seams.joined(left, Ends()) == left
    seams.joined(left, LEFT)
    assert seams.joined(other, Ends()) == other
    assert seams.joined(other, RIGHT) == other


class Patient:
    """Finds the frames of SPEECH, a minute at most."""

    def stream(self, _: TurnDetection | None = None) -> FakeSpans:
        return FakeSpans(VadOptions(max_single_segment_ms=60_000, cut_search_ms=5_000))


def test_what_lies_before_a_cut_is_remembered_until_its_utterance_ends() -> None:
    recording = MadeUpRecording([(61.0, SPEECH), (10.0, QUIET), (62.0, SPEECH)])
    reader = Reader(FakeFrontend(), Patient(), block_seconds=0.5, overlaps=True)
    stretches = [*reader.read(recording, Options(merge=True, merge_length_s=30.0))]
    first, second, *_ = [each for stretch in stretches for each in stretch.utterances]
    assert (first.is_cut, second.continues) == (True, True)
    assert second.start == pytest.approx(first.end - OVERLAP_SECONDS)


@given(st.lists(st.floats(0.2, 1.0), min_size=10, max_size=60), st.data())
def test_where_both_hear_the_same_every_word_is_there_once(
    steps: Sequence[float], data: st.DataObject
) -> None:
    times = [sum(steps[: number + 1]) for number in range(len(steps))]
    cut = data.draw(st.floats(5.0, max(5.0, times[-1])))
    words = [(f" w{number}", at) for number, at in enumerate(times)]
    left = [each for each in words if each[1] < cut]
    right = [each for each in words if each[1] >= cut - OVERLAP_SECONDS]
    one, other = joined(
        said(0, cut, left), said(cut - OVERLAP_SECONDS, max(cut, times[-1]) + 1, right)
    )
    assert f"{one.text} {other.text}".split() == [text.strip() for text, _ in words]
    assert cut - OVERLAP_SECONDS + EDGE_SECONDS <= one.end <= cut
