"""Who speaks is written into segments; where that changes within one it is cut between words."""

import itertools
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from richspeech.model.transcript import Segment, Token
from richspeech.stages.speakers import Turns, with_speakers
from richspeech.stages.voices import Turn
from tests.transcripts import segment


def spoken(start: float, *words: str, track: str | None = None) -> Segment:
    """Half a second a word."""
    tokens = tuple(
        Token(" " * bool(at) + word, start + at / 2, start + at / 2 + 0.4, 0.9)
        for at, word in enumerate(words)
    )
    whole = segment(start, start + len(words) / 2, " ".join(words))
    raw = f"<|en|><|HAPPY|><|Speech|><|withitn|>{whole.text}"
    return replace(whole, tokens=tokens, raw_text=raw, track=track)


def said(*segments: Segment) -> list[tuple[str | None, str]]:
    return [(each.speaker, each.text) for each in segments]


def test_an_utterance_goes_to_whoever_speaks_in_it() -> None:
    heard = with_speakers(
        [spoken(0, "good", "day"), spoken(2, "hello")], {None: [Turn(0, 1, 0), Turn(2, 3, 1)]}
    )
    assert said(*heard) == [("A", "good day"), ("B", "hello")]


def test_a_change_within_it_cuts_it_between_words() -> None:
    whole = spoken(0, "good", "day", "hello", "there")
    first, second = with_speakers([whole], {None: [Turn(0, 1.05, 0), Turn(1.05, 2, 1)]})
    assert said(first, second) == [("A", "good day"), ("B", "hello there")]
    assert (first.start, first.end, second.start, second.end) == (0, 1.0, 1.0, 2.0)
    assert first.emotion is second.emotion is whole.emotion
    assert second.raw_text == "<|en|><|HAPPY|><|Speech|><|withitn|>hello there"
    assert second.tokens[0].text == "hello"


def test_a_pause_between_two_is_left_to_nobody() -> None:
    whole = spoken(0, "good", "day", "hello", "there")
    late = tuple(token.moved(2.0) for token in whole.tokens[2:])
    whole = replace(whole, end=4.0, tokens=whole.tokens[:2] + late)
    first, second = with_speakers([whole], {None: [Turn(0, 1.2, 0), Turn(2.6, 4, 1)]})
    assert said(first, second) == [("A", "good day"), ("B", "hello there")]
    assert (first.start, first.end, second.start, second.end) == (0, 1.2, 2.6, 4.0)


def test_what_is_like_nobodys_voice_has_no_speaker() -> None:
    turns: Turns = {None: [Turn(0, 1, 0), Turn(1, 2, None), Turn(3, 4, 1)]}
    heard = with_speakers([spoken(0, "good", "day", "who", "me"), spoken(3, "hello")], turns)
    assert said(*heard) == [("A", "good day"), (None, "who me"), ("B", "hello")]


def test_words_without_times_go_to_who_speaks_most() -> None:
    whole = segment(0, 4, "good day hello there")
    turns: Turns = {None: [Turn(0, 1, 0), Turn(1, 4, 1)]}
    assert said(*with_speakers([whole], turns)) == [("B", "good day hello there")]


def test_a_channel_a_sound_and_what_nobody_knows_stay_as_they_are() -> None:
    own = replace(spoken(0, "hello"), channel=1, speaker="agent")
    sound, late = replace(segment(0, 1, ""), tokens=()), spoken(9, "late")
    assert with_speakers([own, sound, late], {None: [Turn(0, 1, 0)]}) == (own, sound, late)


def test_letters_go_on_from_one_track_to_the_next() -> None:
    turns: Turns = {"Mic 1": [Turn(0, 1, 0), Turn(1, 2, 1)], "Mic 2": [Turn(0, 2, 0)]}
    heard = with_speakers([spoken(0, "one", track="Mic 1"), spoken(0, "two", track="Mic 2")], turns)
    assert said(*heard) == [("A", "one"), ("C", "two")]


@given(st.lists(st.tuples(st.floats(0.1, 3), st.integers(0, 3)), min_size=1, max_size=8))
def test_no_word_is_lost_and_parts_lie_within_their_utterance(
    lengths: list[tuple[float, int]],
) -> None:
    turns, at = [], 0.0
    for length, speaker in lengths:
        turns.append(Turn(at, at + length, speaker))
        at += length
    whole = spoken(0, *(f"w{number}" for number in range(8)))
    parts = with_speakers([whole], {None: turns})
    assert " ".join(part.text for part in parts) == whole.text
    assert parts[0].start == whole.start
    assert parts[-1].end == whole.end
    assert all(one.end <= other.start for one, other in itertools.pairwise(parts))
    assert all(part.start <= part.end for part in parts)
