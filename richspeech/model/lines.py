"""Segments as recognised, and what people did to them since, in order → the lines to be shown.

A pure function of both: who takes the last step back has what was there before. Lines keep their
places, so that a later step names what it means; a step on a line that is not there any more, or
that would lay two lines of one channel over each other, is refused.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import TypeAlias

from richspeech.errors import OptionError
from richspeech.model.corrections import LONGEST_TEXT, Correction, Replacement
from richspeech.model.edits import Amendment
from richspeech.model.line import (
    Line,
    between_words,
    caret_at,
    cut,
    divided_text,
    has_times_beside,
    joined,
    rounded_time,
    time_at,
)
from richspeech.model.place import Place
from richspeech.model.steps import Merge, Removal, Split
from richspeech.model.transcript import Segment, Transcript

_Lines: TypeAlias = dict[Place, Line]


def edited(
    segments: Sequence[Segment], voices: Sequence[str], amendments: Iterable[Amendment]
) -> tuple[Line, ...]:
    """Return the lines by time. ``voices`` are what whoever speaks was called when heard.

    Raises ``OptionError`` for a step that does not fit what was there when it was made.
    """
    lines: _Lines = {
        Place(index): Line(Place(index), segment, voice)
        for index, (segment, voice) in enumerate(zip(segments, voices, strict=True))
    }
    is_moved = False
    for each in amendments:
        _apply(lines, each)
        is_moved = is_moved or moves(each)
    shown = lines.values()
    return tuple(sorted(shown, key=lambda line: line.segment.start) if is_moved else shown)


def correct(transcript: Transcript, corrections: Iterable[Correction]) -> Transcript:
    """Return ``transcript`` with ``corrections`` made, in their order; who speaks stays.

    Segments that differ from before name the fields in ``corrected``; all others are the same
    objects. Raises ``OptionError`` for a segment that is not there.
    """
    made, voices = tuple(corrections), [""] * len(transcript.segments)
    for each in made:
        each.require_fit(len(voices))
    lines = edited(transcript.segments, voices, made)
    return replace(transcript, segments=tuple(line.segment for line in lines))


def moves(amendment: Amendment) -> bool:
    """Tell whether it does anything to the times of lines, or to which lines there are."""
    if isinstance(amendment, (Split, Merge, Removal)):
        return True
    return any(each.start is not None or each.end is not None for each in amendment.changes)


def splitting(
    lines: Sequence[Line], place: Place, part: int, caret: int | None, at: float | None
) -> Split:
    """Return what cuts a line before a character of its text, or at a time in seconds, or both.

    A cut lies between words: where their times tell what is not said, it is taken from them. Raises
    ``OptionError`` where they do not tell it, and for a cut that leaves nothing on one side.
    """
    segment = _line(lines, place).segment
    if caret is not None:
        caret = between_words(segment, caret)
        if not segment.text[:caret].strip() or not segment.text[caret:].strip():
            raise OptionError("split.edge")
        at = _time_of(segment, caret, at)
    elif at is None:
        raise OptionError("split.nowhere")
    else:
        caret = _caret_of(segment, at)
        at = _between(at, *time_at(segment, caret))
    at = rounded_time(at)
    texts = divided_text(segment.text, caret)
    is_told = texts == divided_text(segment.text, caret_at(segment, at))
    return Split(place, part, at, None if is_told else texts)


def merging(lines: Sequence[Line], place: Place) -> Merge:
    """Return what joins a line with the next one of its channel.

    Raises ``OptionError`` at the last, and where the text would be too long to be edited then.
    """
    line = _line(lines, place)
    following = (
        each
        for each in lines[lines.index(line) + 1 :]
        if _channel(each.segment) == _channel(line.segment)
    )
    if (second := next(following, None)) is None:
        raise OptionError("merge.last")
    length = len(joined(line, second).segment.text)
    if length > LONGEST_TEXT:
        raise OptionError("merge.too_long", count=length, most=LONGEST_TEXT)
    return Merge(place, second.place)


def _line(lines: Sequence[Line], place: Place) -> Line:
    found = next((line for line in lines if line.place == place), None)
    if found is None:
        raise OptionError("line.gone")
    return found


def _caret_of(segment: Segment, at: float) -> int:
    """Return where the text is cut at a time: something has to be said on either side of it."""
    if not segment.text:
        return 0
    if time_at(segment, 0) == (None, None):
        raise OptionError("split.no_caret")
    caret = caret_at(segment, at)
    is_inside = segment.start < at < segment.end
    if is_inside and not all(divided_text(segment.text, caret)):
        raise OptionError("split.silence", at=at)
    return caret


def _time_of(segment: Segment, caret: int, at: float | None) -> float:
    """Return when a text is to be cut: between two words, or when a person says so."""
    end, start = time_at(segment, caret)
    if end is not None and start is not None and has_times_beside(segment, caret):
        return (end + start) / 2
    if at is None:
        raise OptionError("split.no_time")
    return _between(at, end, start)


def _between(at: float, end: float | None, start: float | None) -> float:
    """Return a time that lies in no word: the nearest between two, if these do not overlap."""
    if end is not None and start is not None and end > start:
        return (end + start) / 2
    at = at if end is None else max(at, end)
    return at if start is None else min(at, start)


def _apply(lines: _Lines, amendment: Amendment) -> None:
    match amendment:
        case Split(place, part, at, texts):
            _split(lines, place, part, cut(_found(lines, place), at, part, texts))
        case Merge(first, second):
            _merge(lines, _found(lines, first), _found(lines, second))
        case Removal(place):
            _found(lines, place)
            del lines[place]
        case Correction() | Replacement():
            for change in amendment.changes:
                _correct(lines, change)


def _found(lines: Mapping[Place, Line], place: Place) -> Line:
    if place not in lines:
        raise OptionError("line.gone")
    return lines[place]


def _split(lines: _Lines, place: Place, part: int, halves: tuple[Line, Line]) -> None:
    new = Place(place.index, part)
    if new in lines:
        raise OptionError("line.gone")
    lines[place], lines[new] = halves


def _merge(lines: _Lines, first: Line, second: Line) -> None:
    left, right = first.segment, second.segment
    is_next = _channel(left) == _channel(right) and left.start <= right.start
    if first is second or not is_next or any(_lie_between(lines, first, second)):
        raise OptionError("merge.apart")
    del lines[second.place]
    lines[first.place] = joined(first, second)


def _lie_between(lines: _Lines, first: Line, second: Line) -> Iterable[bool]:
    left, right = first.segment, second.segment
    return (
        left.start < each.segment.start < right.start
        for each in lines.values()
        if _channel(each.segment) == _channel(left)
    )


def _correct(lines: _Lines, change: Correction) -> None:
    before = _found(lines, change.place)
    after = before.changed(change.values)
    if change.speaker is not None:
        after = replace(after, given=change.speaker)
    lines[change.place] = after
    if change.start is not None or change.end is not None:
        _require_room(lines, before.segment, after)


def _require_room(lines: _Lines, before: Segment, line: Line) -> None:
    """Raise ``OptionError`` for times that make a line lie over others where it did not before."""
    after = line.segment
    if after.start >= after.end:
        raise OptionError("shift.order", start=after.start, end=after.end)
    for each in lines.values():
        other = each.segment
        if each is line or _channel(other) != _channel(after):
            continue
        is_later = (other.start, other.end) > (before.start, before.end)
        if _overlap(after, other) > max(_overlap(before, other), 0.0) or (
            after.start >= other.end if is_later else after.end <= other.start
        ):
            raise OptionError("shift.room", start=other.start, end=other.end)


def _overlap(one: Segment, other: Segment) -> float:
    """Return the seconds of both; less than 0 where they are apart."""
    return min(one.end, other.end) - max(one.start, other.start)


def _channel(segment: Segment) -> tuple[str | None, int | None]:
    return segment.track, segment.channel
