"""Whoever speaks is written into segments; a change of speaker within one cuts it between words.

Segments of a channel that was heard apart have their speaker already, and a sound without words
has none.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise

from richspeech.model.strand import SPEAKERS
from richspeech.model.timed_words import TimedWord, timed_words
from richspeech.model.transcript import Segment, Token
from richspeech.stages.voices import Turn

TAGS = re.compile(r"(?:<\|[^|<>]*\|>)*")
"""What the model writes before the words of an utterance."""

Turns = Mapping[str | None, Sequence[Turn]]
"""Who speaks when, in the order of time, by the track that was heard."""
Letters = Mapping[tuple[str | None, int | None], str]
"""What each speaker of each track is called; what is like nobody's voice is in none."""


@dataclass(frozen=True)
class _Word:
    tokens: tuple[Token, ...]
    word: TimedWord
    turn: Turn


def with_speakers(segments: Iterable[Segment], turns: Turns) -> tuple[Segment, ...]:
    """Return the segments, or their parts, each with the letter of its speaker.

    Letters go on from one track to the next. A segment in which nobody was told apart stays as it
    is; one whose words have no times goes to who speaks in most of it.
    """
    letters = letters_of(turns)
    return tuple(part for each in segments for part in _parts(each, turns, letters))


def letters_of(turns: Turns) -> Letters:
    """Return the letter of each speaker of each track."""
    numbered = (
        (track, number)
        for track, each in turns.items()
        for number in sorted({turn.speaker for turn in each if turn.speaker is not None})
    )
    return dict(zip(numbered, SPEAKERS, strict=False))


def _parts(segment: Segment, turns: Turns, letters: Letters) -> Iterator[Segment]:
    within = [each for each in turns.get(segment.track, ()) if _shared(each, segment) > 0]
    if segment.channel is not None or not segment.text or not within:
        yield segment
        return
    runs = [[*run] for _, run in groupby(_words(segment, within), lambda each: each.turn.speaker)]
    if len(runs) < 2:
        number = runs[0][0].turn.speaker if runs else _longest(within, segment)
        yield replace(segment, speaker=letters.get((segment.track, number)))
        return
    cuts = [_cut(*pair) for pair in pairwise(runs)]
    starts = [segment.start, *(start for _, start in cuts)]
    ends = [*(end for end, _ in cuts), segment.end]
    for start, end, run in zip(starts, ends, runs, strict=True):
        speaker = letters.get((segment.track, run[0].turn.speaker))
        yield replace(_part(segment, start, end, run), speaker=speaker)


def _shared(turn: Turn, segment: Segment) -> float:
    return min(turn.end, segment.end) - max(turn.start, segment.start)


def _longest(turns: Sequence[Turn], segment: Segment) -> int | None:
    seconds: dict[int | None, float] = {}
    for each in turns:
        seconds[each.speaker] = seconds.get(each.speaker, 0.0) + _shared(each, segment)
    return max(seconds, key=seconds.__getitem__)


def _words(segment: Segment, turns: Sequence[Turn]) -> list[_Word]:
    """Return the words of a segment with the turn of each; none where no word has a time."""
    tokens, words, turn = iter(segment.tokens), [], None
    for word in timed_words(segment.tokens):
        own: list[Token] = []
        while len("".join(token.text for token in own)) < len(word.text):
            own.append(next(tokens))
        if word.start is not None and word.end is not None:
            turn = _around((word.start + word.end) / 2, turns)
        if turn is None:
            turn = turns[0]
        words.append(_Word(tuple(own), word, turn))
    return words if any(each.word.start is not None for each in words) else []


def _around(seconds: float, turns: Sequence[Turn]) -> Turn:
    """Return the turn at that moment, or the one that is nearest."""
    return min(turns, key=lambda turn: max(turn.start - seconds, seconds - turn.end, 0.0))


def _cut(before: Sequence[_Word], after: Sequence[_Word]) -> tuple[float, float]:
    """Return where one speaker ends and where another begins, the pause between them left out.

    That is as their turns say, but within no word.
    """
    end, start = before[-1].turn.end, after[0].turn.start
    last = max((each.word.end for each in before if each.word.end is not None), default=end)
    first = min((each.word.start for each in after if each.word.start is not None), default=start)
    start = max(min(start, first), last)
    return min(max(end, last), first, start), start


def _part(segment: Segment, start: float, end: float, run: Sequence[_Word]) -> Segment:
    tokens = tuple(token for each in run for token in each.tokens)
    tokens = (replace(tokens[0], text=tokens[0].text.lstrip()), *tokens[1:])
    text = "".join(token.text for token in tokens).rstrip()
    tags = TAGS.match(segment.raw_text)
    raw_text = (tags[0] if tags else "") + text
    return replace(segment, start=start, end=end, text=text, tokens=tokens, raw_text=raw_text)
