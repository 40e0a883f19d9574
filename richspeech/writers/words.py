"""Segment → words: what no line break divides, how wide it is, and when it was spoken."""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from postprocess import Emotion, RichPiece
from richspeech.model.labels import word_of
from richspeech.model.transcript import Segment
from richspeech.writers.breaks import breaks_in
from richspeech.writers.labels import misheard_suffix, printable, rendered
from richspeech.writers.line_room import LineRoom, is_wide
from richspeech.writers.options import WriterOptions

LONGEST_WORD = 12
"""Characters that may have to stay on a line: with more, lines would be filled badly."""


_NEVER_FIRST = frozenset({"Pe", "Pf", "Po", "Mn", "Mc", "Me", "Cf", "Lm", "Sk"})
"""Categories that begin no line: closing marks, points, combining marks, repetition marks."""
_SMALL_KANA = frozenset("ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮヵヶ")
_NEVER_LAST = frozenset({"Ps", "Pi"})
_ZERO_WIDTH_JOINER = "\u200d"


@dataclass(frozen=True)
class Word:
    """What no line break divides: a word or a few, with their punctuation."""

    text: str
    spaced: bool
    """A blank stands before it."""
    start: float | None
    """Measured, or None."""
    end: float | None
    room: LineRoom
    """Of the line that it is to stand on."""

    @cached_property
    def width(self) -> int:
        """Share of a line, without the blank."""
        return self.room.taken_by(self.text)

    @property
    def gap(self) -> int:
        """Share of a line that the blank before it takes."""
        return self.room.blank if self.spaced else 0


def words_of(segment: Segment, options: WriterOptions, emotion: Emotion | None) -> list[Word]:
    """Return the sounds of a segment, its words, and an emotion, if given, behind the last.

    Lines break between words, unless cues, which begin where a time is known, get too wide by that:
    tokens of several characters may have their times within words.
    """
    breaks = breaks_in(segment.text, segment.language, LONGEST_WORD)
    words = _shown(segment, breaks, options, emotion)
    if breaks is not None and _widest(words) > options.room.whole:
        words = min(words, _shown(segment, None, options, emotion), key=_widest)
    return [part for word in words for part in _narrowed(word)]


def _widest(words: Iterable[Word]) -> int:
    """Return the width of the widest stretch from one known time to the next."""
    widest = here = 0
    for word in words:
        here = word.width if word.start is not None else here + word.gap + word.width
        widest = max(widest, here)
    return widest


def _shown(
    segment: Segment,
    breaks: frozenset[int] | None,
    options: WriterOptions,
    emotion: Emotion | None,
) -> list[Word]:
    style = "label" if options.style == "tags" else options.style
    shown = _sounds(segment, style, options.locale) if options.sounds else []
    room = options.room
    sounds = [Word(each, spaced=False, start=segment.start, end=None, room=room) for each in shown]
    words = list(_split(segment, breaks, room))
    if sounds and words and style == "label":
        words[0] = replace(words[0], spaced=True)
    if emotion and words:
        suffix = rendered(RichPiece(emotion=emotion), style, options.locale)
        words[-1] = replace(words[-1], text=words[-1].text + suffix)
    if words and (misheard := misheard_suffix(segment, options.style, options.locale)):
        words[-1] = replace(words[-1], text=words[-1].text + misheard)
    return sounds + words


def _sounds(segment: Segment, style: str, locale: str) -> list[str]:
    if style == "label":
        return [f"[{word_of(event, locale)}]" for event in segment.events]
    shown = rendered(RichPiece(events=segment.events), style, locale)
    return [shown] if shown else []


def _split(segment: Segment, breaks: frozenset[int] | None, room: LineRoom) -> Iterator[Word]:
    """Divide the text wherever a line may break; a word begins and ends with its characters."""
    characters = zip(segment.text, *_times_of_characters(segment), strict=True)
    word: Word | None = None
    spaced = False
    for at, (raw, start, end) in enumerate(characters):
        character = printable(raw)
        if not character:
            spaced = True
            continue
        is_within = breaks is not None and at not in breaks
        if word and not spaced and (is_within or not _may_break(word.text[-1], character)):
            latest = word.end if end is None else end
            word = replace(word, text=word.text + character, end=latest)
        else:
            if word:
                yield word
            word = Word(character, spaced and word is not None, start, end, room)
        spaced = False
    if word:
        yield word


def _may_break(left: str, right: str) -> bool:
    """Tell whether a line may end between two characters with no blank between them."""
    if left == _ZERO_WIDTH_JOINER or right in _SMALL_KANA:
        return False
    if unicodedata.category(right) in _NEVER_FIRST or unicodedata.category(left) in _NEVER_LAST:
        return False
    both_korean = all("\uac00" <= character <= "\ud7a3" for character in (left, right))
    return (is_wide(left) or is_wide(right)) and not both_korean


def _narrowed(word: Word) -> Iterator[Word]:
    """Divide a word that is wider than a line; the parts share its time."""
    room = word.room
    if word.width <= room.whole:
        yield word
        return
    per_line = room.whole // max(map(room.taken_by, word.text))
    parts = [word.text[at : at + per_line] for at in range(0, len(word.text), per_line)]
    yield replace(word, text=parts[0], end=None)
    yield from (Word(part, spaced=False, start=None, end=None, room=room) for part in parts[1:-1])
    yield Word(parts[-1], spaced=False, start=None, end=word.end, room=room)


def _times_of_characters(segment: Segment) -> tuple[list[float | None], list[float | None]]:
    """Return starts and ends by character of the text, from the tokens that it is made of.

    The first character of a token has its start and the last one its end. Tokens that make up
    another text are of no use. Times outside the segment, or before an earlier one, are not
    believed.
    """
    starts, ends = _times_of_tokens(segment)
    if "".join(token.text for token in segment.tokens) != segment.text:
        starts, ends = [None] * len(segment.text), [None] * len(segment.text)
    latest = segment.start
    for at, (start, end) in enumerate(zip(starts, ends, strict=True)):
        if start is not None:
            starts[at] = start if latest <= start < segment.end else None
            latest = starts[at] or latest
        if end is not None:
            ends[at] = end if latest <= end <= segment.end else None
    return starts, ends


def _times_of_tokens(segment: Segment) -> tuple[list[float | None], list[float | None]]:
    starts: list[float | None] = []
    ends: list[float | None] = []
    for token in segment.tokens:
        blanks, rest = len(token.text) - len(token.text.lstrip()), max(len(token.text) - 1, 0)
        starts += [token.start if at == blanks else None for at in range(len(token.text))]
        ends += [token.end if at == rest else None for at in range(len(token.text))]
    return starts, ends
